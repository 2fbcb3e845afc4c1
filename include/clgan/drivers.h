// The OpenCL drivers that are installed, and the folders that caches are kept in.
//
// The first call of clg_devices_list, clg_device_open, clg_drivers_list or clg_loader_text in a process loads
// the drivers into it. Before that, and once for the process, the library
//
// - tries them in a child process, which it starts from the `clgan` command: a driver that crashes, ends the
//   process or does not come back there is left out, with a warning that names it, and the others stay usable.
//   PoCL compiles a first kernel there too, which it crashes at without a linker. What was well is remembered
//   in the folder of clg_cache_folder until a driver, the system's libraries, the environment or the boot
//   changes, or loading them fails after all; clg_drivers_list tries in any case. The command is looked for
//   beside the library, in ../bin and in ../../bin; without it nothing is tried. CLGAN_DRIVER_TIMEOUT says
//   after how many seconds a driver is given up (20).
// - gives PoCL a folder: POCL_CACHE_DIR is set when PoCL could not write to the one it would take by itself.
//
// To leave a driver out, OCL_ICD_VENDORS and OCL_ICD_FILENAMES are changed while the others are loaded. These
// are calls of setenv: make the first call before other threads read the environment.
#ifndef CLGAN_DRIVERS_H
#define CLGAN_DRIVERS_H

#include <clgan/base.h>

#ifdef __cplusplus
extern "C" {
#endif

struct clg_driver {
    char file[256];    // the file that registers it, as a rule in /etc/OpenCL/vendors
    char library[256]; // the library that the file names
    bool ok;           // false: it is left out
    char text[512];    // what is wrong with it, or ""; a library that is missing is no reason to leave it out
};

// Every driver that is registered. Those of a process that has none loaded yet are tried and loaded; else it
// tells what was found then. The list is the caller's: clg_drivers_free.
CLG_API int clg_drivers_list(struct clg_driver **list, int *count, const struct clg_log *log);
CLG_API void clg_drivers_free(struct clg_driver **list);

// What the child process does, for the `clgan` command alone: loads the drivers and tells how far it comes.
CLG_API int clg_drivers_try(void);

// The folder in which the command and the Python package keep what can be computed again, `inside` ("" or
// "/tuning") added: $XDG_CACHE_HOME/clgan, or ~/.cache/clgan. Where files cannot be kept there, a private
// folder in $TMPDIR, /tmp, /var/tmp or /dev/shm takes its place, after a warning (one for the process). The
// path, or NULL when no folder is usable. The folder need not exist yet.
CLG_API const char *clg_cache_folder(const char *inside, char *path, size_t size, const struct clg_log *log);

#ifdef __cplusplus
}
#endif
#endif
