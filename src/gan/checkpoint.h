// Checkpoints: their metadata.
#ifndef CLG_GAN_CHECKPOINT_H
#define CLG_GAN_CHECKPOINT_H

#include "gan/texts.h"

#include <clgan/gan.h>

// Texts of a checkpoint that its gan carries over to the next one: options that this version does not know,
// and the caller's notes.
struct clg_carried_texts {
    struct clg_texts options, notes;
};

// Opens a safetensors file and checks its checksum and its format, where it is clgan's.
int clg_checkpoint_open(struct clg_safetensors **file, const char *path, const struct clg_log *log);

// Was it written by clgan, as a checkpoint or anything else?
bool clg_checkpoint_is_own(const struct clg_safetensors *file);

// The params and the step count of a clgan checkpoint; an option that is missing there has its default.
int clg_checkpoint_read(const struct clg_safetensors *file, const char *path, struct clg_gan_params *params,
                        int64_t *steps, const struct clg_log *log);

// Fills `carried`, with one warning for the options that this version does not know. run_options: the table of
// the "train." options; NULL: these are kept without looking at them.
int clg_checkpoint_carry(const struct clg_safetensors *file, const char *path,
                         const struct clg_option *run_options, struct clg_carried_texts *carried,
                         const struct clg_log *log);

// The texts for a checkpoint: format, params, step count, the caller's n pairs, and what was carried over. The
// caller frees them, after a failure too.
int clg_checkpoint_texts(struct clg_texts *texts, const struct clg_gan *gan, const char *const (*extra)[2],
                         int n);

// clg_gan_load for clgan's own checkpoints only, as a run resumes from nothing else. run_options: as above.
int clg_checkpoint_load(struct clg_gan **gan, struct clg_device *device, const char *path,
                        const struct clg_option *run_options);

#endif
