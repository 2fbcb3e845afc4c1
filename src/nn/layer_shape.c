// Reshape (no arithmetic: a copy only where it cannot be the same memory) and concatenation by channels.
#include "nn/layers.h"

#include "base/log.h"

#include <stdio.h>

static int reshape_shape(const struct clg_layer *layer, const struct clg_shape *in, int n,
                         struct clg_shape *out, const struct clg_log *log)
{
    (void)n;
    *out = layer->reshape;
    out->n = in->n;
    if (out->h < 1 || out->w < 1 || out->c < 1 || clg_shape_count(*out) != clg_shape_count(*in))
        return clg_fail(log, CLG_EINVAL, "layer %s: %dx%dx%d has not as many values as %dx%dx%d", layer->name,
                        in->h, in->w, in->c, out->h, out->w, out->c);
    return 0;
}

static int move(struct clg_device *d, struct clg_tensor from, struct clg_tensor to)
{
    if (!to.buffer || (from.buffer == to.buffer && from.offset == to.offset))
        return 0;
    return clg_copy(d, from, to);
}

static int reshape_forward(const struct clg_pass *p)
{
    return move(p->device, p->in[0], p->out);
}

static int reshape_backward(const struct clg_pass *p)
{
    return move(p->device, p->dout, p->din[0]);
}

static int reshape_selftests(const struct clg_layer *layer, enum clg_plan_mode mode, const char **names)
{
    (void)layer, (void)mode;
    names[0] = "copy";
    return 1;
}

static void reshape_text(const struct clg_layer *layer, char *to, size_t size)
{
    snprintf(to, size, "reshape %dx%dx%d", layer->reshape.h, layer->reshape.w, layer->reshape.c);
}

const struct clg_layer_type clg_layer_type_reshape = {.name = "reshape",
                                                      .shape = reshape_shape,
                                                      .forward = reshape_forward,
                                                      .backward = reshape_backward,
                                                      .selftests = reshape_selftests,
                                                      .text = reshape_text,
                                                      .in_place = CLG_IN_PLACE_INFER | CLG_IN_PLACE_TRAIN |
                                                                  CLG_IN_PLACE_GRADIENT};

struct clg_layer clg_layer_reshape(const char *name, int h, int w, int c)
{
    struct clg_layer layer = clg_layer_new(&clg_layer_type_reshape, name);
    layer.reshape = (struct clg_shape){1, h, w, c};
    return layer;
}

static int concat_shape(const struct clg_layer *layer, const struct clg_shape *in, int n,
                        struct clg_shape *out, const struct clg_log *log)
{
    *out = in[0];
    out->c = 0;
    for (int k = 0; k < n; k++) {
        if (in[k].h != in[0].h || in[k].w != in[0].w)
            return clg_fail(log, CLG_EINVAL, "layer %s: cannot join %dx%d and %dx%d maps", layer->name,
                            in[0].h, in[0].w, in[k].h, in[k].w);
        out->c += in[k].c;
    }
    return 0;
}

static int concat_forward(const struct clg_pass *p)
{
    int status = 0, at = 0;
    for (int k = 0; k < p->layer->inputs_n && !status; k++) {
        status = clg_channels_put(p->device, p->in[k], p->out, at);
        at += p->in[k].shape.c;
    }
    return status;
}

static int concat_backward(const struct clg_pass *p)
{
    int status = 0, at = 0;
    for (int k = 0; k < p->layer->inputs_n && !status; k++) {
        if (p->din[k].buffer)
            status = clg_channels_get(p->device, p->dout, at, p->din[k]);
        at += p->in[k].shape.c;
    }
    return status;
}

static int concat_selftests(const struct clg_layer *layer, enum clg_plan_mode mode, const char **names)
{
    (void)layer;
    names[0] = "channels put";
    names[1] = "channels get";
    return mode == CLG_PLAN_INFER ? 1 : 2;
}

static void concat_text(const struct clg_layer *layer, char *to, size_t size)
{
    snprintf(to, size, "concat of %d", layer->inputs_n);
}

const struct clg_layer_type clg_layer_type_concat = {.name = "concat",
                                                     .shape = concat_shape,
                                                     .forward = concat_forward,
                                                     .backward = concat_backward,
                                                     .selftests = concat_selftests,
                                                     .text = concat_text,
                                                     .inputs_max = CLG_LAYER_INPUTS_MAX};

struct clg_layer clg_layer_concat(const char *name, int a, int b)
{
    struct clg_layer layer = clg_layer_new(&clg_layer_type_concat, name);
    layer.inputs[0] = a;
    layer.inputs[1] = b;
    layer.inputs_n = 2;
    return layer;
}
