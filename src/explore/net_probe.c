// Looking into a net: layers' facts, feature maps, and pictures with feature maps changed on their way.
#include "explore/net_probe.h"

#include "base/log.h"
#include "nn/layers.h"

#include <stdlib.h>
#include <string.h>

enum { PASS = 16 }; // items at a time: their every layer's output is kept

struct clg_net *clg_net_probe_net(const struct clg_gan *gan, enum clg_net_kind kind)
{
    if (kind == CLG_NET_DISCRIMINATOR)
        return gan->d.net;
    return gan->average ? gan->average : gan->g.net;
}

int clg_net_probe_layer_check(const struct clg_net *net, int layer)
{
    return layer >= 0 && layer < net->n
               ? layer
               : clg_fail(&net->log, CLG_EINVAL, "layer %d: this net has layers 0 to %d", layer, net->n - 1);
}

bool clg_net_probe_activated(const struct clg_layer *layer)
{
    if (layer->type == &clg_layer_type_norm)
        return layer->norm.act.kind != CLG_ACT_NONE;
    return layer->type == &clg_layer_type_act && layer->act.kind != CLG_ACT_NONE;
}

static size_t per_item(struct clg_shape shape)
{
    return (size_t)shape.h * (size_t)shape.w * (size_t)shape.c;
}

// --- a look ------------------------------------------------------------------------------------
static size_t largest_item(const struct clg_net *net)
{
    size_t most = per_item(net->input);
    for (int i = 0; i < net->n; i++)
        most = per_item(net->shapes[i]) > most ? per_item(net->shapes[i]) : most;
    return most;
}

int clg_net_probe_new(struct clg_net_probe **out, struct clg_net *net, int n)
{
    struct clg_net_probe *look = *out = calloc(1, sizeof *look);
    if (!look)
        return clg_fail(&net->log, CLG_ENOMEM, "out of memory");
    struct clg_shape shape = net->input;
    look->net = net;
    look->batch = shape.n = n < PASS ? n : PASS;
    look->host = malloc((size_t)look->batch * largest_item(net) * sizeof(float));
    int status = look->host ? 0 : clg_fail(&net->log, CLG_ENOMEM, "out of memory");
    if (!status)
        status = clg_plan_new(&look->plan, net, look->batch, CLG_PLAN_KEEP_ALL, CLG_GRAD_INPUT);
    if (!status)
        status = clg_slab_new(&look->slab, net->device, 2 * clg_slab_size(shape));
    if (!status)
        status = clg_slab_take(look->slab, shape, &look->input);
    if (!status)
        status = clg_slab_take(look->slab, shape, &look->dinput);
    if (status)
        clg_net_probe_free(out);
    return status;
}

void clg_net_probe_free(struct clg_net_probe **look)
{
    if (!*look)
        return;
    clg_plan_free(&(*look)->plan);
    clg_slab_free(&(*look)->slab);
    free((*look)->host);
    free(*look);
    *look = NULL;
}

int clg_net_probe_forward(struct clg_net_probe *look, const float *in, int n)
{
    const size_t each = per_item(look->input.shape), given = (size_t)n * each;
    memcpy(look->host, in, given * sizeof(float));
    memset(look->host + given, 0, ((size_t)look->batch * each - given) * sizeof(float));
    int status = clg_tensor_write(look->net->device, look->input, look->host);
    return status ? status : clg_plan_forward(look->plan, look->input);
}

int clg_net_probe_read(struct clg_net_probe *look, struct clg_tensor tensor, int n, float *values)
{
    int status = clg_tensor_read(look->net->device, tensor, look->host);
    if (!status)
        memcpy(values, look->host, (size_t)n * per_item(tensor.shape) * sizeof(float));
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
    if (clg_net_probe_layer_check(net, i) < 0)
        return CLG_EINVAL;
    const struct clg_layer *layer = &net->layers[i];
    *info = (struct clg_layer_info){.h = net->shapes[i].h,
                                    .w = net->shapes[i].w,
                                    .c = net->shapes[i].c,
                                    .activated = clg_net_probe_activated(layer)};
    snprintf(info->name, sizeof info->name, "%s", layer->name);
    layer->type->text(layer, info->text, sizeof info->text);
    return 0;
}

// The next pass's items when `done` of n are.
static int items_of(const struct clg_net_probe *look, int n, int done)
{
    return n - done < look->batch ? n - done : look->batch;
}

int clg_gan_maps(struct clg_gan *gan, enum clg_net_kind kind, const float *in, int n, int layer, float *maps)
{
    struct clg_net *net = clg_net_probe_net(gan, kind);
    if (n < 1 || clg_net_probe_layer_check(net, layer) < 0)
        return n < 1 ? clg_fail(&gan->log, CLG_EINVAL, "feature maps of %d items", n) : CLG_EINVAL;
    struct clg_net_probe *look;
    int status = clg_net_probe_new(&look, net, n);
    for (int done = 0, items; done < n && !status; done += items) {
        items = items_of(look, n, done);
        status = clg_net_probe_forward(look, in + (size_t)done * per_item(net->input), items);
        if (!status)
            status = clg_net_probe_read(look, clg_plan_layer(look->plan, layer), items,
                                        maps + (size_t)done * per_item(net->shapes[layer]));
    }
    clg_net_probe_free(&look);
    return status;
}

// One pass with the layer's maps scaled before the rest of the net sees them.
static int kept_pass(struct clg_net_probe *look, const float *z, int items, int layer, struct clg_tensor keep,
                     float *pictures)
{
    int status = clg_net_probe_forward(look, z, items);
    if (!status)
        status = clg_channels_scale(look->net->device, keep, clg_plan_layer(look->plan, layer));
    if (!status)
        status = clg_plan_forward_from(look->plan, look->input, layer + 1);
    return status ? status : clg_net_probe_read(look, clg_plan_output(look->plan), items, pictures);
}

int clg_gan_generate_kept(struct clg_gan *gan, const float *z, int n, int layer, const float *keep,
                          float *pictures)
{
    struct clg_net *net = clg_net_probe_net(gan, CLG_NET_GENERATOR);
    if (n < 1 || clg_net_probe_layer_check(net, layer) < 0)
        return n < 1 ? clg_fail(&gan->log, CLG_EINVAL, "cannot generate %d pictures", n) : CLG_EINVAL;
    const struct clg_shape vector = {1, 1, 1, net->shapes[layer].c};
    struct clg_slab *slab = NULL;
    struct clg_tensor on_device;
    struct clg_net_probe *look;
    int status = clg_net_probe_new(&look, net, n);
    if (!status)
        status = clg_slab_new(&slab, gan->device, clg_slab_size(vector));
    if (!status)
        status = clg_slab_take(slab, vector, &on_device);
    if (!status)
        status = clg_tensor_write(gan->device, on_device, keep);
    for (int done = 0, items; done < n && !status; done += items) {
        items = items_of(look, n, done);
        status = kept_pass(look, z + (size_t)done * per_item(net->input), items, layer, on_device,
                           pictures + (size_t)done * per_item(net->shapes[net->n - 1]));
    }
    clg_slab_free(&slab);
    clg_net_probe_free(&look);
    return status;
}
