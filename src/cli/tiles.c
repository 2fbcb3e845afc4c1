// Tiles of a sheet to look at: pictures, feature maps and filters of any size, enlarged to one size.
#include "cli/tiles.h"
#include "cli/sheet.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

int cli_tiles_new(struct cli_tiles *t, int n, int size, int channels, const struct clg_log *log)
{
    const size_t bytes = (size_t)n * (size_t)size * (size_t)size * (size_t)channels;
    *t = (struct cli_tiles){n, size, channels, malloc(bytes)};
    if (!t->pixels)
        return cli_fail(log, CLG_ENOMEM, "out of memory for a sheet of %d tiles", n);
    memset(t->pixels, CLI_SHEET_BLANK, bytes);
    return 0;
}

void cli_tiles_free(struct cli_tiles *t)
{
    free(t->pixels);
    t->pixels = NULL;
}

struct cli_range cli_range_of(const float *values, size_t n, size_t stride)
{
    struct cli_range r = {values[0], values[0]};
    for (size_t i = 1; i < n; i++) {
        r.from = fminf(r.from, values[i * stride]);
        r.to = fmaxf(r.to, values[i * stride]);
    }
    return r;
}

struct cli_range cli_range_around_zero(const float *values, size_t n)
{
    const struct cli_range r = cli_range_of(values, n, 1);
    const float most = fmaxf(fabsf(r.from), fabsf(r.to));
    return (struct cli_range){-most, most};
}

static uint8_t pixel_of(float value, struct cli_range range)
{
    const float spread = range.to - range.from;
    const float v = spread > 0 ? (value - range.from) / spread * 255 : 127.5f;
    return v >= 255 ? 255 : v > 0 ? (uint8_t)(v + 0.5f) : 0;
}

void cli_tiles_put(struct cli_tiles *t, int i, const float *values, int side, int channels, size_t step,
                   struct cli_range range)
{
    uint8_t *to = t->pixels + (size_t)i * (size_t)t->size * (size_t)t->size * (size_t)t->channels;
    for (int y = 0; y < t->size; y++)
        for (int x = 0; x < t->size; x++) {
            const int at = y * side / t->size * side + x * side / t->size;
            for (int c = 0; c < t->channels; c++)
                *to++ = pixel_of(values[(size_t)at * step + (size_t)(channels > 1 ? c : 0)], range);
        }
}

int cli_tiles_save(const struct cli_tiles *t, const char *path, int columns, const struct clg_log *log)
{
    const struct clg_gan_params tile = {.size = t->size, .channels = t->channels};
    return cli_sheet_save(path, &tile, t->pixels, t->n, columns, log);
}
