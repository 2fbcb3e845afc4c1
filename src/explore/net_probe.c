// A net's layers, their feature maps, and pictures generated with feature maps ablated.
#include "explore/net_probe.h"

#include "base/log.h"
#include "nn/layers.h"

#include <stdlib.h>
#include <string.h>

enum { PASS = 16 }; // items at once: few, as every layer's output is kept

struct clg_net *clg_net_probe_net(const struct clg_gan *gan, enum clg_net_kind kind)
{
    if (kind == CLG_NET_DISCRIMINATOR)
        return gan->d.net;
    return gan->average ? gan->average : gan->g.net;
}

int clg_net_probe_layer_check(const struct clg_net *net, int layer)
{
    if (layer >= 0 && layer < net->n)
        return 0;
    return clg_fail(&net->log, CLG_EINVAL, "layer %d: this net has layers 0 to %d", layer, net->n - 1);
}

bool clg_net_probe_activated(const struct clg_layer *layer)
{
    if (layer->type == &clg_layer_type_norm)
        return layer->norm.act.kind != CLG_ACT_NONE;
    return layer->type == &clg_layer_type_act && layer->act.kind != CLG_ACT_NONE;
}

static size_t item_values(struct clg_shape shape)
{
    return (size_t)shape.h * (size_t)shape.w * (size_t)shape.c;
}

// --- a probe -----------------------------------------------------------------------------------
static size_t largest_item(const struct clg_net *net)
{
    size_t largest = item_values(net->input);
    for (int i = 0; i < net->n; i++)
        largest = item_values(net->shapes[i]) > largest ? item_values(net->shapes[i]) : largest;
    return largest;
}

int clg_net_probe_new(struct clg_net_probe **out, struct clg_net *net, int n)
{
    struct clg_net_probe *probe = *out = calloc(1, sizeof *probe);
    if (!probe)
        return clg_fail(&net->log, CLG_ENOMEM, "out of memory");
    struct clg_shape shape = net->input;
    probe->net = net;
    probe->batch = shape.n = n < PASS ? n : PASS;
    probe->host = malloc((size_t)probe->batch * largest_item(net) * sizeof(float));
    int status = probe->host ? 0 : clg_fail(&net->log, CLG_ENOMEM, "out of memory");
    if (!status)
        status = clg_plan_new(&probe->plan, net, probe->batch, CLG_PLAN_KEEP_ALL, CLG_GRAD_INPUT);
    if (!status)
        status = clg_slab_new(&probe->slab, net->device, 2 * clg_slab_size(shape));
    if (!status)
        status = clg_slab_take(probe->slab, shape, &probe->input);
    if (!status)
        status = clg_slab_take(probe->slab, shape, &probe->dinput);
    if (status)
        clg_net_probe_free(out);
    return status;
}

void clg_net_probe_free(struct clg_net_probe **probe)
{
    if (!*probe)
        return;
    clg_plan_free(&(*probe)->plan);
    clg_slab_free(&(*probe)->slab);
    free((*probe)->host);
    free(*probe);
    *probe = NULL;
}

int clg_net_probe_forward(struct clg_net_probe *probe, const float *in, int n)
{
    const size_t each = item_values(probe->input.shape), count = (size_t)n * each;
    memcpy(probe->host, in, count * sizeof(float));
    memset(probe->host + count, 0, ((size_t)probe->batch * each - count) * sizeof(float));
    int status = clg_tensor_write(probe->net->device, probe->input, probe->host);
    return status ? status : clg_plan_forward(probe->plan, probe->input);
}

int clg_net_probe_items(const struct clg_net_probe *probe, int n, int done)
{
    return n - done < probe->batch ? n - done : probe->batch;
}

int clg_net_probe_read(struct clg_net_probe *probe, struct clg_tensor tensor, int n, float *values)
{
    int status = clg_tensor_read(probe->net->device, tensor, probe->host);
    if (!status)
        memcpy(values, probe->host, (size_t)n * item_values(tensor.shape) * sizeof(float));
    return status;
}

// --- layers ------------------------------------------------------------------------------------
int clg_gan_layers(const struct clg_gan *gan, enum clg_net_kind net)
{
    return clg_net_probe_net(gan, net)->n;
}

int clg_gan_layer(const struct clg_gan *gan, enum clg_net_kind kind, int i, struct clg_layer_info *info)
{
    const struct clg_net *net = clg_net_probe_net(gan, kind);
    int status = clg_net_probe_layer_check(net, i);
    if (status)
        return status;
    const struct clg_layer *layer = &net->layers[i];
    *info = (struct clg_layer_info){.h = net->shapes[i].h,
                                    .w = net->shapes[i].w,
                                    .c = net->shapes[i].c,
                                    .activated = clg_net_probe_activated(layer)};
    snprintf(info->name, sizeof info->name, "%s", layer->name);
    snprintf(info->type, sizeof info->type, "%s", layer->type->name);
    layer->type->text(layer, info->text, sizeof info->text);
    if (layer->type == &clg_layer_type_conv || layer->type == &clg_layer_type_conv_transpose)
        info->conv = layer->conv.conv;
    else if (layer->type == &clg_layer_type_act)
        info->act = layer->act;
    else if (layer->type == &clg_layer_type_norm) {
        info->act = layer->norm.act;
        info->eps = layer->norm.eps;
    }
    return 0;
}

int clg_gan_maps(struct clg_gan *gan, enum clg_net_kind kind, const float *in, int n, int layer, float *maps)
{
    struct clg_net *net = clg_net_probe_net(gan, kind);
    struct clg_net_probe *probe = NULL;
    int status = n < 1 ? clg_fail(&gan->log, CLG_EINVAL, "cannot compute feature maps of %d items", n)
                       : clg_net_probe_layer_check(net, layer);
    if (!status)
        status = clg_net_probe_new(&probe, net, n);
    for (int done = 0, items; done < n && !status; done += items) {
        items = clg_net_probe_items(probe, n, done);
        status = clg_net_probe_forward(probe, in + (size_t)done * item_values(net->input), items);
        if (!status)
            status = clg_net_probe_read(probe, clg_plan_layer(probe->plan, layer), items,
                                        maps + (size_t)done * item_values(net->shapes[layer]));
    }
    clg_net_probe_free(&probe);
    return status;
}

// One pass in which the layer's maps are scaled before the rest of the net runs.
static int ablated_pass(struct clg_net_probe *probe, const float *z, int items, int layer,
                        struct clg_tensor scale, float *pictures)
{
    int status = clg_net_probe_forward(probe, z, items);
    if (!status)
        status = clg_channels_scale(probe->net->device, scale, clg_plan_layer(probe->plan, layer));
    if (!status)
        status = clg_plan_forward_from(probe->plan, probe->input, layer + 1);
    return status ? status : clg_net_probe_read(probe, clg_plan_output(probe->plan), items, pictures);
}

int clg_gan_generate_ablated(struct clg_gan *gan, const float *z, int n, int layer, const float *scale,
                             float *pictures)
{
    struct clg_net *net = clg_net_probe_net(gan, CLG_NET_GENERATOR);
    struct clg_slab *slab = NULL;
    struct clg_tensor on_device;
    struct clg_net_probe *probe;
    int status = n < 1 ? clg_fail(&gan->log, CLG_EINVAL, "cannot generate %d pictures", n)
                       : clg_net_probe_layer_check(net, layer);
    if (status)
        return status;
    const struct clg_shape vector = {1, 1, 1, net->shapes[layer].c};
    status = clg_net_probe_new(&probe, net, n);
    if (!status)
        status = clg_slab_new(&slab, gan->device, clg_slab_size(vector));
    if (!status)
        status = clg_slab_take(slab, vector, &on_device);
    if (!status)
        status = clg_tensor_write(gan->device, on_device, scale);
    for (int done = 0, items; done < n && !status; done += items) {
        items = clg_net_probe_items(probe, n, done);
        status = ablated_pass(probe, z + (size_t)done * item_values(net->input), items, layer, on_device,
                              pictures + (size_t)done * item_values(net->shapes[net->n - 1]));
    }
    clg_slab_free(&slab);
    clg_net_probe_free(&probe);
    return status;
}
