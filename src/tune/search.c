// The candidates of one convolution: each is checked and timed once, then the faster ones take turns.
#include "tune/search.h"

#include "base/file.h"
#include "base/log.h"
#include "tune/table.h"

#include <math.h>
#include <stdlib.h>

enum { SURE = 3 };                // samples that make a result reliable
static const double PRUNE = 2;    // slower than this times the best: not timed again
static const double HOPELESS = 3; // slower than this times the best: its other configs are not tried

// --- reporting -----------------------------------------------------------------------------------

double clg_search_seconds(const struct clg_search *s)
{
    return clg_seconds() - s->began;
}

void clg_search_name(const struct clg_conv_variant *variant, int config, char *text, size_t size)
{
    if (config)
        snprintf(text, size, "%.16s %d", variant->name, config);
    else
        snprintf(text, size, "%.16s", variant->name);
}

void clg_search_report(struct clg_search *s, int job, const char *variant, double weight_done)
{
    if (!s->params->progress)
        return;
    struct clg_tune_status *status = &s->status;
    const double now = clg_search_seconds(s), left = fmax(s->params->seconds - now, 0);
    status->operation = s->jobs[job].result.operation;
    status->shape = s->jobs[job].result.shape;
    status->variant = variant;
    status->seconds = now;
    status->eta_s = weight_done > 0 ? fmin(left, now * (1 - weight_done) / weight_done) : left;
    s->params->progress(s->params->user, status);
}

void clg_search_reject(struct clg_search *s, int job, const char *variant,
                       const struct clg_trial_candidate *c)
{
    struct clg_tune_result *result = &s->jobs[job].result;
    result->refused++;
    clg_log_line(&s->d->log, CLG_LOG_WARNING, "%s is not used for %s %s: %s", variant, result->operation,
                 result->shape, c->why);
}

// --- candidates --------------------------------------------------------------------------------

bool clg_search_may_use(const struct clg_search *s, const struct clg_conv_variant *variant)
{
    // CLBlast compiles for half a minute on CPUs, and is slow there.
    const bool late = variant == &clg_conv_gemm && s->d->info.type == CLG_DEVICE_CPU && !s->params->all;
    return !late && (variant->exact || !s->d->params.exact);
}

struct candidates {
    struct clg_trial_candidate *list;
    int n;
};

static void candidate_add(struct clg_search *s, const struct clg_conv_job *job,
                          const struct clg_conv_variant *variant, int config, struct candidates *all)
{
    struct clg_conv_job chosen = *job;
    chosen.config = config;
    if (variant->fits(s->d, &chosen))
        all->list[all->n++] = (struct clg_trial_candidate){.variant = variant, .config = config};
}

// First what is used untuned, to compare with; then each variant's own config, then its other configs; plain last,
// when it is usually known to be too slow.
static int candidates_of(struct clg_search *s, const struct clg_conv_job *job, struct candidates *all)
{
    const struct clg_conv_variant *untuned = clg_conv_default(s->d, job);
    size_t max = 2;
    for (int i = 0; s->variants[i]; i++)
        max += 1 + (size_t)s->variants[i]->configs;
    *all = (struct candidates){calloc(max, sizeof *all->list), 0};
    if (!all->list)
        return clg_fail(&s->d->log, CLG_ENOMEM, "out of memory for %zu candidates", max);
    candidate_add(s, job, untuned, 0, all);
    for (int i = 0; s->variants[i]; i++)
        if (s->variants[i] != untuned && s->variants[i] != &clg_conv_plain &&
            clg_search_may_use(s, s->variants[i]))
            candidate_add(s, job, s->variants[i], 0, all);
    for (int i = 0; s->variants[i]; i++)
        for (int config = 1; config <= s->variants[i]->configs && clg_search_may_use(s, s->variants[i]);
             config++)
            candidate_add(s, job, s->variants[i], config, all);
    if (untuned != &clg_conv_plain)
        candidate_add(s, job, &clg_conv_plain, 0, all);
    return 0;
}

static double fastest_seconds(const struct candidates *all)
{
    double best = INFINITY;
    for (int i = 0; i < all->n; i++)
        if (all->list[i].works)
            best = fmin(best, clg_trial_shortest(&all->list[i]));
    return best;
}

// Known to be too slow without a trial?
static bool hopeless(const struct candidates *all, const struct clg_trial_candidate *c, double plain_seconds)
{
    const double best = fastest_seconds(all);
    if (c->variant == &clg_conv_plain)
        return plain_seconds > PRUNE * best;
    for (int i = 0; i < all->n && c->config; i++)
        if (all->list[i].variant == c->variant && !all->list[i].config && all->list[i].works)
            return clg_trial_shortest(&all->list[i]) > HOPELESS * best;
    return false;
}

// --- one job -----------------------------------------------------------------------------------

struct turn {
    struct clg_search *s;
    int job;
    double end, weight_done;
    struct clg_trial trial;
    struct candidates all;
};

static void report_candidate(struct turn *t, const struct clg_trial_candidate *c)
{
    char name[24];
    const double best = fastest_seconds(&t->all);
    clg_search_name(c->variant, c->config, name, sizeof name);
    t->s->status.gflops = isfinite(best) ? clg_conv_flops(&t->trial.bench.job) / best * 1e-9 : 0;
    clg_search_report(t->s, t->job, name, t->weight_done);
}

static bool time_is_up(const struct turn *t)
{
    return clg_search_seconds(t->s) > t->end;
}

// Everything once. The first two that work have no time limit: there must be something to compare.
static void first_round(struct turn *t)
{
    struct clg_tune_result *result = &t->s->jobs[t->job].result;
    for (int i = 0; i < t->all.n; i++) {
        struct clg_trial_candidate *c = &t->all.list[i];
        if (hopeless(&t->all, c, t->trial.plain_seconds))
            continue;
        if (time_is_up(t) && result->tried >= 2) {
            result->untried++;
            continue;
        }
        report_candidate(t, c);
        clg_trial_check(&t->trial, c);
        result->tried += c->works;
        if (!c->works) {
            char name[24];
            clg_search_name(c->variant, c->config, name, sizeof name);
            clg_search_reject(t->s, t->job, name, c);
        }
    }
}

// The untuned candidate always: the others are compared with it.
static bool is_kept(const struct turn *t, int i, double limit)
{
    const struct clg_trial_candidate *c = &t->all.list[i];
    return c->works && (i == 0 || clg_trial_shortest(c) <= limit);
}

// The faster ones take turns, so that a disturbance hits all of them: SURE times while the tuner has time at all,
// then while the job has. A single candidate needs few samples.
static void more_rounds(struct turn *t)
{
    const double limit = PRUNE * fastest_seconds(&t->all);
    int kept = 0;
    for (int i = 0; i < t->all.n; i++)
        kept += is_kept(t, i, limit);
    for (int round = 1; round < (kept > 1 ? CLG_TRIAL_SAMPLES : SURE); round++) {
        const double end = round < SURE ? t->s->params->seconds : t->end;
        for (int i = 0; i < t->all.n && clg_search_seconds(t->s) <= end; i++) {
            if (!is_kept(t, i, limit))
                continue;
            report_candidate(t, &t->all.list[i]);
            clg_trial_sample(&t->trial, &t->all.list[i]);
        }
    }
}

static int results_note(struct turn *t)
{
    struct clg_search_found *found = &t->s->found[t->job];
    found->results = calloc((size_t)t->all.n + 1, sizeof *found->results);
    if (!found->results)
        return clg_fail(&t->s->d->log, CLG_ENOMEM, "out of memory for %d results", t->all.n);
    found->untuned_works = t->all.n && t->all.list[0].works;
    for (int i = 0; i < t->all.n; i++) {
        const struct clg_trial_candidate *c = &t->all.list[i];
        if (c->works)
            found->results[found->n++] = (struct clg_search_result){
                c->variant, c->config, clg_trial_seconds(c), c->error, c->samples_n >= SURE};
    }
    return 0;
}

int clg_search_job(struct clg_search *s, int job, double seconds, double weight_done)
{
    struct turn t = {.s = s, .job = job, .end = clg_search_seconds(s) + seconds, .weight_done = weight_done};
    s->status.gflops = 0;
    clg_search_report(s, job, clg_conv_plain.name, weight_done);
    int status = clg_trial_open(&t.trial, s->d, &s->jobs[job].job, s->jobs[job].result.uses == 0);
    if (status)
        return status;
    status = candidates_of(s, &t.trial.bench.job, &t.all);
    if (!status) {
        first_round(&t);
        more_rounds(&t);
        status = results_note(&t);
    }
    for (int i = 0; i < t.all.n; i++)
        clg_trial_candidate_free(&t.all.list[i]);
    free(t.all.list);
    clg_trial_close(&t.trial);
    return status;
}
