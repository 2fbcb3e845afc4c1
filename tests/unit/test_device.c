// Devices with options: forced variants, the profile, progress.
#include "ops_fixture.h"

enum { N = 103 };

// --- variants ---------------------------------

static void check_variants(const char *text, int expected)
{
    struct captured log;
    struct clg_device *d = opened((struct clg_device_params){.variants = text}, &log);
    int status = clg_variants_check(d);
    clg_device_close(&d);
    if (status != expected || log.errors != (expected != 0))
        fail_msg("variants \"%s\": status %d, expected %d; log: %s", text ? text : "(none)", status, expected,
                 log.text);
    if (expected)
        captured_has(&log, "conv=plain");
}

static void test_variant_names(void **state)
{
    (void)state;
    static const char *const good[] = {NULL,        "", "conv=plain", "conv=cpu", "conv=gemm,gemm=clblast",
                                       "gemm=plain"};
    static const char *const bad[] = {"conv",
                                      "conv=",
                                      "conv=fast",
                                      "conv=plai",
                                      "conv=plainer",
                                      "gemm=plain,conv=x",
                                      ",",
                                      "conv=plain,,gemm=plain",
                                      "pool=plain",
                                      "conv=plain gemm=plain"};
    for (size_t i = 0; i < COUNT(good); i++)
        check_variants(good[i], 0);
    for (size_t i = 0; i < COUNT(bad); i++)
        check_variants(bad[i], CLG_EINVAL);
}

static const struct clg_profile_row *row_of(const struct clg_profile_row *rows, int n, const char *name)
{
    for (int i = 0; i < n; i++)
        if (strcmp(rows[i].name, name) == 0)
            return &rows[i];
    return NULL;
}

// The plain kernel runs where it is forced, also as the second of two.
static void test_forced(void **state)
{
    (void)state;
    static const char *const forced[] = {"conv=plain", "gemm=clblast,conv=plain"};
    const struct clg_conv conv = {3, 3, 2, 1};
    const struct clg_shape xs = {2, 7, 5, 3}, ws = {3, 3, 3, 6}, ys = {2, 4, 3, 6};
    for (size_t i = 0; i < COUNT(forced); i++) {
        struct captured log;
        struct clg_device *d =
            opened((struct clg_device_params){.variants = forced[i], .profile = true}, &log);
        struct clg_slab *slab;
        struct clg_tensor x, w, y;
        struct clg_profile_row *rows;
        int n;
        assert_int_equal(clg_slab_new(&slab, d, 4096), 0);
        assert_int_equal(
            clg_slab_take(slab, xs, &x) | clg_slab_take(slab, ws, &w) | clg_slab_take(slab, ys, &y), 0);
        assert_int_equal(clg_conv_forward(d, conv, x, w, y), 0);
        assert_int_equal(clg_device_profile(d, &rows, &n), 0);
        if (n != 1 || !row_of(rows, n, "conv_plain_forward"))
            fail_msg("\"%s\" ran %d kernels, the first is %s", forced[i], n, n ? rows[0].name : "none");
        free(rows);
        clg_slab_free(&slab);
        clg_device_close(&d);
    }
}

// --- profile ---------------------------------

struct filled {
    struct clg_device *device;
    struct clg_tensor x, y;
};

static int fill_body(void *user)
{
    struct filled *f = user;
    int status = clg_fill(f->device, f->x, 1);
    return status ? status : clg_axpy(f->device, 2, f->x, f->y);
}

static void expect_row(struct clg_device *d, const char *name, uint64_t calls, double flops, double bytes)
{
    struct clg_profile_row *rows;
    int n;
    assert_int_equal(clg_device_profile(d, &rows, &n), 0);
    const struct clg_profile_row *r = row_of(rows, n, name);
    if (!r || r->calls != calls || r->flops != flops || r->bytes != bytes ||
        !(r->seconds >= 0 && r->seconds < 60))
        fail_msg("%s: %llu calls, %g flops, %g bytes, %g s; expected %llu, %g, %g", name,
                 r ? (unsigned long long)r->calls : 0, r ? r->flops : 0, r ? r->bytes : 0, r ? r->seconds : 0,
                 (unsigned long long)calls, flops, bytes);
    for (int i = 1; i < n; i++)
        assert_true(rows[i - 1].seconds >= rows[i].seconds);
    free(rows);
}

// Direct and replayed launches are counted, recording is not; more of them than the profile keeps open at
// once.
static void test_profile(void **state)
{
    (void)state;
    enum { LAUNCHES = 2100 };
    struct captured log;
    struct filled f = {opened((struct clg_device_params){.profile = true}, &log), {0}, {0}};
    struct clg_slab *slab;
    struct clg_list *list;
    assert_int_equal(clg_slab_new(&slab, f.device, 256), 0);
    assert_int_equal(clg_slab_take(slab, vector_of(N), &f.x) | clg_slab_take(slab, vector_of(N), &f.y), 0);
    for (int i = 0; i < LAUNCHES; i++)
        assert_int_equal(clg_fill(f.device, f.y, 2), 0);
    expect_row(f.device, "fill", LAUNCHES, 0, 4.0 * N * LAUNCHES);
    assert_int_equal(clg_record(f.device, fill_body, &f, &list), 0);
    expect_row(f.device, "fill", LAUNCHES, 0, 4.0 * N * LAUNCHES);
    for (int i = 0; i < 3; i++)
        assert_int_equal(clg_list_run(f.device, list), 0);
    expect_row(f.device, "fill", LAUNCHES + 3, 0, 4.0 * N * (LAUNCHES + 3));
    expect_row(f.device, "axpy", 3, 2.0 * N * 3, 12.0 * N * 3);
    char *text = NULL;
    size_t size;
    FILE *file = open_memstream(&text, &size);
    assert_int_equal(clg_device_profile_print(f.device, file), 0);
    fclose(file);
    if (!strstr(text, "fill") || !strstr(text, "axpy") || !strstr(text, "2103"))
        fail_msg("the printed profile misses fill, axpy or 2103 calls:\n%s", text);
    free(text);
    clg_list_free(&list);
    clg_slab_free(&slab);
    clg_device_close(&f.device);
}

static void test_no_profile(void **state)
{
    (void)state;
    struct captured log;
    struct clg_device *d = opened((struct clg_device_params){0}, &log);
    struct clg_profile_row *rows = (struct clg_profile_row *)d;
    int n = -1;
    REFUSED(&log, clg_device_profile(d, &rows, &n));
    assert_true(!rows && n == 0);
    clg_device_close(&d);
}

// --- progress ---------------------------------

static void progress_line(void *user, const char *what, size_t done, size_t total)
{
    char *text = user;
    size_t used = strlen(text);
    snprintf(text + used, 1024 - used, "%s %zu/%zu; ", what, done, total);
}

static int act_body(void *user)
{
    struct filled *f = user;
    int status = fill_body(f);
    return status ? status : clg_act_forward(f->device, (struct clg_act){CLG_ACT_TANH, 0}, f->y, f->y);
}

static void test_progress(void **state)
{
    (void)state;
    char text[1024] = "";
    struct captured log;
    struct filled f = {
        opened((struct clg_device_params){.progress = progress_line, .progress_user = text}, &log), {0}, {0}};
    struct clg_slab *slab;
    struct clg_list *list;
    assert_int_equal(clg_slab_new(&slab, f.device, 256), 0);
    assert_int_equal(clg_slab_take(slab, vector_of(N), &f.x) | clg_slab_take(slab, vector_of(N), &f.y), 0);
    assert_int_equal(clg_record(f.device, act_body, &f, &list), 0);
    assert_string_equal(text, "element.cl 0/2; element.cl 1/2; kernels 2/2; ");
    clg_list_free(&list);
    assert_int_equal(clg_record(f.device, act_body, &f, &list), 0); // all built: nothing to tell
    assert_string_equal(text, "element.cl 0/2; element.cl 1/2; kernels 2/2; ");
    clg_list_free(&list);
    clg_slab_free(&slab);
    clg_device_close(&f.device);
}

TEST_MAIN("device", NULL, NULL, TEST(test_variant_names), TEST(test_forced), TEST(test_profile),
          TEST(test_no_profile), TEST(test_progress))
