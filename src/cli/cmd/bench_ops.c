// clgan bench: each operation of a training step by itself, and how near it comes to the device's peaks.
#include "cli/cmd/bench.h"
#include "cli/cmd/bench_list.h"

#include <stdlib.h>
#include <string.h>

enum { TENSORS_MAX = 16, REPEATS_MAX = 1 << 16 };
static const double SAMPLE_SECONDS = 5e-3; // at least: short operations are repeated within a sample

// --- kinds -------------------------------------------------------------------------------------
static int conv_forward(struct clg_device *d, const struct bench_op *op, const struct clg_tensor *t)
{
    return clg_conv_forward(d, op->conv, t[0], t[1], t[2]);
}

static int conv_data(struct clg_device *d, const struct bench_op *op, const struct clg_tensor *t)
{
    return clg_conv_backward_data(d, op->conv, t[2], t[1], t[0]);
}

static int conv_filter(struct clg_device *d, const struct bench_op *op, const struct clg_tensor *t)
{
    return clg_conv_backward_filter(d, op->conv, t[0], t[2], t[1], false);
}

// Six vectors from t on.
static struct clg_norm norm_of(const struct bench_op *op, const struct clg_tensor *t)
{
    return (struct clg_norm){.gamma = t[0],
                             .beta = t[1],
                             .running_mean = t[2],
                             .running_var = t[3],
                             .save_mean = t[4],
                             .save_inv = t[5],
                             .eps = 1e-5f,
                             .momentum = 0.1f,
                             .act = op->act};
}

static int norm_forward(struct clg_device *d, const struct bench_op *op, const struct clg_tensor *t)
{
    return clg_norm_train(d, norm_of(op, t + 2), t[0], t[1]);
}

static int norm_backward(struct clg_device *d, const struct bench_op *op, const struct clg_tensor *t)
{
    return clg_norm_backward(d, norm_of(op, t + 3), t[0], t[1], t[2], t[9], t[10], false);
}

static int act_forward(struct clg_device *d, const struct bench_op *op, const struct clg_tensor *t)
{
    return clg_act_forward(d, op->act, t[0], t[1]);
}

static int act_backward(struct clg_device *d, const struct bench_op *op, const struct clg_tensor *t)
{
    return clg_act_backward(d, op->act, t[0], t[1], t[2]);
}

static int adam(struct clg_device *d, const struct bench_op *op, const struct clg_tensor *t)
{
    (void)op;
    return clg_adam(d, 0.5f, 0.999f, 1e-8f, t[4], t[0], t[1], t[2], t[3]);
}

static const struct {
    const char *name;
    int (*run)(struct clg_device *d, const struct bench_op *op, const struct clg_tensor *t);
    int maps, vectors; // tensors of x's shape, and of its channels; convolutions have w and y after them
    int moves;         // floats that are read and written for a value of x; convolutions: x, w and y once
} kinds[] = {
    [BENCH_CONV_FORWARD] = {"conv forward", conv_forward, 1, 0, 0},
    [BENCH_CONV_DATA] = {"conv data grad", conv_data, 1, 0, 0},
    [BENCH_CONV_FILTER] = {"conv filter grad", conv_filter, 1, 0, 0},
    [BENCH_NORM] = {"batch norm", norm_forward, 2, 6, 2},
    [BENCH_NORM_BACKWARD] = {"batch norm grad", norm_backward, 3, 8, 3},
    [BENCH_ACT] = {"activation", act_forward, 2, 0, 2},
    [BENCH_ACT_BACKWARD] = {"activation grad", act_backward, 3, 0, 3},
    [BENCH_ADAM] = {"Adam", adam, 5, 0, 7},
};

static bool is_conv(const struct bench_op *op)
{
    return op->conv.r > 0;
}

static double flops_of(const struct bench_op *op)
{
    return 2.0 * (double)clg_shape_count(op->y) * op->conv.r * op->conv.s * op->x.c;
}

static double bytes_of(const struct bench_op *op)
{
    size_t conv = clg_shape_count(op->x) + clg_shape_count(op->w) + clg_shape_count(op->y);
    return 4.0 * (is_conv(op) ? (double)conv : kinds[op->kind].moves * (double)clg_shape_count(op->x));
}

static void shape_text(const struct bench_op *op, char *text, size_t size)
{
    if (op->kind == BENCH_ADAM)
        snprintf(text, size, "%d parameters", op->x.c);
    else if (is_conv(op))
        snprintf(text, size, "%dx%dx%d - %dx%dx%d, %dx%d/%d", op->x.h, op->x.w, op->x.c, op->y.h, op->y.w,
                 op->y.c, op->conv.r, op->conv.s, op->conv.stride);
    else
        snprintf(text, size, "%dx%dx%d", op->x.h, op->x.w, op->x.c);
}

// --- measuring ---------------------------------------------------------------------------------
static int shapes_of(const struct bench_op *op, struct clg_shape *shapes)
{
    int n = 0;
    for (int i = 0; i < kinds[op->kind].maps; i++)
        shapes[n++] = op->x;
    for (int i = 0; i < kinds[op->kind].vectors; i++)
        shapes[n++] = (struct clg_shape){1, 1, 1, op->x.c};
    if (is_conv(op)) {
        shapes[n++] = op->w;
        shapes[n++] = op->y;
    }
    return n;
}

// Between 0 and 1: variances and Adam's second moment must not be negative.
static int fill(struct bench *b, struct clg_tensor tensor)
{
    size_t n = clg_shape_count(tensor.shape);
    float *values = malloc(n * sizeof *values);
    uint8_t *bytes = malloc(n);
    int status = 0;
    if (values && bytes) {
        bench_noise(bytes, n);
        for (size_t i = 0; i < n; i++)
            values[i] = (float)bytes[i] / 256;
        status = clg_tensor_write(b->device, tensor, values);
    } else {
        status = cli_fail(&b->log, CLG_ENOMEM, "out of memory for %zu values: try a smaller --batch", n);
    }
    free(values);
    free(bytes);
    return status;
}

static int tensors_new(struct bench *b, const struct bench_op *op, struct clg_slab **slab,
                       struct clg_tensor *t)
{
    struct clg_shape shapes[TENSORS_MAX];
    int n = shapes_of(op, shapes);
    size_t floats = 0;
    for (int i = 0; i < n; i++)
        floats += clg_slab_size(shapes[i]);
    int status = clg_slab_new(slab, b->device, floats);
    for (int i = 0; i < n && !status; i++) {
        status = clg_slab_take(*slab, shapes[i], &t[i]);
        if (!status)
            status = fill(b, t[i]);
    }
    return status;
}

static int run(struct bench *b, const struct bench_op *op, const struct clg_tensor *t, int times,
               double *seconds)
{
    double before = cli_seconds();
    int status = 0;
    for (int i = 0; i < times && !status; i++)
        status = kinds[op->kind].run(b->device, op, t);
    if (!status)
        status = clg_device_finish(b->device);
    *seconds = cli_seconds() - before;
    return status;
}

static int time_op(struct bench *b, struct bench_op *op, const struct clg_tensor *t, double *times)
{
    int repeats = 1;
    double seconds;
    int status = run(b, op, t, bench_warmup(b), &seconds);
    if (!status)
        status = run(b, op, t, 1, &seconds);
    while (!status && seconds < SAMPLE_SECONDS && repeats < REPEATS_MAX) {
        repeats *= 2;
        status = run(b, op, t, repeats, &seconds);
    }
    for (int i = 0; i < b->options.steps && !status; i++) {
        status = run(b, op, t, repeats, &times[i]);
        times[i] /= repeats;
    }
    op->seconds = bench_median(times, b->options.steps);
    return status;
}

static int measure(struct bench *b, struct bench_list *list)
{
    double *times = calloc((size_t)b->options.steps, sizeof *times);
    int status = times ? 0 : cli_fail(&b->log, CLG_ENOMEM, "out of memory: use fewer --steps");
    for (int i = 0; i < list->n && !status; i++) {
        struct bench_op *op = &list->ops[i];
        struct clg_tensor t[TENSORS_MAX];
        struct clg_slab *slab = NULL;
        char shape[64];
        shape_text(op, shape, sizeof shape);
        cli_progress_line(b->progress, false, "operation %d/%d  %s %s", i + 1, list->n, kinds[op->kind].name,
                          shape);
        status = tensors_new(b, op, &slab, t);
        if (!status)
            status = time_op(b, op, t, times);
        clg_slab_free(&slab);
    }
    cli_progress_end(b->progress, false);
    free(times);
    return status;
}

// --- results -----------------------------------------------------------------------------------
static void print(const struct bench *b, const struct bench_list *list, double total)
{
    printf("\n%-16s  %-30s %10s %5s %6s  %8s %6s  %8s %6s\n", "operation", "shape", "ms", "calls", "share",
           "GFLOP/s", "peak", "GB/s", "memory");
    for (int i = 0; i < list->n; i++) {
        const struct bench_op *op = &list->ops[i];
        char shape[64], flops[32] = "";
        double f = flops_of(op) / op->seconds, m = bytes_of(op) / op->seconds;
        shape_text(op, shape, sizeof shape);
        if (is_conv(op))
            snprintf(flops, sizeof flops, "%8.1f %5.0f%%", 1e-9 * f, 100 * f / b->peaks.flops);
        printf("%-16s  %-30s %10.3f %5d %5.1f%%  %15s  %8.1f %5.0f%%\n", kinds[op->kind].name, shape,
               op->seconds * 1e3, op->calls, 100 * op->calls * op->seconds / total, flops, 1e-9 * m,
               100 * m / b->peaks.bytes);
    }
    printf("calls x ms: %.1f ms for a step\n", total * 1e3);
}

static void add(const struct bench *b, const struct bench_list *list, double total)
{
    cJSON *rows = cJSON_AddArrayToObject(b->json, "ops");
    for (int i = 0; i < list->n; i++) {
        const struct bench_op *op = &list->ops[i];
        char shape[64];
        double f = flops_of(op) / op->seconds, m = bytes_of(op) / op->seconds;
        shape_text(op, shape, sizeof shape);
        cJSON *o = cJSON_CreateObject();
        cJSON_AddItemToArray(rows, o);
        cJSON_AddStringToObject(o, "op", kinds[op->kind].name);
        cJSON_AddStringToObject(o, "shape", shape);
        cJSON_AddNumberToObject(o, "calls", op->calls);
        bench_number(o, "ms", op->seconds * 1e3, 6);
        if (is_conv(op)) {
            cJSON_AddNumberToObject(o, "gflop", 1e-9 * flops_of(op));
            bench_number(o, "gflops", 1e-9 * f, 6);
            bench_number(o, "fraction_of_peak", f / b->peaks.flops, 6);
        }
        bench_number(o, "gb_per_s", 1e-9 * m, 6);
        bench_number(o, "fraction_of_bandwidth", m / b->peaks.bytes, 6);
    }
    bench_number(b->json, "ops_ms", total * 1e3, 3);
}

int bench_ops(struct bench *b)
{
    struct bench_list list;
    double total = 0;
    int status = clg_gan_params_check(&b->gan, &b->log);
    if (status)
        return status;
    bench_list_make(&b->gan, &list);
    status = bench_peaks(b);
    if (!status)
        status = measure(b, &list);
    if (status)
        return status;
    for (int i = 0; i < list.n; i++)
        total += list.ops[i].calls * list.ops[i].seconds;
    if (b->json)
        add(b, &list, total);
    else
        print(b, &list, total);
    return 0;
}
