// A trained classifier: its scores for features, and its safetensors file.
#include "explore/svm.h"

#include "base/locale.h"
#include "base/log.h"
#include "data/safetensors.h"

#include <cjson/cJSON.h>
#include <clgan/text.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EXTRAS_MAX = 32, CLASSES_MAX = 100000 };

int clg_svm_new(struct clg_svm **out, int classes, int64_t count, const char *const *names,
                const struct clg_log *log)
{
    struct clg_svm *svm = *out = calloc(1, sizeof *svm);
    if (!svm)
        return clg_fail(log, CLG_ENOMEM, "out of memory");
    svm->classes = classes;
    svm->count = count;
    svm->names = calloc((size_t)classes, sizeof *svm->names);
    svm->weight = calloc((size_t)classes * (size_t)count, sizeof *svm->weight);
    svm->bias = calloc((size_t)classes, sizeof *svm->bias);
    bool whole = svm->names && svm->weight && svm->bias;
    for (int i = 0; names && i < classes && whole; i++)
        whole = (svm->names[i] = strdup(names[i])) != NULL;
    if (whole)
        return 0;
    clg_svm_free(out);
    return clg_fail(log, CLG_ENOMEM, "out of memory for %d classes of %" PRId64 " features", classes, count);
}

void clg_svm_free(struct clg_svm **svm)
{
    if (!*svm)
        return;
    for (int i = 0; (*svm)->names && i < (*svm)->classes; i++)
        free((*svm)->names[i]);
    free((*svm)->names);
    free((*svm)->weight);
    free((*svm)->bias);
    free(*svm);
    *svm = NULL;
}

int clg_svm_classes(const struct clg_svm *svm)
{
    return svm->classes;
}

const char *clg_svm_name(const struct clg_svm *svm, int i)
{
    return i >= 0 && i < svm->classes ? svm->names[i] : NULL;
}

int64_t clg_svm_count(const struct clg_svm *svm)
{
    return svm->count;
}

double clg_svm_c(const struct clg_svm *svm)
{
    return svm->c;
}

void clg_svm_scores(const struct clg_svm *svm, const float *features, int n, float *scores)
{
    for (int i = 0; i < n; i++)
        for (int k = 0; k < svm->classes; k++) {
            const float *x = features + i * svm->count, *w = svm->weight + k * svm->count;
            double sum = svm->bias[k];
            for (int64_t j = 0; j < svm->count; j++)
                sum += (double)w[j] * x[j];
            scores[(int64_t)i * svm->classes + k] = (float)sum;
        }
}

// --- file --------------------------------------------------------------------------------------
// The class names as a JSON list, the caller's to free().
static char *names_text(const struct clg_svm *svm)
{
    cJSON *list = cJSON_CreateStringArray((const char *const *)svm->names, svm->classes);
    char *raw = list ? cJSON_PrintUnformatted(list) : NULL;
    size_t size = raw ? clg_text_to_json(raw, NULL, 0) + 1 : 0;
    char *text = raw ? malloc(size) : NULL;
    if (text)
        clg_text_to_json(raw, text, size);
    cJSON_free(raw);
    cJSON_Delete(list);
    return text;
}

static cJSON *names_list(const char *text)
{
    char *raw = text ? strdup(text) : NULL;
    if (!raw)
        return NULL;
    clg_text_from_json(raw);
    cJSON *list = cJSON_Parse(raw);
    free(raw);
    return list;
}

int clg_svm_save(const struct clg_svm *svm, const char *path, const char *const (*extra)[2], int n,
                 const struct clg_log *log)
{
    if (n < 0 || n > EXTRAS_MAX)
        return clg_fail(log, CLG_EINVAL, "a classifier's file holds at most %d extra texts", EXTRAS_MAX);
    char c[32], *names = names_text(svm);
    if (!names)
        return clg_fail(log, CLG_ENOMEM, "out of memory saving %s", path);
    struct clg_locale locale = clg_locale_enter();
    snprintf(c, sizeof c, "%.17g", svm->c);
    clg_locale_leave(locale);
    struct clg_metadata texts[EXTRAS_MAX + 2] = {{"classes", names}, {"c", c}};
    for (int i = 0; i < n; i++)
        texts[i + 2] = (struct clg_metadata){extra[i][0], extra[i][1]};
    const struct clg_named_array arrays[] = {{"weight", {svm->classes, svm->count}, 2, svm->weight},
                                             {"bias", {svm->classes}, 1, svm->bias}};
    const int status = clg_safetensors_save(path, arrays, 2, texts, n + 2, log);
    free(names);
    return status;
}

static int refuse(const char *path, const char *why, const struct clg_log *log)
{
    return clg_fail(log, CLG_EFORMAT, "%s is not a classifier: %s", path, why);
}

static bool all_finite(const float *values, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        if (!isfinite(values[i]))
            return false;
    return true;
}

// Parses the class names into *list, which the caller deletes.
static int names_parse(const struct clg_safetensors *file, const char *path, cJSON **list,
                       const struct clg_log *log)
{
    const char *text = clg_safetensors_metadata(file, "classes");
    const cJSON *item;
    *list = names_list(text);
    if (!cJSON_IsArray(*list))
        return refuse(path, "it names no classes", log);
    cJSON_ArrayForEach(item, *list)
    {
        if (!cJSON_IsString(item))
            return refuse(path, "a class's name is not a string", log);
    }
    const int classes = cJSON_GetArraySize(*list);
    return classes < 2 || classes > CLASSES_MAX ? refuse(path, "it must have 2 to 100000 classes", log) : 0;
}

static int arrays_find(const struct clg_safetensors *file, const char *path, int classes,
                       const struct clg_named_array **weight, const struct clg_named_array **bias,
                       const struct clg_log *log)
{
    const struct clg_named_array *w = *weight = clg_safetensors_find(file, "weight");
    const struct clg_named_array *b = *bias = clg_safetensors_find(file, "bias");
    if (!w || !b || !w->values || !b->values)
        return refuse(path, "weight or bias is missing", log);
    if (w->dims != 2 || b->dims != 1 || w->shape[0] != classes || b->shape[0] != classes || w->shape[1] < 1)
        return refuse(path, "weight and bias do not have the shapes that its classes need", log);
    if (!all_finite(w->values, w->shape[0] * w->shape[1]) || !all_finite(b->values, classes))
        return refuse(path, "a weight is not a finite number", log);
    return 0;
}

static int content_take(struct clg_svm **svm, const struct clg_safetensors *file, const char *path,
                        const cJSON *names, const struct clg_log *log)
{
    const struct clg_named_array *weight, *bias;
    const int classes = cJSON_GetArraySize(names);
    int status = arrays_find(file, path, classes, &weight, &bias, log);
    if (!status)
        status = clg_svm_new(svm, classes, weight->shape[1], NULL, log);
    if (status)
        return status;
    const char *c = clg_safetensors_metadata(file, "c");
    struct clg_locale locale = clg_locale_enter();
    (*svm)->c = c ? strtod(c, NULL) : 0;
    clg_locale_leave(locale);
    memcpy((*svm)->weight, weight->values, (size_t)classes * (size_t)weight->shape[1] * sizeof(float));
    memcpy((*svm)->bias, bias->values, (size_t)classes * sizeof(float));
    const cJSON *name;
    int i = 0;
    cJSON_ArrayForEach(name, names)
    {
        if (!((*svm)->names[i++] = strdup(name->valuestring)))
            return clg_fail(log, CLG_ENOMEM, "out of memory reading %s", path);
    }
    return 0;
}

int clg_svm_load(struct clg_svm **svm, const char *path, const struct clg_log *log)
{
    *svm = NULL;
    struct clg_safetensors *file;
    cJSON *names = NULL;
    int status = clg_safetensors_open(&file, path, log);
    if (!status)
        status = clg_safetensors_check(file, path, log);
    if (!status)
        status = names_parse(file, path, &names, log);
    if (!status)
        status = content_take(svm, file, path, names, log);
    if (status)
        clg_svm_free(svm);
    cJSON_Delete(names);
    clg_safetensors_close(&file);
    return status;
}
