// Nets: shape inference, parameters, initial values, and conversion from and to PyTorch's layouts.
#include "nn/net.h"

#include "base/log.h"
#include "ops/ops.h"
#include "base/random.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

int clg_net_new(struct clg_net **net, struct clg_device *device, struct clg_shape input,
                const struct clg_log *log)
{
    *net = calloc(1, sizeof **net);
    if (!*net)
        return clg_fail(log, CLG_ENOMEM, "out of memory for a net");
    (*net)->device = device;
    (*net)->log = *log;
    (*net)->input = input;
    (*net)->input.n = 1;
    return 0;
}

void clg_net_free(struct clg_net **net)
{
    if (!*net)
        return;
    if ((*net)->values)
        clg_weights_forget((*net)->device, clg_slab_all((*net)->values));
    clg_slab_free(&(*net)->values);
    clg_slab_free(&(*net)->grads);
    clg_slab_free(&(*net)->stats);
    free(*net);
    *net = NULL;
}

int clg_net_input_index(const struct clg_net *net, int layer, int k)
{
    int at = net->layers[layer].inputs[k];
    return at == CLG_PREVIOUS ? layer - 1 : at;
}

struct clg_shape clg_net_input_shape(const struct clg_net *net, int layer, int k)
{
    int at = clg_net_input_index(net, layer, k);
    return at < 0 ? net->input : net->shapes[at];
}

static void add_params(struct clg_net *net, int at)
{
    const struct clg_layer *layer = &net->layers[at];
    struct clg_param_spec specs[CLG_LAYER_PARAMS_MAX];
    struct clg_shape in = clg_net_input_shape(net, at, 0);
    int n = layer->type->params ? layer->type->params(layer, &in, specs) : 0;
    assert(n <= CLG_LAYER_PARAMS_MAX);
    for (int i = 0; i < n; i++) {
        struct clg_param p = {.layer = at, .spec = specs[i]};
        snprintf(p.name, sizeof p.name, "%s.%s", layer->name, specs[i].name);
        net->params[net->params_n++] = p;
    }
}

int clg_net_add(struct clg_net *net, struct clg_layer layer)
{
    int at = net->n;
    if (at == CLG_LAYERS_MAX)
        return clg_fail(&net->log, CLG_EINVAL, "a net has at most %d layers", CLG_LAYERS_MAX);
    const int max = layer.type->inputs_max ? layer.type->inputs_max : 1;
    if (layer.inputs_n < 1 || layer.inputs_n > max)
        return clg_fail(&net->log, CLG_EINVAL, "layer %s has %d inputs, its kind (%s) takes 1 to %d",
                        layer.name, layer.inputs_n, layer.type->name, max);
    net->layers[at] = layer;
    struct clg_shape in[CLG_LAYER_INPUTS_MAX];
    for (int k = 0; k < layer.inputs_n; k++) {
        int from = clg_net_input_index(net, at, k);
        if (from < CLG_NET_INPUT || from >= at)
            return clg_fail(&net->log, CLG_EINVAL, "layer %d (%s): input %d is not a layer before it", at,
                            layer.name, from);
        for (int other = 0; other < k; other++)
            if (clg_net_input_index(net, at, other) == from)
                return clg_fail(&net->log, CLG_EINVAL, "layer %s takes layer %d twice", layer.name, from);
        in[k] = clg_net_input_shape(net, at, k);
    }
    int status = layer.type->shape(&layer, in, layer.inputs_n, &net->shapes[at], &net->log);
    if (status)
        return status;
    net->n++;
    add_params(net, at);
    return at;
}

// The slab that a parameter lives in.
static struct clg_slab *slab_of(struct clg_net *net, const struct clg_param *p)
{
    return p->spec.trainable ? net->values : net->stats;
}

// Every layer but the last must have a consumer, or nothing would fill its output's gradient.
static int consumers_check(const struct clg_net *net)
{
    bool taken[CLG_LAYERS_MAX] = {false};
    for (int i = 0; i < net->n; i++)
        for (int k = 0; k < net->layers[i].inputs_n; k++)
            if (clg_net_input_index(net, i, k) >= 0)
                taken[clg_net_input_index(net, i, k)] = true;
    for (int i = 0; i + 1 < net->n; i++)
        if (!taken[i])
            return clg_fail(&net->log, CLG_EINVAL, "layer %s: no layer takes its output",
                            net->layers[i].name);
    return net->n ? 0 : clg_fail(&net->log, CLG_EINVAL, "a net without layers");
}

int clg_net_finish(struct clg_net *net, bool trains)
{
    int status = consumers_check(net);
    if (status)
        return status;
    size_t values = 0, stats = 0;
    for (int i = 0; i < net->params_n; i++)
        if (net->params[i].spec.trainable)
            values += clg_slab_size(net->params[i].spec.shape);
        else
            stats += clg_slab_size(net->params[i].spec.shape);
    if (!net->device)
        return 0;
    status = clg_slab_new(&net->values, net->device, values);
    if (!status)
        status = clg_slab_new(&net->stats, net->device, stats);
    if (!status && trains)
        status = clg_slab_new(&net->grads, net->device, values);
    for (int i = 0; i < net->params_n && !status; i++) {
        struct clg_param *p = &net->params[i];
        status = clg_slab_take(slab_of(net, p), p->spec.shape, &p->value);
        if (!status && trains && p->spec.trainable)
            status = clg_slab_take(net->grads, p->spec.shape, &p->grad);
    }
    if (!status)
        clg_weights_watch(clg_slab_all(net->values));
    // Adam and averages run over the padding between parameters too: it must not be NaN.
    if (!status)
        status = clg_fill(net->device, clg_slab_all(net->values), 0);
    if (!status && stats)
        status = clg_fill(net->device, clg_slab_all(net->stats), 0);
    if (!status && trains)
        status = clg_fill(net->device, clg_slab_all(net->grads), 0);
    return status;
}

int clg_net_init(struct clg_net *net, uint64_t seed, uint64_t *first)
{
    int status = 0;
    for (int i = 0; i < net->params_n && !status; i++) {
        struct clg_param *p = &net->params[i];
        size_t count = clg_shape_count(p->spec.shape);
        float *values = malloc(count * sizeof *values);
        if (!values)
            return clg_fail(&net->log, CLG_ENOMEM, "out of memory for %s", p->name);
        bool drawn = p->spec.init == CLG_INIT_NORMAL || p->spec.init == CLG_INIT_GAIN;
        if (drawn) {
            clg_random_normal(seed, CLG_STREAM_WEIGHTS, *first, count, values);
            *first += count;
        }
        const float mean = p->spec.init == CLG_INIT_GAIN || p->spec.init == CLG_INIT_ONE ? 1.0f : 0.0f;
        for (size_t j = 0; j < count; j++)
            values[j] = mean + (drawn ? 0.02f * values[j] : 0.0f);
        status = clg_tensor_write(net->device, p->value, values);
        free(values);
    }
    return status;
}

int64_t clg_net_parameters(const struct clg_net *net)
{
    int64_t count = 0;
    for (int i = 0; i < net->params_n; i++)
        if (net->params[i].spec.trainable)
            count += (int64_t)clg_shape_count(net->params[i].spec.shape);
    return count;
}

double clg_net_macs(const struct clg_net *net)
{
    double sum = 0;
    for (int i = 0; i < net->n; i++) {
        struct clg_shape in = clg_net_input_shape(net, i, 0);
        if (net->layers[i].type->macs)
            sum += net->layers[i].type->macs(&net->layers[i], &in, net->shapes[i]);
    }
    return sum;
}

int clg_param_outside_shape(const struct clg_param *param, int64_t shape[4])
{
    const struct clg_shape s = param->spec.shape;
    switch (param->spec.layout) {
    case CLG_LAYOUT_CONV: shape[0] = s.c, shape[1] = s.w, shape[2] = s.n, shape[3] = s.h; return 4;
    case CLG_LAYOUT_DENSE: shape[0] = s.c, shape[1] = s.w; return 2;
    default: shape[0] = s.c; return 1;
    }
}

// Moves between [rows][columns] here and [columns][rows] outside; a row is (r, s, c), a column k.
// Outside conv order is [k][c][r][s], so rows are permuted too.
static void layout_move(const struct clg_param *param, float *inside, float *outside, bool out)
{
    const struct clg_shape s = param->spec.shape;
    if (param->spec.layout == CLG_LAYOUT_VECTOR) {
        memcpy(out ? outside : inside, out ? inside : outside, clg_shape_count(s) * sizeof(float));
        return;
    }
    const size_t taps = (size_t)s.n * (size_t)s.h, c_n = (size_t)s.w, k_n = (size_t)s.c;
    for (size_t tap = 0; tap < taps; tap++)
        for (size_t c = 0; c < c_n; c++)
            for (size_t k = 0; k < k_n; k++) {
                float *a = &inside[(tap * c_n + c) * k_n + k], *b = &outside[(k * c_n + c) * taps + tap];
                if (out)
                    *b = *a;
                else
                    *a = *b;
            }
}

int clg_param_read(struct clg_net *net, const struct clg_param *param, struct clg_tensor tensor,
                   float *values)
{
    float *inside = malloc(clg_shape_count(param->spec.shape) * sizeof *inside);
    if (!inside)
        return clg_fail(&net->log, CLG_ENOMEM, "out of memory reading %s", param->name);
    int status = clg_tensor_read(net->device, tensor, inside);
    if (!status)
        layout_move(param, inside, values, true);
    free(inside);
    return status;
}

int clg_param_write(struct clg_net *net, const struct clg_param *param, struct clg_tensor tensor,
                    const float *values)
{
    float *inside = malloc(clg_shape_count(param->spec.shape) * sizeof *inside);
    if (!inside)
        return clg_fail(&net->log, CLG_ENOMEM, "out of memory writing %s", param->name);
    layout_move(param, inside, (float *)values, false);
    int status = clg_tensor_write(net->device, tensor, inside);
    free(inside);
    return status;
}
