// Masks: which pixels of a picture are known, and which are to be completed.
#include "cli/mask.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// --- built-in ----------------------------------------------------------------------------------
// Is the pixel hidden? u, v: 0..1 across and down.
static bool hides_center(double u, double v)
{
    return u > 0.25 && u < 0.75 && v > 0.25 && v < 0.75;
}
static bool hides_left(double u, double v)
{
    (void)v;
    return u < 0.5;
}
static bool hides_right(double u, double v)
{
    return !hides_left(u, v);
}
static bool hides_top(double u, double v)
{
    return hides_left(v, u);
}
static bool hides_bottom(double u, double v)
{
    return !hides_top(u, v);
}

static const struct {
    const char *name;
    bool (*hides)(double u, double v); // NULL: by chance
} built_in[] = {{"center", hides_center}, {"left", hides_left},     {"right", hides_right},
                {"top", hides_top},       {"bottom", hides_bottom}, {"random", NULL}};

// One pixel in five is known; the seed names which.
static void random_fill(float *weight, int size, uint64_t seed)
{
    const struct clg_gan_params uniform = {.z = size * size, .z_dist = CLG_Z_UNIFORM};
    clg_gan_noise(&uniform, seed, 0, 1, weight);
    for (int i = 0; i < size * size; i++)
        weight[i] = weight[i] < -0.6f ? 1.0f : 0.0f;
}

static bool built_in_fill(const char *name, float *weight, int size, uint64_t seed)
{
    for (size_t k = 0; k < sizeof built_in / sizeof *built_in; k++) {
        if (strcmp(name, built_in[k].name))
            continue;
        if (!built_in[k].hides)
            random_fill(weight, size, seed);
        for (int i = 0; i < size * size && built_in[k].hides; i++)
            weight[i] = built_in[k].hides((i % size + 0.5) / size, (i / size + 0.5) / size) ? 0.0f : 1.0f;
        return true;
    }
    return false;
}

// --- files -------------------------------------------------------------------------------------
enum { LINE_BYTES = 4096 };

static void hear(void *line, enum clg_log_level level, const char *text)
{
    (void)level;
    snprintf(line, LINE_BYTES, "%s", text);
}

// Why the file is no mask, and what else one could be.
static int size_read(const char *path, int *w, int *h, const struct clg_log *log)
{
    char line[LINE_BYTES];
    const int status = clg_picture_size(path, w, h, &(struct clg_log){hear, line});
    return status ? cli_fail(log, status, "%s; a mask is a picture, or one of %s", line, CLI_MASKS) : 0;
}

static int file_fill(const char *path, float *weight, int size, const struct clg_log *log)
{
    int w = 0, h = 0;
    uint8_t *pixels = malloc((size_t)size * (size_t)size);
    int status =
        pixels ? size_read(path, &w, &h, log) : cli_fail(log, CLG_ENOMEM, "out of memory for a mask");
    if (!status && (w != size || h != size))
        status = cli_fail(log, CLG_EFORMAT, "%s is %dx%d; a mask for this model must be %dx%d pixels", path,
                          w, h, size, size);
    if (!status)
        status = clg_picture_load(path, (struct clg_crop){CLG_CROP_NONE}, size, 1, pixels, log);
    for (int i = 0; i < size * size && !status; i++)
        weight[i] = (float)pixels[i] / 255;
    free(pixels);
    return status;
}

int cli_mask_make(const char *text, int size, uint64_t seed, float **weight, const struct clg_log *log)
{
    *weight = malloc((size_t)size * (size_t)size * sizeof **weight);
    if (!*weight)
        return cli_fail(log, CLG_ENOMEM, "out of memory for a mask");
    int status = built_in_fill(text, *weight, size, seed) ? 0 : file_fill(text, *weight, size, log);
    if (status) {
        free(*weight);
        *weight = NULL;
    }
    return status;
}

void cli_mask_blend(const float *weight, int size, int channels, const float *hidden, float *picture)
{
    for (int i = 0; i < size * size * channels; i++) {
        const float known = weight[i / channels];
        picture[i] = known * picture[i] + (1 - known) * (hidden ? hidden[i] : 1);
    }
}
