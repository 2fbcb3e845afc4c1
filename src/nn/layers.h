// The layer types.
#ifndef CLG_NN_LAYERS_H
#define CLG_NN_LAYERS_H

#include "nn/net.h"

// Adding one here makes it known to the tests, which want an example of it and its self-tests.
#define CLG_LAYER_TYPES(X) X(conv) X(conv_transpose) X(norm) X(act) X(pool) X(dense) X(reshape) X(concat)
#define CLG_LAYER_DECLARE(name) extern const struct clg_layer_type clg_layer_type_##name;
CLG_LAYER_TYPES(CLG_LAYER_DECLARE)
extern const struct clg_layer_type *const clg_layer_types[]; // all of them; ends in NULL (pass_check.c)

// A layer of one input, the layer before.
struct clg_layer clg_layer_new(const struct clg_layer_type *type, const char *name);

// Back through an activation whose output is pass->out, guided when the pass is: from dout to `to`, which may
// be dout.
int clg_layer_act_backward(const struct clg_pass *pass, struct clg_act act, struct clg_tensor to);
// Its self-tests; their number.
int clg_layer_act_backward_selftests(struct clg_act act, enum clg_plan_mode mode, const char **names);

#endif
