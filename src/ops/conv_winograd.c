// Minimal filtering F(4x4,2x2) on CPU devices: 25 products for 64 in 4x4/stride-2 convolutions, in three
// launches (transforms, matrix products, transforms back) for each chunk of the batch that fits the
// last-level cache.
#include "ops/ops.h"

#include <stdio.h>

enum { PRODUCTS = 25, PAD = 16 }; // PAD floats end every row: powers of two apart would share cache sets

struct plan {
    int nv, tp, lanes;                // register tile: tp rows x lanes = nv vectors
    int tiles_y, tiles_x, tiles;      // of one image
    int chunk, rows;                  // images at a time, and rows (tiles, a multiple of tp) that they take
    int picture, map, map_panels;     // floats of a row on either side; panels of the map side
    int range, ranges, group, groups; // filter gradient: depths and panels of a work-item
    size_t u, v, m, sums;             // floats of scratch
    char options[96];
};

static int divide_up(int a, int b)
{
    return (a + b - 1) / b;
}

static int round_up(int a, int b)
{
    return divide_up(a, b) * b;
}

static void plan_make(struct clg_device *d, const struct clg_conv_job *j, struct plan *p)
{
    const int c = j->x.shape.c, k = j->y.shape.c, n = j->x.shape.n;
    *p = (struct plan){.nv = 2, .tp = d->vector >= 16 ? 8 : 6};
    p->lanes = p->nv * d->vector;
    p->tiles_y = divide_up(j->y.shape.h, 4);
    p->tiles_x = divide_up(j->y.shape.w, 4);
    p->tiles = p->tiles_y * p->tiles_x;
    p->map_panels = divide_up(k, p->lanes);
    p->picture = 4 * c + PAD;
    p->map = k + PAD;

    // A chunk's rows on both sides stay in a cache of budget bytes.
    const int64_t image = (int64_t)p->tiles * PRODUCTS * (p->picture + p->map) * (int64_t)sizeof(float);
    const int64_t fit = ((int64_t)12 << 20) / image;
    const int least = divide_up(64, p->tiles);
    p->chunk = fit > n ? n : fit < least ? least : (int)fit;
    p->chunk = p->chunk > n ? n : p->chunk;
    p->chunk = divide_up(n, divide_up(n, p->chunk)); // equal ones
    p->rows = round_up(p->chunk * p->tiles, p->tp);

    p->range = 48;
    p->group = 2;
    p->ranges = divide_up(4 * c, p->range);
    p->groups = divide_up(p->map_panels, p->group);
    p->u = (size_t)PRODUCTS * 4 * (size_t)c *
           (size_t)(j->pass == CLG_CONV_FORWARD ? p->map_panels * p->lanes : k);
    p->v = (size_t)PRODUCTS * (size_t)p->rows * (size_t)p->picture;
    p->m = (size_t)PRODUCTS * (size_t)p->rows * (size_t)(round_up(k, p->lanes) + PAD);
    p->sums = p->chunk == n ? 0
                            : (size_t)p->ranges * (size_t)p->groups * PRODUCTS * (size_t)p->range *
                                  (size_t)(p->group * p->lanes);
    snprintf(p->options, sizeof p->options, " -DNV=%d -DTP=%d -DPAD=%d -DCR=%d -DKP=%d -DWHOLE=%d", p->nv,
             p->tp, PAD, p->range, p->group, p->chunk == n);
}

// Images [first, first + n) of a tensor.
static struct clg_tensor part(struct clg_tensor t, int first, int n)
{
    t.offset += (size_t)first * (clg_shape_count(t.shape) / (size_t)t.shape.n);
    t.shape.n = n;
    return t;
}

static int launch(struct clg_device *d, const struct plan *p, const char *kernel, int gx, int gy,
                  double flops, double floats, const struct clg_arg *args, int n)
{
    struct clg_launch l = {.file = flops > 0 ? "winograd_gemm.cl" : "winograd.cl",
                           .kernel = kernel,
                           .options = p->options,
                           .global = {(size_t)gx, (size_t)gy},
                           .local = {1, 1},
                           .flops = flops,
                           .bytes = 4 * floats};
    return clg_launch(d, &l, args, n);
}

static int weights(struct clg_device *d, const struct clg_conv_job *j, const struct plan *p,
                   struct clg_tensor u)
{
    const int c = j->x.shape.c, k = j->y.shape.c;
    struct clg_arg args[] = {CLG_T(j->w), CLG_T(u), CLG_I(c), CLG_I(k)};
    const double floats = (double)p->u + 16.0 * c * k;
    if (j->pass == CLG_CONV_FORWARD)
        return launch(d, p, "winograd_weights", p->map_panels, 4, 0, floats, args, 4);
    return launch(d, p, "winograd_weights_adjoint", 4 * c / d->vector, 1, 0, floats, args, 4);
}

static int picture(struct clg_device *d, const struct plan *p, struct clg_tensor x, struct clg_tensor v,
                   bool back)
{
    const struct clg_shape s = x.shape;
    struct clg_arg args[] = {CLG_T(back ? v : x), CLG_T(back ? x : v), CLG_I(s.h),        CLG_I(s.w),
                             CLG_I(s.c),          CLG_I(p->tiles_y),   CLG_I(p->tiles_x), CLG_I(p->rows)};
    const double floats = (double)clg_shape_count(s) + (double)p->v;
    return back ? launch(d, p, "winograd_picture_back", s.n, 4, 0, floats, args, 8)
                : launch(d, p, "winograd_picture", s.n * p->tiles, 1, 0, floats, args, 8);
}

static int map(struct clg_device *d, const struct plan *p, struct clg_tensor y, struct clg_tensor v)
{
    struct clg_arg args[] = {CLG_T(y),         CLG_T(v),          CLG_I(y.shape.h),  CLG_I(y.shape.w),
                             CLG_I(y.shape.c), CLG_I(p->tiles_y), CLG_I(p->tiles_x), CLG_I(p->rows)};
    const double floats = (double)clg_shape_count(y.shape) + (double)p->m;
    return launch(d, p, "winograd_map", y.shape.n * p->tiles, 1, 0, floats, args, 8);
}

static int products(struct clg_device *d, const struct plan *p, int panels, struct clg_tensor a,
                    struct clg_tensor u, struct clg_tensor c, int depth, int a_stride, int c_stride,
                    double flops)
{
    struct clg_arg args[] = {CLG_T(a),     CLG_T(u),        CLG_T(c),       CLG_I(p->rows),
                             CLG_I(depth), CLG_I(a_stride), CLG_I(c_stride)};
    return launch(d, p, "winograd_products", panels, PRODUCTS, flops, 0, args, 7);
}

static int forward_chunk(struct clg_device *d, const struct plan *p, const struct clg_conv_job *j,
                         struct clg_tensor u, struct clg_tensor v, struct clg_tensor m)
{
    const int c = j->x.shape.c, k = j->y.shape.c, stride = round_up(k, p->lanes) + PAD;
    int status = picture(d, p, j->x, v, false);
    if (!status)
        status = products(d, p, p->map_panels, v, u, m, 4 * c, p->picture, stride, clg_conv_flops(j));
    struct clg_arg args[] = {CLG_T(m),      CLG_T(j->y),   CLG_I(j->y.shape.h), CLG_I(j->y.shape.w),
                             CLG_I(k),      CLG_I(stride), CLG_I(p->tiles_y),   CLG_I(p->tiles_x),
                             CLG_I(p->rows)};
    const double floats = (double)clg_shape_count(j->y.shape) + (double)p->m;
    return status ? status
                  : launch(d, p, "winograd_map_back", j->y.shape.n * p->tiles, 1, 0, floats, args, 9);
}

static int data_chunk(struct clg_device *d, const struct plan *p, const struct clg_conv_job *j,
                      struct clg_tensor u, struct clg_tensor v, struct clg_tensor m)
{
    const int c = j->x.shape.c, k = j->y.shape.c;
    int status = map(d, p, j->y, m);
    if (!status)
        status = products(d, p, 4 * c / p->lanes, m, u, v, k, p->map, p->picture, clg_conv_flops(j));
    return status ? status : picture(d, p, j->x, v, true);
}

static int filter_chunk(struct clg_device *d, const struct plan *p, const struct clg_conv_job *j,
                        struct clg_tensor sums, struct clg_tensor v, struct clg_tensor m, bool first,
                        bool last)
{
    int status = picture(d, p, j->x, v, false);
    if (!status)
        status = map(d, p, j->y, m);
    struct clg_arg args[] = {CLG_T(v),
                             CLG_T(m),
                             CLG_T(sums),
                             CLG_T(j->w),
                             CLG_I(j->x.shape.c),
                             CLG_I(j->y.shape.c),
                             CLG_I(j->x.shape.n * p->tiles),
                             CLG_I(p->rows),
                             CLG_I(first),
                             CLG_I(last),
                             CLG_I(j->accumulate)};
    return status ? status
                  : launch(d, p, "winograd_filter", p->groups, p->ranges, clg_conv_flops(j), 0, args, 11);
}

static struct clg_tensor take(struct clg_tensor *scratch, size_t floats)
{
    struct clg_tensor t = *scratch;
    scratch->offset += (floats + 63) / 64 * 64;
    return t;
}

static bool winograd_fits(struct clg_device *d, const struct clg_conv_job *j)
{
    const struct clg_conv *c = &j->conv;
    if (c->r != 4 || c->s != 4 || c->stride != 2 || c->pad != 1)
        return false;
    if (j->x.shape.c % d->vector || j->y.shape.c % d->vector)
        return false;
    struct plan p;
    plan_make(d, j, &p);
    return (p.u + p.v + p.m + p.sums) * sizeof(float) <= d->info.max_allocation;
}

static int winograd_run(struct clg_device *d, const struct clg_conv_job *j)
{
    struct plan p;
    plan_make(d, j, &p);
    const bool filter = j->pass == CLG_CONV_BACKWARD_FILTER;
    const int n = j->x.shape.n;
    struct clg_tensor scratch;
    int status = clg_scratch(d, 0, (filter ? p.sums : p.u) + p.v + p.m + 256, &scratch);
    if (status)
        return status;
    struct clg_tensor u = take(&scratch, filter ? p.sums : p.u), v = take(&scratch, p.v),
                      m = take(&scratch, p.m);
    if (!filter)
        status = weights(d, j, &p, u);
    for (int first = 0; first < n && !status; first += p.chunk) {
        const int images = n - first < p.chunk ? n - first : p.chunk;
        struct clg_conv_job chunk = *j;
        chunk.x = part(j->x, first, images);
        chunk.y = part(j->y, first, images);
        status = filter ? filter_chunk(d, &p, &chunk, u, v, m, first == 0, first + images == n)
                 : j->pass == CLG_CONV_FORWARD ? forward_chunk(d, &p, &chunk, u, v, m)
                                               : data_chunk(d, &p, &chunk, u, v, m);
    }
    return status;
}

const struct clg_conv_variant clg_conv_winograd = {"winograd", false, 0, winograd_fits, winograd_run};
