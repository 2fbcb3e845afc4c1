// D's features: every activated layer's maps, max-pooled to 4x4 (Radford et al. 2015, section 5.1).
#include "explore/net_probe.h"

#include "base/log.h"

#include <stdlib.h>
#include <string.h>

enum { SIDE = 4, CHUNK = 64 }; // CHUNK: files decoded at once

static int64_t count_features(const struct clg_net *net)
{
    int64_t count = 0;
    for (int i = 0; i < net->n; i++)
        if (clg_net_probe_activated(&net->layers[i]))
            count += (int64_t)SIDE * SIDE * net->shapes[i].c;
    return count;
}

int64_t clg_features_count(const struct clg_gan_params *params)
{
    struct clg_net *net = NULL;
    int64_t count = 0;
    if (!clg_gan_params_check(params, &clg_log_silent) &&
        !clg_model_discriminator(&net, NULL, params, &clg_log_silent))
        count = count_features(net);
    clg_net_free(&net);
    return count;
}

// A layer's maps, pooled on the device; 4x4 maps stay as they are.
static int pool_maps(struct clg_net_probe *probe, int layer, struct clg_tensor pooled,
                     struct clg_tensor *result)
{
    struct clg_tensor maps = clg_plan_layer(probe->plan, layer);
    const struct clg_pool to_side = {CLG_POOL_MAX, maps.shape.h / SIDE, maps.shape.h / SIDE};
    *result = maps;
    if (maps.shape.h == SIDE)
        return 0;
    *result = pooled;
    result->shape = (struct clg_shape){maps.shape.n, SIDE, SIDE, maps.shape.c};
    return clg_pool_forward(probe->net->device, to_side, maps, *result);
}

// Computes the features of one batch of `items` pictures.
static int features_pass(struct clg_net_probe *probe, const float *pictures, int items,
                         struct clg_tensor pooled, float *values, float *features)
{
    const size_t count = (size_t)count_features(probe->net);
    size_t at = 0;
    int status = clg_net_probe_forward(probe, pictures, items);
    for (int i = 0; i < probe->net->n && !status; i++) {
        if (!clg_net_probe_activated(&probe->net->layers[i]))
            continue;
        struct clg_tensor result;
        const size_t each = (size_t)SIDE * SIDE * (size_t)probe->net->shapes[i].c;
        status = pool_maps(probe, i, pooled, &result);
        if (!status)
            status = clg_net_probe_read(probe, result, items, values);
        for (int j = 0; j < items && !status; j++)
            memcpy(features + (size_t)j * count + at, values + (size_t)j * each, each * sizeof *values);
        at += each;
    }
    return status;
}

int clg_gan_features(struct clg_gan *gan, const float *pictures, int n, float *features)
{
    struct clg_net *net = clg_net_probe_net(gan, CLG_NET_DISCRIMINATOR);
    if (n < 1)
        return clg_fail(&gan->log, CLG_EINVAL, "cannot compute features of %d pictures", n);
    int channels = 0;
    for (int i = 0; i < net->n; i++)
        channels = net->shapes[i].c > channels ? net->shapes[i].c : channels;
    struct clg_net_probe *probe;
    struct clg_slab *slab = NULL;
    struct clg_tensor pooled;
    float *values = NULL;
    int status = clg_net_probe_new(&probe, net, n);
    if (!status) {
        const struct clg_shape largest = {probe->batch, SIDE, SIDE, channels};
        values = malloc(clg_shape_count(largest) * sizeof *values);
        status = values ? clg_slab_new(&slab, gan->device, clg_slab_size(largest))
                        : clg_fail(&gan->log, CLG_ENOMEM, "out of memory");
        if (!status)
            status = clg_slab_take(slab, largest, &pooled);
    }
    const size_t picture = clg_shape_count(net->input), count = (size_t)count_features(net);
    for (int done = 0, items; done < n && !status; done += items) {
        items = clg_net_probe_items(probe, n, done);
        status = features_pass(probe, pictures + (size_t)done * picture, items, pooled, values,
                               features + (size_t)done * count);
    }
    free(values);
    clg_slab_free(&slab);
    clg_net_probe_free(&probe);
    return status;
}

int clg_gan_features_of(struct clg_gan *gan, const struct clg_pictures *pictures, const int *which, int n,
                        float *features, clg_progress_fn *progress, void *user)
{
    const struct clg_gan_params *p = &gan->params;
    const size_t count = (size_t)count_features(clg_net_probe_net(gan, CLG_NET_DISCRIMINATOR));
    float *values = malloc(CHUNK * clg_picture_count(gan) * sizeof *values);
    int status = values ? 0 : clg_fail(&gan->log, CLG_ENOMEM, "out of memory for %d pictures", CHUNK);
    for (int done = 0, now; done < n && !status; done += now) {
        now = n - done < CHUNK ? n - done : CHUNK;
        status = clg_pictures_values(pictures, which + done, now, p->size, p->channels, values);
        if (!status)
            status = clg_gan_features(gan, values, now, features + (size_t)done * count);
        if (!status && progress)
            progress(user, "pictures", (size_t)(done + now), (size_t)n);
    }
    free(values);
    return status;
}
