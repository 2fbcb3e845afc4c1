// What was seen to compute right on this device, and what was not.
//
// Every way to compute a convolution, and every other operation that a pass needs, is tried on random data
// before it is used for the first time. What was right is remembered in params.cache_dir for the device, its
// driver and these kernels; a convolution that was wrong, or failed twice, is left out for as long as the
// device is open, with a warning; where there is no other way the device is refused.
#ifndef CLG_SELFTEST_SELFTEST_H
#define CLG_SELFTEST_SELFTEST_H

#include "ops/ops.h"

struct clg_checked {
    int n, room, pending; // entries; those that were met but not tried yet
    int tried;            // since pending was 0
    struct {
        uint64_t hash;
        enum { CLG_CHECKED_MET, CLG_CHECKED_RIGHT, CLG_CHECKED_DROPPED } state;
    } entries[];
};

// `what` names a check and its shape. Seen right, here or by an earlier process?
bool clg_checked_right(struct clg_device *d, const char *what);
void clg_checked_pending(struct clg_device *d, const char *what); // it will be tried: for progress
void clg_checked_add(struct clg_device *d, const char *what);     // it was right

// A variant that is wrong or fails is not picked again on this device; CLG_ENOMEM after a line.
int clg_checked_drop(struct clg_device *d, const struct clg_conv_variant *variant);
bool clg_checked_dropped(const struct clg_device *d, const struct clg_conv_variant *variant);

// A trial runs at once whatever is being recorded or timed; then that goes on.
struct clg_aside {
    enum clg_mode mode;
    struct clg_list *recording;
    struct clg_profile *profile;
};
static inline struct clg_aside clg_aside_begin(struct clg_device *d)
{
    const struct clg_aside aside = {d->mode, d->recording, d->profile};
    d->mode = CLG_MODE_RUN, d->recording = NULL, d->profile = NULL;
    return aside;
}
static inline void clg_aside_end(struct clg_device *d, struct clg_aside aside)
{
    d->mode = aside.mode, d->recording = aside.recording, d->profile = aside.profile;
}

// --- convolutions (conv_check.c) ---------------------------------------------------------------
// Before a job is run with a variant (job->choice set): 0 when it can be trusted; 1 when it has just been
// dropped, so that another must be picked; or an error, after a line: it was forced, or is plain, and wrong
// or failing.
int clg_conv_check(struct clg_device *d, const struct clg_conv_job *job,
                   const struct clg_conv_variant *variant, bool forced);
// One run of the job's shapes on random data: the worst difference of some of its results to a float64 sum,
// in their rms; INFINITY for what is not a number.
int clg_conv_spot(struct clg_device *d, const struct clg_conv_job *job,
                  const struct clg_conv_variant *variant, double *error);
// The worst that is taken for right.
double clg_conv_spot_limit(const struct clg_conv_job *job, const struct clg_conv_variant *variant);

// --- operations without variants (basic_check.c) -----------------------------------------------
// Who needs an operation, by bits.
enum clg_basic_use {
    CLG_BASIC_FORWARD = 1,  // a pass of a net with running statistics
    CLG_BASIC_TRAINING = 2, // a training step
    CLG_BASIC_AVERAGE = 4,  // one with an average of the weights
    CLG_BASIC_OTHER = 8,
};
struct clg_basic_trial;
struct clg_basic {
    const char *name;
    void (*run)(struct clg_basic_trial *t);
    double limit; // the worst that is taken for right, in the result's rms
    int use;
    enum clg_act_kind act; // needed where the net has this activation as a layer; NONE: always
    bool by_channels;      // its kernels are made for the number of channels
};
// The operations by number, from 0; NULL behind the last.
const struct clg_basic *clg_basic_at(int number);

// One run on small random data, batch norm with so many channels: the worst difference to the host's float64.
int clg_basic_run(struct clg_device *d, const struct clg_basic *basic, int channels, double *error);

// Before what needs these operations is recorded, in its body: 0 when they can be trusted, or an error, after
// a line that names the device and the operation. acts: a bit (1 << kind) for each activation layer's kind.
// The channels should be of one of the net's batch norms, so that nothing is compiled besides what is needed.
int clg_basics_check(struct clg_device *d, int use, unsigned acts, int channels);

#endif
