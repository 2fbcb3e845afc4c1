// The tuner: the fastest of the variants for each of some convolutions.
#ifndef CLG_TUNE_TUNE_H
#define CLG_TUNE_TUNE_H

#include <clgan/tune.h>

#include "ops/ops.h"

struct clg_tune_job {
    struct clg_conv_job job; // its tensors have shapes only
    struct clg_tune_row row; // `uses` is given, the rest is found
};

// Tries the variants of `rows` (ends in NULL) and keeps what is found in the device's tuning table after each
// job. What fails of them is warned of in a line and left out; fails when plain does, or the file cannot be
// written. No recorded list may be in use on the device: scratch is let go of.
int clg_tune(struct clg_device *d, const struct clg_conv_variant *const *rows, struct clg_tune_job *jobs,
             int n, const struct clg_tune_params *params);

#endif
