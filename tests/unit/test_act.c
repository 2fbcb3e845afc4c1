// Activations forward and backward against float64, in place too; NaNs, infinities and large values.
#include "ops_fixture.h"

static const int counts[] = {1, 2, 15, 16, 17, 63, 1000, 1025, 4095, 4099, 8193};

static const char *const act_names[] = {"none", "ReLU", "LeakyReLU", "tanh", "sigmoid"};

static double act_value(struct clg_act act, double x)
{
    switch (act.kind) {
    case CLG_ACT_RELU: return x > 0 ? x : 0;
    case CLG_ACT_LEAKY_RELU: return x > 0 ? x : x * act.slope;
    case CLG_ACT_TANH: return tanh(x);
    case CLG_ACT_SIGMOID: return 1 / (1 + exp(-x));
    default: return x;
    }
}

static double act_slope(struct clg_act act, double x)
{
    switch (act.kind) {
    case CLG_ACT_RELU: return x > 0;
    case CLG_ACT_LEAKY_RELU: return x > 0 ? 1 : act.slope;
    case CLG_ACT_TANH: return 1 - tanh(x) * tanh(x);
    case CLG_ACT_SIGMOID: return act_value(act, x) * (1 - act_value(act, x));
    default: return 1;
    }
}

// Relative to dy, for 1 - y^2 loses digits where y is near 1.
static void gradient_close(const char *what, struct guarded tdx, const double *dx, const float *dy)
{
    size_t n = clg_shape_count(tdx.view.shape);
    float *is = guarded_read(what, tdx);
    for (size_t i = 0; i < n; i++)
        if (!(fabs(is[i] - dx[i]) <= 1e-6 * fabs(dy[i])))
            fail_msg("%s: value %zu is %.9g, expected %.9g (dy %.3g)", what, i, is[i], dx[i], dy[i]);
    free(is);
}

static void check_act(struct clg_act act, size_t n, bool in_place)
{
    struct clg_device *d = test_device();
    float *x = host_normal(6, n, 0, 2), *dy = host_normal(7, n, 0, 1);
    double *y = host_zeros(n), *dx = host_zeros(n);
    for (size_t i = 0; i < n; i++) {
        y[i] = act_value(act, x[i]);
        dx[i] = dy[i] * act_slope(act, x[i]);
    }
    struct guarded tx = guarded_of(vector_of(n), x), ty = in_place ? tx : guarded(vector_of(n));
    struct guarded tdy = guarded_of(vector_of(n), dy), tdx = in_place ? tdy : guarded(vector_of(n));
    char what[96];
    snprintf(what, sizeof what, "%s forward of %zu%s", act_names[act.kind], n, in_place ? " in place" : "");
    assert_int_equal(clg_act_forward(d, act, tx.view, ty.view), 0);
    guarded_close(what, ty, y, 1e-6);
    snprintf(what, sizeof what, "%s backward of %zu%s", act_names[act.kind], n, in_place ? " in place" : "");
    assert_int_equal(clg_act_backward(d, act, ty.view, tdy.view, tdx.view), 0);
    gradient_close(what, tdx, dx, dy);
    free(x), free(dy), free(y), free(dx);
    test_free_all();
}

static void test_act(void **state)
{
    (void)state;
    for (int kind = CLG_ACT_NONE; kind <= CLG_ACT_SIGMOID; kind++)
        for (size_t i = 0; i < COUNT(counts); i++)
            for (int in_place = 0; in_place < 2; in_place++)
                check_act((struct clg_act){(enum clg_act_kind)kind, 0.2f}, (size_t)counts[i], in_place);
}

// NaNs stay where they are; infinities and large values give the limits.
static void test_act_extremes(void **state)
{
    (void)state;
    static const float x[] = {NAN, 200, -200, INFINITY, -INFINITY, 0, -0.0f, NAN, 1e-30f, -1e-30f, 5};
    static const size_t n = COUNT(x);
    for (int kind = CLG_ACT_NONE; kind <= CLG_ACT_SIGMOID; kind++) {
        struct clg_act act = {(enum clg_act_kind)kind, 0.2f};
        struct guarded tx = guarded_of(vector_of(n), x), ty = guarded(vector_of(n));
        assert_int_equal(clg_act_forward(test_device(), act, tx.view, ty.view), 0);
        float *y = guarded_read(act_names[kind], ty);
        for (size_t i = 0; i < n; i++) {
            double e = act_value(act, x[i]);
            bool right = isnan(x[i]) ? isnan(y[i])
                         : isinf(e)  ? y[i] == (float)e
                                     : fabs(y[i] - e) <= 1e-6 * fabs(e) + 1e-37;
            if (!right)
                fail_msg("%s of %g is %g, expected %g", act_names[kind], x[i], y[i], isnan(x[i]) ? NAN : e);
        }
        free(y);
        test_free_all();
    }
}

// All of float32 in steps, denormals too, more finely from 2^-6 to 16: within 2e-7 of itself.
static void test_tanh(void **state)
{
    (void)state;
    enum { FROM = 0x3c800000, TO = 0x41800000, FINE = 1021, COARSE = 262139, INFINITE = 0x7f800000 };
    size_t n = 0, room = 2 * ((TO - FROM) / FINE + INFINITE / COARSE + 4);
    float *x = malloc(room * sizeof *x);
    for (uint32_t bits = 0; bits < INFINITE; bits += bits >= FROM && bits < TO ? FINE : COARSE)
        for (uint32_t sign = 0; sign < 2; sign++) {
            const uint32_t all = bits | sign << 31;
            memcpy(&x[n++], &all, sizeof all);
        }
    assert_true(n <= room);
    struct guarded tx = guarded_of(vector_of(n), x), ty = guarded(vector_of(n));
    assert_int_equal(clg_act_forward(test_device(), (struct clg_act){CLG_ACT_TANH, 0}, tx.view, ty.view), 0);
    float *y = guarded_read("tanh", ty);
    for (size_t i = 0; i < n; i++) {
        const double e = tanh(x[i]);
        if (!(fabs(y[i] - e) <= 2e-7 * fabs(e) + 1.2e-38) || fabs(y[i]) > 1) // a device may flush denormals
            fail_msg("tanh of %.9g is %.9g, expected %.9g", x[i], y[i], e);
    }
    free(x), free(y);
    test_free_all();
}

static void test_refusals(void **state)
{
    (void)state;
    struct clg_device *d = test_device();
    struct clg_tensor a = test_random(vector_of(7), 1, NULL), b = test_random(vector_of(8), 2, NULL);
    const struct clg_act act = {CLG_ACT_RELU, 0};
    struct captured log;
    struct clg_log old = quiet(&log);
    REFUSED(&log, clg_act_forward(d, act, a, b));
    REFUSED(&log, clg_act_backward(d, act, a, b, a));
    REFUSED(&log, clg_act_backward(d, act, a, a, b));
    loud_again(old);
    test_free_all();
}

static void test_forms(void **state)
{
    (void)state;
    static void (*const tests[])(void **) = {test_act, test_act_extremes, test_tanh};
    in_every_form(tests, COUNT(tests));
}

TEST_MAIN("activations", NULL, test_device_teardown, TEST(test_act), TEST(test_act_extremes), TEST(test_tanh),
          TEST(test_refusals), TEST(test_forms))
