// Convolution: shape checks, the table of variants, and the rule that picks one.
#include "ops/ops.h"

#include "base/log.h"
#include "selftest/selftest.h"
#include "tune/table.h"

#include <stdio.h>

const struct clg_conv_variant *const clg_conv_variants[] = {
    &clg_conv_plain,    &clg_conv_gemm, &clg_conv_cpu, &clg_conv_narrow,
    &clg_conv_winograd, &clg_conv_gpu,  NULL};

// The rules: the first row that fits is taken.
static const struct clg_conv_variant *const default_cpu[] = {&clg_conv_winograd, &clg_conv_narrow,
                                                             &clg_conv_cpu, &clg_conv_plain, NULL};
// gpu before gemm: gemm writes and reads patches, r * s / stride^2 times the map's memory traffic.
static const struct clg_conv_variant *const default_gpu[] = {&clg_conv_gpu, &clg_conv_gemm, &clg_conv_plain,
                                                             NULL};

int clg_conv_out(int in, int kernel, int stride, int pad)
{
    int room = in + 2 * pad - kernel;
    return room < 0 ? 0 : room / stride + 1;
}

void clg_conv_options(const struct clg_conv_job *j, char *text, size_t size)
{
    snprintf(text, size, " -DR=%d -DS=%d -DSTRIDE=%d -DPAD=%d -DH=%d -DW=%d -DC=%d -DOH=%d -DOW=%d -DK=%d",
             j->conv.r, j->conv.s, j->conv.stride, j->conv.pad, j->x.shape.h, j->x.shape.w, j->x.shape.c,
             j->y.shape.h, j->y.shape.w, j->y.shape.c);
}

struct clg_tensor clg_images(struct clg_tensor t, int first, int n)
{
    t.offset += (size_t)first * (clg_shape_count(t.shape) / (size_t)t.shape.n);
    t.shape.n = n;
    return t;
}

double clg_conv_flops(const struct clg_conv_job *j)
{
    return 2.0 * (double)clg_shape_count(j->y.shape) * j->conv.r * j->conv.s * j->x.shape.c;
}

double clg_conv_bytes(const struct clg_conv_job *j)
{
    return 4.0 *
           (double)(clg_shape_count(j->x.shape) + clg_shape_count(j->w.shape) + clg_shape_count(j->y.shape));
}

static int job_check(struct clg_device *d, const struct clg_conv_job *j)
{
    const struct clg_conv *c = &j->conv;
    struct clg_shape x = j->x.shape, w = j->w.shape, y = j->y.shape;
    if (c->r < 1 || c->s < 1 || c->stride < 1 || c->pad < 0 || c->pad >= c->r || c->pad >= c->s)
        return clg_fail(&d->log, CLG_EINVAL,
                        "convolution %dx%d, stride %d, padding %d: padding must be smaller than the "
                        "kernel, stride at least 1",
                        c->r, c->s, c->stride, c->pad);
    int oh = clg_conv_out(x.h, c->r, c->stride, c->pad), ow = clg_conv_out(x.w, c->s, c->stride, c->pad);
    if (oh < 1 || ow < 1 || x.n < 1 || x.c < 1 || y.c < 1)
        return clg_fail(&d->log, CLG_EINVAL, "a %dx%d kernel does not fit a %dx%d map with padding %d", c->r,
                        c->s, x.h, x.w, c->pad);
    int status = clg_shape_expect(d, "convolution's feature map", y, (struct clg_shape){x.n, oh, ow, y.c});
    return status ? status
                  : clg_shape_expect(d, "convolution's weights", w, (struct clg_shape){c->r, c->s, x.c, y.c});
}

// A kernel as large as its map is a plain matrix product: the same memory read as a 1x1 convolution of 1x1
// maps with r*s*c channels. G's first layer and D's last are such.
static struct clg_conv_job flattened(struct clg_conv_job job)
{
    const struct clg_shape x = job.x.shape;
    if (job.conv.pad == 0 && job.conv.r == x.h && job.conv.s == x.w) {
        const int channels = x.h * x.w * x.c;
        job.conv = (struct clg_conv){1, 1, 1, 0};
        job.x.shape = (struct clg_shape){x.n, 1, 1, channels};
        job.w.shape = (struct clg_shape){1, 1, channels, job.w.shape.c};
    }
    return job;
}

const struct clg_conv_variant *clg_conv_default(struct clg_device *d, const struct clg_conv_job *job)
{
    const struct clg_conv_variant *const *rule = d->info.type == CLG_DEVICE_CPU ? default_cpu : default_gpu;
    while ((d->params.exact && !(*rule)->exact) || clg_selftest_cache_dropped(d, *rule) ||
           !(*rule)->fits(d, job))
        rule++; // plain is exact, fits always, and is never dropped
    return *rule;
}

// The row for a job, whose choice is set to the row's.
static const struct clg_conv_variant *pick(struct clg_device *d, struct clg_conv_job *job, bool *forced)
{
    *forced = true;
    for (int i = 0; clg_conv_variants[i]; i++)
        if (clg_variant_forced(d, "conv", clg_conv_variants[i]->name) && clg_conv_variants[i]->fits(d, job))
            return clg_conv_variants[i];
    *forced = false;
    const struct clg_tuning_entry *found = clg_tuning_find(d, job);
    job->config = 0;
    if (!found || clg_selftest_cache_dropped(d, found->variant))
        return clg_conv_default(d, job);
    job->config = found->config;
    return found->variant;
}

static int op_begin(struct clg_device *d, const struct clg_conv_job *j, const char *variant)
{
    static const char *const names[] = {"conv forward", "conv data grad", "conv filter grad"};
    struct clg_op_time op = {.flops = clg_conv_flops(j), .bytes = clg_conv_bytes(j)};
    snprintf(op.name, sizeof op.name, "%s", names[j->pass]);
    snprintf(op.variant, sizeof op.variant, "%s", variant);
    snprintf(op.shape, sizeof op.shape, "%dx%dx%d - %dx%dx%d, %dx%d/%d", j->x.shape.h, j->x.shape.w,
             j->x.shape.c, j->y.shape.h, j->y.shape.w, j->y.shape.c, j->conv.r, j->conv.s, j->conv.stride);
    return clg_op_begin(d, &op);
}

int clg_conv_run(struct clg_device *d, const struct clg_conv_job *given)
{
    int status = job_check(d, given);
    if (status)
        return status;
    struct clg_conv_job job = flattened(*given);
    if (d->collect_conv) {
        d->collect_conv(d->collect_conv_user, &job);
        return 0;
    }
    const struct clg_conv_variant *variant;
    do {
        bool forced;
        variant = pick(d, &job, &forced);
        status = clg_conv_check(d, &job, variant, forced);
    } while (status > 0);
    if (!status)
        status = op_begin(d, given, variant->name);
    if (!status)
        status = variant->run(d, &job);
    clg_op_end(d);
    return status;
}

int clg_conv_forward(struct clg_device *d, struct clg_conv conv, struct clg_tensor x, struct clg_tensor w,
                     struct clg_tensor y)
{
    struct clg_conv_job job = {CLG_CONV_FORWARD, conv, x, w, y, false, 0};
    return clg_conv_run(d, &job);
}

int clg_conv_backward_data(struct clg_device *d, struct clg_conv conv, struct clg_tensor dy,
                           struct clg_tensor w, struct clg_tensor dx)
{
    struct clg_conv_job job = {CLG_CONV_BACKWARD_DATA, conv, dx, w, dy, false, 0};
    return clg_conv_run(d, &job);
}

int clg_conv_backward_filter(struct clg_device *d, struct clg_conv conv, struct clg_tensor x,
                             struct clg_tensor dy, struct clg_tensor dw, bool accumulate)
{
    struct clg_conv_job job = {CLG_CONV_BACKWARD_FILTER, conv, x, dw, dy, accumulate, 0};
    return clg_conv_run(d, &job);
}

// --- plain -------------------------------------------------------------------------------------

static bool plain_fits(struct clg_device *d, const struct clg_conv_job *job)
{
    (void)d, (void)job;
    return true;
}

static int plain_run(struct clg_device *d, const struct clg_conv_job *j)
{
    static const char *const kernels[] = {"conv_plain_forward", "conv_plain_data", "conv_plain_filter"};
    const struct clg_tensor *out = j->pass == CLG_CONV_FORWARD         ? &j->y
                                   : j->pass == CLG_CONV_BACKWARD_DATA ? &j->x
                                                                       : &j->w;
    const struct clg_tensor *a = j->pass == CLG_CONV_BACKWARD_DATA ? &j->y : &j->x;
    const struct clg_tensor *b = j->pass == CLG_CONV_BACKWARD_FILTER ? &j->y : &j->w;
    char options[256];
    clg_conv_options(j, options, sizeof options);
    struct clg_launch l = {.file = "conv_plain.cl",
                           .kernel = kernels[j->pass],
                           .options = options,
                           .global = {clg_shape_count(out->shape)},
                           .local = {(size_t)d->work_group},
                           .flops = clg_conv_flops(j),
                           .bytes = clg_conv_bytes(j)};
    struct clg_arg args[] = {CLG_T(*a), CLG_T(*b), CLG_T(*out), CLG_I(j->x.shape.n), CLG_I(j->accumulate)};
    return clg_launch(d, &l, args, j->pass == CLG_CONV_BACKWARD_FILTER ? 5 : 4);
}

const struct clg_conv_variant clg_conv_plain = {"plain", true, 0, plain_fits, plain_run};
