// clgan bench: pictures from the generator and from the loader.
#include "cli/cmd/bench.h"

#include <stdlib.h>

enum { TOGETHER = 64 };               // pictures per call, as in `clgan generate`
static const double DATA_SECONDS = 1; // at least: the loader is timed as a whole

// --- generate ----------------------------------------------------------------------------------
struct drawing {
    struct clg_gan *gan;
    float *z, *pictures; // of TOGETHER pictures
    double *times;
};

// The median time of drawing n pictures, in seconds.
static int time_drawing(struct bench *b, const struct drawing *g, int n, double *median)
{
    int warmup = bench_warmup(b);
    for (int i = -warmup; i < b->options.steps; i++) {
        double before = cli_seconds();
        int status = clg_gan_generate(g->gan, g->z, n, g->pictures);
        if (status)
            return status;
        if (i >= 0)
            g->times[i] = cli_seconds() - before;
        cli_progress_line(b->progress, false, "drawing %d: %d/%d", n, i + 1 + warmup,
                          b->options.steps + warmup);
    }
    *median = bench_median(g->times, b->options.steps);
    return 0;
}

static int measure_drawing(struct bench *b, double *together, double *alone)
{
    const struct clg_gan_params *p = &b->gan;
    size_t picture = (size_t)p->size * (size_t)p->size * (size_t)p->channels;
    struct drawing g = {.z = malloc(TOGETHER * (size_t)p->z * sizeof *g.z),
                        .pictures = malloc(TOGETHER * picture * sizeof *g.pictures),
                        .times = calloc((size_t)b->options.steps, sizeof *g.times)};
    int status = 0;
    if (!g.z || !g.pictures || !g.times)
        status = cli_fail(&b->log, CLG_ENOMEM, "out of memory for %d pictures", TOGETHER);
    if (!status)
        status = clg_gan_new(&g.gan, b->device, p);
    if (!status) {
        clg_gan_noise(p, p->seed, 0, TOGETHER, g.z);
        status = time_drawing(b, &g, TOGETHER, together);
    }
    if (!status)
        status = time_drawing(b, &g, 1, alone);
    clg_gan_free(&g.gan);
    free(g.z);
    free(g.pictures);
    free(g.times);
    return status;
}

int bench_generate(struct bench *b)
{
    double together, alone;
    int status = measure_drawing(b, &together, &alone);
    cli_progress_end(b->progress, false);
    if (status)
        return status;
    if (b->json) {
        cJSON *o = cJSON_AddObjectToObject(b->json, "generate");
        cJSON_AddNumberToObject(o, "batch", TOGETHER);
        bench_number(o, "batch_ms", together * 1e3, 3);
        bench_number(o, "images_per_s", TOGETHER / together, 1);
        bench_number(o, "latency_ms", alone * 1e3, 3);
    } else {
        printf("\ngenerate  %.1f images/s in calls of %d, %.2f ms for one picture alone\n",
               TOGETHER / together, TOGETHER, alone * 1e3);
    }
    return 0;
}

// --- data --------------------------------------------------------------------------------------
// Takes batches as fast as they come; *rate: images per second.
static int time_loading(struct bench *b, struct clg_data *data, uint8_t *pixels, double *rate)
{
    double begun = 0, spent = 0;
    for (int i = -b->options.warmup; i < b->options.steps || spent < DATA_SECONDS; i++) {
        if (i == 0)
            begun = cli_seconds();
        int status = clg_data_next(data, pixels);
        if (status)
            return status;
        if (i >= 0) {
            spent = cli_seconds() - begun;
            *rate = (i + 1) * (double)b->gan.batch / spent;
        }
        cli_progress_line(b->progress, false, "loading: batch %d", i + 1 + b->options.warmup);
    }
    return 0;
}

static int measure_loading(struct bench *b, double *rate, struct clg_data_info *info)
{
    struct clg_data_params p = clg_data_params_default();
    p.path = b->options.data;
    p.size = b->gan.size;
    p.channels = b->gan.channels;
    p.batch = b->gan.batch;
    p.threads = b->options.threads;
    p.log = b->log;
    struct clg_data *data = NULL;
    size_t bytes = (size_t)p.batch * (size_t)p.size * (size_t)p.size * (size_t)p.channels;
    uint8_t *pixels = malloc(bytes);
    int status = pixels ? clg_data_open(&data, &p)
                        : cli_fail(&b->log, CLG_ENOMEM,
                                   "out of memory for %d pictures: try a smaller --batch", p.batch);
    if (!status)
        status = time_loading(b, data, pixels, rate);
    if (!status)
        clg_data_info(data, info);
    clg_data_close(&data);
    free(pixels);
    return status;
}

int bench_data(struct bench *b)
{
    double rate = 0;
    struct clg_data_info info;
    int status = measure_loading(b, &rate, &info);
    cli_progress_end(b->progress, false);
    if (status)
        return status;
    if (b->json) {
        cJSON *o = cJSON_AddObjectToObject(b->json, "data");
        cJSON_AddStringToObject(o, "source", b->options.data);
        cJSON_AddNumberToObject(o, "threads", b->options.threads);
        cJSON_AddNumberToObject(o, "skipped", (double)info.skipped);
        bench_number(o, "images_per_s", rate, 1);
    } else {
        printf("\ndata      %.1f images/s from %s by %d thread%s\n", rate, cli_shown(b->options.data),
               b->options.threads, b->options.threads == 1 ? "" : "s");
    }
    return 0;
}
