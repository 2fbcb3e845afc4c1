// safetensors files (named tensors, text metadata): written whole or not at all, every header field checked
// when read. Format: 8-byte little-endian header length, JSON header, then the raw values.
#ifndef CLG_DATA_SAFETENSORS_H
#define CLG_DATA_SAFETENSORS_H

#include <clgan/base.h>

enum { CLG_ARRAY_DIMS_MAX = 4 };

struct clg_named_array {
    const char *name;
    int64_t shape[CLG_ARRAY_DIMS_MAX]; // the first four sizes
    int dims;                          // 0 (a scalar) to 4 when written; any number when read
    const float *values;               // product of shape floats
    // Of an array that was read:
    const char *dtype; // "F32", "BF16", ...
    const void *bytes; // its raw values in the file
    size_t size;       // how many bytes
};
struct clg_metadata {
    const char *key, *value;
};

// Writes arrays in the order given (offsets without gaps) and metadata as "__metadata__", to which it adds
// the version and a checksum of the whole file. Metadata values may be any bytes: they are escaped as in
// <clgan/text.h> (CLG_TEXT_NAME) and read back unchanged.
int clg_safetensors_save(const char *path, const struct clg_named_array *arrays, int n,
                         const struct clg_metadata *metadata, int metadata_n, const struct clg_log *log);

struct clg_safetensors;
// Maps or reads a file. Truncated, overlapping, out-of-bounds or non-JSON content: CLG_EFORMAT with the
// reason; a file of another known format is named as such. Tensors of any type and rank are listed; values
// is NULL unless the type is F32 with up to four dimensions.
int clg_safetensors_open(struct clg_safetensors **file, const char *path, const struct clg_log *log);
void clg_safetensors_close(struct clg_safetensors **file);
// Compares the whole file with the checksum in its metadata (crc32). A changed bit anywhere: CLG_EFORMAT.
// Files written by other programs have no checksum and pass.
int clg_safetensors_check(const struct clg_safetensors *file, const char *path, const struct clg_log *log);
int clg_safetensors_count(const struct clg_safetensors *file);
const struct clg_named_array *clg_safetensors_at(const struct clg_safetensors *file, int i);
const struct clg_named_array *clg_safetensors_find(const struct clg_safetensors *file,
                                                   const char *name);                      // or NULL
const char *clg_safetensors_metadata(const struct clg_safetensors *file, const char *key); // or NULL
// All metadata, *n pairs, in the file's order.
const struct clg_metadata *clg_safetensors_texts(const struct clg_safetensors *file, int *n);

// The values of an array that was read as floats: F32, F64, F16 and BF16. Others: false. `to` has room for
// the product of its shape.
bool clg_array_is_float(const struct clg_named_array *array);
bool clg_array_floats(const struct clg_named_array *array, float *to);

#endif
