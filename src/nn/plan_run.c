// Plans at work: forward and backward, layer by layer.
#include "nn/plan.h"

#include "base/log.h"

#include <assert.h>

static struct clg_tensor tensor_at(const struct clg_plan *plan, int i)
{
    const struct clg_allocation *p = &plan->allocations[i];
    size_t at = plan->allocations[clg_allocation_root(plan, i)].at;
    if (p->from > p->to)
        return (struct clg_tensor){.shape = p->shape};
    assert(at / plan->slab_floats < CLG_PLAN_SLABS_MAX);
    struct clg_tensor t = plan->whole[at / plan->slab_floats];
    t.offset = at % plan->slab_floats;
    t.shape = p->shape;
    return t;
}

struct clg_tensor clg_plan_output(const struct clg_plan *plan)
{
    return tensor_at(plan, clg_allocation_output(plan->net->n - 1));
}

struct clg_tensor clg_plan_output_grad(const struct clg_plan *plan)
{
    return tensor_at(plan, clg_allocation_grad(plan->net->n - 1));
}

struct clg_tensor clg_plan_layer(const struct clg_plan *plan, int layer)
{
    return tensor_at(plan, clg_allocation_output(layer));
}

struct clg_tensor clg_plan_layer_grad(const struct clg_plan *plan, int layer)
{
    return tensor_at(plan, clg_allocation_grad(layer));
}

static struct clg_pass pass_of(const struct clg_plan *plan, int i, struct clg_tensor input)
{
    struct clg_net *net = plan->net;
    struct clg_pass pass = {.device = net->device,
                            .layer = &net->layers[i],
                            .out = tensor_at(plan, clg_allocation_output(i)),
                            .training = plan->mode == CLG_PLAN_TRAIN};
    for (int k = 0; k < net->layers[i].inputs_n; k++) {
        int in = clg_net_input_index(net, i, k);
        pass.in[k] = in < 0 ? input : tensor_at(plan, clg_allocation_output(in));
    }
    for (int k = 0; k < net->layers[i].type->saved; k++)
        pass.saved[k] = tensor_at(plan, clg_allocation_saved(i, k));
    for (int p = 0, k = 0; p < net->params_n; p++)
        if (net->params[p].layer == i)
            pass.value[k++] = net->params[p].value;
    return pass;
}

static int layers_forward(struct clg_plan *plan, struct clg_tensor input, int from)
{
    int status = 0;
    for (int i = from; i < plan->net->n && !status; i++) {
        struct clg_pass pass = pass_of(plan, i, input);
        status = pass.layer->type->forward(&pass);
    }
    return status;
}

int clg_plan_forward(struct clg_plan *plan, struct clg_tensor input)
{
    struct clg_shape expected = plan->net->input;
    expected.n = plan->batch;
    if (!clg_shape_equal(input.shape, expected))
        return clg_fail(&plan->net->log, CLG_EINVAL, "the net takes [%d][%d][%d][%d], not [%d][%d][%d][%d]",
                        expected.n, expected.h, expected.w, expected.c, input.shape.n, input.shape.h,
                        input.shape.w, input.shape.c);
    return layers_forward(plan, input, 0);
}

int clg_plan_forward_from(struct clg_plan *plan, struct clg_tensor input, int from)
{
    if (plan->mode != CLG_PLAN_KEEP_ALL || from < 0)
        return clg_fail(&plan->net->log, CLG_EINVAL, "this plan does not keep its layers' outputs");
    return layers_forward(plan, input, from);
}

struct backward {
    struct clg_tensor input, dinput;
    int grads;
    bool accumulate, guided;
    bool written[CLG_LAYERS_MAX]; // output gradients that hold something
};

// Backward of layer i. An output taken by several layers sums their gradients: the first sets, the others add
// by way of a scratch gradient.
static int layer_backward(struct clg_plan *plan, int i, struct backward *b)
{
    struct clg_net *net = plan->net;
    struct clg_pass pass = pass_of(plan, i, b->input);
    struct clg_tensor target[CLG_LAYER_INPUTS_MAX];
    pass.dout = tensor_at(plan, clg_allocation_grad(i));
    pass.accumulate = b->accumulate;
    pass.guided = b->guided;
    for (int k = 0; k < pass.layer->inputs_n; k++) {
        int in = clg_net_input_index(net, i, k);
        target[k] = in >= 0                     ? tensor_at(plan, clg_allocation_grad(in))
                    : b->grads & CLG_GRAD_INPUT ? b->dinput
                                                : (struct clg_tensor){0};
        pass.din[k] = target[k];
        if (in >= 0 && b->written[in]) {
            pass.din[k] = tensor_at(plan, clg_allocation_scratch_grad(k));
            pass.din[k].shape = target[k].shape;
        }
    }
    for (int p = 0, k = 0; p < net->params_n; p++)
        if (net->params[p].layer == i)
            pass.grad[k++] = b->grads & CLG_GRAD_PARAMS ? net->params[p].grad : (struct clg_tensor){0};
    int status = pass.layer->type->backward(&pass);
    for (int k = 0; k < pass.layer->inputs_n && !status; k++) {
        int in = clg_net_input_index(net, i, k);
        if (in >= 0 && b->written[in])
            status = clg_axpy(net->device, 1.0f, pass.din[k], target[k]);
        else if (in >= 0)
            b->written[in] = true;
    }
    return status;
}

static int layers_backward(struct clg_plan *plan, int from, struct backward *b)
{
    int status = 0;
    if ((b->grads & CLG_GRAD_INPUT) && plan->input_consumers > 1)
        status = clg_fail(&plan->net->log, CLG_EINVAL,
                          "the input's gradient is given only where one layer takes it");
    for (int i = from; i >= 0 && !status; i--)
        if (i == from || b->written[i]) // the others do not lead to `from`
            status = layer_backward(plan, i, b);
    return status;
}

int clg_plan_backward(struct clg_plan *plan, struct clg_tensor input, int grads, bool accumulate,
                      struct clg_tensor dinput)
{
    struct backward b = {.input = input, .dinput = dinput, .grads = grads, .accumulate = accumulate};
    if (plan->mode != CLG_PLAN_TRAIN || (grads & ~plan->grads))
        return clg_fail(&plan->net->log, CLG_EINVAL, "this plan was not made for that backward pass");
    return layers_backward(plan, plan->net->n - 1, &b);
}

int clg_plan_backward_from(struct clg_plan *plan, struct clg_tensor input, int layer, bool guided,
                           struct clg_tensor dinput)
{
    struct backward b = {.input = input, .dinput = dinput, .grads = CLG_GRAD_INPUT, .guided = guided};
    if (plan->mode != CLG_PLAN_KEEP_ALL || layer < 0 || layer >= plan->net->n)
        return clg_fail(&plan->net->log, CLG_EINVAL, "this plan was not made for that backward pass");
    return layers_backward(plan, layer, &b);
}
