// The filters closest to the pixels: those of D's first convolution and of G's last.
#include "cli/cmd/inspect.h"

#include <stdlib.h>

enum { TILE = 32 };

static void print_filters(const struct inspection *in, const char *name, int n, int side, int channels)
{
    if (!in->json) {
        printf("%s: %d filters of %dx%dx%d\n", name, n, side, side, channels);
        return;
    }
    cJSON *object = cJSON_AddObjectToObject(in->json, name);
    cJSON_AddNumberToObject(object, "filters", n);
    cJSON_AddNumberToObject(object, "channels", channels);
    cJSON_AddNumberToObject(object, "side", side);
}

// Puts a net's filters into the tiles, starting at tile `at`.
static int put_filters(const struct inspection *in, enum clg_net_kind net, struct cli_tiles *tiles, int at)
{
    struct clg_tensor_info info;
    int status = clg_gan_filters(in->gan, net, &info, NULL);
    if (status)
        return status;
    const int n = (int)info.shape[0], side = (int)info.shape[1], channels = (int)info.shape[3];
    const size_t one = (size_t)(side * side * channels);
    float *filters = malloc((size_t)n * one * sizeof *filters);
    status = filters ? clg_gan_filters(in->gan, net, &info, filters)
                     : cli_fail(in->log, CLG_ENOMEM, "out of memory");
    for (int i = 0; i < n && !status; i++) {
        const float *filter = filters + (size_t)i * one;
        const struct cli_range range = in->o->common ? cli_range_around_zero(filters, (size_t)n * one)
                                                     : cli_range_around_zero(filter, one);
        cli_tiles_put(tiles, at + i, filter, side, channels, (size_t)channels, range);
    }
    if (!status)
        print_filters(in, info.name, n, side, channels);
    free(filters);
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
    struct cli_tiles tiles;
    int status = cli_tiles_new(&tiles, d_tiles + columns + g, TILE, in->params.channels, in->log);
    if (!status)
        status = put_filters(in, CLG_NET_DISCRIMINATOR, &tiles, 0);
    if (!status)
        status = put_filters(in, CLG_NET_GENERATOR, &tiles, d_tiles + columns);
    if (!status)
        status =
            inspect_save(in, &tiles, columns,
                         "top: the discriminator's first filters; bottom: the generator's last; grey is 0");
    cli_tiles_free(&tiles);
    return status;
}
