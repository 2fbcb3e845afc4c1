// Pooling against float64 host loops: overlapping windows, gaps, ragged edges, ties.
#include "ops_fixture.h"

struct pool_case {
    struct clg_shape x;
    int size, stride;
};
static const struct pool_case cases[] = {
    {{1, 1, 1, 1}, 1, 1},  {{2, 6, 8, 3}, 2, 2},  {{3, 7, 9, 17}, 3, 2},  {{1, 5, 5, 32}, 5, 1},
    {{2, 11, 6, 1}, 2, 3}, {{1, 8, 5, 48}, 4, 3}, {{5, 4, 7, 100}, 3, 1}, {{2, 9, 10, 5}, 1, 2},
};

static struct clg_shape pooled(const struct pool_case *s)
{
    return (struct clg_shape){s->x.n, (s->x.h - s->size) / s->stride + 1, (s->x.w - s->size) / s->stride + 1,
                              s->x.c};
}

static size_t at(struct clg_shape s, int n, int y, int x, int c)
{
    return (((size_t)n * (size_t)s.h + (size_t)y) * (size_t)s.w + (size_t)x) * (size_t)s.c + (size_t)c;
}

// One window: its maximum or mean to *y; dy to the first maximum or to all.
static void window(const struct pool_case *s, bool average, const float *x, size_t first[2], int n, int c,
                   double dy, double *y, double *dx)
{
    const int top = (int)first[0], left = (int)first[1];
    size_t best = at(s->x, n, top, left, c);
    double sum = 0, share = 1.0 / (s->size * s->size);
    for (int r = 0; r < s->size; r++)
        for (int q = 0; q < s->size; q++) {
            size_t i = at(s->x, n, top + r, left + q, c);
            sum += x[i];
            best = x[i] > x[best] ? i : best;
            if (average)
                dx[i] += dy * share;
        }
    *y = average ? sum * share : x[best];
    if (!average)
        dx[best] += dy;
}

static void reference(const struct pool_case *s, bool average, const float *x, const float *dy, double *y,
                      double *dx)
{
    struct clg_shape out = pooled(s);
    for (int n = 0; n < out.n; n++)
        for (int oy = 0; oy < out.h; oy++)
            for (int ox = 0; ox < out.w; ox++)
                for (int c = 0; c < out.c; c++) {
                    size_t i = at(out, n, oy, ox, c),
                           first[2] = {(size_t)(oy * s->stride), (size_t)(ox * s->stride)};
                    window(s, average, x, first, n, c, dy[i], &y[i], dx);
                }
}

static void check(const struct pool_case *s, enum clg_pool_kind kind, bool ties)
{
    const struct clg_pool pool = {kind, s->size, s->stride};
    const bool average = kind == CLG_POOL_AVERAGE;
    size_t n = clg_shape_count(s->x), m = clg_shape_count(pooled(s));
    float *x = host_normal(1, n, -0.5f, 1), *dy = host_normal(2, m, 0, 1);
    if (ties)
        for (size_t i = 0; i < n; i++)
            x[i] = floorf(x[i]);
    double *y = host_zeros(m), *dx = host_zeros(n);
    reference(s, average, x, dy, y, dx);
    struct guarded tx = guarded_of(s->x, x), ty = guarded(pooled(s)), tdx = guarded(s->x);
    struct guarded tdy = guarded_of(pooled(s), dy);
    char what[160];
    snprintf(what, sizeof what, "%s pool %d / %d%s of %d x %dx%dx%d", average ? "average" : "max", s->size,
             s->stride, ties ? " with ties" : "", s->x.n, s->x.h, s->x.w, s->x.c);
    assert_int_equal(clg_pool_forward(test_device(), pool, tx.view, ty.view), 0);
    guarded_close(what, ty, y, average ? 2e-6 : 0);
    assert_int_equal(clg_pool_backward(test_device(), pool, tx.view, tdy.view, tdx.view), 0);
    strcat(what, ", gradient");
    guarded_close(what, tdx, dx, 2e-6);
    free(x), free(dy), free(y), free(dx);
    test_free_all();
}

static void test_cases(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        check(&cases[i], CLG_POOL_MAX, false);
        check(&cases[i], CLG_POOL_MAX, true);
        check(&cases[i], CLG_POOL_AVERAGE, false);
    }
}

// All equal: the first of each window gets everything. Written out, not by the loop above.
static void test_first_maximum(void **state)
{
    (void)state;
    static const float x[9] = {-2, -2, -2, -2, -2, -2, -2, -2, -2}, dy[4] = {1, 10, 100, 1000};
    static const double expected[9] = {1, 10, 0, 100, 1000, 0, 0, 0, 0};
    const struct clg_pool pool = {CLG_POOL_MAX, 2, 1};
    struct guarded tx = guarded_of((struct clg_shape){1, 3, 3, 1}, x),
                   dx = guarded((struct clg_shape){1, 3, 3, 1});
    struct guarded tdy = guarded_of((struct clg_shape){1, 2, 2, 1}, dy);
    assert_int_equal(clg_pool_backward(test_device(), pool, tx.view, tdy.view, dx.view), 0);
    guarded_close("equal maxima", dx, expected, 0);
    test_free_all();
}

// A NaN is the maximum of its windows, and of no others.
static void test_nan(void **state)
{
    (void)state;
    float x[16] = {1, 2, 3, 4, 5, NAN, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
    for (int average = 0; average < 2; average++) {
        const struct clg_pool pool = {average ? CLG_POOL_AVERAGE : CLG_POOL_MAX, 2, 2};
        struct guarded tx = guarded_of((struct clg_shape){1, 4, 4, 1}, x),
                       ty = guarded((struct clg_shape){1, 2, 2, 1});
        assert_int_equal(clg_pool_forward(test_device(), pool, tx.view, ty.view), 0);
        float *y = guarded_read("pool with a NaN", ty);
        if (!isnan(y[0]) || isnan(y[1]) || isnan(y[2]) || isnan(y[3]))
            fail_msg("%s pool with a NaN in the first window: %g %g %g %g", average ? "average" : "max", y[0],
                     y[1], y[2], y[3]);
        free(y);
        test_free_all();
    }
}

static void test_refusals(void **state)
{
    (void)state;
    struct clg_device *d = test_device();
    const struct clg_pool good = {CLG_POOL_MAX, 2, 2};
    struct clg_tensor x = test_random((struct clg_shape){2, 4, 6, 3}, 1, NULL);
    struct clg_tensor y = test_random((struct clg_shape){2, 2, 3, 3}, 2, NULL), wrong = x, other = y;
    wrong.shape.c--, other.shape.w--;
    struct captured log;
    struct clg_log old = quiet(&log);
    assert_int_equal(clg_pool_forward(d, good, x, y), 0);
    REFUSED(&log, clg_pool_forward(d, good, x, other));
    REFUSED(&log, clg_pool_forward(d, good, wrong, y));
    REFUSED(&log, clg_pool_forward(d, (struct clg_pool){CLG_POOL_MAX, 0, 2}, x, y));
    REFUSED(&log, clg_pool_forward(d, (struct clg_pool){CLG_POOL_MAX, 2, 0}, x, y));
    REFUSED(&log, clg_pool_forward(d, (struct clg_pool){CLG_POOL_AVERAGE, 5, 2}, x, y));
    REFUSED(&log, clg_pool_backward(d, good, x, other, x));
    REFUSED(&log, clg_pool_backward(d, good, x, y, wrong));
    loud_again(old);
    test_free_all();
}

TEST_MAIN("pool", NULL, test_device_teardown, TEST(test_cases), TEST(test_first_maximum), TEST(test_nan),
          TEST(test_refusals))
