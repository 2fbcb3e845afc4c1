// Projection: gradients in z against numerical ones, pictures of known z found again, masks, reruns,
// refusals.
#include "ops_fixture.h"

#include <clgan/clgan.h>

#include "explore/project.h"

enum { SIZE = 16, CHANNELS = 3, Z = 6, N = 3, PIXELS = SIZE * SIZE, PICTURE = PIXELS * CHANNELS };

// A gan after some steps on built-in faces: running statistics are what they are in use, pictures differ.
static struct clg_gan *trained(int z_dist, float ema)
{
    enum { BATCH = 16, STEPS = 100 };
    struct clg_gan_params p = clg_gan_params_default();
    struct clg_gan *gan;
    struct clg_gan_metrics m;
    p.size = SIZE, p.channels = CHANNELS, p.z = Z, p.ngf = p.ndf = 8, p.batch = BATCH, p.ema = ema;
    p.z_dist = z_dist, p.lr = 1e-3f;
    assert_int_equal(clg_gan_new(&gan, test_device(), &p), 0);
    for (int step = 0; step < STEPS; step++) {
        uint8_t real[BATCH * PICTURE];
        for (int i = 0; i < BATCH; i++) {
            const struct clg_face face = clg_face_random(1, (uint64_t)(step * BATCH + i));
            clg_face_draw(&face, SIZE, real + i * PICTURE);
        }
        assert_int_equal(clg_gan_step(gan, real, &m), 0);
    }
    return gan;
}

static struct clg_project_params quick(void)
{
    struct clg_project_params p = clg_project_params_default();
    p.steps = 60;
    return p;
}

// --- gradient ----------------------------------------------------------------------------------
static double loss64(struct clg_gan *gan, const float *z, const float *target, const float *weight,
                     double prior)
{
    float picture[PICTURE];
    double sum = 0, weights = 0, square = 0;
    assert_int_equal(clg_gan_generate(gan, z, 1, picture), 0);
    for (int i = 0; i < PICTURE; i++) {
        const double w = weight ? weight[i / CHANNELS] : 1, difference = (double)picture[i] - target[i];
        sum += w * difference * difference;
        weights += w;
    }
    for (int i = 0; i < Z; i++)
        square += (double)z[i] * z[i];
    return sum / weights + prior * square / Z;
}

static void test_gradient(void **state)
{
    (void)state;
    const float step = 1e-3f, prior = 0.02f;
    struct clg_gan *gan = trained(CLG_Z_NORMAL, 0.9f);
    float *targets = host_normal(1, N * PICTURE, 0, 0.5f), *z = host_normal(2, N * Z, 0, 1), mask[PIXELS];
    for (int i = 0; i < PIXELS; i++)
        mask[i] = i % 5 ? (float)(i % 3) / 2 : 0;
    for (int masked = 0; masked < 2; masked++) {
        const float *weight = masked ? mask : NULL;
        struct clg_projection *p;
        double expected[N * Z];
        assert_int_equal(clg_projection_new(&p, gan, N, weight, prior), 0);
        assert_int_equal(clg_tensor_write(test_device(), p->z, z), 0);
        assert_int_equal(clg_tensor_write(test_device(), p->target, targets), 0);
        assert_int_equal(clg_projection_gradient(p), 0);
        float *dz = test_read(p->dz);
        for (int i = 0; i < N * Z; i++) {
            const float *row = z + i / Z * Z, *target = targets + i / Z * PICTURE;
            float before[Z], after[Z];
            memcpy(before, row, sizeof before);
            memcpy(after, row, sizeof after);
            before[i % Z] -= step;
            after[i % Z] += step;
            expected[i] =
                (loss64(gan, after, target, weight, prior) - loss64(gan, before, target, weight, prior)) /
                ((double)after[i % Z] - before[i % Z]);
        }
        test_close(masked ? "gradient with a mask" : "gradient", dz, expected, N * Z, 1e-2);
        free(dz);
        clg_projection_free(&p);
    }
    free(targets), free(z);
    clg_gan_free(&gan);
}

// --- runs --------------------------------------------------------------------------------------
static double rms_between(const float *a, const float *b)
{
    double sum = 0;
    for (int i = 0; i < PICTURE; i++)
        sum += ((double)a[i] - b[i]) * ((double)a[i] - b[i]);
    return sqrt(sum / PICTURE);
}

// Pictures that the generator draws are found again, and psnr says how well.
static void test_known_pictures(void **state)
{
    (void)state;
    for (int dist = 0; dist < 2; dist++) {
        struct clg_gan *gan = trained(dist ? CLG_Z_UNIFORM : CLG_Z_NORMAL, dist ? 0 : 0.9f);
        const struct clg_gan_params params = *clg_gan_params_of(gan);
        struct clg_project_params p = quick();
        float z0[N * Z], z[N * Z], pictures[N * PICTURE], found[N * PICTURE], again[N * PICTURE];
        double psnr[N];
        p.steps = 400, p.prior = 0;
        clg_gan_noise(&params, 5, 0, N, z0);
        assert_int_equal(clg_gan_generate(gan, z0, N, pictures), 0);
        assert_int_equal(clg_gan_project(gan, pictures, NULL, N, &p, z, found, psnr), 0);
        assert_int_equal(clg_gan_generate(gan, z, N, again), 0);
        same_bits("the picture of z", found, again, N * PICTURE);
        assert_true(rms_between(pictures, pictures + PICTURE) > 0.05);
        for (int n = 0; n < N; n++) {
            const double expected = 20 * log10(2 / rms_between(found + n * PICTURE, pictures + n * PICTURE));
            if (!(psnr[n] > 80) || fabs(psnr[n] - expected) > 1e-6)
                fail_msg("picture %d: psnr %g, its error says %g, over 80 expected", n, psnr[n], expected);
        }
        for (int i = 0; i < N * Z; i++)
            if (!(fabsf(z[i] - z0[i]) < 1e-2f))
                fail_msg("z %d: %g, drawn from %g", i, (double)z[i], (double)z0[i]);
        clg_gan_free(&gan);
    }
}

// The best of more starts is never worse, and a picture's z depends on that picture alone.
static void test_starts(void **state)
{
    (void)state;
    enum { MANY = 40 }; // more than a pass takes
    struct clg_gan *gan = trained(CLG_Z_NORMAL, 0);
    struct clg_project_params p = quick();
    float *pictures = host_normal(6, MANY * PICTURE, 0, 0.4f), z[MANY * Z], alone[Z], other[MANY * Z];
    double one[MANY], three[MANY];
    bool better = false;
    p.steps = 20, p.starts = 1;
    assert_int_equal(clg_gan_project(gan, pictures, NULL, MANY, &p, z, NULL, one), 0);
    p.starts = 3;
    assert_int_equal(clg_gan_project(gan, pictures, NULL, MANY, &p, z, NULL, three), 0);
    for (int n = 0; n < MANY; n++) {
        if (three[n] < one[n])
            fail_msg("picture %d: %g dB of three starts, %g of the first of them", n, three[n], one[n]);
        better |= three[n] > one[n];
    }
    assert_true(better);
    for (int n = 0; n < MANY; n += MANY - 1) {
        assert_int_equal(clg_gan_project(gan, pictures + n * PICTURE, NULL, 1, &p, alone, NULL, NULL), 0);
        same_bits("a picture's z without the others", alone, z + n * Z, Z);
    }
    assert_int_equal(clg_gan_project(gan, pictures, NULL, MANY, &p, other, NULL, NULL), 0);
    same_bits("z of a rerun", other, z, MANY * Z);
    p.seed = 2;
    assert_int_equal(clg_gan_project(gan, pictures, NULL, MANY, &p, other, NULL, NULL), 0);
    assert_memory_not_equal(other, z, sizeof z);
    free(pictures);
    clg_gan_free(&gan);
}

// Hidden pixels have no say; the others do.
static void test_mask(void **state)
{
    (void)state;
    struct clg_gan *gan = trained(CLG_Z_NORMAL, 0);
    const struct clg_project_params p = quick();
    float *pictures = host_normal(7, N * PICTURE, 0, 0.4f), mask[PIXELS], z[N * Z], other[N * Z];
    double psnr[N], again[N];
    for (int i = 0; i < PIXELS; i++)
        mask[i] = i % SIZE < SIZE / 2 ? 0 : 1;
    assert_int_equal(clg_gan_project(gan, pictures, mask, N, &p, z, NULL, psnr), 0);
    for (int i = 0; i < N * PICTURE; i++)
        if (mask[i / CHANNELS % PIXELS] == 0)
            pictures[i] = 1 - 2 * pictures[i];
    assert_int_equal(clg_gan_project(gan, pictures, mask, N, &p, other, NULL, again), 0);
    same_bits("z with other hidden pixels", other, z, N * Z);
    for (int n = 0; n < N; n++)
        assert_true(psnr[n] == again[n]);
    pictures[(SIZE - 1) * CHANNELS] += 0.5f;
    assert_int_equal(clg_gan_project(gan, pictures, mask, 1, &p, other, NULL, NULL), 0);
    assert_memory_not_equal(other, z, Z * sizeof *z);
    free(pictures);
    clg_gan_free(&gan);
}

static void count_steps(void *user, const char *what, size_t done, size_t total)
{
    size_t *seen = user;
    assert_string_equal(what, "steps");
    assert_true(done > *seen && done <= total);
    *seen = done;
}

static void test_progress(void **state)
{
    (void)state;
    enum { MANY = 25, STEPS = 100 };
    struct clg_gan *gan = trained(CLG_Z_NORMAL, 0);
    struct clg_project_params p = quick();
    float *pictures = host_normal(8, MANY * PICTURE, 0, 0.4f), z[MANY * Z];
    size_t seen = 0;
    p.steps = STEPS, p.starts = 7, p.progress = count_steps, p.user = &seen;
    assert_int_equal(clg_gan_project(gan, pictures, NULL, MANY, &p, z, NULL, NULL), 0);
    assert_int_equal(seen, MANY * STEPS);
    free(pictures);
    clg_gan_free(&gan);
}

// A generator with a weight that is not finite finds nothing, and says so.
static void broken_weights(struct clg_gan *gan)
{
    float weight[8 * CHANNELS * 16];
    struct clg_tensor_info info;
    for (int i = 0; i < clg_gan_tensors(gan); i++) {
        assert_int_equal(clg_gan_tensor(gan, i, &info), 0);
        if (strcmp(info.name, "netG.main.6.weight"))
            continue;
        assert_int_equal(clg_gan_tensor_read(gan, i, weight), 0);
        weight[0] = NAN;
        assert_int_equal(clg_gan_tensor_write(gan, i, weight), 0);
        return;
    }
    fail_msg("there is no netG.main.6.weight");
}

static void test_refusals(void **state)
{
    (void)state;
    struct captured log;
    struct clg_log old = quiet(&log);
    struct clg_gan *gan = trained(CLG_Z_NORMAL, 0);
    const struct clg_project_params good = quick();
    float *pictures = host_normal(9, PICTURE, 0, 0.4f), mask[PIXELS] = {0}, z[Z];
    REFUSED(&log, clg_gan_project(gan, pictures, NULL, 0, &good, z, NULL, NULL));
    REFUSED(&log, clg_gan_project(gan, pictures, mask, 1, &good, z, NULL, NULL)); // nothing to look at
    const float wrong[] = {NAN, -1, 2, INFINITY};
    for (size_t i = 0; i < COUNT(wrong); i++) {
        mask[0] = 1, mask[PIXELS - 1] = wrong[i];
        REFUSED(&log, clg_gan_project(gan, pictures, mask, 1, &good, z, NULL, NULL));
    }
    const struct clg_project_params bad[] = {
        {0, 2, 0.1f, 0}, {9, 0, 0.1f, 0}, {9, 65, 0.1f, 0}, {9, 2, 0, 0}, {9, 2, NAN, 0}, {9, 2, 0.1f, -1},
    };
    for (size_t i = 0; i < COUNT(bad); i++)
        REFUSED(&log, clg_gan_project(gan, pictures, NULL, 1, &bad[i], z, NULL, NULL));
    pictures[PICTURE - 1] = NAN;
    REFUSED(&log, clg_gan_project(gan, pictures, NULL, 1, &good, z, NULL, NULL));
    pictures[PICTURE - 1] = 0;
    broken_weights(gan);
    assert_int_equal(clg_gan_project(gan, pictures, NULL, 1, &good, z, NULL, NULL), CLG_ENUMERIC);
    captured_has(&log, "not finite");
    free(pictures);
    clg_gan_free(&gan);
    loud_again(old);
}

TEST_MAIN("project", NULL, test_device_teardown, TEST(test_gradient), TEST(test_known_pictures),
          TEST(test_starts), TEST(test_mask), TEST(test_progress), TEST(test_refusals))
