// Shared by the files of the tuner.
#ifndef CLG_TUNE_SEARCH_H
#define CLG_TUNE_SEARCH_H

#include "tune/trial.h"
#include "tune/tune.h"

struct clg_search_result {
    const struct clg_conv_variant *variant;
    int config;
    double seconds, error;
    bool sure; // enough samples to prefer it to the untuned candidate
};

// What works for one job, in the order tried.
struct clg_search_found {
    struct clg_search_result *results;
    int n;
    bool untuned_works; // then it is the first
};

struct clg_search {
    struct clg_device *d;
    const struct clg_conv_variant *const *variants;
    const struct clg_tune_params *params;
    struct clg_tune_job *jobs;
    struct clg_search_found *found;
    int n;
    double began;
    struct clg_tune_status status;
};

// Seconds since the search began.
double clg_search_seconds(const struct clg_search *s);
// Reports to params->progress what is being tried. weight_done: the part of the work done, 0..1.
void clg_search_report(struct clg_search *s, int job, const char *variant, double weight_done);
// "gpu 3".
void clg_search_name(const struct clg_conv_variant *variant, int config, char *text, size_t size);
// The one warning for a candidate that does not work.
void clg_search_reject(struct clg_search *s, int job, const char *variant,
                       const struct clg_trial_candidate *c);
// Is the variant worth trying with these params?
bool clg_search_may_use(const struct clg_search *s, const struct clg_conv_variant *result);

// Tries the candidates of one job for about `seconds`, into found[job].
int clg_search_job(struct clg_search *s, int job, double seconds, double weight_done);

// Tries CLBlast's parameter lists on the jobs where CLBlast is among the faster variants. *list: the winner, whose
// times are then in `found` (clblast.c).
int clg_search_clblast(struct clg_search *s, int *list);

#endif
