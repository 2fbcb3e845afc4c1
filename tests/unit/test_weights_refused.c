// Weights of other programs that do not fit: the file is refused by the name of what has no place, and the
// gan is as before.
#include "weights_fixture.h"

// --- refusals ----------------------------------------------------------------------------------
// G with one more tensor, or with one taken away.
static void g_with(const char *more, const char *less)
{
    struct clg_gan *from = gan_new(1);
    struct tensors t = {.n = 0};
    take(&t, from, "netD.", "netD.");
    take(&t, from, "netG.", "netG.");
    for (int i = 0; i < t.n; i++)
        if (less && strcmp(t.names[i], less) == 0)
            snprintf(t.names[i], sizeof *t.names, "%s", more ? more : "other");
    if (more && !less)
        add_vector(&t, more, 2, 1, 0);
    save(&t);
    release(&t);
    clg_gan_free(&from);
}

static void test_refusals(void **state)
{
    (void)state;
    g_with("netG.attention.gamma", NULL);
    REFUSED_FILE("netG.attention.gamma has no place");
    g_with("netG.main.9.weight", NULL);
    REFUSED_FILE("netG.main.9.weight", "no such layer");
    g_with("netG.main.3.weight_orig", "netG.main.3.weight");
    REFUSED_FILE("netG.main.3.weight_orig", "remove_spectral_norm");
    g_with("netG.main.0.parametrizations.weight.original0", "netG.main.0.weight");
    REFUSED_FILE("main.0.parametrizations", "remove_parametrizations");
    g_with(NULL, "netG.main.4.running_mean");
    REFUSED_FILE("no netG.main.4.running_mean", "track_running_stats");
    g_with(NULL, "netG.main.4.weight");
    REFUSED_FILE("no netG.main.4.weight");
    g_with("module.generator.main.1.bias", NULL);
    REFUSED_FILE("netG.main.1.bias and module.generator.main.1.bias");
    g_with("netG.main.1.affine", "netG.main.1.weight");
    REFUSED_FILE("netG.main.1.affine has no place");
    g_with("other", "netG.main.0.weight");
    REFUSED_FILE("generator is not laid out");
}

// Of other sizes: both shapes, and the options that would fit.
static void test_other_sizes(void **state)
{
    (void)state;
    static const struct {
        int size, channels, z, ngf, ndf;
        const char *says[3];
    } cases[] = {
        {16, 3, 8, 6, 4, {"netG.main.0.weight is 8x12x4x4, the model's is 8x8x4x4", "of ngf 6", NULL}},
        {16, 3, 9, 4, 4, {"is 9x8x4x4", "of z 9", NULL}},
        {16, 1, 8, 4, 4, {"netG.main.6.weight is 4x1x4x4, the model's is 4x3x4x4", "of channels 1", NULL}},
        {16, 3, 8, 4, 5, {"netD.main.0.weight is 5x3x4x4", "of ndf 5", NULL}},
        {32, 3, 8, 2, 2, {"netG.main.6.weight is 4x2x4x4", "size 32, ngf 2, ndf 2", NULL}},
        {32, 1, 3, 5, 7, {"size 32, channels 1, z 3, ngf 5, ndf 7", NULL, NULL}},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct clg_gan_params p = model(), told;
        struct tensors t = {.n = 0};
        int64_t steps = 0;
        p.size = cases[i].size;
        p.channels = cases[i].channels;
        p.z = cases[i].z;
        p.ngf = cases[i].ngf;
        p.ndf = cases[i].ndf;
        struct clg_gan *from = gan_of(p), *loaded;
        take(&t, from, "netG.", "netG.");
        take(&t, from, "netD.", "netD.");
        save(&t);
        release(&t);
        refused_file(cases[i].says);
        assert_int_equal(clg_checkpoint_params(path, &told, &steps, &test_device()->log), 0);
        assert_int_equal(steps, -1);
        assert_int_equal(told.size, p.size);
        assert_int_equal(told.z, p.z);
        assert_int_equal(told.ndf, p.ndf);
        assert_int_equal(clg_gan_load(&loaded, test_device(), path, 0), 0); // a gan of these sizes
        assert_true(same_gans(from, loaded));
        clg_gan_free(&loaded);
        clg_gan_free(&from);
    }
}

// A G without a name whose convolutions have these shapes, to -1.
static void g_of_shapes(const int64_t (*shapes)[4])
{
    struct tensors t = {.n = 0};
    char name[32];
    for (int i = 0; shapes[i][0] > 0; i++) {
        const size_t n = (size_t)(shapes[i][0] * shapes[i][1] * shapes[i][2] * shapes[i][3]);
        snprintf(name, sizeof name, "main.%d.weight", 3 * i);
        add(&t, name, shapes[i], 4, filled(n, 0, 0.001f));
    }
    add_vector(&t, "main.1.weight", 2, 1, 0);
    save(&t);
    release(&t);
}

static void test_no_such_model(void **state)
{
    (void)state;
    g_of_shapes((const int64_t[][4]){{8, 8, 4, 4}, {8, 4, 4, 4}, {4, 4, 4, 4}, {-1}});
    REFUSED_FILE("no model for these weights", "channels 4: must be 1 or 3");
    g_of_shapes((const int64_t[][4]){{8, 8, 4, 4}, {8, 3, 4, 4}, {-1}});
    REFUSED_FILE("size 8: must be 16");
    g_of_shapes((const int64_t[][4]){{8, 8, 4, 4}, {8, 5, 4, 4}, {4, 3, 4, 4}, {-1}});
    REFUSED_FILE("main.3.weight is 8x5x4x4", "8x4x4x4 would fit");
    g_of_shapes((const int64_t[][4]){{8, 8, 3, 3}, {8, 4, 4, 4}, {4, 3, 4, 4}, {-1}});
    REFUSED_FILE("generator is not laid out");
    struct tensors t = {.n = 0};
    add_vector(&t, "main.0.parametrizations.weight.original", 2, 1, 0); // the one net of its file, too
    save(&t);
    release(&t);
    REFUSED_FILE("main.0.parametrizations", "remove_parametrizations");
    add_vector(&t, "a.b", 2, 1, 0);
    save(&t);
    release(&t);
    REFUSED_FILE("neither a generator", "a.b");
}

static void test_not_finite(void **state)
{
    (void)state;
    struct clg_gan *from = gan_new(1);
    struct tensors t = {.n = 0};
    take(&t, from, "netG.", "netG.");
    t.values[5][2] = INFINITY;
    save(&t);
    REFUSED_FILE(t.names[5], "not finite");
    release(&t);
    clg_gan_free(&from);
}

TEST_MAIN("weights_refused", set_up, tear_down, TEST(test_refusals), TEST(test_other_sizes),
          TEST(test_no_such_model), TEST(test_not_finite))
