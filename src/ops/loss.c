// Losses on the discriminator's logits, each with its gradient.
#include "ops/ops.h"

#include "base/log.h"

int clg_bce(struct clg_device *d, struct clg_tensor x, float target, struct clg_tensor dx,
            struct clg_tensor stats)
{
    size_t n = clg_shape_count(x.shape), wg = (size_t)d->work_group;
    if (n != clg_shape_count(dx.shape) || clg_shape_count(stats.shape) < 2)
        return clg_fail(&d->log, CLG_EINVAL, "BCE of %zu logits: %zu gradients, %zu statistics", n,
                        clg_shape_count(dx.shape), clg_shape_count(stats.shape));
    struct clg_launch l = {.file = "loss.cl",
                           .kernel = "bce",
                           .global = {wg},
                           .local = {wg},
                           .flops = 10.0 * (double)n,
                           .bytes = 8.0 * (double)n};
    struct clg_arg args[] = {CLG_T(x), CLG_F(target), CLG_T(dx), CLG_T(stats), CLG_I(n)};
    return clg_launch(d, &l, CLG_ARGS(args));
}
