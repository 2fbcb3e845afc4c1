// Checkpoints: one safetensors file. netG.*, netD.* under PyTorch's names and layouts, averageG.* for the
// EMA, Adam's moments as adamG.m.*, adamG.v.*, adamD.m.*, adamD.v.*; params, step count and the caller's
// extras as text metadata.
#include "gan/gan.h"

#include "base/log.h"
#include "data/safetensors.h"

#include <clgan/options.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { SETS = 7, EXTRAS_MOST = 64, NAME = 96 };

// A set of tensors of the file: prefix, net, and where its parameters' values lie (NULL: in the net itself).
struct set {
    const char *prefix;
    struct clg_net *net;
    struct clg_slab *slab;
};

static int sets_of(const struct clg_gan *gan, struct set *sets)
{
    const struct set all[] = {{"netG", gan->g.net, NULL},        {"netD", gan->d.net, NULL},
                              {"adamG.m", gan->g.net, gan->g.m}, {"adamG.v", gan->g.net, gan->g.v},
                              {"adamD.m", gan->d.net, gan->d.m}, {"adamD.v", gan->d.net, gan->d.v},
                              {"averageG", gan->average, NULL}};
    int n = gan->average ? SETS : SETS - 1;
    memcpy(sets, all, (size_t)n * sizeof *sets);
    return n;
}

// A parameter's place in a set; false when the set does not have it (moments of running statistics).
static bool tensor_of(const struct set *set, const struct clg_param *param, struct clg_tensor *tensor)
{
    *tensor = param->value;
    if (!set->slab)
        return true;
    tensor->buffer = clg_slab_all(set->slab).buffer; // moments are laid out as the values
    return param->spec.trainable;
}

// The arrays of a file being written, with their names and values.
struct arrays {
    struct clg_named_array *list;
    char (*names)[NAME];
    int n, most;
};

static void arrays_free(struct arrays *a)
{
    for (int i = 0; i < a->n; i++)
        free((float *)a->list[i].values);
    free(a->list);
    free(a->names);
}

static int arrays_new(struct arrays *a, const struct set *sets, int n, const struct clg_log *log)
{
    *a = (struct arrays){0};
    for (int i = 0; i < n; i++)
        a->most += sets[i].net->params_n;
    a->list = calloc((size_t)a->most, sizeof *a->list);
    a->names = calloc((size_t)a->most, sizeof *a->names);
    if (a->list && a->names)
        return 0;
    arrays_free(a);
    return clg_fail(log, CLG_ENOMEM, "out of memory for a checkpoint");
}

static int set_read(struct arrays *a, const struct set *set)
{
    int status = 0;
    for (int i = 0; i < set->net->params_n && !status; i++) {
        struct clg_param *param = &set->net->params[i];
        struct clg_tensor tensor;
        if (!tensor_of(set, param, &tensor))
            continue;
        float *values = malloc(clg_shape_count(param->spec.shape) * sizeof *values);
        if (!values)
            return clg_fail(&set->net->log, CLG_ENOMEM, "out of memory for %s", param->name);
        struct clg_named_array *array = &a->list[a->n];
        snprintf(a->names[a->n], NAME, "%s.%s", set->prefix, param->name);
        array->name = a->names[a->n++];
        array->dims = clg_param_outside_shape(param, array->shape);
        array->values = values;
        status = clg_param_read(set->net, param, tensor, values);
    }
    return status;
}

// Text for the metadata: every option, the step count, and the caller's pairs.
struct texts {
    struct clg_metadata list[EXTRAS_MOST];
    char values[EXTRAS_MOST][256];
    int n;
};

static int texts_make(struct texts *t, const struct clg_gan *gan, const char *const (*extra)[2], int n)
{
    t->n = 0;
    for (const struct clg_option *o = clg_gan_options; o->name; o++, t->n++) {
        clg_option_get(o, &gan->params, t->values[t->n], sizeof t->values[t->n]);
        t->list[t->n] = (struct clg_metadata){o->name, t->values[t->n]};
    }
    snprintf(t->values[t->n], sizeof t->values[t->n], "%" PRId64, gan->steps);
    t->list[t->n] = (struct clg_metadata){"step", t->values[t->n]};
    t->n++;
    t->list[t->n++] = (struct clg_metadata){"format", "pt"};
    if (n > EXTRAS_MOST - t->n)
        return clg_fail(&gan->log, CLG_EINVAL, "at most %d extra texts fit a checkpoint", EXTRAS_MOST - t->n);
    for (int i = 0; i < n; i++)
        t->list[t->n++] = (struct clg_metadata){extra[i][0], extra[i][1]};
    return 0;
}

int clg_gan_save(struct clg_gan *gan, const char *path, const char *const (*extra)[2], int n)
{
    struct set sets[SETS];
    struct arrays arrays;
    struct texts texts;
    int sets_n = sets_of(gan, sets), status = texts_make(&texts, gan, extra, n);
    if (!status)
        status = arrays_new(&arrays, sets, sets_n, &gan->log);
    if (status)
        return status;
    for (int i = 0; i < sets_n && !status; i++)
        status = set_read(&arrays, &sets[i]);
    if (!status)
        status = clg_safetensors_save(path, arrays.list, arrays.n, texts.list, texts.n, &gan->log);
    arrays_free(&arrays);
    return status;
}

// --- reading -----------------------------------------------------------------------------------

static bool same_shape(const struct clg_named_array *array, const struct clg_param *param)
{
    int64_t shape[4];
    int dims = clg_param_outside_shape(param, shape);
    return array->dims == dims && memcmp(array->shape, shape, (size_t)dims * sizeof *shape) == 0;
}

static void shape_text(const int64_t *shape, int dims, char *text, size_t size)
{
    size_t at = 0;
    text[0] = 0;
    for (int i = 0; i < dims && at < size; i++)
        at += (size_t)snprintf(text + at, size - at, "%s%" PRId64, i ? "x" : "", shape[i]);
}

// One parameter from the file; `prefix` may be "" (a file of one net).
static int param_load(const struct clg_safetensors *file, const char *path, const struct set *set,
                      const struct clg_param *param)
{
    char name[NAME];
    struct clg_tensor tensor;
    if (!tensor_of(set, param, &tensor))
        return 0;
    snprintf(name, sizeof name, "%s%s%s", set->prefix, set->prefix[0] ? "." : "", param->name);
    const struct clg_named_array *array = clg_safetensors_find(file, name);
    if (!array || !array->values)
        return clg_fail(&set->net->log, CLG_EFORMAT, "%s has no float32 tensor %s", path, name);
    if (!same_shape(array, param)) {
        char is[96], expected[96];
        int64_t shape[4];
        shape_text(array->shape, array->dims, is, sizeof is);
        shape_text(shape, clg_param_outside_shape(param, shape), expected, sizeof expected);
        return clg_fail(&set->net->log, CLG_EFORMAT, "%s: %s is %s, the model's is %s", path, name, is,
                        expected);
    }
    return clg_param_write(set->net, param, tensor, array->values);
}

static int set_load(const struct clg_safetensors *file, const char *path, const struct set *set)
{
    int status = 0;
    for (int i = 0; i < set->net->params_n && !status; i++)
        status = param_load(file, path, set, &set->net->params[i]);
    return status;
}

static int params_load(const struct clg_safetensors *file, const char *path, struct clg_gan_params *params,
                       int64_t *steps, const struct clg_log *log)
{
    *params = clg_gan_params_default();
    for (const struct clg_option *o = clg_gan_options; o->name; o++) {
        const char *text = clg_safetensors_metadata(file, o->name);
        if (!text)
            return clg_fail(log, CLG_EFORMAT,
                            "%s is no clgan checkpoint: it does not say its %s (weights alone can be "
                            "given to train --init)",
                            path, o->name);
        if (clg_option_set(o, params, text, &clg_log_silent))
            return clg_fail(log, CLG_EFORMAT,
                            "%s is damaged or of another version of clgan: its %s is \"%.60s\"", path,
                            o->name, text);
    }
    const char *text = clg_safetensors_metadata(file, "step");
    char *end = NULL;
    errno = 0;
    *steps = text ? strtoll(text, &end, 10) : -1;
    if (!text || errno || end == text || *end || *steps < 0)
        return clg_fail(log, CLG_EFORMAT, "%s does not tell its step", path);
    return 0;
}

int clg_gan_load(struct clg_gan **gan, struct clg_device *device, const char *path, int batch)
{
    *gan = NULL;
    struct clg_safetensors *file;
    struct clg_gan_params params;
    int64_t steps = 0;
    int status = clg_safetensors_open(&file, path, &device->log);
    if (status)
        return status;
    status = clg_safetensors_check(file, path, &device->log);
    if (!status)
        status = params_load(file, path, &params, &steps, &device->log);
    if (!status && batch > 0)
        params.batch = batch;
    if (!status)
        status = clg_gan_new(gan, device, &params);
    struct set sets[SETS];
    int n = status ? 0 : sets_of(*gan, sets);
    for (int i = 0; i < n && !status; i++)
        status = set_load(file, path, &sets[i]);
    if (status)
        clg_gan_free(gan);
    else
        (*gan)->steps = steps;
    clg_safetensors_close(&file);
    return status;
}

// Does the file hold the net's tensors under `prefix`, in its shapes?
static bool holds(const struct clg_safetensors *file, const struct set *set)
{
    char name[NAME];
    const struct clg_param *first = &set->net->params[0];
    snprintf(name, sizeof name, "%s%s%s", set->prefix, set->prefix[0] ? "." : "", first->name);
    const struct clg_named_array *array = clg_safetensors_find(file, name);
    return array &&
           (set->prefix[0] || same_shape(array, first)); // a plain name alone does not tell which net
}

int clg_gan_init_from(struct clg_gan *gan, const char *path)
{
    struct clg_safetensors *file;
    int status = clg_safetensors_open(&file, path, &gan->log);
    if (status)
        return status;
    status = clg_safetensors_check(file, path, &gan->log);
    const struct set sets[] = {{"netG", gan->g.net, NULL},
                               {"netD", gan->d.net, NULL},
                               {"", gan->g.net, NULL},
                               {"", gan->d.net, NULL}};
    int found = 0;
    for (int i = 0; i < 4 && !status; i++)
        if (holds(file, &sets[i])) {
            status = set_load(file, path, &sets[i]);
            found++;
        }
    if (!status && !found)
        status = clg_fail(&gan->log, CLG_EFORMAT,
                          "%s has neither netG.* nor netD.* nor a net of this model's shapes", path);
    if (!status && gan->average)
        status = clg_copy(gan->device, clg_slab_all(gan->g.net->values), clg_slab_all(gan->average->values));
    if (!status && gan->average)
        status = clg_copy(gan->device, clg_slab_all(gan->g.net->stats), clg_slab_all(gan->average->stats));
    clg_safetensors_close(&file);
    return status;
}

int clg_checkpoint_metadata(const char *path, const char *key, char **value, const struct clg_log *log)
{
    struct clg_safetensors *file;
    *value = NULL;
    int status = clg_safetensors_open(&file, path, log);
    if (status)
        return status;
    const char *text = clg_safetensors_metadata(file, key);
    if (text && !(*value = strdup(text)))
        status = clg_fail(log, CLG_ENOMEM, "out of memory");
    clg_safetensors_close(&file);
    return status;
}
