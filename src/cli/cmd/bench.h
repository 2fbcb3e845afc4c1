// Shared by the parts of `clgan bench`: options, the device and its peaks, and where results go.
#ifndef CLG_CLI_CMD_BENCH_H
#define CLG_CLI_CMD_BENCH_H

#include "cli/cli.h"

#include <cjson/cJSON.h>

enum bench_what { BENCH_STEP, BENCH_OPS, BENCH_GENERATE, BENCH_DATA, BENCH_ALL };

struct bench_options {
    int what; // enum bench_what
    int steps, warmup;
    const char *data;
    int threads;
    bool json;
};

struct bench {
    struct bench_options options;
    struct clg_gan_params gan;
    double began;              // when the command did
    struct clg_device *device; // NULL: the part needs none
    struct clg_peaks peaks;    // zeros until bench_peaks
    struct cli_progress *progress;
    struct clg_log log;
    cJSON *json; // results; NULL: they are printed as words
};

// The parts. Each measures, and then prints or adds to json.
int bench_step(struct bench *b);
int bench_ops(struct bench *b);
int bench_generate(struct bench *b);
int bench_data(struct bench *b);

// Measures the device's peaks unless that is done. It takes memory: read the peak memory first.
int bench_peaks(struct bench *b);
// Untimed calls where the first call compiles: at least one.
int bench_warmup(const struct bench *b);
// Sorts the times and returns their median.
double bench_median(double *times, int n);
// Adds a number rounded to `digits` decimal places.
void bench_number(cJSON *object, const char *name, double value, int digits);

#endif
