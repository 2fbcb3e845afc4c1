// One convolution on trial: random data, what plain makes of it, and candidates checked and timed.
#ifndef CLG_TUNE_TRIAL_H
#define CLG_TUNE_TRIAL_H

#include "ops/ops.h"

enum { CLG_TRIAL_SAMPLES = 9 };

// A way to run the convolution, and what was seen of it.
struct clg_trial_candidate {
    const struct clg_conv_variant *variant;
    int config;
    bool works;
    double error;                      // against plain, in the result's rms
    double samples[CLG_TRIAL_SAMPLES]; // seconds of one run
    int samples_n;
    struct clg_list *list;
    int repeats;   // runs in a sample
    char why[200]; // it does not work
};

struct clg_trial {
    struct clg_device *d;
    struct clg_conv_job job;
    bool weights_stay; // as in generation, where their forms are kept (ops/forms.c)
    struct clg_slab *slabs[4];
    struct clg_tensor reference;
    int period;       // images until the data repeats
    float *host;      // room for the result
    double *expected; // of a period's images, or of the filter
    size_t result_n, expected_n;
    double rms, limit;
    double plain_seconds; // of plain on the whole job, estimated
};

// Tensors of the job's shapes; runs plain. Fails when that fails: nothing can be trusted then.
int clg_trial_open(struct clg_trial *trial, struct clg_device *d, const struct clg_conv_job *job,
                   bool weights_stay);
void clg_trial_close(struct clg_trial *trial);

// Compiles, checks and times the candidate once. Its failure is no error: works is false and `why` tells.
void clg_trial_check(struct clg_trial *trial, struct clg_trial_candidate *candidate);
// Times it once more.
void clg_trial_sample(struct clg_trial *trial, struct clg_trial_candidate *candidate);
void clg_trial_candidate_free(struct clg_trial_candidate *candidate);
double clg_trial_seconds(const struct clg_trial_candidate *candidate);  // the median
double clg_trial_shortest(const struct clg_trial_candidate *candidate); // sample; 0: there is none

#endif
