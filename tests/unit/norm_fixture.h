// What the tests of batch norm share: a layer's tensors, what float64 says, and one case trained or inferred.
#ifndef CLGAN_TESTS_NORM_FIXTURE_H
#define CLGAN_TESTS_NORM_FIXTURE_H

#include "ops_fixture.h"

struct norm_case {
    struct clg_shape shape;
    struct clg_act act;
};

static inline const char *text_of(const struct norm_case *s)
{
    static char text[96];
    static const char *const names[] = {"none", "ReLU", "LeakyReLU"};
    snprintf(text, sizeof text, "%d x %dx%dx%d, %s", s->shape.n, s->shape.h, s->shape.w, s->shape.c,
             names[s->act.kind]);
    return text;
}

// Parameters, their host copies and all tensors of one case; x and dy on the host.
struct norm_fixture {
    size_t n, c, rows;
    float *x, *dy, *gamma, *beta, *mean, *var;
    struct guarded tx, tdy, save_mean, save_inv, running_mean, running_var, tgamma, tbeta;
    struct clg_norm norm;
};

static inline struct norm_fixture norm_fixture_new(const struct norm_case *s, float x_mean)
{
    struct norm_fixture b = {.n = clg_shape_count(s->shape), .c = (size_t)s->shape.c};
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

static inline void norm_fixture_free(struct norm_fixture *b)
{
    free(b->x), free(b->dy), free(b->gamma), free(b->beta), free(b->mean), free(b->var);
    test_free_all();
}

static inline double act_value(struct clg_act act, double z)
{
    return z > 0 || act.kind == CLG_ACT_NONE ? z : act.kind == CLG_ACT_RELU ? 0 : act.slope * z;
}

static inline double act_slope(struct clg_act act, double z)
{
    return z > 0 || act.kind == CLG_ACT_NONE ? 1 : act.kind == CLG_ACT_RELU ? 0 : act.slope;
}

// What the host says: y, and vectors of c.
struct reference {
    double *y, *dx, *mean, *inv, *running_mean, *running_var, *dgamma, *dbeta;
};

static inline void reference_statistics(const struct norm_fixture *b, struct reference *t)
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

static inline void reference_passes(const struct norm_fixture *b, struct reference *t)
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

static inline struct reference reference_of(const struct norm_fixture *b)
{
    struct reference t = {host_zeros(b->n), host_zeros(b->n), host_zeros(b->c), host_zeros(b->c),
                          host_zeros(b->c), host_zeros(b->c), host_zeros(b->c), host_zeros(b->c)};
    reference_statistics(b, &t);
    reference_passes(b, &t);
    return t;
}

static inline void reference_free(struct reference *t)
{
    free(t->y), free(t->dx), free(t->mean), free(t->inv), free(t->running_mean), free(t->running_var);
    free(t->dgamma), free(t->dbeta);
}

static inline void close_to(const char *pass, const struct norm_case *s, struct guarded is,
                            const double *expected, double limit)
{
    char what[160];
    snprintf(what, sizeof what, "batch norm %s, %s", pass, text_of(s));
    guarded_close(what, is, expected, limit);
}

// With one row everything but beta cancels: the variance is 0 and its inverse 1/sqrt(eps); errors then are
// absolute.
static inline void check_train(const struct norm_case *s)
{
    struct norm_fixture b = norm_fixture_new(s, 0.5f);
    struct reference t = reference_of(&b);
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
    reference_free(&t);
    norm_fixture_free(&b);
}

// Running statistics normalise; they do not move; in place gives the same.
static inline void check_infer(const struct norm_case *s)
{
    struct norm_fixture b = norm_fixture_new(s, 0.5f);
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
    norm_fixture_free(&b);
}

#endif
