// One convolution in the tuner: random data, plain's result, and candidates checked and timed.
#ifndef CLG_TUNE_TRIAL_H
#define CLG_TUNE_TRIAL_H

#include "selftest/harness.h"

enum { CLG_TRIAL_SAMPLES = 9 };

// A variant and config, and what was measured of it.
struct clg_trial_candidate {
    const struct clg_conv_variant *variant;
    int config;
    bool works;
    double error;                      // against plain, in the result's rms
    double samples[CLG_TRIAL_SAMPLES]; // seconds of one run
    int samples_n;
    struct clg_list *list;
    int repeats;   // runs in a sample
    char why[200]; // why it does not work
};

struct clg_trial {
    struct clg_device *d;
    struct clg_conv_harness bench;
    int images;       // different ones: the data repeats after them
    double *expected; // of those images, or of the filter
    size_t expected_n;
    double rms;           // of the result
    double plain_seconds; // of plain on the whole job, estimated
};

// Allocates the job's tensors and runs plain. An error when that fails: there is no reference then.
// weights_stay: as in generation, where packed weights are kept.
int clg_trial_open(struct clg_trial *trial, struct clg_device *d, const struct clg_conv_job *job,
                   bool weights_stay);
void clg_trial_close(struct clg_trial *trial);

// Compiles, checks and times the candidate once. Its failure is not an error: works is false, `why` says why.
void clg_trial_check(struct clg_trial *trial, struct clg_trial_candidate *candidate);
// Times it once more.
void clg_trial_sample(struct clg_trial *trial, struct clg_trial_candidate *candidate);
void clg_trial_candidate_free(struct clg_trial_candidate *candidate);
double clg_trial_seconds(const struct clg_trial_candidate *candidate);  // the median
double clg_trial_shortest(const struct clg_trial_candidate *candidate); // sample; 0: there is none

#endif
