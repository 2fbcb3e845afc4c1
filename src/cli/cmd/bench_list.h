// The operations of a training step, as `clgan bench --what ops` times them one by one.
#ifndef CLG_CLI_CMD_BENCH_LIST_H
#define CLG_CLI_CMD_BENCH_LIST_H

#include <clgan/clgan.h>

// A layer's backward follows its forward.
enum bench_kind {
    BENCH_CONV_FORWARD,
    BENCH_CONV_DATA,
    BENCH_CONV_FILTER,
    BENCH_NORM,
    BENCH_NORM_BACKWARD,
    BENCH_ACT,
    BENCH_ACT_BACKWARD,
    BENCH_ADAM,
};

struct bench_op {
    enum bench_kind kind;
    struct clg_conv conv;
    struct clg_act act;       // of activations, and on top of batch norm
    struct clg_shape x, w, y; // w and y of convolutions only, in their roles of <clgan/ops.h>
    int calls;                // in one training step, by both nets
    double seconds;           // of one, when measured
};

enum { BENCH_OPS_MAX = 80 }; // 256x256 with nets of different widths has 70
struct bench_list {
    struct bench_op ops[BENCH_OPS_MAX];
    int n;
};
// All that a step takes but the loss and the pictures' conversion, which are small; no kind and shape twice.
void bench_list_make(const struct clg_gan_params *params, struct bench_list *list);

#endif
