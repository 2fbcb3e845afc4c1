// Direct convolution for CPU devices: how a job is cut into boxes, tiles and work-items for conv_cpu.cl.
#include "ops/ops.h"

#include <stdio.h>

static int at_least(int value, int least)
{
    return value < least ? least : value;
}

static int at_most(int value, int most)
{
    return value > most ? most : value;
}

// Floats of local memory that a box may take: it should stay in the second-level cache beside the weights.
static int box_budget(const struct clg_device *d)
{
    uint64_t bytes = d->info.local_memory < (400 << 10) ? d->info.local_memory : (400 << 10);
    return (int)(bytes / sizeof(float));
}

static int lane_vectors(const struct clg_device *d, int lanes)
{
    return lanes <= d->vector ? 1 : 2;
}

// --- forward and backward-data -----------------------------------------------------------------

struct plan {
    int ci, co, ih, iw, outh, outw; // in and out, whichever of x and y they are
    int nv, blocks;                 // vectors per lane block, lane blocks
    int tpi, tpy, tpx;              // a register tile: images x rows x columns
    int images, trows, tcols;       // a box
    int box_y, box_x, bh, bw;
    int boxes, strips, shares; // work-items
};

// The input places that the taps of all phases touch at t = 0: [*low, *low + span).
static int span_of(const struct clg_conv *c, int kernel, bool backward, int *low)
{
    if (!backward) {
        *low = -c->pad;
        return kernel;
    }
    int lowest = 0, highest = 0;
    for (int phase = 0; phase < c->stride; phase++) {
        int offset = (phase + c->pad) / c->stride, first = (phase + c->pad) % c->stride;
        int taps = first < kernel ? clg_divide_up(kernel - first, c->stride) : 0;
        highest = at_least(highest, offset);
        if (taps)
            lowest = at_most(lowest, offset - (taps - 1));
    }
    *low = lowest;
    return highest - lowest + 1;
}

static int box_side(const struct clg_conv *c, bool backward, int t, int span)
{
    return (backward ? 1 : c->stride) * (t - 1) + span;
}

static bool plan_make(struct clg_device *d, const struct clg_conv_job *j, struct plan *p)
{
    const struct clg_conv *c = &j->conv;
    const bool backward = j->pass == CLG_CONV_BACKWARD_DATA;
    const struct clg_shape in = backward ? j->y.shape : j->x.shape, out = backward ? j->x.shape : j->y.shape;
    const int step = backward ? c->stride : 1, tile = d->vector >= 16 ? 8 : 4;
    *p = (struct plan){.ci = in.c, .co = out.c, .ih = in.h, .iw = in.w, .outh = out.h, .outw = out.w};
    p->nv = lane_vectors(d, p->co);
    p->blocks = clg_divide_up(p->co, p->nv * d->vector);

    const int th = clg_divide_up(p->outh, step), tw = clg_divide_up(p->outw, step);
    p->tpx = tw >= tile ? tile : tw >= 4 ? 4 : tw >= 2 ? 2 : 1;
    p->tpy = th >= tile / p->tpx ? tile / p->tpx : th >= 2 && tile / p->tpx >= 2 ? 2 : 1;
    p->tpi = tile / (p->tpx * p->tpy);
    p->tcols = clg_round_up(tw, p->tpx);
    const int span_y = span_of(c, c->r, backward, &p->box_y), span_x = span_of(c, c->s, backward, &p->box_x);
    p->bw = box_side(c, backward, p->tcols, span_x);

    // The tallest box that the budget allows, then more images where a whole one fits.
    const int budget = box_budget(d);
    p->trows = clg_round_up(th, p->tpy);
    while (p->trows > p->tpy &&
           (int64_t)p->tpi * box_side(c, backward, p->trows, span_y) * p->bw * p->ci > budget)
        p->trows = clg_round_up(at_least(p->trows / 2, 1), p->tpy);
    p->bh = box_side(c, backward, p->trows, span_y);
    const int64_t image = (int64_t)p->bh * p->bw * p->ci;
    if (image * p->tpi > budget)
        return false;
    p->strips = clg_divide_up(th, p->trows);
    const int workers = (int)d->info.compute_units;
    int images = p->strips > 1 ? p->tpi : (int)(budget / image);
    images = at_most(images, at_least(j->x.shape.n / (2 * workers), 1));
    p->images = at_least(images / p->tpi * p->tpi, p->tpi);
    p->images = at_most(p->images, 32);
    p->boxes = clg_divide_up(j->x.shape.n, p->images);
    p->shares = at_most(p->blocks, clg_divide_up(4 * workers, p->boxes * p->strips));
    return true;
}

static void plan_options(const struct clg_conv_job *j, const struct plan *p, char *text, size_t size)
{
    snprintf(
        text, size,
        " -DBACKWARD=%d -DR=%d -DS=%d -DSTRIDE=%d -DPAD=%d -DCI=%d -DCO=%d -DIH=%d -DIW=%d -DOUTH=%d "
        "-DOUTW=%d"
        " -DNV=%d -DTP=%d -DTPI=%d -DTPY=%d -DTPX=%d -DIMAGES=%d -DTROWS=%d -DTCOLS=%d -DBOX_Y=%d -DBOX_X=%d"
        " -DBH=%d -DBW=%d",
        j->pass == CLG_CONV_BACKWARD_DATA, j->conv.r, j->conv.s, j->conv.stride, j->conv.pad, p->ci, p->co,
        p->ih, p->iw, p->outh, p->outw, p->nv, p->tpi * p->tpy * p->tpx, p->tpi, p->tpy, p->tpx, p->images,
        p->trows, p->tcols, p->box_y, p->box_x, p->bh, p->bw);
}

static int direct_run(struct clg_device *d, const struct clg_conv_job *j)
{
    struct plan p;
    plan_make(d, j, &p);
    const bool backward = j->pass == CLG_CONV_BACKWARD_DATA;
    const int taps = j->conv.r * j->conv.s;
    char options[512];
    plan_options(j, &p, options, sizeof options);
    struct clg_tensor packed;
    int status = clg_scratch(d, 0, (size_t)p.blocks * (size_t)(taps * p.ci * p.nv * d->vector), &packed);
    if (status)
        return status;
    struct clg_launch pack = {.file = "conv_cpu.cl",
                              .kernel = "conv_cpu_pack",
                              .options = options,
                              .global = {(size_t)taps, (size_t)p.blocks},
                              .local = {1, 1},
                              .bytes = 8.0 * (double)clg_shape_count(j->w.shape)};
    struct clg_arg pack_args[] = {CLG_T(j->w), CLG_T(packed)};
    status = clg_launch(d, &pack, CLG_ARGS(pack_args));
    if (status)
        return status;
    struct clg_launch l = {.file = "conv_cpu.cl",
                           .kernel = "conv_cpu",
                           .options = options,
                           .global = {(size_t)p.boxes, (size_t)p.strips, (size_t)p.shares},
                           .local = {1, 1, 1},
                           .flops = clg_conv_flops(j),
                           .bytes = clg_conv_bytes(j)};
    struct clg_arg args[] = {CLG_T(backward ? j->y : j->x), CLG_T(packed), CLG_T(backward ? j->x : j->y),
                             CLG_I(j->x.shape.n)};
    return clg_launch(d, &l, CLG_ARGS(args));
}

// --- backward-filter ---------------------------------------------------------------------------

struct filter_plan {
    int nv, ct, cr;            // vectors per lane block, channels per tile and per work-item
    int images, orows, bh, bw; // a chunk
    int ranges, shares;        // work-items: channel ranges x shares of the images
};

static int filter_floats(const struct clg_device *d, const struct clg_conv_job *j,
                         const struct filter_plan *p)
{
    const int lanes = clg_round_up(j->y.shape.c, p->nv * d->vector);
    const int bh = j->conv.stride * (p->orows - 1) + j->conv.r;
    int64_t floats =
        (int64_t)p->images * (p->cr * (int64_t)bh * p->bw + (int64_t)lanes * p->orows * j->y.shape.w);
    return floats > INT32_MAX ? INT32_MAX : (int)floats;
}

static bool filter_plan_make(struct clg_device *d, const struct clg_conv_job *j, struct filter_plan *p)
{
    const int budget = box_budget(d), c = j->x.shape.c, n = j->x.shape.n,
              workers = (int)d->info.compute_units;
    *p =
        (struct filter_plan){.nv = lane_vectors(d, j->y.shape.c), .ct = d->vector >= 16 ? 8 : 4, .images = 1};
    p->cr = clg_round_up(at_most(c, 2 * p->ct), p->ct);
    p->bw = j->conv.stride * (j->y.shape.w - 1) + j->conv.s;
    p->orows = j->y.shape.h;
    while (p->orows > 1 && filter_floats(d, j, p) > budget)
        p->orows = clg_divide_up(p->orows, 2);
    if (filter_floats(d, j, p) > budget)
        return false;
    const int most = at_most(64, at_least(n / 2, 1));
    while (p->orows == j->y.shape.h && p->images < most) {
        p->images++;
        if (filter_floats(d, j, p) > budget) {
            p->images--;
            break;
        }
    }
    p->bh = j->conv.stride * (p->orows - 1) + j->conv.r;
    p->ranges = clg_divide_up(c, p->cr);
    p->shares = at_most(clg_divide_up(n, p->images), clg_divide_up(2 * workers, p->ranges));
    return true;
}

static int filter_run(struct clg_device *d, const struct clg_conv_job *j)
{
    struct filter_plan p;
    filter_plan_make(d, j, &p);
    const size_t count = clg_shape_count(j->w.shape);
    char shape[256], options[512];
    clg_conv_options(j, shape, sizeof shape);
    snprintf(options, sizeof options, "%s -DNV=%d -DCT=%d -DCR=%d -DIMAGES=%d -DOROWS=%d -DBH=%d -DBW=%d",
             shape, p.nv, p.ct, p.cr, p.images, p.orows, p.bh, p.bw);
    struct clg_tensor dw = j->w;
    int status = p.shares > 1 ? clg_scratch(d, 0, count * (size_t)p.shares, &dw) : 0;
    if (status)
        return status;
    struct clg_launch l = {.file = "conv_cpu_filter.cl",
                           .kernel = "conv_cpu_filter",
                           .options = options,
                           .global = {(size_t)p.ranges, (size_t)p.shares},
                           .local = {1, 1},
                           .flops = clg_conv_flops(j),
                           .bytes = clg_conv_bytes(j)};
    struct clg_arg args[] = {CLG_T(j->x), CLG_T(j->y), CLG_T(dw), CLG_I(j->x.shape.n),
                             CLG_I(p.shares == 1 && j->accumulate)};
    status = clg_launch(d, &l, CLG_ARGS(args));
    return status || p.shares == 1 ? status : clg_parts_sum(d, dw, p.shares, j->w, j->accumulate);
}

// --- the row -----------------------------------------------------------------------------------

static bool cpu_fits(struct clg_device *d, const struct clg_conv_job *j)
{
    struct plan p;
    struct filter_plan f;
    return j->pass == CLG_CONV_BACKWARD_FILTER ? filter_plan_make(d, j, &f) : plan_make(d, j, &p);
}

static int cpu_run(struct clg_device *d, const struct clg_conv_job *j)
{
    return j->pass == CLG_CONV_BACKWARD_FILTER ? filter_run(d, j) : direct_run(d, j);
}

const struct clg_conv_variant clg_conv_cpu = {"cpu", true, 0, cpu_fits, cpu_run};
