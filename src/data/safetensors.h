// safetensors files (float32 tensors by name, text metadata), written whole or not at all and read with every
// header field checked. Format: 8-byte little-endian header length, JSON header, then the raw values.
#ifndef CLG_DATA_SAFETENSORS_H
#define CLG_DATA_SAFETENSORS_H

#include <clgan/base.h>

struct clg_named_array {
    const char *name;
    int64_t shape[4];
    int dims;            // 0 (a scalar) to 4
    const float *values; // product of shape floats
};
struct clg_metadata {
    const char *key, *value;
};

// Writes arrays in the order given (offsets without gaps) and metadata as "__metadata__", with the version
// and the checksum of all beside.
int clg_safetensors_save(const char *path, const struct clg_named_array *arrays, int n,
                         const struct clg_metadata *metadata, int metadata_n, const struct clg_log *log);

struct clg_safetensors;
// Maps or reads a file. Truncated, overlapping, out-of-bounds or non-JSON content: CLG_EFORMAT with the
// reason. Tensors of other types than F32 (I64 num_batches_tracked, say) are listed with values NULL.
int clg_safetensors_open(struct clg_safetensors **file, const char *path, const struct clg_log *log);
void clg_safetensors_close(struct clg_safetensors **file);
// Compares the whole file with the checksum in its metadata (crc32); one of another program's has none and
// passes. A changed bit anywhere: CLG_EFORMAT.
int clg_safetensors_check(const struct clg_safetensors *file, const char *path, const struct clg_log *log);
int clg_safetensors_count(const struct clg_safetensors *file);
const struct clg_named_array *clg_safetensors_at(const struct clg_safetensors *file, int i);
const struct clg_named_array *clg_safetensors_find(const struct clg_safetensors *file,
                                                   const char *name);                      // or NULL
const char *clg_safetensors_metadata(const struct clg_safetensors *file, const char *key); // or NULL

#endif
