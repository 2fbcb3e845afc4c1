// What the generator's feature maps draw: pictures with some maps ablated, and the maps that make up a class.
#include <clgan/inspect.h>

#include "base/log.h"
#include "explore/net_probe.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { POOL = 16 }; // most samples drawn per requested member of the class

// --- ablation ----------------------------------------------------------------------------------
// scale [c]: 0 for the listed maps, 1 for the others.
static int ablation_scale(const struct clg_gan *gan, int layer, int c, const int *maps, int maps_n,
                          float *scale)
{
    for (int j = 0; j < c; j++)
        scale[j] = 1;
    for (int i = 0; i < maps_n; i++) {
        if (maps[i] < 0 || maps[i] >= c)
            return clg_fail(&gan->log, CLG_EINVAL, "feature map %d: layer %d has maps 0 to %d", maps[i],
                            layer, c - 1);
        scale[maps[i]] = 0;
    }
    return 0;
}

int clg_gan_ablate_maps(struct clg_gan *gan, const float *z, int n, int layer, const int *maps, int maps_n,
                        float *with, float *without, double *rms)
{
    struct clg_layer_info info;
    int status = clg_gan_layer(gan, CLG_NET_GENERATOR, layer, &info);
    if (status)
        return status;
    float *scale = malloc((size_t)info.c * sizeof *scale);
    status = scale ? ablation_scale(gan, layer, info.c, maps, maps_n, scale)
                   : clg_fail(&gan->log, CLG_ENOMEM, "out of memory");
    if (!status)
        status = clg_gan_generate(gan, z, n, with);
    if (!status)
        status = clg_gan_generate_ablated(gan, z, n, layer, scale, without);
    free(scale);
    if (status || !rms)
        return status;
    const size_t count = (size_t)n * clg_picture_count(gan);
    double squares = 0;
    for (size_t i = 0; i < count; i++) {
        const float difference = with[i] - without[i];
        squares += (double)difference * difference;
    }
    *rms = sqrt(squares / (double)count);
    return 0;
}

// --- the maps of a class -----------------------------------------------------------------------
struct search {
    struct clg_gan *gan;
    const struct clg_class_search *params;
    struct clg_class_maps *found;
    int maps;                         // of the layer
    float *pictures, *scores, *scale; // [n] pictures, [n][classes], [maps]
};

static bool is_member(const struct clg_class_search *p, const float *scores)
{
    for (int i = 0; i < p->classes; i++)
        if (scores[i] > scores[p->target])
            return false;
    return true;
}

// Draws samples from the seed and keeps the z of the first 2 n that belong to the class.
static int find_members(struct search *s)
{
    const struct clg_class_search *p = s->params;
    const size_t length = (size_t)s->gan->params.z, classes = (size_t)p->classes;
    const int max = 2 * p->n, pool = POOL * max;
    int members = 0, status = 0;
    for (int drawn = 0; drawn < pool && members < max && !status; drawn += p->n) {
        float *z = s->found->z + (size_t)members * length; // there is space for n more after the members
        clg_gan_noise(&s->gan->params, p->seed, p->first + (uint64_t)drawn, p->n, z);
        status = clg_gan_generate(s->gan, z, p->n, s->pictures);
        if (!status)
            status = p->scores(p->scores_user, s->pictures, p->n, s->scores);
        for (int i = 0; i < p->n && !status && members < max; i++)
            if (is_member(p, s->scores + (size_t)i * classes)) {
                memmove(s->found->z + (size_t)members * length, z + (size_t)i * length, length * sizeof *z);
                members++;
            }
    }
    if (!status && members < 2)
        status = clg_fail(&s->gan->log, CLG_EINVAL,
                          "%d of %d samples belong to the class, too few to search with: use another seed or "
                          "more samples",
                          members, pool);
    s->found->samples = (members + 1) / 2; // one half for the search, the other to check its result
    s->found->checks = members - s->found->samples;
    return status;
}

// Scores the class on pictures generated from z [n][z] with the layer's maps scaled by s->scale.
static int score_ablated(struct search *s, const float *z, int n, struct clg_class_score *score)
{
    const struct clg_class_search *p = s->params;
    int status = clg_gan_generate_ablated(s->gan, z, n, p->layer, s->scale, s->pictures);
    if (!status)
        status = p->scores(p->scores_user, s->pictures, n, s->scores);
    *score = (struct clg_class_score){0};
    for (int i = 0; i < n && !status; i++) {
        const float *scores = s->scores + (size_t)i * (size_t)p->classes;
        score->mean += (double)scores[p->target] / n;
        score->share += (double)is_member(p, scores) / n;
    }
    return status;
}

static void scale_all(struct search *s)
{
    for (int j = 0; j < s->maps; j++)
        s->scale[j] = 1;
}

static int by_drop(const void *a, const void *b)
{
    const struct clg_map_effect *x = a, *y = b;
    if (x->drop != y->drop)
        return x->drop < y->drop ? 1 : -1;
    return x->map - y->map;
}

static int measure_effects(struct search *s)
{
    const struct clg_class_search *p = s->params;
    struct clg_class_maps *found = s->found;
    scale_all(s);
    int status = score_ablated(s, found->z, found->samples, &found->before);
    for (int j = 0; j < s->maps && !status; j++) {
        struct clg_class_score without;
        s->scale[j] = 0;
        status = score_ablated(s, found->z, found->samples, &without);
        s->scale[j] = 1;
        found->effects[j] = (struct clg_map_effect){j, found->before.mean - without.mean};
        if (!status && p->progress)
            p->progress(p->user, "feature maps", (size_t)j + 1, (size_t)s->maps);
    }
    if (status)
        return status;
    qsort(found->effects, (size_t)s->maps, sizeof *found->effects, by_drop);
    while (found->n < p->maps_max && found->n < s->maps && found->effects[found->n].drop > 0)
        found->n++;
    return 0;
}

// Scores the other half of the samples: with all maps, without the maps found, and without as many of the
// other maps, evenly spaced.
static int check_effects(struct search *s)
{
    struct clg_class_maps *found = s->found;
    const float *z = found->z + (size_t)found->samples * (size_t)s->gan->params.z;
    const int n = found->n;
    scale_all(s);
    int status = score_ablated(s, z, found->checks, &found->with_all);
    for (int i = 0; i < n; i++)
        s->scale[found->effects[i].map] = 0;
    if (!status)
        status = score_ablated(s, z, found->checks, &found->without);
    scale_all(s);
    for (int i = 0; i < n && n < s->maps; i++)
        s->scale[found->effects[n + (int)((int64_t)i * (s->maps - n) / n)].map] = 0;
    return status ? status : score_ablated(s, z, found->checks, &found->without_others);
}

static int check_search(const struct clg_gan *gan, const struct clg_class_search *p)
{
    if (p->n < 1 || p->n > 1 << 20 || p->maps_max < 1)
        return clg_fail(&gan->log, CLG_EINVAL,
                        "cannot search for %d feature maps with %d samples: use at least 1 of each, and at "
                        "most %d samples",
                        p->maps_max, p->n, 1 << 20);
    if (p->classes < 1 || p->target < 0 || p->target >= p->classes)
        return clg_fail(&gan->log, CLG_EINVAL, "class %d: there are classes 0 to %d", p->target,
                        p->classes - 1);
    return 0;
}

static int allocate_search(struct search *s)
{
    const size_t n = (size_t)s->params->n;
    s->found->z = malloc(3 * n * (size_t)s->gan->params.z * sizeof *s->found->z);
    s->found->effects = malloc((size_t)s->maps * sizeof *s->found->effects);
    s->pictures = malloc(n * clg_picture_count(s->gan) * sizeof *s->pictures);
    s->scores = malloc(n * (size_t)s->params->classes * sizeof *s->scores);
    s->scale = malloc((size_t)s->maps * sizeof *s->scale);
    if (s->found->z && s->found->effects && s->pictures && s->scores && s->scale)
        return 0;
    return clg_fail(&s->gan->log, CLG_ENOMEM, "out of memory: use fewer samples");
}

int clg_class_maps_find(struct clg_class_maps **out, struct clg_gan *gan,
                        const struct clg_class_search *params)
{
    struct clg_layer_info info;
    struct search s = {.gan = gan, .params = params, .found = *out = calloc(1, sizeof **out)};
    int status = s.found ? check_search(gan, params) : clg_fail(&gan->log, CLG_ENOMEM, "out of memory");
    if (!status)
        status = clg_gan_layer(gan, CLG_NET_GENERATOR, params->layer, &info);
    if (!status) {
        s.maps = info.c;
        status = allocate_search(&s);
    }
    if (!status)
        status = find_members(&s);
    if (!status)
        status = measure_effects(&s);
    if (!status)
        status = check_effects(&s);
    free(s.pictures);
    free(s.scores);
    free(s.scale);
    if (status)
        clg_class_maps_free(out);
    return status;
}

void clg_class_maps_free(struct clg_class_maps **found)
{
    if (*found) {
        free((*found)->effects);
        free((*found)->z);
    }
    free(*found);
    *found = NULL;
}
