// Trials of element by element operations, of sums in a fixed order, and of the plain matrix product.
#include "selftest/harness.h"

#include <math.h>
#include <string.h>

// Over a CPU work-item's run and not a multiple of any vector.
static const struct clg_shape map = {3, 7, 11, 19};
static const float slope = 0.2f;

static struct clg_harness_tensor one_of(struct clg_harness *t)
{
    return clg_harness_input(t, map, -1, 1);
}

// --- moving and adding -------------------------------------------------------------------------
static void fill(struct clg_harness *t)
{
    struct clg_harness_tensor x = clg_harness_result(t, map);
    double *e = clg_harness_expected(t, x.n);
    for (size_t i = 0; i < x.n; i++)
        e[i] = 0.7f;
    clg_harness_compare(t, clg_fill(t->d, x.t, 0.7f), x, e);
}

static void copy(struct clg_harness *t)
{
    struct clg_harness_tensor x = one_of(t), y = clg_harness_result(t, map);
    double *e = clg_harness_expected(t, x.n);
    for (size_t i = 0; i < x.n; i++)
        e[i] = x.host[i];
    clg_harness_compare(t, clg_copy(t->d, x.t, y.t), y, e);
}

static void axpy(struct clg_harness *t)
{
    struct clg_harness_tensor x = one_of(t), y = one_of(t);
    double *e = clg_harness_expected(t, x.n);
    for (size_t i = 0; i < x.n; i++)
        e[i] = (double)y.host[i] - 0.75 * x.host[i];
    clg_harness_compare(t, clg_axpy(t->d, -0.75f, x.t, y.t), y, e);
}

static void scale(struct clg_harness *t)
{
    struct clg_harness_tensor x = one_of(t);
    double *e = clg_harness_expected(t, x.n);
    for (size_t i = 0; i < x.n; i++)
        e[i] = (double)1.3f * x.host[i];
    clg_harness_compare(t, clg_scale(t->d, 1.3f, x.t), x, e);
}

static void multiply(struct clg_harness *t)
{
    struct clg_harness_tensor x = one_of(t), y = one_of(t);
    double *e = clg_harness_expected(t, x.n);
    for (size_t i = 0; i < x.n; i++)
        e[i] = (double)x.host[i] * y.host[i];
    clg_harness_compare(t, clg_multiply(t->d, x.t, y.t), y, e);
}

static void channels_scale(struct clg_harness *t)
{
    const struct clg_shape vector = {1, 1, 1, map.c};
    struct clg_harness_tensor s = clg_harness_input(t, vector, -1, 1), x = one_of(t);
    double *e = clg_harness_expected(t, x.n);
    for (size_t i = 0; i < x.n; i++)
        e[i] = (double)x.host[i] * s.host[i % (size_t)map.c];
    clg_harness_compare(t, clg_channels_scale(t->d, s.t, x.t), x, e);
}

static void bias(struct clg_harness *t)
{
    const struct clg_shape vector = {1, 1, 1, map.c};
    struct clg_harness_tensor b = clg_harness_input(t, vector, -1, 1), x = one_of(t);
    double *e = clg_harness_expected(t, x.n);
    for (size_t i = 0; i < x.n; i++)
        e[i] = (double)x.host[i] + b.host[i % (size_t)map.c];
    clg_harness_compare(t, clg_bias_add(t->d, b.t, x.t), x, e);
}

// Seven channels from the fifth on, either way.
static void channels_move(struct clg_harness *t, bool put)
{
    enum { PART = 7, FROM = 4 };
    const struct clg_shape narrow = {map.n, map.h, map.w, PART};
    struct clg_harness_tensor whole = one_of(t), part = put ? clg_harness_input(t, narrow, -1, 1)
                                                            : clg_harness_result(t, narrow);
    const struct clg_harness_tensor *from = put ? &part : &whole, *to = put ? &whole : &part;
    double *e = clg_harness_expected(t, to->n);
    for (size_t i = 0; i < to->n; i++)
        e[i] = to->host[i];
    for (size_t i = 0; i < part.n; i++) {
        const size_t there = i / PART * (size_t)map.c + FROM + i % PART;
        e[put ? there : i] = from->host[put ? i : there];
    }
    clg_harness_compare(t,
                        put ? clg_channels_put(t->d, part.t, whole.t, FROM)
                            : clg_channels_get(t->d, whole.t, FROM, part.t),
                        *to, e);
}

static void channels_put(struct clg_harness *t)
{
    channels_move(t, true);
}

static void channels_get(struct clg_harness *t)
{
    channels_move(t, false);
}

static void pixels(struct clg_harness *t)
{
    struct clg_harness_tensor x = clg_harness_result(t, map);
    const struct clg_shape words = {1, 1, 1, (int)(x.n + 3) / 4};
    struct clg_harness_tensor bytes = one_of(t);
    double *e = clg_harness_expected(t, x.n);
    uint8_t *b = (uint8_t *)bytes.host;
    for (size_t i = 0; i < x.n; i++) {
        b[i] = (uint8_t)(i * i + 3 * i);
        e[i] = b[i] / 127.5 - 1;
    }
    clg_harness_send(t, &bytes);
    bytes.t.shape = words;
    clg_harness_compare(t, clg_pixels(t->d, bytes.t, x.t), x, e);
}

// --- activations -------------------------------------------------------------------------------
static double activated(enum clg_act_kind kind, double x)
{
    return kind == CLG_ACT_RELU         ? fmax(x, 0)
           : kind == CLG_ACT_LEAKY_RELU ? (x > 0 ? x : (double)slope * x)
           : kind == CLG_ACT_TANH       ? tanh(x)
                                        : 1 / (1 + exp(-x));
}

static double steepness(enum clg_act_kind kind, double y)
{
    return kind == CLG_ACT_RELU         ? y > 0
           : kind == CLG_ACT_LEAKY_RELU ? (y > 0 ? 1 : (double)slope)
           : kind == CLG_ACT_TANH       ? 1 - y * y
                                        : y * (1 - y);
}

static void act(struct clg_harness *t, enum clg_act_kind kind)
{
    const struct clg_act which = {kind, slope};
    struct clg_harness_tensor x = clg_harness_input(t, map, -4, 4), y = clg_harness_result(t, map);
    double *e = clg_harness_expected(t, x.n);
    for (size_t i = 0; i < x.n; i++)
        e[i] = activated(kind, x.host[i]);
    clg_harness_compare(t, clg_act_forward(t->d, which, x.t, y.t), y, e);
}

static void act_back(struct clg_harness *t, enum clg_act_kind kind)
{
    const struct clg_act which = {kind, slope};
    struct clg_harness_tensor y = one_of(t), dy = one_of(t), dx = clg_harness_result(t, map);
    double *e = clg_harness_expected(t, y.n);
    for (size_t i = 0; i < y.n; i++)
        e[i] = dy.host[i] * steepness(kind, y.host[i]);
    clg_harness_compare(t, clg_act_backward(t->d, which, y.t, dy.t, dx.t), dx, e);
}

static void relu(struct clg_harness *t)
{
    act(t, CLG_ACT_RELU);
}
static void relu_back(struct clg_harness *t)
{
    act_back(t, CLG_ACT_RELU);
}
static void leaky(struct clg_harness *t)
{
    act(t, CLG_ACT_LEAKY_RELU);
}
static void leaky_back(struct clg_harness *t)
{
    act_back(t, CLG_ACT_LEAKY_RELU);
}
static void tangent(struct clg_harness *t)
{
    act(t, CLG_ACT_TANH);
}
static void tangent_back(struct clg_harness *t)
{
    act_back(t, CLG_ACT_TANH);
}
static void sigmoid(struct clg_harness *t)
{
    act(t, CLG_ACT_SIGMOID);
}
static void sigmoid_back(struct clg_harness *t)
{
    act_back(t, CLG_ACT_SIGMOID);
}

// --- sums --------------------------------------------------------------------------------------
static void dot(struct clg_harness *t)
{
    const struct clg_shape long_vector = {1, 1, 1, 20011}, single = {1, 1, 1, 1};
    struct clg_harness_tensor x = clg_harness_input(t, long_vector, -1, 1),
                              y = clg_harness_input(t, long_vector, -1, 1), r = clg_harness_result(t, single);
    double *e = clg_harness_expected(t, 1), square = 0;
    for (size_t i = 0; i < x.n; i++) {
        e[0] += (double)x.host[i] * y.host[i];
        square += (double)x.host[i] * y.host[i] * x.host[i] * y.host[i];
    }
    clg_harness_compare_scaled(t, clg_dot(t->d, x.t, y.t, r.t), r, e,
                               sqrt(square)); // as large as such sums are
}

static void bce(struct clg_harness *t)
{
    const struct clg_shape vector = {1, 1, 1, 203}, two = {1, 1, 1, 2};
    for (int target = 0; target < 2; target++) {
        struct clg_harness_tensor x = clg_harness_input(t, vector, -6, 6), dx = clg_harness_result(t, vector),
                                  stats = clg_harness_result(t, two);
        double *e = clg_harness_expected(t, x.n), *sums = clg_harness_expected(t, 2);
        for (size_t i = 0; i < x.n; i++) {
            const double v = x.host[i], n = (double)x.n, s = 1 / (1 + exp(-v));
            e[i] = (s - target) / n;
            sums[0] += (fmax(v, 0) - v * target + log1p(exp(-fabs(v)))) / n;
            sums[1] += s / n;
        }
        int status = clg_bce(t->d, x.t, (float)target, dx.t, stats.t);
        clg_harness_compare(t, status, dx, e);
        clg_harness_compare(t, status, stats, sums);
    }
}

// --- optimiser ---------------------------------------------------------------------------------
// One step; `third`: |g|^2 in Adam's rates, 0: none; not finite: nothing may change.
static void adam_step(struct clg_harness *t, float third)
{
    const double beta1 = 0.5f, beta2 = 0.999f, eps = 1e-8f;
    const struct clg_shape few = {1, 1, 1, third != 0 ? 3 : 2};
    struct clg_harness_tensor rates = clg_harness_draw(t, few, 0, 1), g = one_of(t), p = one_of(t),
                              m = one_of(t), v = clg_harness_input(t, map, 0.01, 1);
    double *ep = clg_harness_expected(t, p.n), *em = clg_harness_expected(t, p.n),
           *ev = clg_harness_expected(t, p.n);
    rates.host[0] = 0.3f, rates.host[1] = 5.0f;
    if (third != 0)
        rates.host[2] = third;
    clg_harness_send(t, &rates);
    for (size_t i = 0; i < p.n; i++) {
        const double gi = g.host[i];
        em[i] = beta1 * m.host[i] + (1 - beta1) * gi;
        ev[i] = beta2 * v.host[i] + (1 - beta2) * gi * gi;
        ep[i] = p.host[i] - (double)rates.host[0] * em[i] / (sqrt(ev[i]) * rates.host[1] + eps);
        if (!isfinite(third))
            em[i] = m.host[i], ev[i] = v.host[i], ep[i] = p.host[i];
    }
    int status = clg_adam(t->d, (float)beta1, (float)beta2, (float)eps, rates.t, g.t, p.t, m.t, v.t);
    clg_harness_compare(t, status, p, ep);
    clg_harness_compare(t, status, m, em);
    clg_harness_compare(t, status, v, ev);
}

static void adam(struct clg_harness *t)
{
    adam_step(t, 0);
}

static void adam_guard(struct clg_harness *t)
{
    adam_step(t, 2);
    adam_step(t, NAN);
    adam_step(t, INFINITY);
}

static void ema(struct clg_harness *t)
{
    struct clg_harness_tensor p = one_of(t), average = one_of(t);
    double *e = clg_harness_expected(t, p.n);
    for (size_t i = 0; i < p.n; i++)
        e[i] = (double)0.9f * average.host[i] + (1 - (double)0.9f) * p.host[i];
    clg_harness_compare(t, clg_ema(t->d, 0.9f, p.t, average.t), average, e);
}

// --- matrices ----------------------------------------------------------------------------------
static void product(struct clg_harness *t, bool transpose_a, bool transpose_b)
{
    enum { M = 13, N = 11, K = 151 };
    const struct clg_gemm g = {transpose_a, transpose_b, M, N, K, 0.5f, 1};
    struct clg_harness_tensor a = clg_harness_input(t, (struct clg_shape){1, 1, M, K}, -1, 1),
                              b = clg_harness_input(t, (struct clg_shape){1, 1, K, N}, -1, 1),
                              c = clg_harness_input(t, (struct clg_shape){1, 1, M, N}, -1, 1);
    double *e = clg_harness_expected(t, c.n);
    for (int i = 0; i < M * N; i++) {
        e[i] = c.host[i];
        for (int k = 0; k < K; k++)
            e[i] += 0.5 * a.host[transpose_a ? k * M + i / N : i / N * K + k] *
                    b.host[transpose_b ? i % N * K + k : k * N + i % N];
    }
    clg_harness_compare(t, clg_gemm(t->d, g, a.t, b.t, c.t), c, e);
}

static void gemm(struct clg_harness *t)
{
    char forced[] = "gemm=plain", *const variants = t->d->variants;
    t->d->variants = forced;
    for (int i = 0; i < 4; i++)
        product(t, i & 1, i & 2);
    t->d->variants = variants;
}

// Differences that rounding makes stay below 1e-6 of the rms, sums of many values below 1e-5; a wrong index
// or sign makes some 0.1. What only moves values has to be exact.
const struct clg_selftest clg_selftest_elements[] = {{"fill", fill, 0},
                                                     {"copy", copy, 0},
                                                     {"axpy", axpy, 1e-6},
                                                     {"scale", scale, 1e-6},
                                                     {"multiply", multiply, 1e-6},
                                                     {"scale by channels", channels_scale, 1e-6},
                                                     {"bias", bias, 1e-6},
                                                     {"channels put", channels_put, 0},
                                                     {"channels get", channels_get, 0},
                                                     {"pixels", pixels, 1e-6},
                                                     {"ReLU", relu, 1e-6},
                                                     {"ReLU gradient", relu_back, 1e-6},
                                                     {"LeakyReLU", leaky, 1e-6},
                                                     {"LeakyReLU gradient", leaky_back, 1e-6},
                                                     {"tanh", tangent, 2e-6},
                                                     {"tanh gradient", tangent_back, 2e-6},
                                                     {"sigmoid", sigmoid, 2e-6},
                                                     {"sigmoid gradient", sigmoid_back, 2e-6},
                                                     {"dot product", dot, 1e-5},
                                                     {"binary cross-entropy", bce, 1e-5},
                                                     {"Adam", adam, 2e-6},
                                                     {"Adam with its guard", adam_guard, 2e-6},
                                                     {"moving average", ema, 1e-6},
                                                     {"plain matrix product", gemm, 1e-5},
                                                     {0}};
