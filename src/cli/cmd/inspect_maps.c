// Feature maps of one picture or noise vector, the strongest first.
#include "cli/cmd/inspect.h"

#include <stdlib.h>

// The net's input: a picture, or noise and the picture it becomes. The caller frees both.
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

static void print_maps(const struct inspection *in, const struct clg_map_stats *maps, int n)
{
    enum { LINES = 10 };
    for (int k = 0; k < n && k < LINES && !in->json; k++)
        printf("  map %4d  rms %8.4f  from %8.4f to %8.4f\n", maps[k].map, maps[k].rms, (double)maps[k].min,
               (double)maps[k].max);
    cJSON *list = in->json ? cJSON_AddArrayToObject(in->json, "maps") : NULL;
    for (int k = 0; k < n && list; k++) {
        cJSON *map = cJSON_CreateObject();
        cJSON_AddItemToArray(list, map);
        cJSON_AddNumberToObject(map, "map", maps[k].map);
        cJSON_AddNumberToObject(map, "rms", maps[k].rms);
        cJSON_AddNumberToObject(map, "min", (double)maps[k].min);
        cJSON_AddNumberToObject(map, "max", (double)maps[k].max);
    }
}

// The picture, then its n strongest maps.
static int draw_maps(const struct inspection *in, const float *picture, const float *values,
                     const struct clg_map_stats *maps, int n, const struct clg_layer_info *info)
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
        cli_tiles_put(&tiles, k + 1, values + maps[k].map, info->h, 1, c,
                      in->o->common ? all : (struct cli_range){maps[k].min, maps[k].max});
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
    struct clg_map_stats *maps = malloc((size_t)info.c * sizeof *maps);
    status = input_make(in, net, &input, &picture);
    if (!status && (!values || !maps))
        status = cli_fail(in->log, CLG_ENOMEM, "out of memory");
    if (!status)
        status = clg_gan_maps(in->gan, net, input ? input : picture, 1, layer, values);
    if (!status) {
        clg_maps_rank(values, info.h, info.w, info.c, maps);
        const int n = in->o->top && in->o->top < info.c ? in->o->top : info.c;
        inspect_print_layer(in, layer, &info, NULL, 0);
        print_maps(in, maps, n);
        status = draw_maps(in, picture, values, maps, n, &info);
    }
    free(input);
    free(picture);
    free(values);
    free(maps);
    return status;
}
