// A gan from the inside: nets, moments, plans, and the recorded step.
#ifndef CLG_GAN_GAN_H
#define CLG_GAN_GAN_H

#include <clgan/gan.h>

#include "device/device.h"
#include "gan/checkpoint.h"
#include "gan/loss.h"
#include "nn/net.h"

enum { CLG_INFERENCE_SIZES = 3 }; // of passes (inference.c)
// Passes of every size take the convolutions that were tuned for one of them: the same sums, the same bits.
enum { CLG_INFERENCE_TUNED = 16 };

// One net in training: the net, its Adam moments, and its plan.
struct clg_net_state {
    struct clg_net *net;
    struct clg_slab *m, *v;
    struct clg_plan *plan;
};

// What one training step reads and writes outside the nets, and its recorded launches.
struct clg_step {
    struct clg_slab *slab;
    struct clg_tensor z, real, bytes, rates, stats;
    struct clg_list *list, *pixels;
    float *host_z, host_rates[2];
};

// Inference of one net in passes of one size.
struct clg_inference {
    struct clg_device *device;
    const struct clg_net *net;
    int batch;
    struct clg_slab *slab;
    struct clg_tensor input;
    struct clg_plan *plan;
    struct clg_list *list;
    float *host_in, *host_out;
};

struct clg_gan {
    struct clg_device *device;
    struct clg_log log;
    struct clg_gan_params params;
    const struct clg_loss *loss;
    struct clg_net_state g, d;
    struct clg_net *average; // EMA of the generator, or NULL
    struct clg_step *step;   // NULL until the first step
    struct clg_inference *generate[CLG_INFERENCE_SIZES],
        *discriminate[CLG_INFERENCE_SIZES]; // NULL until used
    int64_t steps;
    struct clg_carried_texts carried; // of the checkpoint it was loaded from
};

// models.c: the paper's nets, layer by layer. device NULL: for describing.
int clg_model_generator(struct clg_net **net, struct clg_device *device, const struct clg_gan_params *params,
                        const struct clg_log *log);
int clg_model_discriminator(struct clg_net **net, struct clg_device *device,
                            const struct clg_gan_params *params, const struct clg_log *log);

// weights_init.c: would clg_gan_init_from take the file for this model? Needs no device.
int clg_weights_check(const char *path, const struct clg_gan_params *params, const struct clg_log *log);

// memory_fit.c: 0, or CLG_ENOMEM after a line that says what would fit. Invalid params fit: they are refused elsewhere.
int clg_gan_weights_fit(struct clg_device *device, const struct clg_gan_params *params);
int clg_gan_training_fits(struct clg_device *device, const struct clg_gan_params *params);
// describe.c: the part of clg_gan_memory that clg_gan_new takes, whatever the batch.
uint64_t clg_gan_weights_memory(const struct clg_gan_params *params);

// nonfinite.c: logs where a step's numbers stopped being finite. Returns CLG_ENUMERIC.
int clg_step_find_nonfinite(struct clg_gan *gan, const struct clg_gan_metrics *metrics);

// step.c, inference.c
// The self-tests of a step besides its nets' own; the first is needed only where weights are averaged.
extern const char *const clg_step_selftests[];
void clg_step_free(struct clg_step **step);
void clg_inference_free(struct clg_inference **inference);
// Walk through the step, and generation, without running anything: for device->ops->collect_conv.
int clg_step_collect_convs(struct clg_gan *gan);
int clg_generation_collect_convs(struct clg_gan *gan);

#endif
