// Checkpoints: one safetensors file. netG.*, netD.* under PyTorch's names and layouts, averageG.* for the
// EMA, Adam's moments as adamG.m.*, adamG.v.*, adamD.m.*, adamD.v.*; params, step count and the caller's
// extras as text metadata.
#include "gan/gan.h"

#include "base/log.h"
#include "gan/weights_file.h"

#include <stdlib.h>
#include <string.h>

enum { SETS = 7, NAME = 96 };

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
    for (int i = 0; i < n; i++)
        a->most += sets[i].net->params_n;
    a->list = calloc((size_t)a->most, sizeof *a->list);
    a->names = calloc((size_t)a->most, sizeof *a->names);
    if (a->list && a->names)
        return 0;
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

int clg_gan_save(struct clg_gan *gan, const char *path, const char *const (*extra)[2], int n)
{
    struct set sets[SETS];
    struct arrays arrays = {0};
    struct clg_texts texts;
    int sets_n = sets_of(gan, sets), status = clg_checkpoint_texts(&texts, gan, extra, n);
    if (!status)
        status = arrays_new(&arrays, sets, sets_n, &gan->log);
    for (int i = 0; i < sets_n && !status; i++)
        status = set_read(&arrays, &sets[i]);
    if (!status)
        status = clg_safetensors_save(path, arrays.list, arrays.n, texts.list, texts.n, &gan->log);
    arrays_free(&arrays);
    clg_texts_free(&texts);
    return status;
}

// --- reading -----------------------------------------------------------------------------------
static int param_load(const struct clg_safetensors *file, const char *path, const struct set *set,
                      const struct clg_param *param)
{
    char name[NAME];
    struct clg_tensor tensor;
    if (!tensor_of(set, param, &tensor))
        return 0;
    snprintf(name, sizeof name, "%s.%s", set->prefix, param->name);
    const struct clg_named_array *array = clg_safetensors_find(file, name);
    if (!array || !array->values)
        return clg_fail(&set->net->log, CLG_EFORMAT, "%s has no float32 tensor %s", path, name);
    if (!clg_weights_same_shape(array, param)) {
        char shapes[256];
        clg_weights_shapes_text(array, param, shapes, sizeof shapes);
        return clg_fail(&set->net->log, CLG_EFORMAT, "%s: %s %s", path, name, shapes);
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

static bool in_set(const struct set *set, const char *name)
{
    const size_t prefix = strlen(set->prefix);
    struct clg_tensor unused;
    if (strncmp(name, set->prefix, prefix) != 0 || name[prefix] != '.')
        return false;
    for (int i = 0; i < set->net->params_n; i++)
        if (strcmp(set->net->params[i].name, name + prefix + 1) == 0)
            return tensor_of(set, &set->net->params[i], &unused);
    return false;
}

// A later version may save more tensors; the next checkpoint will not have them.
static void left_out_warn(const struct clg_safetensors *file, const char *path, const struct set *sets, int n,
                          const struct clg_log *log)
{
    const char *first = NULL;
    int count = 0;
    for (int i = 0; i < clg_safetensors_count(file); i++) {
        const char *name = clg_safetensors_at(file, i)->name;
        bool known = false;
        for (int k = 0; k < n && !known; k++)
            known = in_set(&sets[k], name);
        if (!known && count++ == 0)
            first = name;
    }
    if (count)
        clg_log_line(log, CLG_LOG_WARNING, "%s: ignoring %d tensors that are not in this model: %.200s%s",
                     path, count, first, count > 1 ? " ..." : "");
}

static int own_load(struct clg_gan **gan, struct clg_device *device, const struct clg_safetensors *file,
                    const char *path, int batch, const struct clg_option *run_options)
{
    struct clg_gan_params params;
    struct set sets[SETS];
    int64_t steps;
    int status = clg_checkpoint_read(file, path, &params, &steps, &device->log);
    if (!status && batch > 0)
        params.batch = batch;
    if (!status)
        status = clg_gan_new(gan, device, &params);
    int n = status ? 0 : sets_of(*gan, sets);
    for (int i = 0; i < n && !status; i++)
        status = set_load(file, path, &sets[i]);
    if (!status)
        left_out_warn(file, path, sets, n, &device->log);
    if (!status)
        status = clg_checkpoint_carry(file, path, run_options, &(*gan)->carried, &device->log);
    if (status)
        clg_gan_free(gan);
    else
        (*gan)->steps = steps;
    return status;
}

int clg_checkpoint_load(struct clg_gan **gan, struct clg_device *device, const char *path,
                        const struct clg_option *run_options)
{
    struct clg_safetensors *file;
    *gan = NULL;
    int status = clg_checkpoint_open(&file, path, &device->log);
    if (!status)
        status = own_load(gan, device, file, path, 0, run_options);
    clg_safetensors_close(&file);
    return status;
}

// Another program's weights: a fresh gan of their sizes, with them in it.
static int foreign_load(struct clg_gan **gan, struct clg_device *device, struct clg_weights *weights,
                        int batch)
{
    struct clg_gan_params params = clg_gan_params_default();
    int status = clg_weights_sizes(weights, &params);
    if (batch > 0)
        params.batch = batch;
    if (!status)
        status = clg_gan_new(gan, device, &params);
    if (!status)
        status = clg_weights_init(*gan, weights);
    if (status)
        clg_gan_free(gan);
    return status;
}

int clg_gan_load(struct clg_gan **gan, struct clg_device *device, const char *path, int batch)
{
    struct clg_safetensors *file;
    struct clg_weights weights;
    *gan = NULL;
    int status = clg_checkpoint_open(&file, path, &device->log);
    if (status)
        return status;
    const bool own = clg_checkpoint_is_own(file);
    if (own)
        status = own_load(gan, device, file, path, batch, NULL);
    clg_safetensors_close(&file);
    if (own)
        return status;
    status = clg_weights_open(&weights, path, &device->log);
    if (!status)
        status = foreign_load(gan, device, &weights, batch);
    clg_weights_close(&weights);
    return status;
}

int clg_gan_init_from(struct clg_gan *gan, const char *path)
{
    struct clg_weights weights;
    int status = clg_weights_open(&weights, path, &gan->log);
    if (!status)
        status = clg_weights_init(gan, &weights);
    clg_weights_close(&weights);
    return status;
}

// --- what a file says --------------------------------------------------------------------------
int clg_checkpoint_params(const char *path, struct clg_gan_params *params, int64_t *steps,
                          const struct clg_log *log)
{
    struct clg_safetensors *file;
    struct clg_weights weights;
    *steps = -1;
    *params = clg_gan_params_default();
    int status = clg_checkpoint_open(&file, path, log);
    if (status)
        return status;
    const bool own = clg_checkpoint_is_own(file);
    if (own)
        status = clg_checkpoint_read(file, path, params, steps, log);
    clg_safetensors_close(&file);
    if (own)
        return status;
    status = clg_weights_open(&weights, path, log);
    if (!status)
        status = clg_weights_sizes(&weights, params);
    clg_weights_close(&weights);
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
