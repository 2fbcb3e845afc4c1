// The paper's figure 1 as code, layer by layer, and its mirror image, the discriminator. Guidelines (Radford
// et al. 2015, section 3): strided convolutions instead of pooling; batch norm everywhere but the generator's
// output and the discriminator's input; no hidden dense layers, z reshaped to a 4-D tensor; ReLU and tanh in
// G, LeakyReLU in D. Names are those of PyTorch's DCGAN example: main.N with the activation counted as a
// layer of its own.
#include "gan/gan.h"

#include "base/log.h"

#include <stdio.h>

static const struct clg_act relu = {CLG_ACT_RELU, 0}, leaky = {CLG_ACT_LEAKY_RELU, 0.2f},
                            tangent = {CLG_ACT_TANH, 0};

static const char *name_of(char *name, size_t size, int number)
{
    snprintf(name, size, "main.%d", number);
    return name;
}

// How often 4x4 doubles to the picture's size.
static int doublings(const struct clg_gan_params *p)
{
    int n = 0;
    while (4 << n < p->size)
        n++;
    return n;
}

int clg_model_generator(struct clg_net **net, struct clg_device *device, const struct clg_gan_params *p,
                        const struct clg_log *log)
{
    char name[32];
    int at = 0, channels = p->ngf << (doublings(p) - 1);
    int status =
        clg_net_new(net, device, (struct clg_shape){1, 1, 1, p->z}, log); // z as a 1x1 map: the 4-D reshape
    if (!status)
        status =
            clg_net_add(*net, clg_layer_conv_transpose(name_of(name, sizeof name, at), channels, 4, 1, 0));
    for (; status >= 0 && channels >= p->ngf; channels /= 2, at += 3) {
        const int next = channels > p->ngf ? channels / 2 : p->channels;
        status = clg_net_add(*net, clg_layer_norm(name_of(name, sizeof name, at + 1), relu));
        if (status >= 0)
            status = clg_net_add(*net,
                                 clg_layer_conv_transpose(name_of(name, sizeof name, at + 3), next, 4, 2, 1));
        if (channels == p->ngf)
            break;
    }
    if (status >= 0)
        status = clg_net_add(*net, clg_layer_act(name_of(name, sizeof name, at + 4), tangent));
    return status < 0 ? status : 0;
}

int clg_model_discriminator(struct clg_net **net, struct clg_device *device, const struct clg_gan_params *p,
                            const struct clg_log *log)
{
    char name[32];
    int at = 2, channels = p->ndf;
    int status = clg_net_new(net, device, (struct clg_shape){1, p->size, p->size, p->channels}, log);
    if (!status)
        status = clg_net_add(*net, clg_layer_conv("main.0", channels, 4, 2, 1));
    if (status >= 0)
        status = clg_net_add(*net, clg_layer_act("main.1", leaky));
    for (int i = 1; status >= 0 && i < doublings(p); i++, at += 3) {
        channels *= 2;
        status = clg_net_add(*net, clg_layer_conv(name_of(name, sizeof name, at), channels, 4, 2, 1));
        if (status >= 0)
            status = clg_net_add(*net, clg_layer_norm(name_of(name, sizeof name, at + 1), leaky));
    }
    if (status >= 0)
        status = clg_net_add(
            *net, clg_layer_conv(name_of(name, sizeof name, at), 1, 4, 1, 0)); // logits: no sigmoid
    return status < 0 ? status : 0;
}
