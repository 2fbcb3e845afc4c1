// Feature maps of one picture or noise vector, the strongest first.
#include "cli/cmd/inspect.h"

#include <math.h>
#include <stdlib.h>

struct map {
    int number;
    double rms;
    float least, most;
};

static int stronger(const void *a, const void *b)
{
    const struct map *x = a, *y = b;
    return x->rms != y->rms ? (x->rms < y->rms ? 1 : -1) : x->number - y->number;
}

static struct map *maps_rank(const float *values, const struct clg_layer_info *info)
{
    const size_t places = (size_t)info->h * (size_t)info->w, c = (size_t)info->c;
    struct map *maps = malloc(c * sizeof *maps);
    for (size_t j = 0; j < c && maps; j++) {
        const struct cli_range range = cli_range_of(values + j, places, c);
        double square = 0;
        for (size_t i = 0; i < places; i++)
            square += (double)values[i * c + j] * values[i * c + j];
        // + 0: a ReLU leaves -0 behind
        maps[j] = (struct map){(int)j, sqrt(square / (double)places), range.from + 0, range.to + 0};
    }
    if (maps)
        qsort(maps, c, sizeof *maps, stronger);
    return maps;
}

// The input of the net: a picture, or noise with the picture it becomes. The caller's: free().
static int input_make(struct inspection *in, enum clg_net_kind net, float **input, float **picture)
{
    const size_t one = (size_t)in->params.size * (size_t)in->params.size * (size_t)in->params.channels;
    *picture = malloc(one * sizeof **picture);
    *input = net == CLG_NET_GENERATOR ? malloc((size_t)in->params.z * sizeof **input) : NULL;
    if (!*picture || (net == CLG_NET_GENERATOR && !*input))
        return cli_fail(in->log, CLG_ENOMEM, "out of memory");
    if (net == CLG_NET_GENERATOR) {
        clg_gan_noise(&in->params, in->o->seed, (uint64_t)in->o->first, 1, *input);
        return clg_gan_generate(in->gan, *input, 1, *picture);
    }
    struct cli_pictures pictures;
    int status = inspect_pictures(in, 1, &pictures);
    for (size_t i = 0; i < one && !status; i++)
        (*picture)[i] = pictures.values[i];
    cli_pictures_close(&pictures);
    return status;
}

static void tell(const struct inspection *in, const struct map *maps, int n, int layer,
                 const struct clg_layer_info *info)
{
    enum { LINES = 10 };
    if (!in->json) {
        printf("layer %d, %s: %s, %d maps of %dx%d\n", layer, info->name, info->text, info->c, info->h,
               info->w);
        for (int k = 0; k < n && k < LINES; k++)
            printf("  map %4d  rms %8.4f  from %8.4f to %8.4f\n", maps[k].number, maps[k].rms,
                   (double)maps[k].least, (double)maps[k].most);
        return;
    }
    cJSON_AddNumberToObject(in->json, "layer", layer);
    cJSON_AddStringToObject(in->json, "name", info->name);
    cJSON *list = cJSON_AddArrayToObject(in->json, "maps");
    for (int k = 0; k < n; k++) {
        cJSON *map = cJSON_CreateObject();
        cJSON_AddItemToArray(list, map);
        cJSON_AddNumberToObject(map, "map", maps[k].number);
        cJSON_AddNumberToObject(map, "rms", maps[k].rms);
        cJSON_AddNumberToObject(map, "min", (double)maps[k].least);
        cJSON_AddNumberToObject(map, "max", (double)maps[k].most);
    }
}

// The picture, then its n strongest maps.
static int sheet(const struct inspection *in, const float *picture, const float *values,
                 const struct map *maps, int n, const struct clg_layer_info *info)
{
    const struct clg_gan_params *p = &in->params;
    const size_t c = (size_t)info->c;
    const struct cli_range all = cli_range_of(values, (size_t)(info->h * info->w) * c, 1);
    struct cli_tiles tiles;
    int status = cli_tiles_new(&tiles, n + 1, inspect_tile(in), p->channels, in->log);
    if (status)
        return status;
    cli_tiles_put(&tiles, 0, picture, p->size, p->channels, (size_t)p->channels, (struct cli_range){-1, 1});
    for (int k = 0; k < n; k++)
        cli_tiles_put(&tiles, k + 1, values + maps[k].number, info->h, 1, c,
                      in->o->common ? all : (struct cli_range){maps[k].least, maps[k].most});
    status = inspect_save(in, &tiles, inspect_columns(n + 1), "the picture, then its maps, strongest first");
    cli_tiles_free(&tiles);
    return status;
}

int inspect_maps(struct inspection *in)
{
    const enum clg_net_kind net = in->o->net;
    struct clg_layer_info info;
    int layer, status = inspect_layer(in, net, &layer, &info);
    if (status)
        return status;
    float *input, *picture, *values = malloc((size_t)(info.h * info.w) * (size_t)info.c * sizeof *values);
    struct map *maps = NULL;
    status = input_make(in, net, &input, &picture);
    if (!status && !values)
        status = cli_fail(in->log, CLG_ENOMEM, "out of memory");
    if (!status)
        status = clg_gan_maps(in->gan, net, input ? input : picture, 1, layer, values);
    if (!status && !(maps = maps_rank(values, &info)))
        status = cli_fail(in->log, CLG_ENOMEM, "out of memory");
    if (!status) {
        const int n = in->o->top && in->o->top < info.c ? in->o->top : info.c;
        tell(in, maps, n, layer, &info);
        status = sheet(in, picture, values, maps, n, &info);
    }
    free(input);
    free(picture);
    free(values);
    free(maps);
    return status;
}
