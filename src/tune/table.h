// The tuning table: which variant was measured to be the fastest for a convolution on this device. A text
// file in params.tuning_dir, read at the first convolution; problems with it never stop work.
#ifndef CLG_TUNE_TABLE_H
#define CLG_TUNE_TABLE_H

#include "ops/ops.h"

// A line of it. A shape has up to two: the fastest variant and, if that is inexact, the fastest exact one.
struct clg_tuning_entry {
    enum clg_conv_pass pass;
    struct clg_conv conv;
    int n, h, w, c, k; // batch, map and channels of the picture side, channels of the other
    const struct clg_conv_variant *variant;
    int config;
    double ms, error; // as measured; the error against plain, in units of the result's rms
};

struct clg_tuning {
    int n, capacity;
    int clblast_list; // CLBlast's parameter list, 0: its own
    struct clg_tuning_entry entries[];
};

// The table's file; false without a folder for it, or if its path is too long.
bool clg_tuning_path(const struct clg_device *d, char *path, size_t size);

// Reads the file into d->ops->tuning; entries name some of `variants`. Lines that make no sense on this device are
// skipped, each with an information line. Fails only for lack of memory.
int clg_tuning_load(struct clg_device *d, const struct clg_conv_variant *const *variants);

// Into d->ops->tuning; replaces an earlier entry for the shape that is equally exact.
int clg_tuning_put(struct clg_device *d, const struct clg_tuning_entry *entry);

// Merges the entries into the file's content, in d->ops->tuning and in the file.
int clg_tuning_keep(struct clg_device *d, const struct clg_conv_variant *const *variants,
                    const struct clg_tuning_entry *entries, int n, int clblast_list);

// The job's entry, loading the table if needed: one for the layer that fits and, with params.exact, is exact; for
// its batch (or d->ops->tuned_batch), or else for the closest batch by ratio. NULL: none.
const struct clg_tuning_entry *clg_tuning_find(struct clg_device *d, const struct clg_conv_job *job);

// CLBlast's parameter list, loading the table if needed.
int clg_tuning_clblast(struct clg_device *d);

// "forward", and "128x32x32x64 k128 4x4/2+1": batch, map and channels; channels of the other
// side; kernel/stride+padding.
extern const char *const clg_conv_pass_names[];
void clg_conv_shape_text(const struct clg_conv_job *job, char *text, size_t size);

// The entry's job, its tensors without memory; and the other way.
struct clg_conv_job clg_tuning_job(const struct clg_tuning_entry *entry);
struct clg_tuning_entry clg_tuning_entry_of(const struct clg_conv_job *job);

#endif
