// What `clgan layers` shows: operations in a row, each on the picture or on an earlier one's feature map.
#ifndef CLG_CLI_CMD_LAYERS_H
#define CLG_CLI_CMD_LAYERS_H

#include "cli/cli.h"

enum layer_kind {
    LAYER_INPUT,
    LAYER_CONV,
    LAYER_POOL_MAX,
    LAYER_POOL_AVERAGE,
    LAYER_TRANSPOSED,
    LAYER_DECONV,
};

// How values become pixels.
enum layer_view {
    VIEW_PICTURE, // 0 black to 1 white, cut off
    VIEW_SIGNED,  // 0 mid-grey, the largest amount black or white
    VIEW_SCALED,  // 0 black, the largest white
};

// A square kernel, the same for every channel, which each stay apart: values / divisor.
struct layer_kernel {
    int side;
    float divisor;
    float values[25];
};

struct layer {
    const char *name, *does;
    enum layer_kind kind;
    int from;                          // the position of the one whose output it takes; before its own
    const struct layer_kernel *kernel; // of convolutions and their kin
    int size, stride, pad;             // of the window
    enum layer_view view;
    bool recovers; // compared with the input
};
enum {
    LAYERS = 14,
    LAYERS_COLUMNS = 4, // of the sheet
};
extern const struct layer layers[LAYERS];

// What came out.
struct layer_output {
    struct clg_shape shape;
    float *values; // [h][w][c]
    float least, most;
    double psnr;                     // of those that are compared, in dB of a range of 1
    struct clg_deconv_report report; // of deconvolutions
    char file[64];                   // "03-max-pool-48x48.png"
};

// Computes all on the device from pixels [size][size][channels]. Free the outputs in any case.
int layers_compute(struct clg_device *device, const uint8_t *pixels, int size, int channels,
                   struct layer_output outputs[LAYERS], const struct clg_log *log);
void layers_free(struct layer_output outputs[LAYERS]);

// Writes every output's picture, and `sheet` with all of them, into a folder that is there.
int layers_save(struct layer_output outputs[LAYERS], const char *folder, const char *sheet,
                const struct clg_log *log);

#endif
