// Convolution for GPUs: how a job is cut into tiles, parts and launches for conv_gpu.cl, conv_gpu_filter.cl.
#include "ops/ops.h"

#include <stdio.h>
#include <string.h>

// A work-group is wx x wy items, an item owns tm rows and tn columns, a slice is `depth` deep. All take 16
// KiB of local memory at most.
struct tile {
    int wx, wy, tm, tn, depth;
};
static const struct tile tiles[] = {
    {8, 8, 8, 8, 16},   // 64 x 64, the first of three
    {8, 8, 8, 8, 8},    // shallow
    {16, 16, 4, 4, 16}, // by more items
    {8, 16, 8, 8, 16},  // 128 x 64
    {16, 8, 8, 8, 16},  // 64 x 128
    {16, 16, 8, 8, 8},  // 128 x 128
    {8, 8, 4, 4, 16},   // 32 x 32
    {4, 16, 8, 4, 16},  // 128 x 16: few channels
    {1, 64, 4, 4, 8},   // 256 x 4: pictures
};
enum { TILES = sizeof tiles / sizeof *tiles };

// Floats of an image, and of a tensor in one launch (or one part): kernels count them in an int.
static const double image_max = 1 << 28, launch_max = 1 << 30;

enum { DEPTH_MAX = 2048 };                        // of one sum
enum { PARTS_MAX = 128, PARTS_FLOATS = 1 << 24 }; // of a filter gradient, and what these may take

// A pass as matrix products, one for each plane (backward-data's phases: the largest one's sizes).
struct product {
    double rows, depth;
    int columns, planes;
    double result; // floats
};

struct plan {
    const struct tile *tile;
    int parts;
};

static double at_least(double value, double least)
{
    return value < least ? least : value;
}

static double at_most(double value, double most)
{
    return value > most ? most : value;
}

static double divide_up(double a, double b)
{
    const double whole = (double)(int64_t)(a / b);
    return whole * b < a ? whole + 1 : whole;
}

static double image_floats(const struct clg_conv_job *j)
{
    const double x = (double)j->x.shape.h * j->x.shape.w * j->x.shape.c,
                 y = (double)j->y.shape.h * j->y.shape.w * j->y.shape.c;
    return x > y ? x : y;
}

static struct product product_of(const struct clg_conv_job *j)
{
    const double taps = (double)j->conv.r * j->conv.s, n = j->x.shape.n;
    const double pixels = n * j->y.shape.h * j->y.shape.w;
    const int c = j->x.shape.c, k = j->y.shape.c, s = j->conv.stride;
    if (j->pass == CLG_CONV_FORWARD)
        return (struct product){pixels, taps * c, k, 1, pixels * k};
    if (j->pass == CLG_CONV_BACKWARD_FILTER)
        return (struct product){taps * c, pixels, k, 1, taps * c * k};
    const double h = divide_up(j->x.shape.h, s), w = divide_up(j->x.shape.w, s);
    return (struct product){n * h * w, divide_up(j->conv.r, s) * divide_up(j->conv.s, s) * k, c, s * s,
                            n * j->x.shape.h * j->x.shape.w * c};
}

// --- tiles and parts ---------------------------------------------------------------------------

static int rows_of(const struct tile *t)
{
    return t->wy * t->tm;
}

static int columns_of(const struct tile *t)
{
    return t->wx * t->tn;
}

static int items_of(const struct tile *t)
{
    return t->wx * t->wy;
}

static bool tile_fits(const struct clg_device *d, const struct tile *t)
{
    const int bm = rows_of(t), bn = columns_of(t);
    const size_t local =
        sizeof(cl_float) * (size_t)(t->depth * (bm + 4 + bn + 4)) + sizeof(cl_int4) * (size_t)(bm + t->depth);
    return (size_t)items_of(t) <= d->info.max_work_group && local <= d->info.local_memory;
}

static double tiles_over(const struct tile *t, const struct product *p)
{
    return divide_up(p->rows, rows_of(t)) * divide_up(p->columns, columns_of(t)) * p->planes;
}

// Work-groups that run at once: a guess of 256 items for each compute unit.
static double groups_at_once(const struct clg_device *d, const struct tile *t)
{
    return at_least(d->info.compute_units, 1) * 256 / items_of(t);
}

// Parts of the depth: no sum is longer than DEPTH_MAX, as long sums of floats lose bits. A filter gradient
// has few tiles and many pixels: two rounds of groups, but no part shorter than 256 pixels. The other passes
// are cut besides where an image has next to no values (D's last layer), by a rule without the batch in it,
// so that an image has the same bits in every batch.
static int parts_of(const struct clg_device *d, const struct clg_conv_job *j, const struct product *p,
                    const struct tile *t)
{
    if (j->pass != CLG_CONV_BACKWARD_FILTER)
        return (int)at_least(divide_up(p->depth, DEPTH_MAX),
                             p->result / j->x.shape.n <= 256 ? at_most(p->depth / 512, 16) : 1);
    const double room = at_most((double)d->info.max_allocation / 16, PARTS_FLOATS);
    double parts =
        at_least(divide_up(2 * groups_at_once(d, t), tiles_over(t, p)), divide_up(p->depth, DEPTH_MAX));
    parts = at_most(at_most(parts, divide_up(p->depth, 256)), at_most(PARTS_MAX, room / p->result));
    return (int)at_least(parts, divide_up(image_floats(j) * j->x.shape.n, launch_max));
}

// A model of the time: rounds of groups, each of which multiplies (and reads local memory for it) and
// fetches. The weights of the three are a guess: the tuner measures.
static double tile_cost(const struct clg_device *d, const struct tile *t, const struct product *p, int parts)
{
    const double bm = rows_of(t), bn = columns_of(t), once = groups_at_once(d, t);
    const double rounds = divide_up(tiles_over(t, p) * parts, once);
    const double step = bm * bn * (1 + 2.0 / t->tm + 2.0 / t->tn) + 32 * (bm + bn);
    return rounds * 256 / items_of(t) * step * divide_up(p->depth / parts, t->depth) * t->depth;
}

static bool plan_make(const struct clg_device *d, const struct clg_conv_job *j, const struct product *p,
                      struct plan *plan)
{
    double best = 0;
    plan->tile = NULL;
    for (int i = 0; i < TILES; i++) {
        if ((j->config && j->config != i + 1) || !tile_fits(d, &tiles[i]))
            continue;
        const int parts = parts_of(d, j, p, &tiles[i]);
        const double cost = tile_cost(d, &tiles[i], p, parts);
        if (!plan->tile || cost < best) {
            *plan = (struct plan){&tiles[i], parts};
            best = cost;
        }
    }
    return plan->tile;
}

// --- launches ----------------------------------------------------------------------------------

// Vectors of four where the channels and all three tensors allow them.
static int vector_of(const struct clg_conv_job *j, int channels)
{
    return channels % 4 || j->x.offset % 4 || j->w.offset % 4 || j->y.offset % 4 ? 1 : 4;
}

static void options_of(const struct clg_conv_job *j, const struct tile *t, char *text, size_t size)
{
    const bool backward = j->pass == CLG_CONV_BACKWARD_DATA;
    const int vx = vector_of(j, j->x.shape.c), vy = vector_of(j, j->y.shape.c);
    snprintf(text, size, " -DWX=%d -DWY=%d -DTM=%d -DTN=%d -DDEPTH=%d -DVI=%d -DVO=%d%s", t->wx, t->wy, t->tm,
             t->tn, t->depth, backward ? vy : vx, backward ? vx : vy,
             j->pass == CLG_CONV_BACKWARD_FILTER ? ""
             : backward                          ? " -DBACKWARD=1"
                                                 : " -DBACKWARD=0");
}

// What both kernels take: a, b and the result, the sides that the sums and the columns belong to, a length.
enum { ARGS = 15 };
static void args_of(const struct clg_conv *c, struct clg_tensor a, struct clg_tensor b, struct clg_tensor out,
                    struct clg_shape in, struct clg_shape to, int length, struct clg_arg args[ARGS])
{
    const struct clg_arg all[ARGS] = {CLG_T(a),         CLG_T(b),      CLG_T(out),   CLG_I(in.n),
                                      CLG_I(in.h),      CLG_I(in.w),   CLG_I(in.c),  CLG_I(to.h),
                                      CLG_I(to.w),      CLG_I(to.c),   CLG_I(c->r),  CLG_I(c->s),
                                      CLG_I(c->stride), CLG_I(c->pad), CLG_I(length)};
    memcpy(args, all, sizeof all);
}

// Forward or backward-data of a chunk of the batch.
static int chunk_run(struct clg_device *d, const struct clg_conv_job *j, const struct plan *plan)
{
    const bool backward = j->pass == CLG_CONV_BACKWARD_DATA;
    const struct clg_tensor in = backward ? j->y : j->x, result = backward ? j->x : j->y;
    const struct product p = product_of(j);
    struct clg_tensor out = result;
    int status = plan->parts > 1 ? clg_scratch(d, 0, (size_t)p.result * (size_t)plan->parts, &out) : 0;
    if (status)
        return status;
    const double slices = divide_up(divide_up(p.depth, plan->tile->depth), plan->parts);
    const size_t groups = (size_t)(tiles_over(plan->tile, &p) / p.planes),
                 items = (size_t)items_of(plan->tile);
    char options[256];
    options_of(j, plan->tile, options, sizeof options);
    struct clg_launch l = {.file = "conv_gpu.cl",
                           .kernel = backward ? "conv_gpu_data" : "conv_gpu_forward",
                           .options = options,
                           .global = {groups * items, (size_t)p.planes, (size_t)plan->parts},
                           .local = {items, 1, 1},
                           .flops = clg_conv_flops(j),
                           .bytes = clg_conv_bytes(j)};
    struct clg_arg args[ARGS];
    args_of(&j->conv, in, j->w, out, in.shape, result.shape, (int)slices, args);
    status = clg_launch(d, &l, CLG_ARGS(args));
    return status || plan->parts == 1 ? status : clg_parts_sum(d, out, plan->parts, result, false);
}

static int images_run(struct clg_device *d, const struct clg_conv_job *j, const struct plan *plan)
{
    const int n = j->x.shape.n;
    const double most = at_most(launch_max / image_floats(j), d->launch_flops * n / clg_conv_flops(j));
    const int each = (int)at_most(at_least(most, 1), n);
    int status = 0;
    for (int first = 0; first < n && !status; first += each) {
        struct clg_conv_job chunk = *j;
        chunk.x = clg_images(j->x, first, n - first < each ? n - first : each);
        chunk.y = clg_images(j->y, first, n - first < each ? n - first : each);
        status = chunk_run(d, &chunk, plan);
    }
    return status;
}

static int filter_run(struct clg_device *d, const struct clg_conv_job *j, const struct product *p,
                      const struct plan *plan)
{
    const struct tile *t = plan->tile;
    const double pixels_each = divide_up(divide_up(p->depth, plan->parts), t->depth) * t->depth;
    const int parts = (int)divide_up(p->depth, pixels_each);
    const bool summed = parts > 1 || j->accumulate;
    struct clg_tensor dw = j->w;
    int status = summed ? clg_scratch(d, 0, (size_t)p->result * (size_t)parts, &dw) : 0;
    const int count = (int)tiles_over(t, p);
    const int each = (int)at_most(at_least(d->launch_flops * count / clg_conv_flops(j), 1), count);
    char options[256];
    options_of(j, t, options, sizeof options);
    for (int first = 0; first < count && !status; first += each) {
        const int some = count - first < each ? count - first : each;
        struct clg_launch l = {.file = "conv_gpu_filter.cl",
                               .kernel = "conv_gpu_filter",
                               .options = options,
                               .global = {(size_t)(some * items_of(t)), (size_t)parts},
                               .local = {(size_t)items_of(t), 1},
                               .flops = clg_conv_flops(j) * some / count,
                               .bytes = clg_conv_bytes(j) * some / count};
        struct clg_arg args[ARGS + 1] = {[ARGS] = CLG_I(first)};
        args_of(&j->conv, j->x, j->y, dw, j->x.shape, j->y.shape, (int)pixels_each, args);
        status = clg_launch(d, &l, CLG_ARGS(args));
    }
    return status || !summed ? status : clg_parts_sum(d, dw, parts, j->w, j->accumulate);
}

// --- the row -----------------------------------------------------------------------------------

static bool gpu_fits(struct clg_device *d, const struct clg_conv_job *j)
{
    const struct product p = product_of(j);
    struct plan plan;
    return image_floats(j) <= image_max && (double)clg_shape_count(j->w.shape) <= image_max &&
           plan_make(d, j, &p, &plan) && (plan.parts == 1 || plan.parts * p.result <= launch_max);
}

static int gpu_run(struct clg_device *d, const struct clg_conv_job *j)
{
    const struct product p = product_of(j);
    struct plan plan;
    plan_make(d, j, &p, &plan);
    return j->pass == CLG_CONV_BACKWARD_FILTER ? filter_run(d, j, &p, &plan) : images_run(d, j, &plan);
}

const struct clg_conv_variant clg_conv_gpu = {"gpu", true, TILES, gpu_fits, gpu_run};
