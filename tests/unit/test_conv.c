// Convolution: every variant and choice, all three passes, awkward shapes, against a float64 host loop; and
// the adjoint identity.
#include "support.h"

#include <math.h>

struct shape_case {
    int n, h, w, c, k, r, s, stride, pad;
};
static const struct shape_case cases[] = {
    {1, 1, 1, 1, 1, 1, 1, 1, 0},    {2, 5, 7, 3, 5, 3, 3, 1, 1},     {3, 8, 8, 3, 16, 4, 4, 2, 1},
    {2, 9, 6, 4, 7, 4, 4, 2, 1},    {1, 11, 13, 1, 3, 5, 3, 3, 2},   {5, 4, 4, 33, 1, 4, 4, 1, 0},
    {7, 4, 4, 37, 10, 4, 4, 1, 0},  {2, 16, 16, 17, 48, 4, 4, 2, 1}, {3, 8, 8, 32, 64, 4, 4, 2, 1},
    {2, 6, 6, 20, 33, 2, 2, 2, 0},  {1, 7, 7, 5, 6, 3, 3, 2, 0},     {4, 12, 5, 2, 9, 1, 5, 1, 0},
    {9, 4, 4, 24, 40, 4, 4, 2, 1},  {1, 10, 10, 2, 2, 2, 2, 3, 1},   {2, 33, 35, 3, 20, 7, 7, 2, 3},
    {33, 2, 2, 9, 11, 2, 2, 1, 1},  {3, 1, 1, 2049, 1, 1, 1, 1, 0},  {2, 1, 1, 5, 1030, 1, 1, 1, 0},
    {3, 9, 15, 16, 32, 4, 4, 2, 1}, {2, 24, 20, 32, 16, 4, 4, 2, 1}, {70, 8, 8, 16, 48, 4, 4, 2, 1},
    {1, 5, 6, 48, 80, 4, 4, 2, 1},  {5, 34, 2, 16, 16, 4, 4, 2, 1},
};
// Layers of the paper's nets, whose long sums try the exactness; left out where CLGAN_TEST_SMALL is set
// (simulators).
static const struct shape_case real[] = {{2, 8, 8, 256, 512, 4, 4, 2, 1}, {2, 32, 32, 64, 128, 4, 4, 2, 1}};
#define COUNT(array) (sizeof(array) / sizeof *(array))

static void reference(const struct shape_case *s, int oh, int ow, enum clg_conv_pass pass, const float *x,
                      const float *w, const float *y, double *out)
{
    for (int n = 0; n < s->n; n++)
        for (int oy = 0; oy < oh; oy++)
            for (int ox = 0; ox < ow; ox++)
                for (int r = 0; r < s->r; r++)
                    for (int q = 0; q < s->s; q++) {
                        int iy = oy * s->stride - s->pad + r, ix = ox * s->stride - s->pad + q;
                        if (iy < 0 || iy >= s->h || ix < 0 || ix >= s->w)
                            continue;
                        for (int c = 0; c < s->c; c++)
                            for (int k = 0; k < s->k; k++) {
                                size_t xi = (((size_t)n * s->h + iy) * s->w + ix) * s->c + c;
                                size_t wi = (((size_t)r * s->s + q) * s->c + c) * s->k + k;
                                size_t yi = (((size_t)n * oh + oy) * ow + ox) * s->k + k;
                                if (pass == CLG_CONV_FORWARD)
                                    out[yi] += (double)x[xi] * w[wi];
                                else if (pass == CLG_CONV_BACKWARD_DATA)
                                    out[xi] += (double)y[yi] * w[wi];
                                else
                                    out[wi] += (double)x[xi] * y[yi];
                            }
                    }
}

// Runs one pass of one case with one variant and choice, twice for the filter (set, then accumulate).
static void check(const struct clg_conv_variant *variant, int config, const struct shape_case *s,
                  enum clg_conv_pass pass)
{
    static const char *const passes[] = {"forward", "backward-data", "backward-filter"};
    struct clg_device *d = test_device();
    int oh = clg_conv_out(s->h, s->r, s->stride, s->pad), ow = clg_conv_out(s->w, s->s, s->stride, s->pad);
    struct clg_shape xs = {s->n, s->h, s->w, s->c}, ws = {s->r, s->s, s->c, s->k}, ys = {s->n, oh, ow, s->k};
    float *x, *w, *y;
    struct clg_conv_job job = {pass,
                               {s->r, s->s, s->stride, s->pad},
                               test_random(xs, 1, &x),
                               test_random(ws, 2, &w),
                               test_random(ys, 3, &y),
                               false,
                               config};
    struct clg_tensor *out = pass == CLG_CONV_FORWARD         ? &job.y
                             : pass == CLG_CONV_BACKWARD_DATA ? &job.x
                                                              : &job.w;
    *out = test_poisoned(out->shape);
    size_t count = clg_shape_count(out->shape);
    double *expected = calloc(count, sizeof *expected);
    const double limit = variant->exact ? 1e-5 : 5e-5;
    reference(s, oh, ow, pass, x, w, y, expected);
    char what[200];
    snprintf(what, sizeof what, "%s (%d) %s n%d %dx%dx%d k%d %dx%d/%d pad %d", variant->name, config,
             passes[pass], s->n, s->h, s->w, s->c, s->k, s->r, s->s, s->stride, s->pad);
    if (variant->fits(d, &job)) {
        assert_int_equal(variant->run(d, &job), 0);
        float *is = test_read(*out);
        test_close(what, is, expected, count, limit);
        free(is);
        if (pass == CLG_CONV_BACKWARD_FILTER) {
            job.accumulate = true;
            assert_int_equal(variant->run(d, &job), 0);
            for (size_t i = 0; i < count; i++)
                expected[i] *= 2;
            is = test_read(*out);
            test_close(what, is, expected, count, limit);
            free(is);
        }
    } else {
        print_message("%s: does not fit this device\n", what);
    }
    free(x), free(w), free(y), free(expected);
    test_free_all();
}

static void test_variants(void **state)
{
    const struct clg_conv_variant *variant = *state;
    for (size_t i = 0; i < COUNT(cases); i++)
        for (int pass = 0; pass < 3; pass++)
            check(variant, 0, &cases[i], (enum clg_conv_pass)pass);
    for (size_t i = 0; i < COUNT(real) && !getenv("CLGAN_TEST_SMALL"); i++)
        for (int pass = 0; pass < 3; pass++)
            check(variant, 0, &real[i], (enum clg_conv_pass)pass);
}

// What the tuner tries.
static void test_choices(void **state)
{
    const struct clg_conv_variant *variant = *state;
    for (int config = 1; config <= variant->configs; config++)
        for (size_t i = 0; i < COUNT(cases); i++)
            for (int pass = 0; pass < 3; pass++)
                check(variant, config, &cases[i], (enum clg_conv_pass)pass);
}

// Launches as small as they get, as a large job is cut into many.
static void test_short_launches(void **state)
{
    (void)state;
    test_device()->launch_flops = 1;
    for (size_t i = 0; i < COUNT(cases); i++)
        for (int pass = 0; pass < 3; pass++)
            check(&clg_conv_gpu, 0, &cases[i], (enum clg_conv_pass)pass);
    test_device_close();
}

// The CPU rows as on machines with other vectors than this one's (SSE: 4, AVX2: 8, AVX-512: 16).
static void test_vectors(void **state)
{
    (void)state;
    static const struct clg_conv_variant *const rows[] = {&clg_conv_cpu, &clg_conv_narrow,
                                                          &clg_conv_winograd};
    const int own = test_device()->vector;
    for (int vector = 4; vector <= 16; vector *= 2) {
        test_device_close();
        test_device()->vector = vector;
        for (size_t i = 0; i < COUNT(cases) && vector != own; i += 2)
            for (int j = 0; j < 9; j++)
                check(rows[j / 3], 0, &cases[i], (enum clg_conv_pass)(j % 3));
    }
    test_device_close();
}

// --- kept weights ------------------------------------------------------------------------------

struct kept {
    struct clg_conv_job job;
    float *first; // the output with the weights as they were
};

static int kept_body(void *user)
{
    const struct kept *k = user;
    int status = clg_conv_winograd.run(test_device(), &k->job);
    return status ? status : clg_scale(test_device(), 0.5f, k->job.w);
}

static void kept_check(const struct kept *k, double factor, const char *what)
{
    const size_t n = clg_shape_count(k->job.y.shape);
    double *expected = calloc(n, sizeof *expected);
    for (size_t i = 0; i < n; i++)
        expected[i] = factor * k->first[i];
    float *is = test_read(k->job.y);
    test_close(what, is, expected, n, 1e-6);
    free(is), free(expected);
}

// Transformed weights that are kept follow every change: by an operation, from the host, inside a recorded
// list.
static void test_kept_weights(void **state)
{
    (void)state;
    struct clg_device *d = test_device();
    float *x, *w;
    struct kept k = {.job = {CLG_CONV_FORWARD,
                             {4, 4, 2, 1},
                             test_random((struct clg_shape){2, 8, 8, 16}, 1, &x),
                             test_random((struct clg_shape){4, 4, 16, 32}, 2, &w),
                             test_poisoned((struct clg_shape){2, 4, 4, 32}),
                             false,
                             0}};
    assert_true(clg_conv_winograd.fits(d, &k.job));
    clg_weights_watch(k.job.w);
    assert_int_equal(clg_conv_winograd.run(d, &k.job), 0);
    k.first = test_read(k.job.y);
    assert_non_null(d->ops->packed);
    assert_int_equal(clg_scale(d, 4, k.job.w), 0);
    assert_int_equal(clg_conv_winograd.run(d, &k.job), 0);
    kept_check(&k, 4, "after an operation");
    assert_int_equal(clg_tensor_write(d, k.job.w, w), 0);
    assert_int_equal(clg_conv_winograd.run(d, &k.job), 0);
    kept_check(&k, 1, "after a write from the host");
    struct clg_list *list;
    assert_int_equal(clg_record(d, kept_body, &k, &list), 0);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(clg_list_run(d, list), 0);
        kept_check(&k, i == 0 ? 1 : i == 1 ? 0.5 : 0.25, "in a list");
    }
    clg_list_free(&list);
    clg_weights_forget(d, k.job.w);
    assert_null(d->ops->packed);
    free(x), free(w), free(k.first);
    test_free_all();
}

static double dot(const float *a, const float *b, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += (double)a[i] * b[i];
    return sum;
}

// <conv(x), y> = <x, conv_T(y)> = <w, filter(x, y)>, through the public calls and the device's own rule.
static void test_adjoint(void **state)
{
    (void)state;
    struct clg_device *d = test_device();
    const struct clg_conv conv = {4, 4, 2, 1};
    float *x, *w, *y;
    struct clg_tensor tx = test_random((struct clg_shape){3, 16, 16, 24}, 5, &x);
    struct clg_tensor tw = test_random((struct clg_shape){4, 4, 24, 40}, 6, &w);
    struct clg_tensor ty = test_random((struct clg_shape){3, 8, 8, 40}, 7, &y);
    struct clg_tensor ax = test_poisoned(ty.shape), aty = test_poisoned(tx.shape),
                      g = test_poisoned(tw.shape);
    assert_int_equal(clg_conv_forward(d, conv, tx, tw, ax), 0);
    assert_int_equal(clg_conv_backward_data(d, conv, ty, tw, aty), 0);
    assert_int_equal(clg_conv_backward_filter(d, conv, tx, ty, g, false), 0);
    float *hax = test_read(ax), *haty = test_read(aty), *hg = test_read(g);
    double a = dot(hax, y, clg_shape_count(ty.shape)), b = dot(x, haty, clg_shape_count(tx.shape));
    double c = dot(w, hg, clg_shape_count(tw.shape));
    double scale = sqrt(dot(hax, hax, clg_shape_count(ty.shape)) * dot(y, y, clg_shape_count(ty.shape)));
    if (fabs(a - b) > 1e-6 * scale || fabs(a - c) > 1e-6 * scale)
        fail_msg("<Ax,y> %.9g, <x,A'y> %.9g, <w,g> %.9g, scale %.3g", a, b, c, scale);
    free(x), free(w), free(y), free(hax), free(haty), free(hg);
    test_free_all();
}

static int quiet_status(int (*call)(struct clg_device *, struct clg_conv, struct clg_tensor,
                                    struct clg_tensor, struct clg_tensor),
                        struct clg_conv conv, struct clg_shape x, struct clg_shape w, struct clg_shape y)
{
    return call(test_device(), conv, test_poisoned(x), test_poisoned(w), test_poisoned(y));
}

static void test_bad_shapes(void **state)
{
    (void)state;
    const struct clg_conv good = {4, 4, 2, 1};
    const struct clg_shape x = {2, 8, 8, 3}, w = {4, 4, 3, 5}, y = {2, 4, 4, 5};
    assert_int_equal(quiet_status(clg_conv_forward, good, x, w, y), 0);
    assert_int_equal(quiet_status(clg_conv_forward, (struct clg_conv){4, 4, 0, 1}, x, w, y), CLG_EINVAL);
    assert_int_equal(quiet_status(clg_conv_forward, (struct clg_conv){4, 4, 2, 4}, x, w, y), CLG_EINVAL);
    assert_int_equal(quiet_status(clg_conv_forward, good, x, (struct clg_shape){4, 4, 4, 5}, y), CLG_EINVAL);
    assert_int_equal(quiet_status(clg_conv_forward, good, x, w, (struct clg_shape){2, 5, 4, 5}), CLG_EINVAL);
    assert_int_equal(quiet_status(clg_conv_forward, good, (struct clg_shape){2, 1, 8, 3}, w, y), CLG_EINVAL);
    test_free_all();
}

// test_conv [NAME]: all, or the one test, variant or choices (NAME-choices) of that name.
int main(int argc, char **argv)
{
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    struct CMUnitTest tests[32] = {TEST(test_adjoint), TEST(test_bad_shapes), TEST(test_vectors),
                                   TEST(test_short_launches), TEST(test_kept_weights)};
    char names[16][32];
    size_t n = 5;
    for (int i = 0; clg_conv_variants[i]; i++) { // CLBlast's first call on a CPU compiles for half a minute
        const struct clg_conv_variant *v = clg_conv_variants[i];
        tests[n++] = (struct CMUnitTest){v->name, test_variants, NULL, NULL, (void *)v};
        snprintf(names[i], sizeof names[i], "%s-choices", v->name);
        if (v->configs)
            tests[n++] = (struct CMUnitTest){names[i], test_choices, NULL, NULL, (void *)v};
    }
    return _cmocka_run_group_tests("conv", tests, n, NULL, test_device_teardown);
}
