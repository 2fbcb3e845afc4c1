// Dense (fully connected): out [n][features] = in [n][h*w*c] weight + bias, by GEMM.
#include "nn/layers.h"

#include "base/log.h"

#include <stdio.h>

static int inputs_of(struct clg_shape in)
{
    return in.h * in.w * in.c;
}

static int shape(const struct clg_layer *layer, const struct clg_shape *in, int n, struct clg_shape *out,
                 const struct clg_log *log)
{
    (void)n;
    if (layer->dense.features < 1)
        return clg_fail(log, CLG_EINVAL, "layer %s: %d features, at least 1 is needed", layer->name,
                        layer->dense.features);
    *out = (struct clg_shape){in->n, 1, 1, layer->dense.features};
    return 0;
}

static int params(const struct clg_layer *layer, const struct clg_shape *in, struct clg_param_spec *specs)
{
    const int features = layer->dense.features;
    specs[0] = (struct clg_param_spec){
        "weight", {1, 1, inputs_of(*in), features}, CLG_INIT_NORMAL, CLG_LAYOUT_DENSE, true};
    specs[1] = (struct clg_param_spec){"bias", {1, 1, 1, features}, CLG_INIT_ZERO, CLG_LAYOUT_VECTOR, true};
    return layer->dense.bias ? 2 : 1;
}

static int forward(const struct clg_pass *p)
{
    struct clg_gemm g = {
        .m = p->in[0].shape.n, .n = p->out.shape.c, .k = inputs_of(p->in[0].shape), .alpha = 1};
    int status = clg_gemm(p->device, g, p->in[0], p->value[0], p->out);
    return status || !p->layer->dense.bias ? status : clg_bias_add(p->device, p->value[1], p->out);
}

static int backward(const struct clg_pass *p)
{
    const int n = p->in[0].shape.n, in = inputs_of(p->in[0].shape), out = p->out.shape.c;
    int status = 0;
    if (p->grad[0].buffer) {
        struct clg_gemm g = {
            .transpose_a = true, .m = in, .n = out, .k = n, .alpha = 1, .beta = p->accumulate ? 1 : 0};
        status = clg_gemm(p->device, g, p->in[0], p->dout, p->grad[0]);
    }
    if (!status && p->layer->dense.bias && p->grad[1].buffer)
        status = clg_bias_backward(p->device, p->dout, p->grad[1], p->accumulate);
    if (!status && p->din[0].buffer) {
        struct clg_gemm g = {.transpose_b = true, .m = n, .n = in, .k = out, .alpha = 1};
        status = clg_gemm(p->device, g, p->dout, p->value[0], p->din[0]);
    }
    return status;
}

static int selftests(const struct clg_layer *layer, enum clg_plan_mode mode, const char **names)
{
    names[0] = "plain matrix product";
    names[1] = "bias";
    names[2] = "bias gradient";
    if (!layer->dense.bias)
        return 1;
    return mode == CLG_PLAN_TRAIN ? 3 : 2;
}

static double macs(const struct clg_layer *layer, const struct clg_shape *in, struct clg_shape out)
{
    (void)layer;
    return (double)inputs_of(*in) * out.c;
}

static void text(const struct clg_layer *layer, char *to, size_t size)
{
    snprintf(to, size, "dense%s", layer->dense.bias ? " + bias" : "");
}

const struct clg_layer_type clg_layer_type_dense = {.name = "dense",
                                                    .shape = shape,
                                                    .params = params,
                                                    .forward = forward,
                                                    .backward = backward,
                                                    .selftests = selftests,
                                                    .macs = macs,
                                                    .text = text,
                                                    .needs_input = true};

struct clg_layer clg_layer_dense(const char *name, int features)
{
    struct clg_layer layer = clg_layer_new(&clg_layer_type_dense, name);
    layer.dense.features = features;
    layer.dense.bias = true;
    return layer;
}
