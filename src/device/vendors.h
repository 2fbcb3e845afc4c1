// The drivers that the OpenCL loader (ocl-icd or Khronos's) would load, and an environment in which it loads
// some of them only.
#ifndef CLG_DEVICE_VENDORS_H
#define CLG_DEVICE_VENDORS_H

#include <clgan/base.h>
#include <limits.h>

struct clg_vendor {
    char file[PATH_MAX];    // the .icd file, or the library itself where the environment names one
    char library[PATH_MAX]; // the library that the file names
    bool in_list;           // it stands in OCL_ICD_FILENAMES
};

// In the order of their names. The list is the caller's: free(). None is a normal answer.
int clg_vendors_find(struct clg_vendor **list, int *count, const struct clg_log *log);

// A loader's view of some drivers: a folder of .icd files, which both loaders take, and what is left
// of OCL_ICD_FILENAMES.
struct clg_vendors_view {
    char folder[PATH_MAX];
    char *filenames; // NULL: it is not set
};
// take[i]: vendor i belongs to it. The folder is created in the existing folder `parent`; ..._end removes it.
int clg_vendors_view(struct clg_vendors_view *view, const struct clg_vendor *list, const bool *take,
                     int count, const char *parent, const struct clg_log *log);
void clg_vendors_view_end(struct clg_vendors_view *view);

// The process's environment for a child that is to see `view`; NULL: no memory.
char **clg_vendors_environment(const struct clg_vendors_view *view);
void clg_vendors_environment_free(char ***environment);

// Shows `view` to this process, and what was there before again.
struct clg_vendors_before {
    char *vendors, *filenames;
};
void clg_vendors_enter(struct clg_vendors_before *before, const struct clg_vendors_view *view);
void clg_vendors_leave(struct clg_vendors_before *before);

// A hash of what decides which drivers are loaded and how they behave: their files, the system's libraries,
// the environment, limits, the boot.
uint64_t clg_vendors_state(const struct clg_vendor *list, int count);

#endif
