// The dispatcher: picks a variant for each convolution, after a self-test on the device, and runs it.
#include "ops/ops.h"

#include "base/hash.h"
#include "base/log.h"
#include "selftest/selftest.h"
#include "tune/table.h"

#include <stdio.h>

#define VARIANT(name) &clg_conv_##name,
typedef const struct clg_conv_variant *const variant_list[];
variant_list clg_conv_variants = {CLG_CONV_VARIANTS(VARIANT) NULL};
static variant_list default_cpu = {CLG_CONV_DEFAULT_CPU(VARIANT) NULL};
static variant_list default_gpu = {CLG_CONV_DEFAULT_GPU(VARIANT) NULL};

// A variant, and why it was picked.
struct pick {
    const struct clg_conv_variant *variant;
    bool forced;
    char why[160];
};

// Why the variant cannot be a default here; NULL: it can.
static const char *obstacle(struct clg_device *d, const struct clg_conv_job *job,
                            const struct clg_conv_variant *variant)
{
    if (d->params.exact && !variant->exact)
        return "is not exact";
    if (clg_selftest_cache_dropped(d, variant))
        return "failed its self-test";
    return variant->fits(d, job) ? NULL : "does not fit";
}

// `why` may be NULL.
static const struct clg_conv_variant *pick_default(struct clg_device *d, const struct clg_conv_job *job,
                                                   char *why, size_t size)
{
    const bool cpu = d->info.type == CLG_DEVICE_CPU;
    const struct clg_conv_variant *const *list = cpu ? default_cpu : default_gpu;
    int n = snprintf(why, size, "default for %s", cpu ? "CPUs" : "GPUs");
    const char *reason;
    while ((reason = obstacle(d, job, *list))) { // ends at plain
        if ((size_t)n < size)
            n += snprintf(why + n, size - (size_t)n, ", %s %s", (*list)->name, reason);
        list++;
    }
    return *list;
}

const struct clg_conv_variant *clg_conv_default(struct clg_device *d, const struct clg_conv_job *job)
{
    char why[1];
    return pick_default(d, job, why, sizeof why);
}

// Forced, else tuned, else default. Sets the job's config.
static struct pick pick(struct clg_device *d, struct clg_conv_job *job)
{
    for (int i = 0; clg_conv_variants[i]; i++)
        if (clg_variant_forced(d, "conv", clg_conv_variants[i]->name) && clg_conv_variants[i]->fits(d, job))
            return (struct pick){clg_conv_variants[i], true, "forced"};
    const struct clg_tuning_entry *tuned = clg_tuning_find(d, job);
    struct pick p = {.forced = false};
    if (tuned && !clg_selftest_cache_dropped(d, tuned->variant)) {
        job->config = tuned->config;
        p.variant = tuned->variant;
        snprintf(p.why, sizeof p.why, "tuned, configuration %d, %.3g ms at batch %d", tuned->config,
                 tuned->ms, tuned->n);
    } else {
        job->config = 0;
        p.variant = pick_default(d, job, p.why, sizeof p.why);
    }
    return p;
}

// One information line for each convolution that is recorded, however often a step has it.
static void report_pick(struct clg_device *d, const struct clg_conv_job *job, const struct pick *p)
{
    if (d->mode != CLG_MODE_RECORD)
        return;
    char shape[96], line[384];
    clg_conv_shape_text(job, shape, sizeof shape);
    snprintf(line, sizeof line, "convolution %s %s: %s (%s)", clg_conv_pass_names[job->pass], shape,
             p->variant->name, p->why);
    const uint64_t hash = clg_hash_text(CLG_HASH_START, line);
    struct clg_ops_state *ops = d->ops;
    for (int i = 0; i < ops->reported_n; i++)
        if (ops->reported[i] == hash)
            return;
    if (ops->reported_n == CLG_REPORTED)
        return;
    ops->reported[ops->reported_n++] = hash;
    clg_log_line(&d->log, CLG_LOG_INFO, "%s", line);
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

int clg_conv_run(struct clg_device *d, const struct clg_conv_job *requested)
{
    int status = clg_conv_job_check(d, requested);
    if (status)
        return status;
    struct clg_conv_job job = clg_conv_job_flat(*requested);
    if (d->ops->collect_conv) {
        d->ops->collect_conv(d->ops->collect_conv_user, &job);
        return 0;
    }
    struct pick p;
    do { // a variant that fails its self-test is dropped, and the next one takes over
        p = pick(d, &job);
        status = clg_conv_check(d, &job, p.variant, p.forced);
    } while (status > 0);
    if (status)
        return status;
    report_pick(d, &job, &p);
    status = op_begin(d, requested, p.variant->name);
    if (!status)
        status = p.variant->run(d, &job);
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
