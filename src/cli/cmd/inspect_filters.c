// The filters next to the pictures: those of D's first convolution, and of G's last one.
#include "cli/cmd/inspect.h"

#include <stdlib.h>
#include <string.h>

enum { TILE = 32 };

// D's first, or G's last, tensor that is a convolution's weight [a][b][rows][columns].
static int find(const struct inspection *in, const char *prefix, bool last, struct clg_tensor_info *info)
{
    int found = -1;
    for (int i = 0; i < clg_gan_tensors(in->gan); i++) {
        struct clg_tensor_info one;
        if (clg_gan_tensor(in->gan, i, &one) || strncmp(one.name, prefix, strlen(prefix)) || one.dims != 4)
            continue;
        if (found < 0 || last) {
            found = i;
            *info = one;
        }
    }
    return found;
}

// Filters [n][channels][side][side], as pixels [n][side][side][channels].
static int filters_read(const struct inspection *in, int tensor, const struct clg_tensor_info *info,
                        float **pixels)
{
    const size_t n = (size_t)info->shape[0], channels = (size_t)info->shape[1],
                 places = (size_t)(info->shape[2] * info->shape[3]);
    float *values = malloc(n * channels * places * sizeof *values);
    *pixels = malloc(n * channels * places * sizeof **pixels);
    int status = values && *pixels ? clg_gan_tensor_read(in->gan, tensor, values)
                                   : cli_fail(in->log, CLG_ENOMEM, "out of memory");
    for (size_t i = 0; i < n && !status; i++)
        for (size_t c = 0; c < channels; c++)
            for (size_t p = 0; p < places; p++)
                (*pixels)[(i * places + p) * channels + c] = values[(i * channels + c) * places + p];
    free(values);
    return status;
}

static int filters_put(const struct inspection *in, const char *prefix, bool last, struct cli_tiles *tiles,
                       int at)
{
    struct clg_tensor_info info;
    const int tensor = find(in, prefix, last, &info);
    float *pixels = NULL;
    int status = tensor < 0 ? cli_fail(in->log, CLG_EFORMAT, "the model has no filters called %s", prefix)
                            : filters_read(in, tensor, &info, &pixels);
    if (!status) {
        const int n = (int)info.shape[0], channels = (int)info.shape[1], side = (int)info.shape[2];
        const size_t one = (size_t)(side * side * channels);
        for (int i = 0; i < n; i++) {
            const float *filter = pixels + (size_t)i * one;
            cli_tiles_put(tiles, at + i, filter, side, channels, (size_t)channels,
                          in->o->common ? cli_range_around_zero(pixels, (size_t)n * one)
                                        : cli_range_around_zero(filter, one));
        }
        if (in->json) {
            cJSON *object = cJSON_AddObjectToObject(in->json, info.name);
            cJSON_AddNumberToObject(object, "filters", n);
            cJSON_AddNumberToObject(object, "channels", channels);
            cJSON_AddNumberToObject(object, "side", side);
        } else {
            printf("%s: %d filters of %dx%dx%d\n", info.name, n, side, side, channels);
        }
    }
    free(pixels);
    return status;
}

static int rows_of(int n, int columns)
{
    return (n + columns - 1) / columns;
}

int inspect_filters(struct inspection *in)
{
    const int d = in->params.ndf, g = in->params.ngf, columns = inspect_columns(d > g ? d : g);
    const int d_tiles = rows_of(d, columns) * columns;
    const char *generator = in->params.ema > 0 ? "averageG." : "netG.";
    struct cli_tiles tiles;
    int status = cli_tiles_new(&tiles, d_tiles + columns + g, TILE, in->params.channels, in->log);
    if (!status)
        status = filters_put(in, "netD.", false, &tiles, 0);
    if (!status)
        status = filters_put(in, generator, true, &tiles, d_tiles + columns);
    if (!status)
        status = inspect_save(in, &tiles, columns,
                              "the discriminator's first filters, below the generator's last; grey is 0");
    cli_tiles_free(&tiles);
    return status;
}
