// Batch normalisation and the bias gradient against float64 host loops.
#include "lab.h"

struct norm_case {
    struct clg_shape shape;
    struct clg_act act;
};
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
};

static const char *text_of(const struct norm_case *s)
{
    static char text[96];
    static const char *const names[] = {"none", "ReLU", "LeakyReLU"};
    snprintf(text, sizeof text, "%d x %dx%dx%d, %s", s->shape.n, s->shape.h, s->shape.w, s->shape.c,
             names[s->act.kind]);
    return text;
}

// Parameters, their host copies and all tensors of one case; x and dy on the host.
struct bench {
    size_t n, c, rows;
    float *x, *dy, *gamma, *beta, *mean, *var;
    struct guarded tx, tdy, save_mean, save_inv, running_mean, running_var, tgamma, tbeta;
    struct clg_norm norm;
};

static struct bench bench_new(const struct norm_case *s, float x_mean)
{
    struct bench b = {.n = clg_shape_count(s->shape), .c = (size_t)s->shape.c};
    b.rows = b.n / b.c;
    b.x = host_normal(1, b.n, x_mean, 1), b.dy = host_normal(2, b.n, 0, 1);
    b.gamma = host_normal(3, b.c, 1, 0.3f), b.beta = host_normal(4, b.c, 0, 0.5f);
    b.mean = host_normal(5, b.c, 0.5f, 1), b.var = host_normal(6, b.c, 3, 0.5f);
    b.tx = guarded_of(s->shape, b.x), b.tdy = guarded_of(s->shape, b.dy);
    b.tgamma = guarded_of(vector_of(b.c), b.gamma), b.tbeta = guarded_of(vector_of(b.c), b.beta);
    b.running_mean = guarded_of(vector_of(b.c), b.mean), b.running_var = guarded_of(vector_of(b.c), b.var);
    b.save_mean = guarded(vector_of(b.c)), b.save_inv = guarded(vector_of(b.c));
    b.norm = (struct clg_norm){b.tgamma.view,
                               b.tbeta.view,
                               b.running_mean.view,
                               b.running_var.view,
                               b.save_mean.view,
                               b.save_inv.view,
                               1e-5f,
                               0.1f,
                               s->act};
    return b;
}

static void bench_free(struct bench *b)
{
    free(b->x), free(b->dy), free(b->gamma), free(b->beta), free(b->mean), free(b->var);
    test_free_all();
}

static double act_value(struct clg_act act, double z)
{
    return z > 0 || act.kind == CLG_ACT_NONE ? z : act.kind == CLG_ACT_RELU ? 0 : act.slope * z;
}

static double act_slope(struct clg_act act, double z)
{
    return z > 0 || act.kind == CLG_ACT_NONE ? 1 : act.kind == CLG_ACT_RELU ? 0 : act.slope;
}

// What the host says: y, and vectors of c.
struct truth {
    double *y, *dx, *mean, *inv, *running_mean, *running_var, *dgamma, *dbeta;
};

static void truth_statistics(const struct bench *b, struct truth *t)
{
    for (size_t i = 0; i < b->n; i++)
        t->mean[i % b->c] += b->x[i] / (double)b->rows;
    for (size_t i = 0; i < b->n; i++)
        t->inv[i % b->c] += pow(b->x[i] - t->mean[i % b->c], 2); // the sum of squares, for now
    for (size_t k = 0; k < b->c; k++) {
        const double m = b->norm.momentum, sum = t->inv[k];
        t->running_mean[k] = (1 - m) * b->mean[k] + m * t->mean[k];
        t->running_var[k] = (1 - m) * b->var[k] + m * sum / (double)(b->rows > 1 ? b->rows - 1 : 1);
        t->inv[k] = 1 / sqrt(sum / (double)b->rows + b->norm.eps);
    }
}

static void truth_passes(const struct bench *b, struct truth *t)
{
    for (size_t i = 0; i < b->n; i++) {
        size_t k = i % b->c;
        double xhat = (b->x[i] - t->mean[k]) * t->inv[k], z = b->gamma[k] * xhat + b->beta[k];
        t->y[i] = act_value(b->norm.act, z);
        t->dbeta[k] += b->dy[i] * act_slope(b->norm.act, z);
        t->dgamma[k] += b->dy[i] * act_slope(b->norm.act, z) * xhat;
    }
    for (size_t i = 0; i < b->n; i++) {
        size_t k = i % b->c;
        double xhat = (b->x[i] - t->mean[k]) * t->inv[k], z = b->gamma[k] * xhat + b->beta[k];
        double dz = b->dy[i] * act_slope(b->norm.act, z);
        t->dx[i] = b->gamma[k] * t->inv[k] * (dz - (t->dbeta[k] + xhat * t->dgamma[k]) / (double)b->rows);
    }
}

static struct truth truth_of(const struct bench *b)
{
    struct truth t = {host_zeros(b->n), host_zeros(b->n), host_zeros(b->c), host_zeros(b->c),
                      host_zeros(b->c), host_zeros(b->c), host_zeros(b->c), host_zeros(b->c)};
    truth_statistics(b, &t);
    truth_passes(b, &t);
    return t;
}

static void truth_free(struct truth *t)
{
    free(t->y), free(t->dx), free(t->mean), free(t->inv), free(t->running_mean), free(t->running_var);
    free(t->dgamma), free(t->dbeta);
}

static void close_to(const char *pass, const struct norm_case *s, struct guarded is, const double *expected,
                     double limit)
{
    char what[160];
    snprintf(what, sizeof what, "batch norm %s, %s", pass, text_of(s));
    guarded_close(what, is, expected, limit);
}

// With one row everything but beta cancels: the variance is 0 and its inverse 1/sqrt(eps); errors then are
// absolute.
static void check_train(const struct norm_case *s)
{
    struct bench b = bench_new(s, 0.5f);
    struct truth t = truth_of(&b);
    struct guarded y = guarded(s->shape), dx = guarded(s->shape);
    struct guarded dgamma = guarded(vector_of(b.c)), dbeta = guarded(vector_of(b.c));
    assert_int_equal(clg_norm_train(test_device(), b.norm, b.tx.view, y.view), 0);
    close_to("mean", s, b.save_mean, t.mean, 1e-5);
    close_to("1/sqrt(var + eps)", s, b.save_inv, t.inv, 1e-5);
    close_to("running mean", s, b.running_mean, t.running_mean, 1e-5);
    close_to("running variance", s, b.running_var, t.running_var, 1e-5);
    close_to("output", s, y, t.y, 1e-5);
    assert_int_equal(clg_norm_backward(test_device(), b.norm, b.tx.view, b.tdy.view, dx.view, dgamma.view,
                                       dbeta.view, false),
                     0);
    close_to("dgamma", s, dgamma, t.dgamma, 1e-5);
    close_to("dbeta", s, dbeta, t.dbeta, 1e-5);
    close_to("dx", s, dx, t.dx, 2e-5);
    for (size_t k = 0; k < b.c; k++)
        t.dgamma[k] *= 2, t.dbeta[k] *= 2;
    assert_int_equal(clg_norm_backward(test_device(), b.norm, b.tx.view, b.tdy.view, b.tdy.view, dgamma.view,
                                       dbeta.view, true),
                     0);
    close_to("dgamma, accumulated", s, dgamma, t.dgamma, 1e-5);
    close_to("dbeta, accumulated", s, dbeta, t.dbeta, 1e-5);
    close_to("dx in dy's place", s, b.tdy, t.dx, 2e-5);
    truth_free(&t);
    bench_free(&b);
}

static void test_train(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        check_train(&cases[i]);
}

// Running statistics normalise; they do not move; in place gives the same.
static void check_infer(const struct norm_case *s)
{
    struct bench b = bench_new(s, 0.5f);
    double *expected = host_zeros(b.n), *mean = host_zeros(b.c), *var = host_zeros(b.c);
    for (size_t i = 0; i < b.n; i++) {
        size_t k = i % b.c;
        double inv = 1 / sqrt((double)b.var[k] + b.norm.eps);
        expected[i] = act_value(s->act, b.gamma[k] * (b.x[i] - (double)b.mean[k]) * inv + b.beta[k]);
        mean[k] = b.mean[k], var[k] = b.var[k];
    }
    struct guarded y = guarded(s->shape);
    assert_int_equal(clg_norm_infer(test_device(), b.norm, b.tx.view, y.view), 0);
    close_to("inference", s, y, expected, 1e-5);
    assert_int_equal(clg_norm_infer(test_device(), b.norm, b.tx.view, b.tx.view), 0);
    close_to("inference in place", s, b.tx, expected, 1e-5);
    close_to("inference, running mean", s, b.running_mean, mean, 0);
    close_to("inference, running variance", s, b.running_var, var, 0);
    free(expected), free(mean), free(var);
    bench_free(&b);
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
    struct bench b = bench_new(&s, 1000);
    struct truth t = truth_of(&b);
    struct guarded y = guarded(s.shape);
    assert_int_equal(clg_norm_train(test_device(), b.norm, b.tx.view, y.view), 0);
    close_to("mean at 1000", &s, b.save_mean, t.mean, 1e-6);
    close_to("1/sqrt(var + eps) at 1000", &s, b.save_inv, t.inv, 1e-5);
    close_to("running variance at 1000", &s, b.running_var, t.running_var, 1e-5);
    close_to("output at 1000", &s, y, t.y, 1e-3); // the mean itself has an ulp of 6e-5
    truth_free(&t);
    bench_free(&b);
}

// dgamma and dbeta NULL: dx is the same, bit by bit.
static void test_data_only(void **state)
{
    (void)state;
    const struct norm_case s = {{2, 3, 5, 17}, {CLG_ACT_LEAKY_RELU, 0.2f}};
    struct bench b = bench_new(&s, 0);
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
    bench_free(&b);
}

// One of the two wanted: it is written, the other is left alone.
static void test_one_of_two(void **state)
{
    (void)state;
    const struct norm_case s = {{2, 3, 5, 17}, {CLG_ACT_LEAKY_RELU, 0.2f}};
    struct bench b = bench_new(&s, 0);
    struct truth t = truth_of(&b);
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
    truth_free(&t);
    bench_free(&b);
}

// A NaN in one channel stays in that channel, and no activation hides it.
static void test_nan(void **state)
{
    (void)state;
    for (size_t i = 2; i < COUNT(cases); i++) {
        struct bench b = bench_new(&cases[i], 0);
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
        bench_free(&b);
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
    struct bench b = bench_new(&cases[4], 0);
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
    bench_free(&b);
}

// Gradients of another channel count would be written past their end.
static void test_bad_gradients(void **state)
{
    (void)state;
    struct bench b = bench_new(&cases[4], 0);
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
    bench_free(&b);
    if (gamma != CLG_EINVAL || beta != CLG_EINVAL)
        fail_msg("dgamma of 16 values for 17 channels: status %d; dbeta: %d; expected CLG_EINVAL", gamma,
                 beta);
}

static int close_device(void **state)
{
    (void)state;
    test_device_close();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_train),      cmocka_unit_test(test_infer),
        cmocka_unit_test(test_large_mean), cmocka_unit_test(test_data_only),
        cmocka_unit_test(test_nan),        cmocka_unit_test(test_bias_backward),
        cmocka_unit_test(test_refusals),   cmocka_unit_test(test_bad_gradients),
        cmocka_unit_test(test_one_of_two),
    };
    return cmocka_run_group_tests_name("batch norm", tests, NULL, close_device);
}
