// Tiles of a sheet to look at: pictures, feature maps and filters of any size, enlarged to one size.
#ifndef CLG_CLI_TILES_H
#define CLG_CLI_TILES_H

#include "cli/cli.h"

struct cli_tiles {
    int n, size, channels; // square tiles
    uint8_t *pixels;       // [n][size][size][channels]; blank at first
};

int cli_tiles_new(struct cli_tiles *tiles, int n, int size, int channels, const struct clg_log *log);
void cli_tiles_free(struct cli_tiles *tiles);

// Values from..to as black to white; not a number is black. from == to: all is grey.
struct cli_range {
    float from, to;
};
// The range of n values that lie `stride` apart; and one around 0, so that 0 is grey.
struct cli_range cli_range_of(const float *values, size_t n, size_t stride);
struct cli_range cli_range_around_zero(const float *values, size_t n);

// Tile i: values [side][side][channels], 1 channel or the tiles' own; `step` floats lie between pixels, as a
// feature map among others has it.
void cli_tiles_put(struct cli_tiles *tiles, int i, const float *values, int side, int channels, size_t step,
                   struct cli_range range);

int cli_tiles_save(const struct cli_tiles *tiles, const char *path, int columns, const struct clg_log *log);

#endif
