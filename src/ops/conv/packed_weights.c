// Packed weights: transformed for a variant (Winograd's), and cached until the weights change. Only watched weights
// are cached: their buffer counts every change in queue order, recorded changes too.
#include "ops/ops.h"

#include "base/log.h"

#include <stdlib.h>

struct clg_packed_weights {
    const struct clg_buffer *buffer;
    size_t offset;
    enum clg_conv_pass pass;
    clg_pack_fn *make;
    struct clg_slab *slab;
    uint64_t version; // of the weights that it was made from; 0: none yet
    struct clg_packed_weights *next;
};

struct refresh {
    struct clg_packed_weights *packed;
    struct clg_conv_job job;
    struct clg_tensor to;
    clg_pack_fn *make;
};

static int refresh(struct clg_device *d, const void *args, cl_event *event)
{
    (void)event; // what `make` launches has its own
    const struct refresh *r = args;
    const uint64_t version = r->packed->buffer->version;
    if (r->packed->version == version)
        return 0;
    int status = r->make(d, &r->job, r->to);
    if (!status)
        r->packed->version = version;
    return status;
}

static struct clg_packed_weights *packed_find(struct clg_device *d, const struct clg_conv_job *j,
                                              clg_pack_fn *make)
{
    for (struct clg_packed_weights *f = d->ops->packed; f; f = f->next)
        if (f->buffer == j->w.buffer && f->offset == j->w.offset && f->pass == j->pass && f->make == make)
            return f;
    return NULL;
}

static int packed_new(struct clg_device *d, const struct clg_conv_job *j, size_t floats, clg_pack_fn *make,
                      struct clg_packed_weights **packed)
{
    struct clg_packed_weights *f = *packed = calloc(1, sizeof *f);
    if (!f)
        return clg_fail(&d->log, CLG_ENOMEM, "out of memory");
    *f = (struct clg_packed_weights){
        .buffer = j->w.buffer, .offset = j->w.offset, .pass = j->pass, .make = make, .next = d->ops->packed};
    int status = clg_slab_new(&f->slab, d, floats);
    if (status)
        free(f);
    else
        d->ops->packed = f;
    return status;
}

int clg_packed_weights_get(struct clg_device *d, const struct clg_conv_job *j, size_t floats,
                           clg_pack_fn *make, struct clg_tensor *to)
{
    struct clg_packed_weights *packed = packed_find(d, j, make);
    int status = packed ? 0 : packed_new(d, j, floats, make, &packed);
    if (status)
        return status;
    *to = clg_slab_all(packed->slab);
    if (d->mode == CLG_MODE_COLLECT)
        return make(d, j, *to);
    struct refresh args = {packed, *j, *to, make};
    return clg_call(d, "weights' form", refresh, &args, sizeof args, 0, 0);
}

void clg_weights_watch(struct clg_tensor weights)
{
    weights.buffer->version = 1;
}

bool clg_weights_watched(struct clg_tensor weights)
{
    return weights.buffer->version > 0;
}

static int count(struct clg_device *d, const void *args, cl_event *event)
{
    (void)d, (void)event;
    (*(struct clg_buffer *const *)args)->version++;
    return 0;
}

int clg_weights_changed(struct clg_device *d, struct clg_tensor weights)
{
    if (!clg_weights_watched(weights))
        return 0;
    return clg_call(d, "weights' version", count, &weights.buffer, sizeof weights.buffer, 0, 0);
}

void clg_weights_forget(struct clg_device *d, struct clg_tensor weights)
{
    for (struct clg_packed_weights **at = &d->ops->packed; *at;) {
        struct clg_packed_weights *f = *at;
        if (f->buffer != weights.buffer) {
            at = &f->next;
            continue;
        }
        *at = f->next;
        clg_slab_free(&f->slab);
        free(f);
    }
}
