// The latent space: paths between noise vectors, means, neighbours.
#include <clgan/explore.h>

#include "base/random.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

// --- interpolation -----------------------------------------------------------------------------
static double norm(const float *v, int length)
{
    double sum = 0;
    for (int i = 0; i < length; i++)
        sum += (double)v[i] * v[i];
    return sqrt(sum);
}

// The angle between two directions by Kahan's formula, accurate for small angles too: 2 atan2(|a - b|, |a +
// b|) for unit vectors.
static double angle(const float *a, double length_a, const float *b, double length_b, int length)
{
    double apart = 0, together = 0;
    for (int i = 0; i < length; i++) {
        double x = a[i] / length_a, y = b[i] / length_b;
        apart += (x - y) * (x - y);
        together += (x + y) * (x + y);
    }
    return 2 * atan2(sqrt(apart), sqrt(together));
}

// The weights of a and b at t.
static void weights(enum clg_path_kind kind, const float *a, const float *b, int length, double t,
                    double *of_a, double *of_b)
{
    const double parallel = 1e-6; // a sine below which float32 cannot tell an arc from a line
    *of_a = 1 - t;
    *of_b = t;
    double length_a = norm(a, length), length_b = norm(b, length);
    if (kind == CLG_PATH_LINEAR || length_a == 0 || length_b == 0)
        return;
    double whole = angle(a, length_a, b, length_b, length), sine = sin(whole);
    if (sine < parallel)
        return;
    double long_now = (1 - t) * length_a + t * length_b;
    *of_a = sin((1 - t) * whole) / sine * long_now / length_a;
    *of_b = sin(t * whole) / sine * long_now / length_b;
}

void clg_z_between(enum clg_path_kind kind, const float *a, const float *b, int length, double t, float *z)
{
    if (t == 0 || t == 1) { // exactly the end, whatever the other one is
        memmove(z, t == 0 ? a : b, (size_t)length * sizeof *z);
        return;
    }
    double of_a, of_b;
    weights(kind, a, b, length, t, &of_a, &of_b);
    for (int i = 0; i < length; i++)
        z[i] = (float)(of_a * a[i] + of_b * b[i]);
}

int clg_z_path(enum clg_path_kind kind, const float *points, int k, int length, bool loop, int frames,
               float *z)
{
    if (k < 2 || frames < (loop ? k : 2))
        return CLG_EINVAL;
    const int64_t stretches = loop ? k : k - 1, steps = loop ? frames : frames - 1;
    for (int i = 0; i < frames; i++) { // frame i lies at i * stretches / steps
        int64_t at = i * stretches / steps, rest = i * stretches % steps;
        const float *a = points + at * length, *b = points + (at + 1) % k * length;
        clg_z_between(kind, a, b, length, (double)rest / (double)steps, z + (int64_t)i * length);
    }
    return 0;
}

// --- means and neighbours ----------------------------------------------------------------------
void clg_z_mean(const float *z, int n, int length, float *mean)
{
    for (int i = 0; i < length; i++) {
        double sum = 0;
        for (int row = 0; row < n; row++)
            sum += z[(int64_t)row * length + i];
        mean[i] = (float)(sum / n);
    }
}

void clg_z_neighbours(const float *centre, int length, int n, double scale, uint64_t seed, float *z)
{
    if (n < 1)
        return;
    memmove(z, centre, (size_t)length * sizeof *z);
    float *others = z + length;
    const uint64_t count = (uint64_t)(n - 1) * (uint64_t)length;
    clg_random_uniform(seed, CLG_STREAM_NEIGHBOURS, 0, count, others);
    for (uint64_t i = 0; i < count; i++)
        others[i] = (float)(z[i % (uint64_t)length] + scale * (2.0 * others[i] - 1));
}
