// Noise vectors by number: z [n][params.z] of a seed's stream, the same on every machine and device.
#ifndef CLG_GAN_NOISE_H
#define CLG_GAN_NOISE_H

#include <clgan/gan.h>

#include "base/random.h"

void clg_noise_draw(const struct clg_gan_params *params, uint64_t seed, enum clg_stream stream,
                    uint64_t first, int n, float *z);

#endif
