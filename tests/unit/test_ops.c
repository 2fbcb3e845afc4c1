// Elementwise operations, dot product, loss and optimiser against float64 host loops, on awkward counts.
#include "ops_fixture.h"

static const int counts[] = {1, 2, 15, 16, 17, 63, 1000, 1025, 4095, 4099, 8193};
static const int channels[] = {1, 3, 17, 32, 48, 100};

static void test_fill(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(counts); i++) {
        struct guarded x = guarded(vector_of((size_t)counts[i]));
        assert_int_equal(clg_fill(test_device(), x.view, -1.25f), 0);
        float *is = guarded_read("fill", x);
        for (int j = 0; j < counts[i]; j++)
            if (is[j] != -1.25f)
                fail_msg("fill of %d: value %d is %g", counts[i], j, is[j]);
        free(is);
        test_free_all();
    }
}

static void test_copy(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(counts); i++) {
        size_t n = (size_t)counts[i];
        float *host = host_normal(1, n, 0, 1);
        struct guarded x = guarded_of(vector_of(n), host), y = guarded(vector_of(n));
        assert_int_equal(clg_copy(test_device(), x.view, y.view), 0);
        float *is = guarded_read("copy", y);
        same_bits("copy", is, host, n);
        free(is), free(host);
        test_free_all();
    }
}

static void test_axpy_scale(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(counts); i++) {
        size_t n = (size_t)counts[i];
        float *x = host_normal(2, n, 0, 1), *y = host_normal(3, n, 0, 1);
        double *expected = host_zeros(n);
        struct guarded tx = guarded_of(vector_of(n), x), ty = guarded_of(vector_of(n), y);
        char what[64];
        snprintf(what, sizeof what, "axpy of %zu", n);
        for (size_t j = 0; j < n; j++)
            expected[j] = y[j] - 1.7 * x[j];
        assert_int_equal(clg_axpy(test_device(), -1.7f, tx.view, ty.view), 0);
        guarded_close(what, ty, expected, 1e-6);
        snprintf(what, sizeof what, "scale of %zu", n);
        for (size_t j = 0; j < n; j++)
            expected[j] *= 0.3;
        assert_int_equal(clg_scale(test_device(), 0.3f, ty.view), 0);
        guarded_close(what, ty, expected, 1e-6);
        free(x), free(y), free(expected);
        test_free_all();
    }
}

static void test_multiply(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(counts); i++) {
        size_t n = (size_t)counts[i];
        float *x = host_normal(12, n, 0, 1), *y = host_normal(13, n, 0, 1);
        double *expected = host_zeros(n);
        struct guarded tx = guarded_of(vector_of(n), x), ty = guarded_of(vector_of(n), y);
        for (size_t j = 0; j < n; j++)
            expected[j] = (double)x[j] * y[j];
        assert_int_equal(clg_multiply(test_device(), tx.view, ty.view), 0);
        guarded_close("multiply", ty, expected, 1e-6);
        free(x), free(y), free(expected);
        test_free_all();
    }
}

static void test_channels_scale(void **state)
{
    (void)state;
    static const struct clg_shape shapes[] = {{1, 1, 1, 1}, {2, 3, 5, 7}, {3, 4, 4, 16}, {1, 33, 31, 19}};
    for (size_t i = 0; i < COUNT(shapes); i++) {
        const size_t n = clg_shape_count(shapes[i]), c = (size_t)shapes[i].c;
        float *s = host_normal(14, c, 0, 1), *x = host_normal(15, n, 0, 1);
        double *expected = host_zeros(n);
        struct guarded ts = guarded_of(vector_of(c), s), tx = guarded_of(shapes[i], x);
        for (size_t j = 0; j < n; j++)
            expected[j] = (double)x[j] * s[j % c];
        assert_int_equal(clg_channels_scale(test_device(), ts.view, tx.view), 0);
        guarded_close("scale by channels", tx, expected, 1e-6);
        free(s), free(x), free(expected);
        test_free_all();
    }
}

// Against float64, relative to the sum of |x y|; and twice the same bits.
static void test_dot(void **state)
{
    (void)state;
    static const int sizes[] = {1, 2, 15, 17, 1000, 1025, 8193, 100003, 2200007};
    for (size_t i = 0; i < COUNT(sizes); i++) {
        size_t n = (size_t)sizes[i];
        float *x = host_normal(4, n, 0.3f, 1), *y = host_normal(5, n, 0.2f, 1), *first, *second;
        struct guarded tx = guarded_of(vector_of(n), x), ty = guarded_of(vector_of(n), y);
        struct guarded a = guarded(vector_of(1)), b = guarded(vector_of(1));
        double expected = 0, scale = 0;
        for (size_t j = 0; j < n; j++) {
            expected += (double)x[j] * y[j];
            scale += fabs((double)x[j] * y[j]);
        }
        assert_int_equal(clg_dot(test_device(), tx.view, ty.view, a.view), 0);
        assert_int_equal(clg_dot(test_device(), tx.view, ty.view, b.view), 0);
        first = guarded_read("dot", a), second = guarded_read("dot", b);
        if (!(fabs(first[0] - expected) <= 1e-6 * scale))
            fail_msg("dot of %zu: %.9g, expected %.9g (sum of magnitudes %.3g)", n, first[0], expected,
                     scale);
        same_bits("dot, again", second, first, 1);
        free(x), free(y), free(first), free(second);
        test_free_all();
    }
}

// --- bias, channel ranges ---------------------------------

static void test_bias_add(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(channels); i++) {
        size_t c = (size_t)channels[i];
        struct clg_shape shape = {i % 2 ? 1 : 3, 5, 3, (int)c};
        size_t n = clg_shape_count(shape);
        float *x = host_normal(8, n, 0, 1), *b = host_normal(9, c, 0, 1);
        double *expected = host_zeros(n);
        for (size_t j = 0; j < n; j++)
            expected[j] = (double)x[j] + b[j % c];
        struct guarded tx = guarded_of(shape, x), tb = guarded_of(vector_of(c), b);
        char what[64];
        snprintf(what, sizeof what, "bias add, %d x 5x3x%zu", shape.n, c);
        assert_int_equal(clg_bias_add(test_device(), tb.view, tx.view), 0);
        guarded_close(what, tx, expected, 1e-6);
        free(x), free(b), free(expected);
        test_free_all();
    }
}

static void check_channels(struct clg_shape whole, int from, int c)
{
    struct clg_shape part = {whole.n, whole.h, whole.w, c};
    size_t n = clg_shape_count(part), rows = n / (size_t)c;
    float *host = host_normal(10, n, 0, 1);
    struct guarded tp = guarded_of(part, host), tw = guarded(whole), back = guarded(part);
    char what[96];
    snprintf(what, sizeof what, "channels %d to %d of %d x %dx%dx%d", from, from + c, whole.n, whole.h,
             whole.w, whole.c);
    assert_int_equal(clg_channels_put(test_device(), tp.view, tw.view, from), 0);
    float *is = guarded_read(what, tw);
    for (size_t r = 0; r < rows; r++)
        for (int k = 0; k < whole.c; k++) {
            float value = is[r * (size_t)whole.c + (size_t)k];
            bool inside = k >= from && k < from + c;
            if (inside ? value != host[r * (size_t)c + (size_t)(k - from)] : !isnan(value))
                fail_msg("%s: put %g to row %zu, channel %d", what, value, r, k);
        }
    assert_int_equal(clg_channels_get(test_device(), tw.view, from, back.view), 0);
    float *got = guarded_read(what, back);
    same_bits(what, got, host, n);
    free(host), free(is), free(got);
    test_free_all();
}

static void test_channels(void **state)
{
    (void)state;
    check_channels((struct clg_shape){1, 1, 1, 1}, 0, 1);
    check_channels((struct clg_shape){2, 3, 5, 7}, 0, 3);
    check_channels((struct clg_shape){2, 3, 5, 7}, 3, 4);
    check_channels((struct clg_shape){1, 4, 4, 48}, 17, 1);
    check_channels((struct clg_shape){3, 2, 3, 100}, 68, 32);
    check_channels((struct clg_shape){5, 1, 1, 33}, 0, 33);
}

// --- loss and optimiser ---------------------------------

static double sigmoid(double x)
{
    return x >= 0 ? 1 / (1 + exp(-x)) : exp(x) / (1 + exp(x));
}

// Every gradient relative to itself: a small one counts as much as a large one.
static void check_bce(const float *x, size_t n, float target)
{
    struct guarded tx = guarded_of(vector_of(n), x), dx = guarded(vector_of(n)),
                   stats = guarded(vector_of(2));
    double expected[2] = {0};
    assert_int_equal(clg_bce(test_device(), tx.view, target, dx.view, stats.view), 0);
    float *is = guarded_read("BCE's gradient", dx), *sums = guarded_read("BCE's statistics", stats);
    for (size_t i = 0; i < n; i++) {
        expected[0] += (fmax(x[i], 0) - (double)x[i] * target + log1p(exp(-fabs(x[i])))) / (double)n;
        expected[1] += sigmoid(x[i]) / (double)n;
        double e = (sigmoid(x[i]) - target) / (double)n;
        // 1 - sigmoid(large) loses digits in float32: half an ulp of 1 is allowed besides.
        double allowed = 2e-6 * fabs(e) + (target > 0 ? 1e-7 / (double)n : 1e-37);
        if (!(fabs(is[i] - e) <= allowed))
            fail_msg("BCE of %zu, target %g: gradient of %g is %.9g, expected %.9g", n, target, x[i], is[i],
                     e);
    }
    for (int k = 0; k < 2; k++)
        if (!(fabs(sums[k] - expected[k]) <= 2e-6 * fabs(expected[k]) + 1e-37))
            fail_msg("BCE of %zu, target %g: statistic %d is %.9g, expected %.9g", n, target, k, sums[k],
                     expected[k]);
    free(is), free(sums);
    test_free_all();
}

static void test_bce(void **state)
{
    (void)state;
    static const size_t sizes[] = {1, 2, 15, 17, 128, 1003};
    static const float large[] = {100, -100, 20, -20, 88, -88, 0.5f};
    for (int target = 0; target < 2; target++) {
        for (size_t i = 0; i < COUNT(sizes); i++) {
            float *x = host_normal(11, sizes[i], 0.2f, 3);
            check_bce(x, sizes[i], (float)target);
            free(x);
        }
        check_bce(large, COUNT(large), (float)target);
        for (size_t i = 0; i < COUNT(large); i++)
            check_bce(&large[i], 1, (float)target);
    }
}

// Three steps with changing rates and gradients; state in float64 beside.
static void check_adam(size_t n)
{
    const float beta1 = 0.5f, beta2 = 0.999f, eps = 1e-8f;
    struct clg_device *d = test_device();
    float *start = host_normal(12, n, 0, 1);
    double *p = host_zeros(n), *m = host_zeros(n), *v = host_zeros(n);
    struct guarded tp = guarded_of(vector_of(n), start), tm = guarded(vector_of(n)),
                   tv = guarded(vector_of(n));
    struct guarded tg = guarded(vector_of(n)), rates = guarded(vector_of(2));
    assert_int_equal(clg_fill(d, tm.view, 0), 0);
    assert_int_equal(clg_fill(d, tv.view, 0), 0);
    for (size_t i = 0; i < n; i++)
        p[i] = start[i];
    for (int t = 1; t <= 3; t++) {
        const float r[2] = {(float)(0.002 * t / (1 - pow(beta1, t))), (float)(1 / sqrt(1 - pow(beta2, t)))};
        float *g = host_normal(12 + (uint64_t)t, n, 0, 0.1f);
        assert_int_equal(clg_tensor_write(d, rates.view, r), 0);
        assert_int_equal(clg_tensor_write(d, tg.view, g), 0);
        assert_int_equal(clg_adam(d, beta1, beta2, eps, rates.view, tg.view, tp.view, tm.view, tv.view), 0);
        for (size_t i = 0; i < n; i++) {
            m[i] = beta1 * m[i] + (1.0 - beta1) * g[i];
            v[i] = beta2 * v[i] + (1.0 - beta2) * g[i] * g[i];
            p[i] -= r[0] * m[i] / (sqrt(v[i]) * r[1] + eps);
        }
        char what[64];
        snprintf(what, sizeof what, "Adam on %zu, step %d", n, t);
        guarded_close(what, tp, p, 2e-6);
        guarded_close(what, tm, m, 2e-6);
        guarded_close(what, tv, v, 2e-6);
        free(g);
    }
    free(start), free(p), free(m), free(v);
    test_free_all();
}

static void test_adam(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(counts); i++)
        check_adam((size_t)counts[i]);
}

static void test_ema(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(counts); i++) {
        size_t n = (size_t)counts[i];
        float *p = host_normal(20, n, 0, 1), *a = host_normal(21, n, 0, 1);
        double *expected = host_zeros(n);
        const float decay = 0.97f;
        for (size_t j = 0; j < n; j++)
            expected[j] = decay * (double)a[j] + (1.0 - decay) * p[j];
        struct guarded tp = guarded_of(vector_of(n), p), ta = guarded_of(vector_of(n), a);
        assert_int_equal(clg_ema(test_device(), decay, tp.view, ta.view), 0);
        guarded_close("moving average", ta, expected, 1e-6);
        free(p), free(a), free(expected);
        test_free_all();
    }
}

// All byte values, and counts that end inside a word; the ends of the range are exact.
static void test_pixels(void **state)
{
    (void)state;
    static const size_t sizes[] = {1, 3, 16, 257, 1027};
    for (size_t i = 0; i < COUNT(sizes); i++) {
        size_t n = sizes[i];
        uint8_t *bytes = malloc(n);
        double *expected = host_zeros(n);
        for (size_t j = 0; j < n; j++) {
            bytes[j] = (uint8_t)(255 - j * 7 % 256);
            expected[j] = bytes[j] / 127.5 - 1;
        }
        struct clg_tensor packed = test_poisoned(vector_of(n / 4 + 1));
        struct guarded x = guarded(vector_of(n));
        assert_int_equal(clg_tensor_write_later(test_device(), packed, bytes, n), 0);
        assert_int_equal(clg_pixels(test_device(), packed, x.view), 0);
        guarded_close("pixels", x, expected, 1e-6);
        float *is = guarded_read("pixels", x);
        for (size_t j = 0; j < n; j++)
            if (is[j] < -1 || is[j] > 1 || (bytes[j] == 255 && is[j] != 1) || (bytes[j] == 0 && is[j] != -1))
                fail_msg("pixel %d became %.9g", bytes[j], is[j]);
        free(bytes), free(expected), free(is);
        test_free_all();
    }
}

// --- refusals ---------------------------------

static void test_bad_counts(void **state)
{
    (void)state;
    struct clg_device *d = test_device();
    struct clg_tensor a = test_random(vector_of(7), 1, NULL), b = test_random(vector_of(8), 2, NULL), two = b,
                      one = b;
    two.shape.c = 2, one.shape.c = 1;
    struct captured log;
    struct clg_log old = quiet(&log);
    REFUSED(&log, clg_copy(d, a, b));
    REFUSED(&log, clg_axpy(d, 1, a, b));
    REFUSED(&log, clg_multiply(d, a, b));
    REFUSED(&log, clg_dot(d, a, b, one));
    REFUSED(&log, clg_bce(d, a, 1, b, two));
    REFUSED(&log, clg_bce(d, a, 1, a, one));
    REFUSED(&log, clg_adam(d, 0.5f, 0.9f, 1e-8f, two, b, a, a, a));
    REFUSED(&log, clg_adam(d, 0.5f, 0.9f, 1e-8f, two, a, a, b, a));
    REFUSED(&log, clg_adam(d, 0.5f, 0.9f, 1e-8f, two, a, a, a, b));
    REFUSED(&log, clg_ema(d, 0.9f, a, b));
    loud_again(old);
    test_free_all();
}

static void test_bad_shapes(void **state)
{
    (void)state;
    struct clg_device *d = test_device();
    struct clg_tensor x = test_random((struct clg_shape){2, 3, 3, 5}, 1, NULL),
                      v4 = test_random(vector_of(4), 2, NULL);
    struct clg_tensor part = test_random((struct clg_shape){2, 3, 3, 2}, 3, NULL);
    struct clg_tensor other = test_random((struct clg_shape){2, 3, 2, 2}, 3, NULL);
    struct captured log;
    struct clg_log old = quiet(&log);
    REFUSED(&log, clg_bias_add(d, v4, x));
    REFUSED(&log, clg_bias_backward(d, x, v4, false));
    REFUSED(&log, clg_channels_scale(d, v4, x));
    REFUSED(&log, clg_channels_put(d, part, x, 4));
    REFUSED(&log, clg_channels_put(d, part, x, -1));
    REFUSED(&log, clg_channels_get(d, x, 4, part));
    REFUSED(&log, clg_channels_get(d, part, 0, x));
    REFUSED(&log, clg_channels_put(d, other, x, 0));
    REFUSED(&log, clg_channels_get(d, x, 2147483647, part));
    loud_again(old);
    test_free_all();
}

// Adam reads two rates.
static void test_bad_rates(void **state)
{
    (void)state;
    struct clg_tensor a = test_random(vector_of(7), 1, NULL), one = test_random(vector_of(1), 2, NULL);
    struct captured log;
    struct clg_log old = quiet(&log);
    int status = clg_adam(test_device(), 0.5f, 0.9f, 1e-8f, one, a, a, a, a);
    loud_again(old);
    test_free_all();
    refused("Adam with one rate instead of two", status, &log);
}

static void test_forms(void **state)
{
    (void)state;
    static void (*const tests[])(void **) = {
        test_fill,           test_copy,     test_axpy_scale, test_multiply, test_bias_add,
        test_channels_scale, test_channels, test_adam,       test_ema,      test_pixels};
    in_every_form(tests, COUNT(tests));
}

TEST_MAIN("operations", NULL, test_device_teardown, TEST(test_fill), TEST(test_copy), TEST(test_axpy_scale),
          TEST(test_dot), TEST(test_multiply), TEST(test_channels_scale), TEST(test_bias_add),
          TEST(test_channels), TEST(test_bce), TEST(test_adam), TEST(test_ema), TEST(test_pixels),
          TEST(test_bad_counts), TEST(test_bad_shapes), TEST(test_bad_rates), TEST(test_forms))
