// clgan bench: how fast the training step, its operations, the generator and the loader are here.
#include "cli/cmd/bench.h"

#include <math.h>
#include <stdlib.h>

#define AT(field) offsetof(struct bench_options, field)
static const struct clg_option bench_table[] = {
    {"what", CLG_OPTION_CHOICE, AT(what), 0, 0, "step|ops|generate|data|all", NULL, "what to time"},
    {"steps", CLG_OPTION_INT, AT(steps), 1, 1000000, NULL, "N", "steps to time, or samples per measurement"},
    {"warmup", CLG_OPTION_INT, AT(warmup), 0, 1000000, NULL, "N", "untimed steps before them"},
    {"data", CLG_OPTION_PATH, AT(data), 0, 0, NULL, "DIR", "what the loader reads; or builtin:faces"},
    {"threads", CLG_OPTION_INT, AT(threads), 1, 256, NULL, "N", "the loader's threads"},
    {"json", CLG_OPTION_BOOL, AT(json), 0, 0, NULL, NULL, "print one line of JSON instead of words"},
    {0},
};

// --- shared by the parts -----------------------------------------------------------------------
int bench_peaks(struct bench *b)
{
    if (b->peaks.flops > 0)
        return 0;
    cli_progress_line(b->progress, false, "measuring the device's peaks");
    int status = clg_device_peaks(b->device, &b->peaks);
    cli_progress_end(b->progress, false);
    if (status)
        return status;
    if (b->json) {
        bench_number(b->json, "peak_gflops", 1e-9 * b->peaks.flops, 1);
        bench_number(b->json, "peak_gb_per_s", 1e-9 * b->peaks.bytes, 2);
    } else {
        printf("peaks  %.1f GFLOP/s in multiply-adds, %.1f GB/s through memory\n", 1e-9 * b->peaks.flops,
               1e-9 * b->peaks.bytes);
    }
    return 0;
}

int bench_warmup(const struct bench *b)
{
    return b->options.warmup ? b->options.warmup : 1;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double bench_median(double *times, int n)
{
    qsort(times, (size_t)n, sizeof *times, compare);
    return (times[(n - 1) / 2] + times[n / 2]) / 2;
}

void bench_number(cJSON *object, const char *name, double value, int digits)
{
    double scale = pow(10, digits);
    cJSON_AddNumberToObject(object, name, round(value * scale) / scale);
}

// --- the command -------------------------------------------------------------------------------
// Prints or records what the results are for.
static void begin(struct bench *b)
{
    const struct clg_gan_params *p = &b->gan;
    const char *device = b->device ? clg_device_info(b->device)->name : NULL;
    if (!b->options.json) {
        if (device)
            printf("device    %s\n", device);
        printf("model     %dx%dx%d, z %d, ngf %d, ndf %d, batch %d\n", p->size, p->size, p->channels, p->z,
               p->ngf, p->ndf, p->batch);
        return;
    }
    b->json = cJSON_CreateObject();
    cJSON_AddStringToObject(b->json, "clgan", clg_version());
    if (device)
        cJSON_AddStringToObject(b->json, "device", device);
    cJSON_AddNumberToObject(b->json, "size", p->size);
    cJSON_AddNumberToObject(b->json, "channels", p->channels);
    cJSON_AddNumberToObject(b->json, "z", p->z);
    cJSON_AddNumberToObject(b->json, "ngf", p->ngf);
    cJSON_AddNumberToObject(b->json, "ndf", p->ndf);
    cJSON_AddNumberToObject(b->json, "batch", p->batch);
}

static int prepare(struct cli_run *run, void *state)
{
    struct bench *b = state;
    const bool reads = b->options.what == BENCH_DATA || b->options.what == BENCH_ALL;
    struct clg_train_params train = clg_train_params_default();
    b->log = run->log;
    b->progress = &run->progress;
    run->opens_device_later = b->options.what == BENCH_DATA; // never
    train.data = b->options.data;
    train.overwrite = true; // it writes nothing
    train.steps = 1;
    return reads ? clg_train_check(&b->gan, &train, &b->log) : clg_gan_params_check(&b->gan, &b->log);
}

static int bench(struct cli_run *run, void *state)
{
    struct bench *b = state;
    static int (*const parts[])(struct bench *) = {[BENCH_STEP] = bench_step,
                                                   [BENCH_OPS] = bench_ops,
                                                   [BENCH_GENERATE] = bench_generate,
                                                   [BENCH_DATA] = bench_data};
    int status = 0;
    b->device = run->device;
    begin(b);
    for (int i = 0; i < BENCH_ALL && !status; i++)
        if (b->options.what == i || b->options.what == BENCH_ALL)
            status = parts[i](b);
    if (!status && b->json)
        status = cli_json_print(b->json, false, &b->log);
    cJSON_Delete(b->json);
    return status;
}

int cmd_bench(int argc, char **argv)
{
    struct bench b = {
        .began = cli_seconds(),
        .gan = clg_gan_params_default(),
        .options = {
            .steps = 7, .warmup = 2, .data = "builtin:faces", .threads = clg_data_params_default().threads}};
    const struct cli_options tables[] = {
        {"Options", bench_table, &b.options}, {"Model", clg_gan_options, &b.gan}, {0}};
    const struct cli_command command = {
        .usage = "clgan bench [--what step|ops|generate|data|all] [--batch N] [--size N] [--device SPEC] ...",
        .about =
            "Times clgan here, on random pictures and weights; each time is the median of --steps samples.\n"
            "  step      the training step: time, images/s, memory, and the time until the first one is done\n"
            "  ops       each operation of that step by itself: its time, calls per step and share\n"
            "  generate  pictures per second in calls of 64, and the time of one picture alone\n"
            "  data      pictures per second of the loader (needs no device)\n"
            "step and ops also measure the device's peaks, in multiply-adds and memory, and compare with them.\n"
            "A convolution counts the FLOPs of its direct sum: Winograd needs fewer and can exceed 100% of the\n"
            "peak; bytes count each operand once, so caches can exceed 100%.",
        .examples = "  clgan bench --batch 64\n"
                    "  clgan bench --what ops --size 32\n"
                    "  clgan bench --what data --data ~/pictures --threads 4\n"
                    "  clgan bench --what all --device gpu --steps 50 --json\n",
        .options = tables,
        .prepare = prepare,
        .body = bench,
    };
    return cli_run(&command, argc, argv, &b);
}
