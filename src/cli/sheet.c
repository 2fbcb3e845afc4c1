// Pictures of noise on their way to files: separately, or as the tiles of one sheet.
#include "cli/sheet.h"

#include <inttypes.h>
#include <stdlib.h>

enum { CHUNK = 64 }; // pictures generated between two lines of progress

size_t cli_sheet_one(const struct clg_gan_params *params)
{
    return (size_t)params->size * (size_t)params->size * (size_t)params->channels;
}

static int no_memory(const struct clg_log *log, int n)
{
    return cli_fail(log, CLG_ENOMEM, "out of memory for %d pictures: take fewer", n);
}

int cli_sheet_generate(struct clg_gan *gan, const float *z, int n, float **pictures,
                       struct cli_progress *progress, const struct clg_log *log)
{
    const struct clg_gan_params params = *clg_gan_params_of(gan);
    const size_t one = cli_sheet_one(&params);
    const double start = cli_seconds();
    *pictures = malloc((size_t)n * one * sizeof **pictures);
    int status = *pictures ? 0 : no_memory(log, n);
    for (int done = 0; done < n && !status; done += CHUNK) {
        int now = n - done < CHUNK ? n - done : CHUNK;
        status =
            clg_gan_generate(gan, z + (size_t)done * (size_t)params.z, now, *pictures + (size_t)done * one);
        if (n > CHUNK && !status)
            cli_progress_count(progress, "generating", done + now, n, start);
    }
    cli_progress_end(progress, false);
    if (status) {
        free(*pictures);
        *pictures = NULL;
    }
    return status;
}

int cli_sheet_pixels(const struct clg_gan_params *params, const float *pictures, int n, uint8_t **pixels,
                     const struct clg_log *log)
{
    const size_t count = (size_t)n * cli_sheet_one(params);
    *pixels = malloc(count);
    if (!*pixels)
        return no_memory(log, n);
    clg_picture_pixels(pictures, count, *pixels);
    return 0;
}

int cli_sheet_save(const char *path, const struct clg_gan_params *params, const uint8_t *pixels, int n,
                   int columns, const struct clg_log *log)
{
    int w, h;
    if (clg_picture_grid_size(n, params->size, columns, &w, &h))
        return cli_fail(log, CLG_EINVAL, "a grid of %d pictures is too large: take fewer", n);
    uint8_t *grid = malloc((size_t)w * (size_t)h * (size_t)params->channels);
    if (!grid)
        return no_memory(log, n);
    clg_picture_grid(pixels, n, params->size, params->channels, columns, grid);
    int status = clg_picture_save(path, grid, w, h, params->channels, log);
    free(grid);
    return status;
}

int cli_sheet_save_each(const char *folder, const char *name, const char *ending, uint64_t first,
                        const struct clg_gan_params *params, const uint8_t *pixels, int n,
                        const struct clg_log *log)
{
    for (int i = 0; i < n; i++) {
        char path[4096];
        int length =
            snprintf(path, sizeof path, "%s/%s-%05" PRIu64 ".%s", folder, name, first + (uint64_t)i, ending);
        if (length >= (int)sizeof path)
            return cli_fail(log, CLG_EIO, "the folder's name is too long: %.60s...", folder);
        int status = clg_picture_save(path, pixels + (size_t)i * cli_sheet_one(params), params->size,
                                      params->size, params->channels, log);
        if (status)
            return status;
    }
    return 0;
}
