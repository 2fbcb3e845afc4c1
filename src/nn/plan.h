// A plan inside: where every tensor of a net lives in memory, and when (plan.c lays it out, plan_run.c
// uses it).
#ifndef CLG_NN_PLAN_H
#define CLG_NN_PLAN_H

#include "nn/net.h"

enum { CLG_PLAN_SLABS_MAX = 64, CLG_PLAN_TENSORS_MAX = 4 * CLG_LAYERS_MAX + CLG_LAYER_INPUTS_MAX };

struct clg_place {
    struct clg_shape shape;
    int from, to; // interval of time, both inclusive; from > to: not needed
    size_t at;    // floats from the start of the address space
    int same_as;  // lives in that place instead (in-place layers), or -1
};

struct clg_plan {
    struct clg_net *net;
    enum clg_plan_mode mode;
    int batch, want;
    struct clg_place
        places[CLG_PLAN_TENSORS_MAX]; // outputs, their gradients, two saved vectors per layer, spares
    int consumers[CLG_LAYERS_MAX];    // how many layers take the output
    int input_consumers;              // and the net's input
    size_t slab_floats, floats;       // the cut of the address space, its size
    struct clg_slab *slabs[CLG_PLAN_SLABS_MAX];
    struct clg_tensor whole[CLG_PLAN_SLABS_MAX];
};

static inline int clg_place_out_of(int layer)
{
    return layer;
}

static inline int clg_place_grad_of(int layer)
{
    return CLG_LAYERS_MAX + layer;
}

static inline int clg_place_saved_of(int layer, int k)
{
    return (2 + k) * CLG_LAYERS_MAX + layer;
}

// Where a layer's gradient of its k-th input goes that must be added to another's.
static inline int clg_place_spare_of(int k)
{
    return 4 * CLG_LAYERS_MAX + k;
}

// Where a place really lives.
int clg_place_root(const struct clg_plan *plan, int place);

#endif
