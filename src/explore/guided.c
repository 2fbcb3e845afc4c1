// What a feature map responds to: gradients from its strongest position back to the picture, guided
// (Springenberg et al. 2015) or plain.
#include "explore/net_probe.h"

#include "base/log.h"

#include <stdlib.h>
#include <string.h>

// Turns maps [n][h][w][c] into the gradient to start from: 1 at each item's strongest position of the map, 0
// elsewhere.
static void seed_gradient(float *maps, struct clg_shape shape, int n, int map, float *strength)
{
    const size_t positions = (size_t)shape.h * (size_t)shape.w, c = (size_t)shape.c;
    for (int i = 0; i < n; i++) {
        float *item = maps + (size_t)i * positions * c;
        size_t best = 0;
        for (size_t p = 1; p < positions; p++)
            if (item[p * c + (size_t)map] > item[best * c + (size_t)map])
                best = p;
        const float value = item[best * c + (size_t)map];
        memset(item, 0, positions * c * sizeof *item);
        item[best * c + (size_t)map] = value == 0 ? 0.0f : 1.0f; // a map of zeros responds to nothing
        if (strength)
            strength[i] = value;
    }
}

static int gradients_pass(struct clg_net_probe *probe, const float *pictures, int items, int layer, int map,
                          bool guided, float *maps, float *gradients, float *strength)
{
    struct clg_device *d = probe->net->device;
    struct clg_tensor gradient = clg_plan_layer_grad(probe->plan, layer);
    int status = clg_net_probe_forward(probe, pictures, items);
    if (!status)
        status = clg_tensor_read(d, clg_plan_layer(probe->plan, layer), maps);
    if (status)
        return status;
    // The rest of the batch is zero padding; its gradients are not read.
    seed_gradient(maps, gradient.shape, items, map, strength);
    status = clg_tensor_write(d, gradient, maps);
    if (!status)
        status = clg_plan_backward_from(probe->plan, probe->input, layer, guided, probe->dinput);
    return status ? status : clg_net_probe_read(probe, probe->dinput, items, gradients);
}

static int backpropagate(struct clg_gan *gan, const float *pictures, int n, int layer, int map, bool guided,
                         float *gradients, float *strength)
{
    struct clg_net *net = clg_net_probe_net(gan, CLG_NET_DISCRIMINATOR);
    int status = clg_net_probe_layer_check(net, layer);
    if (status)
        return status;
    if (n < 1)
        return clg_fail(&gan->log, CLG_EINVAL, "cannot compute gradients of %d pictures", n);
    if (map < 0 || map >= net->shapes[layer].c)
        return clg_fail(&gan->log, CLG_EINVAL, "feature map %d: layer %d has maps 0 to %d", map, layer,
                        net->shapes[layer].c - 1);
    struct clg_net_probe *probe;
    status = clg_net_probe_new(&probe, net, n);
    float *maps = NULL;
    if (!status) {
        maps = malloc((size_t)probe->batch * clg_shape_count(net->shapes[layer]) * sizeof *maps);
        status = maps ? 0 : clg_fail(&gan->log, CLG_ENOMEM, "out of memory");
    }
    const size_t each = clg_shape_count(net->input);
    for (int done = 0, items; done < n && !status; done += items) {
        items = clg_net_probe_items(probe, n, done);
        status = gradients_pass(probe, pictures + (size_t)done * each, items, layer, map, guided, maps,
                                gradients + (size_t)done * each, strength ? strength + done : NULL);
    }
    free(maps);
    clg_net_probe_free(&probe);
    return status;
}

int clg_gan_guided(struct clg_gan *gan, const float *pictures, int n, int layer, int map, float *gradients,
                   float *strength)
{
    return backpropagate(gan, pictures, n, layer, map, true, gradients, strength);
}

int clg_gan_saliency(struct clg_gan *gan, const float *pictures, int n, int layer, int map, float *gradients,
                     float *strength)
{
    return backpropagate(gan, pictures, n, layer, map, false, gradients, strength);
}
