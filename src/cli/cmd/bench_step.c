// clgan bench: the training step, its memory and its start.
#include "cli/cmd/bench.h"

#include <stdlib.h>
#include <sys/resource.h>

struct step_result {
    double median, best, start; // seconds; start: from the command's start to the end of the first step
    double gflop;               // of one step
    double device_mib, process_mib;
};

static int time_steps(struct bench *b, struct clg_gan *gan, const uint8_t *real, double *times, double *start)
{
    const struct bench_options *o = &b->options;
    for (int i = -o->warmup; i < o->steps; i++) {
        struct clg_gan_metrics metrics;
        double before = cli_seconds();
        int status = clg_gan_step(gan, real, &metrics);
        if (status)
            return status;
        double after = cli_seconds();
        if (i == -o->warmup)
            *start = after - b->began;
        if (i >= 0)
            times[i] = after - before;
        cli_progress_line(b->progress, false, "step %d/%d  %.1f ms", i + 1 + o->warmup, o->steps + o->warmup,
                          (after - before) * 1e3);
    }
    return 0;
}

// The process's peak memory in MiB.
static double process_peak(void)
{
    struct rusage usage;
    return getrusage(RUSAGE_SELF, &usage) ? 0 : (double)usage.ru_maxrss / 1024;
}

static int step_gflop(struct clg_gan *gan, double *gflop)
{
    struct clg_op_time *ops;
    int count, status = clg_gan_step_ops(gan, 0, NULL, NULL, &ops, &count);
    *gflop = 0;
    for (int i = 0; i < count; i++)
        *gflop += 1e-9 * ops[i].calls * ops[i].flops;
    free(ops);
    return status;
}

static int measure(struct bench *b, struct step_result *r)
{
    const struct clg_gan_params *p = &b->gan;
    size_t bytes = (size_t)p->batch * (size_t)p->size * (size_t)p->size * (size_t)p->channels;
    struct clg_gan *gan = NULL;
    double *times = calloc((size_t)b->options.steps, sizeof *times);
    uint8_t *real = malloc(bytes);
    int status = 0;
    if (!times || !real)
        status =
            cli_fail(&b->log, CLG_ENOMEM, "out of memory for %d pictures: try a smaller --batch", p->batch);
    if (!status)
        status = clg_gan_new(&gan, b->device, p);
    if (!status) {
        clg_random_bytes(0, bytes, real);
        status = time_steps(b, gan, real, times, &r->start);
    }
    if (!status) {
        uint64_t peak;
        clg_device_memory(b->device, &peak);
        r->median = bench_median(times, b->options.steps);
        r->best = times[0];
        r->device_mib = (double)peak / (1 << 20);
        r->process_mib = process_peak();
        status = step_gflop(gan, &r->gflop);
    }
    clg_gan_free(&gan);
    free(real);
    free(times);
    return status;
}

static void add(const struct bench *b, const struct step_result *r)
{
    bench_number(b->json, "step_ms", r->median * 1e3, 3);
    bench_number(b->json, "best_ms", r->best * 1e3, 3);
    bench_number(b->json, "images_per_s", b->gan.batch / r->median, 1);
    bench_number(b->json, "gflops", r->gflop / r->median, 1);
    bench_number(b->json, "fraction_of_peak", 1e9 * r->gflop / r->median / b->peaks.flops, 4);
    bench_number(b->json, "memory_mib", r->device_mib, 1);
    bench_number(b->json, "peak_rss_mib", r->process_mib, 1);
    bench_number(b->json, "start_s", r->start, 3);
}

static void print(const struct bench *b, const struct step_result *r)
{
    printf("\nstep      %.1f ms (median of %d; best %.1f), %.1f images/s\n", r->median * 1e3,
           b->options.steps, r->best * 1e3, b->gan.batch / r->median);
    printf("          %.1f GFLOP/s, %.0f%% of the multiply-add peak\n", r->gflop / r->median,
           1e11 * r->gflop / r->median / b->peaks.flops);
    printf("memory    %.1f MiB on the device, %.1f MiB in the process\n", r->device_mib, r->process_mib);
    printf("start     %.2f s to the end of the first step\n", r->start);
}

int bench_step(struct bench *b)
{
    struct step_result result = {0};
    int status = measure(b, &result);
    cli_progress_end(b->progress, false);
    if (!status)
        status = bench_peaks(b);
    if (status)
        return status;
    if (b->json)
        add(b, &result);
    else
        print(b, &result);
    return 0;
}
