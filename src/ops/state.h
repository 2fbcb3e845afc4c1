// What the operations keep with an opened device: device->ops.
#ifndef CLG_OPS_STATE_H
#define CLG_OPS_STATE_H

#include "device/launch.h"

struct clg_conv_job;
typedef void clg_collect_conv_fn(void *user, const struct clg_conv_job *job);

enum { CLG_SCRATCH_SLOTS = 2, CLG_SCRATCH_OLD = 64, CLG_REPORTED = 256 };

struct clg_ops_state {
    struct clg_tuning *tuning;            // tune/table.h; NULL: not read yet
    struct clg_selftest_cache *selftests; // selftest/selftest.h; NULL: not read yet
    struct clg_packed_weights *packed;    // conv/packed_weights.c
    int clblast_list;                     // CLBlast's parameter list (gemm.c); -1: not asked yet
    int tuned_batch;                      // the batch size whose tuning all convolutions use; 0: their own
    // When set, called instead of running each convolution: the tuner learns what a model has.
    clg_collect_conv_fn *collect_conv;
    void *collect_conv_user;
    uint64_t reported[CLG_REPORTED]; // hashes of information lines about variants (conv/conv.c)
    int reported_n;
    // Scratch memory (scratch.c): the present blocks, and outgrown ones that recorded launches may still use.
    struct clg_slab *scratch[CLG_SCRATCH_SLOTS], *scratch_old[CLG_SCRATCH_OLD];
    size_t scratch_floats[CLG_SCRATCH_SLOTS], scratch_wanted[CLG_SCRATCH_SLOTS];
    int scratch_old_n;
};

#endif
