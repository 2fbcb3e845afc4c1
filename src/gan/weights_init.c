// A file's weights into the nets: all of them are found, checked and converted before the first is written.
//
// A convolution's bias before batch norm goes into the running mean, which is exact: training subtracts the
// batch's mean, so the bias has no effect there, and inference subtracts the running one.
#include "gan/weights_file.h"

#include "base/log.h"
#include "gan/gan.h"
#include "nn/layers.h"
#include "ops/ops.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NETS = 2, NAMES_MAX = 5 }; // names in one message

// One net with new values for all its parameters, by their number.
struct staged {
    enum clg_whose whose;
    struct clg_net *net;
    float **values;
};

// Names of tensors, for a message.
struct names {
    char text[512];
    int n;
};

static void names_add(struct names *names, const char *name, const char *remark)
{
    const size_t used = strlen(names->text);
    if (names->n < NAMES_MAX)
        snprintf(names->text + used, sizeof names->text - used, "%s%.80s%s", used ? ", " : "", name, remark);
    else if (names->n == NAMES_MAX)
        snprintf(names->text + used, sizeof names->text - used, " and others");
    names->n++;
}

// --- other sizes -------------------------------------------------------------------------------
static void option_add(char *text, size_t size, const char *name, int is, int other)
{
    const size_t used = strlen(text);
    if (is != other)
        snprintf(text + used, size - used, "%s%s %d", used ? ", " : "", name, other);
}

// "netG.main.0.weight is 8x16x4x4, the model's is 8x32x4x4" of the first that differs.
static void difference_text(const struct clg_weights *w, const struct clg_net *net, enum clg_whose whose,
                            char *text, size_t size)
{
    for (int i = 0; i < net->params_n && !*text; i++) {
        const struct clg_param *param = &net->params[i];
        const struct clg_weight *weight = clg_weights_find(w, whose, param->name);
        if (!weight || clg_weights_same_shape(weight->array, param))
            continue;
        char shapes[256];
        clg_weights_shapes_text(weight->array, param, shapes, sizeof shapes);
        snprintf(text, size, "%.90s %.220s", weight->array->name, shapes);
    }
}

// Says which options would fit the file's nets.
static int sizes_check(const struct clg_weights *w, const struct clg_gan_params *has,
                       const struct staged *nets)
{
    struct clg_gan_params needs = *has;
    char options[160] = "", difference[320] = "";
    int status = clg_weights_sizes(w, &needs);
    if (status)
        return status;
    option_add(options, sizeof options, "size", has->size, needs.size);
    option_add(options, sizeof options, "channels", has->channels, needs.channels);
    option_add(options, sizeof options, "z", has->z, needs.z);
    option_add(options, sizeof options, "ngf", has->ngf, needs.ngf);
    option_add(options, sizeof options, "ndf", has->ndf, needs.ndf);
    if (!*options)
        return 0;
    for (int i = 0; i < NETS; i++)
        difference_text(w, nets[i].net, nets[i].whose, difference, sizeof difference);
    return clg_fail(w->log, CLG_EFORMAT, "%s: %s; it would fit a model of %s", w->path,
                    *difference ? difference : "its nets have other sizes than the model's", options);
}

// --- one net -----------------------------------------------------------------------------------
static int missing(const struct clg_weights *w, const struct staged *s, const struct clg_param *param)
{
    const char *prefix = s->whose == CLG_WHOSE_G ? "netG" : "netD";
    if (strstr(param->name, ".running_"))
        return clg_fail(
            w->log, CLG_EFORMAT,
            "%s has no %s.%s: its normalisation has no running statistics (track_running_stats=False, or "
            "no batch norm), which clgan generates with",
            w->path, prefix, param->name);
    return clg_fail(w->log, CLG_EFORMAT, "%s has no %s.%s", w->path, prefix, param->name);
}

static bool all_finite(const float *values, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!isfinite(values[i]))
            return false;
    return true;
}

static int param_stage(const struct clg_weights *w, struct staged *s, int i)
{
    const struct clg_param *param = &s->net->params[i];
    struct clg_weight *weight = clg_weights_find(w, s->whose, param->name);
    if (!weight)
        return missing(w, s, param);
    const struct clg_named_array *array = weight->array;
    if (!clg_array_is_float(array))
        return clg_fail(
            w->log, CLG_EFORMAT,
            "%s: %.200s is of type %.20s: F32, F64, F16 and BF16 are taken; convert it with .float() first",
            w->path, array->name, array->dtype);
    if (!clg_weights_same_shape(array, param)) {
        char shapes[256];
        clg_weights_shapes_text(array, param, shapes, sizeof shapes);
        return clg_fail(w->log, CLG_EFORMAT, "%s: %.200s %s", w->path, array->name, shapes);
    }
    s->values[i] = malloc(clg_shape_count(param->spec.shape) * sizeof **s->values);
    if (!s->values[i])
        return clg_fail(w->log, CLG_ENOMEM, "out of memory for %s", param->name);
    clg_array_floats(array, s->values[i]);
    weight->taken = true;
    if (all_finite(s->values[i], clg_shape_count(param->spec.shape)))
        return 0;
    return clg_fail(w->log, CLG_EFORMAT, "%s: %.200s holds a number that is not finite as float32", w->path,
                    array->name);
}

static int layer_find(const struct clg_net *net, const char *name)
{
    for (int i = 0; i < net->n; i++)
        if (strcmp(net->layers[i].name, name) == 0)
            return i;
    return -1;
}

// The number of the running mean of the batch norm after the layer of "main.3.bias"; -1 without one.
static int mean_after(const struct clg_net *net, const char *param)
{
    char name[CLG_PARAM_NAME_MAX];
    snprintf(name, sizeof name, "%.*s", (int)(strlen(param) - strlen(".bias")), param);
    const int norm = layer_find(net, name) + 1;
    if (norm < 1 || norm >= net->n || net->layers[norm].type != &clg_layer_type_norm)
        return -1;
    for (int i = 0; i < net->params_n; i++)
        if (net->params[i].layer == norm && strcmp(net->params[i].spec.name, "running_mean") == 0)
            return i;
    return -1;
}

static bool all_zero(const float *values, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (values[i] != 0)
            return false;
    return true;
}

// The values of a convolution's bias; free() them. NULL: it is not such a bias, or memory is out.
static float *bias_values(const struct clg_weight *weight)
{
    const char *param = weight->name.param;
    const size_t length = strlen(param), ending = strlen(".bias");
    if (length < ending || strcmp(param + length - ending, ".bias") != 0 ||
        !clg_array_is_float(weight->array) || weight->array->dims != 1)
        return NULL;
    float *values = malloc(((size_t)weight->array->shape[0] + 1) * sizeof *values);
    if (values)
        clg_array_floats(weight->array, values);
    return values;
}

// Folds a bias into the batch norm after it; a bias of zeros needs nothing.
static bool bias_fold(struct staged *s, struct clg_weight *weight, struct names *left_out)
{
    float *bias = bias_values(weight);
    const size_t n = bias ? (size_t)weight->array->shape[0] : 0;
    const int mean = bias ? mean_after(s->net, weight->name.param) : -1;
    if (mean >= 0 && n == clg_shape_count(s->net->params[mean].spec.shape)) {
        for (size_t i = 0; i < n; i++)
            s->values[mean][i] = (float)((double)s->values[mean][i] - (double)bias[i]);
        weight->taken = true;
    } else if (bias && all_zero(bias, n)) {
        names_add(left_out, weight->array->name, " (all 0)");
        weight->taken = true;
    }
    free(bias);
    return weight->taken;
}

static bool is_counter(const struct clg_weight *weight)
{
    return strstr(weight->name.param, ".num_batches_tracked") != NULL;
}

// Sorts the tensors of a net that no parameter took.
static void rest_sort(const struct clg_weights *w, struct staged *s, struct names *homeless,
                      struct names *left_out)
{
    for (int i = 0; i < w->n; i++) {
        struct clg_weight *weight = &w->list[i];
        if (weight->name.whose == s->whose && !weight->taken && !is_counter(weight) &&
            !bias_fold(s, weight, left_out))
            names_add(homeless, weight->array->name, "");
    }
}

static int homeless_check(const struct clg_weights *w, const struct names *homeless)
{
    if (!homeless->n)
        return 0;
    return clg_fail(w->log, CLG_EFORMAT, "%s: there is no place in the model for %s: %s", w->path,
                    homeless->text,
                    strstr(homeless->text, ".bias")
                        ? "clgan's convolutions have no bias, and only one before batch norm can go into that"
                        : "clgan's nets have no such layer");
}

static int net_stage(const struct clg_weights *w, struct staged *s)
{
    s->values = calloc((size_t)s->net->params_n, sizeof *s->values);
    if (!s->values)
        return clg_fail(w->log, CLG_ENOMEM, "out of memory for the weights of %s", w->path);
    int status = 0;
    for (int i = 0; i < s->net->params_n && !status; i++)
        status = param_stage(w, s, i);
    return status;
}

static int net_write(const struct staged *s)
{
    int status = 0;
    for (int i = 0; i < s->net->params_n && !status; i++)
        status = clg_param_write(s->net, &s->net->params[i], s->net->params[i].value, s->values[i]);
    return status;
}

static void net_release(struct staged *s)
{
    for (int i = 0; s->values && i < s->net->params_n; i++)
        free(s->values[i]);
    free(s->values);
}

// --- both nets ---------------------------------------------------------------------------------
// Tensors of clgan's own checkpoints besides the two nets.
static bool is_own(const char *name)
{
    static const char *const prefixes[] = {"averageG.", "adamG.", "adamD."};
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++)
        if (strncmp(name, prefixes[i], strlen(prefixes[i])) == 0)
            return true;
    return false;
}

static void warn_left_out(const struct clg_weights *w, struct names *left_out)
{
    for (int i = 0; i < w->n; i++)
        if (!w->list[i].name.whose && !is_own(w->list[i].array->name))
            names_add(left_out, w->list[i].array->name, "");
    if (left_out->n)
        clg_log_line(w->log, CLG_LOG_WARNING, "%s: left out, as the two nets have no place for it: %s",
                     w->path, left_out->text);
    if (!w->has[CLG_WHOSE_G] || !w->has[CLG_WHOSE_D])
        clg_log_line(w->log, CLG_LOG_WARNING,
                     "%s holds no %s: the model keeps its own, which in a new model is untrained", w->path,
                     w->has[CLG_WHOSE_G] ? "discriminator" : "generator");
}

static int average_set(struct clg_gan *gan)
{
    int status = clg_copy(gan->device, clg_slab_all(gan->g.net->values), clg_slab_all(gan->average->values));
    if (!status)
        status = clg_copy(gan->device, clg_slab_all(gan->g.net->stats), clg_slab_all(gan->average->stats));
    return status;
}

// Checks and converts the values of both nets; nothing is written.
static int nets_stage(const struct clg_weights *w, const struct clg_gan_params *params, struct staged *nets,
                      struct names *left_out)
{
    struct names homeless = {"", 0};
    int status = sizes_check(w, params, nets);
    for (int i = 0; i < NETS && !status; i++)
        if (w->has[nets[i].whose])
            status = net_stage(w, &nets[i]);
    for (int i = 0; i < NETS && !status; i++)
        rest_sort(w, &nets[i], &homeless, left_out);
    return status ? status : homeless_check(w, &homeless);
}

int clg_weights_init(struct clg_gan *gan, struct clg_weights *w)
{
    struct staged nets[NETS] = {{CLG_WHOSE_G, gan->g.net, NULL}, {CLG_WHOSE_D, gan->d.net, NULL}};
    struct names left_out = {"", 0};
    int status = nets_stage(w, &gan->params, nets, &left_out);
    for (int i = 0; i < NETS && !status; i++)
        if (w->has[nets[i].whose])
            status = net_write(&nets[i]);
    if (!status && gan->average && w->has[CLG_WHOSE_G])
        status = average_set(gan);
    if (!status)
        warn_left_out(w, &left_out);
    for (int i = 0; i < NETS; i++)
        net_release(&nets[i]);
    return status;
}

int clg_weights_check(const char *path, const struct clg_gan_params *params, const struct clg_log *log)
{
    struct staged nets[NETS] = {{CLG_WHOSE_G, NULL, NULL}, {CLG_WHOSE_D, NULL, NULL}};
    struct names left_out = {"", 0};
    struct clg_weights weights;
    int status = clg_weights_open(&weights, path, log);
    if (!status)
        status = clg_model_generator(&nets[0].net, NULL, params, log);
    if (!status)
        status = clg_model_discriminator(&nets[1].net, NULL, params, log);
    if (!status)
        status = nets_stage(&weights, params, nets, &left_out);
    for (int i = 0; i < NETS; i++) {
        net_release(&nets[i]);
        clg_net_free(&nets[i].net);
    }
    clg_weights_close(&weights);
    return status;
}
