// The tuner: the fastest of the variants for each of some convolutions.
#ifndef CLG_TUNE_TUNE_H
#define CLG_TUNE_TUNE_H

#include <clgan/tune.h>

#include "ops/ops.h"

struct clg_tune_job {
    struct clg_conv_job job;       // its tensors have shapes only
    struct clg_tune_result result; // `uses` is input, the rest output
};

// Tries `variants` (ends in NULL) and stores the results in the device's tuning table after each job. A variant
// that fails is skipped with a warning. An error if plain fails, or the file cannot be written. Scratch memory is
// freed, so no recorded list may be run afterwards.
int clg_tune(struct clg_device *d, const struct clg_conv_variant *const *variants, struct clg_tune_job *jobs,
             int n, const struct clg_tune_params *params);

#endif
