// The internals of projection: several starts of several pictures descend side by side on the device.
#ifndef CLG_EXPLORE_PROJECT_H
#define CLG_EXPLORE_PROJECT_H

#include <clgan/explore.h>

#include "gan/gan.h"

// A row is one start of one picture; rows are independent of each other. A row's loss is
//   sum of weight * (G(z) - target)^2 / sum of weight + prior * mean of z^2
struct clg_projection {
    struct clg_net *net;
    int rows;
    float prior;
    struct clg_slab *slab;
    struct clg_plan *plan;
    struct clg_list *list; // a recorded Adam step
    struct clg_tensor z, dz, m, v, target, weight, rates;
};

extern const char *const clg_projection_selftests[]; // that a step needs besides the net's own

// weight [size][size], the same for all rows and already checked; NULL: ones.
int clg_projection_new(struct clg_projection **projection, struct clg_gan *gan, int rows, const float *weight,
                       float prior);
void clg_projection_free(struct clg_projection **projection);
// Enqueues dz = the gradient of each row's loss at z.
int clg_projection_gradient(struct clg_projection *projection);

#endif
