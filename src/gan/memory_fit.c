// Does training a model fit into the device's memory? Checked before allocating: a driver that computes on
// the host may promise more than there is, and the system then kills the process.
#include "gan/gan.h"

#include "base/log.h"

static const double gib = 1073741824.0;

// The largest batch below the model's whose training takes at most `most` bytes; 0: none.
static int batch_fitting(struct clg_gan_params model, uint64_t max)
{
    int fits = 0, over = model.batch;
    while (over - fits > 1) {
        model.batch = fits + (over - fits) / 2;
        *(clg_gan_memory(&model) <= max ? &fits : &over) = model.batch;
    }
    return fits;
}

int clg_gan_weights_fit(struct clg_device *d, const struct clg_gan_params *params)
{
    const uint64_t needs = clg_gan_weights_memory(params), has = d->info.memory;
    if (needs <= has)
        return 0;
    return clg_fail(&d->log, CLG_ENOMEM,
                    "this model needs %.1f GiB at least and %s has %.1f: try a smaller ngf, ndf or size",
                    (double)needs / gib, d->info.name, (double)has / gib);
}

int clg_gan_training_fits(struct clg_device *d, const struct clg_gan_params *params)
{
    const uint64_t needs = clg_gan_memory(params), has = d->info.memory;
    if (needs <= has)
        return 0;
    const int fits = batch_fitting(*params, has);
    if (!fits)
        return clg_fail(&d->log, CLG_ENOMEM,
                        "training this model needs %.1f GiB and %s has %.1f: try a smaller ngf, ndf or size",
                        (double)needs / gib, d->info.name, (double)has / gib);
    return clg_fail(&d->log, CLG_ENOMEM, "batch %d needs %.1f GiB and %s has %.1f: at most batch %d fits",
                    params->batch, (double)needs / gib, d->info.name, (double)has / gib, fits);
}
