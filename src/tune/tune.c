// The tuner: goes through the convolutions, shares the time between them, and keeps what it found.
#include "tune/tune.h"

#include "base/file.h"
#include "base/log.h"
#include "tune/table.h"
#include "tune/search.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double NOISE = 0.98;      // a gain of less than 2 % is none: the rule's choice stays
static const double FOR_CLBLAST = 0.3; // of the time, where its parameter lists are tried

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
        const bool is_rule = best == found->results && found->rule_works;
        if ((exact && !r->variant->exact) || (best && !r->sure))
            continue;
        if (!best || r->seconds < best->seconds * (is_rule ? NOISE : 1))
            best = r;
    }
    return best;
}

static struct clg_tune_choice choice_of(const struct clg_conv_variant *variant, int config, double seconds)
{
    struct clg_tune_choice c = {.ms = seconds * 1e3};
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

// Fills the job's row from what was found, and keeps that in the table, where there was a comparison.
static int keep(struct clg_search *s, int job, int clblast_list)
{
    const struct clg_search_found *found = &s->found[job];
    const struct clg_search_result *best = fastest(found, false), *exact = fastest(found, true);
    if (!best)
        return 0;
    const struct clg_conv_job *j = &s->jobs[job].job;
    struct clg_tune_row *row = &s->jobs[job].row;
    if (found->rule_works)
        row->rule.ms = found->results[0].seconds * 1e3;
    row->best = choice_of(best->variant, best->config, best->seconds);
    row->gflops = clg_conv_flops(j) / best->seconds * 1e-9;
    row->error = best->error;
    if (found->n == 1 && row->untried)
        return 0;
    struct clg_tuning_entry entries[2] = {entry_of(j, best)};
    int n = 1;
    if (exact && exact != best)
        entries[n++] = entry_of(j, exact);
    return clg_tuning_keep(s->d, s->rows, entries, n, clblast_list);
}

// --- time --------------------------------------------------------------------------------------

// How much of the time a job deserves: half of it goes by what the job costs in a step, half to each alike,
// as compiling takes no less for small ones.
static double weight_of(const struct clg_search *s, int job)
{
    double all = 0, own = 0;
    for (int i = 0; i < s->n; i++) {
        const int uses = s->jobs[i].row.uses;
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

static int go_through(struct clg_search *s, double *weights, double end)
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
                status = keep(s, job, s->d->clblast_list);
        } else {
            s->jobs[job].row.untried++;
        }
        if (status)
            return status;
        left -= weights[job];
        weights[job] = 0;
        s->status.done++;
    }
    return 0;
}

// --- all of it ---------------------------------------------------------------------------------

static void row_start(struct clg_device *d, struct clg_tune_job *job)
{
    struct clg_tune_row *row = &job->row;
    const int uses = row->uses;
    *row = (struct clg_tune_row){.uses = uses};
    snprintf(row->operation, sizeof row->operation, "%s", clg_conv_pass_names[job->job.pass]);
    clg_conv_shape_text(&job->job, row->shape, sizeof row->shape);
    row->rule = row->best = choice_of(clg_conv_default(d, &job->job), 0, 0);
}

static bool has_clblast(const struct clg_search *s)
{
    for (int i = 0; s->rows[i]; i++)
        if (s->rows[i] == &clg_conv_gemm)
            return clg_search_may_use(s, s->rows[i]);
    return false;
}

static int search(struct clg_search *s, double *weights)
{
    const double seconds = s->params->seconds * (has_clblast(s) ? 1 - FOR_CLBLAST : 1);
    int status = go_through(s, weights, seconds), list = s->d->clblast_list;
    if (status || !has_clblast(s))
        return status;
    status = clg_search_clblast(s, &list);
    for (int i = 0; i < s->n && !status && list; i++)
        status = keep(s, i, list);
    return status;
}

int clg_tune(struct clg_device *d, const struct clg_conv_variant *const *rows, struct clg_tune_job *jobs,
             int n, const struct clg_tune_params *params)
{
    struct clg_search s = {.d = d,
                           .rows = rows,
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
    if (d->clblast_list < 0) // CLBlast's own parameters, not those found earlier
        clg_gemm_list_set(d, 0);
    for (int i = 0; i < n; i++)
        row_start(d, &jobs[i]);
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
    free(d->tuning);
    d->tuning = NULL;
    if (was_there)
        *was_there = there;
    return there ? clg_file_remove(path, &d->log) : 0;
}
