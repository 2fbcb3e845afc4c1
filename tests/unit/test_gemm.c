// Matrix products against float64: all transposes, alpha and beta, the plain kernel and CLBlast.
#include "ops_fixture.h"

typedef int gemm_fn(struct clg_device *d, struct clg_gemm gemm, struct clg_tensor a, struct clg_tensor b,
                    struct clg_tensor c);

// clg_gemm with the plain kernel, whatever the device's rule is.
static int gemm_plain(struct clg_device *d, struct clg_gemm gemm, struct clg_tensor a, struct clg_tensor b,
                      struct clg_tensor c)
{
    char forced[] = "gemm=plain", *old = d->variants;
    d->variants = forced;
    int status = clg_gemm(d, gemm, a, b, c);
    d->variants = old;
    return status;
}

static void reference(struct clg_gemm g, const float *a, const float *b, double *c)
{
    for (int i = 0; i < g.m; i++)
        for (int j = 0; j < g.n; j++) {
            double sum = 0;
            for (int l = 0; l < g.k; l++)
                sum += (double)a[g.transpose_a ? l * g.m + i : i * g.k + l] *
                       b[g.transpose_b ? j * g.k + l : l * g.n + j];
            double *to = &c[i * g.n + j];
            *to = g.alpha * sum + (g.beta != 0 ? g.beta * *to : 0);
        }
}

// With beta = 0, C's NaNs must not matter.
static void check(const char *variant, gemm_fn *gemm, struct clg_gemm g)
{
    const size_t mk = (size_t)g.m * (size_t)g.k, kn = (size_t)g.k * (size_t)g.n,
                 mn = (size_t)g.m * (size_t)g.n;
    float *a = host_normal(1, mk, 0, 1), *b = host_normal(2, kn, 0, 1), *c = host_normal(3, mn, 0, 1);
    double *expected = host_zeros(mn);
    for (size_t i = 0; i < mn; i++)
        expected[i] = c[i];
    reference(g, a, b, expected);
    struct guarded ta = guarded_of(vector_of(mk), a), tb = guarded_of(vector_of(kn), b);
    struct guarded tc = g.beta != 0 ? guarded_of(vector_of(mn), c) : guarded(vector_of(mn));
    char what[128];
    snprintf(what, sizeof what, "%s GEMM %dx%dx%d, A%s B%s, alpha %g, beta %g", variant, g.m, g.n, g.k,
             g.transpose_a ? "'" : "", g.transpose_b ? "'" : "", g.alpha, g.beta);
    assert_int_equal(gemm(test_device(), g, ta.view, tb.view, tc.view), 0);
    guarded_close(what, tc, expected, 1e-5);
    free(a), free(b), free(c), free(expected);
    test_free_all();
}

static void check_transposes(const char *variant, gemm_fn *gemm, int m, int n, int k)
{
    for (int t = 0; t < 4; t++)
        check(variant, gemm,
              (struct clg_gemm){t & 1, t & 2, m, n, k, t % 3 ? 1 : -0.5f, t == 1 || t == 2 ? 1 : 0});
}

static void test_plain(void **state)
{
    (void)state;
    static const int sizes[][3] = {{1, 1, 1},     {3, 5, 7},  {1, 100, 17}, {17, 33, 20},
                                   {64, 48, 129}, {33, 1, 3}, {4, 6, 3001}};
    for (size_t i = 0; i < COUNT(sizes); i++) {
        check_transposes("plain", gemm_plain, sizes[i][0], sizes[i][1], sizes[i][2]);
        check("plain", gemm_plain,
              (struct clg_gemm){false, false, sizes[i][0], sizes[i][1], sizes[i][2], 1, 0});
        check("plain", gemm_plain,
              (struct clg_gemm){true, true, sizes[i][0], sizes[i][1], sizes[i][2], -2, 1});
    }
}

// Small ones go to CLBlast's direct kernel, the large one through its temporary buffer.
static void test_clblast(void **state)
{
    (void)state;
    check_transposes("CLBlast", clg_gemm_clblast, 3, 5, 7);
    check_transposes("CLBlast", clg_gemm_clblast, 33, 65, 17);
    check_transposes("CLBlast", clg_gemm_clblast, 9, 20, 4999); // three parts
    check("CLBlast", clg_gemm_clblast, (struct clg_gemm){false, false, 1, 1, 1, 1, 0});
    check("CLBlast", clg_gemm_clblast, (struct clg_gemm){true, false, 401, 390, 410, 1, 0});
    check("CLBlast", clg_gemm_clblast, (struct clg_gemm){false, true, 401, 390, 410, -0.5f, 1});
}

// The tuner's parameter lists; on CPUs, where each compiles for half a minute, one of them.
static void test_lists(void **state)
{
    (void)state;
    struct clg_device *d = test_device();
    const int last = d->info.type == CLG_DEVICE_CPU ? 1 : clg_gemm_lists;
    for (int i = 1; i <= last; i++) {
        if (!clg_gemm_list_fits(d, i))
            continue;
        char what[32];
        snprintf(what, sizeof what, "CLBlast, list %d", i);
        assert_int_equal(clg_gemm_list_set(d, i), 0);
        check(what, clg_gemm_clblast, (struct clg_gemm){false, false, 401, 390, 410, 1, 0});
        check(what, clg_gemm_clblast, (struct clg_gemm){true, true, 257, 520, 300, -0.5f, 1});
    }
}

struct product {
    struct clg_tensor a, b, c;
};

static int product_body(void *user)
{
    const struct product *p = user;
    const struct clg_gemm small = {.m = 20, .n = 30, .k = 40, .alpha = 1};
    const struct clg_gemm again = {.transpose_b = true, .m = 20, .n = 30, .k = 40, .alpha = -0.5f, .beta = 1};
    int status = clg_gemm_clblast(test_device(), small, p->a, p->b, p->c);
    return status ? status : clg_gemm_clblast(test_device(), again, p->a, p->b, p->c);
}

// CLBlast's calls in a recorded list: nothing runs while recording, then the same bits every time.
static void test_recorded(void **state)
{
    (void)state;
    struct product p = {test_random(vector_of(800), 1, NULL), test_random(vector_of(1200), 2, NULL),
                        test_poisoned(vector_of(600))};
    struct clg_list *list;
    assert_int_equal(product_body(&p), 0);
    float *direct = test_read(p.c);
    assert_int_equal(clg_fill(test_device(), p.c, NAN), 0);
    assert_int_equal(clg_record(test_device(), product_body, &p, &list), 0);
    float *is = test_read(p.c);
    all_nan("recording CLBlast", is, 600);
    free(is);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(clg_list_run(test_device(), list), 0);
        is = test_read(p.c);
        same_bits("replayed CLBlast", is, direct, 600);
        free(is);
    }
    free(direct);
    clg_list_free(&list);
    test_free_all();
}

static void test_refusals(void **state)
{
    (void)state;
    struct clg_device *d = test_device();
    struct clg_tensor a = test_random(vector_of(6), 1, NULL), b = test_random(vector_of(12), 2, NULL);
    struct clg_tensor c = test_random(vector_of(8), 3, NULL);
    const struct clg_gemm good = {.m = 2, .n = 4, .k = 3, .alpha = 1};
    struct clg_gemm bad[] = {good, good, good, good};
    bad[0].m = 0, bad[1].n = 5, bad[2].k = -3, bad[3].k = 4;
    struct captured log;
    struct clg_log old = quiet(&log);
    assert_int_equal(gemm_plain(d, good, a, b, c), 0);
    for (size_t i = 0; i < COUNT(bad); i++)
        REFUSED(&log, clg_gemm(d, bad[i], a, b, c));
    REFUSED(&log, clg_gemm(d, good, b, b, c));
    REFUSED(&log, clg_gemm(d, good, a, a, c));
    REFUSED(&log, clg_gemm(d, good, a, b, b));
    bad[0] = good;
    bad[0].m = -2, bad[0].n = -4, bad[0].k = -3; // products of two are right
    REFUSED(&log, clg_gemm(d, bad[0], a, b, c));
    loud_again(old);
    test_free_all();
}

// CLBlast's first call compiles for half a minute on a CPU. test_lists comes last: nothing brings CLBlast's own
// parameters back.
TEST_MAIN("gemm", NULL, test_device_teardown, TEST(test_plain), TEST(test_refusals), TEST(test_clblast),
          TEST(test_recorded), TEST(test_lists))
