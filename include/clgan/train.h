// A training run: data, steps, samples, checkpoints, metrics and a report in one output folder.
#ifndef CLGAN_TRAIN_H
#define CLGAN_TRAIN_H

#include <clgan/data.h>
#include <clgan/gan.h>

#ifdef __cplusplus
extern "C" {
#endif

struct clg_train_params {
    const char *data;   // folder or "builtin:faces"
    const char *out;    // output folder, created when absent; a folder with an earlier run's model is refused
    bool overwrite;     // unless this is set: then that run is replaced
    const char *init;   // safetensors file to start the weights from; NULL: fresh
    const char *resume; // folder of a run to continue from its model.safetensors; out is then ignored
    int64_t steps;      // train until this step count; 0: as epochs say
    int64_t epochs;     // with steps 0: passes over the folder
    int sample_every;   // steps between sample grids; 0: only at the end
    int save_every;     // steps between checkpoints; 0: only at the end
    int keep;           // that many earlier checkpoints are kept by step number
    struct clg_crop crop;
    bool flip;
    int threads; // decoding threads
};
CLG_API struct clg_train_params clg_train_params_default(void);

struct clg_train_status {
    int64_t step, steps;            // done, target
    double epoch;                   // passes over the folder so far (0 for the endless built-in set)
    struct clg_gan_metrics metrics; // of the last step
    double images_per_s, eta_s;     // over the last steps; 0 and -1 while unknown, after a run's first step
    double loader_images_per_s, loader_waited_s;
    uint64_t skipped_pictures;
    uint64_t warned_pictures; // read, but with a warning of their decoder
};
// Called after every step, on the thread that called clg_train. Returning true ends the run cleanly: it saves
// and returns 0.
typedef bool clg_train_fn(void *user, const struct clg_train_status *status);

// Fills pictures [batch][size][size][channels], 0..255, for the next step. Called once a step, before it, on the
// thread that called clg_train; the first call is for step clg_gan_step_count + 1. Returns 0, or a CLG_E... code,
// after a line in the log if one is wanted: the run then ends with that code, as when a folder cannot be read.
typedef int clg_batch_fn(void *user, uint8_t *pictures);
// Pictures from the caller's memory, network or whatever, in place of data, crop, flip and threads.
struct clg_batches {
    clg_batch_fn *next;
    void *user;        // passed to next
    uint64_t pictures; // in one epoch; 0: endless, so that steps has to be set
};

// The params that the run in `folder` was started with, from its checkpoint; texts in *params stay valid
// until free(*memory). A relative data folder, as older versions stored it, is looked for in the working
// directory and in the folders above `folder`.
CLG_API int clg_train_params_of(const char *folder, struct clg_train_params *params, char **memory,
                                const struct clg_log *log);

// Checks a run as far as that is possible before a device is opened: the model, the data folder, the file of
// init, the run of resume, an earlier run in out. 0, or what clg_train would return, after a line in the log.
CLG_API int clg_train_check(const struct clg_gan_params *gan, const struct clg_train_params *params,
                            const struct clg_log *log);

// Runs to the end. Writes out/model.safetensors, metrics.csv, samples/step-N.png and report.html. batches NULL:
// the pictures are data's; step may be NULL. With resume, gan's params come from the checkpoint and *gan is
// ignored; a run that is at its last step gets its samples and its report again, without a step, and one past
// it is CLG_EINVAL. A loss that is not finite: CLG_ENUMERIC, and the last good checkpoint stays.
CLG_API int clg_train(struct clg_device *device, const struct clg_gan_params *gan,
                      const struct clg_train_params *params, const struct clg_batches *batches,
                      clg_train_fn *step, void *user);
// The same loop for a gan in memory: steps (or epochs) more, from the step it is at. With out it is a run of that
// folder, which starts with this gan; with resume, the folder's run is resumed with this gan, the one of its last
// checkpoint; with neither (NULL) nothing is written. init is not read. Whatever it returns, the gan is usable
// and at its last good step. The callbacks may use the gan, but not free it.
CLG_API int clg_train_gan(struct clg_gan *gan, const struct clg_train_params *params,
                          const struct clg_batches *batches, clg_train_fn *step, void *user);

#ifdef __cplusplus
}
#endif
#endif
