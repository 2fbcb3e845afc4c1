// The noise vectors behind the terms of an expression, and their sum (Radford et al. 2015, section 6.3.2).
#include "cli/cmd/arithmetic.h"

#include "cli/noise.h"
#include "cli/sheet.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static int no_memory(const struct arithmetic *a)
{
    return cli_fail(&a->log, CLG_ENOMEM, "out of memory for noise vectors");
}

double arithmetic_norm(const struct arithmetic *a, const float *z)
{
    double sum = 0;
    for (int i = 0; i < a->params.z; i++)
        sum += (double)z[i] * z[i];
    return sqrt(sum);
}

// --- by number, by row -------------------------------------------------------------------------
static int numbered(struct arithmetic *a, const uint64_t *numbers, int n, struct arithmetic_members *m)
{
    const size_t length = (size_t)a->params.z;
    m->n = n;
    m->z = malloc((size_t)n * length * sizeof *m->z);
    m->numbers = malloc((size_t)n * sizeof *m->numbers);
    if (!m->z || !m->numbers)
        return no_memory(a);
    memcpy(m->numbers, numbers, (size_t)n * sizeof *numbers);
    cli_noise_numbered(&a->params, a->o->seed, numbers, n, m->z);
    for (int i = 0; i < n; i++)
        a->fresh = numbers[i] >= a->fresh ? numbers[i] + 1 : a->fresh;
    return 0;
}

static int from_file(const struct arithmetic *a, const struct cli_term *term, struct arithmetic_members *m)
{
    const size_t length = (size_t)a->params.z;
    float *rows;
    int n, status = cli_noise_load(cli_path(term->name), &a->params, &rows, &n, &a->log);
    if (status || !term->numbers) {
        m->z = rows;
        m->n = n;
        return status;
    }
    m->n = term->n;
    m->z = malloc((size_t)m->n * length * sizeof *m->z);
    status = m->z ? 0 : no_memory(a);
    for (int i = 0; i < m->n && !status; i++) {
        if (term->numbers[i] >= (uint64_t)n)
            status =
                cli_fail(&a->log, CLG_EINVAL, "%s has %d rows, numbered from 0: there is no row %" PRIu64,
                         term->name, n, term->numbers[i]);
        else
            memcpy(m->z + (size_t)i * length, rows + term->numbers[i] * length, length * sizeof *rows);
    }
    free(rows);
    return status;
}

// --- by class ----------------------------------------------------------------------------------
// scores [pool][classes] of the seed's first vectors' pictures.
static int pool_judge(struct arithmetic *a, float **scores)
{
    enum { CHUNK = 256 };
    const int pool = a->o->pool, classes = cli_judge_classes(a->by);
    const size_t one = cli_sheet_one(&a->params);
    const double start = cli_seconds();
    float *z = malloc((size_t)CHUNK * (size_t)a->params.z * sizeof *z),
          *pictures = malloc(CHUNK * one * sizeof *z);
    *scores = malloc((size_t)pool * (size_t)classes * sizeof **scores);
    int status = z && pictures && *scores ? 0 : no_memory(a);
    for (int done = 0; done < pool && !status; done += CHUNK) {
        int now = pool - done < CHUNK ? pool - done : CHUNK;
        clg_gan_noise(&a->params, a->o->seed, (uint64_t)done, now, z);
        status = clg_gan_generate(a->gan, z, now, pictures);
        if (!status)
            status = cli_judge_scores(a->by, pictures, now, *scores + (size_t)done * (size_t)classes);
        cli_progress_count(a->progress, "judging", done + now, pool, start);
    }
    cli_progress_end(a->progress, false);
    free(z);
    free(pictures);
    return status;
}

struct candidate {
    int number;
    float score;
};

static int clearest_first(const void *a, const void *b)
{
    const struct candidate *x = a, *y = b;
    return x->score > y->score ? -1 : x->score < y->score ? 1 : x->number - y->number;
}

// Lists the pool's samples of the class in found [pool], highest score first; returns how many.
static int candidates_find(const struct arithmetic *a, const float *scores, int class,
                           struct candidate *found)
{
    const int classes = cli_judge_classes(a->by);
    int n = 0;
    for (int i = 0; i < a->o->pool; i++) {
        const float *of = scores + (size_t)i * (size_t)classes;
        if (cli_judge_is(a->by, of, class))
            found[n++] = (struct candidate){i, of[class]};
    }
    qsort(found, (size_t)n, sizeof *found, clearest_first);
    return n;
}

static int take(struct arithmetic *a, const struct candidate *found, int n, struct arithmetic_members *m)
{
    uint64_t *numbers = malloc((size_t)n * sizeof *numbers);
    m->scores = malloc((size_t)n * sizeof *m->scores);
    int status = numbers && m->scores ? 0 : no_memory(a);
    for (int i = 0; i < n && !status; i++) {
        numbers[i] = (uint64_t)found[i].number;
        m->scores[i] = found[i].score;
    }
    if (!status)
        status = numbered(a, numbers, n, m);
    free(numbers);
    return status;
}

static int of_class(struct arithmetic *a, const char *name, const float *scores, struct arithmetic_members *m)
{
    m->class = cli_judge_find(a->by, name);
    if (m->class < 0)
        return m->class;
    struct candidate *found = malloc((size_t)a->o->pool * sizeof *found);
    if (!found)
        return no_memory(a);
    const int n = candidates_find(a, scores, m->class, found), most = a->o->take ? a->o->take : n;
    int status;
    if (!n)
        status = cli_fail(&a->log, CLG_EDATA, "none of %d samples looks like \"%s\": try a larger --pool",
                          a->o->pool, name);
    else
        status = take(a, found, n < most ? n : most, m);
    if (!status && n < most)
        cli_warn(&a->log, "only %d of %d samples look like \"%s\": fewer than --take %d", n, a->o->pool, name,
                 a->o->take);
    free(found);
    return status;
}

// --- all terms ---------------------------------------------------------------------------------
static int members_find(struct arithmetic *a, const struct cli_term *term, const float *scores,
                        struct arithmetic_members *m)
{
    const size_t length = (size_t)a->params.z;
    int status = term->kind == CLI_TERM_NUMBERS ? numbered(a, term->numbers, term->n, m)
                 : term->kind == CLI_TERM_FILE  ? from_file(a, term, m)
                                                : of_class(a, term->name, scores, m);
    if (status)
        return status;
    m->mean = malloc(length * sizeof *m->mean);
    if (!m->mean)
        return no_memory(a);
    clg_z_mean(m->z, m->n, a->params.z, m->mean);
    const bool given = term->kind == CLI_TERM_FILE && m->n == 1; // one row may be a mean already
    if (m->n < 3 && !given)
        cli_warn(&a->log, "\"%s\" is %s: means of three or more are stable (section 6.3.2 of the paper)",
                 term->name, m->n == 1 ? "a single noise vector" : "only two noise vectors");
    for (size_t i = 0; i < length; i++)
        a->z[i] += (float)term->scale * m->mean[i];
    return 0;
}

static bool has_class(const struct cli_expression *e)
{
    for (int i = 0; i < e->n; i++)
        if (e->term[i].kind == CLI_TERM_CLASS)
            return true;
    return false;
}

int arithmetic_terms(struct arithmetic *a)
{
    float *scores = NULL;
    int status = 0;
    a->z = calloc((size_t)a->params.z, sizeof *a->z);
    if (!a->z)
        return no_memory(a);
    if (has_class(&a->expression)) {
        a->fresh = (uint64_t)a->o->pool;
        status = pool_judge(a, &scores);
    }
    for (int i = 0; i < a->expression.n && !status; i++)
        status = members_find(a, &a->expression.term[i], scores, &a->members[i]);
    free(scores);
    return status;
}
