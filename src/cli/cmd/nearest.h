// Shared by the parts of `clgan nearest`.
#ifndef CLG_CLI_CMD_NEAREST_H
#define CLG_CLI_CMD_NEAREST_H

#include "cli/features.h"

struct nearest_options {
    const char *model, *data, *pictures, *crop, *grid;
    int n, k, by; // by: pixels, features or both
    uint64_t seed;
    bool flip, json;
};

struct nearest {
    struct nearest_options options;
    struct clg_gan *gan;
    struct clg_gan_params params;
    struct clg_crop crop;
    struct clg_pictures *training, *own; // own: of --pictures, or NULL
    int samples;
    float *values; // of the samples, as pictures
    struct clg_memorisation *found;
    struct cli_progress *progress;
    double began;
    struct clg_log log;
};

int nearest_sheet(const struct nearest *n);
int nearest_report(const struct nearest *n);

#endif
