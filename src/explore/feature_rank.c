// Ranks feature maps by how strongly they respond.
#include <clgan/inspect.h>

#include "base/log.h"
#include "explore/net_probe.h"

#include <math.h>
#include <stdlib.h>

// --- maps of one input -------------------------------------------------------------------------
static int by_rms(const void *a, const void *b)
{
    const struct clg_map_stats *x = a, *y = b;
    if (x->rms != y->rms)
        return x->rms < y->rms ? 1 : -1;
    return x->map - y->map;
}

void clg_maps_rank(const float *maps, int h, int w, int c, struct clg_map_stats *stats)
{
    const int positions = h * w;
    for (int j = 0; j < c; j++) {
        const float *values = maps + j;
        float min = values[0], max = values[0];
        double squares = 0;
        for (int64_t i = 0; i < positions; i++) {
            const float v = values[i * c];
            min = fminf(min, v);
            max = fmaxf(max, v);
            squares += (double)v * v;
        }
        // + 0 turns the -0 that a ReLU may leave into 0
        stats[j] = (struct clg_map_stats){j, sqrt(squares / positions), min + 0, max + 0};
    }
    qsort(stats, (size_t)c, sizeof *stats, by_rms);
}

// --- features of many pictures -----------------------------------------------------------------
enum { CHUNK = 64 }; // pictures whose maps are in memory at once

// Each map's largest value in each of n pictures: responses [n][c] of maps [n][positions][c].
static void measure_responses(const float *maps, int n, size_t positions, size_t c, float *responses)
{
    for (size_t i = 0; i < (size_t)n; i++)
        for (size_t j = 0; j < c; j++) {
            const float *values = maps + i * positions * c + j;
            float max = values[0];
            for (size_t p = 1; p < positions; p++)
                max = fmaxf(max, values[p * c]);
            responses[i * c + j] = max;
        }
}

static int compute_responses(struct clg_gan *gan, const float *pictures, int n, int layer,
                             struct clg_shape shape, float *responses, clg_progress_fn *progress, void *user)
{
    const size_t picture = clg_picture_count(gan);
    const size_t positions = (size_t)shape.h * (size_t)shape.w, c = (size_t)shape.c;
    float *maps = malloc(CHUNK * positions * c * sizeof *maps);
    int status = maps ? 0 : clg_fail(&gan->log, CLG_ENOMEM, "out of memory");
    for (int done = 0, now; done < n && !status; done += now) {
        now = n - done < CHUNK ? n - done : CHUNK;
        status =
            clg_gan_maps(gan, CLG_NET_DISCRIMINATOR, pictures + (size_t)done * picture, now, layer, maps);
        if (!status)
            measure_responses(maps, now, positions, c, responses + (size_t)done * c);
        if (!status && progress)
            progress(user, "pictures", (size_t)(done + now), (size_t)n);
    }
    free(maps);
    return status;
}

// Writes the pictures with one map's largest responses to best [best_n] and returns the mean of those
// responses.
static double take_best(const float *responses, int n, int c, int map, int best_n, int *best)
{
    int found = 0;
    for (int i = 0; i < n; i++) {
        const float value = responses[(int64_t)i * c + map];
        int at = found < best_n ? found++ : best_n;
        for (; at > 0 && responses[(int64_t)best[at - 1] * c + map] < value; at--)
            if (at < best_n)
                best[at] = best[at - 1];
        if (at < best_n)
            best[at] = i;
    }
    double sum = 0;
    for (int k = 0; k < best_n; k++)
        sum += (double)responses[(int64_t)best[k] * c + map];
    return sum / best_n;
}

static int by_response(const void *a, const void *b)
{
    const struct clg_feature *x = a, *y = b;
    if (x->response != y->response)
        return x->response < y->response ? 1 : -1;
    return x->map - y->map;
}

int clg_gan_rank_features(struct clg_gan *gan, const float *pictures, int n, int layer, int best_n,
                          struct clg_feature *features, int *best, clg_progress_fn *progress, void *user)
{
    const struct clg_net *net = clg_net_probe_net(gan, CLG_NET_DISCRIMINATOR);
    int status = clg_net_probe_layer_check(net, layer);
    if (status)
        return status;
    if (best_n < 1 || best_n > n)
        return clg_fail(&gan->log, CLG_EINVAL, "cannot take the best %d of %d pictures", best_n, n);
    const struct clg_shape shape = net->shapes[layer];
    float *responses = malloc((size_t)n * (size_t)shape.c * sizeof *responses);
    status = responses ? compute_responses(gan, pictures, n, layer, shape, responses, progress, user)
                       : clg_fail(&gan->log, CLG_ENOMEM, "out of memory for the responses to %d pictures", n);
    if (!status) {
        for (int map = 0; map < shape.c; map++)
            features[map] = (struct clg_feature){map, take_best(responses, n, shape.c, map, best_n, best)};
        qsort(features, (size_t)shape.c, sizeof *features, by_response);
        for (int i = 0; i < shape.c; i++)
            take_best(responses, n, shape.c, features[i].map, best_n, best + (int64_t)i * best_n);
    }
    free(responses);
    return status;
}
