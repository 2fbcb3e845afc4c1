// Pictures of a file or folder as a model's nets take them.
#ifndef CLG_CLI_PICTURES_H
#define CLG_CLI_PICTURES_H

#include "cli/cli.h"

// The crop that a checkpoint's pictures had, where it tells; *crop stays otherwise.
int cli_pictures_crop(const char *model, struct clg_crop *crop, const struct clg_log *log);

// Some pictures next to each other in a folder's order.
struct cli_pictures {
    struct clg_pictures *all;
    int first, n;
    float *values; // [n][size][size][channels], -1..1
    const char *path;
    const struct clg_log *log;
};

// Up to `n` pictures from number `first` on; fewer where there are fewer. To be closed in any case.
int cli_pictures_open(struct cli_pictures *pictures, const char *path, struct clg_crop crop, int first, int n,
                      const struct clg_gan_params *params, const struct clg_log *log);
void cli_pictures_close(struct cli_pictures *pictures);
const char *cli_pictures_name(const struct cli_pictures *pictures, int i); // i in 0..n-1

#endif
