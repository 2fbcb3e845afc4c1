// Minimal filtering F(4x4,2x2) on CPU devices: 25 products for 64 in 4x4/stride-2 convolutions, in three
// launches (transforms, matrix products, transforms back) for each chunk of the batch that fits the
// last-level cache.
#include "ops/ops.h"

#include <stdio.h>

enum { CHUNK_BYTES = 12 << 20 };  // of both spectra
enum { KEEP_TILES = 64 };         // transformed weights that no more tiles share are kept
enum { PRODUCTS = 25, PAD = 16 }; // PAD floats end every row: powers of two apart would share cache sets

struct plan {
    int nv, tp, lanes;            // register tile: tp rows x lanes = nv vectors
    int tiles_y, tiles_x, tiles;  // of one image
    int chunk, rows;              // images at a time, and rows (tiles, a multiple of tp) that they take
    int picture, map;             // channels on either side: 4 c and k
    int picture_block, map_block; // and how they are cut
    int picture_blocks, map_blocks;
    int panels;           // of the map side
    size_t u, v, m, sums; // floats of scratch: weights, both spectra, sums of filter gradients
    bool whole;           // filter gradient: sums stay in local memory
};

// Of filter gradients: picture channels and map blocks of a work-item, tiles at a time.
enum { RANGE = 48, GROUP = 2, DEPTH = 128 };

static void plan_make(struct clg_device *d, const struct clg_conv_job *j, struct plan *p)
{
    const int n = j->x.shape.n;
    const bool filter = j->pass == CLG_CONV_BACKWARD_FILTER;
    *p = (struct plan){
        .nv = 2, .tp = d->vector >= 16 ? 8 : 6, .picture = 4 * j->x.shape.c, .map = j->y.shape.c};
    p->lanes = p->nv * d->vector;
    p->tiles_y = clg_divide_up(j->y.shape.h, 4);
    p->tiles_x = clg_divide_up(j->y.shape.w, 4);
    p->tiles = p->tiles_y * p->tiles_x;
    p->panels = clg_divide_up(p->map, p->lanes);
    p->picture_block = filter ? RANGE : p->picture + PAD;
    p->map_block = filter ? p->lanes : clg_round_up(p->map, p->lanes) + PAD;
    p->picture_blocks = clg_divide_up(p->picture, p->picture_block);
    p->map_blocks = clg_divide_up(p->map, p->map_block);

    // A chunk's spectra stay in the last-level cache.
    const int width = p->picture_blocks * p->picture_block + p->map_blocks * p->map_block;
    const int64_t image = (int64_t)p->tiles * PRODUCTS * width * (int64_t)sizeof(float);
    const int64_t fit = CHUNK_BYTES / image;
    const int least = clg_divide_up(128, p->tiles);
    p->chunk = fit > n ? n : fit < least ? least : (int)fit;
    p->chunk = p->chunk > n ? n : p->chunk;
    p->chunk = clg_divide_up(n, clg_divide_up(n, p->chunk)); // equal ones
    p->rows = clg_round_up(p->chunk * p->tiles, p->tp);

    const size_t part = (size_t)PRODUCTS * (size_t)p->rows;
    p->v = part * (size_t)(p->picture_blocks * p->picture_block);
    p->m = part * (size_t)(p->map_blocks * p->map_block);
    p->whole = p->chunk == n &&
               sizeof(float) * (size_t)(PRODUCTS * RANGE * GROUP * p->lanes) <= d->info.local_memory;
    if (!filter)
        p->u = (size_t)PRODUCTS * (size_t)p->picture * (size_t)clg_round_up(p->map, p->lanes);
    else if (!p->whole)
        p->sums = (size_t)PRODUCTS * (size_t)(p->picture_blocks * p->picture_block) *
                  (size_t)clg_round_up(p->map, GROUP * p->lanes);
}

// A transform: gx x gy work-items that move so many floats.
static int transform(struct clg_device *d, const struct plan *p, const char *kernel, int gx, int gy,
                     double floats, const struct clg_arg *args, int n)
{
    char options[32]; // none of a shape: one compilation serves all
    snprintf(options, sizeof options, " -DNV=%d", p->nv);
    struct clg_launch l = {.file = "winograd.cl",
                           .kernel = kernel,
                           .options = options,
                           .global = {(size_t)gx, (size_t)gy},
                           .local = {1, 1},
                           .bytes = 4 * floats};
    return clg_launch(d, &l, args, n);
}

// The weights' factors for the forward pass or its adjoint.
static int weights_make(struct clg_device *d, const struct clg_conv_job *j, struct clg_tensor u)
{
    struct plan plan, *p = &plan;
    plan_make(d, j, p);
    struct clg_arg args[] = {CLG_T(j->w), CLG_T(u), CLG_I(j->x.shape.c), CLG_I(j->y.shape.c)};
    const double floats = (double)p->u + (double)clg_shape_count(j->w.shape);
    if (j->pass == CLG_CONV_FORWARD)
        return transform(d, p, "winograd_weights", p->panels, 4, floats, CLG_ARGS(args));
    return transform(d, p, "winograd_weights_adjoint", p->picture / d->vector, 1, floats, CLG_ARGS(args));
}

// The picture side into its spectrum, or back.
static int picture(struct clg_device *d, const struct plan *p, struct clg_tensor x, struct clg_tensor v,
                   bool back)
{
    const struct clg_shape s = x.shape;
    struct clg_arg args[] = {CLG_T(back ? v : x), CLG_T(back ? x : v), CLG_I(s.h),
                             CLG_I(s.w),          CLG_I(s.c),          CLG_I(p->tiles_y),
                             CLG_I(p->tiles_x),   CLG_I(p->rows),      CLG_I(p->picture_block)};
    const double floats = (double)clg_shape_count(s) + (double)p->v;
    return back ? transform(d, p, "winograd_picture_back", s.n, 4, floats, CLG_ARGS(args))
                : transform(d, p, "winograd_picture", s.n * p->tiles, 1, floats, CLG_ARGS(args));
}

// The map side likewise.
static int map(struct clg_device *d, const struct plan *p, struct clg_tensor y, struct clg_tensor m,
               bool back)
{
    const struct clg_shape s = y.shape;
    struct clg_arg args[] = {CLG_T(back ? m : y), CLG_T(back ? y : m), CLG_I(s.h),
                             CLG_I(s.w),          CLG_I(s.c),          CLG_I(p->tiles_y),
                             CLG_I(p->tiles_x),   CLG_I(p->rows),      CLG_I(p->map_block)};
    const double floats = (double)clg_shape_count(s) + (double)p->m;
    return transform(d, p, back ? "winograd_map_back" : "winograd_map", s.n * p->tiles, 1, floats,
                     CLG_ARGS(args));
}

// Spectrum b = a u, of either side.
static int products(struct clg_device *d, const struct plan *p, int panels, struct clg_tensor a,
                    struct clg_tensor u, struct clg_tensor b, int depth, int a_block, int b_block,
                    double flops)
{
    struct clg_arg args[] = {CLG_T(a),     CLG_T(u),       CLG_T(b),      CLG_I(p->rows),
                             CLG_I(depth), CLG_I(a_block), CLG_I(b_block)};
    char options[64];
    snprintf(options, sizeof options, " -DNV=%d -DTP=%d", p->nv, p->tp);
    struct clg_launch l = {.file = "winograd_gemm.cl",
                           .kernel = "winograd_products",
                           .options = options,
                           .global = {(size_t)panels, PRODUCTS},
                           .local = {1, 1},
                           .flops = flops};
    return clg_launch(d, &l, CLG_ARGS(args));
}

static int forward_chunk(struct clg_device *d, const struct plan *p, const struct clg_conv_job *j,
                         struct clg_tensor u, struct clg_tensor v, struct clg_tensor m)
{
    int status = picture(d, p, j->x, v, false);
    if (!status)
        status =
            products(d, p, p->panels, v, u, m, p->picture, p->picture_block, p->map_block, clg_conv_flops(j));
    return status ? status : map(d, p, j->y, m, true);
}

static int data_chunk(struct clg_device *d, const struct plan *p, const struct clg_conv_job *j,
                      struct clg_tensor u, struct clg_tensor v, struct clg_tensor m)
{
    int status = map(d, p, j->y, m, false);
    if (!status)
        status = products(d, p, p->picture / p->lanes, m, u, v, p->map, p->map_block, p->picture_block,
                          clg_conv_flops(j));
    return status ? status : picture(d, p, j->x, v, true);
}

static int filter_chunk(struct clg_device *d, const struct plan *p, const struct clg_conv_job *j,
                        struct clg_tensor sums, struct clg_tensor v, struct clg_tensor m, bool first,
                        bool last)
{
    int status = picture(d, p, j->x, v, false);
    if (!status)
        status = map(d, p, j->y, m, false);
    char options[128];
    snprintf(options, sizeof options, " -DNV=%d -DTP=%d -DCR=%d -DKP=%d -DDEPTH=%d -DWHOLE=%d", p->nv, p->tp,
             RANGE, GROUP, DEPTH, p->whole);
    struct clg_launch l = {.file = "winograd_gemm.cl",
                           .kernel = "winograd_filter",
                           .options = options,
                           .global = {(size_t)clg_divide_up(p->map_blocks, GROUP), (size_t)p->picture_blocks},
                           .local = {1, 1},
                           .flops = clg_conv_flops(j)};
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
    return status ? status : clg_launch(d, &l, CLG_ARGS(args));
}

// Transforming weights costs the more, the fewer tiles share them: then it pays to keep them, if they
// are watched.
static bool keeps_weights(const struct clg_conv_job *j, const struct plan *p)
{
    return j->pass != CLG_CONV_BACKWARD_FILTER && j->x.shape.n * p->tiles <= KEEP_TILES &&
           clg_weights_watched(j->w);
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
    const size_t floats = p.u + p.v + p.m + p.sums;
    return floats < INT32_MAX / 2 && floats * sizeof(float) <= d->info.max_allocation;
}

static int winograd_run(struct clg_device *d, const struct clg_conv_job *j)
{
    struct plan p;
    plan_make(d, j, &p);
    const bool filter = j->pass == CLG_CONV_BACKWARD_FILTER, keeps = keeps_weights(j, &p);
    const int n = j->x.shape.n;
    const size_t first_part = filter ? p.sums : keeps ? 0 : p.u;
    struct clg_tensor scratch;
    int status = clg_scratch(d, 0, first_part + p.v + p.m + 256, &scratch);
    if (status)
        return status;
    struct clg_tensor u = take(&scratch, first_part), v = take(&scratch, p.v), m = take(&scratch, p.m);
    if (keeps)
        status = clg_packed_weights_get(d, j, p.u, weights_make, &u);
    else if (!filter)
        status = weights_make(d, j, u);
    for (int first = 0; first < n && !status; first += p.chunk) {
        const int images = n - first < p.chunk ? n - first : p.chunk;
        struct clg_conv_job chunk = *j;
        chunk.x = clg_images(j->x, first, images);
        chunk.y = clg_images(j->y, first, images);
        status = filter ? filter_chunk(d, &p, &chunk, u, v, m, first == 0, first + images == n)
                 : j->pass == CLG_CONV_FORWARD ? forward_chunk(d, &p, &chunk, u, v, m)
                                               : data_chunk(d, &p, &chunk, u, v, m);
    }
    return status;
}

const struct clg_conv_variant clg_conv_winograd = {"winograd", false, 0, winograd_fits, winograd_run};
