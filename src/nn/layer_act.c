// Activations: ReLU, LeakyReLU, tanh, sigmoid.
#include "nn/layers.h"

#include <stdio.h>

static int shape(const struct clg_layer *layer, const struct clg_shape *in, int n, struct clg_shape *out,
                 const struct clg_log *log)
{
    (void)layer, (void)n, (void)log;
    *out = *in;
    return 0;
}

static int forward(const struct clg_pass *p)
{
    return clg_act_forward(p->device, p->layer->act, p->in[0], p->out);
}

int clg_layer_act_backward(const struct clg_pass *p, struct clg_act act, struct clg_tensor to)
{
    const struct clg_act relu = {CLG_ACT_RELU, 0};
    const bool guided = p->guided && (act.kind == CLG_ACT_RELU || act.kind == CLG_ACT_LEAKY_RELU);
    int status = guided ? clg_act_forward(p->device, relu, p->dout, p->dout) : 0; // drops negative gradients
    return status ? status : clg_act_backward(p->device, guided ? relu : act, p->out, p->dout, to);
}

// The self-tests of the kind forward, then backward.
static const char *const kind_selftests[][2] = {[CLG_ACT_NONE] = {"copy", "copy"},
                                                [CLG_ACT_RELU] = {"ReLU", "ReLU gradient"},
                                                [CLG_ACT_LEAKY_RELU] = {"LeakyReLU", "LeakyReLU gradient"},
                                                [CLG_ACT_TANH] = {"tanh", "tanh gradient"},
                                                [CLG_ACT_SIGMOID] = {"sigmoid", "sigmoid gradient"}};

int clg_layer_act_backward_selftests(struct clg_act act, enum clg_plan_mode mode, const char **names)
{
    if (mode == CLG_PLAN_INFER)
        return 0;
    names[0] = kind_selftests[act.kind][1];
    if (mode != CLG_PLAN_KEEP_ALL || act.kind != CLG_ACT_LEAKY_RELU)
        return 1;
    names[1] = kind_selftests[CLG_ACT_RELU][0]; // in guided passes
    names[2] = kind_selftests[CLG_ACT_RELU][1];
    return 3;
}

static int selftests(const struct clg_layer *layer, enum clg_plan_mode mode, const char **names)
{
    names[0] = kind_selftests[layer->act.kind][0];
    return 1 + clg_layer_act_backward_selftests(layer->act, mode, names + 1);
}

static int backward(const struct clg_pass *p)
{
    return p->din[0].buffer ? clg_layer_act_backward(p, p->layer->act, p->din[0]) : 0;
}

static void text(const struct clg_layer *layer, char *to, size_t size)
{
    static const char *const names[] = {"identity", "ReLU", "LeakyReLU", "tanh", "sigmoid"};
    if (layer->act.kind == CLG_ACT_LEAKY_RELU)
        snprintf(to, size, "LeakyReLU %.2g", layer->act.slope);
    else
        snprintf(to, size, "%s", names[layer->act.kind]);
}

const struct clg_layer_type clg_layer_type_act = {.name = "activation",
                                                  .shape = shape,
                                                  .forward = forward,
                                                  .backward = backward,
                                                  .selftests = selftests,
                                                  .text = text,
                                                  .needs_output = true,
                                                  .in_place = CLG_IN_PLACE_INFER | CLG_IN_PLACE_TRAIN |
                                                              CLG_IN_PLACE_GRADIENT};

struct clg_layer clg_layer_act(const char *name, struct clg_act act)
{
    struct clg_layer layer = clg_layer_new(&clg_layer_type_act, name);
    layer.act = act;
    return layer;
}
