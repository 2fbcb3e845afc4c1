// What the files of the tuner share.
#ifndef CLG_TUNE_SEARCH_H
#define CLG_TUNE_SEARCH_H

#include "tune/trial.h"
#include "tune/tune.h"

struct clg_search_result {
    const struct clg_conv_variant *variant;
    int config;
    double seconds, error;
    bool sure; // enough samples to prefer it to the rule's own
};

// What works for one job, in the order of trying.
struct clg_search_found {
    struct clg_search_result *results;
    int n;
    bool rule_works; // then the first is the rule's own
};

struct clg_search {
    struct clg_device *d;
    const struct clg_conv_variant *const *rows;
    const struct clg_tune_params *params;
    struct clg_tune_job *jobs;
    struct clg_search_found *found;
    int n;
    double began;
    struct clg_tune_status status;
};

// Seconds since the search began.
double clg_search_seconds(const struct clg_search *s);
// Tells params->progress what is being tried; weight_done: how much of the work is over, 0..1.
void clg_search_tell(struct clg_search *s, int job, const char *variant, double weight_done);
// "gpu 3".
void clg_search_name(const struct clg_conv_variant *variant, int config, char *text, size_t size);
// The one warning for a candidate that does not work.
void clg_search_refuse(struct clg_search *s, int job, const char *variant,
                       const struct clg_trial_candidate *c);
// Is the row worth trying with these params?
bool clg_search_may_use(const struct clg_search *s, const struct clg_conv_variant *row);

// Tries the candidates of one job, for about so many seconds, into found[job].
int clg_search_job(struct clg_search *s, int job, double seconds, double weight_done);

// Tries CLBlast's parameter lists on the jobs where its products are among the faster ways; *list is the
// winner, whose times are then in `found` (clblast.c).
int clg_search_clblast(struct clg_search *s, int *list);

#endif
