// What a feature map answers to: gradients from its strongest place back to the picture, guided (Springenberg
// et al. 2015) or as they are.
#include "explore/net_probe.h"

#include "base/log.h"

#include <stdlib.h>
#include <string.h>

// Ones at each item's strongest place of the map, zeros elsewhere. maps [n][h][w][c] becomes that.
static void seed_make(float *maps, struct clg_shape shape, int n, int map, float *strength)
{
    const size_t places = (size_t)shape.h * (size_t)shape.w, c = (size_t)shape.c;
    for (int i = 0; i < n; i++) {
        float *item = maps + (size_t)i * places * c;
        size_t best = 0;
        for (size_t p = 1; p < places; p++)
            if (item[p * c + (size_t)map] > item[best * c + (size_t)map])
                best = p;
        const float value = item[best * c + (size_t)map];
        memset(item, 0, places * c * sizeof *item);
        item[best * c + (size_t)map] = value == 0 ? 0.0f : 1.0f; // a map that is zero answers to nothing
        if (strength)
            strength[i] = value;
    }
}

static int pass(struct clg_net_probe *look, const float *pictures, int items, int layer, int map, bool guided,
                float *maps, float *gradients, float *strength)
{
    struct clg_device *d = look->net->device;
    struct clg_tensor gradient = clg_plan_layer_grad(look->plan, layer);
    int status = clg_net_probe_forward(look, pictures, items);
    if (!status)
        status = clg_tensor_read(d, clg_plan_layer(look->plan, layer), maps);
    if (status)
        return status;
    // What lies behind the items that were given is zero pictures' maps: their gradients are not read.
    seed_make(maps, gradient.shape, items, map, strength);
    status = clg_tensor_write(d, gradient, maps);
    if (!status)
        status = clg_plan_backward_from(look->plan, look->input, layer, guided, look->dinput);
    return status ? status : clg_net_probe_read(look, look->dinput, items, gradients);
}

static int gradients_of(struct clg_gan *gan, const float *pictures, int n, int layer, int map, bool guided,
                        float *gradients, float *strength)
{
    struct clg_net *net = clg_net_probe_net(gan, CLG_NET_DISCRIMINATOR);
    if (clg_net_probe_layer_check(net, layer) < 0)
        return CLG_EINVAL;
    if (n < 1)
        return clg_fail(&gan->log, CLG_EINVAL, "gradients of %d pictures", n);
    if (map < 0 || map >= net->shapes[layer].c)
        return clg_fail(&gan->log, CLG_EINVAL, "feature map %d: layer %d has maps 0 to %d", map, layer,
                        net->shapes[layer].c - 1);
    struct clg_net_probe *look;
    int status = clg_net_probe_new(&look, net, n);
    float *maps = NULL;
    if (!status) {
        maps = malloc((size_t)look->batch * clg_shape_count(net->shapes[layer]) * sizeof *maps);
        status = maps ? 0 : clg_fail(&gan->log, CLG_ENOMEM, "out of memory");
    }
    const size_t each = clg_shape_count(net->input);
    for (int done = 0, items; done < n && !status; done += items) {
        items = n - done < look->batch ? n - done : look->batch;
        status = pass(look, pictures + (size_t)done * each, items, layer, map, guided, maps,
                      gradients + (size_t)done * each, strength ? strength + done : NULL);
    }
    free(maps);
    clg_net_probe_free(&look);
    return status;
}

int clg_gan_guided(struct clg_gan *gan, const float *pictures, int n, int layer, int map, float *gradients,
                   float *strength)
{
    return gradients_of(gan, pictures, n, layer, map, true, gradients, strength);
}

int clg_gan_saliency(struct clg_gan *gan, const float *pictures, int n, int layer, int map, float *gradients,
                     float *strength)
{
    return gradients_of(gan, pictures, n, layer, map, false, gradients, strength);
}
