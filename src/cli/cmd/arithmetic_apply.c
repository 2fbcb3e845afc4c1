// A direction of the latent space added to fresh samples, and how a classifier's scores change.
#include "cli/cmd/arithmetic.h"

#include "cli/sheet.h"

#include <cjson/cJSON.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { CHUNK = 64, ACROSS = 16, PAIRS = 64 }; // PAIRS: the most on the sheet

struct trial {
    int n, target, from, classes; // from: the class of the samples, or -1
    uint64_t seen;                // samples looked at
    size_t one;
    float *z;              // [n][z] before, then after
    float *before, *after; // pictures [n]
    float *was, *is;       // scores [n][classes]
};

// Counts and means over the samples.
struct findings {
    double raised, of_class_before, of_class_after, score_before, score_after;
};

// --- samples -----------------------------------------------------------------------------------
static int no_memory(const struct arithmetic *a)
{
    return cli_fail(&a->log, CLG_ENOMEM, "out of memory for %d samples: use a smaller --apply", a->o->apply);
}

static int room_make(struct arithmetic *a, struct trial *t)
{
    const size_t n = (size_t)a->o->apply, spare = CHUNK; // a chunk is drawn after the samples kept
    t->one = cli_sheet_one(&a->params);
    t->classes = cli_judge_classes(a->judge);
    t->z = malloc((n + spare) * (size_t)a->params.z * sizeof *t->z);
    t->before = malloc((n + spare) * t->one * sizeof *t->before);
    t->was = malloc((n + spare) * (size_t)t->classes * sizeof *t->was);
    t->is = malloc(n * (size_t)t->classes * sizeof *t->is);
    return t->z && t->before && t->was && t->is ? 0 : no_memory(a);
}

// Keeps sample i as the next one if it belongs to the class that is searched for.
static void keep(const struct arithmetic *a, struct trial *t, int i)
{
    const size_t length = (size_t)a->params.z, classes = (size_t)t->classes, from = (size_t)i,
                 to = (size_t)t->n;
    if (t->n == a->o->apply || (t->from >= 0 && !cli_judge_is(a->judge, t->was + from * classes, t->from)))
        return;
    memmove(t->z + to * length, t->z + from * length, length * sizeof *t->z);
    memmove(t->before + to * t->one, t->before + from * t->one, t->one * sizeof *t->before);
    memmove(t->was + to * classes, t->was + from * classes, classes * sizeof *t->was);
    t->n++;
}

static int samples_find(struct arithmetic *a, struct trial *t)
{
    const uint64_t most = 1000 + 100 * (uint64_t)a->o->apply;
    const double start = cli_seconds();
    int status = 0;
    for (; t->n < a->o->apply && t->seen < most && !status; t->seen += CHUNK) {
        const int first = t->n;
        float *z = t->z + (size_t)first * (size_t)a->params.z, *pictures = t->before + (size_t)first * t->one;
        clg_gan_noise(&a->params, a->o->seed, a->fresh + t->seen, CHUNK, z);
        status = clg_gan_generate(a->gan, z, CHUNK, pictures);
        if (!status)
            status = cli_judge_scores(a->judge, pictures, CHUNK, t->was + (size_t)first * (size_t)t->classes);
        for (int i = 0; i < CHUNK && !status; i++)
            keep(a, t, first + i);
        cli_progress_count(a->progress, "samples", t->n, a->o->apply, start);
    }
    cli_progress_end(a->progress, false);
    if (!status && t->n < a->o->apply)
        status = cli_fail(&a->log, CLG_EDATA,
                          "only %d of %" PRIu64 " samples look like \"%s\": use a smaller --apply", t->n,
                          t->seen, a->o->apply_to);
    return status;
}

static int change(struct arithmetic *a, struct trial *t)
{
    const size_t length = (size_t)a->params.z;
    for (size_t i = 0; i < (size_t)t->n * length; i++)
        t->z[i] += a->z[i % length];
    int status = cli_sheet_generate(a->gan, t->z, t->n, &t->after, a->progress, &a->log);
    return status ? status : cli_judge_scores(a->judge, t->after, t->n, t->is);
}

static struct findings measure(const struct arithmetic *a, const struct trial *t)
{
    struct findings f = {0};
    for (int i = 0; i < t->n; i++) {
        const float *was = t->was + (size_t)i * (size_t)t->classes,
                    *is = t->is + (size_t)i * (size_t)t->classes;
        f.raised += is[t->target] > was[t->target];
        f.of_class_before += cli_judge_is(a->judge, was, t->target);
        f.of_class_after += cli_judge_is(a->judge, is, t->target);
        f.score_before += (double)was[t->target];
        f.score_after += (double)is[t->target];
    }
    f.raised /= t->n;
    f.of_class_before /= t->n;
    f.of_class_after /= t->n;
    f.score_before /= t->n;
    f.score_after /= t->n;
    return f;
}

// --- files -------------------------------------------------------------------------------------
// Rows of samples, each above the row of the same samples changed.
static int sheet_save(const struct arithmetic *a, const uint8_t *before, const uint8_t *after, int n)
{
    const size_t one = cli_sheet_one(&a->params);
    const int pairs = n < PAIRS ? n : PAIRS, across = pairs < ACROSS ? pairs : ACROSS;
    const int rows = (pairs + across - 1) / across, tiles = 2 * rows * across;
    uint8_t *sheet = malloc((size_t)tiles * one);
    if (!sheet)
        return no_memory(a);
    memset(sheet, CLI_SHEET_BLANK, (size_t)tiles * one);
    for (int i = 0; i < pairs; i++) {
        const size_t at = (size_t)(i / across * 2 * across + i % across);
        memcpy(sheet + at * one, before + (size_t)i * one, one);
        memcpy(sheet + (at + (size_t)across) * one, after + (size_t)i * one, one);
    }
    int status = cli_sheet_save(a->o->grid, &a->params, sheet, tiles, across, &a->log);
    free(sheet);
    return status;
}

static int save_each(const struct arithmetic *a, const uint8_t *before, const uint8_t *after, int n)
{
    const struct arithmetic_options *o = a->o;
    int status = cli_folder_create(o->out, &a->log);
    if (!status)
        status = cli_sheet_save_each(o->out, "before", "png", 0, &a->params, before, n, &a->log);
    return status ? status : cli_sheet_save_each(o->out, "after", "png", 0, &a->params, after, n, &a->log);
}

static int save(const struct arithmetic *a, const struct trial *t)
{
    const struct arithmetic_options *o = a->o;
    const int64_t pictures[] = {t->n, a->params.size, a->params.size, a->params.channels},
                  noise[] = {t->n, a->params.z};
    uint8_t *before = NULL, *after = NULL;
    int status = cli_sheet_pixels(&a->params, t->before, t->n, &before, &a->log);
    if (!status)
        status = cli_sheet_pixels(&a->params, t->after, t->n, &after, &a->log);
    if (!status && o->grid)
        status = sheet_save(a, before, after, t->n);
    if (!status && o->out)
        status = save_each(a, before, after, t->n);
    if (!status && o->npy)
        status = clg_npy_save(o->npy, t->after, pictures, 4, &a->log);
    if (!status && o->z_out)
        status = clg_npy_save(o->z_out, t->z, noise, 2, &a->log);
    free(before);
    free(after);
    return status;
}

// --- results -----------------------------------------------------------------------------------
static void add_json(const struct arithmetic *a, const struct trial *t, const struct findings *f)
{
    cJSON *o = cJSON_AddObjectToObject(a->json, "apply");
    cJSON_AddNumberToObject(o, "samples", t->n);
    cJSON_AddNumberToObject(o, "first", (double)a->fresh);
    cJSON_AddNumberToObject(o, "seen", (double)t->seen);
    if (a->o->apply_to)
        cJSON_AddStringToObject(o, "to", a->o->apply_to);
    cJSON_AddStringToObject(o, "target", cli_judge_class(a->judge, t->target));
    cJSON_AddStringToObject(o, "judge", a->o->measure_by ? a->o->measure_by : a->o->classifier);
    cJSON_AddNumberToObject(o, "raised", f->raised);
    cJSON_AddNumberToObject(o, "in_class_before", f->of_class_before);
    cJSON_AddNumberToObject(o, "in_class_after", f->of_class_after);
    cJSON_AddNumberToObject(o, "score_before", f->score_before);
    cJSON_AddNumberToObject(o, "score_after", f->score_after);
}

static void tell(const struct arithmetic *a, const struct trial *t, const struct findings *f)
{
    if (a->json) {
        add_json(a, t, f);
        return;
    }
    const char *target = cli_judge_class(a->judge, t->target);
    printf("added to %d samples%s%s, judged by %s:\n", t->n, a->o->apply_to ? " of class " : "",
           a->o->apply_to ? cli_shown(a->o->apply_to) : "",
           cli_shown(a->o->measure_by ? a->o->measure_by : a->o->classifier));
    printf("  the score of \"%s\" rises in %.1f %%, from %.3f to %.3f on average\n", cli_shown(target),
           100 * f->raised, f->score_before, f->score_after);
    printf("  of that class: %.1f %% before, %.1f %% after\n", 100 * f->of_class_before,
           100 * f->of_class_after);
    if (a->o->grid)
        printf("sheet: %s (rows of samples, each above the changed samples)\n", cli_shown(a->o->grid));
    if (a->o->out)
        printf("separate pictures: %s\n", cli_shown(a->o->out));
    if (a->o->npy)
        printf("the changed samples as numbers: %s\n", cli_shown(a->o->npy));
    if (a->o->z_out)
        printf("their noise: %s\n", cli_shown(a->o->z_out));
}

// The class whose score should rise: --target, or the first one added.
static int target_find(const struct arithmetic *a)
{
    const char *name = a->o->target;
    for (int i = 0; i < a->expression.n && !name; i++)
        if (a->expression.term[i].kind == CLI_TERM_CLASS && a->expression.term[i].scale > 0)
            name = a->expression.term[i].name;
    if (!name)
        return cli_fail(&a->log, CLG_EINVAL,
                        "no class is added: which score should rise? give --target CLASS");
    return cli_judge_find(a->judge, name);
}

int arithmetic_apply(struct arithmetic *a)
{
    struct trial t = {.from = -1};
    int status = t.target = target_find(a);
    if (status >= 0 && a->o->apply_to)
        status = t.from = cli_judge_find(a->judge, a->o->apply_to);
    if (status >= 0)
        status = room_make(a, &t);
    if (!status)
        status = samples_find(a, &t);
    if (!status)
        status = change(a, &t);
    if (!status)
        status = save(a, &t);
    if (!status) {
        const struct findings findings = measure(a, &t);
        tell(a, &t, &findings);
    }
    free(t.z);
    free(t.before);
    free(t.after);
    free(t.was);
    free(t.is);
    return status;
}
