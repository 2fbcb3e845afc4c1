// The latent space: paths against float64, great circles' lengths and angles, ends, loops, neighbours.
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "main.h"

#include <clgan/explore.h>

#include "base/random.h"

#include <math.h>

enum { LENGTH_MAX = 300 };

static const int lengths[] = {1, 2, 3, 8, 100, 257};
enum { LENGTHS = sizeof lengths / sizeof *lengths };

static void noise(uint64_t seed, int n, float *z)
{
    clg_random_normal(seed, CLG_STREAM_Z, 0, (uint64_t)n, z);
}

static double dot(const float *a, const float *b, int length)
{
    double sum = 0;
    for (int i = 0; i < length; i++)
        sum += (double)a[i] * b[i];
    return sum;
}

static double norm(const float *v, int length)
{
    return sqrt(dot(v, v, length));
}

static double angle(const float *a, const float *b, int length)
{
    double cosine = dot(a, b, length) / (norm(a, length) * norm(b, length));
    return acos(cosine > 1 ? 1 : cosine < -1 ? -1 : cosine);
}

static void close_to(const char *what, double is, double expected, double limit)
{
    if (!(fabs(is - expected) <= limit))
        fail_msg("%s: %.9g, expected %.9g within %g", what, is, expected, limit);
}

static void same(const char *what, const float *is, const float *expected, int length)
{
    for (int i = 0; i < length; i++)
        if (is[i] != expected[i])
            fail_msg("%s: value %d is %.9g, expected exactly %.9g", what, i, is[i], expected[i]);
}

// --- between -----------------------------------------------------------------------------------
static void linear_is_the_weighted_mean(void **state)
{
    (void)state;
    float a[LENGTH_MAX], b[LENGTH_MAX], z[LENGTH_MAX];
    for (int l = 0; l < LENGTHS; l++) {
        noise(1, lengths[l], a);
        noise(2, lengths[l], b);
        for (double t = 0; t <= 1; t += 0.125) {
            clg_z_between(CLG_PATH_LINEAR, a, b, lengths[l], t, z);
            for (int i = 0; i < lengths[l]; i++)
                close_to("linear", z[i], (1 - t) * a[i] + t * b[i], 1e-6);
        }
    }
}

// In the plane of a and b, at the share t of the angle, at the share t of the way between the lengths.
static void spherical_follows_the_great_circle(void **state)
{
    (void)state;
    float a[LENGTH_MAX], b[LENGTH_MAX], z[LENGTH_MAX];
    for (int l = 1; l < LENGTHS; l++) {
        const int n = lengths[l];
        noise(3, n, a);
        noise(4, n, b);
        for (int i = 0; i < n; i++)
            b[i] *= 3; // lengths that differ
        const double whole = angle(a, b, n), long_a = norm(a, n), long_b = norm(b, n);
        for (double t = 0; t <= 1; t += 0.0625) {
            clg_z_between(CLG_PATH_SPHERICAL, a, b, n, t, z);
            const double long_z = (1 - t) * long_a + t * long_b;
            close_to("length", norm(z, n), long_z, 1e-5 * long_z);
            close_to("angle from a", angle(a, z, n), t * whole, 1e-3);
            close_to("angle to b", angle(z, b, n), (1 - t) * whole, 1e-3);
            for (int i = 0; i < n; i++) {
                double of_a = sin((1 - t) * whole) / sin(whole) * long_z / long_a,
                       of_b = sin(t * whole) / sin(whole) * long_z / long_b;
                close_to("value", z[i], of_a * a[i] + of_b * b[i], 1e-5 * long_z);
            }
        }
    }
}

static void ends_are_exact(void **state)
{
    (void)state;
    float a[LENGTH_MAX], b[LENGTH_MAX], z[LENGTH_MAX];
    noise(5, LENGTH_MAX, a);
    noise(6, LENGTH_MAX, b);
    for (int kind = CLG_PATH_SPHERICAL; kind <= CLG_PATH_LINEAR; kind++) {
        clg_z_between(kind, a, b, LENGTH_MAX, 0, z);
        same("t = 0", z, a, LENGTH_MAX);
        clg_z_between(kind, a, b, LENGTH_MAX, 1, z);
        same("t = 1", z, b, LENGTH_MAX);
    }
}

// No great circle, or none that float32 could tell from a line: the weighted mean, always finite.
static void degenerate_pairs_go_straight(void **state)
{
    (void)state;
    enum { N = 50 };
    float a[N], zero[N] = {0}, opposite[N], longer[N], almost[N], z[N];
    noise(7, N, a);
    for (int i = 0; i < N; i++) {
        opposite[i] = -2 * a[i];
        longer[i] = 4 * a[i];
        almost[i] = a[i] * (1 + 1e-7f * (float)(i % 3));
    }
    const float *const pairs[][2] = {{a, opposite}, {a, a},    {a, longer}, {a, almost},
                                     {a, zero},     {zero, a}, {zero, zero}};
    for (size_t p = 0; p < sizeof pairs / sizeof *pairs; p++)
        for (double t = 0; t <= 1; t += 0.25) {
            clg_z_between(CLG_PATH_SPHERICAL, pairs[p][0], pairs[p][1], N, t, z);
            for (int i = 0; i < N; i++)
                close_to("degenerate", z[i], (1 - t) * pairs[p][0][i] + t * pairs[p][1][i], 1e-5);
        }
}

// Small angles and nearly opposite directions that do have a circle keep their lengths.
static void narrow_and_wide_angles_keep_their_length(void **state)
{
    (void)state;
    const double angles[] = {1e-4, 1e-2, 1, 3, 3.14};
    for (size_t k = 0; k < sizeof angles / sizeof *angles; k++) {
        const float a[] = {1e-3f, 0}, b[] = {(float)(1e-3 * cos(angles[k])), (float)(1e-3 * sin(angles[k]))};
        float z[2];
        for (double t = 0; t <= 1; t += 0.125) {
            clg_z_between(CLG_PATH_SPHERICAL, a, b, 2, t, z);
            close_to("x", z[0], 1e-3 * cos(t * angles[k]), 1e-8);
            close_to("y", z[1], 1e-3 * sin(t * angles[k]), 1e-8);
        }
    }
}

// --- paths -------------------------------------------------------------------------------------
enum { POINTS = 4, LENGTH = 20, FRAMES = 64 };

static void path_meets_its_points(void **state)
{
    (void)state;
    float points[POINTS * LENGTH], z[FRAMES * LENGTH];
    noise(8, POINTS * LENGTH, points);
    for (int kind = CLG_PATH_SPHERICAL; kind <= CLG_PATH_LINEAR; kind++) {
        assert_int_equal(clg_z_path(kind, points, POINTS, LENGTH, false, 3 * 7 + 1, z), 0);
        for (int p = 0; p < POINTS; p++)
            same("point", z + p * 7 * LENGTH, points + p * LENGTH, LENGTH);
        assert_int_equal(clg_z_path(kind, points, POINTS, LENGTH, true, 4 * 7, z), 0);
        for (int p = 0; p < POINTS; p++)
            same("point of the loop", z + p * 7 * LENGTH, points + p * LENGTH, LENGTH);
    }
}

// Frames that hit no point, with any count: frame i lies at the share i / (frames - 1) of the way.
static void path_is_equally_spaced(void **state)
{
    (void)state;
    float points[POINTS * LENGTH], z[FRAMES * LENGTH], expected[LENGTH];
    noise(9, POINTS * LENGTH, points);
    for (int frames = 2; frames <= FRAMES; frames++)
        for (int loop = frames < POINTS ? 0 : 1; loop >= 0; loop--) {
            assert_int_equal(clg_z_path(CLG_PATH_SPHERICAL, points, POINTS, LENGTH, loop, frames, z), 0);
            for (int i = 0; i < frames; i++) {
                double way = loop ? (double)i * POINTS / frames : (double)i * (POINTS - 1) / (frames - 1);
                int from = way >= POINTS - 1 && !loop ? POINTS - 2 : (int)(way + 1e-9);
                clg_z_between(CLG_PATH_SPHERICAL, points + from * LENGTH,
                              points + (from + 1) % POINTS * LENGTH, LENGTH, way - from, expected);
                for (int j = 0; j < LENGTH; j++)
                    close_to("frame", z[i * LENGTH + j], expected[j], 1e-5);
            }
        }
}

// The step from the last frame to the first is like all others.
static void loop_closes(void **state)
{
    (void)state;
    float points[] = {3, 0, 0, 3}, z[16 * 2];
    assert_int_equal(clg_z_path(CLG_PATH_SPHERICAL, points, 2, 2, true, 16, z), 0);
    for (int i = 0; i < 16; i++) {
        const float *next = z + (i + 1) % 16 * 2;
        close_to("step", angle(z + i * 2, next, 2), acos(-1) / 2 / 8, 1e-5);
        close_to("length", norm(z + i * 2, 2), 3, 1e-5);
    }
}

static void impossible_paths_are_refused(void **state)
{
    (void)state;
    float points[POINTS * LENGTH] = {0}, z[FRAMES * LENGTH];
    assert_int_equal(clg_z_path(CLG_PATH_LINEAR, points, 1, LENGTH, false, 5, z), CLG_EINVAL);
    assert_int_equal(clg_z_path(CLG_PATH_LINEAR, points, 0, LENGTH, true, 5, z), CLG_EINVAL);
    assert_int_equal(clg_z_path(CLG_PATH_LINEAR, points, 2, LENGTH, false, 1, z), CLG_EINVAL);
    assert_int_equal(clg_z_path(CLG_PATH_LINEAR, points, POINTS, LENGTH, true, POINTS - 1, z), CLG_EINVAL);
    assert_int_equal(clg_z_path(CLG_PATH_LINEAR, points, POINTS, LENGTH, true, POINTS, z), 0);
}

// --- means and neighbours ----------------------------------------------------------------------
static void mean_is_the_mean(void **state)
{
    (void)state;
    enum { ROWS = 37, WIDE = 19 };
    float z[ROWS * WIDE], mean[WIDE];
    noise(10, ROWS * WIDE, z);
    for (int n = 1; n <= ROWS; n += 4) {
        clg_z_mean(z, n, WIDE, mean);
        for (int i = 0; i < WIDE; i++) {
            double sum = 0;
            for (int row = 0; row < n; row++)
                sum += z[row * WIDE + i];
            close_to("mean", mean[i], sum / n, 1e-6);
        }
    }
}

static void neighbours_lie_around_the_centre(void **state)
{
    (void)state;
    enum { N = 200, WIDE = 50 };
    static float z[N * WIDE], again[N * WIDE];
    const double scale = 0.25;
    float centre[WIDE];
    noise(11, WIDE, centre);
    clg_z_neighbours(centre, WIDE, N, scale, 7, z);
    same("the first", z, centre, WIDE);
    double sum = 0, squares = 0, count = (double)(N - 1) * WIDE;
    for (int i = WIDE; i < N * WIDE; i++) {
        double d = (double)z[i] - centre[i % WIDE];
        close_to("neighbour", d, 0, scale + 1e-6);
        sum += d;
        squares += d * d;
    }
    close_to("mean of the neighbours", sum / count, 0, 0.01);
    close_to("variance of a uniform", squares / count, scale * scale / 3, 0.001);
    clg_z_neighbours(centre, WIDE, 9, scale, 7, again); // fewer are the first ones of more
    same("again", again, z, 9 * WIDE);
    clg_z_neighbours(centre, WIDE, 2, scale, 8, again);
    assert_memory_not_equal(again + WIDE, z + WIDE, WIDE * sizeof *z);
    clg_z_neighbours(centre, WIDE, 2, 0, 7, again);
    same("no scale", again + WIDE, centre, WIDE);
}

TEST_MAIN("latent", NULL, NULL, TEST(linear_is_the_weighted_mean), TEST(spherical_follows_the_great_circle),
          TEST(ends_are_exact), TEST(degenerate_pairs_go_straight),
          TEST(narrow_and_wide_angles_keep_their_length), TEST(path_meets_its_points),
          TEST(path_is_equally_spaced), TEST(loop_closes), TEST(impossible_paths_are_refused),
          TEST(mean_is_the_mean), TEST(neighbours_lie_around_the_centre))
