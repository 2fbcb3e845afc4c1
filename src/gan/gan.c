// A gan's life: made fresh, its parameters, its noise, its end.
#include "gan/gan.h"

#include "base/log.h"
#include "ops/ops.h"

#include <stdlib.h>

// Adam's moments, zero, as large as the net's values.
static int side_finish(struct clg_device *d, struct clg_net_state *side)
{
    int status = clg_net_finish(side->net, true);
    if (status)
        return status;
    struct clg_tensor values = clg_slab_all(side->net->values), moment;
    struct clg_slab **slabs[] = {&side->m, &side->v};
    for (int i = 0; i < 2 && !status; i++) {
        status = clg_slab_new(slabs[i], d, clg_slab_size(values.shape));
        if (!status)
            status = clg_slab_take(*slabs[i], values.shape, &moment);
        if (!status)
            status = clg_fill(d, moment, 0);
    }
    return status;
}

static int average_start(struct clg_gan *gan)
{
    int status = clg_model_generator(&gan->average, gan->device, &gan->params, &gan->log);
    if (!status)
        status = clg_net_finish(gan->average, false);
    if (!status)
        status = clg_copy(gan->device, clg_slab_all(gan->g.net->values), clg_slab_all(gan->average->values));
    if (!status)
        status = clg_copy(gan->device, clg_slab_all(gan->g.net->stats), clg_slab_all(gan->average->stats));
    return status;
}

int clg_gan_new(struct clg_gan **out, struct clg_device *device, const struct clg_gan_params *params)
{
    *out = NULL;
    int status = clg_variants_check(device);
    if (!status)
        status = clg_gan_params_check(params, &device->log);
    if (!status)
        status = clg_gan_weights_fit(device, params);
    if (status)
        return status;
    struct clg_gan *gan = calloc(1, sizeof *gan);
    if (!gan)
        return clg_fail(&device->log, CLG_ENOMEM, "out of memory");
    gan->device = device;
    gan->log = device->log;
    gan->params = *params;
    gan->loss = &clg_losses[0];
    uint64_t first = 0;
    status = clg_model_generator(&gan->g.net, device, params, &gan->log);
    if (!status)
        status = clg_model_discriminator(&gan->d.net, device, params, &gan->log);
    if (!status)
        status = side_finish(device, &gan->g);
    if (!status)
        status = side_finish(device, &gan->d);
    if (!status)
        status = clg_net_init(gan->g.net, params->seed, &first);
    if (!status)
        status = clg_net_init(gan->d.net, params->seed, &first);
    if (!status && params->ema > 0)
        status = average_start(gan);
    if (status)
        clg_gan_free(&gan);
    *out = gan;
    return status;
}

static void side_free(struct clg_net_state *side)
{
    clg_plan_free(&side->plan);
    clg_slab_free(&side->m);
    clg_slab_free(&side->v);
    clg_net_free(&side->net);
}

void clg_gan_free(struct clg_gan **address)
{
    struct clg_gan *gan = *address;
    *address = NULL;
    if (!gan || clg_device_inherited(gan->device))
        return;
    clg_device_finish(gan->device);
    clg_step_free(&gan->step);
    for (int i = 0; i < CLG_INFERENCE_SIZES; i++) {
        clg_inference_free(&gan->generate[i]);
        clg_inference_free(&gan->discriminate[i]);
    }
    side_free(&gan->g);
    side_free(&gan->d);
    clg_net_free(&gan->average);
    clg_texts_free(&gan->carried.options);
    clg_texts_free(&gan->carried.notes);
    free(gan);
}

const struct clg_gan_params *clg_gan_params_of(const struct clg_gan *gan)
{
    return &gan->params;
}

int64_t clg_gan_step_count(const struct clg_gan *gan)
{
    return gan->steps;
}

void clg_gan_parameters(const struct clg_gan *gan, int64_t *generator, int64_t *discriminator)
{
    *generator = clg_net_parameters(gan->g.net);
    *discriminator = clg_net_parameters(gan->d.net);
}
