// Which feature maps of the generator draw what a classifier sees: those without which its score falls most,
// and other samples without them (after Radford et al. 2015, section 6.3.1).
#include "cli/cmd/inspect.h"
#include "cli/judge.h"
#include "cli/sheet.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { POOL = 16 }; // samples drawn for each that is wanted of the class

struct effect {
    int map;
    double falls; // the class's mean score without it
};

struct hunt {
    struct inspection *in;
    struct cli_judge *judge;
    int class, layer, maps;
    int n, others;   // members of the class to search with, and to check with
    float *z;        // [n + others][z]
    float *pictures; // [most of the two]
    float *scores;   // [most of the two][classes]
    float *keep;     // [maps]
    struct effect *effects;
};

struct verdict {
    double score, share; // the class's mean score; how many belong to it
};

// --- samples of the class ----------------------------------------------------------------------
// Goes through samples of the seed and keeps the z of the first 2 n that belong to the class.
static int members_find(struct hunt *h)
{
    const struct inspection *in = h->in;
    const size_t length = (size_t)in->params.z, classes = (size_t)cli_judge_classes(h->judge);
    const int wanted = 2 * h->n, pool = POOL * wanted;
    int found = 0, status = 0;
    for (int first = 0; first < pool && found < wanted && !status; first += h->n) {
        float *z = h->z + (size_t)found * length; // the rest of the list is as long as a part at least
        clg_gan_noise(&in->params, in->o->seed, (uint64_t)in->o->first + (uint64_t)first, h->n, z);
        status = clg_gan_generate(in->gan, z, h->n, h->pictures);
        if (!status)
            status = cli_judge_scores(h->judge, h->pictures, h->n, h->scores);
        for (int i = 0; i < h->n && !status; i++)
            if (cli_judge_is(h->judge, h->scores + (size_t)i * classes, h->class) && found < wanted)
                memmove(h->z + (size_t)found++ * length, z + (size_t)i * length, length * sizeof *z);
    }
    if (!status && found < 2)
        status = cli_fail(in->log, CLG_EINVAL,
                          "%d of %d samples are \"%s\": too few to search with; take another --seed or a "
                          "larger --n",
                          found, pool, in->o->find);
    h->n = (found + 1) / 2; // one half to search with, the other to check with
    h->others = found - h->n;
    return status;
}

static int judge_without(struct hunt *h, const float *z, int n, struct verdict *v)
{
    const size_t classes = (size_t)cli_judge_classes(h->judge);
    int status = clg_gan_generate_ablated(h->in->gan, z, n, h->layer, h->keep, h->pictures);
    if (!status)
        status = cli_judge_scores(h->judge, h->pictures, n, h->scores);
    *v = (struct verdict){0};
    for (int i = 0; i < n && !status; i++) {
        const float *scores = h->scores + (size_t)i * classes;
        v->score += (double)scores[h->class] / n;
        v->share += (double)cli_judge_is(h->judge, scores, h->class) / n;
    }
    return status;
}

static void keep_all(struct hunt *h)
{
    for (int i = 0; i < h->maps; i++)
        h->keep[i] = 1;
}

// --- maps --------------------------------------------------------------------------------------
static int by_effect(const void *a, const void *b)
{
    const struct effect *x = a, *y = b;
    return x->falls != y->falls ? (x->falls < y->falls ? 1 : -1) : x->map - y->map;
}

static int effects_measure(struct hunt *h, struct verdict *all)
{
    const double began = cli_seconds();
    keep_all(h);
    int status = judge_without(h, h->z, h->n, all);
    for (int j = 0; j < h->maps && !status; j++) {
        struct verdict without;
        h->keep[j] = 0;
        status = judge_without(h, h->z, h->n, &without);
        h->keep[j] = 1;
        h->effects[j] = (struct effect){j, all->score - without.score};
        cli_progress_count(h->in->progress, "removing maps", j + 1, h->maps, began);
    }
    cli_progress_end(h->in->progress, false);
    qsort(h->effects, (size_t)h->maps, sizeof *h->effects, by_effect);
    return status;
}

// The other samples as they are, without the first `top` maps, and without as many of the rest,
// spread evenly.
static int check(struct hunt *h, int top, struct verdict v[3])
{
    const float *z = h->z + (size_t)h->n * (size_t)h->in->params.z;
    keep_all(h);
    int status = judge_without(h, z, h->others, &v[0]);
    for (int i = 0; i < top; i++)
        h->keep[h->effects[i].map] = 0;
    if (!status)
        status = judge_without(h, z, h->others, &v[1]);
    keep_all(h);
    for (int i = 0; i < top && top < h->maps; i++)
        h->keep[h->effects[top + (int)((int64_t)i * (h->maps - top) / top)].map] = 0;
    return status ? status : judge_without(h, z, h->others, &v[2]);
}

// --- the result --------------------------------------------------------------------------------
static void tell_words(const struct hunt *h, const struct verdict *all, int top, const struct verdict v[3])
{
    printf("layer %d: \"%s\" scores %.3f on average over %d samples of it\n", h->layer,
           cli_shown(h->in->o->find), all->score, h->n);
    for (int i = 0; i < top; i++)
        printf("  without map %4d it falls by %.4f\n", h->effects[i].map, h->effects[i].falls);
    printf(
        "on %d other samples of it: %.3f; without these %d maps %.3f, %.0f %% are still \"%s\"; without %d "
        "others %.3f, %.0f %%\n",
        h->others, v[0].score, top, v[1].score, 100 * v[1].share, h->in->o->find, top, v[2].score,
        100 * v[2].share);
}

static void add_verdict(cJSON *json, const char *name, const struct verdict *v)
{
    cJSON *object = cJSON_AddObjectToObject(json, name);
    cJSON_AddNumberToObject(object, "score", v->score);
    cJSON_AddNumberToObject(object, "share", v->share);
}

static void tell_json(const struct hunt *h, const struct verdict *all, int top, const struct verdict v[3])
{
    cJSON *json = h->in->json;
    cJSON_AddNumberToObject(json, "layer", h->layer);
    cJSON_AddStringToObject(json, "class", h->in->o->find);
    cJSON_AddNumberToObject(json, "samples", h->n);
    cJSON_AddNumberToObject(json, "score", all->score);
    cJSON *list = cJSON_AddArrayToObject(json, "maps");
    for (int i = 0; i < top; i++) {
        cJSON *map = cJSON_CreateObject();
        cJSON_AddItemToArray(list, map);
        cJSON_AddNumberToObject(map, "map", h->effects[i].map);
        cJSON_AddNumberToObject(map, "falls", h->effects[i].falls);
    }
    cJSON_AddNumberToObject(json, "others", h->others);
    add_verdict(json, "with_all", &v[0]);
    add_verdict(json, "without", &v[1]);
    add_verdict(json, "without_as_many_others", &v[2]);
}

static int result(struct hunt *h, const struct verdict *all)
{
    const int most = h->in->o->top ? h->in->o->top : 6;
    const float *z = h->z + (size_t)h->n * (size_t)h->in->params.z;
    struct verdict v[3];
    int top = 0;
    while (top < most && top < h->maps && h->effects[top].falls > 0)
        top++;
    if (!top)
        return cli_fail(h->in->log, CLG_EINVAL, "no map of layer %d alone lowers the score of \"%s\"",
                        h->layer, h->in->o->find);
    int *maps = malloc((size_t)top * sizeof *maps);
    if (!maps)
        return cli_fail(h->in->log, CLG_ENOMEM, "out of memory");
    for (int i = 0; i < top; i++)
        maps[i] = h->effects[i].map;
    int status = check(h, top, v);
    if (!status)
        (h->in->json ? tell_json : tell_words)(h, all, top, v);
    if (!status)
        status = inspect_without(h->in, h->layer, h->maps, maps, top, z,
                                 h->others < INSPECT_SAMPLES ? h->others : INSPECT_SAMPLES);
    free(maps);
    return status;
}

static int hunt_start(struct hunt *h)
{
    const struct inspection *in = h->in;
    struct clg_layer_info info;
    int status = inspect_layer(in, CLG_NET_GENERATOR, &h->layer, &info);
    if (!status)
        status = cli_judge_open(&h->judge, in->o->by, in->gan, in->log);
    if (!status) {
        h->class = cli_judge_find(h->judge, in->o->find);
        status = h->class < 0 ? h->class : 0;
    }
    if (status)
        return status;
    const size_t n = (size_t)h->n;
    h->maps = info.c;
    h->z = malloc(3 * n * (size_t)in->params.z * sizeof *h->z);
    h->pictures = malloc(n * cli_sheet_one(&in->params) * sizeof *h->pictures);
    h->scores = malloc(n * (size_t)cli_judge_classes(h->judge) * sizeof *h->scores);
    h->keep = malloc((size_t)h->maps * sizeof *h->keep);
    h->effects = malloc((size_t)h->maps * sizeof *h->effects);
    return h->z && h->pictures && h->scores && h->keep && h->effects
               ? 0
               : cli_fail(in->log, CLG_ENOMEM, "out of memory: take fewer samples with --n");
}

int inspect_found(struct inspection *in)
{
    struct hunt h = {.in = in, .n = in->o->n ? in->o->n : 64};
    struct verdict all;
    int status = hunt_start(&h);
    if (!status)
        status = members_find(&h);
    if (!status)
        status = effects_measure(&h, &all);
    if (!status)
        status = result(&h, &all);
    free(h.z);
    free(h.pictures);
    free(h.scores);
    free(h.keep);
    free(h.effects);
    cli_judge_close(&h.judge);
    return status;
}
