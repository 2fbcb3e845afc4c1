// Tensors by name, feature maps, pictures with maps ablated, features, and gradients back to the picture,
// against float64 host loops over the gan's weights.
#include "ops_fixture.h"

#include <clgan/clgan.h>

#include <float.h>

enum { SIZE = 16, CHANNELS = 3, Z = 10, MAPS = 4, N = 19 }; // more than a pass takes, and a part of one
enum { PICTURE = SIZE * SIZE * CHANNELS };

// A gan after a few steps, so that running statistics are what they are in use.
static struct clg_gan *trained(float ema)
{
    struct clg_gan_params p = clg_gan_params_default();
    struct clg_gan *gan;
    struct clg_gan_metrics m;
    p.size = SIZE, p.channels = CHANNELS, p.z = Z, p.ngf = p.ndf = MAPS, p.batch = 8, p.ema = ema;
    p.lr = 0.01f;
    assert_int_equal(clg_gan_new(&gan, test_device(), &p), 0);
    for (int step = 0; step < 5; step++) {
        float *real = host_normal(100 + (uint64_t)step, 8 * PICTURE, 0, 0.5f),
              *z = host_normal(200 + (uint64_t)step, 8 * Z, 0, 1);
        assert_int_equal(clg_gan_step_with(gan, real, z, &m), 0);
        free(real), free(z);
    }
    return gan;
}

// A tensor's values by its name, in PyTorch's layout; the caller's: free().
static float *tensor_named(struct clg_gan *gan, const char *name)
{
    struct clg_tensor_info info;
    for (int i = 0; i < clg_gan_tensors(gan); i++) {
        assert_int_equal(clg_gan_tensor(gan, i, &info), 0);
        if (strcmp(info.name, name))
            continue;
        size_t count = 1;
        for (int d = 0; d < info.dims; d++)
            count *= (size_t)info.shape[d];
        float *values = malloc(count * sizeof *values);
        assert_int_equal(clg_gan_tensor_read(gan, i, values), 0);
        return values;
    }
    fail_msg("there is no tensor %s", name);
    return NULL;
}

static void test_tensors(void **state)
{
    (void)state;
    struct clg_gan *gan = trained(0.9f);
    struct clg_tensor_info info, other;
    const int n = clg_gan_tensors(gan);
    int averaged = 0;
    for (int i = 0; i < n; i++) {
        assert_int_equal(clg_gan_tensor(gan, i, &info), 0);
        averaged += !strncmp(info.name, "averageG.", 9);
        for (int j = 0; j < i; j++) {
            assert_int_equal(clg_gan_tensor(gan, j, &other), 0);
            assert_string_not_equal(info.name, other.name);
        }
    }
    assert_int_equal(averaged, 1 + 2 * (4 + 1)); // three convolutions, two batch norms of four vectors
    // What is written comes back, and the net computes with it.
    float *weight = tensor_named(gan, "averageG.main.6.weight"), z[Z] = {1}, picture[PICTURE];
    for (int i = 0; i < n; i++) {
        assert_int_equal(clg_gan_tensor(gan, i, &info), 0);
        if (strcmp(info.name, "averageG.main.6.weight"))
            continue;
        assert_int_equal(info.dims, 4);
        assert_true(info.shape[0] == MAPS && info.shape[1] == CHANNELS && info.shape[2] == 4);
        memset(weight, 0, MAPS * CHANNELS * 16 * sizeof *weight);
        assert_int_equal(clg_gan_tensor_write(gan, i, weight), 0);
    }
    assert_int_equal(clg_gan_generate(gan, z, 1, picture), 0);
    for (int i = 0; i < PICTURE; i++)
        assert_true(picture[i] == 0);
    free(weight);
    clg_gan_free(&gan);
}

// The last layers' maps are what generation and the discriminator give.
static void test_maps_end(void **state)
{
    (void)state;
    for (int averaged = 0; averaged < 2; averaged++) {
        struct clg_gan *gan = trained(averaged ? 0.5f : 0);
        float *z = host_normal(1, N * Z, 0, 1);
        float *pictures = malloc(N * PICTURE * sizeof *pictures), *maps = malloc(N * PICTURE * sizeof *maps);
        float logits[N], ends[N];
        const int g = clg_gan_layers(gan, CLG_NET_GENERATOR), d = clg_gan_layers(gan, CLG_NET_DISCRIMINATOR);
        assert_int_equal(clg_gan_generate(gan, z, N, pictures), 0);
        assert_int_equal(clg_gan_maps(gan, CLG_NET_GENERATOR, z, N, g - 1, maps), 0);
        double *expected = host_zeros(N * PICTURE), judged[N];
        for (size_t i = 0; i < N * PICTURE; i++)
            expected[i] = pictures[i];
        test_close("generator's last layer", maps, expected, N * PICTURE, 1e-5);
        assert_int_equal(clg_gan_discriminate(gan, pictures, N, logits), 0);
        assert_int_equal(clg_gan_maps(gan, CLG_NET_DISCRIMINATOR, pictures, N, d - 1, ends), 0);
        for (int i = 0; i < N; i++)
            judged[i] = logits[i];
        test_close("discriminator's last layer", ends, judged, N, 1e-5);
        free(z), free(pictures), free(maps), free(expected);
        clg_gan_free(&gan);
    }
}

// --- float64 host loops ------------------------------------------------------------------------
// y [oh][oh][k] = conv 4x4/2+1 of x [h][h][c], w [k][c][4][4]; and its adjoint.
static void conv64(const double *x, int h, int c, const float *w, int k, double *y, bool adjoint, double *dx)
{
    const int oh = h / 2;
    for (int oy = 0; oy < oh; oy++)
        for (int ox = 0; ox < oh; ox++)
            for (int o = 0; o < k; o++)
                for (int t = 0; t < 16 * c; t++) {
                    const int r = t / 4 % 4, s = t % 4, i = t / 16, iy = 2 * oy - 1 + r, ix = 2 * ox - 1 + s;
                    if (iy < 0 || ix < 0 || iy >= h || ix >= h)
                        continue;
                    const float weight = w[((o * c + i) * 4 + r) * 4 + s];
                    if (adjoint)
                        dx[(iy * h + ix) * c + i] += weight * y[(oy * oh + ox) * k + o];
                    else
                        y[(oy * oh + ox) * k + o] += weight * x[(iy * h + ix) * c + i];
                }
}

enum { H1 = SIZE / 2, H2 = SIZE / 4, C1 = MAPS, C2 = 2 * MAPS };

// D's first two blocks of one picture, in float64.
struct blocks {
    float *w0, *w2, *gamma, *beta, *mean, *var;
    double a1[H1 * H1 * C1], a2[H2 * H2 * C2];
};

static void blocks_forward(struct blocks *b, const float *picture)
{
    double x[PICTURE];
    memset(b->a1, 0, sizeof b->a1);
    memset(b->a2, 0, sizeof b->a2);
    for (int i = 0; i < PICTURE; i++)
        x[i] = picture[i];
    conv64(x, SIZE, CHANNELS, b->w0, C1, b->a1, false, NULL);
    for (int i = 0; i < H1 * H1 * C1; i++)
        b->a1[i] *= b->a1[i] > 0 ? 1 : 0.2;
    conv64(b->a1, H1, C1, b->w2, C2, b->a2, false, NULL);
    for (int i = 0; i < H2 * H2 * C2; i++) {
        const int c = i % C2;
        b->a2[i] = (b->a2[i] - b->mean[c]) / sqrt(b->var[c] + 1e-5) * b->gamma[c] + b->beta[c];
        b->a2[i] *= b->a2[i] > 0 ? 1 : 0.2;
    }
}

static double through(double gradient, double y, bool guided)
{
    if (guided)
        return gradient > 0 && y > 0 ? gradient : 0;
    return y > 0 ? gradient : 0.2 * gradient;
}

// d a2[place of the map's strongest] / d picture.
static void blocks_backward(const struct blocks *b, int map, bool guided, double *dx, double *strength)
{
    double g2[H2 * H2 * C2] = {0}, g1[H1 * H1 * C1] = {0};
    int best = map;
    for (int i = map; i < H2 * H2 * C2; i += C2)
        best = b->a2[i] > b->a2[best] ? i : best;
    *strength = b->a2[best];
    g2[best] = through(1, b->a2[best], guided) * b->gamma[map] / sqrt(b->var[map] + 1e-5);
    conv64(NULL, H1, C1, b->w2, C2, g2, true, g1);
    for (int i = 0; i < H1 * H1 * C1; i++)
        g1[i] = through(g1[i], b->a1[i], guided);
    memset(dx, 0, PICTURE * sizeof *dx);
    conv64(NULL, SIZE, CHANNELS, b->w0, C1, g1, true, dx);
}

static struct blocks *blocks_of(struct clg_gan *gan)
{
    struct blocks *b = calloc(1, sizeof *b);
    b->w0 = tensor_named(gan, "netD.main.0.weight"), b->w2 = tensor_named(gan, "netD.main.2.weight");
    b->gamma = tensor_named(gan, "netD.main.3.weight"), b->beta = tensor_named(gan, "netD.main.3.bias");
    b->mean = tensor_named(gan, "netD.main.3.running_mean");
    b->var = tensor_named(gan, "netD.main.3.running_var");
    return b;
}

static void blocks_free(struct blocks *b)
{
    free(b->w0), free(b->w2), free(b->gamma), free(b->beta), free(b->mean), free(b->var);
    free(b);
}

enum { ACTIVATED_1 = 1, ACTIVATED_2 = 3 };

static void test_features(void **state)
{
    (void)state;
    struct clg_gan *gan = trained(0);
    const struct clg_gan_params p = *clg_gan_params_of(gan);
    struct blocks *b = blocks_of(gan);
    float *pictures = host_normal(5, N * PICTURE, 0, 0.5f);
    const int64_t count = clg_features_count(&p);
    assert_int_equal(count, 16 * (C1 + C2));
    float *features = malloc(N * (size_t)count * sizeof *features),
          *maps = malloc(N * H1 * H1 * C1 * sizeof *maps);
    double *expected = host_zeros(N * (size_t)count), *first = host_zeros(N * H1 * H1 * C1);
    for (int n = 0; n < N; n++) {
        blocks_forward(b, pictures + n * PICTURE);
        memcpy(first + n * H1 * H1 * C1, b->a1, sizeof b->a1);
        double *row = expected + n * count;
        for (int i = 0; i < 16 * C1; i++) { // 2x2 windows of the 8x8 maps
            const int y = i / C1 / 4, x = i / C1 % 4, c = i % C1;
            row[i] = -DBL_MAX;
            for (int t = 0; t < 4; t++)
                row[i] = fmax(row[i], b->a1[((2 * y + t / 2) * H1 + 2 * x + t % 2) * C1 + c]);
        }
        memcpy(row + 16 * C1, b->a2, sizeof b->a2);
    }
    assert_int_equal(clg_gan_maps(gan, CLG_NET_DISCRIMINATOR, pictures, N, ACTIVATED_1, maps), 0);
    test_close("first activated layer", maps, first, N * H1 * H1 * C1, 1e-5);
    assert_int_equal(clg_gan_features(gan, pictures, N, features), 0);
    test_close("features", features, expected, N * (size_t)count, 1e-5);
    struct clg_gan_params wrong = p;
    wrong.size = 17;
    assert_int_equal(clg_features_count(&wrong), 0);
    wrong.size = 64, wrong.ndf = 64;
    assert_int_equal(clg_features_count(&wrong), 16 * (64 + 128 + 256 + 512));
    free(pictures), free(features), free(maps), free(expected), free(first);
    blocks_free(b);
    clg_gan_free(&gan);
}

static void test_gradients(void **state)
{
    (void)state;
    struct clg_gan *gan = trained(0);
    struct blocks *b = blocks_of(gan);
    float *pictures = host_normal(6, N * PICTURE, 0, 0.5f), strength[N];
    float *gradients = malloc(N * PICTURE * sizeof *gradients);
    double *expected = host_zeros(N * PICTURE), strong[N];
    bool differ = false;
    for (int map = 0; map < C2; map++) {
        for (int guided = 0; guided < 2; guided++) {
            char what[64];
            snprintf(what, sizeof what, "%s gradients of map %d", guided ? "guided" : "plain", map);
            for (int n = 0; n < N; n++) {
                blocks_forward(b, pictures + n * PICTURE);
                blocks_backward(b, map, guided, expected + n * PICTURE, &strong[n]);
            }
            assert_int_equal((guided ? clg_gan_guided : clg_gan_saliency)(gan, pictures, N, ACTIVATED_2, map,
                                                                          gradients, strength),
                             0);
            test_close(what, gradients, expected, N * PICTURE, 1e-4);
            test_close("strength", strength, strong, N, 1e-4);
            for (int i = 0; i < N * PICTURE; i++)
                differ |= guided && expected[i] < 0;
        }
    }
    assert_true(
        differ); // guided gradients of the picture itself may be negative: only activations are guided
    free(pictures), free(gradients), free(expected);
    blocks_free(b);
    clg_gan_free(&gan);
}

// Maps of the last activated layer, scaled, through the last transposed convolution and tanh by hand.
static void test_ablated(void **state)
{
    (void)state;
    enum { H = SIZE / 2, LAYER = 3 };
    struct clg_gan *gan = trained(0.5f);
    float *z = host_normal(7, N * Z, 0, 1), *w = tensor_named(gan, "averageG.main.6.weight");
    float *maps = malloc(N * H * H * MAPS * sizeof *maps), *pictures = malloc(N * PICTURE * sizeof *pictures);
    const float keep[MAPS] = {1, 0, -0.5f, 2};
    double *expected = host_zeros(N * PICTURE), scaled[H * H * MAPS];
    struct clg_layer_info info;
    assert_int_equal(clg_gan_layer(gan, CLG_NET_GENERATOR, LAYER, &info), 0);
    assert_true(info.activated && info.h == H && info.c == MAPS);
    assert_string_equal(info.name, "main.4");
    assert_int_equal(clg_gan_maps(gan, CLG_NET_GENERATOR, z, N, LAYER, maps), 0);
    for (int n = 0; n < N; n++) {
        for (int i = 0; i < H * H * MAPS; i++)
            scaled[i] = maps[n * H * H * MAPS + i] * (double)keep[i % MAPS];
        conv64(NULL, SIZE, CHANNELS, w, MAPS, scaled, true, expected + n * PICTURE); // w [in][out][4][4]
    }
    for (int i = 0; i < N * PICTURE; i++)
        expected[i] = tanh(expected[i]);
    assert_int_equal(clg_gan_generate_ablated(gan, z, N, LAYER, keep, pictures), 0);
    test_close("pictures with maps scaled", pictures, expected, N * PICTURE, 1e-5);
    free(z), free(w), free(maps), free(pictures), free(expected);
    clg_gan_free(&gan);
}

static void test_refusals(void **state)
{
    (void)state;
    struct captured log;
    struct clg_log old = quiet(&log);
    struct clg_gan *gan = trained(0);
    struct clg_layer_info info;
    struct clg_tensor_info tensor;
    float values[PICTURE * 4] = {0};
    const int n = clg_gan_layers(gan, CLG_NET_DISCRIMINATOR);
    REFUSED(&log, clg_gan_layer(gan, CLG_NET_DISCRIMINATOR, n, &info));
    REFUSED(&log, clg_gan_layer(gan, CLG_NET_GENERATOR, -1, &info));
    REFUSED(&log, clg_gan_maps(gan, CLG_NET_DISCRIMINATOR, values, 1, n, values));
    REFUSED(&log, clg_gan_maps(gan, CLG_NET_DISCRIMINATOR, values, 0, 0, values));
    REFUSED(&log, clg_gan_generate_ablated(gan, values, 1, 99, values, values));
    REFUSED(&log, clg_gan_guided(gan, values, 1, ACTIVATED_2, C2, values, NULL));
    REFUSED(&log, clg_gan_saliency(gan, values, -1, ACTIVATED_2, 0, values, NULL));
    REFUSED(&log, clg_gan_features(gan, values, 0, values));
    REFUSED(&log, clg_gan_tensor(gan, clg_gan_tensors(gan), &tensor));
    REFUSED(&log, clg_gan_tensor_read(gan, -1, values));
    clg_gan_free(&gan);
    loud_again(old);
}

TEST_MAIN("net_probe", NULL, test_device_teardown, TEST(test_tensors), TEST(test_maps_end),
          TEST(test_features), TEST(test_gradients), TEST(test_ablated), TEST(test_refusals))
