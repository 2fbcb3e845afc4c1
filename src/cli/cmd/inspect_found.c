// Which feature maps of the generator draw a class: those whose removal lowers its score most, and other
// samples without them (after Radford et al. 2015, section 6.3.1).
#include "cli/cmd/inspect.h"
#include "cli/judge.h"

#include <stdlib.h>

enum { SAMPLES = 64, MAPS_MAX = 6 }; // the defaults of --n and --top

struct hunt {
    struct inspection *in;
    struct cli_judge *judge;
    double began;
};

static int score_pictures(void *user, const float *pictures, int n, float *scores)
{
    const struct hunt *h = user;
    return cli_judge_scores(h->judge, pictures, n, scores);
}

static void report_progress(void *user, const char *what, size_t done, size_t total)
{
    struct hunt *h = user;
    (void)what;
    if (done == 1)
        h->began = cli_seconds();
    cli_progress_count(h->in->progress, "removing maps", (int)done, (int)total, h->began);
}

// --- the result --------------------------------------------------------------------------------
static void print_words(const struct inspection *in, int layer, const struct clg_class_maps *found)
{
    printf("layer %d: \"%s\" scores %.3f on average over %d samples of it\n", layer, cli_shown(in->o->find),
           found->before.mean, found->samples);
    for (int i = 0; i < found->n; i++)
        printf("  without map %4d it falls by %.4f\n", found->effects[i].map, found->effects[i].drop);
    printf(
        "on %d other samples of it: %.3f; without these %d maps %.3f, %.0f %% are still \"%s\"; without %d "
        "others %.3f, %.0f %%\n",
        found->checks, found->with_all.mean, found->n, found->without.mean, 100 * found->without.share,
        in->o->find, found->n, found->without_others.mean, 100 * found->without_others.share);
}

static void add_score(cJSON *json, const char *name, const struct clg_class_score *score)
{
    cJSON *object = cJSON_AddObjectToObject(json, name);
    cJSON_AddNumberToObject(object, "score", score->mean);
    cJSON_AddNumberToObject(object, "share", score->share);
}

static void add_json(const struct inspection *in, int layer, const struct clg_class_maps *found)
{
    cJSON_AddNumberToObject(in->json, "layer", layer);
    cJSON_AddStringToObject(in->json, "class", in->o->find);
    cJSON_AddNumberToObject(in->json, "samples", found->samples);
    cJSON_AddNumberToObject(in->json, "score", found->before.mean);
    cJSON *list = cJSON_AddArrayToObject(in->json, "maps");
    for (int i = 0; i < found->n; i++) {
        cJSON *map = cJSON_CreateObject();
        cJSON_AddItemToArray(list, map);
        cJSON_AddNumberToObject(map, "map", found->effects[i].map);
        cJSON_AddNumberToObject(map, "falls", found->effects[i].drop);
    }
    cJSON_AddNumberToObject(in->json, "others", found->checks);
    add_score(in->json, "with_all", &found->with_all);
    add_score(in->json, "without", &found->without);
    add_score(in->json, "without_as_many_others", &found->without_others);
}

static int show_found(struct inspection *in, int layer, const struct clg_class_maps *found)
{
    if (!found->n)
        return cli_fail(in->log, CLG_EINVAL, "no map of layer %d alone lowers the score of \"%s\"", layer,
                        in->o->find);
    int *maps = malloc((size_t)found->n * sizeof *maps);
    if (!maps)
        return cli_fail(in->log, CLG_ENOMEM, "out of memory");
    for (int i = 0; i < found->n; i++)
        maps[i] = found->effects[i].map;
    if (in->json)
        add_json(in, layer, found);
    else
        print_words(in, layer, found);
    const float *z = found->z + (size_t)found->samples * (size_t)in->params.z;
    int status = inspect_without(in, layer, maps, found->n, z,
                                 found->checks < INSPECT_SAMPLES ? found->checks : INSPECT_SAMPLES);
    free(maps);
    return status;
}

int inspect_found(struct inspection *in)
{
    struct hunt h = {.in = in};
    struct clg_class_search search = {.scores = score_pictures,
                                      .scores_user = &h,
                                      .n = in->o->n ? in->o->n : SAMPLES,
                                      .maps_max = in->o->top ? in->o->top : MAPS_MAX,
                                      .seed = in->o->seed,
                                      .first = (uint64_t)in->o->first,
                                      .progress = report_progress,
                                      .user = &h};
    struct clg_class_maps *found = NULL;
    struct clg_layer_info info;
    int status = inspect_layer(in, CLG_NET_GENERATOR, &search.layer, &info);
    if (!status)
        status = cli_judge_open(&h.judge, in->o->classifier, in->gan, in->log);
    if (!status) {
        search.classes = cli_judge_classes(h.judge);
        search.target = cli_judge_find(h.judge, in->o->find);
        status = search.target < 0 ? search.target : 0;
    }
    if (!status)
        status = clg_class_maps_find(&found, in->gan, &search);
    cli_progress_end(in->progress, false);
    if (!status)
        status = show_found(in, search.layer, found);
    clg_class_maps_free(&found);
    cli_judge_close(&h.judge);
    return status;
}
