// Weights of other programs: whatever their tensors are called, all of them find their place.
#include "weights_fixture.h"

#include "gan/names.h"

// --- names -------------------------------------------------------------------------------------
static void test_names(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        enum clg_whose whose;
        const char *place;
    } cases[] = {
        {"netG.main.0.weight", CLG_WHOSE_G, "main.0.weight"},
        {"module.netG.module.main.module.12.running_var", CLG_WHOSE_G, "main.12.running_var"},
        {"_orig_mod.module.generator._orig_mod.model.3.bias", CLG_WHOSE_G, "main.3.bias"},
        {"state_dict.Discriminator.main.2.weight", CLG_WHOSE_D, "main.2.weight"},
        {"netD_state_dict.5.weight", CLG_WHOSE_D, "main.5.weight"},
        {"G.main.0.weight", CLG_WHOSE_G, "main.0.weight"},
        {"gen.gen.0.weight", CLG_WHOSE_G, "main.0.weight"},
        {"disc.net.0.weight", CLG_WHOSE_D, "main.0.weight"},
        {"main.0.weight", CLG_WHOSE_EITHER, "main.0.weight"},
        {"0.weight", CLG_WHOSE_EITHER, "main.0.weight"},
        {"model.module.7.num_batches_tracked", CLG_WHOSE_EITHER, "main.7.num_batches_tracked"},
        {"netG.attention.gamma", CLG_WHOSE_G, ""},
        {"netG.netD.main.0.weight", CLG_WHOSE_G, ""},
        {"netG.main.0.module.parametrizations.weight.original", CLG_WHOSE_G,
         "main.0.parametrizations.weight.original"},
        {"aux.video", CLG_WHOSE_NEITHER, ""},
        {"optimizerG.state.0.exp_avg", CLG_WHOSE_NEITHER, ""},
        {"netG_ema.main.0.weight", CLG_WHOSE_NEITHER, ""},
        {"averageG.main.0.weight", CLG_WHOSE_NEITHER, ""},
        {"", CLG_WHOSE_NEITHER, ""},
        {"...", CLG_WHOSE_NEITHER, ""},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        const struct clg_tensor_name name = clg_tensor_name_parse(cases[i].name);
        if (name.whose != cases[i].whose || strcmp(name.param, cases[i].place))
            fail_msg("%s: whose %d, place \"%s\"", cases[i].name, (int)name.whose, name.param);
    }
}

// Both nets under any names, or one net without a name: they come out as they went in.
static void test_prefixes(void **state)
{
    (void)state;
    static const char *const prefixes[][2] = {{"netG.", "netD."},
                                              {"module.netG.", "module.netD."},
                                              {"generator.module.", "discriminator.module."},
                                              {"_orig_mod.G.", "D._orig_mod."},
                                              {"state_dict.gen.", "state_dict.disc."}};
    struct clg_gan *from = gan_new(1);
    struct tensors t = {.n = 0};
    for (size_t i = 0; i < COUNT(prefixes); i++) {
        struct clg_gan *to = gan_new(2);
        take(&t, from, "netG.", prefixes[i][0]);
        take(&t, from, "netD.", prefixes[i][1]);
        save(&t);
        release(&t);
        assert_int_equal(clg_gan_init_from(to, path), 0);
        assert_true(same_gans(from, to));
        clg_gan_free(&to);
    }
    static const char *const plain[] = {"", "module.", "model."};
    for (size_t i = 0; i < COUNT(plain); i++) { // first G's file, then D's
        struct captured log;
        struct clg_gan *to = gan_new(2);
        struct clg_log old = quiet(&log);
        to->log = test_device()->log;
        take(&t, from, "netG.", plain[i]);
        save(&t);
        release(&t);
        assert_int_equal(clg_gan_init_from(to, path), 0);
        assert_false(same_gans(from, to));
        captured_has(&log, "holds no discriminator");
        take(&t, from, "netD.", plain[i]);
        save(&t);
        release(&t);
        assert_int_equal(clg_gan_init_from(to, path), 0);
        captured_has(&log, "holds no generator");
        assert_true(same_gans(from, to));
        loud_again(old);
        clg_gan_free(&to);
    }
    clg_gan_free(&from);
}

// --- biases ------------------------------------------------------------------------------------
static float value_of(struct clg_gan *gan, const char *name, int at)
{
    struct clg_tensor_info info;
    float values[VALUES_MAX];
    for (int i = 0; i < clg_gan_tensors(gan); i++) {
        assert_int_equal(clg_gan_tensor(gan, i, &info), 0);
        if (strcmp(info.name, name) == 0) {
            assert_int_equal(clg_gan_tensor_read(gan, i, values), 0);
            return values[at];
        }
    }
    fail_msg("no tensor %s", name);
    return 0;
}

static void test_biases(void **state)
{
    (void)state;
    struct captured log;
    struct clg_gan *from = gan_new(1), *to = gan_new(2);
    struct tensors t = {.n = 0};
    take(&t, from, "netG.", "netG.");
    take(&t, from, "netD.", "netD.");
    add_vector(&t, "netG.main.0.bias", 8, 0.25f, 0.5f);
    add_vector(&t, "netD.main.2.bias", 8, -1, 0.125f);
    add_vector(&t, "netG.main.6.bias", 3, 0, 0); // no effect, as it is zero
    save(&t);
    struct clg_log old = quiet(&log);
    to->log = test_device()->log;
    assert_int_equal(clg_gan_init_from(to, path), 0);
    loud_again(old);
    captured_has(&log, "netG.main.6.bias (all 0)");
    assert_int_equal(log.lines, 1);
    for (int i = 0; i < 8; i++) {
        const double g = (double)value_of(from, "netG.main.1.running_mean", i) - (0.25 + 0.5 * i);
        const double d = (double)value_of(from, "netD.main.3.running_mean", i) - (-1 + 0.125 * i);
        assert_true(value_of(to, "netG.main.1.running_mean", i) == (float)g);
        assert_true(value_of(to, "netD.main.3.running_mean", i) == (float)d);
    }
    add_vector(&t, "netD.main.0.bias", 4, 0, 0.5f); // no batch norm follows it
    add_vector(&t, "netD.main.5.bias", 1, 3, 0);
    save(&t);
    REFUSED_FILE("netD.main.0.bias, netD.main.5.bias", "no place", "no bias");
    release(&t);
    take(&t, from, "netG.", "netG.");
    add_vector(&t, "netG.main.3.bias", 5, 1, 0); // of a layer with four maps
    save(&t);
    REFUSED_FILE("netG.main.3.bias");
    release(&t);
    clg_gan_free(&from);
    clg_gan_free(&to);
}

TEST_MAIN("weights", set_up, tear_down, TEST(test_names), TEST(test_prefixes), TEST(test_biases))
