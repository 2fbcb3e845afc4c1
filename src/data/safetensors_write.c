// Writes safetensors files through a temporary file, values aligned.
#include "data/safetensors.h"

#include "base/file.h"
#include "base/log.h"
#include "data/safetensors_sum.h"
#include "data/shape.h"

#include <cjson/cJSON.h>
#include <clgan/text.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

_Static_assert(sizeof(float) == 4 && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
               "values are stored as they lie");

enum { PREFIX = 8, ALIGNMENT = 64, HEADER_MAX = 100000000, DIMS_MAX = 4 };
#define METADATA "__metadata__"

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

// Shapes are in range, names unique and not reserved; *culprit is the offending name.
static int arrays_check(const struct clg_named_array *arrays, int n, const char **culprit)
{
    const char **names = malloc(((size_t)n + 1) * sizeof *names);
    if (!names)
        return CLG_ENOMEM;
    int status = 0;
    for (int i = 0; i < n && !status; i++) {
        names[i] = *culprit = arrays[i].name;
        if (arrays[i].dims < 0 || arrays[i].dims > DIMS_MAX ||
            clg_shape_count(arrays[i].shape, arrays[i].dims) < 0 || strcmp(arrays[i].name, METADATA) == 0)
            status = CLG_EINVAL;
    }
    if (!status)
        qsort(names, (size_t)n, sizeof *names, by_text);
    for (int i = 1; i < n && !status; i++) {
        *culprit = names[i];
        if (strcmp(names[i - 1], names[i]) == 0)
            status = CLG_EINVAL;
    }
    free(names);
    return status;
}

static bool number_add(cJSON *list, int64_t value)
{
    char text[32];
    snprintf(text, sizeof text, "%" PRId64, value);
    return cJSON_AddItemToArray(list, cJSON_CreateRaw(text));
}

static bool array_describe(cJSON *root, const struct clg_named_array *array, int64_t *end)
{
    cJSON *entry = cJSON_AddObjectToObject(root, array->name);
    if (!entry || !cJSON_AddStringToObject(entry, "dtype", "F32"))
        return false;
    cJSON *shape = cJSON_AddArrayToObject(entry, "shape");
    cJSON *offsets = cJSON_AddArrayToObject(entry, "data_offsets");
    bool ok = shape && offsets;
    for (int i = 0; i < array->dims && ok; i++)
        ok = number_add(shape, array->shape[i]);
    ok = ok && number_add(offsets, *end);
    *end += 4 * clg_shape_count(array->shape, array->dims);
    return ok && number_add(offsets, *end);
}

// A text as UTF-8, which the format requires, escaped so that the original can be restored.
static bool note_add(cJSON *notes, const struct clg_metadata *note)
{
    size_t size = clg_text_to_utf8(note->value, CLG_TEXT_NAME, NULL, 0) + 1;
    char *value = malloc(size);
    if (!value)
        return false;
    clg_text_to_utf8(note->value, CLG_TEXT_NAME, value, size);
    bool ok = cJSON_AddStringToObject(notes, note->key, value) != NULL;
    free(value);
    return ok;
}

// The JSON header, to be freed; NULL: out of memory.
static char *header_make(const struct clg_named_array *arrays, int n, const struct clg_metadata *metadata,
                         int metadata_n)
{
    cJSON *root = cJSON_CreateObject();
    cJSON *notes = root ? cJSON_AddObjectToObject(root, METADATA) : NULL;
    bool ok = notes && cJSON_AddStringToObject(notes, "clgan", CLG_VERSION) &&
              cJSON_AddStringToObject(notes, "crc32", "00000000"); // filled in at the end
    for (int i = 0; i < metadata_n && ok; i++)
        ok = note_add(notes, &metadata[i]);
    int64_t end = 0;
    for (int i = 0; i < n && ok; i++)
        ok = array_describe(root, &arrays[i], &end);
    char *text = ok ? cJSON_PrintUnformatted(root) : NULL;
    cJSON_Delete(root);
    return text;
}

// Header and values, including the checksum of both.
static bool content_write(FILE *stream, char *header, const struct clg_named_array *arrays, int n)
{
    static const char spaces[ALIGNMENT + 1] =
        "                                                                ";
    const size_t length = strlen(header), padding = (ALIGNMENT - (PREFIX + length) % ALIGNMENT) % ALIGNMENT;
    uint8_t prefix[PREFIX];
    for (int i = 0; i < PREFIX; i++)
        prefix[i] = (uint8_t)((uint64_t)(length + padding) >> (8 * i));
    uLong sum = crc32_z(crc32_z(crc32_z(0, prefix, PREFIX), (const Bytef *)header, length),
                        (const Bytef *)spaces, padding);
    for (int i = 0; i < n; i++)
        sum = crc32_z(sum, (const Bytef *)arrays[i].values,
                      (size_t)clg_shape_count(arrays[i].shape, arrays[i].dims) * sizeof(float));
    clg_safetensors_sum_write(header, length, (uint32_t)sum);
    bool ok = fwrite(prefix, 1, PREFIX, stream) == PREFIX && fwrite(header, 1, length, stream) == length &&
              fwrite(spaces, 1, padding, stream) == padding;
    for (int i = 0; i < n && ok; i++) {
        size_t count = (size_t)clg_shape_count(arrays[i].shape, arrays[i].dims);
        ok = count == 0 || fwrite(arrays[i].values, sizeof(float), count, stream) == count;
    }
    return ok;
}

int clg_safetensors_save(const char *path, const struct clg_named_array *arrays, int n,
                         const struct clg_metadata *metadata, int metadata_n, const struct clg_log *log)
{
    const char *culprit = "";
    int status = arrays_check(arrays, n, &culprit);
    if (status == CLG_EINVAL)
        return clg_fail(log, status, "cannot write %s: array \"%s\" has a bad shape or appears twice", path,
                        culprit);
    char *header = status ? NULL : header_make(arrays, n, metadata, metadata_n);
    if (!header)
        return clg_fail(log, CLG_ENOMEM, "out of memory writing %s", path);
    struct clg_file file = {0};
    if (strlen(header) > HEADER_MAX - ALIGNMENT)
        status =
            clg_fail(log, CLG_EINVAL, "cannot write %s: its header would pass %d bytes", path, HEADER_MAX);
    if (!status)
        status = clg_file_create(&file, path, log);
    if (!status && !content_write(file.stream, header, arrays, n)) {
        status = clg_fail(log, CLG_EIO, "cannot write %s: %s", path, strerror(errno));
        clg_file_abort(&file);
    } else if (!status) {
        status = clg_file_commit(&file, log);
    }
    free(header);
    return status;
}
