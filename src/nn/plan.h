// The inside of a plan: when every tensor of a net is needed and where it lives (plan.c lays it out, plan_run.c runs
// it).
#ifndef CLG_NN_PLAN_H
#define CLG_NN_PLAN_H

#include "nn/net.h"

enum { CLG_PLAN_SLABS_MAX = 64, CLG_PLAN_TENSORS_MAX = 4 * CLG_LAYERS_MAX + CLG_LAYER_INPUTS_MAX };

struct clg_allocation {
    struct clg_shape shape;
    int from, to; // interval of time, both inclusive; from > to: not needed
    size_t at;    // floats from the start of the address space
    int same_as;  // uses that allocation's memory instead (in-place layers), or -1
};

struct clg_plan {
    struct clg_net *net;
    enum clg_plan_mode mode;
    int batch, grads;
    // Outputs, their gradients, two saved vectors per layer, scratch.
    struct clg_allocation allocations[CLG_PLAN_TENSORS_MAX];
    int consumers[CLG_LAYERS_MAX]; // how many layers read the output
    int input_consumers;           // how many read the net's input
    size_t slab_floats, floats;    // size of a slab; size of the address space that slabs divide
    struct clg_slab *slabs[CLG_PLAN_SLABS_MAX];
    struct clg_tensor whole[CLG_PLAN_SLABS_MAX];
};

static inline int clg_allocation_output(int layer)
{
    return layer;
}

static inline int clg_allocation_grad(int layer)
{
    return CLG_LAYERS_MAX + layer;
}

static inline int clg_allocation_saved(int layer, int k)
{
    return (2 + k) * CLG_LAYERS_MAX + layer;
}

// Scratch for the gradient of a layer's k-th input, where it must be added to another's.
static inline int clg_allocation_scratch_grad(int k)
{
    return 4 * CLG_LAYERS_MAX + k;
}

// The allocation whose memory it uses.
int clg_allocation_root(const struct clg_plan *plan, int index);

#endif
