// Trials of batch norm and pooling.
#include "selftest/harness.h"

#include <math.h>

// --- batch norm --------------------------------------------------------------------------------
struct norm {
    struct clg_harness_tensor x, gamma, beta, running_mean, running_var, save_mean, save_inv;
    struct clg_norm norm;
    double *mean, *var; // of x, biased
};

static struct norm norm_new(struct clg_harness *t, enum clg_act_kind kind)
{
    const struct clg_shape vector = {1, 1, 1, t->channels};
    struct norm b = {.x = clg_harness_input(t, clg_harness_map(t->channels), -1, 3),
                     .gamma = clg_harness_input(t, vector, 0.5, 1.5),
                     .beta = clg_harness_input(t, vector, -1, 1),
                     .running_mean = clg_harness_input(t, vector, 0, 1),
                     .running_var = clg_harness_input(t, vector, 0.5, 2),
                     .save_mean = clg_harness_result(t, vector),
                     .save_inv = clg_harness_result(t, vector),
                     .mean = clg_harness_expected(t, (size_t)t->channels),
                     .var = clg_harness_expected(t, (size_t)t->channels)};
    b.norm =
        (struct clg_norm){b.gamma.t, b.beta.t, b.running_mean.t, b.running_var.t, b.save_mean.t, b.save_inv.t,
                          1e-5f,     0.1f,     {kind, 0.2f}};
    const size_t c = (size_t)t->channels;
    const double rows = (double)(b.x.n / c);
    for (size_t i = 0; i < b.x.n; i++)
        b.mean[i % c] += b.x.host[i] / rows;
    for (size_t i = 0; i < b.x.n; i++)
        b.var[i % c] += (b.x.host[i] - b.mean[i % c]) * (b.x.host[i] - b.mean[i % c]) / rows;
    return b;
}

static double slope_at(const struct norm *b, double z)
{
    return z > 0 ? 1 : b->norm.act.kind == CLG_ACT_RELU ? 0 : (double)b->norm.act.slope;
}

// x normalised, and before the activation.
static double hat_at(const struct norm *b, size_t i, const double *mean, const double *var)
{
    const size_t at = i % b->gamma.n;
    return (b->x.host[i] - mean[at]) / sqrt(var[at] + (double)b->norm.eps);
}

static double before_at(const struct norm *b, size_t i, const double *mean, const double *var)
{
    const size_t at = i % b->gamma.n;
    return b->gamma.host[at] * hat_at(b, i, mean, var) + b->beta.host[at];
}

static void output_compare(struct clg_harness *t, int status, const struct norm *b,
                           struct clg_harness_tensor y, const double *mean, const double *var)
{
    double *e = clg_harness_expected(t, y.n);
    for (size_t i = 0; i < y.n; i++) {
        const double z = before_at(b, i, mean, var);
        e[i] = z * slope_at(b, z);
    }
    clg_harness_compare(t, status, y, e);
}

static void running_compare(struct clg_harness *t, const struct norm *b)
{
    const size_t c = b->gamma.n, rows = b->x.n / c;
    double *mean = clg_harness_expected(t, c), *var = clg_harness_expected(t, c);
    for (size_t i = 0; i < c; i++) {
        mean[i] = 0.9 * b->running_mean.host[i] + 0.1 * b->mean[i];
        var[i] = 0.9 * b->running_var.host[i] + 0.1 * b->var[i] * (double)rows / (double)(rows - 1);
    }
    clg_harness_compare(t, 0, b->running_mean, mean);
    clg_harness_compare(t, 0, b->running_var, var);
}

static void norm_train_with(struct clg_harness *t, enum clg_act_kind kind)
{
    struct norm b = norm_new(t, kind);
    struct clg_harness_tensor y = clg_harness_result(t, b.x.t.shape);
    output_compare(t, clg_norm_train(t->d, b.norm, b.x.t, y.t), &b, y, b.mean, b.var);
    running_compare(t, &b);
}

static void norm_train(struct clg_harness *t)
{
    norm_train_with(t, CLG_ACT_RELU);
    norm_train_with(t, CLG_ACT_LEAKY_RELU);
}

static void norm_infer_with(struct clg_harness *t, enum clg_act_kind kind)
{
    struct norm b = norm_new(t, kind);
    struct clg_harness_tensor y = clg_harness_result(t, b.x.t.shape);
    double *mean = clg_harness_expected(t, b.gamma.n), *var = clg_harness_expected(t, b.gamma.n);
    for (size_t i = 0; i < b.gamma.n; i++)
        mean[i] = b.running_mean.host[i], var[i] = b.running_var.host[i];
    output_compare(t, clg_norm_infer(t->d, b.norm, b.x.t, y.t), &b, y, mean, var);
}

static void norm_infer(struct clg_harness *t)
{
    norm_infer_with(t, CLG_ACT_RELU);
    norm_infer_with(t, CLG_ACT_LEAKY_RELU);
}

// dy in [-1, 1), but 0 at the activation's kink, where rounding decides. dz: dy before the activation.
static struct clg_harness_tensor gradient_new(struct clg_harness *t, const struct norm *b, double *dz)
{
    struct clg_harness_tensor dy = clg_harness_draw(t, b->x.t.shape, -1, 1);
    for (size_t i = 0; i < dy.n; i++) {
        const double z = before_at(b, i, b->mean, b->var);
        dy.host[i] = fabs(z) < 1e-3 ? 0 : dy.host[i];
        dz[i] = dy.host[i] * slope_at(b, z);
    }
    clg_harness_send(t, &dy);
    return dy;
}

static void norm_back_with(struct clg_harness *t, enum clg_act_kind kind)
{
    struct norm b = norm_new(t, kind);
    const size_t c = b.gamma.n;
    const double rows = (double)(b.x.n / c);
    double *dz = clg_harness_expected(t, b.x.n), *sum = clg_harness_expected(t, c),
           *product = clg_harness_expected(t, c);
    struct clg_harness_tensor y = clg_harness_result(t, b.x.t.shape), dy = gradient_new(t, &b, dz),
                              dgamma = clg_harness_result(t, b.gamma.t.shape),
                              dbeta = clg_harness_result(t, b.gamma.t.shape);
    for (size_t i = 0; i < b.x.n; i++) {
        sum[i % c] += dz[i];
        product[i % c] += dz[i] * hat_at(&b, i, b.mean, b.var);
    }
    for (size_t i = 0; i < b.x.n; i++)
        dz[i] = b.gamma.host[i % c] / sqrt(b.var[i % c] + (double)b.norm.eps) *
                (dz[i] - sum[i % c] / rows - hat_at(&b, i, b.mean, b.var) * product[i % c] / rows);
    int status = clg_norm_train(t->d, b.norm, b.x.t, y.t);
    if (!status)
        status = clg_norm_backward(t->d, b.norm, b.x.t, dy.t, dy.t, dgamma.t, dbeta.t, false);
    clg_harness_compare(t, status, dy, dz);
    clg_harness_compare(t, status, dgamma, product);
    clg_harness_compare(t, status, dbeta, sum);
}

static void norm_back(struct clg_harness *t)
{
    norm_back_with(t, CLG_ACT_RELU);
    norm_back_with(t, CLG_ACT_LEAKY_RELU);
}

static void bias_back(struct clg_harness *t)
{
    const struct clg_shape vector = {1, 1, 1, t->channels};
    struct clg_harness_tensor dy = clg_harness_input(t, clg_harness_map(t->channels), -1, 1),
                              db = clg_harness_input(t, vector, -1, 1);
    double *e = clg_harness_expected(t, db.n);
    for (size_t i = 0; i < db.n; i++)
        e[i] = db.host[i];
    for (size_t i = 0; i < dy.n; i++)
        e[i % db.n] += dy.host[i];
    clg_harness_compare(t, clg_bias_backward(t->d, dy.t, db.t, true), db, e);
}

// --- pooling -----------------------------------------------------------------------------------
static const struct clg_shape pool_x = {2, 7, 9, 5}, pool_y = {2, 3, 4, 5};
enum { POOL = 3, STRIDE = 2 };

// The place in x of window i's j-th value.
static size_t place_in(size_t i, int j)
{
    const size_t c = (size_t)pool_y.c, w = (size_t)pool_y.w, h = (size_t)pool_y.h;
    const size_t row = i / c / w % h * STRIDE + (size_t)(j / POOL),
                 column = i / c % w * STRIDE + (size_t)(j % POOL);
    return ((i / c / w / h * (size_t)pool_x.h + row) * (size_t)pool_x.w + column) * c + i % c;
}

static int best_of(const float *x, size_t i)
{
    int best = 0;
    for (int j = 1; j < POOL * POOL; j++)
        if (x[place_in(i, j)] > x[place_in(i, best)])
            best = j;
    return best;
}

static void pool(struct clg_harness *t, enum clg_pool_kind kind)
{
    const struct clg_pool which = {kind, POOL, STRIDE};
    struct clg_harness_tensor x = clg_harness_input(t, pool_x, -1, 1), y = clg_harness_result(t, pool_y);
    double *e = clg_harness_expected(t, y.n);
    for (size_t i = 0; i < y.n; i++) {
        if (kind == CLG_POOL_MAX)
            e[i] = x.host[place_in(i, best_of(x.host, i))];
        for (int j = 0; j < POOL * POOL && kind == CLG_POOL_AVERAGE; j++)
            e[i] += (double)x.host[place_in(i, j)] / (POOL * POOL);
    }
    clg_harness_compare(t, clg_pool_forward(t->d, which, x.t, y.t), y, e);
}

static void pool_back(struct clg_harness *t, enum clg_pool_kind kind)
{
    const struct clg_pool which = {kind, POOL, STRIDE};
    struct clg_harness_tensor x = clg_harness_input(t, pool_x, -1, 1),
                              dy = clg_harness_input(t, pool_y, -1, 1), dx = clg_harness_result(t, pool_x);
    double *e = clg_harness_expected(t, x.n);
    for (size_t i = 0; i < dy.n; i++) {
        if (kind == CLG_POOL_MAX)
            e[place_in(i, best_of(x.host, i))] += dy.host[i];
        for (int j = 0; j < POOL * POOL && kind == CLG_POOL_AVERAGE; j++)
            e[place_in(i, j)] += (double)dy.host[i] / (POOL * POOL);
    }
    clg_harness_compare(t, clg_pool_backward(t->d, which, x.t, dy.t, dx.t), dx, e);
}

static void max_pool(struct clg_harness *t)
{
    pool(t, CLG_POOL_MAX);
}
static void max_pool_back(struct clg_harness *t)
{
    pool_back(t, CLG_POOL_MAX);
}
static void average_pool(struct clg_harness *t)
{
    pool(t, CLG_POOL_AVERAGE);
}
static void average_pool_back(struct clg_harness *t)
{
    pool_back(t, CLG_POOL_AVERAGE);
}

const struct clg_selftest clg_selftest_layers[] = {{"batch norm, training", norm_train, 3e-5, true},
                                                   {"batch norm, running", norm_infer, 3e-5, true},
                                                   {"batch norm gradient", norm_back, 3e-5, true},
                                                   {"bias gradient", bias_back, 1e-5, true},
                                                   {"max pooling", max_pool, 0},
                                                   {"max pooling gradient", max_pool_back, 1e-6},
                                                   {"average pooling", average_pool, 1e-6},
                                                   {"average pooling gradient", average_pool_back, 1e-6},
                                                   {0}};
