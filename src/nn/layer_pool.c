// Max and average pooling.
#include "nn/layers.h"

#include "base/log.h"

#include <stdio.h>

static int shape(const struct clg_layer *layer, const struct clg_shape *in, int n, struct clg_shape *out,
                 const struct clg_log *log)
{
    (void)n;
    const struct clg_pool *p = &layer->pool;
    if (p->size < 1 || p->stride < 1 || p->size > in->h || p->size > in->w)
        return clg_fail(log, CLG_EINVAL, "layer %s: pooling %dx%d / %d does not fit its %dx%d input",
                        layer->name, p->size, p->size, p->stride, in->h, in->w);
    *out = (struct clg_shape){in->n, (in->h - p->size) / p->stride + 1, (in->w - p->size) / p->stride + 1,
                              in->c};
    return 0;
}

static int forward(const struct clg_pass *p)
{
    return clg_pool_forward(p->device, p->layer->pool, p->in[0], p->out);
}

static int backward(const struct clg_pass *p)
{
    return p->din[0].buffer ? clg_pool_backward(p->device, p->layer->pool, p->in[0], p->dout, p->din[0]) : 0;
}

static int selftests(const struct clg_layer *layer, enum clg_plan_mode mode, const char **names)
{
    const bool is_max = layer->pool.kind == CLG_POOL_MAX;
    names[0] = is_max ? "max pooling" : "average pooling";
    names[1] = is_max ? "max pooling gradient" : "average pooling gradient";
    return mode == CLG_PLAN_INFER ? 1 : 2;
}

static void text(const struct clg_layer *layer, char *to, size_t size)
{
    const struct clg_pool *p = &layer->pool;
    snprintf(to, size, "%s pool %dx%d / %d", p->kind == CLG_POOL_MAX ? "max" : "average", p->size, p->size,
             p->stride);
}

const struct clg_layer_type clg_layer_type_pool = {.name = "pool",
                                                   .shape = shape,
                                                   .forward = forward,
                                                   .backward = backward,
                                                   .selftests = selftests,
                                                   .text = text,
                                                   .needs_input = true};

struct clg_layer clg_layer_pool(const char *name, struct clg_pool pool)
{
    struct clg_layer layer = clg_layer_new(&clg_layer_type_pool, name);
    layer.pool = pool;
    return layer;
}
