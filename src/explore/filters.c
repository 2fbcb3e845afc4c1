// The filters closest to the pixels: those of D's first convolution and of G's last.
#include <clgan/inspect.h>

#include "base/log.h"
#include "gan/gan.h"

#include <stdlib.h>
#include <string.h>

// The position of D's first, or G's last, convolution weight [n][channels][side][side] among the gan's
// tensors, or -1.
static int find_tensor(const struct clg_gan *gan, enum clg_net_kind net, struct clg_tensor_info *info)
{
    const char *generator = gan->average ? "averageG." : "netG.";
    const char *prefix = net == CLG_NET_DISCRIMINATOR ? "netD." : generator;
    int found = -1;
    for (int i = 0; i < clg_gan_tensors(gan); i++) {
        struct clg_tensor_info tensor;
        if (clg_gan_tensor(gan, i, &tensor) || strncmp(tensor.name, prefix, strlen(prefix)) ||
            tensor.dims != 4)
            continue;
        if (found < 0 || net == CLG_NET_GENERATOR) {
            found = i;
            *info = tensor;
        }
    }
    return found;
}

// Transposes values [n][channels][area] to pixels [n][area][channels].
static void to_pixels(const float *values, size_t n, size_t channels, size_t area, float *pixels)
{
    for (size_t i = 0; i < n; i++)
        for (size_t c = 0; c < channels; c++)
            for (size_t p = 0; p < area; p++)
                pixels[(i * area + p) * channels + c] = values[(i * channels + c) * area + p];
}

int clg_gan_filters(struct clg_gan *gan, enum clg_net_kind net, struct clg_tensor_info *info, float *filters)
{
    const int i = find_tensor(gan, net, info);
    if (i < 0)
        return clg_fail(&gan->log, CLG_EFORMAT, "the model has no convolution weights");
    const int64_t channels = info->shape[1];
    const size_t n = (size_t)info->shape[0], area = (size_t)(info->shape[2] * info->shape[3]);
    info->shape[1] = info->shape[2];
    info->shape[2] = info->shape[3];
    info->shape[3] = channels;
    if (!filters)
        return 0;
    float *values = malloc(n * area * (size_t)channels * sizeof *values);
    int status =
        values ? clg_gan_tensor_read(gan, i, values) : clg_fail(&gan->log, CLG_ENOMEM, "out of memory");
    if (!status)
        to_pixels(values, n, (size_t)channels, area, filters);
    free(values);
    return status;
}
