// Batch normalisation: statistics by blocks of rows, then one pass that normalises and activates; the
// same backwards.
#include "ops/ops.h"

#include "base/log.h"

#include <stdio.h>

enum {
    CPU_WIDTH = 2048, // channels that a CPU's work-item takes at most: a multiple of every vector
    CPU_PASS = 16384, // floats that it writes
    BLOCKS_MAX = 256,
};

// How x [rows][c] is cut: vectors of cv channels; for sums blocks of rows, for the passes that write x's like
// shorter ones. The sums of the blocks are merged by work-groups of columns (vectors of channels) x lanes.
struct cut {
    int rows, c, cv, width, block, blocks, pass_block, columns, lanes;
    char options[128];
};

// The most blocks of rows for this device: enough to keep it busy, few enough to merge quickly.
static int blocks_wanted(const struct clg_device *d, int c)
{
    const int64_t units = d->info.compute_units;
    const int64_t wanted = d->info.type == CLG_DEVICE_CPU ? 4 * units : 1024 * units / c;
    return (int)(wanted < 1 ? 1 : wanted > BLOCKS_MAX ? BLOCKS_MAX : wanted);
}

// Lanes depend on the blocks wanted, not on those there are, so that layers of equal channels share a
// program. A GPU reads neighbouring channels together.
static void cut_merge(const struct clg_device *d, int wanted, struct cut *cut)
{
    const bool cpu = d->info.type == CLG_DEVICE_CPU;
    const int each = cpu ? 16 : 8; // blocks that a lane merges one by one
    const size_t most = d->info.max_work_group;
    cut->columns = !cpu && most >= 8 ? 8 : 1;
    cut->lanes = 1;
    while (cut->lanes * each < wanted && (size_t)(cut->columns * cut->lanes * 2) <= most)
        cut->lanes *= 2;
}

// A CPU's work-item takes whole rows, and where it writes a few pages of them.
static void cut_rows(struct clg_device *d, struct cut *cut)
{
    const bool cpu = d->info.type == CLG_DEVICE_CPU;
    const int wanted = blocks_wanted(d, cut->c);
    cut_merge(d, wanted, cut);
    cut->block = clg_divide_up(cut->rows, wanted);
    cut->blocks = clg_divide_up(cut->rows, cut->block);
    cut->pass_block = cpu ? clg_divide_up(CPU_PASS, cut->c) : 1;
    if (cut->pass_block > cut->block)
        cut->pass_block = cut->block;
}

static struct cut cut_of(struct clg_device *d, struct clg_shape s)
{
    const bool cpu = d->info.type == CLG_DEVICE_CPU;
    struct cut cut = {.rows = s.n * s.h * s.w, .c = s.c, .cv = cpu ? d->vector : 1};
    while (s.c % cut.cv)
        cut.cv = cut.cv > 4 ? cut.cv / 2 : 1;
    cut.width = !cpu ? 1 : s.c < CPU_WIDTH ? s.c : CPU_WIDTH;
    cut_rows(d, &cut);
    snprintf(cut.options, sizeof cut.options, " -DC=%d -DCV=%d -DW=%d -DCOLUMNS=%d -DLANES=%d", cut.c, cut.cv,
             cut.width, cut.columns, cut.lanes);
    return cut;
}

static struct clg_launch launch_of(const char *kernel, const struct cut *cut)
{
    return (struct clg_launch){.file = "norm.cl", .kernel = kernel, .options = cut->options};
}

// One work-item for each `block` rows of `width` channels.
static struct clg_launch over_rows(struct clg_device *d, const char *kernel, const struct cut *cut, int block,
                                   int floats_each)
{
    struct clg_launch l = launch_of(kernel, cut);
    l.global[0] = (size_t)clg_divide_up(cut->rows, block) * (size_t)clg_divide_up(cut->c, cut->width);
    l.local[0] = d->info.type == CLG_DEVICE_CPU ? 1 : (size_t)d->work_group;
    l.bytes = 4.0 * floats_each * cut->rows * cut->c;
    l.flops = 4.0 * cut->rows * cut->c;
    return l;
}

static struct clg_launch over_channels(const char *kernel, const struct cut *cut)
{
    struct clg_launch l = launch_of(kernel, cut);
    l.global[0] = (size_t)(cut->c / cut->cv);
    return l;
}

// Merges the sums of the blocks: a work-group for each `columns` vectors of channels.
static struct clg_launch over_blocks(const char *kernel, const struct cut *cut)
{
    struct clg_launch l = launch_of(kernel, cut);
    l.global[0] = (size_t)(cut->c / cut->cv);
    l.global[1] = l.local[1] = (size_t)cut->lanes;
    l.local[0] = (size_t)cut->columns;
    return l;
}

static int norm_check(struct clg_device *d, const struct clg_norm *norm, struct clg_tensor x,
                      struct clg_tensor y)
{
    const struct clg_shape c = {1, 1, 1, x.shape.c};
    const struct clg_tensor vectors[] = {norm->gamma,       norm->beta,      norm->running_mean,
                                         norm->running_var, norm->save_mean, norm->save_inv};
    if (norm->act.kind > CLG_ACT_LEAKY_RELU)
        return clg_fail(&d->log, CLG_EINVAL,
                        "batch norm takes ReLU or LeakyReLU on top; others are layers of their own");
    int status = clg_shape_expect(d, "batch norm's output", y.shape, x.shape);
    for (int i = 0; i < 6 && !status; i++)
        status = clg_shape_expect(d, "batch norm's vectors", vectors[i].shape, c);
    return status;
}

// Of the LeakyReLU that an activation is: none and ReLU are such, too.
static float slope_of(struct clg_act act)
{
    return act.kind == CLG_ACT_NONE ? 1.0f : act.kind == CLG_ACT_RELU ? 0.0f : act.slope;
}

static int apply(struct clg_device *d, const struct cut *cut, const struct clg_norm *norm,
                 struct clg_tensor mean, struct clg_tensor x, struct clg_tensor y)
{
    struct clg_launch l = over_rows(d, "norm_apply", cut, cut->pass_block, 2);
    struct clg_arg args[] = {CLG_T(x),           CLG_T(mean),       CLG_T(norm->save_inv),
                             CLG_T(norm->gamma), CLG_T(norm->beta), CLG_F(slope_of(norm->act)),
                             CLG_T(y),           CLG_I(cut->rows),  CLG_I(cut->pass_block)};
    return clg_launch(d, &l, CLG_ARGS(args));
}

static int norm_train(struct clg_device *d, struct clg_norm norm, struct clg_tensor x, struct clg_tensor y)
{
    int status = norm_check(d, &norm, x, y);
    if (status)
        return status;
    struct cut cut = cut_of(d, x.shape);
    struct clg_tensor parts;
    status = clg_scratch(d, 0, (size_t)cut.blocks * (size_t)cut.c * 2, &parts);
    if (status)
        return status;
    struct clg_launch stats = over_rows(d, "norm_stats", &cut, cut.block, 1);
    struct clg_arg stats_args[] = {CLG_T(x), CLG_T(parts), CLG_I(cut.rows), CLG_I(cut.block),
                                   CLG_I(cut.blocks)};
    status = clg_launch(d, &stats, CLG_ARGS(stats_args));
    if (status)
        return status;
    struct clg_launch merge = over_blocks("norm_merge", &cut);
    struct clg_arg merge_args[] = {CLG_T(x),
                                   CLG_T(parts),
                                   CLG_I(cut.rows),
                                   CLG_I(cut.block),
                                   CLG_I(cut.blocks),
                                   CLG_F(norm.eps),
                                   CLG_F(norm.momentum),
                                   CLG_T(norm.save_mean),
                                   CLG_T(norm.save_inv),
                                   CLG_T(norm.running_mean),
                                   CLG_T(norm.running_var)};
    status = clg_launch(d, &merge, CLG_ARGS(merge_args));
    return status ? status : apply(d, &cut, &norm, norm.save_mean, x, y);
}

int clg_norm_train(struct clg_device *d, struct clg_norm norm, struct clg_tensor x, struct clg_tensor y)
{
    int status = clg_op_begin_maps(d, "batch norm", x.shape);
    if (!status)
        status = norm_train(d, norm, x, y);
    clg_op_end(d);
    return status;
}

int clg_norm_prepare_infer(struct clg_device *d, struct clg_norm norm)
{
    struct cut cut = cut_of(d, norm.gamma.shape);
    struct clg_launch l = over_channels("norm_inverse", &cut);
    struct clg_arg args[] = {CLG_T(norm.running_var), CLG_F(norm.eps), CLG_T(norm.save_inv)};
    return clg_launch(d, &l, CLG_ARGS(args));
}

int clg_norm_infer(struct clg_device *d, struct clg_norm norm, struct clg_tensor x, struct clg_tensor y)
{
    int status = norm_check(d, &norm, x, y);
    if (!status)
        status = clg_norm_prepare_infer(d, norm);
    if (status)
        return status;
    struct cut cut = cut_of(d, x.shape);
    return apply(d, &cut, &norm, norm.running_mean, x, y);
}

static int norm_backward(struct clg_device *d, struct clg_norm norm, struct clg_tensor x,
                         struct clg_tensor dy, struct clg_tensor dx, struct clg_tensor dgamma,
                         struct clg_tensor dbeta, bool accumulate)
{
    const struct clg_shape vector = {1, 1, 1, x.shape.c};
    const bool want_gamma = dgamma.buffer != NULL, want_beta = dbeta.buffer != NULL;
    int status = norm_check(d, &norm, x, dy);
    if (!status)
        status = clg_shape_expect(d, "batch norm's input gradient", dx.shape, x.shape);
    if (!status && want_gamma)
        status = clg_shape_expect(d, "batch norm's gradient of gamma", dgamma.shape, vector);
    if (!status && want_beta)
        status = clg_shape_expect(d, "batch norm's gradient of beta", dbeta.shape, vector);
    if (status)
        return status;
    struct cut cut = cut_of(d, x.shape);
    struct clg_tensor parts, sums;
    status = clg_scratch(d, 0, (size_t)cut.blocks * (size_t)cut.c * 2, &parts);
    if (!status)
        status = clg_scratch(d, 1, (size_t)cut.c * 2, &sums);
    if (status)
        return status;
    const float slope = slope_of(norm.act);
    struct clg_launch first = over_rows(d, "norm_backward_sums", &cut, cut.block, 2);
    struct clg_arg first_args[] = {
        CLG_T(x),          CLG_T(dy),        CLG_T(norm.save_mean), CLG_T(norm.save_inv),
        CLG_T(norm.gamma), CLG_T(norm.beta), CLG_F(slope),          CLG_T(parts),
        CLG_I(cut.rows),   CLG_I(cut.block), CLG_I(cut.blocks)};
    status = clg_launch(d, &first, CLG_ARGS(first_args));
    if (status)
        return status;
    struct clg_launch merge = over_blocks("norm_backward_merge", &cut);
    struct clg_arg merge_args[] = {CLG_T(parts),
                                   CLG_I(cut.blocks),
                                   CLG_T(sums),
                                   CLG_T(want_gamma ? dgamma : sums),
                                   CLG_T(want_beta ? dbeta : sums),
                                   CLG_I(want_gamma),
                                   CLG_I(want_beta),
                                   CLG_I(accumulate)};
    status = clg_launch(d, &merge, CLG_ARGS(merge_args));
    if (status)
        return status;
    struct clg_launch last = over_rows(d, "norm_backward_data", &cut, cut.pass_block, 3);
    struct clg_arg last_args[] = {
        CLG_T(x),          CLG_T(dy),        CLG_T(norm.save_mean), CLG_T(norm.save_inv),
        CLG_T(norm.gamma), CLG_T(norm.beta), CLG_F(slope),          CLG_T(sums),
        CLG_T(dx),         CLG_I(cut.rows),  CLG_I(cut.pass_block)};
    return clg_launch(d, &last, CLG_ARGS(last_args));
}

int clg_norm_backward(struct clg_device *d, struct clg_norm norm, struct clg_tensor x, struct clg_tensor dy,
                      struct clg_tensor dx, struct clg_tensor dgamma, struct clg_tensor dbeta,
                      bool accumulate)
{
    int status = clg_op_begin_maps(d, "batch norm grad", x.shape);
    if (!status)
        status = norm_backward(d, norm, x, dy, dx, dgamma, dbeta, accumulate);
    clg_op_end(d);
    return status;
}

int clg_bias_backward(struct clg_device *d, struct clg_tensor dy, struct clg_tensor db, bool accumulate)
{
    int status = clg_shape_expect(d, "bias gradient", db.shape, (struct clg_shape){1, 1, 1, dy.shape.c});
    if (status)
        return status;
    struct cut cut = cut_of(d, dy.shape);
    struct clg_launch l = over_channels("rows_sum", &cut);
    struct clg_arg args[] = {CLG_T(dy), CLG_T(db), CLG_I(cut.rows), CLG_I(accumulate)};
    return clg_launch(d, &l, CLG_ARGS(args));
}
