// The kinds of layers, one extern each.
#ifndef CLG_NN_LAYERS_H
#define CLG_NN_LAYERS_H

#include "nn/net.h"

extern const struct clg_layer_type clg_layer_type_conv, clg_layer_type_conv_transpose, clg_layer_type_norm,
    clg_layer_type_act, clg_layer_type_pool, clg_layer_type_dense, clg_layer_type_reshape,
    clg_layer_type_concat;

// A layer of one input, the layer before.
struct clg_layer clg_layer_new(const struct clg_layer_type *type, const char *name);

#endif
