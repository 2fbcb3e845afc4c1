// What a pass through nets needs besides convolutions is tried on the device before it is recorded.
#include "nn/net.h"

#include "nn/layers.h"
#include "selftest/selftest.h"

int clg_pass_check(const struct clg_net *const *nets, int n, int use)
{
    unsigned acts = 0;
    int channels = 0; // of the first batch norm
    for (int i = 0; i < n; i++)
        for (int k = 0; k < nets[i]->n; k++) {
            const struct clg_layer *layer = &nets[i]->layers[k];
            if (layer->type == &clg_layer_type_act)
                acts |= 1u << layer->act.kind;
            if (layer->type == &clg_layer_type_norm && !channels)
                channels = nets[i]->shapes[k].c;
        }
    return clg_basics_check(nets[0]->device, use, acts, channels ? channels : 1);
}
