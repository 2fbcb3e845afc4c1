// Max and average pooling.
#include "ops/ops.h"

#include "base/log.h"

static int pool_check(struct clg_device *d, struct clg_pool pool, struct clg_shape x, struct clg_shape y)
{
    if (pool.size < 1 || pool.stride < 1 || pool.size > x.h || pool.size > x.w)
        return clg_fail(&d->log, CLG_EINVAL, "pooling %dx%d with stride %d does not fit a %dx%d map",
                        pool.size, pool.size, pool.stride, x.h, x.w);
    struct clg_shape expected = {x.n, (x.h - pool.size) / pool.stride + 1,
                                 (x.w - pool.size) / pool.stride + 1, x.c};
    return clg_shape_expect(d, "pooled map", y, expected);
}

int clg_pool_forward(struct clg_device *d, struct clg_pool pool, struct clg_tensor x, struct clg_tensor y)
{
    int status = pool_check(d, pool, x.shape, y.shape);
    if (status)
        return status;
    size_t total = clg_shape_count(y.shape);
    struct clg_launch l = {.file = "pool.cl",
                           .kernel = "pool_forward",
                           .global = {total},
                           .local = {(size_t)d->work_group},
                           .flops = (double)total * pool.size * pool.size,
                           .bytes = 4.0 * (double)(total + clg_shape_count(x.shape))};
    struct clg_arg args[] = {CLG_T(x),
                             CLG_T(y),
                             CLG_I(total),
                             CLG_I(x.shape.h),
                             CLG_I(x.shape.w),
                             CLG_I(y.shape.h),
                             CLG_I(y.shape.w),
                             CLG_I(x.shape.c),
                             CLG_I(pool.size),
                             CLG_I(pool.stride),
                             CLG_I(pool.kind == CLG_POOL_AVERAGE)};
    return clg_launch(d, &l, CLG_ARGS(args));
}

int clg_pool_backward(struct clg_device *d, struct clg_pool pool, struct clg_tensor x, struct clg_tensor dy,
                      struct clg_tensor dx)
{
    int status = pool_check(d, pool, x.shape, dy.shape);
    if (!status)
        status = clg_shape_expect(d, "pooling's input gradient", dx.shape, x.shape);
    if (status)
        return status;
    size_t total = clg_shape_count(x.shape);
    struct clg_launch l = {.file = "pool.cl",
                           .kernel = "pool_backward",
                           .global = {total},
                           .local = {(size_t)d->work_group},
                           .flops = (double)total,
                           .bytes = 4.0 * (double)(2 * total + clg_shape_count(dy.shape))};
    struct clg_arg args[] = {CLG_T(x),          CLG_T(dy),          CLG_T(dx),
                             CLG_I(total),      CLG_I(x.shape.h),   CLG_I(x.shape.w),
                             CLG_I(dy.shape.h), CLG_I(dy.shape.w),  CLG_I(x.shape.c),
                             CLG_I(pool.size),  CLG_I(pool.stride), CLG_I(pool.kind == CLG_POOL_AVERAGE)};
    return clg_launch(d, &l, CLG_ARGS(args));
}
