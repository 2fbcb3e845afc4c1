// Masks: which pixels of a picture are known, and which are to be completed.
#include "mask.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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
// Width and height of a PNG file: its first chunk's first eight bytes.
static int png_size(const char *path, uint32_t size[2], const struct clg_log *log)
{
    uint8_t head[24];
    const int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); // no waiting for a named pipe's writer
    if (file < 0)
        return cli_fail(log, CLG_EIO, "cannot read %s: %s; a mask is a PNG file, or one of %s", path,
                        strerror(errno), CLI_MASKS);
    const ssize_t got = read(file, head, sizeof head);
    close(file);
    if (got < (ssize_t)sizeof head || memcmp(head, "\x89PNG\r\n\x1a\n", 8))
        return cli_fail(log, CLG_EFORMAT, "%s is no PNG file, which a mask must be", path);
    for (int i = 0; i < 2; i++) {
        const uint8_t *at = head + 16 + 4 * i;
        size[i] = (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
    }
    return 0;
}

static int file_fill(const char *path, float *weight, int size, const struct clg_log *log)
{
    uint32_t is[2] = {0};
    uint8_t *pixels = malloc((size_t)size * (size_t)size);
    int status = pixels ? png_size(path, is, log) : cli_fail(log, CLG_ENOMEM, "out of memory");
    if (!status && (is[0] != (uint32_t)size || is[1] != (uint32_t)size))
        status = cli_fail(log, CLG_EFORMAT, "%s is %ux%u; a mask for this model must be %dx%d pixels", path,
                          is[0], is[1], size, size);
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
