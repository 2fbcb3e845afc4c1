// clgan bench: the time of a training step, as one line of JSON.
#include "cli.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdlib.h>

struct bench_options {
    int steps, warmup;
};

#define AT(field) offsetof(struct bench_options, field)
static const struct clg_option bench_table[] = {
    {"steps", CLG_OPTION_INT, AT(steps), 1, 1000000, NULL, "N", "steps to time"},
    {"warmup", CLG_OPTION_INT, AT(warmup), 0, 1000000, NULL, "N", "steps before them"},
    {0},
};

struct times {
    double *step; // seconds, one for each timed step
    double start; // from the command's start to the end of the first step
};

// Noise, not zeros: some processors are faster on zeros.
static void fill_random(uint8_t *bytes, size_t n)
{
    uint64_t state = 1;
    for (size_t i = 0; i < n; i++) {
        state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        bytes[i] = (uint8_t)(state >> 56);
    }
}

static int time_steps(struct clg_gan *gan, const struct bench_options *o, const uint8_t *real, double began,
                      struct cli_progress *progress, struct times *times)
{
    for (int i = -o->warmup; i < o->steps; i++) {
        struct clg_gan_metrics metrics;
        double before = cli_seconds();
        int status = clg_gan_step(gan, real, &metrics);
        if (status)
            return status;
        double after = cli_seconds();
        if (i == -o->warmup)
            times->start = after - began;
        if (i >= 0)
            times->step[i] = after - before;
        cli_progress_line(progress, false, "step %d/%d  %.1f ms", i + 1 + o->warmup, o->steps + o->warmup,
                          (after - before) * 1e3);
    }
    cli_progress_end(progress, false);
    return 0;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double rounded(double value, int digits)
{
    double scale = pow(10, digits);
    return round(value * scale) / scale;
}

// The fields of the PyTorch script's lines, counted alike: eight passes of D and three of G.
static int print_result(struct clg_device *device, const struct clg_gan_params *gan,
                        const struct bench_options *o, struct times *times)
{
    qsort(times->step, (size_t)o->steps, sizeof *times->step, compare);
    double median = (times->step[(o->steps - 1) / 2] + times->step[o->steps / 2]) / 2;
    double generator, discriminator;
    uint64_t peak;
    clg_gan_cost(gan, &generator, &discriminator);
    clg_device_memory(device, &peak);
    cJSON *r = cJSON_CreateObject();
    cJSON_AddStringToObject(r, "clgan", clg_version());
    cJSON_AddStringToObject(r, "device", clg_device_info(device)->name);
    cJSON_AddNumberToObject(r, "size", gan->size);
    cJSON_AddNumberToObject(r, "channels", gan->channels);
    cJSON_AddNumberToObject(r, "ngf", gan->ngf);
    cJSON_AddNumberToObject(r, "ndf", gan->ndf);
    cJSON_AddNumberToObject(r, "batch", gan->batch);
    cJSON_AddNumberToObject(r, "step_ms", rounded(median * 1e3, 3));
    cJSON_AddNumberToObject(r, "best_ms", rounded(times->step[0] * 1e3, 3));
    cJSON_AddNumberToObject(r, "images_per_s", rounded(gan->batch / median, 1));
    cJSON_AddNumberToObject(r, "gflops",
                            rounded(gan->batch * 2e-3 * (8 * discriminator + 3 * generator) / median, 1));
    cJSON_AddNumberToObject(r, "memory_mib", rounded((double)peak / (1 << 20), 1));
    cJSON_AddNumberToObject(r, "start_s", rounded(times->start, 3));
    char *text = cJSON_PrintUnformatted(r);
    cJSON_Delete(r);
    if (!text)
        return CLG_ENOMEM;
    puts(text);
    cJSON_free(text);
    return 0;
}

static int bench(struct clg_device *device, const struct clg_gan_params *params,
                 const struct bench_options *o, double began, struct cli_progress *progress)
{
    size_t bytes =
        (size_t)params->batch * (size_t)params->size * (size_t)params->size * (size_t)params->channels;
    struct clg_gan *gan = NULL;
    struct times times = {calloc((size_t)o->steps, sizeof *times.step), 0};
    uint8_t *real = malloc(bytes);
    int status = 0;
    if (!times.step || !real) {
        struct clg_log log = cli_log(progress, false);
        status =
            cli_fail(&log, CLG_ENOMEM, "out of memory for %d pictures: try a smaller --batch", params->batch);
    } else {
        fill_random(real, bytes);
        status = clg_gan_new(&gan, device, params);
    }
    if (!status)
        status = time_steps(gan, o, real, began, progress, &times);
    if (!status)
        status = print_result(device, params, o, &times);
    clg_gan_free(&gan);
    free(real);
    free(times.step);
    return status;
}

int cmd_bench(int argc, char **argv)
{
    double began = cli_seconds();
    struct bench_options options = {.steps = 7, .warmup = 2};
    struct clg_gan_params gan = clg_gan_params_default();
    struct cli_device_options where = cli_device_defaults();
    const struct cli_options tables[] = {{"Options", bench_table, &options},
                                         {"Model", clg_gan_options, &gan},
                                         {"Device", cli_device_table, &where},
                                         {0}};
    const struct cli_command command = {
        .usage = "clgan bench [--steps N] [--warmup N] [--batch N] [--size N] [--device SPEC] ...",
        .about =
            "Times the training step on random pictures and prints one line of JSON: step_ms is the median,\n"
            "gflops counts what the step needs at least, start_s goes to the end of the very first step.",
        .examples = "  clgan bench --batch 64\n  clgan bench --device gpu --steps 200 --profile\n",
        .options = tables,
    };
    int code = cli_parse(&command, argc, argv, NULL);
    if (code != CLI_RUN)
        return code;
    struct cli_progress progress = cli_progress_new();
    struct clg_device *device = NULL;
    int status = cli_device_open(&device, &where, &progress);
    if (!status)
        status = bench(device, &gan, &options, began, &progress);
    cli_progress_end(&progress, true);
    if (!status && where.profile)
        status = clg_device_profile_print(device, stderr);
    clg_device_close(&device);
    return cli_exit_code(status);
}
