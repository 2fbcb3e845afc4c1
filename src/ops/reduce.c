// Sums in a fixed order: dot products, and parts of a result.
#include "ops/ops.h"

#include "base/log.h"

int clg_dot(struct clg_device *d, struct clg_tensor x, struct clg_tensor y, struct clg_tensor result)
{
    size_t n = clg_shape_count(x.shape), wg = (size_t)d->work_group;
    if (n != clg_shape_count(y.shape))
        return clg_fail(&d->log, CLG_EINVAL, "dot product of %zu and %zu values", n,
                        clg_shape_count(y.shape));
    size_t groups = (n + wg * 64 - 1) / (wg * 64);
    if (groups > 256)
        groups = 256;
    struct clg_tensor parts;
    int status = clg_scratch(d, 0, groups, &parts);
    if (status)
        return status;
    struct clg_launch first = {.file = "reduce.cl",
                               .kernel = "dot_parts",
                               .global = {groups * wg},
                               .local = {wg},
                               .flops = 2.0 * (double)n,
                               .bytes = 8.0 * (double)n};
    struct clg_arg first_args[] = {CLG_T(x), CLG_T(y), CLG_T(parts), CLG_I(n)};
    status = clg_launch(d, &first, CLG_ARGS(first_args));
    if (status)
        return status;
    struct clg_launch second = {.file = "reduce.cl", .kernel = "sum_parts", .global = {wg}, .local = {wg}};
    struct clg_arg second_args[] = {CLG_T(parts), CLG_T(result), CLG_I(groups)};
    return clg_launch(d, &second, CLG_ARGS(second_args));
}

int clg_parts_sum(struct clg_device *d, struct clg_tensor parts, int n, struct clg_tensor sum,
                  bool accumulate)
{
    const size_t count = clg_shape_count(sum.shape);
    struct clg_launch l = {.file = "reduce.cl",
                           .kernel = "parts_sum",
                           .global = {count},
                           .local = {(size_t)d->work_group},
                           .bytes = 4.0 * (double)count * (n + 1)};
    struct clg_arg args[] = {CLG_T(parts), CLG_T(sum), CLG_I(count), CLG_I(n), CLG_I(accumulate)};
    return clg_launch(d, &l, CLG_ARGS(args));
}
