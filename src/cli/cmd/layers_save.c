// The outputs of `clgan layers` as picture files: each in its own size, and all on one sheet.
#include "cli/cmd/layers.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { TILE_LEAST = 128 }; // of the sheet

// The pixels of an output, [h][w][c].
static void pixels_make(const struct layer_output *o, enum layer_view view, uint8_t *pixels)
{
    const float amount = fmaxf(fabsf(o->least), fabsf(o->most)), top = amount > 0 ? amount : 1;
    const size_t n = clg_shape_count(o->shape);
    for (size_t k = 0; k < n; k++) {
        float v = o->values[k], shown = 2 * v - 1; // -1 black to 1 white
        if (view == VIEW_SIGNED)
            shown = v / top;
        if (view == VIEW_SCALED)
            shown = 2 * v / top - 1;
        clg_picture_pixels(&shown, 1, &pixels[k]);
    }
}

// Each pixel as often as it takes to fill the tile, [side][side][c].
static void tile_fill(const uint8_t *pixels, struct clg_shape s, int side, uint8_t *tile)
{
    const size_t c = (size_t)s.c;
    for (int y = 0; y < side; y++)
        for (int x = 0; x < side; x++)
            memcpy(tile + (size_t)(y * side + x) * c,
                   pixels + (size_t)((int64_t)y * s.h / side * s.w + (int64_t)x * s.w / side) * c, c);
}

static int file_save(const char *folder, const char *name, const uint8_t *pixels, int w, int h, int channels,
                     const struct clg_log *log)
{
    char path[4096];
    if (snprintf(path, sizeof path, "%s/%s", folder, name) >= (int)sizeof path)
        return cli_fail(log, CLG_EIO, "the folder's name is too long: %.60s...", folder);
    return clg_picture_save(path, pixels, w, h, channels, log);
}

static int sheet_save(const uint8_t *tiles, int side, int channels, const char *folder, const char *name,
                      const struct clg_log *log)
{
    int w, h;
    clg_picture_grid_size(LAYERS, side, LAYERS_COLUMNS, &w, &h);
    uint8_t *sheet = malloc((size_t)w * (size_t)h * (size_t)channels);
    if (!sheet)
        return cli_fail(log, CLG_ENOMEM, "out of memory for the sheet: use a smaller --size");
    clg_picture_grid(tiles, LAYERS, side, channels, LAYERS_COLUMNS, sheet);
    int status = file_save(folder, name, sheet, w, h, channels, log);
    free(sheet);
    return status;
}

int layers_save(struct layer_output outputs[LAYERS], const char *folder, const char *sheet,
                const struct clg_log *log)
{
    const int size = outputs[0].shape.h, channels = outputs[0].shape.c;
    const int side = size * ((TILE_LEAST + size - 1) / size); // every tile's: a whole multiple
    const size_t tile = (size_t)side * (size_t)side * (size_t)channels;
    size_t most = 0;
    for (int i = 0; i < LAYERS; i++)
        most = clg_shape_count(outputs[i].shape) > most ? clg_shape_count(outputs[i].shape) : most;
    uint8_t *tiles = malloc(LAYERS * tile), *pixels = malloc(most);
    int status = tiles && pixels ? 0 : cli_fail(log, CLG_ENOMEM, "out of memory: use a smaller --size");
    for (int i = 0; i < LAYERS && !status; i++) {
        const struct clg_shape s = outputs[i].shape;
        pixels_make(&outputs[i], layers[i].view, pixels);
        tile_fill(pixels, s, side, tiles + (size_t)i * tile);
        status = file_save(folder, outputs[i].file, pixels, s.w, s.h, s.c, log);
    }
    if (!status)
        status = sheet_save(tiles, side, channels, folder, sheet, log);
    free(tiles);
    free(pixels);
    return status;
}
