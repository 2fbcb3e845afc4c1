// Tuning: finds the fastest variant of each convolution on a device by trying them.
#ifndef CLGAN_TUNE_H
#define CLGAN_TUNE_H

#include <clgan/device.h>

#ifdef __cplusplus
extern "C" {
#endif

// What is being tried now; the texts are valid during the call. Called from the caller's thread, often.
struct clg_tune_status {
    int done, convolutions;
    const char *operation, *shape, *variant; // as in struct clg_tune_row
    double gflops;         // of the convolution's fastest variant so far; 0 before the first
    double seconds, eta_s; // elapsed; left, at most
};
typedef void clg_tune_fn(void *user, const struct clg_tune_status *status);

struct clg_tune_params {
    double seconds;        // when they are over, the rest is not tried
    bool all;              // also what takes minutes to compile and is known to be slow: CLBlast on CPUs
    clg_tune_fn *progress; // may be NULL
    void *user;
};
CLG_API struct clg_tune_params clg_tune_params_default(void);

struct clg_tune_config {
    char variant[24]; // "gpu 3": the variant and the number of its config; "gpu": its default config
    double ms;        // 0: it could not be measured
};

// The result for one convolution.
struct clg_tune_result {
    char operation[24]; // "forward", "backward-data" or "backward-filter"
    char shape[96]; // "128x32x32x64 k128 4x4/2+1": batch, picture side; k feature maps; kernel/stride+padding
    int uses;       // in a training step; 0: only when pictures are generated
    struct clg_tune_config untuned, best; // used without tuning; used from now on
    double gflops,
        error; // of the best: speed, and largest difference from the plain variant in units of the result's rms
    int tried, refused, untried; // candidates timed; failing or wrong; not tried as time was up
};

// The path of the device's tuning file; the caller's: free(). NULL without params.tuning_dir.
CLG_API char *clg_tuning_file(const struct clg_device *device);
// Removes that file; *was_there (may be NULL): was there one? The device goes back to its default variants.
CLG_API int clg_tuning_forget(struct clg_device *device, bool *was_there);

#ifdef __cplusplus
}
#endif
#endif
