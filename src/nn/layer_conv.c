// Convolution and transposed convolution: the same three primitives with the roles swapped.
#include "nn/layers.h"

#include "base/log.h"

#include <stdio.h>

static int numbers_check(const struct clg_layer *layer, struct clg_shape in, const struct clg_log *log)
{
    const struct clg_conv *c = &layer->conv.conv;
    if (c->r < 1 || c->s < 1 || c->stride < 1 || c->pad < 0 || c->pad >= c->r || c->pad >= c->s)
        return clg_fail(log, CLG_EINVAL,
                        "layer %s: a %dx%d kernel with stride %d and padding %d on a %dx%d map: kernel "
                        "and stride must be at least 1, padding 0 or more and smaller than the kernel",
                        layer->name, c->r, c->s, c->stride, c->pad, in.h, in.w);
    if (layer->conv.channels < 1)
        return clg_fail(log, CLG_EINVAL, "layer %s: %d output channels, at least 1 is needed", layer->name,
                        layer->conv.channels);
    return 0;
}

static int conv_shape(const struct clg_layer *layer, const struct clg_shape *in, int n, struct clg_shape *out,
                      const struct clg_log *log)
{
    (void)n;
    const struct clg_conv *c = &layer->conv.conv;
    int status = numbers_check(layer, *in, log);
    if (status)
        return status;
    *out = (struct clg_shape){in->n, clg_conv_out(in->h, c->r, c->stride, c->pad),
                              clg_conv_out(in->w, c->s, c->stride, c->pad), layer->conv.channels};
    if (out->h < 1 || out->w < 1)
        return clg_fail(log, CLG_EINVAL,
                        "layer %s: a %dx%d kernel with padding %d does not fit its %dx%d input", layer->name,
                        c->r, c->s, c->pad, in->h, in->w);
    return 0;
}

static int transpose_shape(const struct clg_layer *layer, const struct clg_shape *in, int n,
                           struct clg_shape *out, const struct clg_log *log)
{
    (void)n;
    const struct clg_conv *c = &layer->conv.conv;
    int status = numbers_check(layer, *in, log);
    if (status)
        return status;
    *out = (struct clg_shape){in->n, (in->h - 1) * c->stride - 2 * c->pad + c->r,
                              (in->w - 1) * c->stride - 2 * c->pad + c->s, layer->conv.channels};
    if (out->h < 1 || out->w < 1)
        return clg_fail(log, CLG_EINVAL, "layer %s: padding %d leaves no output for its %dx%d input",
                        layer->name, c->pad, in->h, in->w);
    return 0;
}

static int params(const struct clg_layer *layer, struct clg_shape weight, struct clg_param_spec *specs)
{
    specs[0] = (struct clg_param_spec){"weight", weight, CLG_INIT_NORMAL, CLG_LAYOUT_CONV, true};
    if (!layer->conv.bias)
        return 1;
    const struct clg_shape bias = {1, 1, 1, layer->conv.channels};
    specs[1] = (struct clg_param_spec){"bias", bias, CLG_INIT_ZERO, CLG_LAYOUT_VECTOR, true};
    return 2;
}

static int conv_params(const struct clg_layer *layer, const struct clg_shape *in,
                       struct clg_param_spec *specs)
{
    const struct clg_conv *c = &layer->conv.conv;
    return params(layer, (struct clg_shape){c->r, c->s, in->c, layer->conv.channels}, specs);
}

static int transpose_params(const struct clg_layer *layer, const struct clg_shape *in,
                            struct clg_param_spec *specs)
{
    const struct clg_conv *c = &layer->conv.conv;
    return params(layer, (struct clg_shape){c->r, c->s, layer->conv.channels, in->c}, specs);
}

static int add_bias(const struct clg_pass *p, int status)
{
    return status || !p->layer->conv.bias ? status : clg_bias_add(p->device, p->value[1], p->out);
}

static int bias_gradient(const struct clg_pass *p, int status)
{
    if (status || !p->layer->conv.bias || !p->grad[1].buffer)
        return status;
    return clg_bias_backward(p->device, p->dout, p->grad[1], p->accumulate);
}

static int conv_forward(const struct clg_pass *p)
{
    return add_bias(p, clg_conv_forward(p->device, p->layer->conv.conv, p->in[0], p->value[0], p->out));
}

static int transpose_forward(const struct clg_pass *p)
{
    return add_bias(p, clg_conv_backward_data(p->device, p->layer->conv.conv, p->in[0], p->value[0], p->out));
}

static int conv_backward(const struct clg_pass *p)
{
    const struct clg_conv c = p->layer->conv.conv;
    int status = 0;
    if (p->grad[0].buffer)
        status = clg_conv_backward_filter(p->device, c, p->in[0], p->dout, p->grad[0], p->accumulate);
    status = bias_gradient(p, status);
    if (!status && p->din[0].buffer)
        status = clg_conv_backward_data(p->device, c, p->dout, p->value[0], p->din[0]);
    return status;
}

static int transpose_backward(const struct clg_pass *p)
{
    const struct clg_conv c = p->layer->conv.conv;
    int status = 0;
    if (p->grad[0].buffer)
        status = clg_conv_backward_filter(p->device, c, p->dout, p->in[0], p->grad[0], p->accumulate);
    status = bias_gradient(p, status);
    if (!status && p->din[0].buffer)
        status = clg_conv_forward(p->device, c, p->dout, p->value[0], p->din[0]);
    return status;
}

// The convolution itself is tested where it runs.
static int selftests(const struct clg_layer *layer, enum clg_plan_mode mode, const char **names)
{
    names[0] = "bias";
    names[1] = "bias gradient";
    if (!layer->conv.bias)
        return 0;
    return mode == CLG_PLAN_TRAIN ? 2 : 1;
}

static double macs_at(const struct clg_layer *layer, struct clg_shape map, int channels)
{
    return (double)map.h * map.w * map.c * channels * layer->conv.conv.r * layer->conv.conv.s;
}

static double conv_macs(const struct clg_layer *layer, const struct clg_shape *in, struct clg_shape out)
{
    return macs_at(layer, out, in->c);
}

static double transpose_macs(const struct clg_layer *layer, const struct clg_shape *in, struct clg_shape out)
{
    return macs_at(layer, *in, out.c);
}

static void text(const struct clg_layer *layer, char *to, size_t size)
{
    const struct clg_conv *c = &layer->conv.conv;
    snprintf(to, size, "%s %dx%d / %d, pad %d", layer->type->name, c->r, c->s, c->stride, c->pad);
}

const struct clg_layer_type clg_layer_type_conv = {.name = "conv",
                                                   .shape = conv_shape,
                                                   .params = conv_params,
                                                   .forward = conv_forward,
                                                   .backward = conv_backward,
                                                   .selftests = selftests,
                                                   .macs = conv_macs,
                                                   .text = text,
                                                   .needs_input = true};
const struct clg_layer_type clg_layer_type_conv_transpose = {.name = "conv transpose",
                                                             .shape = transpose_shape,
                                                             .params = transpose_params,
                                                             .forward = transpose_forward,
                                                             .backward = transpose_backward,
                                                             .selftests = selftests,
                                                             .macs = transpose_macs,
                                                             .text = text,
                                                             .needs_input = true};

struct clg_layer clg_layer_new(const struct clg_layer_type *type, const char *name)
{
    struct clg_layer layer = {.type = type, .inputs = {CLG_PREVIOUS}, .inputs_n = 1};
    snprintf(layer.name, sizeof layer.name, "%s", name);
    return layer;
}

struct clg_layer clg_layer_conv(const char *name, int channels, int kernel, int stride, int pad)
{
    struct clg_layer layer = clg_layer_new(&clg_layer_type_conv, name);
    layer.conv.conv = (struct clg_conv){kernel, kernel, stride, pad};
    layer.conv.channels = channels;
    return layer;
}

struct clg_layer clg_layer_conv_transpose(const char *name, int channels, int kernel, int stride, int pad)
{
    struct clg_layer layer = clg_layer_conv(name, channels, kernel, stride, pad);
    layer.type = &clg_layer_type_conv_transpose;
    return layer;
}
