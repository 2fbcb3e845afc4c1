// Noise vectors by number: the same on every machine and device, at any batch size.
#include "gan/noise.h"

void clg_noise_draw(const struct clg_gan_params *p, uint64_t seed, enum clg_stream stream, uint64_t first,
                    int n, float *z)
{
    const uint64_t length = (uint64_t)p->z, count = (uint64_t)n * length;
    if (p->z_dist == CLG_Z_NORMAL) {
        clg_random_normal(seed, stream, first * length, count, z);
        return;
    }
    clg_random_uniform(seed, stream, first * length, count, z);
    for (uint64_t i = 0; i < count; i++)
        z[i] = 2.0f * z[i] - 1.0f;
}

void clg_gan_noise(const struct clg_gan_params *params, uint64_t seed, uint64_t first, int n, float *z)
{
    clg_noise_draw(params, seed, CLG_STREAM_Z, first, n, z);
}
