// Batch normalisation, optionally with a ReLU or LeakyReLU on top.
#include "nn/layers.h"

#include "base/log.h"

#include <stdio.h>

static int shape(const struct clg_layer *layer, const struct clg_shape *in, int n, struct clg_shape *out,
                 const struct clg_log *log)
{
    (void)n;
    *out = *in;
    if (layer->norm.act.kind > CLG_ACT_LEAKY_RELU)
        return clg_fail(log, CLG_EINVAL,
                        "layer %s: only ReLU or LeakyReLU can go on top of batch norm; others are layers of "
                        "their own",
                        layer->name);
    return 0;
}

static int params(const struct clg_layer *layer, const struct clg_shape *in, struct clg_param_spec *specs)
{
    (void)layer;
    const struct clg_shape c = {1, 1, 1, in->c};
    specs[0] = (struct clg_param_spec){"weight", c, CLG_INIT_GAIN, CLG_LAYOUT_VECTOR, true};
    specs[1] = (struct clg_param_spec){"bias", c, CLG_INIT_ZERO, CLG_LAYOUT_VECTOR, true};
    specs[2] = (struct clg_param_spec){"running_mean", c, CLG_INIT_ZERO, CLG_LAYOUT_VECTOR, false};
    specs[3] = (struct clg_param_spec){"running_var", c, CLG_INIT_ONE, CLG_LAYOUT_VECTOR, false};
    return 4;
}

static struct clg_norm norm_of(const struct clg_pass *p)
{
    return (struct clg_norm){.gamma = p->value[0],
                             .beta = p->value[1],
                             .running_mean = p->value[2],
                             .running_var = p->value[3],
                             .save_mean = p->saved[0],
                             .save_inv = p->saved[1],
                             .eps = p->layer->norm.eps,
                             .momentum = p->layer->norm.momentum,
                             .act = p->layer->norm.act};
}

static int forward(const struct clg_pass *p)
{
    if (p->training)
        return clg_norm_train(p->device, norm_of(p), p->in[0], p->out);
    return clg_norm_infer(p->device, norm_of(p), p->in[0], p->out);
}

// With running statistics it is a scale and an offset a channel; dx = act'(y) dy gamma / sqrt(var + eps).
static int running_backward(const struct clg_pass *p)
{
    if (!p->din[0].buffer)
        return 0;
    int status = clg_layer_act_backward(p, p->layer->norm.act, p->din[0]);
    if (!status)
        status = clg_channels_scale(p->device, p->value[0], p->din[0]);
    return status ? status : clg_channels_scale(p->device, p->saved[1], p->din[0]);
}

static int backward(const struct clg_pass *p)
{
    if (!p->training)
        return running_backward(p);
    // The net's first layer may have no gradient to pass on; dx then overwrites dout.
    struct clg_tensor dx = p->din[0].buffer ? p->din[0] : p->dout;
    return clg_norm_backward(p->device, norm_of(p), p->in[0], p->dout, dx, p->grad[0], p->grad[1],
                             p->accumulate);
}

static int selftests(const struct clg_layer *layer, enum clg_plan_mode mode, const char **names)
{
    names[0] = mode == CLG_PLAN_TRAIN ? "batch norm, training" : "batch norm, running";
    names[1] = mode == CLG_PLAN_TRAIN ? "batch norm gradient" : "scale by channels";
    if (mode == CLG_PLAN_INFER)
        return 1;
    return mode == CLG_PLAN_TRAIN ? 2
                                  : 2 + clg_layer_act_backward_selftests(layer->norm.act, mode, names + 2);
}

static void text(const struct clg_layer *layer, char *to, size_t size)
{
    static const char *const on_top[] = {"", " + ReLU", " + LeakyReLU"};
    snprintf(to, size, "batch norm%s", on_top[layer->norm.act.kind]);
}

const struct clg_layer_type clg_layer_type_norm = {.name = "batch norm",
                                                   .shape = shape,
                                                   .params = params,
                                                   .forward = forward,
                                                   .backward = backward,
                                                   .selftests = selftests,
                                                   .text = text,
                                                   .needs_input = true,
                                                   .in_place = CLG_IN_PLACE_INFER | CLG_IN_PLACE_GRADIENT,
                                                   .saved = 2};

struct clg_layer clg_layer_norm(const char *name, struct clg_act act)
{
    struct clg_layer layer = clg_layer_new(&clg_layer_type_norm, name);
    layer.norm.eps = 1e-5f;
    layer.norm.momentum = 0.1f;
    layer.norm.act = act;
    return layer;
}
