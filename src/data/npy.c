// NumPy .npy version 1.0 files of float32: a Python dictionary in text, then the raw values.
#include <clgan/data.h>

#include "base/file.h"
#include "base/log.h"
#include "data/shape.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(sizeof(float) == 4 && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
               "little-endian hosts only: values are stored without conversion");

static const char MAGIC[8] = {'\x93', 'N', 'U', 'M', 'P', 'Y', 1, 0};
enum { PREFIX = 10, ALIGNMENT = 64, DIMS_MAX = 4 };

int clg_npy_save(const char *path, const float *values, const int64_t *shape, int dims,
                 const struct clg_log *log)
{
    int64_t n = dims >= 0 && dims <= DIMS_MAX ? clg_shape_count(shape, dims) : -1;
    if (n < 0)
        return clg_fail(log, CLG_EINVAL,
                        "cannot write %s: its shape must have 0 to 4 dimensions, none negative", path);
    char header[256];
    int at = snprintf(header, sizeof header, "{'descr': '<f4', 'fortran_order': False, 'shape': (");
    for (int i = 0; i < dims; i++)
        at += snprintf(header + at, sizeof header - (size_t)at, "%" PRId64 "%s", shape[i],
                       dims == 1      ? ","
                       : i + 1 < dims ? ", "
                                      : "");
    at += snprintf(header + at, sizeof header - (size_t)at, "), }");
    while ((PREFIX + at + 1) % ALIGNMENT)
        header[at++] = ' ';
    header[at++] = '\n';
    uint8_t length[2] = {(uint8_t)at, (uint8_t)(at >> 8)};

    struct clg_file file;
    int status = clg_file_create(&file, path, log);
    if (status)
        return status;
    if (fwrite(MAGIC, 1, 8, file.stream) != 8 || fwrite(length, 1, 2, file.stream) != 2 ||
        fwrite(header, 1, (size_t)at, file.stream) != (size_t)at ||
        (n > 0 && fwrite(values, sizeof *values, (size_t)n, file.stream) != (size_t)n)) {
        status = clg_fail(log, CLG_EIO, "cannot write %s: %s", path, strerror(errno));
        clg_file_abort(&file);
        return status;
    }
    return clg_file_commit(&file, log);
}

// --- the header, as text from p to end ---------------------------------------------------------

struct text {
    const char *p, *end;
};

static void spaces_skip(struct text *t)
{
    while (t->p < t->end && (*t->p == ' ' || *t->p == '\n'))
        t->p++;
}

// Consumes `word` and the spaces around it if it comes next.
static bool word_take(struct text *t, const char *word)
{
    spaces_skip(t);
    size_t n = strlen(word);
    if ((size_t)(t->end - t->p) < n || memcmp(t->p, word, n) != 0)
        return false;
    t->p += n;
    spaces_skip(t);
    return true;
}

static bool number_take(struct text *t, int64_t *value)
{
    const char *begun = t->p;
    int64_t v = 0;
    for (; t->p < t->end && *t->p >= '0' && *t->p <= '9'; t->p++) {
        v = v * 10 + (*t->p - '0');
        if (v > CLG_COUNT_MAX)
            return false;
    }
    *value = v;
    return t->p != begun;
}

// "(2, 3)", "(2,)" or "()"
static bool shape_take(struct text *t, int64_t shape[4], int *dims)
{
    *dims = 0;
    if (!word_take(t, "("))
        return false;
    bool comma = false;
    while (!word_take(t, ")")) {
        if (*dims == DIMS_MAX || (*dims > 0 && !comma) || !number_take(t, &shape[*dims]))
            return false;
        (*dims)++;
        comma = word_take(t, ",");
    }
    return *dims != 1 || comma; // "(2)" is a number in Python
}

// Returns what is wrong, or NULL.
static const char *header_parse(struct text t, int64_t shape[4], int *dims)
{
    bool descr = false, order = false, sized = false;
    if (!word_take(&t, "{"))
        return "its header is not a dictionary";
    while (!word_take(&t, "}")) {
        if (!descr && word_take(&t, "'descr'") && word_take(&t, ":")) {
            if (!(descr = word_take(&t, "'<f4'")))
                return "its values are not little-endian float32";
        } else if (!order && word_take(&t, "'fortran_order'") && word_take(&t, ":")) {
            if (!(order = word_take(&t, "False")))
                return "it is not in C order";
        } else if (!sized && word_take(&t, "'shape'") && word_take(&t, ":")) {
            if (!(sized = shape_take(&t, shape, dims)))
                return "its shape has more than four dimensions, or is damaged";
        } else {
            return "its header has an unknown entry";
        }
        if (!word_take(&t, ",") && (t.p == t.end || *t.p != '}'))
            return "its header is damaged";
    }
    if (t.p != t.end)
        return "its header is damaged";
    return descr && order && sized ? NULL : "its header lacks descr, fortran_order or shape";
}

// Finds the values in the file's bytes. Returns what is wrong, or NULL.
static const char *content_parse(const char *content, size_t size, int64_t shape[4], int *dims, size_t *begin)
{
    if (size < PREFIX || memcmp(content, MAGIC, 6) != 0)
        return "it is not a .npy file";
    if (memcmp(content, MAGIC, 8) != 0)
        return "it is not .npy version 1.0";
    *begin = PREFIX + (size_t)(uint8_t)content[8] + 256 * (size_t)(uint8_t)content[9];
    if (*begin > size)
        return "it ends inside its header";
    const char *reason = header_parse((struct text){content + PREFIX, content + *begin}, shape, dims);
    if (reason)
        return reason;
    int64_t n = clg_shape_count(shape, *dims);
    if (n < 0 || (uint64_t)n * sizeof(float) != size - *begin)
        return "its size does not agree with its shape";
    return NULL;
}

int clg_npy_load(const char *path, float **values, int64_t shape[4], int *dims, const struct clg_log *log)
{
    *values = NULL;
    char *content;
    size_t size, begin;
    int status = clg_file_read(path, (size_t)CLG_COUNT_MAX, &content, &size, log);
    if (status)
        return status;
    const char *reason = content_parse(content, size, shape, dims, &begin);
    if (reason) {
        free(content);
        return clg_fail(log, CLG_EFORMAT, "cannot use %s: %s (save it with numpy.save, float32, C order)",
                        path, reason);
    }
    memmove(content, content + begin, size - begin); // the block becomes the caller's
    *values = (float *)content;
    return 0;
}
