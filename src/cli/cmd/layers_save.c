// The outputs of `clgan layers` as picture files: each in its own size, and all on one sheet.
#include "cli/cmd/layers.h"

#include <stdlib.h>
#include <string.h>

enum { TILE_MIN = 128 }; // of the sheet

// Enlarges pixels [h][w][c] to a tile [side][side][c], repeating them.
static void enlarge(const uint8_t *pixels, struct clg_shape s, int side, uint8_t *tile)
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
    clg_picture_grid_size(CLG_PRIMER_STEPS, side, LAYERS_COLUMNS, &w, &h);
    uint8_t *sheet = malloc((size_t)w * (size_t)h * (size_t)channels);
    if (!sheet)
        return cli_fail(log, CLG_ENOMEM, "out of memory for the sheet: use a smaller --size");
    clg_picture_grid(tiles, CLG_PRIMER_STEPS, side, channels, LAYERS_COLUMNS, sheet);
    int status = file_save(folder, name, sheet, w, h, channels, log);
    free(sheet);
    return status;
}

void layers_file_name(int i, const struct clg_primer_output *output, char name[64])
{
    snprintf(name, 64, "%02d-%s-%dx%d.png", i + 1, clg_primer_steps[i].name, output->shape.w,
             output->shape.h);
}

int layers_save(const struct clg_primer_output outputs[CLG_PRIMER_STEPS], const char *folder,
                const char *sheet, const struct clg_log *log)
{
    const int size = outputs[0].shape.h, channels = outputs[0].shape.c;
    const int side = size * ((TILE_MIN + size - 1) / size); // of all tiles: a whole multiple of the input's
    const size_t tile = (size_t)side * (size_t)side * (size_t)channels;
    size_t largest = 0;
    for (int i = 0; i < CLG_PRIMER_STEPS; i++) {
        const size_t count = clg_shape_count(outputs[i].shape);
        largest = count > largest ? count : largest;
    }
    uint8_t *tiles = malloc(CLG_PRIMER_STEPS * tile), *pixels = malloc(largest);
    int status = tiles && pixels ? 0 : cli_fail(log, CLG_ENOMEM, "out of memory: use a smaller --size");
    for (int i = 0; i < CLG_PRIMER_STEPS && !status; i++) {
        const struct clg_shape s = outputs[i].shape;
        char name[64];
        layers_file_name(i, &outputs[i], name);
        clg_primer_pixels(i, &outputs[i], pixels);
        enlarge(pixels, s, side, tiles + (size_t)i * tile);
        status = file_save(folder, name, pixels, s.w, s.h, s.c, log);
    }
    if (!status)
        status = sheet_save(tiles, side, channels, folder, sheet, log);
    free(tiles);
    free(pixels);
    return status;
}
