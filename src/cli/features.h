// Pictures as rows of numbers: a discriminator's features, or the pixels themselves.
#ifndef CLG_CLI_FEATURES_H
#define CLG_CLI_FEATURES_H

#include "cli/cli.h"

enum cli_features {
    CLI_FEATURES_DISCRIMINATOR,
    CLI_FEATURES_PIXELS,
    CLI_FEATURES_UNTRAINED,
    CLI_FEATURES_KINDS
};
#define CLI_FEATURES_CHOICES "discriminator|pixels|untrained"
extern const char *const cli_features_names[CLI_FEATURES_KINDS];

// Numbers of a picture.
int64_t cli_features_count(enum cli_features kind, const struct clg_gan_params *params);

// The pictures that --data names; the built-in faces are no files.
int cli_data_open(struct clg_pictures **pictures, const char *path, struct clg_crop crop,
                  const struct clg_log *log);
// Closes them after a line that says how many were read with warnings.
void cli_data_close(struct clg_pictures **pictures, const char *path, const struct clg_log *log);
// What is used of each picture: as --crop tells, or (text NULL) as the model's run did; else the centre.
int cli_crop_choose(const char *text, const char *model, struct clg_crop *crop, const struct clg_log *log);
#define CLI_CROP_HELP "what of each picture is used; without it, what the model was trained on"

// Where rows come from.
struct cli_features_source {
    const struct clg_pictures *pictures;
    struct clg_gan_params params;
    struct clg_gan *gan; // NULL: pixels
    struct cli_progress *progress;
    const struct clg_log *log;
};
// rows [n][count] of the pictures which[0..n-1], with progress.
int cli_features_read(const struct cli_features_source *source, const int *which, int n, float *rows);

#endif
