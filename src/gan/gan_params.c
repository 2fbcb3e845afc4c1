// The options of a model: their table, defaults and limits.
#include <clgan/gan.h>

#include "base/log.h"

#include <clgan/options.h>

#define FIELD(field) offsetof(struct clg_gan_params, field)
const struct clg_option clg_gan_options[] = {
    {"size", CLG_OPTION_INT, FIELD(size), 16, 256, "16|32|64|128|256", NULL, "side of the square pictures",
     "64"},
    {"channels", CLG_OPTION_INT, FIELD(channels), 1, 3, "1|3", NULL, "grey or colour", "3"},
    {"z", CLG_OPTION_INT, FIELD(z), 1, 4096, NULL, "N", "length of the noise vector", "100"},
    {"ngf", CLG_OPTION_INT, FIELD(ngf), 1, 1024, NULL, "N",
     "the generator's width: maps of its last hidden layer", "64"},
    {"ndf", CLG_OPTION_INT, FIELD(ndf), 1, 1024, NULL, "N",
     "the discriminator's width: maps of its first layer", "64"},
    {"batch", CLG_OPTION_INT, FIELD(batch), 1, 65536, NULL, "N", "pictures per training step", "128"},
    {"z-dist", CLG_OPTION_CHOICE, FIELD(z_dist), 0, 0, "normal|uniform", NULL, "the noise's distribution",
     "normal"},
    {"seed", CLG_OPTION_UINT64, FIELD(seed), 0, 0, NULL, "N", "names the weights and the noise", "1"},
    {"lr", CLG_OPTION_FLOAT, FIELD(lr), 1e-12, 1, NULL, "X", "Adam's learning rate", "2e-4"},
    {"beta1", CLG_OPTION_FLOAT, FIELD(beta1), 0, 0.999999, NULL, "X", "Adam's decay of the gradients' mean",
     "0.5"},
    {"beta2", CLG_OPTION_FLOAT, FIELD(beta2), 0, 0.999999, NULL, "X",
     "Adam's decay of the gradients' squares", "0.999"},
    {"eps", CLG_OPTION_FLOAT, FIELD(eps), 1e-16, 0.1, NULL, "X", "Adam's term against division by zero",
     "1e-8"},
    {"ema", CLG_OPTION_FLOAT, FIELD(ema), 0, 0.999999, NULL, "X",
     "generate from averaged weights of this decay (0.999, say); 0: off", "0"},
    {0},
};

size_t clg_gan_params_size(void)
{
    return sizeof(struct clg_gan_params);
}

struct clg_gan_params clg_gan_params_default(void)
{
    struct clg_gan_params params = {0};
    clg_options_default(clg_gan_options, &params);
    return params;
}

int clg_gan_params_check(const struct clg_gan_params *p, const struct clg_log *log)
{
    struct clg_gan_params copy = *p;
    char text[256];
    int status = 0;
    for (const struct clg_option *o = clg_gan_options; o->name && !status; o++) {
        clg_option_get(o, p, text, sizeof text); // what the table refuses on the command line it refuses here
        status = clg_option_set(o, &copy, text, log);
    }
    const int64_t picture = (int64_t)clg_gan_picture_values(p);
    if (!status && p->batch * picture > INT32_MAX) // values that go at once
        status = clg_fail(log, CLG_EINVAL, "batch %d: must be between 1 and %d for pictures of %dx%dx%d",
                          p->batch, (int)(INT32_MAX / picture), p->size, p->size, p->channels);
    return status;
}
