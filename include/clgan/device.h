// Devices: which OpenCL devices are there, and one of them opened for work.
#ifndef CLGAN_DEVICE_H
#define CLGAN_DEVICE_H

#include <clgan/base.h>
#include <stdio.h>

#ifdef __cplusplus
extern "C" {
#endif

enum clg_device_type { CLG_DEVICE_GPU, CLG_DEVICE_CPU, CLG_DEVICE_OTHER };

// What a user chooses a device by. Sizes in bytes.
struct clg_device_info {
    int index;            // as `--device N` counts; devices shown twice have one index only
    int platform, device; // as `--device P:D` counts
    char name[128], vendor[128], driver[64], version[128], platform_name[128];
    enum clg_device_type type;
    unsigned compute_units;
    uint64_t memory, max_allocation, local_memory;
    size_t max_work_group;
    bool fp16, fp64;
    bool available;
    uint64_t uuid[2]; // PCI address or cl_khr_device_uuid where told, else 0
};

// All usable devices; a device that two platforms show is listed once. No platform and no device is a normal
// answer: 0 with *count == 0. The list is the caller's: clg_devices_free.
CLG_API int clg_devices_list(struct clg_device_info **list, int *count, const struct clg_log *log);
CLG_API void clg_devices_free(struct clg_device_info **list);

// Which entry of `list` does `spec` mean? "auto" (or NULL), "gpu", "cpu", an index "N", "P:D", or a part of
// the name (any case). auto: GPUs before others before CPUs, then more compute units x memory. Returns the
// entry's position, or CLG_ENODEV when none or several match. `why` (may be NULL) gets the reason in words,
// in both cases.
CLG_API int clg_devices_select(const struct clg_device_info *list, int count, const char *spec, char *why,
                               size_t why_size);

// What to install when there is no device: for AMD, Intel, NVIDIA and CPUs, several lines.
CLG_API const char *clg_devices_advice(void);

// An opened device: context, queue, compiled kernels, memory accounts.
struct clg_device;

struct clg_device_params {
    const char *select;      // as clg_devices_select; NULL is auto
    const char *kernels_dir; // .cl files that are here take the place of the library's; NULL: built in
    const char *cache_dir;   // compiled kernels are kept here; NULL: not kept
    const char *tuning_dir;  // what the tuner found is kept and looked up here; NULL: the rules decide
    const char *variants;    // "conv=plain,gemm=clblast": forces variants; NULL: the rules decide
    bool exact;              // convolutions by direct sums only, without Winograd
    bool profile;            // time every kernel (slows small kernels a little)
    struct clg_log log;
    clg_progress_fn *progress; // kernel compilation; may be NULL
    void *progress_user;
};

CLG_API struct clg_device_params clg_device_params_default(void);
CLG_API int clg_device_open(struct clg_device **device, const struct clg_device_params *params);
CLG_API void clg_device_close(struct clg_device **device);
CLG_API const struct clg_device_info *clg_device_info(const struct clg_device *device);

// Waits until everything enqueued has run; reports a failure of any of it.
CLG_API int clg_device_finish(struct clg_device *device);

// Bytes of device memory that clgan holds now, and the most it held.
CLG_API uint64_t clg_device_memory(const struct clg_device *device, uint64_t *peak);

// What the device can do at most, measured in about a second: float32 operations a second in independent
// multiply-adds between registers (each counts two), and bytes a second of out = a x + y through arrays that
// no cache holds. Best of several trials. Takes device memory for a while.
struct clg_peaks {
    double flops, bytes; // a second
};
CLG_API int clg_device_peaks(struct clg_device *device, struct clg_peaks *peaks);

// One operation of a training step, and how long it takes alone (clg_gan_step_ops).
struct clg_op_time {
    char name[32], shape[64], variant[16]; // variant: of convolutions, else ""
    int calls;                             // in one step
    double flops, bytes, seconds;          // of one call; seconds: the median of the samples
};

// One kernel's account, from `profile`. flops and bytes are what the operations say they need, summed.
struct clg_profile_row {
    char name[64];
    uint64_t calls;
    double seconds, flops, bytes;
};

// The account so far, longest first; waits for the queue. The rows are the caller's: free().
CLG_API int clg_device_profile(struct clg_device *device, struct clg_profile_row **rows, int *count);

// The same as a table: kernel, calls, total ms, share, GFLOP/s, GB/s.
CLG_API int clg_device_profile_print(struct clg_device *device, FILE *file);

#ifdef __cplusplus
}
#endif
#endif
