// Pictures of noise on their way to files: separately, or as the tiles of one sheet.
#ifndef CLG_CLI_SHEET_H
#define CLG_CLI_SHEET_H

#include "cli/cli.h"

enum { CLI_SHEET_BLANK = 0x20 }; // pixels of a tile without a picture: a grid's background

// pictures [n][size][size][channels] of z [n][z], with a line of progress for many. They are the
// caller's: free().
int cli_sheet_generate(struct clg_gan *gan, const float *z, int n, float **pictures,
                       struct cli_progress *progress, const struct clg_log *log);

// The same values as pixels; the caller's: free().
int cli_sheet_pixels(const struct clg_gan_params *params, const float *pictures, int n, uint8_t **pixels,
                     const struct clg_log *log);

// pixels [n][size][size][channels] as one picture: clg_picture_grid.
int cli_sheet_save(const char *path, const struct clg_gan_params *params, const uint8_t *pixels, int n,
                   int columns, const struct clg_log *log);

// As separate files DIR/NAME-00007.ENDING, numbered from `first` on. The folder is there.
int cli_sheet_save_each(const char *folder, const char *name, const char *ending, uint64_t first,
                        const struct clg_gan_params *params, const uint8_t *pixels, int n,
                        const struct clg_log *log);

// Values of one picture.
size_t cli_sheet_one(const struct clg_gan_params *params);

#endif
