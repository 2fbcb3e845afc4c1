// Self-tests of what a pass through nets needs besides convolutions, which are tested where they are used.
#include "nn/net.h"

#include "nn/layers.h"
#include "selftest/selftest.h"

#include <assert.h>

#define TYPE(name) &clg_layer_type_##name,
const struct clg_layer_type *const clg_layer_types[] = {CLG_LAYER_TYPES(TYPE) NULL};

int clg_layer_selftests(const struct clg_layer *layer, enum clg_plan_mode mode,
                        const char *names[CLG_LAYER_SELFTESTS_MAX + 1])
{
    const int n = layer->type->selftests(layer, mode, names);
    assert(n <= CLG_LAYER_SELFTESTS_MAX);
    names[n] = NULL;
    return n;
}

static bool any_by_channels(const char *const *names)
{
    for (; *names; names++)
        if (clg_selftest_find(*names)->by_channels)
            return true;
    return false;
}

static int layers_check(const struct clg_net *net, enum clg_plan_mode mode, int *channels)
{
    const char *names[CLG_LAYER_SELFTESTS_MAX + 1];
    int status = 0, inputs = 0;
    for (int i = 0; i < net->n && !status; i++) {
        clg_layer_selftests(&net->layers[i], mode, names);
        if (!*channels && any_by_channels(names))
            *channels = net->shapes[i].c;
        inputs += net->layers[i].inputs_n;
        status = clg_selftests_check(net->device, names, *channels);
    }
    // Where several layers take one output, their gradients are added.
    const char *const sum[] = {"axpy", NULL};
    if (!status && mode != CLG_PLAN_INFER && inputs > net->n)
        status = clg_selftests_check(net->device, sum, 0);
    return status;
}

int clg_pass_check(const struct clg_net *const *nets, int n, enum clg_plan_mode mode,
                   const char *const *others)
{
    const char *const fill[] = {"fill", NULL};
    int channels = 0, status = clg_selftests_check(nets[0]->device, fill, 0);
    for (int i = 0; i < n && !status; i++)
        status = layers_check(nets[i], mode, &channels);
    return status || !others ? status : clg_selftests_check(nets[0]->device, others, channels);
}
