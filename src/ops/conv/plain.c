// The plain variant: one work-item a result, one loop over its sum. It fits every convolution and is the reference
// that the others are compared with. To add a variant, copy this file and cl/conv_plain.cl; docs/adding.md has
// the list.
#include "ops/ops.h"

#include <stdio.h>

static bool plain_fits(struct clg_device *d, const struct clg_conv_job *job)
{
    (void)d, (void)job;
    return true;
}

static int plain_run(struct clg_device *d, const struct clg_conv_job *j)
{
    static const char *const kernels[] = {"conv_plain_forward", "conv_plain_data", "conv_plain_filter"};
    struct clg_conv_job job = *j;
    const struct clg_tensor *out = clg_conv_result(&job);
    const struct clg_tensor *a = j->pass == CLG_CONV_BACKWARD_DATA ? &j->y : &j->x;
    const struct clg_tensor *b = j->pass == CLG_CONV_BACKWARD_FILTER ? &j->y : &j->w;
    char shape[256], options[288]; // constants in the kernel, which is compiled for each shape
    clg_conv_options(j, shape, sizeof shape);
    snprintf(options, sizeof options, "%s -DACCUMULATE=%d", shape, j->accumulate);
    struct clg_launch l = {.file = "conv_plain.cl",
                           .kernel = kernels[j->pass],
                           .options = options,
                           .global = {clg_shape_count(out->shape)},
                           .local = {(size_t)d->work_group},
                           .flops = clg_conv_flops(j), // for the profile
                           .bytes = clg_conv_bytes(j)};
    struct clg_arg args[] = {CLG_T(*a), CLG_T(*b), CLG_T(*out), CLG_I(j->x.shape.n)};
    return clg_launch(d, &l, CLG_ARGS(args));
}

const struct clg_conv_variant clg_conv_plain = {"plain", true, 0, plain_fits, plain_run};
