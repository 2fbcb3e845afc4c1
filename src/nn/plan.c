// Plans: where each activation and gradient of a net lives, by lifetime, and the order of launches.
//
// Time goes 0 .. n-1 forward and n .. 2n-1 backward (layer i at 2n-1-i). Every tensor lives over an interval
// of it; tensors whose intervals do not meet share memory. The memory is one address space cut into slabs of
// at most the device's largest allocation.
#include "nn/net.h"

#include "base/log.h"

#include <stdlib.h>
#include <string.h>

enum { SLABS_MOST = 64, TENSORS_MOST = 4 * CLG_LAYERS_MOST + CLG_LAYER_INPUTS_MOST };

// Of one slab, and so of one tensor: kernels count elements in ints.
#define MOST_FLOATS ((size_t)INT32_MAX / 64 * 64)

struct place {
    struct clg_shape shape;
    int from, to; // interval of time, both inclusive; from > to: not needed
    size_t at;    // floats from the start of the address space
    int same_as;  // lives in that place instead (in-place layers), or -1
};

struct clg_plan {
    struct clg_net *net;
    enum clg_plan_mode mode;
    int batch, want;
    struct place places[TENSORS_MOST]; // outputs, their gradients, two saved vectors per layer, spares
    int consumers[CLG_LAYERS_MOST];    // how many layers take the output
    int input_consumers;               // and the net's input
    size_t slab_floats, floats;        // the cut of the address space, its size
    struct clg_slab *slabs[SLABS_MOST];
    struct clg_tensor whole[SLABS_MOST];
};

static int out_of(int layer)
{
    return layer;
}

static int grad_of(int layer)
{
    return CLG_LAYERS_MOST + layer;
}

static int saved_of(int layer, int k)
{
    return (2 + k) * CLG_LAYERS_MOST + layer;
}

// Where a layer's gradient of its k-th input goes that must be added to another's.
static int spare_of(int k)
{
    return 4 * CLG_LAYERS_MOST + k;
}

static void live(struct place *p, int time)
{
    if (p->from > p->to)
        p->from = p->to = time;
    p->from = time < p->from ? time : p->from;
    p->to = time > p->to ? time : p->to;
}

// May layer i write its output over its input? Only where nobody else needs that.
static bool output_in_place(const struct clg_plan *plan, int i)
{
    const struct clg_net *net = plan->net;
    int in = clg_net_input_index(net, i, 0), how = net->layers[i].type->in_place;
    if (in < 0 || plan->consumers[in] != 1)
        return false;
    if (plan->mode == CLG_PLAN_INFER)
        return how & CLG_IN_PLACE_INFER;
    return (how & CLG_IN_PLACE_TRAIN) && !net->layers[in].type->needs_output;
}

// May it write its input's gradient over its output's?
static bool gradient_in_place(const struct clg_plan *plan, int i)
{
    int in = clg_net_input_index(plan->net, i, 0);
    return in >= 0 && plan->consumers[in] == 1 &&
           (plan->net->layers[i].type->in_place & CLG_IN_PLACE_GRADIENT);
}

static void outputs_live(struct clg_plan *plan, int i)
{
    const struct clg_net *net = plan->net;
    const struct clg_layer_type *type = net->layers[i].type;
    const bool train = plan->mode == CLG_PLAN_TRAIN;
    const int backward = 2 * net->n - 1 - i;
    live(&plan->places[out_of(i)], i);
    if (train && type->needs_output)
        live(&plan->places[out_of(i)], backward);
    for (int k = 0; k < net->layers[i].inputs_n; k++) {
        int in = clg_net_input_index(net, i, k);
        if (in < 0)
            continue;
        live(&plan->places[out_of(in)], i);
        if (!train)
            continue;
        if (type->needs_input)
            live(&plan->places[out_of(in)], backward);
        live(&plan->places[grad_of(in)], backward);
        live(&plan->places[grad_of(in)], 2 * net->n - 1 - in);
        if (plan->consumers[in] > 1)
            live(&plan->places[spare_of(k)], backward);
    }
    for (int k = 0; k < type->saved; k++) {
        live(&plan->places[saved_of(i, k)], i);
        live(&plan->places[saved_of(i, k)], train ? backward : i);
    }
}

// Where a place really lives.
static int root_of(const struct clg_plan *plan, int place)
{
    while (plan->places[place].same_as >= 0)
        place = plan->places[place].same_as;
    return place;
}

static void share(struct clg_plan *plan, int place, int with)
{
    with = root_of(plan, with);
    struct place *p = &plan->places[place];
    if (p->from > p->to)
        return;
    live(&plan->places[with], p->from);
    live(&plan->places[with], p->to);
    p->same_as = with;
}

static void lifetimes(struct clg_plan *plan)
{
    struct clg_net *net = plan->net;
    for (int i = 0; i < TENSORS_MOST; i++)
        plan->places[i] = (struct place){.from = 1, .to = 0, .same_as = -1};
    for (int i = 0; i < net->n; i++)
        for (int k = 0; k < net->layers[i].inputs_n; k++)
            ++*(clg_net_input_index(net, i, k) >= 0 ? &plan->consumers[clg_net_input_index(net, i, k)]
                                                    : &plan->input_consumers);
    size_t largest = 0;
    for (int i = 0; i < net->n; i++) {
        struct clg_shape shape = net->shapes[i], in = clg_net_input_shape(net, i, 0);
        shape.n = plan->batch;
        plan->places[out_of(i)].shape = plan->places[grad_of(i)].shape = shape;
        for (int k = 0; k < 2; k++)
            plan->places[saved_of(i, k)].shape = (struct clg_shape){1, 1, 1, in.c};
        if (clg_shape_count(shape) > largest) {
            largest = clg_shape_count(shape);
            for (int k = 0; k < CLG_LAYER_INPUTS_MOST; k++)
                plan->places[spare_of(k)].shape = shape;
        }
    }
    for (int i = 0; i < net->n; i++)
        outputs_live(plan, i);
    const int last = net->n - 1;
    live(&plan->places[out_of(last)], 2 * net->n);
    if (plan->mode == CLG_PLAN_TRAIN) {
        live(&plan->places[grad_of(last)], last); // the loss writes it after the forward pass
        live(&plan->places[grad_of(last)], net->n);
    }
    for (int i = 0; i < net->n; i++) {
        if (output_in_place(plan, i))
            share(plan, out_of(i), out_of(clg_net_input_index(net, i, 0)));
        if (gradient_in_place(plan, i))
            share(plan, grad_of(clg_net_input_index(net, i, 0)), grad_of(i));
    }
}

// The lowest free address for place i among those already placed.
static size_t lowest_free(const struct clg_plan *plan, const int *placed, int n, int i)
{
    const struct place *p = &plan->places[i];
    size_t at = 0, room = clg_slab_room(p->shape);
    for (bool moved = true; moved;) {
        moved = false;
        if (at / plan->slab_floats != (at + room - 1) / plan->slab_floats) {
            at = (at / plan->slab_floats + 1) * plan->slab_floats; // never across slabs
            moved = true;
        }
        for (int j = 0; j < n; j++) {
            const struct place *q = &plan->places[placed[j]];
            size_t q_room = clg_slab_room(q->shape);
            bool meet = p->from <= q->to && q->from <= p->to;
            if (meet && at < q->at + q_room && q->at < at + room) {
                at = q->at + q_room;
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
        if (clg_slab_room(plan->places[order[n - 1]].shape) >= clg_slab_room(plan->places[i].shape))
            break;
        order[n] = order[n - 1];
    }
    order[n] = i;
}

static int addresses(struct clg_plan *plan)
{
    int order[TENSORS_MOST], n = 0;
    for (int i = 0; i < TENSORS_MOST; i++)
        if (plan->places[i].from <= plan->places[i].to && plan->places[i].same_as < 0)
            insert_by_size(plan, order, n++, i);
    for (int i = 0; i < n; i++) {
        struct place *p = &plan->places[order[i]];
        if (clg_slab_room(p->shape) > plan->slab_floats)
            return clg_fail(
                &plan->net->log, CLG_ENOMEM,
                "a feature map of %d x %dx%dx%d is more than the device allows in one piece; try a smaller "
                "--batch",
                p->shape.n, p->shape.h, p->shape.w, p->shape.c);
        p->at = lowest_free(plan, order, i, order[i]);
        size_t end = p->at + clg_slab_room(p->shape);
        plan->floats = end > plan->floats ? end : plan->floats;
    }
    return 0;
}

static int slabs_new(struct clg_plan *plan)
{
    int n = (int)((plan->floats + plan->slab_floats - 1) / plan->slab_floats);
    if (n > SLABS_MOST)
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

static int plan_lay_out(struct clg_plan *plan, struct clg_net *net, int batch, enum clg_plan_mode mode,
                        int want)
{
    *plan =
        (struct clg_plan){.net = net, .mode = mode, .batch = batch, .want = want, .slab_floats = MOST_FLOATS};
    const uint64_t most =
        net->device ? clg_device_info(net->device)->max_allocation / sizeof(float) : MOST_FLOATS;
    if (most < MOST_FLOATS)
        plan->slab_floats = (size_t)most / 64 * 64;
    if (batch < 1)
        return clg_fail(&net->log, CLG_EINVAL, "a plan for batches of %d: at least 1 is needed", batch);
    lifetimes(plan);
    return addresses(plan);
}

int64_t clg_plan_floats(struct clg_net *net, int batch, enum clg_plan_mode mode, int want)
{
    struct clg_plan *plan = malloc(sizeof *plan);
    int64_t floats = plan && !plan_lay_out(plan, net, batch, mode, want) ? (int64_t)plan->floats : -1;
    free(plan);
    return floats;
}

int clg_plan_new(struct clg_plan **out, struct clg_net *net, int batch, enum clg_plan_mode mode, int want)
{
    struct clg_plan *plan = *out = malloc(sizeof *plan);
    if (!plan)
        return clg_fail(&net->log, CLG_ENOMEM, "out of memory for a plan");
    int status = plan_lay_out(plan, net, batch, mode, want);
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
    for (int i = 0; i < SLABS_MOST; i++)
        clg_slab_free(&(*plan)->slabs[i]);
    free(*plan);
    *plan = NULL;
}

static struct clg_tensor tensor_at(const struct clg_plan *plan, int i)
{
    const struct place *p = &plan->places[i];
    size_t at = plan->places[root_of(plan, i)].at;
    if (p->from > p->to)
        return (struct clg_tensor){.shape = p->shape};
    struct clg_tensor t = plan->whole[at / plan->slab_floats];
    t.offset = at % plan->slab_floats;
    t.shape = p->shape;
    return t;
}

struct clg_tensor clg_plan_output(const struct clg_plan *plan)
{
    return tensor_at(plan, out_of(plan->net->n - 1));
}

struct clg_tensor clg_plan_output_grad(const struct clg_plan *plan)
{
    return tensor_at(plan, grad_of(plan->net->n - 1));
}

static struct clg_pass pass_of(const struct clg_plan *plan, int i, struct clg_tensor input)
{
    struct clg_net *net = plan->net;
    struct clg_pass pass = {.device = net->device,
                            .layer = &net->layers[i],
                            .out = tensor_at(plan, out_of(i)),
                            .training = plan->mode == CLG_PLAN_TRAIN};
    for (int k = 0; k < net->layers[i].inputs_n; k++) {
        int in = clg_net_input_index(net, i, k);
        pass.in[k] = in < 0 ? input : tensor_at(plan, out_of(in));
    }
    for (int k = 0; k < net->layers[i].type->saved; k++)
        pass.saved[k] = tensor_at(plan, saved_of(i, k));
    for (int p = 0, k = 0; p < net->params_n; p++)
        if (net->params[p].layer == i)
            pass.value[k++] = net->params[p].value;
    return pass;
}

int clg_plan_forward(struct clg_plan *plan, struct clg_tensor input)
{
    struct clg_shape expected = plan->net->input;
    expected.n = plan->batch;
    if (!clg_shape_equal(input.shape, expected))
        return clg_fail(&plan->net->log, CLG_EINVAL, "the net takes [%d][%d][%d][%d], not [%d][%d][%d][%d]",
                        expected.n, expected.h, expected.w, expected.c, input.shape.n, input.shape.h,
                        input.shape.w, input.shape.c);
    for (int i = 0; i < plan->net->n; i++) {
        struct clg_pass pass = pass_of(plan, i, input);
        int status = pass.layer->type->forward(&pass);
        if (status)
            return status;
    }
    return 0;
}

// Backward of layer i. An output taken by several layers sums their gradients: the first sets, the others add
// by way of a spare.
static int layer_backward(struct clg_plan *plan, int i, struct clg_tensor input, int want, bool accumulate,
                          struct clg_tensor dinput, bool *written)
{
    struct clg_net *net = plan->net;
    struct clg_pass pass = pass_of(plan, i, input);
    struct clg_tensor target[CLG_LAYER_INPUTS_MOST];
    pass.dout = tensor_at(plan, grad_of(i));
    pass.accumulate = accumulate;
    for (int k = 0; k < pass.layer->inputs_n; k++) {
        int in = clg_net_input_index(net, i, k);
        target[k] = in >= 0                 ? tensor_at(plan, grad_of(in))
                    : want & CLG_WANT_INPUT ? dinput
                                            : (struct clg_tensor){0};
        pass.din[k] = target[k];
        if (in >= 0 && written[in]) {
            pass.din[k] = tensor_at(plan, spare_of(k));
            pass.din[k].shape = target[k].shape;
        }
    }
    for (int p = 0, k = 0; p < net->params_n; p++)
        if (net->params[p].layer == i)
            pass.grad[k++] = want & CLG_WANT_PARAMS ? net->params[p].grad : (struct clg_tensor){0};
    int status = pass.layer->type->backward(&pass);
    for (int k = 0; k < pass.layer->inputs_n && !status; k++) {
        int in = clg_net_input_index(net, i, k);
        if (in >= 0 && written[in])
            status = clg_axpy(net->device, 1.0f, pass.din[k], target[k]);
        else if (in >= 0)
            written[in] = true;
    }
    return status;
}

int clg_plan_backward(struct clg_plan *plan, struct clg_tensor input, int want, bool accumulate,
                      struct clg_tensor dinput)
{
    bool written[CLG_LAYERS_MOST] = {false};
    if (plan->mode != CLG_PLAN_TRAIN || (want & ~plan->want))
        return clg_fail(&plan->net->log, CLG_EINVAL, "this plan was not made for that backward pass");
    if ((want & CLG_WANT_INPUT) && plan->input_consumers > 1)
        return clg_fail(&plan->net->log, CLG_EINVAL,
                        "the input's gradient is given only where one layer takes it");
    for (int i = plan->net->n - 1; i >= 0; i--) {
        int status = layer_backward(plan, i, input, want, accumulate, dinput, written);
        if (status)
            return status;
    }
    return 0;
}
