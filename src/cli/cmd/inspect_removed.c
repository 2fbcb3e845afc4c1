// What feature maps of the generator draw: samples with and without them (Radford et al. 2015, section 6.3.1).
#include "cli/cmd/inspect.h"
#include "cli/noise.h"
#include "cli/sheet.h"

#include <limits.h>
#include <stdlib.h>

// Rows: samples, what the maps alone draw, samples without them.
static int draw_samples(const struct inspection *in, const float *with, const float *without,
                        float *difference, int n)
{
    const struct clg_gan_params *p = &in->params;
    const size_t one = cli_sheet_one(p);
    const struct cli_range picture = {-1, 1}, drawn = cli_range_around_zero(difference, (size_t)n * one);
    struct cli_tiles tiles;
    int status = cli_tiles_new(&tiles, 3 * n, inspect_tile(in), p->channels, in->log);
    for (int i = 0; i < n && !status; i++) {
        const size_t at = (size_t)i * one, step = (size_t)p->channels;
        cli_tiles_put(&tiles, i, with + at, p->size, p->channels, step, picture);
        cli_tiles_put(&tiles, n + i, difference + at, p->size, p->channels, step, drawn);
        cli_tiles_put(&tiles, 2 * n + i, without + at, p->size, p->channels, step, picture);
    }
    if (!status)
        status = inspect_save(in, &tiles, n,
                              "rows: samples, what the maps draw (grey: nothing), samples without them");
    cli_tiles_free(&tiles);
    return status;
}

int inspect_without(struct inspection *in, int layer, const int *maps, int maps_n, const float *z, int n)
{
    const size_t count = (size_t)n * cli_sheet_one(&in->params);
    float *with = malloc(3 * count * sizeof *with);
    float *without = with ? with + count : NULL, *difference = with ? without + count : NULL;
    double rms;
    int status = with ? clg_gan_ablate_maps(in->gan, z, n, layer, maps, maps_n, with, without, &rms)
                      : cli_fail(in->log, CLG_ENOMEM, "out of memory: take fewer samples with --n");
    if (!status) {
        for (size_t i = 0; i < count; i++)
            difference[i] = with[i] - without[i];
        if (in->json)
            cJSON_AddNumberToObject(in->json, "drawn_rms", rms);
        else
            printf("these maps draw %.4f rms of values that are 2 apart at most\n", rms);
        status = draw_samples(in, with, without, difference, n);
    }
    free(with);
    return status;
}

// The maps of --remove, or --map's. The caller frees them.
static int read_maps(const struct inspection *in, int **maps, int *n)
{
    const char *end = "";
    uint64_t *numbers = NULL;
    *n = 1;
    const char *wrong = in->o->remove ? cli_numbers_read(in->o->remove, &end, &numbers, n) : NULL;
    int status = 0;
    if (wrong || *end)
        status = cli_fail(in->log, CLG_EINVAL, "--remove %s: %s at \"%s\"", in->o->remove,
                          wrong ? wrong : "not a list of numbers like 3,7,9-12", end);
    *maps = status ? NULL : malloc((size_t)*n * sizeof **maps);
    if (!status && !*maps)
        status = cli_fail(in->log, CLG_ENOMEM, "out of memory");
    for (int i = 0; i < *n && !status; i++) {
        const uint64_t number = numbers ? numbers[i] : (uint64_t)in->o->map;
        (*maps)[i] = number < INT_MAX ? (int)number : INT_MAX; // no layer has that many
    }
    free(numbers);
    return status;
}

int inspect_removed(struct inspection *in)
{
    struct clg_layer_info info;
    const int samples = in->o->n ? in->o->n : INSPECT_SAMPLES;
    float *z = malloc((size_t)samples * (size_t)in->params.z * sizeof *z);
    int layer, n, *maps = NULL;
    int status = z ? inspect_layer(in, CLG_NET_GENERATOR, &layer, &info)
                   : cli_fail(in->log, CLG_ENOMEM, "out of memory: take fewer samples with --n");
    if (!status)
        status = read_maps(in, &maps, &n);
    if (!status) {
        inspect_print_layer(in, layer, &info, "removed", n);
        clg_gan_noise(&in->params, in->o->seed, (uint64_t)in->o->first, samples, z);
        status = inspect_without(in, layer, maps, n, z, samples);
    }
    free(z);
    free(maps);
    return status;
}
