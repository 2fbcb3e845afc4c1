// What changes the weights after a backward pass: Adam, and the moving average of the generator's.
#include "ops/ops.h"

#include "base/log.h"

#include <stdio.h>

static int adam_begin(struct clg_device *d, size_t n)
{
    struct clg_op_time op = {.name = "Adam"};
    snprintf(op.shape, sizeof op.shape, "%zu values", n);
    return clg_op_begin(d, &op);
}

int clg_adam(struct clg_device *d, float beta1, float beta2, float eps, struct clg_tensor rates,
             struct clg_tensor g, struct clg_tensor p, struct clg_tensor m, struct clg_tensor v)
{
    size_t n = clg_shape_count(p.shape);
    const size_t rates_n = clg_shape_count(rates.shape);
    struct clg_arg args[] = {CLG_F(beta1), CLG_F(beta2), CLG_F(eps), CLG_T(rates), CLG_T(g),
                             CLG_T(p),     CLG_T(m),     CLG_T(v),   CLG_I(n),     CLG_I(rates_n > 2)};
    int status = rates_n < 2 ? clg_fail(&d->log, CLG_EINVAL, "Adam's rates: two values are needed")
                             : clg_count_expect(d, "Adam's gradient", g, p);
    if (!status)
        status = clg_count_expect(d, "Adam's first moment", m, p);
    if (!status)
        status = clg_count_expect(d, "Adam's second moment", v, p);
    if (!status)
        status = adam_begin(d, n);
    if (!status)
        status = clg_launch_elements(d, "adam", NULL, n, CLG_ARGS(args), 12, 7);
    clg_op_end(d);
    return status ? status : clg_weights_changed(d, p);
}

int clg_ema(struct clg_device *d, float decay, struct clg_tensor p, struct clg_tensor average)
{
    size_t n = clg_shape_count(p.shape);
    struct clg_arg args[] = {CLG_F(decay), CLG_T(p), CLG_T(average), CLG_I(n)};
    int status = clg_count_expect(d, "average", average, p);
    if (!status)
        status = clg_launch_elements(d, "ema", NULL, n, CLG_ARGS(args), 3, 3);
    return status ? status : clg_weights_changed(d, average);
}
