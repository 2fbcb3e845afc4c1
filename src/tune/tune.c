// The tuner: divides its time between the convolutions, and stores the results.
#include "tune/tune.h"

#include "base/file.h"
#include "base/log.h"
#include "tune/table.h"
#include "tune/search.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double NOISE = 0.98;      // a gain of less than 2 % is noise: the untuned variant stays
static const double FOR_CLBLAST = 0.3; // of the time, if CLBlast's parameter lists are tried

struct clg_tune_params clg_tune_params_default(void)
{
    return (struct clg_tune_params){.seconds = 120};
}

// --- results -----------------------------------------------------------------------------------

static const struct clg_search_result *fastest(const struct clg_search_found *found, bool exact)
{
    const struct clg_search_result *best = NULL;
    for (int i = 0; i < found->n; i++) {
        const struct clg_search_result *r = &found->results[i];
        const bool is_untuned = best == found->results && found->untuned_works;
        if ((exact && !r->variant->exact) || (best && !r->sure))
            continue;
        if (!best || r->seconds < best->seconds * (is_untuned ? NOISE : 1))
            best = r;
    }
    return best;
}

static struct clg_tune_config config_of(const struct clg_conv_variant *variant, int config, double seconds)
{
    struct clg_tune_config c = {.ms = seconds * 1e3};
    clg_search_name(variant, config, c.variant, sizeof c.variant);
    return c;
}

static struct clg_tuning_entry entry_of(const struct clg_conv_job *job, const struct clg_search_result *r)
{
    struct clg_tuning_entry e = clg_tuning_entry_of(job);
    e.variant = r->variant;
    e.config = r->config;
    e.ms = r->seconds * 1e3;
    e.error = r->error;
    return e;
}

// Fills in the job's result, and stores it in the table if there was something to compare with.
static int results_store(struct clg_search *s, int job, int clblast_list)
{
    const struct clg_search_found *found = &s->found[job];
    const struct clg_search_result *best = fastest(found, false), *exact = fastest(found, true);
    if (!best)
        return 0;
    const struct clg_conv_job *j = &s->jobs[job].job;
    struct clg_tune_result *result = &s->jobs[job].result;
    if (found->untuned_works)
        result->untuned.ms = found->results[0].seconds * 1e3;
    result->best = config_of(best->variant, best->config, best->seconds);
    result->gflops = clg_conv_flops(j) / best->seconds * 1e-9;
    result->error = best->error;
    if (found->n == 1 && result->untried)
        return 0;
    struct clg_tuning_entry entries[2] = {entry_of(j, best)};
    int n = 1;
    if (exact && exact != best)
        entries[n++] = entry_of(j, exact);
    return clg_tuning_keep(s->d, s->variants, entries, n, clblast_list);
}

// --- time --------------------------------------------------------------------------------------

// A job's share of the time: half of all time is divided by the jobs' cost in a step, half equally, as small jobs
// compile just as long.
static double weight_of(const struct clg_search *s, int job)
{
    double all = 0, own = 0;
    for (int i = 0; i < s->n; i++) {
        const int uses = s->jobs[i].result.uses;
        const double cost = clg_conv_flops(&s->jobs[i].job) * (uses ? uses : 1);
        all += cost;
        own = i == job ? cost : own;
    }
    return 0.5 * own / all + 0.5 / s->n;
}

// The heaviest job that is not done; -1: none.
static int next_job(const double *weights, int n)
{
    int at = -1;
    for (int i = 0; i < n; i++)
        if (weights[i] > 0 && (at < 0 || weights[i] > weights[at]))
            at = i;
    return at;
}

static int search_all(struct clg_search *s, double *weights, double end)
{
    double left = 0;
    for (int i = 0; i < s->n; i++)
        left += weights[i] = weight_of(s, i);
    const double whole = left;
    for (int job; (job = next_job(weights, s->n)) >= 0;) {
        const double now = clg_search_seconds(s);
        int status = 0;
        if (now < end) {
            status = clg_search_job(s, job, (end - now) * weights[job] / left, 1 - left / whole);
            if (!status)
                status = results_store(s, job, s->d->ops->clblast_list);
        } else {
            s->jobs[job].result.untried++;
        }
        if (status)
            return status;
        left -= weights[job];
        weights[job] = 0;
        s->status.done++;
    }
    return 0;
}

// --- the whole ---------------------------------------------------------------------------------

static void result_init(struct clg_device *d, struct clg_tune_job *job)
{
    struct clg_tune_result *result = &job->result;
    const int uses = result->uses;
    *result = (struct clg_tune_result){.uses = uses};
    snprintf(result->operation, sizeof result->operation, "%s", clg_conv_pass_names[job->job.pass]);
    clg_conv_shape_text(&job->job, result->shape, sizeof result->shape);
    result->untuned = result->best = config_of(clg_conv_default(d, &job->job), 0, 0);
}

static bool has_clblast(const struct clg_search *s)
{
    for (int i = 0; s->variants[i]; i++)
        if (s->variants[i] == &clg_conv_gemm)
            return clg_search_may_use(s, s->variants[i]);
    return false;
}

static int search(struct clg_search *s, double *weights)
{
    const double seconds = s->params->seconds * (has_clblast(s) ? 1 - FOR_CLBLAST : 1);
    int status = search_all(s, weights, seconds), list = s->d->ops->clblast_list;
    if (status || !has_clblast(s))
        return status;
    status = clg_search_clblast(s, &list);
    for (int i = 0; i < s->n && !status && list; i++)
        status = results_store(s, i, list);
    return status;
}

int clg_tune(struct clg_device *d, const struct clg_conv_variant *const *variants, struct clg_tune_job *jobs,
             int n, const struct clg_tune_params *params)
{
    struct clg_search s = {.d = d,
                           .variants = variants,
                           .params = params,
                           .jobs = jobs,
                           .n = n,
                           .began = clg_seconds(),
                           .status.convolutions = n};
    s.found = calloc((size_t)n + 1, sizeof *s.found);
    double *weights = calloc((size_t)n + 1, sizeof *weights);
    int status = 0;
    if (!s.found || !weights)
        status = clg_fail(&d->log, CLG_ENOMEM, "out of memory to tune %d convolutions", n);
    if (d->ops->clblast_list < 0) // CLBlast's own parameters, not those found earlier
        clg_gemm_list_set(d, 0);
    for (int i = 0; i < n; i++)
        result_init(d, &jobs[i]);
    if (!status)
        status = search(&s, weights);
    for (int i = 0; i < n && s.found; i++)
        free(s.found[i].results);
    free(s.found);
    free(weights);
    return status;
}

char *clg_tuning_file(const struct clg_device *d)
{
    char path[4096];
    return clg_tuning_path(d, path, sizeof path) ? strdup(path) : NULL;
}

int clg_tuning_forget(struct clg_device *d, bool *was_there)
{
    char path[4096];
    const bool there = clg_tuning_path(d, path, sizeof path) && clg_file_exists(path);
    free(d->ops->tuning);
    d->ops->tuning = NULL;
    if (was_there)
        *was_there = there;
    return there ? clg_file_remove(path, &d->log) : 0;
}
