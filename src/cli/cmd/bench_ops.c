// clgan bench: each operation of a training step alone, and how close it comes to the device's peaks.
#include "cli/cmd/bench.h"

#include <stdlib.h>

static void progress_line(void *user, const char *what, size_t done, size_t total)
{
    cli_progress_line(user, false, "operation %zu/%zu  %s", done + 1, total, what);
}

static int measure(struct bench *b, struct clg_op_time **ops, int *count)
{
    struct clg_gan *gan = NULL;
    int status = clg_gan_new(&gan, b->device, &b->gan);
    if (!status)
        status = clg_gan_step_ops(gan, b->options.steps, progress_line, b->progress, ops, count);
    cli_progress_end(b->progress, false);
    clg_gan_free(&gan);
    return status;
}

static int longer_share(const void *a, const void *b)
{
    const struct clg_op_time *x = a, *y = b;
    const double s = x->calls * x->seconds, t = y->calls * y->seconds;
    return (s < t) - (s > t);
}

static bool is_conv(const struct clg_op_time *op)
{
    return *op->variant;
}

static void print(const struct bench *b, const struct clg_op_time *ops, int count, double total)
{
    printf("\n%-16s  %-30s  %-8s %10s %5s %6s  %8s %6s  %8s %6s\n", "operation", "shape", "variant", "ms",
           "calls", "share", "GFLOP/s", "peak", "GB/s", "memory");
    for (const struct clg_op_time *op = ops; op < ops + count; op++) {
        char flops[32] = "";
        const double f = op->flops / op->seconds, m = op->bytes / op->seconds;
        if (is_conv(op))
            snprintf(flops, sizeof flops, "%8.1f %5.0f%%", 1e-9 * f, 100 * f / b->peaks.flops);
        printf("%-16s  %-30s  %-8s %10.3f %5d %5.1f%%  %15s  %8.1f %5.0f%%\n", op->name, op->shape,
               op->variant, op->seconds * 1e3, op->calls, 100 * op->calls * op->seconds / total, flops,
               1e-9 * m, 100 * m / b->peaks.bytes);
    }
    printf("calls x ms: %.1f ms per step\n", total * 1e3);
}

static void add_op(const struct bench *b, cJSON *rows, const struct clg_op_time *op)
{
    const double f = op->flops / op->seconds, m = op->bytes / op->seconds;
    cJSON *o = cJSON_CreateObject();
    cJSON_AddItemToArray(rows, o);
    cJSON_AddStringToObject(o, "op", op->name);
    cJSON_AddStringToObject(o, "shape", op->shape);
    if (is_conv(op))
        cJSON_AddStringToObject(o, "variant", op->variant);
    cJSON_AddNumberToObject(o, "calls", op->calls);
    bench_number(o, "ms", op->seconds * 1e3, 6);
    if (is_conv(op)) {
        cJSON_AddNumberToObject(o, "gflop", 1e-9 * op->flops);
        bench_number(o, "gflops", 1e-9 * f, 6);
        bench_number(o, "fraction_of_peak", f / b->peaks.flops, 6);
    }
    bench_number(o, "gb_per_s", 1e-9 * m, 6);
    bench_number(o, "fraction_of_bandwidth", m / b->peaks.bytes, 6);
}

int bench_ops(struct bench *b)
{
    struct clg_op_time *ops = NULL;
    int count;
    int status = bench_peaks(b);
    if (!status)
        status = measure(b, &ops, &count);
    if (!status) {
        double total = 0;
        qsort(ops, (size_t)count, sizeof *ops, longer_share);
        for (int i = 0; i < count; i++)
            total += ops[i].calls * ops[i].seconds;
        if (b->json) {
            cJSON *rows = cJSON_AddArrayToObject(b->json, "ops");
            for (int i = 0; i < count; i++)
                add_op(b, rows, &ops[i]);
            bench_number(b->json, "ops_ms", total * 1e3, 3);
        } else {
            print(b, ops, count, total);
        }
    }
    free(ops);
    return status;
}
