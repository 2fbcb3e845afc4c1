// safetensors files mapped into memory, every header field checked.
#include "data/safetensors.h"

#include "base/file.h"
#include "base/log.h"
#include "data/foreign.h"
#include "data/safetensors_sum.h"
#include "data/shape.h"

#include <cjson/cJSON.h>
#include <clgan/text.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(sizeof(float) == 4 && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
               "values are stored as they lie");

enum { PREFIX = 8, HEADER_MAX = 100000000 };
#define NUMBER_MAX ((int64_t)1 << 50) // exact in a double
#define METADATA "__metadata__"

// Where a tensor's bytes are after the header; `array` is its index in the list.
struct extent {
    int64_t begin, end;
    int array;
};

struct clg_safetensors {
    const char *content;
    size_t size, data; // data: where values begin
    cJSON *root;       // owns all names
    const cJSON *metadata;
    struct clg_metadata *texts; // the same as pairs
    int texts_n;
    struct clg_named_array *arrays; // in the file's order
    struct extent *extents;
    const char **names; // sorted, to find duplicates
    int n;
    float **copies; // copies of tensors that are not aligned to 4 bytes
    int copies_n;
};

static const struct {
    const char *name;
    int bytes;
} types[] = {
    {"F32", 4}, {"F64", 8}, {"F16", 2}, {"BF16", 2}, {"I64", 8},  {"I32", 4},     {"I16", 2},     {"I8", 1},
    {"U64", 8}, {"U32", 4}, {"U16", 2}, {"U8", 1},   {"BOOL", 1}, {"F8_E4M3", 1}, {"F8_E5M2", 1}, {0},
};

// 0: a type from a later version of the format, or one with several values per byte.
static int type_bytes(const char *name)
{
    for (int i = 0; types[i].name; i++)
        if (strcmp(types[i].name, name) == 0)
            return types[i].bytes;
    return 0;
}

// A whole number from 0 to 2^50.
static bool number_get(const cJSON *item, int64_t *value)
{
    double v = cJSON_IsNumber(item) ? item->valuedouble : -1;
    if (!(v >= 0 && v <= (double)NUMBER_MAX) || v != (double)(int64_t)v)
        return false;
    *value = (int64_t)v;
    return true;
}

// Reads the sizes of a shape; returns their product, or -1 if they are invalid.
static int64_t shape_parse(const cJSON *shape, struct clg_named_array *array)
{
    const cJSON *item;
    int64_t count = 1, size;
    cJSON_ArrayForEach(item, shape)
    {
        if (count < 0 || !number_get(item, &size))
            return -1;
        if (array->dims < CLG_ARRAY_DIMS_MAX)
            array->shape[array->dims] = size;
        array->dims++;
        count = clg_shape_count((int64_t[]){count, size}, 2);
    }
    return count;
}

// Reads one entry of the header, which must have these three fields. Returns what is wrong, or NULL.
static const char *entry_parse(const cJSON *entry, int64_t data_bytes, struct clg_named_array *array,
                               struct extent *extent)
{
    const cJSON *type = cJSON_GetObjectItemCaseSensitive(entry, "dtype");
    const cJSON *shape = cJSON_GetObjectItemCaseSensitive(entry, "shape");
    const cJSON *offsets = cJSON_GetObjectItemCaseSensitive(entry, "data_offsets");
    if (!cJSON_IsObject(entry) || !cJSON_IsString(type) || !cJSON_IsArray(shape) || !cJSON_IsArray(offsets))
        return "lacks dtype, shape or data_offsets";
    array->name = entry->string;
    array->dtype = type->valuestring;
    const cJSON *first = offsets->child, *second = first ? first->next : NULL;
    if (!second || second->next || !number_get(first, &extent->begin) || !number_get(second, &extent->end))
        return "has data_offsets other than two numbers";
    if (extent->end < extent->begin || extent->end > data_bytes)
        return "is outside the file";
    const int64_t count = shape_parse(shape, array), bytes = type_bytes(type->valuestring);
    if (count < 0 || (bytes && count * bytes != extent->end - extent->begin))
        return "has a shape that disagrees with its data_offsets";
    return NULL;
}

static int by_begin(const void *a, const void *b)
{
    const struct extent *x = a, *y = b;
    if (x->begin != y->begin)
        return x->begin < y->begin ? -1 : 1;
    return (x->end > y->end) - (x->end < y->end);
}

// The format requires every byte to belong to exactly one tensor. Returns what is wrong, or NULL.
static const char *extents_check(struct extent *extents, int n, int64_t data_bytes, int *culprit)
{
    if (n)
        qsort(extents, (size_t)n, sizeof *extents, by_begin);
    int64_t end = 0;
    for (int i = 0; i < n; i++) {
        *culprit = extents[i].array;
        if (extents[i].begin != end)
            return extents[i].begin < end ? "overlaps another one" : "leaves a gap before it";
        end = extents[i].end;
    }
    return end == data_bytes ? NULL : "is the last one, but bytes follow it";
}

// All metadata texts, unescaped to their original bytes.
static const char *metadata_take(const cJSON *metadata)
{
    const cJSON *item;
    if (!cJSON_IsObject(metadata))
        return METADATA " is not an object";
    cJSON_ArrayForEach(item, metadata)
    {
        if (!cJSON_IsString(item))
            return METADATA " has a value that is not text";
        clg_text_from_utf8(item->valuestring);
    }
    return NULL;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int refuse(const char *path, const char *name, const char *reason, const struct clg_log *log)
{
    return clg_fail(log, CLG_EFORMAT, "%s is not a valid safetensors file: tensor \"%.200s\" %s", path, name,
                    reason);
}

static int memory_get(struct clg_safetensors *file, const char *path, const struct clg_log *log)
{
    size_t most = (size_t)cJSON_GetArraySize(file->root) + 1;
    file->arrays = calloc(most, sizeof *file->arrays);
    file->extents = calloc(most, sizeof *file->extents);
    file->names = calloc(most, sizeof *file->names);
    file->copies = calloc(most, sizeof *file->copies);
    if (file->arrays && file->extents && file->names && file->copies)
        return 0;
    return clg_fail(log, CLG_ENOMEM, "out of memory reading %s", path);
}

static int entries_read(struct clg_safetensors *file, const char *path, const struct clg_log *log)
{
    int64_t data_bytes = (int64_t)(file->size - file->data);
    const cJSON *entry;
    cJSON_ArrayForEach(entry, file->root)
    {
        const char *reason = NULL;
        if (strcmp(entry->string, METADATA) == 0) {
            reason = file->metadata ? METADATA " appears twice" : metadata_take(entry);
            file->metadata = entry;
            if (reason)
                return clg_fail(log, CLG_EFORMAT, "%s is not a valid safetensors file: %s", path, reason);
            continue;
        }
        int i = file->n++;
        file->extents[i].array = i;
        file->names[i] = entry->string;
        reason = entry_parse(entry, data_bytes, &file->arrays[i], &file->extents[i]);
        if (reason)
            return refuse(path, entry->string, reason, log);
    }
    return 0;
}

static int texts_list(struct clg_safetensors *file, const char *path, const struct clg_log *log)
{
    const cJSON *item;
    file->texts = calloc((size_t)cJSON_GetArraySize(file->metadata) + 1, sizeof *file->texts);
    if (!file->texts)
        return clg_fail(log, CLG_ENOMEM, "out of memory reading %s", path);
    cJSON_ArrayForEach(item, file->metadata)
    {
        file->texts[file->texts_n++] = (struct clg_metadata){item->string, item->valuestring};
    }
    return 0;
}

static int names_check(struct clg_safetensors *file, const char *path, const struct clg_log *log)
{
    if (file->n)
        qsort(file->names, (size_t)file->n, sizeof *file->names, by_text);
    for (int i = 1; i < file->n; i++)
        if (strcmp(file->names[i - 1], file->names[i]) == 0)
            return refuse(path, file->names[i], "appears twice", log);
    return 0;
}

// Points each tensor at its bytes, and float32 ones at their values.
static int values_find(struct clg_safetensors *file, const char *path, const struct clg_log *log)
{
    for (int i = 0; i < file->n; i++) {
        const struct extent *extent = &file->extents[i];
        struct clg_named_array *array = &file->arrays[extent->array];
        const char *at = file->content + file->data + extent->begin;
        array->bytes = at;
        array->size = (size_t)(extent->end - extent->begin);
        if (strcmp(array->dtype, "F32") != 0 || array->dims > CLG_ARRAY_DIMS_MAX)
            continue;
        if ((uintptr_t)at % sizeof(float) == 0) {
            array->values = (const float *)(const void *)at;
            continue;
        }
        float *copy = malloc(array->size + 1);
        if (!copy)
            return clg_fail(log, CLG_ENOMEM, "out of memory reading %s", path);
        memcpy(copy, at, array->size);
        array->values = file->copies[file->copies_n++] = copy;
    }
    return 0;
}

// The header's JSON, followed by white space only.
static cJSON *header_parse(const char *text, size_t length)
{
    const char *end = NULL;
    cJSON *root = length && text[0] == '{' ? cJSON_ParseWithLengthOpts(text, length, &end, false) : NULL;
    while (root && end < text + length && strchr(" \t\r\n", *end) && *end)
        end++;
    if (root && (end != text + length || !cJSON_IsObject(root))) {
        cJSON_Delete(root);
        root = NULL;
    }
    return root;
}

static int content_parse(struct clg_safetensors *file, const char *path, const struct clg_log *log)
{
    uint64_t length = 0;
    for (int i = 0; i < PREFIX && file->size >= PREFIX; i++)
        length |= (uint64_t)(uint8_t)file->content[i] << (8 * i);
    const bool cut = file->size < PREFIX || length > HEADER_MAX || length > file->size - PREFIX;
    file->data = PREFIX + (size_t)length;
    file->root = cut ? NULL : header_parse(file->content + PREFIX, (size_t)length);
    if (!file->root && clg_foreign_refuse(file->content, file->size, path, log))
        return CLG_EFORMAT;
    if (!file->root)
        return clg_fail(log, CLG_EFORMAT, "%s is not a valid safetensors file: %s", path,
                        cut ? "it ends inside its header" : "its header is not a JSON object");
    int status = memory_get(file, path, log);
    if (!status)
        status = entries_read(file, path, log);
    if (!status)
        status = texts_list(file, path, log);
    if (!status)
        status = names_check(file, path, log);
    if (status)
        return status;
    int culprit = 0;
    int64_t data_bytes = (int64_t)(file->size - file->data);
    const char *reason = extents_check(file->extents, file->n, data_bytes, &culprit);
    if (reason)
        return refuse(path, file->n ? file->arrays[culprit].name : "", reason, log);
    return values_find(file, path, log);
}

int clg_safetensors_open(struct clg_safetensors **out, const char *path, const struct clg_log *log)
{
    *out = NULL;
    struct clg_safetensors *file = calloc(1, sizeof *file);
    if (!file)
        return clg_fail(log, CLG_ENOMEM, "out of memory reading %s", path);
    int status = clg_file_map(path, &file->content, &file->size, log);
    if (!status)
        status = content_parse(file, path, log);
    if (status)
        clg_safetensors_close(&file);
    *out = file;
    return status;
}

void clg_safetensors_close(struct clg_safetensors **address)
{
    struct clg_safetensors *file = *address;
    if (!file)
        return;
    for (int i = 0; i < file->copies_n; i++)
        free(file->copies[i]);
    free(file->copies);
    free(file->texts);
    free(file->names);
    free(file->extents);
    free(file->arrays);
    cJSON_Delete(file->root);
    clg_file_unmap(&file->content, file->size);
    free(file);
    *address = NULL;
}

int clg_safetensors_check(const struct clg_safetensors *file, const char *path, const struct clg_log *log)
{
    uint32_t stored, actual;
    if (clg_safetensors_sum(file->content, file->size, file->data, &stored, &actual))
        return stored == actual
                   ? 0
                   : clg_fail(
                         log, CLG_EFORMAT,
                         "%s is damaged, or another program changed it without updating the checksum: its "
                         "checksum is %08x, its content gives %08x; take an earlier checkpoint, if "
                         "--keep left some",
                         path, stored, actual);
    return clg_safetensors_metadata(file, "clgan")
               ? clg_fail(log, CLG_EFORMAT, "%s is damaged: clgan wrote it, but its checksum is missing",
                          path)
               : 0; // another program's file: most have none
}

int clg_safetensors_count(const struct clg_safetensors *file)
{
    return file->n;
}

const struct clg_named_array *clg_safetensors_at(const struct clg_safetensors *file, int i)
{
    return i >= 0 && i < file->n ? &file->arrays[i] : NULL;
}

const struct clg_named_array *clg_safetensors_find(const struct clg_safetensors *file, const char *name)
{
    for (int i = 0; i < file->n; i++)
        if (strcmp(file->arrays[i].name, name) == 0)
            return &file->arrays[i];
    return NULL;
}

const char *clg_safetensors_metadata(const struct clg_safetensors *file, const char *key)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(file->metadata, key);
    return cJSON_IsString(item) ? item->valuestring : NULL;
}

const struct clg_metadata *clg_safetensors_texts(const struct clg_safetensors *file, int *n)
{
    *n = file->texts_n;
    return file->texts;
}
