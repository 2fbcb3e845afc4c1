// Cropping and antialiased resizing: a separable triangle filter whose width follows the reduction.
#include "data/picture.h"

#include "base/log.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

// Output position i is the sum over k < n[i] of weights[i * stride + k] times input first[i] + k.
struct taps {
    int *first, *n;
    float *weights;
    int stride;
};

static void taps_free(struct taps *taps)
{
    free(taps->first);
    free(taps->n);
    free(taps->weights);
}

// Inputs are at low..high-1 (pixel p covers p..p+1); outputs divide [start, start + length) evenly.
static bool taps_new(struct taps *taps, double start, double length, int low, int high, int size)
{
    double step = length / size;
    double reach = step > 1 ? step : 1;
    taps->stride = (int)ceil(2 * reach) + 2;
    taps->first = malloc((size_t)size * sizeof *taps->first);
    taps->n = malloc((size_t)size * sizeof *taps->n);
    taps->weights = calloc((size_t)size * (size_t)taps->stride, sizeof *taps->weights);
    if (!taps->first || !taps->n || !taps->weights)
        return false;
    for (int i = 0; i < size; i++) {
        double center = start + (i + 0.5) * step;
        int first = (int)floor(center - reach + 0.5), end = (int)floor(center + reach + 0.5);
        first = first < low ? low : first > high - 1 ? high - 1 : first;
        end = end > high ? high : end <= first ? first + 1 : end;
        float *weights = taps->weights + (size_t)i * (size_t)taps->stride;
        double sum = 0;
        for (int k = first; k < end; k++) {
            double w = 1 - fabs(k + 0.5 - center) / reach;
            sum += w > 0 ? w : 0;
        }
        for (int k = first; k < end; k++) {
            double w = 1 - fabs(k + 0.5 - center) / reach;
            weights[k - first] = sum > 0 ? (float)((w > 0 ? w : 0) / sum) : 1.0f / (float)(end - first);
        }
        taps->first[i] = first;
        taps->n[i] = end - first;
    }
    return true;
}

// line[i] = sum over rows k of weights[k] * in[k * pitch + i]
static void rows_blend(const uint8_t *in, size_t pitch, const float *weights, int rows, size_t n, float *line)
{
    memset(line, 0, n * sizeof *line);
    for (int k = 0; k < rows; k++, in += pitch) {
        float w = weights[k];
        for (size_t i = 0; i < n; i++)
            line[i] += w * (float)in[i];
    }
}

static uint8_t round_byte(float v)
{
    return v <= 0 ? 0 : v >= 255 ? 255 : (uint8_t)(v + 0.5f);
}

// line holds columns left.. of one blended row; out [size][channels]
static void columns_blend(const float *line, int left, const struct taps *taps, int size, int channels,
                          uint8_t *out)
{
    for (int i = 0; i < size; i++) {
        const float *weights = taps->weights + (size_t)i * (size_t)taps->stride;
        const float *in = line + (size_t)(taps->first[i] - left) * (size_t)channels;
        float sum[3] = {0};
        if (channels == 1) {
            for (int k = 0; k < taps->n[i]; k++)
                sum[0] += weights[k] * in[k];
        } else {
            for (int k = 0; k < taps->n[i]; k++, in += 3) {
                sum[0] += weights[k] * in[0];
                sum[1] += weights[k] * in[1];
                sum[2] += weights[k] * in[2];
            }
        }
        for (int c = 0; c < channels; c++)
            *out++ = round_byte(sum[c]);
    }
}

static int edge(double at, int most)
{
    return at < 0 ? 0 : at > most ? most : (int)at;
}

int clg_resize(const struct clg_image *image, struct clg_box box, int size, uint8_t *pixels,
               const struct clg_log *log)
{
    int left = edge(floor(box.x), image->w - 1), right = edge(ceil(box.x + box.w), image->w);
    int top = edge(floor(box.y), image->h - 1), bottom = edge(ceil(box.y + box.h), image->h);
    size_t channels = (size_t)image->channels, n = (size_t)(right - left) * channels;
    size_t pitch = (size_t)image->w * channels;
    struct taps across = {0}, down = {0};
    float *line = malloc(n * sizeof *line);
    int status = 0;
    if (line && taps_new(&across, box.x, box.w, left, right, size) &&
        taps_new(&down, box.y, box.h, top, bottom, size)) {
        for (int y = 0; y < size; y++) {
            const uint8_t *in = image->pixels + (size_t)down.first[y] * pitch + (size_t)left * channels;
            rows_blend(in, pitch, down.weights + (size_t)y * (size_t)down.stride, down.n[y], n, line);
            columns_blend(line, left, &across, size, image->channels,
                          pixels + (size_t)y * (size_t)size * channels);
        }
    } else {
        status = clg_fail(log, CLG_ENOMEM, "out of memory resizing a picture to %d x %d", size, size);
    }
    free(line);
    taps_free(&across);
    taps_free(&down);
    return status;
}
