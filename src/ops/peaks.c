// What the device can do at most: its multiply-adds and its memory's bytes a second, measured.
#include "ops/peaks.h"

#include "base/file.h"
#include "ops/ops.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    REPEATS = 8,         // the best one counts
    ROUNDS = 256,        // of the multiply-add kernel in one pass
    ITEMS_A_CORE = 4,    // a core that is late leaves some to the others
    ITEMS_A_UNIT = 2048, // enough for any GPU to hide its latencies
    LEAST_MIB = 64,      // of each of the stream's arrays
    MOST_MIB = 256,      // likewise
    CACHES = 4,          // arrays are that many times as large as the last cache
    FLOATS_A_MIB = 1 << 18,
};
static const double LONG_ENOUGH = 0.02; // seconds: starting a kernel does not count then

static bool is_cpu(const struct clg_device *d)
{
    return d->info.type == CLG_DEVICE_CPU;
}

static size_t group_of(const struct clg_device *d)
{
    return is_cpu(d) ? 1 : (size_t)d->work_group;
}

static size_t items_of(const struct clg_device *d)
{
    return d->info.compute_units * (size_t)(is_cpu(d) ? ITEMS_A_CORE : ITEMS_A_UNIT);
}

// Vectors that fill the latency of the multiply-adds and fit the registers, two of which hold a and b: 16 of
// them with AVX2 and SSE, 32 with AVX-512. On GPUs work-items fill it, so that a few do.
static int accumulators(const struct clg_device *d)
{
    return !is_cpu(d) ? 4 : d->vector == 16 ? 24 : 12;
}

static int launch(struct clg_device *d, const char *kernel, size_t items, double flops, double bytes,
                  const struct clg_arg *args, int n)
{
    char options[64];
    snprintf(options, sizeof options, " -DGROUP=%zu -DACCUMULATORS=%d", group_of(d), accumulators(d));
    struct clg_launch l = {.file = "peaks.cl",
                           .kernel = kernel,
                           .options = options,
                           .global = {items},
                           .local = {group_of(d)},
                           .flops = flops,
                           .bytes = bytes};
    return clg_launch(d, &l, args, n);
}

// --- the two kernels ---------------------------------------------------------------------------
struct clg_fma_size clg_ceiling_fma_size(const struct clg_device *d)
{
    return (struct clg_fma_size){items_of(d), (size_t)(accumulators(d) * d->vector)};
}

int clg_ceiling_fma(struct clg_device *d, float a, float b, int rounds, struct clg_tensor x)
{
    struct clg_fma_size size = clg_ceiling_fma_size(d);
    int status = clg_shape_expect(d, "multiply-adds", x.shape,
                                  (struct clg_shape){1, 1, 1, (int)(size.items * size.each)});
    struct clg_arg args[] = {CLG_F(a), CLG_F(b), CLG_I(rounds), CLG_T(x)};
    double flops = 2.0 * rounds * (double)(size.items * size.each);
    return status ? status : launch(d, "ceiling_fma", size.items, flops, 0, CLG_ARGS(args));
}

size_t clg_ceiling_stream_size(const struct clg_device *d, size_t floats)
{
    size_t together = items_of(d) * (size_t)d->vector;
    return floats / together * together;
}

int clg_ceiling_stream(struct clg_device *d, float a, struct clg_tensor x, struct clg_tensor y,
                       struct clg_tensor out)
{
    size_t n = clg_ceiling_stream_size(d, clg_shape_count(out.shape));
    int status = clg_shape_expect(d, "stream", x.shape, out.shape);
    if (!status)
        status = clg_shape_expect(d, "stream", y.shape, out.shape);
    struct clg_arg args[] = {CLG_F(a), CLG_T(x), CLG_T(y), CLG_T(out),
                             CLG_I(n / items_of(d) / (size_t)d->vector)};
    return status
               ? status
               : launch(d, "ceiling_stream", items_of(d), 2.0 * (double)n, 12.0 * (double)n, CLG_ARGS(args));
}

// --- their rates -------------------------------------------------------------------------------
struct job {
    int (*run)(struct clg_device *d, const struct job *job, int passes);
    struct clg_tensor x, y, out;
};

// Every value swings about b / (1 - a) and hardly nears it: finite for ever, and never the same bits twice.
static int fma_run(struct clg_device *d, const struct job *job, int passes)
{
    return clg_ceiling_fma(d, -0.9999999f, 1, ROUNDS * passes, job->x);
}

static int stream_run(struct clg_device *d, const struct job *job, int passes)
{
    int status = 0;
    for (int i = 0; i < passes && !status; i++)
        status = clg_ceiling_stream(d, 0.5f, job->x, job->y, job->out);
    return status;
}

static int seconds_of(struct clg_device *d, const struct job *job, int passes, double *seconds)
{
    double begun = clg_seconds();
    int status = job->run(d, job, passes);
    if (!status)
        status = clg_device_finish(d);
    *seconds = clg_seconds() - begun;
    return status;
}

// Passes a second, the most of several trials that are long enough to tell.
static int rate(struct clg_device *d, const struct job *job, double *passes_a_second)
{
    double seconds, best = INFINITY;
    int passes = 1, status = seconds_of(d, job, passes, &seconds); // compiles
    if (!status)
        status = seconds_of(d, job, passes, &seconds);
    while (!status && seconds < LONG_ENOUGH && passes < 1 << 20) {
        passes *= 2;
        status = seconds_of(d, job, passes, &seconds);
    }
    for (int i = 0; i < REPEATS && !status; i++) {
        status = seconds_of(d, job, passes, &seconds);
        best = fmin(best, seconds);
    }
    *passes_a_second = passes / best;
    return status;
}

// A vector of its own slab, filled: memory that nothing was written to may not be there yet.
static int vector_new(struct clg_device *d, struct clg_slab **slab, size_t n, float value,
                      struct clg_tensor *x)
{
    struct clg_shape shape = {1, 1, 1, (int)n};
    int status = clg_slab_new(slab, d, clg_slab_size(shape));
    if (!status)
        status = clg_slab_take(*slab, shape, x);
    return status ? status : clg_fill(d, *x, value);
}

static int fma_rate(struct clg_device *d, double *flops)
{
    struct clg_fma_size size = clg_ceiling_fma_size(d);
    size_t n = size.items * size.each;
    struct job job = {.run = fma_run};
    struct clg_slab *slab = NULL;
    int status = vector_new(d, &slab, n, 0.3f, &job.x);
    if (!status)
        status = rate(d, &job, flops);
    *flops *= 2.0 * ROUNDS * (double)n;
    clg_slab_free(&slab);
    return status;
}

// Floats of an array that no cache holds, three of which the device has room for.
static size_t stream_floats(const struct clg_device *d)
{
    cl_ulong cache = 0;
    clGetDeviceInfo(d->id, CL_DEVICE_GLOBAL_MEM_CACHE_SIZE, sizeof cache, &cache, NULL);
    double wanted = fmax((double)cache * CACHES / sizeof(float), (double)LEAST_MIB * FLOATS_A_MIB);
    double room = fmin((double)d->info.max_allocation, (double)d->info.memory / 8) / sizeof(float);
    double floats = fmin(fmin(wanted, (double)MOST_MIB * FLOATS_A_MIB), room);
    return clg_ceiling_stream_size(d, (size_t)floats);
}

static int stream_rate(struct clg_device *d, double *bytes)
{
    size_t n = stream_floats(d);
    struct job job = {.run = stream_run};
    struct clg_slab *slabs[3] = {NULL, NULL, NULL};
    struct clg_tensor *const arrays[3] = {&job.x, &job.y, &job.out};
    int status = 0;
    for (int i = 0; i < 3 && !status; i++)
        status = vector_new(d, &slabs[i], n, 1 + (float)i, arrays[i]);
    if (!status)
        status = rate(d, &job, bytes);
    *bytes *= 12.0 * (double)n;
    for (int i = 0; i < 3; i++)
        clg_slab_free(&slabs[i]);
    return status;
}

int clg_device_peaks(struct clg_device *d, struct clg_peaks *peaks)
{
    *peaks = (struct clg_peaks){0};
    int status = fma_rate(d, &peaks->flops);
    return status ? status : stream_rate(d, &peaks->bytes);
}
