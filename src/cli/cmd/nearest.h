// What the parts of `clgan nearest` share: what is looked for, where, and what was found.
#ifndef CLG_CLI_CMD_NEAREST_H
#define CLG_CLI_CMD_NEAREST_H

#include "cli/features.h"

struct nearest_options {
    const char *model, *data, *pictures, *crop, *out;
    int n, k, by; // by: pixels, features or both
    uint64_t seed;
    bool flip, json;
};

// One way to measure distances. Queries are the samples, and behind them some training pictures, for scale.
struct nearest_space {
    const char *name;
    enum cli_features kind;
    int64_t count;
    float *queries; // [samples + scale][count]
    int *index; // [samples + scale][places]: training pictures, nearest first; from `all` on mirrored ones
    float *distance;     // root of the mean squared difference
    double median, near; // of scale's pictures to their nearest other one; 5 % of them are nearer than `near`
};
enum { NEAREST_SPACES = 2 };

struct nearest {
    struct nearest_options options;
    struct clg_gan *gan;
    struct clg_gan_params params;
    struct clg_crop crop;
    struct clg_pictures *training, *own; // own: of --pictures, or NULL
    int samples, all, scale, places;     // all: training pictures
    float *values;                       // of the samples, as pictures
    struct nearest_space spaces[NEAREST_SPACES];
    int spaces_n;
    struct cli_progress *progress;
    struct clg_log log;
};

// Goes through all training pictures; fills in all of the spaces.
int nearest_search(struct nearest *n);
// The number of a training picture behind an index, and whether it is its mirror image.
int nearest_number(const struct nearest *n, int index, bool *mirrored);
void nearest_mirror(float *values, int n, const struct clg_gan_params *params);

int nearest_sheet(const struct nearest *n);
int nearest_report(const struct nearest *n);

#endif
