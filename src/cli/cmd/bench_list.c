// clgan bench: the operations of a training step, as a list of kinds and shapes.
//
// Both nets are the same stack seen from its two ends: map i + 1 is half as wide as map i. D walks it from
// the picture by convolutions, G from z by transposed ones, whose forward is a convolution's data gradient.
#include "cli/cmd/bench_list.h"

#include <stdlib.h>

enum { LEVELS_MAX = 8 }; // 256 to 4 by halves, and the kernel that takes 4x4 whole

static bool same(const struct bench_op *a, const struct bench_op *b)
{
    return a->kind == b->kind && clg_shape_equal(a->x, b->x) && clg_shape_equal(a->w, b->w) &&
           clg_shape_equal(a->y, b->y);
}

// The nets share shapes: such operations are timed once.
static void add(struct bench_list *list, struct bench_op op)
{
    for (int i = 0; i < list->n; i++) {
        if (same(&list->ops[i], &op)) {
            list->ops[i].calls += op.calls;
            return;
        }
    }
    if (op.calls)
        list->ops[list->n++] = op;
}

// --- a net as a stack --------------------------------------------------------------------------
// One level: a convolution between two maps, x nearer to the picture.
struct level {
    struct clg_conv conv;
    struct clg_shape x, w, y;
};

static int levels_of(const struct clg_gan_params *p, int width, int last, struct level *levels)
{
    int n = 0, channels = p->channels, maps = width;
    for (int side = p->size; side > 4; side /= 2) {
        levels[n++] = (struct level){.conv = {4, 4, 2, 1},
                                     .x = {p->batch, side, side, channels},
                                     .w = {4, 4, channels, maps},
                                     .y = {p->batch, side / 2, side / 2, maps}};
        channels = maps;
        maps *= 2;
    }
    levels[n++] = (struct level){.conv = {4, 4, 1, 0},
                                 .x = {p->batch, 4, 4, channels},
                                 .w = {4, 4, channels, last},
                                 .y = {p->batch, 1, 1, last}};
    return n;
}

// How often a step takes the passes of one level.
struct calls {
    int forward, data, filter;
};

static void add_level(struct bench_list *list, const struct level *l, struct calls calls)
{
    struct bench_op op = {.conv = l->conv, .x = l->x, .w = l->w, .y = l->y};
    op.kind = BENCH_CONV_FORWARD;
    op.calls = calls.forward;
    add(list, op);
    op.kind = BENCH_CONV_DATA;
    op.calls = calls.data;
    add(list, op);
    op.kind = BENCH_CONV_FILTER;
    op.calls = calls.filter;
    add(list, op);
}

// A layer that changes no shape, forward and backward.
static void add_pair(struct bench_list *list, enum bench_kind forward, struct clg_shape x, struct clg_act act,
                     int calls)
{
    struct bench_op op = {.kind = forward, .act = act, .x = x, .calls = calls};
    add(list, op);
    op.kind = forward + 1;
    add(list, op);
}

static void add_adam(struct bench_list *list, const struct level *levels, int n, int norms_from)
{
    size_t count = 0;
    for (int i = 0; i < n; i++)
        count += clg_shape_count(levels[i].w);
    for (int i = norms_from; i < n - 1; i++)
        count += 2 * (size_t)levels[i].y.c;
    struct bench_op op = {.kind = BENCH_ADAM, .x = {1, 1, 1, (int)count}, .calls = 1};
    add(list, op);
}

// --- the step ----------------------------------------------------------------------------------
// D sees real and generated pictures for its own step, and those again for G's, which wants no filter
// gradients, but the picture's.
static void add_discriminator(struct bench_list *list, const struct level *levels, int n)
{
    for (int i = 0; i < n; i++)
        add_level(list, &levels[i], (struct calls){.forward = 3, .data = i ? 3 : 1, .filter = 2});
    add_pair(list, BENCH_ACT, levels[0].y, (struct clg_act){CLG_ACT_LEAKY_RELU, 0.2f}, 3);
    for (int i = 1; i < n - 1; i++)
        add_pair(list, BENCH_NORM, levels[i].y, (struct clg_act){CLG_ACT_LEAKY_RELU, 0.2f}, 3);
    add_adam(list, levels, n, 1);
}

// G goes through it once; nobody wants z's gradient.
static void add_generator(struct bench_list *list, const struct level *levels, int n)
{
    for (int i = 0; i < n; i++)
        add_level(list, &levels[i], (struct calls){.forward = i < n - 1, .data = 1, .filter = 1});
    add_pair(list, BENCH_ACT, levels[0].x, (struct clg_act){CLG_ACT_TANH, 0}, 1);
    for (int i = 0; i < n - 1; i++)
        add_pair(list, BENCH_NORM, levels[i].y, (struct clg_act){CLG_ACT_RELU, 0}, 1);
    add_adam(list, levels, n, 0);
}

static int by_kind(const void *a, const void *b)
{
    const struct bench_op *x = a, *y = b;
    return x->kind != y->kind ? (int)x->kind - (int)y->kind : y->x.h - x->x.h;
}

void bench_list_make(const struct clg_gan_params *p, struct bench_list *list)
{
    struct level levels[LEVELS_MAX];
    list->n = 0;
    add_discriminator(list, levels, levels_of(p, p->ndf, 1, levels));
    add_generator(list, levels, levels_of(p, p->ngf, p->z, levels));
    qsort(list->ops, (size_t)list->n, sizeof *list->ops, by_kind);
}
