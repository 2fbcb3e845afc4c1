// Deconvolution in the strict sense against dense float64 solutions: exact input, least squares, least norm.
#include "ops_fixture.h"

struct problem {
    struct clg_conv conv;
    struct clg_shape x, y, w;
    size_t n, m; // values of x and of y
    float *hw, *hy;
    double *a; // the convolution as a matrix [m][n], float64
    struct clg_tensor tw, ty;
    struct guarded tx;
};

static struct problem problem_new(struct clg_conv conv, struct clg_shape x, int k, float *w)
{
    struct problem p = {.conv = conv, .x = x, .w = {conv.r, conv.s, x.c, k}, .hw = w};
    p.y = (struct clg_shape){x.n, clg_conv_out(x.h, conv.r, conv.stride, conv.pad),
                             clg_conv_out(x.w, conv.s, conv.stride, conv.pad), k};
    p.n = clg_shape_count(x), p.m = clg_shape_count(p.y);
    p.hy = malloc(p.m * sizeof *p.hy);
    p.a = host_zeros(p.n * p.m);
    for (size_t row = 0; row < p.m; row++) {
        int kk = (int)row % k, ox = (int)row / k % p.y.w, oy = (int)row / k / p.y.w % p.y.h,
            n = (int)row / k / p.y.w / p.y.h;
        for (int r = 0; r < conv.r; r++)
            for (int s = 0; s < conv.s; s++)
                for (int c = 0; c < x.c; c++) {
                    int iy = oy * conv.stride - conv.pad + r, ix = ox * conv.stride - conv.pad + s;
                    if (iy >= 0 && iy < x.h && ix >= 0 && ix < x.w)
                        p.a[row * p.n + (size_t)(((n * x.h + iy) * x.w + ix) * x.c + c)] =
                            w[((r * conv.s + s) * x.c + c) * k + kk];
                }
    }
    p.tw = test_random(p.w, 1, NULL);
    assert_int_equal(clg_tensor_write(test_device(), p.tw, w), 0);
    p.tx = guarded(x);
    return p;
}

static void problem_free(struct problem *p)
{
    free(p->hw), free(p->hy), free(p->a);
    test_free_all();
}

// out = A x, or A^T x
static void apply(const struct problem *p, bool transpose, const double *x, double *out)
{
    memset(out, 0, (transpose ? p->n : p->m) * sizeof *out);
    for (size_t i = 0; i < p->m; i++)
        for (size_t j = 0; j < p->n; j++)
            out[transpose ? j : i] += p->a[i * p->n + j] * x[transpose ? i : j];
}

// Solves the symmetric positive definite system g u = b, [n][n], in b's place, by Cholesky's method; g is
// overwritten.
static void solve(double *g, double *b, size_t n)
{
    for (size_t j = 0; j < n; j++)
        for (size_t i = j; i < n; i++) {
            double sum = g[i * n + j];
            for (size_t k = 0; k < j; k++)
                sum -= g[i * n + k] * g[j * n + k];
            if (i == j)
                assert_true(sum > 1e-9); // else the test's own problem is singular
            g[i * n + j] = i == j ? sqrt(sum) : sum / g[j * n + j];
        }
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < i; k++)
            b[i] -= g[i * n + k] * b[k];
        b[i] /= g[i * n + i];
    }
    for (size_t i = n; i-- > 0;) {
        for (size_t k = i + 1; k < n; k++)
            b[i] -= g[k * n + i] * b[k];
        b[i] /= g[i * n + i];
    }
}

// A A^T [m][m] or A^T A [n][n]
static double *gram(const struct problem *p, bool rows)
{
    size_t size = rows ? p->m : p->n, inner = rows ? p->n : p->m;
    double *g = host_zeros(size * size);
    for (size_t i = 0; i < size; i++)
        for (size_t j = 0; j < size; j++)
            for (size_t k = 0; k < inner; k++)
                g[i * size + j] +=
                    rows ? p->a[i * p->n + k] * p->a[j * p->n + k] : p->a[k * p->n + i] * p->a[k * p->n + j];
    return g;
}

// A^T (A A^T)^-1 y: the solution of least norm.
static double *least_norm(const struct problem *p, const double *y)
{
    double *g = gram(p, true), *u = host_zeros(p->m), *x = host_zeros(p->n);
    memcpy(u, y, p->m * sizeof *u);
    solve(g, u, p->m);
    apply(p, true, u, x);
    free(g), free(u);
    return x;
}

// (A^T A)^-1 A^T y: least squares.
static double *least_squares(const struct problem *p, const double *y)
{
    double *g = gram(p, false), *x = host_zeros(p->n);
    apply(p, true, y, x);
    solve(g, x, p->n);
    free(g);
    return x;
}

static void y_write(struct problem *p, const double *y)
{
    for (size_t i = 0; i < p->m; i++)
        p->hy[i] = (float)y[i];
    p->ty = test_poisoned(p->y);
    assert_int_equal(clg_tensor_write(test_device(), p->ty, p->hy), 0);
}

// The input y = A x of a known x.
static double *forward_of(const struct problem *p, const float *x)
{
    double *wide = host_zeros(p->n), *y = host_zeros(p->m);
    for (size_t i = 0; i < p->n; i++)
        wide[i] = x[i];
    apply(p, false, wide, y);
    free(wide);
    return y;
}

static double norm_of(const double *v, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += v[i] * v[i];
    return sqrt(sum);
}

// |y - A x| / |y| with the x that the device found.
static double residual_of(const struct problem *p, const float *x, const double *y)
{
    double *ax = forward_of(p, x);
    for (size_t i = 0; i < p->m; i++)
        ax[i] -= y[i];
    double r = norm_of(ax, p->m) / norm_of(y, p->m);
    free(ax);
    return r;
}

// Runs the deconvolution of y and compares x in the 2-norm; the report must be true. Conjugate gradients need
// at most as many iterations as there are unknowns; steepest descent needs ten times that here.
static float *deconvolve(const char *what, struct problem *p, const double *y, const double *expected,
                         double limit)
{
    struct clg_deconv_report report = {-1, -1, false};
    y_write(p, y);
    assert_int_equal(clg_deconv(test_device(), p->conv, p->ty, p->tw, p->tx.view, 1e-6, (int)p->n, &report),
                     0);
    float *x = guarded_read(what, p->tx);
    double off = 0, residual = residual_of(p, x, y);
    for (size_t i = 0; i < p->n; i++)
        off += pow(x[i] - expected[i], 2);
    off = sqrt(off) / norm_of(expected, p->n);
    if (!(off <= limit) || !report.converged || report.iterations < 1 || report.iterations > (int)p->n)
        fail_msg(
            "%s: |x - expected| / |expected| = %.3g, allowed %.3g; %s after %d iterations, residual %.3g",
            what, off, limit, report.converged ? "converged" : "NOT converged", report.iterations,
            report.residual);
    if (!(fabs(report.residual - residual) <= 1e-3 * residual + 1e-6))
        fail_msg("%s: residual reported as %.6g, is %.6g", what, report.residual, residual);
    return x;
}

static void check_exact(const char *what, struct problem p)
{
    float *x = host_normal(30, p.n, 0, 1);
    double *y = forward_of(&p, x), *expected = host_zeros(p.n);
    for (size_t i = 0; i < p.n; i++)
        expected[i] = x[i];
    free(deconvolve(what, &p, y, expected, 1e-4));
    free(x), free(y), free(expected);
    problem_free(&p);
}

// Square: 3x3, stride 1, padding 1, close to the identity.
static struct problem near_identity(void)
{
    const int c = 3;
    float *w = host_normal(31, (size_t)(9 * c * c), 0, 0.06f);
    for (int k = 0; k < c; k++)
        w[(4 * c + k) * c + k] += 1;
    return problem_new((struct clg_conv){3, 3, 1, 1}, (struct clg_shape){2, 5, 7, c}, c, w);
}

// More feature maps than inputs: 12 x 4x4 against 2 x 8x8.
static struct problem tall(void)
{
    return problem_new((struct clg_conv){4, 4, 2, 1}, (struct clg_shape){1, 8, 8, 2}, 12,
                       host_normal(32, 4 * 4 * 2 * 12, 0, 0.2f));
}

// Fewer: 3 x 3x3 against 2 x 6x6, twice.
static struct problem wide(void)
{
    return problem_new((struct clg_conv){4, 4, 2, 1}, (struct clg_shape){2, 6, 6, 2}, 3,
                       host_normal(33, 4 * 4 * 2 * 3, 0, 0.2f));
}

static void test_exact_square(void **state)
{
    (void)state;
    check_exact("3x3 / 1 near the identity", near_identity());
}

static void test_exact_tall(void **state)
{
    (void)state;
    check_exact("4x4 / 2, 2 to 12 channels", tall());
}

// y is no convolution of anything: the nearest one counts, and the residual stays.
static void test_least_squares(void **state)
{
    (void)state;
    struct problem p = tall();
    float *random = host_normal(34, p.m, 0, 1);
    double *y = host_zeros(p.m);
    for (size_t i = 0; i < p.m; i++)
        y[i] = random[i];
    double *expected = least_squares(&p, y);
    float *x = deconvolve("least squares", &p, y, expected, 1e-4);
    assert_true(residual_of(&p, x, y) > 0.1);
    free(random), free(y), free(expected), free(x);
    problem_free(&p);
}

// Many x give y: the one of least norm, which has nothing in common with the null space.
static void test_least_norm(void **state)
{
    (void)state;
    struct problem p = wide();
    float *solution = host_normal(35, p.n, 0, 1), *other = host_normal(36, p.n, 0, 1);
    double *y = forward_of(&p, solution), *expected = least_norm(&p, y);
    float *x = deconvolve("least norm", &p, y, expected, 1e-4);
    double *image = forward_of(&p, other), *part = least_norm(&p, image), *null = host_zeros(p.n), xv = 0,
           *av = host_zeros(p.m);
    double *wide_x = host_zeros(p.n);
    for (size_t i = 0; i < p.n; i++) {
        null[i] = other[i] - part[i];
        wide_x[i] = x[i];
        xv += wide_x[i] * null[i];
    }
    apply(&p, false, null, av);
    assert_true(norm_of(av, p.m) < 1e-6 * norm_of(image, p.m) && norm_of(null, p.n) > 1);
    if (!(fabs(xv) <= 1e-5 * norm_of(wide_x, p.n) * norm_of(null, p.n)))
        fail_msg("x is not orthogonal to a null vector: cosine %.3g",
                 xv / norm_of(wide_x, p.n) / norm_of(null, p.n));
    free(solution), free(other), free(y), free(expected), free(x);
    free(image), free(part), free(null), free(av), free(wide_x);
    problem_free(&p);
}

// Stopped early: says so, and x is nearer than nothing; more iterations are nearer still. No report wanted:
// fine.
static void test_stopped(void **state)
{
    (void)state;
    struct problem p = tall();
    struct clg_device *d = test_device();
    float *x = host_normal(30, p.n, 0, 1);
    double *y = forward_of(&p, x), residual[3];
    y_write(&p, y);
    for (int i = 0; i < 3; i++) {
        struct clg_deconv_report report = {-1, -1, true};
        assert_int_equal(clg_deconv(d, p.conv, p.ty, p.tw, p.tx.view, 1e-9, 2 * i, &report), 0);
        float *got = guarded_read("stopped deconvolution", p.tx);
        residual[i] = residual_of(&p, got, y);
        if (report.converged || report.iterations != 2 * i || !(fabs(report.residual - residual[i]) <= 1e-4))
            fail_msg("at most %d iterations: %d done, converged %d, residual %.6g, is %.6g", 2 * i,
                     report.iterations, report.converged, report.residual, residual[i]);
        free(got);
    }
    if (!(residual[0] == 1 && residual[1] < 0.9 && residual[2] < residual[1]))
        fail_msg("residuals after 0, 2, 4 iterations: %.6g %.6g %.6g", residual[0], residual[1], residual[2]);
    assert_int_equal(clg_deconv(d, p.conv, p.ty, p.tw, p.tx.view, 1e-3, 100, NULL), 0);
    free(x), free(y);
    problem_free(&p);
}

// y = 0: x = 0 at once.
static void test_nothing(void **state)
{
    (void)state;
    struct problem p = wide();
    struct clg_deconv_report report = {-1, -1, false};
    double *y = host_zeros(p.m), *expected = host_zeros(p.n);
    y_write(&p, y);
    assert_int_equal(clg_deconv(test_device(), p.conv, p.ty, p.tw, p.tx.view, 1e-6, 100, &report), 0);
    guarded_close("deconvolution of zeros", p.tx, expected, 0);
    if (!report.converged || report.iterations || report.residual != 0)
        fail_msg("zeros: %d iterations, converged %d, residual %g", report.iterations, report.converged,
                 report.residual);
    free(y), free(expected);
    problem_free(&p);
}

static void test_refusals(void **state)
{
    (void)state;
    struct problem p = wide();
    double *y = host_zeros(p.m);
    y_write(&p, y);
    struct clg_device *d = test_device();
    struct clg_tensor x = p.tx.view, bad_x = x, bad_y = p.ty, bad_w = p.tw;
    struct clg_conv bad = p.conv;
    bad_x.shape.h--, bad_y.shape.c--, bad_w.shape.n--, bad.stride = 0;
    struct captured log;
    struct clg_log old = quiet(&log);
    REFUSED(&log, clg_deconv(d, p.conv, p.ty, p.tw, bad_x, 1e-6, 10, NULL));
    REFUSED(&log, clg_deconv(d, p.conv, bad_y, p.tw, x, 1e-6, 10, NULL));
    REFUSED(&log, clg_deconv(d, p.conv, p.ty, bad_w, x, 1e-6, 10, NULL));
    REFUSED(&log, clg_deconv(d, bad, p.ty, p.tw, x, 1e-6, 10, NULL));
    loud_again(old);
    free(y);
    problem_free(&p);
}

TEST_MAIN("deconvolution", NULL, test_device_teardown, TEST(test_exact_square), TEST(test_exact_tall),
          TEST(test_least_squares), TEST(test_least_norm), TEST(test_stopped), TEST(test_nothing),
          TEST(test_refusals))
