// Runs a net on a few items at a time and keeps every layer's output to be read or changed, and runs
// gradients back to the input.
#ifndef CLG_EXPLORE_NET_PROBE_H
#define CLG_EXPLORE_NET_PROBE_H

#include <clgan/explore.h>

#include "gan/gan.h"

struct clg_net_probe {
    struct clg_net *net;
    int batch; // items per pass
    struct clg_plan *plan;
    struct clg_slab *slab;
    struct clg_tensor input, dinput;
    float *host; // a batch of the largest tensor
};

// The number of values of a picture.
static inline size_t clg_picture_count(const struct clg_gan *gan)
{
    const struct clg_gan_params *p = &gan->params;
    return (size_t)p->size * (size_t)p->size * (size_t)p->channels;
}
// The discriminator, or the generator that pictures come from: the averaged one where there is one.
struct clg_net *clg_net_probe_net(const struct clg_gan *gan, enum clg_net_kind kind);
// 0, or CLG_EINVAL after a line with the allowed range.
int clg_net_probe_layer_check(const struct clg_net *net, int layer);
bool clg_net_probe_activated(const struct clg_layer *layer);

// Allocates for n items, which then go through in passes of clg_net_probe.batch.
int clg_net_probe_new(struct clg_net_probe **probe, struct clg_net *net, int n);
void clg_net_probe_free(struct clg_net_probe **probe);
// The number of items of the next pass when `done` of n are done.
int clg_net_probe_items(const struct clg_net_probe *probe, int n, int done);
// Runs n <= batch items; the rest of the batch is zero.
int clg_net_probe_forward(struct clg_net_probe *probe, const float *in, int n);
// Reads the first n items of a tensor no larger than the net's input or largest output.
int clg_net_probe_read(struct clg_net_probe *probe, struct clg_tensor tensor, int n, float *values);

#endif
