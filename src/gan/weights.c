// The nets' parameters and running statistics one by one, under their names in checkpoints.
#include "gan/gan.h"

#include "base/log.h"

struct holder {
    const char *prefix;
    struct clg_net *net;
};

enum { HOLDERS = 3 };

static int holders_of(const struct clg_gan *gan, struct holder holders[HOLDERS])
{
    holders[0] = (struct holder){"netG", gan->g.net};
    holders[1] = (struct holder){"netD", gan->d.net};
    holders[2] = (struct holder){"averageG", gan->average};
    return gan->average ? HOLDERS : HOLDERS - 1;
}

int clg_gan_tensors(const struct clg_gan *gan)
{
    struct holder holders[HOLDERS];
    int n = 0;
    for (int i = 0, count = holders_of(gan, holders); i < count; i++)
        n += holders[i].net->params_n;
    return n;
}

// Tensor i: its net in *holder and its parameter, or NULL after a line.
static struct clg_param *param_at(const struct clg_gan *gan, int i, struct holder *holder)
{
    struct holder holders[HOLDERS];
    int at = i;
    for (int h = 0, count = holders_of(gan, holders); at >= 0 && h < count; h++) {
        *holder = holders[h];
        if (at < holder->net->params_n)
            return &holder->net->params[at];
        at -= holder->net->params_n;
    }
    clg_fail(&gan->log, CLG_EINVAL, "tensor %d: there are 0 to %d", i, clg_gan_tensors(gan) - 1);
    return NULL;
}

int clg_gan_tensor(const struct clg_gan *gan, int i, struct clg_tensor_info *info)
{
    struct holder holder;
    const struct clg_param *param = param_at(gan, i, &holder);
    if (!param)
        return CLG_EINVAL;
    *info = (struct clg_tensor_info){0};
    snprintf(info->name, sizeof info->name, "%s.%s", holder.prefix, param->name);
    info->dims = clg_param_outside_shape(param, info->shape);
    return 0;
}

int clg_gan_tensor_read(struct clg_gan *gan, int i, float *values)
{
    struct holder holder;
    const struct clg_param *param = param_at(gan, i, &holder);
    return param ? clg_param_read(holder.net, param, param->value, values) : CLG_EINVAL;
}

int clg_gan_tensor_write(struct clg_gan *gan, int i, const float *values)
{
    struct holder holder;
    const struct clg_param *param = param_at(gan, i, &holder);
    return param ? clg_param_write(holder.net, param, param->value, values) : CLG_EINVAL;
}
