// An opened device inside the library. device/launch.h runs kernels on it, device/program.h compiles them.
#ifndef CLG_DEVICE_DEVICE_H
#define CLG_DEVICE_DEVICE_H

#include <clgan/tensor.h>

#include <CL/cl.h>

struct clg_kernel;
struct clg_list;
struct clg_ops_state;
struct clg_profile;
struct clg_program;

enum clg_mode {
    CLG_MODE_RUN,     // launches are enqueued at once
    CLG_MODE_COLLECT, // launches only make their programs known
    CLG_MODE_RECORD,  // launches are kept in a list
};

struct clg_device {
    struct clg_device_info info;
    struct clg_device_params params; // strings owned below
    char *kernels_dir, *cache_dir, *tuning_dir, *variants;
    struct clg_log log;
    long process; // that opened it
    cl_context context;
    cl_device_id id;
    cl_command_queue queue;
    struct clg_program *programs;
    struct clg_kernel *kernels;
    struct clg_profile *profile; // NULL: off
    enum clg_mode mode;
    struct clg_list *recording;
    int vector;          // floats an elementwise work-item takes at once: 4, 8 or 16
    int work_group;      // of elementwise and reduction kernels
    double launch_flops; // most of one launch: half a second of a slow GPU, for the watchdogs of displays
    bool caches_itself;  // the driver keeps compiled kernels on disk, and asking it for binaries costs a
                         // compilation
    uint64_t memory, memory_peak;
    struct clg_ops_state *ops; // what the operations keep with the device (ops/state.h)
};

// --- after fork() (owner.c) --------------------------------------------------------------------
// Does the device belong to the parent process? If so, nothing of it may be used or freed.
bool clg_device_inherited(const struct clg_device *d);
int clg_device_check(const struct clg_device *d); // 0, or CLG_EDEVICE after a line if it does

// --- the operations' state ---------------------------------------------------------------------
// clg_device_open and clg_device_close call these, which src/ops/state.c defines. NULL: out of memory.
struct clg_ops_state *clg_ops_state_new(void);
void clg_ops_state_free(struct clg_device *d);

// --- info (info.c), besides that of <clgan/doctor.h> -------------------------------------------
bool clg_device_keeps_denormals(const struct clg_device *d); // according to the driver

// --- errors (errors.c) -------------------------------------------------------------------------
const char *clg_cl_text(cl_int error); // "CL_OUT_OF_RESOURCES"
// Logs "what: CL_... (-5) on <device>" and returns CLG_ENOMEM for memory errors, else CLG_EDEVICE.
int clg_cl_fail(struct clg_device *d, cl_int error, const char *format, ...) CLG_PRINTF(3, 4);

// Does the user force this variant of this operation ("conv=plain" in params.variants)?
bool clg_variant_forced(const struct clg_device *d, const char *operation, const char *name);

#endif
