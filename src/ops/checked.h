// What was seen to compute right on this device, and what was not.
//
// Every way to compute a convolution is tried on random data before it is used for the first time. What was
// right is remembered in params.cache_dir for the device, its driver and these kernels; what was wrong is
// left out for as long as the device is open, with a warning.
#ifndef CLG_OPS_CHECKED_H
#define CLG_OPS_CHECKED_H

#include "ops/ops.h"

enum { CLG_DROPPED_MOST = 8 };
struct clg_checked {
    int n, room, pending; // entries; those that were met but not tried yet
    int tried;            // since pending was 0
    const struct clg_conv_variant *dropped[CLG_DROPPED_MOST];
    int dropped_n;
    struct {
        uint64_t hash;
        bool right;
    } entries[];
};

// `what` names a check and its shape. Seen right, here or by an earlier process?
bool clg_checked_right(struct clg_device *d, const char *what);
void clg_checked_pending(struct clg_device *d, const char *what); // it will be tried: for progress
void clg_checked_add(struct clg_device *d, const char *what);     // it was right

bool clg_checked_dropped(const struct clg_device *d, const struct clg_conv_variant *variant);

// Before a job is run with a variant (job->choice set): 0 when it can be trusted; 1 when it has just been
// dropped, so that another must be picked; or an error: it was forced, or is plain, and wrong, or the device
// failed.
int clg_conv_check(struct clg_device *d, const struct clg_conv_job *job,
                   const struct clg_conv_variant *variant, bool forced);
// One run of the job's shapes on random data: the worst difference of some of its results to a float64 sum,
// in their rms; INFINITY for what is not a number.
int clg_conv_spot(struct clg_device *d, const struct clg_conv_job *job,
                  const struct clg_conv_variant *variant, double *error);
// The worst that is taken for right.
double clg_conv_spot_limit(const struct clg_conv_job *job, const struct clg_conv_variant *variant);

#endif
