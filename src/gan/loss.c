// The losses. BCE with logits is the paper's, with the generator's half in its non-saturating form
// (Goodfellow et al. 2014): G minimises -log D(G(z)).
#include "gan/loss.h"

static int bce_real(struct clg_device *d, struct clg_tensor logits, struct clg_tensor grads,
                    struct clg_tensor stats)
{
    return clg_bce(d, logits, 1, grads, stats);
}

static int bce_fake(struct clg_device *d, struct clg_tensor logits, struct clg_tensor grads,
                    struct clg_tensor stats)
{
    return clg_bce(d, logits, 0, grads, stats);
}

const struct clg_loss clg_losses[] = {{"bce", bce_real, bce_fake, bce_real, "binary cross-entropy"}, {0}};
