// Element by element: fill, copy, axpy, scale, multiply, activations, bias, channel ranges, pixels.
#include "ops/ops.h"

#include "base/log.h"

#include <stdio.h>

enum { CPU_RUN = 4096 }; // floats that a CPU's work-item takes, one behind the other

int clg_shape_expect(struct clg_device *d, const char *what, struct clg_shape a, struct clg_shape b)
{
    if (clg_shape_equal(a, b))
        return 0;
    return clg_fail(&d->log, CLG_EINVAL, "%s: shape is [%d][%d][%d][%d], expected [%d][%d][%d][%d]", what,
                    a.n, a.h, a.w, a.c, b.n, b.h, b.w, b.c);
}

int clg_count_expect(struct clg_device *d, const char *what, struct clg_tensor a, struct clg_tensor b)
{
    size_t is = clg_shape_count(a.shape), expected = clg_shape_count(b.shape);
    return is == expected ? 0
                          : clg_fail(&d->log, CLG_EINVAL, "%s: %zu values, expected %zu", what, is, expected);
}

int clg_launch_elements(struct clg_device *d, const char *kernel, const char *options, size_t n,
                        const struct clg_arg *args, int args_n, double flops_each, int floats_each)
{
    const bool cpu = d->info.type == CLG_DEVICE_CPU;
    const size_t run = cpu ? CPU_RUN : (size_t)d->vector;
    char text[64];
    snprintf(text, sizeof text, " -DRUN=%zu%s", run, options ? options : "");
    struct clg_launch l = {.file = "element.cl",
                           .kernel = kernel,
                           .options = text,
                           .global = {(n + run - 1) / run},
                           .local = {cpu ? 1 : (size_t)d->work_group},
                           .flops = flops_each * (double)n,
                           .bytes = 4.0 * floats_each * (double)n};
    return n ? clg_launch(d, &l, args, args_n) : 0;
}

int clg_op_begin_maps(struct clg_device *d, const char *name, struct clg_shape shape)
{
    struct clg_op_time op = {.calls = 0};
    snprintf(op.name, sizeof op.name, "%s", name);
    snprintf(op.shape, sizeof op.shape, "%dx%dx%d", shape.h, shape.w, shape.c);
    return clg_op_begin(d, &op);
}

// What follows a launch that wrote into x.
static int written(struct clg_device *d, struct clg_tensor x, int status)
{
    return status ? status : clg_weights_changed(d, x);
}

int clg_fill(struct clg_device *d, struct clg_tensor x, float value)
{
    size_t n = clg_shape_count(x.shape);
    struct clg_arg args[] = {CLG_T(x), CLG_F(value), CLG_I(n)};
    return written(d, x, clg_launch_elements(d, "fill", NULL, n, CLG_ARGS(args), 0, 1));
}

int clg_copy(struct clg_device *d, struct clg_tensor from, struct clg_tensor to)
{
    size_t n = clg_shape_count(to.shape);
    struct clg_arg args[] = {CLG_T(from), CLG_T(to), CLG_I(n)};
    int status = clg_count_expect(d, "copy", from, to);
    return status ? status : written(d, to, clg_launch_elements(d, "copy", NULL, n, CLG_ARGS(args), 0, 2));
}

int clg_axpy(struct clg_device *d, float a, struct clg_tensor x, struct clg_tensor y)
{
    size_t n = clg_shape_count(y.shape);
    struct clg_arg args[] = {CLG_F(a), CLG_T(x), CLG_T(y), CLG_I(n)};
    int status = clg_count_expect(d, "axpy", x, y);
    return status ? status : written(d, y, clg_launch_elements(d, "axpy", NULL, n, CLG_ARGS(args), 2, 3));
}

int clg_scale(struct clg_device *d, float a, struct clg_tensor x)
{
    size_t n = clg_shape_count(x.shape);
    struct clg_arg args[] = {CLG_F(a), CLG_T(x), CLG_I(n)};
    return written(d, x, clg_launch_elements(d, "scale", NULL, n, CLG_ARGS(args), 1, 2));
}

int clg_multiply(struct clg_device *d, struct clg_tensor x, struct clg_tensor y)
{
    size_t n = clg_shape_count(y.shape);
    struct clg_arg args[] = {CLG_T(x), CLG_T(y), CLG_I(n)};
    int status = clg_count_expect(d, "multiply", x, y);
    return status ? status : written(d, y, clg_launch_elements(d, "multiply", NULL, n, CLG_ARGS(args), 1, 3));
}

int clg_channels_scale(struct clg_device *d, struct clg_tensor s, struct clg_tensor x)
{
    size_t n = clg_shape_count(x.shape);
    struct clg_arg args[] = {CLG_T(s), CLG_T(x), CLG_I(n), CLG_I(x.shape.c)};
    int status = clg_shape_expect(d, "channels' scale", s.shape, (struct clg_shape){1, 1, 1, x.shape.c});
    return status ? status
                  : written(d, x, clg_launch_elements(d, "channels_scale", NULL, n, CLG_ARGS(args), 1, 2));
}

int clg_act_forward(struct clg_device *d, struct clg_act act, struct clg_tensor x, struct clg_tensor y)
{
    char options[32];
    snprintf(options, sizeof options, " -DACT=%d", act.kind);
    size_t n = clg_shape_count(y.shape);
    struct clg_arg args[] = {CLG_F(act.slope), CLG_T(x), CLG_T(y), CLG_I(n)};
    int status = clg_count_expect(d, "activation", x, y);
    if (!status)
        status = clg_op_begin_maps(d, "activation", y.shape);
    if (!status)
        status = clg_launch_elements(d, "act_forward", options, n, CLG_ARGS(args), 1, 2);
    clg_op_end(d);
    return status;
}

int clg_act_backward(struct clg_device *d, struct clg_act act, struct clg_tensor y, struct clg_tensor dy,
                     struct clg_tensor dx)
{
    char options[32];
    snprintf(options, sizeof options, " -DACT=%d", act.kind);
    size_t n = clg_shape_count(y.shape);
    struct clg_arg args[] = {CLG_F(act.slope), CLG_T(y), CLG_T(dy), CLG_T(dx), CLG_I(n)};
    int status = clg_count_expect(d, "activation gradient", dy, y);
    if (!status)
        status = clg_count_expect(d, "activation gradient", dx, y);
    if (!status)
        status = clg_op_begin_maps(d, "activation grad", y.shape);
    if (!status)
        status = clg_launch_elements(d, "act_backward", options, n, CLG_ARGS(args), 2, 3);
    clg_op_end(d);
    return status;
}

int clg_bias_add(struct clg_device *d, struct clg_tensor b, struct clg_tensor x)
{
    size_t n = clg_shape_count(x.shape);
    struct clg_arg args[] = {CLG_T(b), CLG_T(x), CLG_I(n), CLG_I(x.shape.c)};
    int status = clg_shape_expect(d, "bias", b.shape, (struct clg_shape){1, 1, 1, x.shape.c});
    return status ? status : clg_launch_elements(d, "bias_add", NULL, n, CLG_ARGS(args), 1, 2);
}

static int channels_check(struct clg_device *d, struct clg_tensor part, struct clg_tensor whole, int from)
{
    struct clg_shape p = part.shape, w = whole.shape;
    if (from < 0 || p.c > w.c - from)
        return clg_fail(&d->log, CLG_EINVAL, "%d channels from %d on, of a tensor with %d", p.c, from, w.c);
    p.c = w.c;
    return clg_shape_expect(d, "channel range", p, w);
}

static int channels_move(struct clg_device *d, const char *kernel, struct clg_tensor a, struct clg_tensor b,
                         struct clg_shape part, int whole_c, int from)
{
    size_t n = clg_shape_count(part);
    struct clg_arg args[] = {CLG_T(a), CLG_T(b), CLG_I(n), CLG_I(part.c), CLG_I(whole_c), CLG_I(from)};
    return clg_launch_elements(d, kernel, NULL, n, CLG_ARGS(args), 0, 2);
}

int clg_channels_put(struct clg_device *d, struct clg_tensor part, struct clg_tensor whole, int from)
{
    int status = channels_check(d, part, whole, from);
    return status ? status : channels_move(d, "channels_put", part, whole, part.shape, whole.shape.c, from);
}

int clg_channels_get(struct clg_device *d, struct clg_tensor whole, int from, struct clg_tensor part)
{
    int status = channels_check(d, part, whole, from);
    return status ? status : channels_move(d, "channels_get", whole, part, part.shape, whole.shape.c, from);
}

int clg_pixels(struct clg_device *d, struct clg_tensor bytes, struct clg_tensor x)
{
    size_t n = clg_shape_count(x.shape);
    struct clg_arg args[] = {CLG_T(bytes), CLG_T(x), CLG_I(n)};
    if (clg_shape_count(bytes.shape) * sizeof(float) < n)
        return clg_fail(&d->log, CLG_EINVAL, "%zu pixels from %zu bytes", n,
                        clg_shape_count(bytes.shape) * 4);
    return clg_launch_elements(d, "pixels", NULL, n, CLG_ARGS(args), 2, 1);
}
