// Masks: which pixels of a picture are known, and which the generator completes.
#include <clgan/explore.h>

#include "base/log.h"
#include "base/random.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// --- built-in ----------------------------------------------------------------------------------
// Is the pixel at u, v (0..1 across and down) hidden?
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
    bool (*hides)(double u, double v); // NULL: at random
} built_in[] = {{"center", hides_center}, {"left", hides_left},     {"right", hides_right},
                {"top", hides_top},       {"bottom", hides_bottom}, {"random", NULL}};

static void fill_random(float *mask, int size, uint64_t seed)
{
    const int pixels = size * size;
    clg_random_uniform(seed, CLG_STREAM_Z, 0, (uint64_t)pixels, mask);
    for (int i = 0; i < pixels; i++)
        mask[i] = 2.0f * mask[i] - 1.0f < -0.6f ? 1.0f : 0.0f;
}

static bool fill_built_in(const char *name, float *mask, int size, uint64_t seed)
{
    for (size_t k = 0; k < sizeof built_in / sizeof *built_in; k++) {
        if (strcmp(name, built_in[k].name))
            continue;
        if (!built_in[k].hides)
            fill_random(mask, size, seed);
        for (int i = 0; i < size * size && built_in[k].hides; i++)
            mask[i] = built_in[k].hides((i % size + 0.5) / size, (i / size + 0.5) / size) ? 0.0f : 1.0f;
        return true;
    }
    return false;
}

// --- files -------------------------------------------------------------------------------------
enum { LINE_BYTES = 4096 };

static void capture_line(void *line, enum clg_log_level level, const char *text)
{
    (void)level;
    snprintf(line, LINE_BYTES, "%s", text);
}

// Like clg_picture_size, but its error line also says what a mask can be.
static int mask_size(const char *path, int *w, int *h, const struct clg_log *log)
{
    char line[LINE_BYTES];
    const int status = clg_picture_size(path, w, h, &(struct clg_log){capture_line, line});
    if (!status)
        return 0;
    return clg_fail(log, status, "%s; a mask is a picture, or one of %s", line, CLG_MASKS);
}

static int load_mask(const char *path, float *mask, int size, const struct clg_log *log)
{
    int w, h;
    int status = mask_size(path, &w, &h, log);
    if (status)
        return status;
    if (w != size || h != size)
        return clg_fail(log, CLG_EFORMAT, "%s is %dx%d; a mask for this model must be %dx%d pixels", path, w,
                        h, size, size);
    uint8_t *pixels = malloc((size_t)size * (size_t)size);
    if (!pixels)
        return clg_fail(log, CLG_ENOMEM, "out of memory for a mask");
    status = clg_picture_load(path, (struct clg_crop){CLG_CROP_NONE}, size, 1, pixels, log);
    for (int i = 0; i < size * size && !status; i++)
        mask[i] = (float)pixels[i] / 255;
    free(pixels);
    return status;
}

int clg_mask_make(const char *text, int size, uint64_t seed, float *mask, const struct clg_log *log)
{
    return fill_built_in(text, mask, size, seed) ? 0 : load_mask(text, mask, size, log);
}

// --- blending and error ------------------------------------------------------------------------
void clg_mask_blend(const float *mask, int size, int channels, const float *hidden, float *picture)
{
    for (int i = 0; i < size * size * channels; i++) {
        const float known = mask[i / channels];
        picture[i] = known * picture[i] + (1 - known) * (hidden ? hidden[i] : 1);
    }
}

double clg_mask_psnr(const float *mask, bool hidden, int size, int channels, const float *a, const float *b)
{
    double sum = 0, weights = 0;
    for (int i = 0; i < size * size * channels; i++) {
        const double known = mask ? (double)mask[i / channels] : 1, weight = hidden ? 1 - known : known;
        const double difference = (double)a[i] - b[i];
        weights += weight;
        sum += weight > 0 ? weight * difference * difference : 0;
    }
    return 10 * log10(4 * weights / sum);
}
