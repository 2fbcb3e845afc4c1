// The weights of the two nets in a safetensors file of any program: which tensor is whose, and the sizes that
// follow from their shapes.
#include "gan/weights_file.h"

#include "base/log.h"
#include "gan/checkpoint.h"
#include "gan/gan.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CONVOLUTIONS_MAX = 16 };

// --- which tensor belongs to which net -----------------------------------------------------------------------------
struct clg_weight *clg_weights_find(const struct clg_weights *w, enum clg_whose net, const char *param)
{
    for (int i = 0; i < w->n; i++)
        if (w->list[i].name.whose == net && strcmp(w->list[i].name.param, param) == 0)
            return &w->list[i];
    return NULL;
}

// Does the net without a name have a tensor of this layer, "main.1." say?
static bool has_layer(const struct clg_weights *w, const char *layer)
{
    for (int i = 0; i < w->n; i++)
        if (w->list[i].name.whose == CLG_WHOSE_EITHER &&
            strncmp(w->list[i].name.param, layer, strlen(layer)) == 0)
            return true;
    return false;
}

// A net without a name is G when a batch norm follows its first convolution, and D when an activation does,
// which has no tensors.
static enum clg_whose nameless_net(const struct clg_weights *w)
{
    if (!has_layer(w, "main.0."))
        return CLG_WHOSE_NEITHER;
    return has_layer(w, "main.1.") ? CLG_WHOSE_G : CLG_WHOSE_D;
}

static void list_fill(struct clg_weights *w)
{
    for (int i = 0; i < w->n; i++) {
        const struct clg_named_array *array = clg_safetensors_at(w->file, i);
        w->list[i] = (struct clg_weight){array, clg_tensor_name_parse(array->name), false};
    }
    const enum clg_whose nameless = nameless_net(w);
    for (int i = 0; i < w->n; i++) {
        struct clg_tensor_name *name = &w->list[i].name;
        if (name->whose == CLG_WHOSE_EITHER)
            name->whose = nameless;
        if (name->param[0])
            w->has[name->whose] = true;
    }
}

static int nets_check(const struct clg_weights *w)
{
    if (w->has[CLG_WHOSE_G] || w->has[CLG_WHOSE_D])
        return 0;
    return clg_fail(
        w->log, CLG_EFORMAT,
        "%s holds neither a generator (netG.main.0.weight and so on) nor a discriminator (netD.): %s%.200s",
        w->path, w->n ? "its first tensor is " : "it is empty", w->n ? w->list[0].array->name : "");
}

static int by_param(const void *a, const void *b)
{
    const struct clg_weight *const *x = a, *const *y = b;
    if ((*x)->name.whose != (*y)->name.whose)
        return (*x)->name.whose < (*y)->name.whose ? -1 : 1;
    return strcmp((*x)->name.param, (*y)->name.param);
}

// No two tensors for one parameter.
static int twice_check(const struct clg_weights *w)
{
    const struct clg_weight **sorted = malloc(((size_t)w->n + 1) * sizeof *sorted);
    int status = 0;
    if (!sorted)
        return clg_fail(w->log, CLG_ENOMEM, "out of memory reading %s", w->path);
    for (int i = 0; i < w->n; i++)
        sorted[i] = &w->list[i];
    qsort(sorted, (size_t)w->n, sizeof *sorted, by_param);
    for (int i = 1; i < w->n && !status; i++)
        if (sorted[i]->name.whose && sorted[i]->name.param[0] && by_param(&sorted[i - 1], &sorted[i]) == 0)
            status = clg_fail(w->log, CLG_EFORMAT,
                              "%s holds one net twice: %.200s and %.200s are the same parameter", w->path,
                              sorted[i - 1]->array->name, sorted[i]->array->name);
    free(sorted);
    return status;
}

// What follows the layer's number: "weight".
static const char *field_of(const char *param)
{
    const char *number = strchr(param, '.'), *field = number ? strchr(number + 1, '.') : NULL;
    return field ? field + 1 : "";
}

static const char *reason_of(const char *field)
{
    static const char *const reparametrised[] = {"weight_orig", "weight_u", "weight_v", "weight_g",
                                                 "parametrizations."};
    for (size_t i = 0; i < sizeof reparametrised / sizeof *reparametrised; i++)
        if (strncmp(field, reparametrised[i], strlen(reparametrised[i])) == 0)
            return "spectral and weight normalisation are not in clgan's nets; take them out in PyTorch "
                   "(torch.nn.utils.remove_spectral_norm, remove_weight_norm or "
                   "parametrize.remove_parametrizations) and save again";
    return "clgan's nets have convolutions and batch norm alone";
}

// Convolutions and batch norm have these tensors; others of a net would be lost.
static int fields_check(const struct clg_weights *w)
{
    static const char *const known[] = {"weight", "bias", "running_mean", "running_var",
                                        "num_batches_tracked"};
    for (int i = 0; i < w->n; i++) {
        const struct clg_weight *weight = &w->list[i];
        const char *field = field_of(weight->name.param);
        bool is_known = false;
        for (size_t k = 0; k < sizeof known / sizeof *known; k++)
            is_known = is_known || strcmp(field, known[k]) == 0;
        if (weight->name.whose && !is_known)
            return clg_fail(w->log, CLG_EFORMAT, "%s: %.200s has no place: %s", w->path, weight->array->name,
                            reason_of(field));
    }
    return 0;
}

int clg_weights_open(struct clg_weights *w, const char *path, const struct clg_log *log)
{
    *w = (struct clg_weights){.path = path, .log = log};
    int status = clg_checkpoint_open(&w->file, path, log);
    if (status)
        return status;
    w->n = clg_safetensors_count(w->file);
    w->list = calloc((size_t)w->n + 1, sizeof *w->list);
    if (!w->list)
        return clg_fail(log, CLG_ENOMEM, "out of memory reading %s", path);
    list_fill(w);
    status = nets_check(w);
    if (!status)
        status = twice_check(w);
    return status ? status : fields_check(w);
}

void clg_weights_close(struct clg_weights *w)
{
    free(w->list);
    w->list = NULL;
    clg_safetensors_close(&w->file);
}

// --- sizes -------------------------------------------------------------------------------------
static void shape_text(const int64_t *shape, int dims, char *text, size_t size)
{
    size_t at = 0;
    snprintf(text, size, "%s", dims ? "" : "a single value");
    for (int i = 0; i < dims && i < CLG_ARRAY_DIMS_MAX && at < size; i++)
        at += (size_t)snprintf(text + at, size - at, "%s%" PRId64, i ? "x" : "", shape[i]);
    if (dims > CLG_ARRAY_DIMS_MAX && at < size)
        snprintf(text + at, size - at, "x... (%d dimensions)", dims);
}

void clg_weights_shapes_text(const struct clg_named_array *array, const struct clg_param *param, char *text,
                             size_t size)
{
    char is[96], expected[96];
    int64_t shape[4];
    shape_text(array->shape, array->dims, is, sizeof is);
    shape_text(shape, clg_param_outside_shape(param, shape), expected, sizeof expected);
    snprintf(text, size, "is %s, the model's is %s", is, expected);
}

bool clg_weights_same_shape(const struct clg_named_array *array, const struct clg_param *param)
{
    int64_t shape[4];
    int dims = clg_param_outside_shape(param, shape);
    return array->dims == dims && memcmp(array->shape, shape, (size_t)dims * sizeof *shape) == 0;
}

// The shapes of a net's convolutions in order, of which G has every third layer, and D too after its
// first two.
static int convolutions(const struct clg_weights *w, enum clg_whose net, const int64_t **shapes)
{
    char param[CLG_PARAM_NAME_MAX];
    int n = 0;
    for (int layer = 0; n < CONVOLUTIONS_MAX; n++) {
        snprintf(param, sizeof param, "main.%d.weight", layer);
        const struct clg_weight *weight = clg_weights_find(w, net, param);
        if (!weight || weight->array->dims != 4)
            break;
        shapes[n] = weight->array->shape;
        layer += net == CLG_WHOSE_D && layer == 0 ? 2 : 3;
    }
    return n;
}

static const char *net_name(enum clg_whose net)
{
    return net == CLG_WHOSE_G ? "generator" : "discriminator";
}

// Sizes from the outermost convolutions; 4x4 doubles with each.
static int net_sizes(const struct clg_weights *w, enum clg_whose net, struct clg_gan_params *p)
{
    const int64_t *shapes[CONVOLUTIONS_MAX];
    const int n = convolutions(w, net, shapes);
    bool fits = n >= 2;
    for (int i = 0; i < n; i++)
        for (int k = 0; k < 4; k++)
            fits = fits && shapes[i][k] <= INT32_MAX && (k < 2 || shapes[i][k] == 4);
    if (!fits)
        return clg_fail(
            w->log, CLG_EFORMAT,
            "%s: its %s is not laid out as PyTorch's DCGAN example, which clgan takes: 4x4 convolutions "
            "%s with batch norm and activations between",
            w->path, net_name(net),
            net == CLG_WHOSE_G ? "main.0, main.3, main.6 ..." : "main.0, main.2, main.5 ...");
    p->size = n < CONVOLUTIONS_MAX ? 4 << (n - 1) : 0;
    if (net == CLG_WHOSE_G) {
        p->z = (int)shapes[0][0];
        p->ngf = (int)shapes[n - 1][0];
        p->channels = (int)shapes[n - 1][1];
    } else {
        p->ndf = (int)shapes[0][0];
        p->channels = (int)shapes[0][1];
    }
    return 0;
}

// The line that a check would have logged.
struct line {
    char text[256];
};

static void line_keep(void *user, enum clg_log_level level, const char *text)
{
    struct line *line = user;
    (void)level;
    snprintf(line->text, sizeof line->text, "%s", text);
}

static int range_check(const struct clg_weights *w, const struct clg_gan_params *p)
{
    struct line line = {""};
    const struct clg_log log = {line_keep, &line};
    const int status = clg_gan_params_check(p, &log);
    if (!status)
        return 0;
    return clg_fail(w->log, CLG_EFORMAT, "%s: clgan has no model for these weights: %s", w->path, line.text);
}

// Between the outermost convolutions the widths double or halve from layer to layer.
static int widths_check(const struct clg_weights *w, enum clg_whose whose, const struct clg_gan_params *p)
{
    struct clg_net *net = NULL;
    int status = whose == CLG_WHOSE_G ? clg_model_generator(&net, NULL, p, w->log)
                                      : clg_model_discriminator(&net, NULL, p, w->log);
    for (int i = 0; i < (status ? 0 : net->params_n) && !status; i++) {
        const struct clg_param *param = &net->params[i];
        const struct clg_weight *weight = clg_weights_find(w, whose, param->name);
        if (!weight || param->spec.layout != CLG_LAYOUT_CONV || clg_weights_same_shape(weight->array, param))
            continue;
        char is[96], expected[96];
        int64_t shape[4];
        shape_text(weight->array->shape, weight->array->dims, is, sizeof is);
        shape_text(shape, clg_param_outside_shape(param, shape), expected, sizeof expected);
        status = clg_fail(
            w->log, CLG_EFORMAT,
            "%s: %.200s is %s, and no options of clgan's make a net with it: %s would fit the others",
            w->path, weight->array->name, is, expected);
    }
    clg_net_free(&net);
    return status;
}

int clg_weights_sizes(const struct clg_weights *w, struct clg_gan_params *params)
{
    struct clg_gan_params g = *params, d = *params;
    int status = w->has[CLG_WHOSE_G] ? net_sizes(w, CLG_WHOSE_G, &g) : 0;
    if (!status && w->has[CLG_WHOSE_D])
        status = net_sizes(w, CLG_WHOSE_D, &d);
    const bool both = w->has[CLG_WHOSE_G] && w->has[CLG_WHOSE_D];
    if (!status && both && (g.size != d.size || g.channels != d.channels))
        status = clg_fail(w->log, CLG_EFORMAT,
                          "%s: its generator draws %dx%dx%d, its discriminator looks at %dx%dx%d", w->path,
                          g.size, g.size, g.channels, d.size, d.size, d.channels);
    if (status)
        return status;
    struct clg_gan_params sizes = w->has[CLG_WHOSE_G] ? g : d;
    sizes.ndf = d.ndf;
    status = range_check(w, &sizes);
    if (!status && w->has[CLG_WHOSE_G])
        status = widths_check(w, CLG_WHOSE_G, &sizes);
    if (!status && w->has[CLG_WHOSE_D])
        status = widths_check(w, CLG_WHOSE_D, &sizes);
    if (!status)
        *params = sizes;
    return status;
}
