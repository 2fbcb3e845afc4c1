// Plans: where each activation and gradient of a net lives, by lifetime, and the order of launches.
//
// Time goes 0 .. n-1 forward and n .. 2n-1 backward (layer i at 2n-1-i). Every tensor lives over an interval
// of it; tensors whose intervals do not meet share memory. The memory is one address space cut into slabs of
// at most the device's largest allocation.
#include "nn/plan.h"

#include "base/log.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

// Of one slab, and so of one tensor: kernels count elements in int.
#define FLOATS_MAX ((size_t)INT32_MAX / 64 * 64)

static void extend(struct clg_allocation *p, int time)
{
    if (p->from > p->to)
        p->from = p->to = time;
    p->from = time < p->from ? time : p->from;
    p->to = time > p->to ? time : p->to;
}

// May layer i write its output over its input? Only if no other layer needs the input.
static bool output_in_place(const struct clg_plan *plan, int i)
{
    const struct clg_net *net = plan->net;
    int in = clg_net_input_index(net, i, 0), how = net->layers[i].type->in_place;
    if (in < 0 || plan->consumers[in] != 1)
        return false;
    if (plan->mode != CLG_PLAN_TRAIN)
        return plan->mode == CLG_PLAN_INFER && (how & CLG_IN_PLACE_INFER);
    return (how & CLG_IN_PLACE_TRAIN) && !net->layers[in].type->needs_output;
}

// May it write its input's gradient over its output's?
static bool gradient_in_place(const struct clg_plan *plan, int i)
{
    int in = clg_net_input_index(plan->net, i, 0);
    return in >= 0 && plan->consumers[in] == 1 &&
           (plan->net->layers[i].type->in_place & CLG_IN_PLACE_GRADIENT);
}

static void lifetimes_of_layer(struct clg_plan *plan, int i)
{
    const struct clg_net *net = plan->net;
    const struct clg_layer_type *type = net->layers[i].type;
    const bool gradients = plan->mode != CLG_PLAN_INFER;
    const int backward = 2 * net->n - 1 - i;
    extend(&plan->allocations[clg_allocation_output(i)], i);
    if (plan->mode == CLG_PLAN_KEEP_ALL)
        extend(&plan->allocations[clg_allocation_output(i)], 2 * net->n);
    if (gradients && type->needs_output)
        extend(&plan->allocations[clg_allocation_output(i)], backward);
    for (int k = 0; k < net->layers[i].inputs_n; k++) {
        int in = clg_net_input_index(net, i, k);
        if (in < 0)
            continue;
        extend(&plan->allocations[clg_allocation_output(in)], i);
        if (!gradients)
            continue;
        if (type->needs_input)
            extend(&plan->allocations[clg_allocation_output(in)], backward);
        extend(&plan->allocations[clg_allocation_grad(in)], backward);
        extend(&plan->allocations[clg_allocation_grad(in)], 2 * net->n - 1 - in);
        if (plan->consumers[in] > 1)
            extend(&plan->allocations[clg_allocation_scratch_grad(k)], backward);
    }
    for (int k = 0; k < type->saved; k++) {
        extend(&plan->allocations[clg_allocation_saved(i, k)], i);
        extend(&plan->allocations[clg_allocation_saved(i, k)], gradients ? backward : i);
    }
}

// The allocation whose memory it uses.
int clg_allocation_root(const struct clg_plan *plan, int index)
{
    assert(index >= 0 && index < CLG_PLAN_TENSORS_MAX);
    while (plan->allocations[index].same_as >= 0)
        index = plan->allocations[index].same_as;
    return index;
}

static void share(struct clg_plan *plan, int index, int with)
{
    with = clg_allocation_root(plan, with);
    struct clg_allocation *p = &plan->allocations[index];
    if (p->from > p->to)
        return;
    extend(&plan->allocations[with], p->from);
    extend(&plan->allocations[with], p->to);
    p->same_as = with;
}

static void lifetimes(struct clg_plan *plan)
{
    struct clg_net *net = plan->net;
    for (int i = 0; i < CLG_PLAN_TENSORS_MAX; i++)
        plan->allocations[i] = (struct clg_allocation){.from = 1, .to = 0, .same_as = -1};
    for (int i = 0; i < net->n; i++)
        for (int k = 0; k < net->layers[i].inputs_n; k++)
            if (clg_net_input_index(net, i, k) >= 0)
                plan->consumers[clg_net_input_index(net, i, k)]++;
            else
                plan->input_consumers++;
    size_t largest = 0;
    for (int i = 0; i < net->n; i++) {
        struct clg_shape shape = net->shapes[i], in = clg_net_input_shape(net, i, 0);
        shape.n = plan->batch;
        plan->allocations[clg_allocation_output(i)].shape = plan->allocations[clg_allocation_grad(i)].shape =
            shape;
        for (int k = 0; k < 2; k++)
            plan->allocations[clg_allocation_saved(i, k)].shape = (struct clg_shape){1, 1, 1, in.c};
        if (clg_shape_count(shape) > largest) {
            largest = clg_shape_count(shape);
            for (int k = 0; k < CLG_LAYER_INPUTS_MAX; k++)
                plan->allocations[clg_allocation_scratch_grad(k)].shape = shape;
        }
    }
    for (int i = 0; i < net->n; i++)
        lifetimes_of_layer(plan, i);
    const int last = net->n - 1;
    extend(&plan->allocations[clg_allocation_output(last)], 2 * net->n);
    if (plan->mode != CLG_PLAN_INFER) {
        extend(&plan->allocations[clg_allocation_grad(last)],
               last); // the loss writes it after the forward pass
        extend(&plan->allocations[clg_allocation_grad(last)], net->n);
    }
    for (int i = 0; i < net->n; i++) {
        if (output_in_place(plan, i))
            share(plan, clg_allocation_output(i), clg_allocation_output(clg_net_input_index(net, i, 0)));
        if (gradient_in_place(plan, i))
            share(plan, clg_allocation_grad(clg_net_input_index(net, i, 0)), clg_allocation_grad(i));
    }
}

// The lowest free address for allocation i among those already placed.
static size_t lowest_free(const struct clg_plan *plan, const int *placed, int n, int i)
{
    const struct clg_allocation *p = &plan->allocations[i];
    size_t at = 0, size = clg_slab_size(p->shape);
    for (bool moved = true; moved;) {
        moved = false;
        if (at / plan->slab_floats != (at + size - 1) / plan->slab_floats) {
            at = (at / plan->slab_floats + 1) * plan->slab_floats; // never across slabs
            moved = true;
        }
        for (int j = 0; j < n; j++) {
            const struct clg_allocation *q = &plan->allocations[placed[j]];
            size_t other_size = clg_slab_size(q->shape);
            bool overlap = p->from <= q->to && q->from <= p->to;
            if (overlap && at < q->at + other_size && q->at < at + size) {
                at = q->at + other_size;
                moved = true;
            }
        }
    }
    return at;
}

// Keeps order[0..n) sorted, the largest first, equal ones as they came.
static void insert_by_size(const struct clg_plan *plan, int *order, int n, int i)
{
    for (; n > 0; n--) {
        if (clg_slab_size(plan->allocations[order[n - 1]].shape) >= clg_slab_size(plan->allocations[i].shape))
            break;
        order[n] = order[n - 1];
    }
    order[n] = i;
}

static int addresses_assign(struct clg_plan *plan)
{
    int order[CLG_PLAN_TENSORS_MAX], n = 0;
    for (int i = 0; i < CLG_PLAN_TENSORS_MAX; i++)
        if (plan->allocations[i].from <= plan->allocations[i].to && plan->allocations[i].same_as < 0)
            insert_by_size(plan, order, n++, i);
    for (int i = 0; i < n; i++) {
        struct clg_allocation *p = &plan->allocations[order[i]];
        if (clg_slab_size(p->shape) > plan->slab_floats)
            return clg_fail(
                &plan->net->log, CLG_ENOMEM,
                "a feature map of %d x %dx%dx%d is more than the device allows in one piece: at most "
                "batch %d fits",
                p->shape.n, p->shape.h, p->shape.w, p->shape.c,
                (int)(plan->slab_floats /
                      clg_shape_count((struct clg_shape){1, p->shape.h, p->shape.w, p->shape.c})));
        p->at = lowest_free(plan, order, i, order[i]);
        size_t end = p->at + clg_slab_size(p->shape);
        plan->floats = end > plan->floats ? end : plan->floats;
    }
    return 0;
}

static int slabs_new(struct clg_plan *plan)
{
    int n = (int)((plan->floats + plan->slab_floats - 1) / plan->slab_floats);
    if (n > CLG_PLAN_SLABS_MAX)
        return clg_fail(&plan->net->log, CLG_ENOMEM, "the net needs too many pieces of device memory");
    for (int i = 0; i < n; i++) {
        size_t rest = plan->floats - (size_t)i * plan->slab_floats;
        size_t floats = rest < plan->slab_floats ? rest : plan->slab_floats;
        int status = clg_slab_new(&plan->slabs[i], plan->net->device, floats);
        if (status)
            return status;
        plan->whole[i] = clg_slab_all(plan->slabs[i]);
    }
    return 0;
}

// The largest allocation of the net's device; without a device there is no limit.
static size_t slab_floats_of(const struct clg_net *net)
{
    if (!net->device)
        return SIZE_MAX;
    const uint64_t max = clg_device_info(net->device)->max_allocation / sizeof(float);
    return max < FLOATS_MAX ? (size_t)max / 64 * 64 : FLOATS_MAX;
}

static int plan_lay_out(struct clg_plan *plan, struct clg_net *net, int batch, enum clg_plan_mode mode,
                        int grads)
{
    *plan = (struct clg_plan){
        .net = net, .mode = mode, .batch = batch, .grads = grads, .slab_floats = slab_floats_of(net)};
    if (batch < 1)
        return clg_fail(&net->log, CLG_EINVAL, "a plan for batches of %d: at least 1 is needed", batch);
    lifetimes(plan);
    return addresses_assign(plan);
}

int64_t clg_plan_floats(struct clg_net *net, int batch, enum clg_plan_mode mode, int grads)
{
    struct clg_plan *plan = malloc(sizeof *plan);
    int64_t floats = plan && !plan_lay_out(plan, net, batch, mode, grads) ? (int64_t)plan->floats : -1;
    free(plan);
    return floats;
}

int clg_plan_new(struct clg_plan **out, struct clg_net *net, int batch, enum clg_plan_mode mode, int grads)
{
    struct clg_plan *plan = *out = malloc(sizeof *plan);
    if (!plan)
        return clg_fail(&net->log, CLG_ENOMEM, "out of memory for a plan");
    int status = plan_lay_out(plan, net, batch, mode, grads);
    if (!status)
        status = slabs_new(plan);
    if (status)
        clg_plan_free(out);
    return status;
}

void clg_plan_free(struct clg_plan **plan)
{
    if (!*plan)
        return;
    for (int i = 0; i < CLG_PLAN_SLABS_MAX; i++)
        clg_slab_free(&(*plan)->slabs[i]);
    free(*plan);
    *plan = NULL;
}
