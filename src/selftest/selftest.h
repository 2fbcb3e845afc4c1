// Self-tests: an operation is compared with float64 sums by the host before a device uses it for the first time.
//
// Every variant of a convolution is tested on each shape that it is used for, every other operation on small
// tensors. What passes is remembered in params.cache_dir for the device, its driver and these kernels. A variant
// that gives wrong results, or fails twice, is not used again while the device is open, after a warning; where
// there is no other variant, the device is refused.
#ifndef CLG_SELFTEST_SELFTEST_H
#define CLG_SELFTEST_SELFTEST_H

#include "ops/ops.h"

// --- the cache of results (cache.c) ------------------------------------------------------------
struct clg_selftest_cache {
    int n, capacity;    // entries
    int pending, tried; // met while collecting and not tested then; tested since: for progress
    struct {
        uint64_t hash;
        enum { CLG_SELFTEST_PENDING, CLG_SELFTEST_PASSED, CLG_SELFTEST_DROPPED } state;
    } entries[];
};

// `what` names a self-test and its shape. Has it passed, in this process or an earlier one?
bool clg_selftest_cache_passed(struct clg_device *d, const char *what);
void clg_selftest_cache_add(struct clg_device *d, const char *what); // it passed
// Must it run now? Not if it has passed, nor while programs are only collected: then it is counted as pending.
// Reports progress as `label`.
bool clg_selftest_due(struct clg_device *d, const char *what, const char *label);

// A dropped variant is not picked again on this device. CLG_ENOMEM after a line.
int clg_selftest_cache_drop(struct clg_device *d, const struct clg_conv_variant *variant);
bool clg_selftest_cache_dropped(const struct clg_device *d, const struct clg_conv_variant *variant);

// A self-test runs at once, even while launches are recorded or profiled; pop restores the device's mode.
struct clg_saved_mode {
    enum clg_mode mode;
    struct clg_list *recording;
    struct clg_profile *profile;
};
static inline struct clg_saved_mode clg_mode_push(struct clg_device *d)
{
    const struct clg_saved_mode saved = {d->mode, d->recording, d->profile};
    d->mode = CLG_MODE_RUN;
    d->recording = NULL;
    d->profile = NULL;
    return saved;
}
static inline void clg_mode_pop(struct clg_device *d, struct clg_saved_mode saved)
{
    d->mode = saved.mode;
    d->recording = saved.recording;
    d->profile = saved.profile;
}

// --- convolutions (conv.c) ---------------------------------------------------------------------
// Before a job runs with a variant (and job->config): 0 if the variant can be used; 1 if it has just been
// dropped, so that another must be picked; or an error, after a line: it is forced, or plain, and gives wrong
// results or fails.
int clg_conv_check(struct clg_device *d, const struct clg_conv_job *job,
                   const struct clg_conv_variant *variant, bool forced);
// Runs the job's shapes once on random data. *error: the largest difference of sampled results from float64
// sums, in units of their rms; INFINITY for NaN.
int clg_conv_selftest(struct clg_device *d, const struct clg_conv_job *job,
                      const struct clg_conv_variant *variant, double *error);
// The largest error that passes.
double clg_conv_selftest_limit(const struct clg_conv_job *job, const struct clg_conv_variant *variant);

// --- operations without variants (harness.c; the tests: element.c, layer.c) ---------------------
struct clg_harness;
struct clg_selftest {
    const char *name;
    void (*run)(struct clg_harness *h);
    double limit;     // the largest error that passes, in units of the result's rms
    bool by_channels; // its kernels are compiled for the number of channels
};
const struct clg_selftest *clg_selftest_at(int number);         // from 0; NULL after the last
const struct clg_selftest *clg_selftest_find(const char *name); // NULL: there is none

// Runs it once on small random data, batch norm with `channels` channels.
int clg_selftest_run(struct clg_device *d, const struct clg_selftest *test, int channels, double *error);

// Runs those of the self-tests in `names` (ends in NULL) that have not passed yet. To be called in the body of
// what is recorded, first. An error, after a line that names device and operation, if one fails. With the
// channels of one of the net's batch norms nothing is compiled that is not needed anyway.
int clg_selftests_check(struct clg_device *d, const char *const *names, int channels);

#endif
