// The gan: the paper's sizes, reproducible noise and weights, independent pictures, checkpoints, and resume
// bit for bit.
#include "ops_fixture.h"

#include <clgan/clgan.h>

#include "base/file.h"

#include <unistd.h>

static struct clg_gan_params small(void)
{
    struct clg_gan_params p = clg_gan_params_default();
    p.size = 16;
    p.ngf = p.ndf = 4;
    p.z = 10;
    p.batch = 6;
    p.ema = 0.9f;
    return p;
}

static void pictures_of(const struct clg_gan_params *p, uint64_t seed, uint8_t *pixels)
{
    size_t n = (size_t)p->batch * (size_t)p->size * (size_t)p->size * (size_t)p->channels;
    for (size_t i = 0; i < n; i++) {
        uint32_t words[4];
        clg_random_words(seed, CLG_STREAM_FACE, i, words);
        pixels[i] = (uint8_t)words[0];
    }
}

// Steps [from, to) of a run whose pictures are named by the step.
static struct clg_gan_metrics train(struct clg_gan *gan, int from, int to)
{
    struct clg_gan_params p = *clg_gan_params_of(gan);
    struct clg_gan_metrics m = {0};
    uint8_t *pixels = malloc((size_t)p.batch * (size_t)p.size * (size_t)p.size * (size_t)p.channels);
    for (int i = from; i < to; i++) {
        pictures_of(&p, (uint64_t)i, pixels);
        assert_int_equal(clg_gan_step(gan, pixels, &m), 0);
    }
    free(pixels);
    return m;
}

static char *bytes_of(const char *path, size_t *size)
{
    char *content;
    const struct clg_log log = {0};
    assert_int_equal(clg_file_read(path, (size_t)1 << 30, &content, size, &log), 0);
    return content;
}

// The FLOPs of a step's convolutions, counted by hand: D's three forward passes, two of them with all gradients but the
// picture's, the third with the picture's alone; G's pass and its gradients, but z's.
static void test_step_ops(void **state)
{
    (void)state;
    struct clg_gan_params p = clg_gan_params_default();
    p.size = 16;
    p.ngf = p.ndf = 8;
    p.batch = 4;
    struct clg_gan *gan;
    struct clg_op_time *ops;
    int count, timed;
    double generator, discriminator, flops = 0;
    assert_int_equal(clg_gan_new(&gan, test_device(), &p), 0);
    assert_int_equal(clg_gan_step_ops(gan, 0, NULL, NULL, &ops, &count), 0);
    for (int i = 0; i < count; i++) {
        flops += *ops[i].variant ? ops[i].calls * ops[i].flops : 0;
        assert_true(ops[i].seconds == 0);
        for (int k = 0; k < i; k++)
            assert_true(strcmp(ops[i].name, ops[k].name) || strcmp(ops[i].shape, ops[k].shape));
    }
    clg_gan_cost(&p, &generator, &discriminator);
    const double picture_grad = 8 * 8 * 4 * 4 * 3 * 8, z_grad = 4 * 4 * 16 * 100;
    const double macs = 1e6 * (8 * discriminator + 3 * generator) - 2 * picture_grad - z_grad;
    assert_true(fabs(flops - 2 * p.batch * macs) < 1);
    free(ops);

    assert_int_equal(clg_gan_step_ops(gan, 2, NULL, NULL, &ops, &timed), 0);
    assert_int_equal(timed, count);
    for (int i = 0; i < timed; i++)
        assert_true(ops[i].seconds > 0 && ops[i].seconds < 10);
    free(ops);
    clg_gan_free(&gan);
}

static void test_paper_sizes(void **state)
{
    (void)state;
    struct clg_gan_params p = clg_gan_params_default();
    struct clg_gan *gan;
    int64_t g, d;
    assert_int_equal(clg_gan_new(&gan, test_device(), &p), 0);
    clg_gan_parameters(gan, &g, &d);
    assert_int_equal(g, 3576704);
    assert_int_equal(d, 2765568);
    clg_gan_free(&gan);
    double mg, md;
    clg_gan_cost(&p, &mg, &md);
    assert_true(fabs(mg - 104.6) < 0.1 && fabs(md - 103.8) < 0.1);
    assert_true(clg_gan_memory(&p) < 1200000000u);
}

// Every size and channel count makes a step with finite losses, and draws pictures in range.
static void test_sizes(void **state)
{
    (void)state;
    const int sizes[] = {16, 32, 64, 128, 256};
    for (int i = 0; i < 5; i++) {
        struct clg_gan_params p = small();
        p.size = sizes[i];
        p.channels = i % 2 ? 3 : 1;
        p.ngf = p.ndf = 2;
        p.batch = 2;
        p.z_dist = i % 2 ? CLG_Z_UNIFORM : CLG_Z_NORMAL;
        struct clg_gan *gan;
        assert_int_equal(clg_gan_new(&gan, test_device(), &p), 0);
        struct clg_gan_metrics m = train(gan, 0, 1);
        assert_true(isfinite(m.loss_d) && isfinite(m.loss_g) && m.loss_d > 0 && m.loss_g > 0);
        size_t n = (size_t)p.size * (size_t)p.size * (size_t)p.channels;
        float *z = malloc((size_t)p.z * sizeof *z), *picture = malloc(n * sizeof *picture);
        clg_gan_noise(&p, 3, 0, 1, z);
        assert_int_equal(clg_gan_generate(gan, z, 1, picture), 0);
        for (size_t j = 0; j < n; j++)
            assert_true(picture[j] >= -1 && picture[j] <= 1);
        free(z), free(picture);
        clg_gan_free(&gan);
    }
}

static void test_bad_params(void **state)
{
    (void)state;
    struct clg_gan *gan;
    struct clg_gan_params p = small();
    p.size = 63;
    assert_int_equal(clg_gan_new(&gan, test_device(), &p), CLG_EINVAL);
    assert_null(gan);
    p = small();
    p.batch = 0;
    assert_int_equal(clg_gan_new(&gan, test_device(), &p), CLG_EINVAL);
    p = small();
    p.lr = NAN;
    assert_int_equal(clg_gan_new(&gan, test_device(), &p), CLG_EINVAL);
}

// Models that are larger than the device are refused in one line that says what fits, before they take
// memory.
static void test_too_large(void **state)
{
    (void)state;
    struct clg_device *d = test_device();
    const uint64_t has = d->info.memory;
    struct clg_gan *gan;
    struct clg_gan_params p = small(), fewer;
    struct captured log;
    struct clg_log old = quiet(&log);
    p.batch = 40;
    fewer = p;
    fewer.batch = 30;
    d->info.memory = clg_gan_memory(&fewer);
    assert_int_equal(clg_gan_new(&gan, d, &p), 0);
    assert_int_equal(clg_gan_prepare(gan), CLG_ENOMEM);
    captured_has(&log, "at most batch 30 fits");
    assert_int_equal(log.errors, 1);
    clg_gan_free(&gan);
    assert_int_equal(clg_gan_new(&gan, d, &fewer), 0);
    assert_int_equal(clg_gan_prepare(gan), 0);
    clg_gan_free(&gan);
    d->info.memory = 10000;
    assert_int_equal(clg_gan_new(&gan, d, &p), CLG_ENOMEM);
    assert_null(gan);
    d->info.memory = has;
    p.size = 256;
    p.channels = 3;
    p.batch = 65536;
    assert_int_equal(clg_gan_new(&gan, d, &p), CLG_EINVAL);
    captured_has(&log, "batch 65536: must be between 1 and 10922");
    p = clg_gan_params_default();
    p.batch = 65536; // told, although a feature map of it is no longer counted in 32 bits
    assert_true(clg_gan_memory(&p) > (uint64_t)100 << 30);
    loud_again(old);
}

// Known values of Philox 4x32-10 (Random123's kat_vectors) and moments of the noise.
static void test_noise(void **state)
{
    (void)state;
    uint32_t w[4];
    clg_random_words(0, (enum clg_stream)0, 0, w);
    assert_int_equal(w[0], 0x6627e8d5);
    assert_int_equal(w[3], 0x9b00dbd8);
    struct clg_gan_params p = small();
    p.z = 100;
    float *z = malloc(100000 * sizeof *z), one[100];
    clg_gan_noise(&p, 7, 0, 1000, z);
    clg_gan_noise(&p, 7, 333, 1, one);
    assert_memory_equal(one, z + 33300, sizeof one); // number 333 is the same, asked for alone
    double mean = 0, square = 0;
    for (int i = 0; i < 100000; i++)
        mean += z[i] / 1e5, square += (double)z[i] * z[i] / 1e5;
    assert_true(fabs(mean) < 0.02 && fabs(square - 1) < 0.02);
    p.z_dist = CLG_Z_UNIFORM;
    clg_gan_noise(&p, 7, 0, 1000, z);
    square = 0;
    for (int i = 0; i < 100000; i++) {
        assert_true(z[i] >= -1 && z[i] < 1);
        square += (double)z[i] * z[i] / 1e5;
    }
    assert_true(fabs(square - 1.0 / 3) < 0.01);
    free(z);
}

// The same z gives the same bits alone, in a crowd, and in another order.
static void test_pictures_independent(void **state)
{
    (void)state;
    enum { N = 101 }; // passes of each size, one of them not full
    struct clg_gan_params p = small();
    struct clg_gan *gan;
    assert_int_equal(clg_gan_new(&gan, test_device(), &p), 0);
    train(gan, 0, 3);
    size_t each = (size_t)p.size * (size_t)p.size * (size_t)p.channels, z_each = (size_t)p.z;
    float *z = malloc(N * z_each * sizeof *z), *all = malloc(N * each * sizeof *all),
          *one = malloc(each * sizeof *one);
    clg_gan_noise(&p, 5, 0, N, z);
    assert_int_equal(clg_gan_generate(gan, z, N, all), 0);
    for (int i = N - 1; i >= 0; i -= 11) {
        assert_int_equal(clg_gan_generate(gan, z + (size_t)i * z_each, 1, one), 0);
        assert_memory_equal(one, all + (size_t)i * each, each * sizeof *one);
    }
    assert_memory_not_equal(all, all + each, each * sizeof *all);
    free(z), free(all), free(one);
    clg_gan_free(&gan);
}

// A run stopped and resumed equals an unbroken one, byte for byte of the checkpoint; and a rerun equals
// itself.
static void test_resume(void **state)
{
    (void)state;
    char a[] = "/tmp/clgan-gan-XXXXXX", half[64], whole[64], resumed[64];
    assert_non_null(mkdtemp(a));
    snprintf(half, sizeof half, "%s/half", a);
    snprintf(whole, sizeof whole, "%s/whole", a);
    snprintf(resumed, sizeof resumed, "%s/resumed", a);
    struct clg_gan_params p = small();
    struct clg_gan *gan;
    const char *const extra[1][2] = {{"note", "ä \"quoted\""}};
    assert_int_equal(clg_gan_new(&gan, test_device(), &p), 0);
    train(gan, 0, 4);
    assert_int_equal(clg_gan_save(gan, half, extra, 1), 0);
    train(gan, 4, 9);
    assert_int_equal(clg_gan_save(gan, whole, extra, 1), 0);
    clg_gan_free(&gan);

    assert_int_equal(clg_gan_load(&gan, test_device(), half, 0), 0);
    assert_int_equal(clg_gan_step_count(gan), 4);
    train(gan, 4, 9);
    assert_int_equal(clg_gan_save(gan, resumed, extra, 1), 0);
    clg_gan_free(&gan);
    size_t n, m;
    char *x = bytes_of(whole, &n), *y = bytes_of(resumed, &m);
    assert_int_equal(n, m);
    assert_memory_equal(x, y, n);
    free(y);

    assert_int_equal(clg_gan_new(&gan, test_device(), &p), 0);
    train(gan, 0, 9);
    assert_int_equal(clg_gan_save(gan, resumed, extra, 1), 0);
    y = bytes_of(resumed, &m);
    assert_memory_equal(x, y, n);
    free(x), free(y);
    char *note;
    const struct clg_log log = {0};
    assert_int_equal(clg_checkpoint_metadata(resumed, "note", &note, &log), 0);
    assert_string_equal(note, extra[0][1]);
    free(note);
    // Other weights by the same way in: init_from takes the nets, not the moments.
    p.seed = 99;
    struct clg_gan *other;
    assert_int_equal(clg_gan_new(&other, test_device(), &p), 0);
    assert_int_equal(clg_gan_init_from(other, whole), 0);
    p.size = 32;
    clg_gan_free(&other);
    assert_int_equal(clg_gan_new(&other, test_device(), &p), 0);
    assert_int_equal(clg_gan_init_from(other, whole), CLG_EFORMAT);
    clg_gan_free(&other);
    clg_gan_free(&gan);
    unlink(half), unlink(whole), unlink(resumed), rmdir(a);
}

static int step_status(struct clg_gan *gan, uint8_t *pixels)
{
    struct clg_gan_metrics m;
    return clg_gan_step(gan, pixels, &m);
}

// What the failed step says, on a gan whose log is caught.
static void step_blames(struct clg_gan *gan, struct captured *log, const float *real, const float *z,
                        const char *const *words)
{
    struct clg_gan_metrics m;
    *log = (struct captured){0};
    assert_int_equal(clg_gan_step_with(gan, real, z, &m), CLG_ENUMERIC);
    assert_int_equal(log->lines, 1);
    for (; *words; words++)
        captured_has(log, *words);
}

// One weight made a NaN by its name: whether D sees pictures, or G draws, the layer is named.
static void weight_overwrite(struct clg_gan *gan, const char *name, float value, float *old)
{
    struct clg_tensor_info facts;
    for (int i = 0; i < clg_gan_tensors(gan); i++) {
        assert_int_equal(clg_gan_tensor(gan, i, &facts), 0);
        if (strcmp(facts.name, name))
            continue;
        size_t count = 1;
        for (int d = 0; d < facts.dims; d++)
            count *= (size_t)facts.shape[d];
        float *values = malloc(count * sizeof *values);
        assert_int_equal(clg_gan_tensor_read(gan, i, values), 0);
        *old = values[1];
        values[1] = value;
        assert_int_equal(clg_gan_tensor_write(gan, i, values), 0);
        free(values);
        return;
    }
    fail_msg("no tensor %s", name);
}

// A number that is not finite comes out as CLG_ENUMERIC, through ReLUs and batch norm, with the place where
// it began; the weights and running statistics stay good.
static void test_not_finite(void **state)
{
    (void)state;
    struct clg_gan_params p = small();
    struct captured log;
    struct clg_log loud = quiet(&log);
    struct clg_gan *gan;
    assert_int_equal(clg_gan_new(&gan, test_device(), &p), 0);
    float *real = malloc((size_t)p.batch * 16 * 16 * 3 * sizeof *real),
          *z = malloc((size_t)p.batch * 10 * sizeof *z);
    for (int i = 0; i < p.batch * 16 * 16 * 3; i++)
        real[i] = i == 5 ? NAN : 0.5f;
    clg_gan_noise(&p, 1, 0, p.batch, z);
    step_blames(gan, &log, real, z, (const char *[]){"step 1", "pictures", "not finite", NULL});
    uint8_t *pixels = malloc((size_t)p.batch * 16 * 16 * 3);
    pictures_of(&p, 1, pixels);
    assert_int_equal(step_status(gan, pixels), 0); // a bad batch spoils no weight
    float logits[6], old, unused;
    real[5] = 0.5f;
    assert_int_equal(clg_gan_discriminate(gan, real, p.batch, logits), 0);
    for (int i = 0; i < p.batch; i++)
        assert_true(isfinite(logits[i])); // nor a running statistic
    static const char *const names[] = {"netD.main.2.weight", "netG.main.4.bias", "netG.main.0.weight"};
    static const char *const words[][4] = {{"D's main.2.weight"}, {"G's main.4.bias"}, {"G's main.0.weight"}};
    for (int i = 0; i < 3; i++) {
        weight_overwrite(gan, names[i], i == 1 ? INFINITY : NAN, &old);
        step_blames(gan, &log, real, z, words[i]);
        weight_overwrite(gan, names[i], old, &unused);
        assert_int_equal(step_status(gan, pixels), 0);
    }
    weight_overwrite(gan, "netD.main.5.weight", 3e38f, &old); // finite, but what comes of it is not
    step_blames(gan, &log, real, z, (const char *[]){"the gradient of D's main.", "not finite", NULL});
    free(pixels), free(real), free(z);
    clg_gan_free(&gan);
    loud_again(loud);
}

TEST_MAIN("gan", NULL, test_device_teardown, TEST(test_step_ops), TEST(test_paper_sizes), TEST(test_sizes),
          TEST(test_bad_params), TEST(test_too_large), TEST(test_noise), TEST(test_resume),
          TEST(test_pictures_independent), TEST(test_not_finite))
