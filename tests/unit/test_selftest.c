// Operations without variants on trial: all are right here; every kernel made wrong on purpose is found by
// the trial of its operation, and refuses the device where it is needed.
#include "mutate.h"

#include "explore/project.h"
#include "gan/gan.h"
#include "nn/layers.h"
#include "selftest/selftest.h"

#include <unistd.h>

// Batch norm of these has vectors of 16, 4 and 1, and many rows or few.
static const int channels[] = {64, 300, 37, 3};

static const struct clg_selftest *row_of(const char *name)
{
    const struct clg_selftest *row;
    for (int i = 0; (row = clg_selftest_at(i)); i++)
        if (!strcmp(row->name, name))
            return row;
    fail_msg("no trial called %s", name);
    return NULL;
}

static void all_right(void **state)
{
    (void)state;
    const struct clg_selftest *row;
    int rows = 0;
    for (size_t c = 0; c < COUNT(channels); c++)
        for (int i = 0; (row = clg_selftest_at(i)); i++, rows++) {
            double error;
            assert_int_equal(clg_selftest_run(test_device(), row, channels[c], &error), 0);
            if (!(error <= row->limit))
                fail_msg("%s, %d channels: error %g, allowed %g", row->name, channels[c], error, row->limit);
        }
    assert_true(rows >= 100);
}

static void test_right(void **state)
{
    (void)state;
    void (*const tests[])(void **) = {all_right};
    in_every_form(tests, 1);
}

static const struct {
    const char *row;
    struct defect defect;
} mutations[] = {
    {"fill", {"element.cl", "put(value,", "put(value + 1e-6f,"}},
    {"fill",
     {"element.cl", "i + l < end; l++)\n        p[i + l]", "i + l < end + 1; l++)\n        p[i + l]"}},
    {"copy", {"element.cl", "put(get(AT(x), i, end), AT(y)", "put(get(AT(x), i - i % (2 * VF), end), AT(y)"}},
    {"copy", {"element.cl", "i + l < end ? p[i + l]", "i + l + 1 < end ? p[i + l]"}},
    {"axpy", {"element.cl", "+ a * get", "- a * get"}},
    {"scale", {"element.cl", "put(a * get", "put(a + get"}},
    {"multiply", {"element.cl", "end) * get(AT(x)", "end) + get(AT(x)"}},
    {"scale by channels", {"element.cl", "*= s[i % c]", "*= s[i % (c - 1)]"}},
    {"bias", {"element.cl", "+= b[i % c]", "+= b[(i + 1) % c]"}},
    {"channels put", {"element.cl", "from + i % pc] = part[i]", "from + 1 + i % pc] = part[i]"}},
    {"channels get", {"element.cl", "= whole[i / pc * wc + from", "= whole[i / pc * wc + 1"}},
    {"pixels", {"element.cl", "(bytes[i] - 127.5f)", "(bytes[i] - 127.0f)"}},
    {"ReLU", {"element.cl", "x <= 0.0f)", "x <= 0.1f)"}},
    {"ReLU gradient", {"element.cl", "(fv)1.0f, y > 0.0f)", "(fv)1.0f, y > -0.1f)"}},
    {"LeakyReLU", {"element.cl", "select(slope * x, x", "select(slope + x, x"}},
    {"LeakyReLU gradient", {"element.cl", "select((fv)slope", "select((fv)0.25f"}},
    {"tanh", {"element.cl", "0.333332819421f", "0.3333f"}},
    {"tanh", {"element.cl", "1.0f - 2.0f / (e + 1.0f)", "1.0f - 2.0f / (e + 1.001f)"}},
    {"tanh gradient", {"element.cl", "(1.0f - y * y)", "(1.0f + y * y)"}},
    {"sigmoid", {"element.cl", "exp(-x)))", "exp(x)))"}},
    {"sigmoid gradient", {"element.cl", "(y * (1.0f - y))", "(y * (1.0f + y))"}},
    {"dot product", {"reduce.cl", "sum += x[i] * y[i]", "sum += x[i] * x[i]"}},
    {"dot product", {"reduce.cl", "sum += AT(parts)[i]", "sum += AT(parts)[0]"}},
    {"binary cross-entropy", {"loss.cl", "[i] = (sigmoid - target)", "[i] = (sigmoid + target)"}},
    {"binary cross-entropy", {"loss.cl", "log1p(e)", "e"}},
    {"binary cross-entropy", {"loss.cl", "[1] = mean /", "[1] = loss /"}},
    {"Adam", {"element.cl", "(sqrt(v) * inverse", "(sqrt(v) + inverse"}},
    {"Adam", {"element.cl", "(1.0f - beta2) * g * g", "(1.0f - beta2) * g"}},
    {"Adam with its guard", {"element.cl", "guarded && !isfinite", "guarded && isnan"}},
    {"Adam with its guard", {"element.cl", "guarded && !isfinite", "guarded || !isfinite"}},
    {"moving average", {"element.cl", "(1.0f - decay)", "(1.1f - decay)"}},
    {"plain matrix product", {"gemm_plain.cl", "ta ? (ulong)l * m", "ta ? (ulong)l * k"}},
    {"plain matrix product", {"gemm_plain.cl", "beta * AT(c)[at]", "AT(c)[0]"}},
    {"batch norm, training",
     {"norm.cl", "squares[v] += few_squares[v] - few_sum[v] * few_sum[v] * share;", ""}},
    {"batch norm, training", {"norm.cl", "mean += delta * share", "mean += delta"}},
    {"batch norm, training", {"norm.cl", "max(rows - 1, 1)", "rows"}},
    {"batch norm, training", {"norm.cl", "slope * (v)", "slope + (v)"}},
    {"batch norm, running",
     {"norm.cl", "sqrt(LOADC(AT(var) + c) + eps)", "sqrt(LOADC(AT(var) + c) + 1e-3f)"}},
    {"batch norm gradient", {"norm.cl", "slope * (dy)", "slope + (dy)"}},
    {"batch norm gradient", {"norm.cl", "product += LOADC(AT(parts)", "product -= LOADC(AT(parts)"}},
    {"batch norm gradient", {"norm.cl", "- d * tilt[v]", ""}},
    {"bias gradient", {"norm.cl", "accumulate ? LOADC(AT(sum) + c) :", "0 ? LOADC(AT(sum) + c) :"}},
    {"max pooling", {"pool.cl", "v > most || isnan(v)", "v < most || isnan(v)"}},
    {"max pooling gradient", {"pool.cl", "best == (iy", "best != (iy"}},
    {"average pooling", {"pool.cl", "sum / (size * size)", "sum / size"}},
    {"average pooling gradient", {"pool.cl", "dy / (size * size)", "dy / size"}},
};

static struct clg_device *device_with(const struct defect *defect, struct captured *log)
{
    folder_clear(test_folder);
    defect_write(test_folder, defect);
    return opened((struct clg_device_params){.kernels_dir = test_folder}, log);
}

static void test_found(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(mutations); i++) {
        struct captured log;
        struct clg_device *d = device_with(&mutations[i].defect, &log);
        const struct clg_selftest *row = row_of(mutations[i].row);
        double error;
        assert_int_equal(clg_selftest_run(d, row, channels[0], &error), 0);
        if (!(error > row->limit))
            fail_msg("%s: \"%s\" for \"%s\" goes unnoticed: error %g, allowed %g", row->name,
                     mutations[i].defect.to, mutations[i].defect.from, error, row->limit);
        clg_device_close(&d);
    }
    const struct clg_selftest *row; // each is among them
    for (int i = 0; (row = clg_selftest_at(i)); i++) {
        size_t k = 0;
        while (k < COUNT(mutations) && strcmp(mutations[k].row, row->name))
            k++;
        if (k == COUNT(mutations))
            fail_msg("no mutation for %s", row->name);
    }
}

// --- every layer has self-tests, and every self-test is needed ---------------------------------
static bool has(const char *const *names, const char *name)
{
    for (; *names; names++)
        if (!strcmp(*names, name))
            return true;
    return false;
}

// One layer with everything that it can have, of each type and, where they differ, each kind.
static struct clg_layer with_bias(struct clg_layer layer)
{
    layer.conv.bias = true;
    return layer;
}

static int examples(struct clg_layer *layers)
{
    int n = 0;
    layers[n++] = with_bias(clg_layer_conv("a", 1, 4, 2, 1));
    layers[n++] = with_bias(clg_layer_conv_transpose("a", 1, 4, 2, 1));
    layers[n++] = clg_layer_norm("a", (struct clg_act){CLG_ACT_LEAKY_RELU, 0.2f});
    for (int kind = CLG_ACT_NONE; kind <= CLG_ACT_SIGMOID; kind++)
        layers[n++] = clg_layer_act("a", (struct clg_act){kind, 0});
    layers[n++] = clg_layer_pool("a", (struct clg_pool){CLG_POOL_MAX, 2, 2});
    layers[n++] = clg_layer_pool("a", (struct clg_pool){CLG_POOL_AVERAGE, 2, 2});
    layers[n++] = clg_layer_dense("a", 1);
    layers[n++] = clg_layer_reshape("a", 1, 1, 1);
    layers[n++] = clg_layer_concat("a", 0, 1);
    return n;
}

static void test_layers(void **state)
{
    (void)state;
    static const char *const by_passes[] = {"fill", "axpy", NULL}, *const public_only[] = {"scale", NULL};
    const char *losses[8] = {NULL};
    for (int i = 0; clg_losses[i].name; i++)
        losses[i] = clg_losses[i].selftest;
    const char *const *const others[] = {by_passes, public_only, clg_step_selftests, losses,
                                         clg_projection_selftests};
    struct clg_layer layers[32];
    const int n = examples(layers);
    bool used[100] = {false};
    for (const struct clg_layer_type *const *type = clg_layer_types; *type; type++) {
        int examples_n = 0;
        for (int i = 0; i < n; i++)
            examples_n += layers[i].type == *type;
        if (!examples_n)
            fail_msg("no example of the layer type %s", (*type)->name);
    }
    for (int i = 0; i < n; i++)
        for (int mode = CLG_PLAN_INFER; mode <= CLG_PLAN_KEEP_ALL; mode++) {
            const char *names[CLG_LAYER_SELFTESTS_MAX + 1];
            if (clg_layer_selftests(&layers[i], mode, names) < 1)
                fail_msg("%s: no self-test in mode %d", layers[i].type->name, mode);
            for (int k = 0; names[k]; k++)
                if (!clg_selftest_find(names[k]))
                    fail_msg("%s: no self-test called %s", layers[i].type->name, names[k]);
            for (int k = 0; clg_selftest_at(k); k++)
                used[k] |= has(names, clg_selftest_at(k)->name);
        }
    for (int k = 0; clg_selftest_at(k); k++) {
        for (size_t i = 0; i < COUNT(others); i++)
            used[k] |= has(others[i], clg_selftest_at(k)->name);
        if (!used[k])
            fail_msg("nothing needs the self-test %s", clg_selftest_at(k)->name);
    }
    for (size_t i = 0; i < COUNT(others); i++)
        for (const char *const *name = others[i]; *name; name++)
            if (!clg_selftest_find(*name))
                fail_msg("no self-test called %s", *name);
}

static struct clg_gan_params small(void)
{
    struct clg_gan_params p = clg_gan_params_default();
    p.size = 16, p.z = 8, p.ngf = 4, p.ndf = 4, p.batch = 2;
    return p;
}

// A first step, or a first picture: whether it is refused, with one line.
static void refuses(const struct defect *defect, bool trains, const char *name)
{
    struct captured log;
    struct clg_device *d = device_with(defect, &log);
    struct clg_gan_params p = small();
    struct clg_gan *gan;
    struct clg_gan_metrics metrics;
    uint8_t real[2 * 16 * 16 * 3] = {0};
    float z[8] = {0}, picture[16 * 16 * 3];
    assert_int_equal(clg_gan_new(&gan, d, &p), 0);
    int status = trains ? clg_gan_step(gan, real, &metrics) : clg_gan_generate(gan, z, 1, picture);
    assert_int_equal(status, name ? CLG_EDEVICE : 0);
    assert_int_equal(log.errors, name ? 1 : 0);
    if (name) {
        captured_has(&log, name);
        captured_has(&log, d->info.name);
        captured_has(&log, "another device");
    }
    clg_gan_free(&gan);
    clg_device_close(&d);
}

static void test_refused(void **state)
{
    (void)state;
    static const struct defect in_adam = {"element.cl", "(sqrt(v) * inverse", "(sqrt(v) + inverse"},
                               in_tanh = {"element.cl", "0.333332819421f", "0.3333f"};
    refuses(&in_adam, true, "Adam");
    refuses(&in_adam, false, NULL); // drawing pictures does without
    refuses(&in_tanh, true, "tanh");
    refuses(&in_tanh, false, "tanh");
}

// Once for a folder of caches.
static void test_remembered(void **state)
{
    (void)state;
    static const char *const names[] = {"fill", "batch norm, running", NULL};
    folder_clear(test_folder);
    for (int i = 0; i < 2; i++) {
        struct captured log;
        struct clg_device *d = opened((struct clg_device_params){.cache_dir = test_folder}, &log);
        assert_int_equal(clg_selftests_check(d, names, 8), 0);
        assert_int_equal(d->ops->selftests->tried, i ? 0 : 1);
        assert_int_equal(d->ops->selftests->n, 3); // the table's first entry is none
        assert_int_equal(clg_selftests_check(d, names, 8), 0);
        assert_int_equal(d->ops->selftests->tried, i ? 0 : 1);
        clg_device_close(&d);
    }
}

TEST_MAIN("basics", test_folder_setup, test_folder_teardown, TEST(test_right), TEST(test_found),
          TEST(test_refused), TEST(test_remembered), TEST(test_layers))
