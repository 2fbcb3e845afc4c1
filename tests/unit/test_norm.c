// Batch normalisation and the bias gradient against float64 host loops.
#include "norm_fixture.h"

// One program per (channels, activation): few of them. Vectors of 1, 4, 8 and 16 channels, ragged blocks of
// rows.
static const struct norm_case cases[] = {
    {{1, 1, 1, 1}, {CLG_ACT_NONE, 0}},
    {{3, 11, 13, 1}, {CLG_ACT_NONE, 0}},
    {{1, 1, 7, 3}, {CLG_ACT_RELU, 0}},
    {{5, 17, 19, 3}, {CLG_ACT_RELU, 0}},
    {{2, 3, 5, 17}, {CLG_ACT_LEAKY_RELU, 0.2f}},
    {{1, 5, 3, 32}, {CLG_ACT_RELU, 0}},
    {{3, 10, 9, 48}, {CLG_ACT_LEAKY_RELU, 0.2f}},
    {{1, 7, 1, 100}, {CLG_ACT_NONE, 0}},
    {{7, 4, 4, 24}, {CLG_ACT_LEAKY_RELU, -0.5f}},
    {{4, 24, 25, 20}, {CLG_ACT_LEAKY_RELU, 0.2f}}, // several times the rows that are summed first
    {{1, 1, 1, 33}, {CLG_ACT_RELU, 0}},
    {{3, 3, 3, 2052}, {CLG_ACT_NONE, 0}}, // more channels than one work-item takes
};

static void test_train(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        check_train(&cases[i]);
}

static void test_infer(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        check_infer(&cases[i]);
}

// Mean 1000, deviation 1: E[x^2] - E[x]^2 in float32 would be off by several per cent.
static void test_large_mean(void **state)
{
    (void)state;
    const struct norm_case s = {{5, 17, 19, 3}, {CLG_ACT_RELU, 0}};
    struct norm_fixture b = norm_fixture_new(&s, 1000);
    struct reference t = reference_of(&b);
    struct guarded y = guarded(s.shape);
    assert_int_equal(clg_norm_train(test_device(), b.norm, b.tx.view, y.view), 0);
    close_to("mean at 1000", &s, b.save_mean, t.mean, 1e-6);
    close_to("1/sqrt(var + eps) at 1000", &s, b.save_inv, t.inv, 1e-5);
    close_to("running variance at 1000", &s, b.running_var, t.running_var, 1e-5);
    close_to("output at 1000", &s, y, t.y, 1e-3); // the mean itself has an ulp of 6e-5
    reference_free(&t);
    norm_fixture_free(&b);
}

// Batches whose mean moves from row to row, far from where it began, and a mean of 10,000 deviations.
static void test_wandering_mean(void **state)
{
    (void)state;
    // The odd row is 58 deviations away, 3400 times the mean; half an ulp of 10000 is 5e-4 deviations.
    static const struct {
        const char *name;
        double mean, inv, y; // limits
    } kinds[] = {{"a step up", 1e-6, 1e-5, 1e-5},
                 {"a ramp", 1e-6, 1e-5, 1e-5},
                 {"an odd first row", 2e-3, 1e-5, 3e-5},
                 {"mean 10000", 1e-7, 1e-5, 7e-4}};
    const struct norm_case s = {{3, 33, 35, 20}, {CLG_ACT_NONE, 0}};
    for (size_t kind = 0; kind < COUNT(kinds); kind++) {
        struct norm_fixture b = norm_fixture_new(&s, 0);
        for (size_t i = 0; i < b.n; i++) {
            const size_t row = i / b.c;
            b.x[i] += kind == 0   ? (row < b.rows / 3 ? 0.0f : 1000.0f)
                      : kind == 1 ? (float)row
                      : kind == 2 ? (row == 0 ? 1000.0f : 0.0f)
                                  : 10000.0f;
        }
        assert_int_equal(clg_tensor_write(test_device(), b.tx.view, b.x), 0);
        struct reference t = reference_of(&b);
        struct guarded y = guarded(s.shape);
        assert_int_equal(clg_norm_train(test_device(), b.norm, b.tx.view, y.view), 0);
        close_to(kinds[kind].name, &s, b.save_mean, t.mean, kinds[kind].mean);
        close_to(kinds[kind].name, &s, b.save_inv, t.inv, kinds[kind].inv);
        close_to(kinds[kind].name, &s, b.running_var, t.running_var, kinds[kind].inv);
        close_to(kinds[kind].name, &s, y, t.y, kinds[kind].y);
        reference_free(&t);
        norm_fixture_free(&b);
    }
}

// The same input gives the same bits.
static void test_again(void **state)
{
    (void)state;
    const struct norm_case s = {{4, 24, 25, 20}, {CLG_ACT_LEAKY_RELU, 0.2f}};
    struct norm_fixture b = norm_fixture_new(&s, 1);
    float *first[5], *second[5];
    for (int pass = 0; pass < 2; pass++) {
        float **is = pass ? second : first;
        struct guarded y = guarded(s.shape), dx = guarded(s.shape);
        struct guarded dgamma = guarded(vector_of(b.c)), dbeta = guarded(vector_of(b.c));
        assert_int_equal(clg_norm_train(test_device(), b.norm, b.tx.view, y.view), 0);
        assert_int_equal(clg_norm_backward(test_device(), b.norm, b.tx.view, b.tdy.view, dx.view, dgamma.view,
                                           dbeta.view, false),
                         0);
        is[0] = guarded_read("y", y), is[1] = guarded_read("dx", dx);
        is[2] = guarded_read("dgamma", dgamma), is[3] = guarded_read("dbeta", dbeta);
        is[4] = guarded_read("1/sqrt(var + eps)", b.save_inv);
    }
    for (int i = 0; i < 5; i++) {
        same_bits("batch norm, again", second[i], first[i], i < 2 ? b.n : b.c);
        free(first[i]), free(second[i]);
    }
    norm_fixture_free(&b);
}

// dgamma and dbeta NULL: dx is the same, bit by bit.
static void test_data_only(void **state)
{
    (void)state;
    const struct norm_case s = {{2, 3, 5, 17}, {CLG_ACT_LEAKY_RELU, 0.2f}};
    struct norm_fixture b = norm_fixture_new(&s, 0);
    const struct clg_tensor none = {0};
    struct guarded y = guarded(s.shape), with = guarded(s.shape), without = guarded(s.shape);
    struct guarded dgamma = guarded(vector_of(b.c)), dbeta = guarded(vector_of(b.c));
    assert_int_equal(clg_norm_train(test_device(), b.norm, b.tx.view, y.view), 0);
    assert_int_equal(clg_norm_backward(test_device(), b.norm, b.tx.view, b.tdy.view, with.view, dgamma.view,
                                       dbeta.view, false),
                     0);
    assert_int_equal(
        clg_norm_backward(test_device(), b.norm, b.tx.view, b.tdy.view, without.view, none, none, true), 0);
    float *a = guarded_read("dx", with), *c = guarded_read("dx", without);
    same_bits("dx without dgamma and dbeta", c, a, b.n);
    free(a), free(c);
    norm_fixture_free(&b);
}

// One of the two wanted: it is written, the other is left alone.
static void test_one_of_two(void **state)
{
    (void)state;
    const struct norm_case s = {{2, 3, 5, 17}, {CLG_ACT_LEAKY_RELU, 0.2f}};
    struct norm_fixture b = norm_fixture_new(&s, 0);
    struct reference t = reference_of(&b);
    const struct clg_tensor none = {0};
    struct guarded y = guarded(s.shape), dx = guarded(s.shape), dbeta = guarded(vector_of(b.c));
    struct guarded dgamma = guarded(vector_of(b.c));
    assert_int_equal(clg_norm_train(test_device(), b.norm, b.tx.view, y.view), 0);
    assert_int_equal(
        clg_norm_backward(test_device(), b.norm, b.tx.view, b.tdy.view, dx.view, none, dbeta.view, false), 0);
    close_to("dbeta, without dgamma", &s, dbeta, t.dbeta, 1e-5);
    assert_int_equal(
        clg_norm_backward(test_device(), b.norm, b.tx.view, b.tdy.view, dx.view, dgamma.view, none, false),
        0);
    close_to("dgamma, without dbeta", &s, dgamma, t.dgamma, 1e-5);
    reference_free(&t);
    norm_fixture_free(&b);
}

// A NaN in one channel stays in that channel, and no activation hides it.
static void test_nan(void **state)
{
    (void)state;
    for (size_t i = 2; i < COUNT(cases); i++) {
        struct norm_fixture b = norm_fixture_new(&cases[i], 0);
        const size_t at = b.n / 2;
        b.x[at] = NAN;
        assert_int_equal(clg_tensor_write(test_device(), b.tx.view, b.x), 0);
        struct guarded y = guarded(cases[i].shape), z = guarded(cases[i].shape);
        assert_int_equal(clg_norm_infer(test_device(), b.norm, b.tx.view, y.view), 0);
        assert_int_equal(clg_norm_train(test_device(), b.norm, b.tx.view, z.view), 0);
        float *infer = guarded_read("inference", y), *train = guarded_read("training", z);
        for (size_t j = 0; j < b.n; j++)
            if (isnan(infer[j]) != (j == at) || isnan(train[j]) != (j % b.c == at % b.c))
                fail_msg("NaN at %zu of %s: value %zu is %g in inference, %g in training", at,
                         text_of(&cases[i]), j, infer[j], train[j]);
        free(infer), free(train);
        norm_fixture_free(&b);
    }
}

static void check_bias(struct clg_shape shape)
{
    size_t n = clg_shape_count(shape), c = (size_t)shape.c;
    float *dy = host_normal(7, n, 0.2f, 1), *old = host_normal(8, c, 0, 1);
    double *expected = host_zeros(c);
    for (size_t i = 0; i < n; i++)
        expected[i % c] += dy[i];
    struct guarded tdy = guarded_of(shape, dy), db = guarded(vector_of(c));
    char what[96];
    snprintf(what, sizeof what, "bias gradient of %d x %dx%dx%d", shape.n, shape.h, shape.w, shape.c);
    assert_int_equal(clg_bias_backward(test_device(), tdy.view, db.view, false), 0);
    guarded_close(what, db, expected, 1e-5);
    assert_int_equal(clg_tensor_write(test_device(), db.view, old), 0);
    for (size_t k = 0; k < c; k++)
        expected[k] += old[k];
    assert_int_equal(clg_bias_backward(test_device(), tdy.view, db.view, true), 0);
    strcat(what, ", accumulated");
    guarded_close(what, db, expected, 1e-5);
    free(dy), free(old), free(expected);
    test_free_all();
}

static void test_bias_backward(void **state)
{
    (void)state;
    check_bias((struct clg_shape){1, 1, 1, 1});
    check_bias((struct clg_shape){3, 11, 13, 1});
    check_bias((struct clg_shape){2, 5, 3, 100});
    check_bias((struct clg_shape){9, 1, 1, 17});
    check_bias((struct clg_shape){4, 16, 15, 3});
}

static void test_refusals(void **state)
{
    (void)state;
    struct clg_device *d = test_device();
    struct norm_fixture b = norm_fixture_new(&cases[4], 0);
    struct guarded y = guarded(cases[4].shape);
    struct clg_tensor x = b.tx.view, dy = b.tdy.view, none = {0}, wrong = y.view;
    wrong.shape.h--;
    struct clg_norm good = b.norm, bad = b.norm;
    struct captured log;
    struct clg_log old = quiet(&log);
    REFUSED(&log, clg_norm_train(d, good, x, wrong));
    REFUSED(&log, clg_norm_infer(d, good, x, wrong));
    REFUSED(&log, clg_norm_backward(d, good, x, wrong, y.view, none, none, false));
    REFUSED(&log, clg_norm_backward(d, good, x, dy, wrong, none, none, false));
    struct clg_tensor *vectors[] = {&bad.gamma,       &bad.beta,      &bad.running_mean,
                                    &bad.running_var, &bad.save_mean, &bad.save_inv};
    for (size_t i = 0; i < COUNT(vectors); i++) {
        bad = good;
        vectors[i]->shape.c--;
        REFUSED(&log, clg_norm_train(d, bad, x, y.view));
        REFUSED(&log, clg_norm_infer(d, bad, x, y.view));
        REFUSED(&log, clg_norm_backward(d, bad, x, dy, y.view, none, none, false));
    }
    bad = good;
    bad.act.kind = CLG_ACT_TANH;
    REFUSED(&log, clg_norm_train(d, bad, x, y.view));
    loud_again(old);
    norm_fixture_free(&b);
}

// Gradients of another channel count would be written past their end.
static void test_bad_gradients(void **state)
{
    (void)state;
    struct norm_fixture b = norm_fixture_new(&cases[4], 0);
    struct guarded dx = guarded(cases[4].shape), right = guarded(vector_of(b.c)),
                   wrong = guarded(vector_of(b.c));
    wrong.view.shape.c--;
    struct captured log;
    struct clg_log old = quiet(&log);
    assert_int_equal(clg_norm_train(test_device(), b.norm, b.tx.view, dx.view), 0);
    int gamma = clg_norm_backward(test_device(), b.norm, b.tx.view, b.tdy.view, dx.view, wrong.view,
                                  right.view, false);
    int beta = clg_norm_backward(test_device(), b.norm, b.tx.view, b.tdy.view, dx.view, right.view,
                                 wrong.view, false);
    loud_again(old);
    norm_fixture_free(&b);
    if (gamma != CLG_EINVAL || beta != CLG_EINVAL)
        fail_msg("dgamma of 16 values for 17 channels: status %d; dbeta: %d; expected CLG_EINVAL", gamma,
                 beta);
}

static void test_forms(void **state)
{
    (void)state;
    static void (*const tests[])(void **) = {test_train, test_infer, test_large_mean,   test_wandering_mean,
                                             test_again, test_nan,   test_bias_backward};
    in_every_form(tests, COUNT(tests));
}

TEST_MAIN("batch norm", NULL, test_device_teardown, TEST(test_train), TEST(test_infer), TEST(test_large_mean),
          TEST(test_data_only), TEST(test_nan), TEST(test_bias_backward), TEST(test_refusals),
          TEST(test_bad_gradients), TEST(test_one_of_two), TEST(test_wandering_mean), TEST(test_again),
          TEST(test_forms))
