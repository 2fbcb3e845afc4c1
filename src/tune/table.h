// The tuning table: which variant was measured to be the fastest for a convolution on this device. A text
// file in params.tuning_dir, read at the first convolution; no trouble with it ever stops work.
#ifndef CLG_TUNE_TABLE_H
#define CLG_TUNE_TABLE_H

#include "ops/ops.h"

// A line of it. One shape can have two: the fastest variant, and where that is inexact the fastest exact one.
struct clg_tuning_entry {
    enum clg_conv_pass pass;
    struct clg_conv conv;
    int n, h, w, c, k; // batch, map and channels of the picture side, channels of the other
    const struct clg_conv_variant *variant;
    int config;
    double ms, error; // as measured; the error against plain, in units of the result's rms
};

struct clg_tuning {
    int n, room;
    int clblast_list; // the parameter list for CLBlast's products, 0: its own
    struct clg_tuning_entry entries[];
};

// The table's file; false without a folder for it, or when the folder's name is too long.
bool clg_tuning_path(const struct clg_device *d, char *path, size_t size);

// Reads the file into d->tuning; entries name variants of `rows`. Lines that make no sense on this device are
// left out, each with an information line. Never fails but for memory.
int clg_tuning_load(struct clg_device *d, const struct clg_conv_variant *const *rows);

// Into d->tuning, in the place of an earlier entry for the shape that is as exact.
int clg_tuning_put(struct clg_device *d, const struct clg_tuning_entry *entry);

// The file's present content and the given lines over it, into d->tuning and the file.
int clg_tuning_keep(struct clg_device *d, const struct clg_conv_variant *const *rows,
                    const struct clg_tuning_entry *entries, int n, int clblast_list);

// What was found for the job, loading the table when needed: an entry for the layer that fits and, with
// params.exact, is exact. That of its batch (or d->tuned_batch), else of the batch whose ratio to its own is
// smallest. NULL: none.
const struct clg_tuning_entry *clg_tuning_find(struct clg_device *d, const struct clg_conv_job *job);

// The parameter list for CLBlast, loading the table when needed.
int clg_tuning_clblast(struct clg_device *d);

// "forward", and "128x32x32x64 k128 4x4/2+1": batch, map and channels; channels of the other
// side; kernel/stride+padding.
extern const char *const clg_conv_pass_names[];
void clg_conv_shape_text(const struct clg_conv_job *job, char *text, size_t size);

// The entry's job, its tensors without memory; and the other way.
struct clg_conv_job clg_tuning_job(const struct clg_tuning_entry *entry);
struct clg_tuning_entry clg_tuning_entry_of(const struct clg_conv_job *job);

#endif
