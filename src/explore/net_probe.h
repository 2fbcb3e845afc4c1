// A net being looked into: passes of a few items whose every layer's output stays to be read or changed, and
// gradients back to the input.
#ifndef CLG_EXPLORE_NET_PROBE_H
#define CLG_EXPLORE_NET_PROBE_H

#include <clgan/explore.h>

#include "gan/gan.h"

struct clg_net_probe {
    struct clg_net *net;
    int batch; // of a pass
    struct clg_plan *plan;
    struct clg_slab *slab;
    struct clg_tensor input, dinput;
    float *host; // one batch of the largest tensor
};

// The net that pictures come from, or that judges them.
struct clg_net *clg_net_probe_net(const struct clg_gan *gan, enum clg_net_kind kind);
// A layer's number, or CLG_EINVAL after a line with the allowed range.
int clg_net_probe_layer_check(const struct clg_net *net, int layer);
bool clg_net_probe_activated(const struct clg_layer *layer);

// For n items in passes of clg_net_probe.batch.
int clg_net_probe_new(struct clg_net_probe **look, struct clg_net *net, int n);
void clg_net_probe_free(struct clg_net_probe **look);
// The first n items of a pass, n <= batch; the others are zero.
int clg_net_probe_forward(struct clg_net_probe *look, const float *in, int n);
// The first n items of one of its tensors, which may be no larger than the net's input or largest output.
int clg_net_probe_read(struct clg_net_probe *look, struct clg_tensor tensor, int n, float *values);

#endif
