// The layer types.
#ifndef CLG_NN_LAYERS_H
#define CLG_NN_LAYERS_H

#include "nn/net.h"

extern const struct clg_layer_type clg_layer_type_conv, clg_layer_type_conv_transpose, clg_layer_type_norm,
    clg_layer_type_act, clg_layer_type_pool, clg_layer_type_dense, clg_layer_type_reshape,
    clg_layer_type_concat;

extern const struct clg_layer_type *const clg_layer_types[]; // all of them; ends in NULL (pass_check.c)

// A layer of one input, the layer before.
struct clg_layer clg_layer_new(const struct clg_layer_type *type, const char *name);

// Back through an activation whose output is pass->out, guided when the pass is: from dout to `to`, which may
// be dout.
int clg_layer_act_backward(const struct clg_pass *pass, struct clg_act act, struct clg_tensor to);
// Its self-tests; their number.
int clg_layer_act_backward_selftests(struct clg_act act, enum clg_plan_mode mode, const char **names);

#endif
