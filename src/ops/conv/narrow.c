// Convolutions of pictures with few channels on CPU devices: backward-data and filter gradients
// by conv_narrow.cl.
#include "ops/ops.h"

#include <stdio.h>

enum { CHANNELS_MAX = 4, STRIP_BYTES = 128 << 10, BOX_BYTES = 16 << 10 };

// Vectors that a register tile's sums may take: AVX-512 has 32 registers, AVX2 and SSE have 16.
static int sums_max(const struct clg_device *d)
{
    return d->vector >= 16 ? 24 : 12;
}

static size_t local_bytes(const struct clg_device *d, size_t wanted)
{
    return d->info.local_memory < wanted ? (size_t)d->info.local_memory : wanted;
}

// --- backward-data -----------------------------------------------------------------------------

struct data_plan {
    int nv, tp, side, rows, map_rows, strips;
};

static size_t strip_bytes(const struct clg_device *d, const struct clg_conv_job *j, const struct data_plan *p)
{
    const size_t row = (size_t)(j->y.shape.w + 2 * p->side) * (size_t)(p->nv * d->vector);
    return sizeof(float) * ((size_t)(p->map_rows + 1) * row + 8);
}

static bool data_plan_make(struct clg_device *d, const struct clg_conv_job *j, struct data_plan *p)
{
    const struct clg_conv *c = &j->conv;
    *p = (struct data_plan){.nv = clg_divide_up(c->r * c->s * j->x.shape.c, d->vector),
                            .side = clg_divide_up(c->s, c->stride),
                            .rows = j->x.shape.h};
    if (p->nv > sums_max(d))
        return false;
    p->tp = sums_max(d) / p->nv;
    p->tp = p->tp > j->y.shape.w ? j->y.shape.w : p->tp;
    // Strips that fit, and at least two work-items for every core.
    for (;; p->rows = clg_divide_up(p->rows, 2)) {
        p->map_rows = (p->rows + c->r - 2) / c->stride + 1;
        p->strips = clg_divide_up(j->x.shape.h, p->rows);
        const bool small = strip_bytes(d, j, p) <= local_bytes(d, STRIP_BYTES);
        if (p->rows == 1)
            return strip_bytes(d, j, p) <= d->info.local_memory;
        if (small && j->x.shape.n * p->strips >= 2 * (int)d->info.compute_units)
            return true;
    }
}

static int data_run(struct clg_device *d, const struct clg_conv_job *j)
{
    struct data_plan p;
    data_plan_make(d, j, &p);
    char shape[256], options[512];
    clg_conv_options(j, shape, sizeof shape);
    snprintf(options, sizeof options, "%s -DNV=%d -DTP=%d -DSIDE=%d -DROWS=%d -DMAP_ROWS=%d", shape, p.nv,
             p.tp, p.side, p.rows, p.map_rows);
    struct clg_tensor packed;
    int status = clg_scratch(d, 0, (size_t)j->y.shape.c * (size_t)(p.nv * d->vector), &packed);
    if (status)
        return status;
    struct clg_launch pack = {.file = "conv_narrow.cl",
                              .kernel = "narrow_pack",
                              .options = options,
                              .global = {(size_t)j->y.shape.c},
                              .local = {1}};
    struct clg_arg pack_args[] = {CLG_T(j->w), CLG_T(packed)};
    status = clg_launch(d, &pack, CLG_ARGS(pack_args));
    struct clg_launch l = {.file = "conv_narrow.cl",
                           .kernel = "narrow_data",
                           .options = options,
                           .global = {(size_t)j->x.shape.n, (size_t)p.strips},
                           .local = {1, 1},
                           .flops = clg_conv_flops(j),
                           .bytes = clg_conv_bytes(j)};
    struct clg_arg args[] = {CLG_T(j->y), CLG_T(packed), CLG_T(j->x)};
    return status ? status : clg_launch(d, &l, CLG_ARGS(args));
}

// --- filter gradients --------------------------------------------------------------------------

struct filter_plan {
    int nv, tp, tiles, rows, shares;
};

static bool filter_plan_make(struct clg_device *d, const struct clg_conv_job *j, struct filter_plan *p)
{
    const struct clg_conv *c = &j->conv;
    const struct clg_shape x = j->x.shape, y = j->y.shape;
    const int neighbours = c->s * x.c, workers = 2 * (int)d->info.compute_units;
    *p = (struct filter_plan){.nv = y.c <= d->vector ? 1 : 2, .rows = y.h};
    const int most = sums_max(d) / p->nv;
    p->tiles = clg_divide_up(neighbours, most);
    p->tp = clg_divide_up(neighbours, p->tiles);
    p->shares = x.n < workers ? x.n : workers;
    const int lanes = clg_divide_up(y.c, p->nv * d->vector) * p->nv * d->vector;
    const size_t sums = sizeof(float) * (size_t)(c->r * p->tiles * p->tp) * (size_t)lanes;
    const size_t row = sizeof(float) * (size_t)(c->stride * (y.w - 1) + c->s) * (size_t)x.c;
    for (;; p->rows = clg_divide_up(p->rows, 2)) {
        const size_t box = row * (size_t)(c->stride * (p->rows - 1) + c->r);
        if (box <= BOX_BYTES || p->rows == 1)
            return box + sums + 1024 <= d->info.local_memory;
    }
}

static int filter_run(struct clg_device *d, const struct clg_conv_job *j)
{
    struct filter_plan p;
    filter_plan_make(d, j, &p);
    char shape[256], options[512];
    clg_conv_options(j, shape, sizeof shape);
    snprintf(options, sizeof options, "%s -DNV=%d -DTP=%d -DTILES=%d -DOROWS=%d -DSHARES=%d", shape, p.nv,
             p.tp, p.tiles, p.rows, p.shares);
    struct clg_tensor parts;
    int status = clg_scratch(d, 0, clg_shape_count(j->w.shape) * (size_t)p.shares, &parts);
    if (status)
        return status;
    struct clg_launch l = {.file = "conv_narrow.cl",
                           .kernel = "narrow_filter",
                           .options = options,
                           .global = {(size_t)p.shares},
                           .local = {1},
                           .flops = clg_conv_flops(j),
                           .bytes = clg_conv_bytes(j)};
    struct clg_arg args[] = {CLG_T(j->x), CLG_T(j->y), CLG_T(parts), CLG_I(j->x.shape.n)};
    status = clg_launch(d, &l, CLG_ARGS(args));
    return status ? status : clg_parts_sum(d, parts, p.shares, j->w, j->accumulate);
}

// --- the row -----------------------------------------------------------------------------------

static bool narrow_fits(struct clg_device *d, const struct clg_conv_job *j)
{
    struct data_plan data;
    struct filter_plan filter;
    if (j->x.shape.c > CHANNELS_MAX || j->pass == CLG_CONV_FORWARD)
        return false;
    return j->pass == CLG_CONV_BACKWARD_DATA ? data_plan_make(d, j, &data) : filter_plan_make(d, j, &filter);
}

static int narrow_run(struct clg_device *d, const struct clg_conv_job *j)
{
    return j->pass == CLG_CONV_BACKWARD_DATA ? data_run(d, j) : filter_run(d, j);
}

const struct clg_conv_variant clg_conv_narrow = {"narrow", true, 0, narrow_fits, narrow_run};
