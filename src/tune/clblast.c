// CLBlast's parameter lists. One list applies to all products of a device, and changing it recompiles them: so each
// is tried on all jobs where it may matter, and the one with the best total is taken.
#include "tune/search.h"

#include "base/log.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double MATTERS = 3; // slower than this times the best, CLBlast does not matter
static const double NOISE = 0.98;
enum { SAMPLES = 3 };

static struct clg_search_result *gemm_of(struct clg_search_found *found)
{
    for (int i = 0; i < found->n; i++)
        if (found->results[i].variant == &clg_conv_gemm)
            return &found->results[i];
    return NULL;
}

// The best of the others.
static double rest_of(const struct clg_search_found *found)
{
    double best = INFINITY;
    for (int i = 0; i < found->n; i++)
        if (found->results[i].variant != &clg_conv_gemm)
            best = fmin(best, found->results[i].seconds);
    return best;
}

static bool matters(struct clg_search *s, int job)
{
    const struct clg_search_result *gemm = gemm_of(&s->found[job]);
    return gemm && gemm->seconds <= MATTERS * rest_of(&s->found[job]);
}

static double share_of(struct clg_search *s, int job, double gemm_seconds)
{
    const int uses = s->jobs[job].result.uses;
    return (uses ? uses : 1) * fmin(gemm_seconds, rest_of(&s->found[job]));
}

// Time and error of one job's products; INFINITY seconds if they fail.
static int one(struct clg_search *s, int job, const char *name, struct clg_search_result *result)
{
    struct clg_trial trial;
    struct clg_trial_candidate c = {.variant = &clg_conv_gemm};
    int status = clg_trial_open(&trial, s->d, &s->jobs[job].job, s->jobs[job].result.uses == 0);
    if (status)
        return status;
    clg_trial_check(&trial, &c);
    for (int i = 1; i < SAMPLES && c.works; i++)
        clg_trial_sample(&trial, &c);
    if (!c.works)
        clg_search_reject(s, job, name, &c);
    *result = (struct clg_search_result){&clg_conv_gemm, 0, c.works ? clg_trial_seconds(&c) : INFINITY,
                                         c.error, c.samples_n >= SAMPLES};
    clg_trial_candidate_free(&c);
    clg_trial_close(&trial);
    return 0;
}

// The jobs' total time with the current list. INFINITY if a result is wrong, or time is up.
static int all(struct clg_search *s, int list, struct clg_search_result *results, double *total)
{
    char name[24];
    snprintf(name, sizeof name, "clblast %d", list);
    *total = 0;
    for (int job = 0; job < s->n && isfinite(*total); job++) {
        if (!matters(s, job))
            continue;
        if (clg_search_seconds(s) > s->params->seconds) {
            clg_log_line(&s->d->log, CLG_LOG_WARNING, "%s was not tried on all convolutions: time was up",
                         name);
            *total = INFINITY;
            return 0;
        }
        clg_search_report(s, job, name, 1);
        int status = one(s, job, name, &results[job]);
        if (status)
            return status;
        *total += isfinite(results[job].seconds) ? share_of(s, job, results[job].seconds) : INFINITY;
    }
    return 0;
}

static void take(struct clg_search *s, const struct clg_search_result *results)
{
    for (int job = 0; job < s->n; job++)
        if (matters(s, job))
            *gemm_of(&s->found[job]) = results[job];
}

static int try_lists(struct clg_search *s, struct clg_search_result *now, struct clg_search_result *best,
                     int *list)
{
    double least = 0;
    for (int job = 0; job < s->n; job++)
        if (matters(s, job))
            least += share_of(s, job, gemm_of(&s->found[job])->seconds);
    for (int i = 1; i <= clg_gemm_lists && least > 0; i++) {
        double total;
        if (!clg_gemm_list_fits(s->d, i) || clg_search_seconds(s) > s->params->seconds)
            continue;
        int status = clg_gemm_list_set(s->d, i);
        if (!status)
            status = all(s, i, now, &total);
        if (status)
            return status;
        if (total < NOISE * least) {
            least = total;
            *list = i;
            memcpy(best, now, (size_t)s->n * sizeof *best);
        }
    }
    return 0;
}

int clg_search_clblast(struct clg_search *s, int *list)
{
    struct clg_search_result *now = calloc(2 * (size_t)s->n, sizeof *now), *best = now + s->n;
    *list = 0;
    if (!now)
        return clg_fail(&s->d->log, CLG_ENOMEM, "out of memory for %d convolutions", s->n);
    int status = try_lists(s, now, best, list);
    if (!status && *list) {
        take(s, best);
        status = clg_gemm_list_set(s->d, *list);
    }
    free(now);
    return status;
}
