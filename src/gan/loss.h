// What the two nets minimise, as rows.
#ifndef CLG_GAN_LOSS_H
#define CLG_GAN_LOSS_H

#include "ops/ops.h"

// Writes the mean loss over `logits` and the mean probability of "real" to stats[0] and [1], and the loss's
// gradient to `grads`.
typedef int clg_loss_fn(struct clg_device *d, struct clg_tensor logits, struct clg_tensor grads,
                        struct clg_tensor stats);

struct clg_loss {
    const char *name;
    clg_loss_fn *real;      // what D minimises on real pictures
    clg_loss_fn *fake;      // what D minimises on generated ones
    clg_loss_fn *generator; // what G minimises, from D's logits on generated ones
    const char *selftest;   // of its operation
};

// Ends with a row whose name is NULL; every gan uses the first. To add a loss: its operation (src/ops/loss.c,
// cl/loss.cl), the operation's self-test (src/selftest/element.c), and its row in loss.c; the second one also
// brings the option that chooses (src/gan/gan_params.c).
extern const struct clg_loss clg_losses[];

#endif
