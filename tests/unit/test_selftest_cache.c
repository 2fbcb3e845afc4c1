// Self-tests of convolutions: kernels made wrong on purpose are found and dropped, or the device is refused; what
// passed is remembered from one process to the next.
#include "mutate.h"

#include "base/file.h"
#include "device/program.h"
#include "selftest/selftest.h"

#include <unistd.h>

static const struct defect in_winograd = {"winograd.cl", "8.0f * m3", "7.0f * m3"},
                           in_cpu = {"conv_cpu.cl", "acc[p][v] = 0.0f", "acc[p][v] = 0.01f"},
                           in_plain = {"conv_plain.cl", "float sum = 0.0f", "float sum = 0.5f"},
                           no_winograd = {"winograd.cl", "8.0f * m3", "8.0f * nothing"},
                           no_cpu = {"conv_cpu.cl", "acc[p][v] = 0.0f", "acc[p][v] = ;"},
                           no_plain = {"conv_plain.cl", "float sum = 0.0f", "float sum = nothing"};

// A device of a CPU's kind with some defects in its kernels.
static struct clg_device *mutated_device(const struct defect *const *defects, const char *variants,
                                         struct captured *log)
{
    folder_clear(test_folder);
    for (; *defects; defects++)
        defect_write(test_folder, *defects);
    struct clg_device *d =
        opened((struct clg_device_params){.kernels_dir = test_folder, .variants = variants}, log);
    d->info.type = CLG_DEVICE_CPU, d->vector = 8;
    return d;
}

static struct clg_tensor tensor_on(struct clg_device *d, struct clg_slab **slab, struct clg_shape shape,
                                   uint64_t seed)
{
    struct clg_tensor t;
    float *values = host_normal(seed, clg_shape_count(shape), 0, 1);
    assert_int_equal(clg_slab_new(slab, d, clg_slab_size(shape)), 0);
    assert_int_equal(clg_slab_take(*slab, shape, &t), 0);
    assert_int_equal(clg_tensor_write(d, t, values), 0);
    free(values);
    return t;
}

enum { N = 3, SIDE = 16, C = 8, K = 16, OUT = SIDE / 2 };

struct tensors {
    struct clg_device *d;
    struct clg_tensor x, w, y;
};

static int forward(void *user)
{
    struct tensors *t = user;
    return clg_conv_forward(t->d, (struct clg_conv){4, 4, 2, 1}, t->x, t->w, t->y);
}

// As a training step does it: what is needed is compiled before anything is tried.
static int recorded(struct clg_device *d, clg_body_fn *body, void *user)
{
    struct clg_list *list;
    int status = clg_record(d, body, user, &list);
    if (!status)
        status = clg_list_run(d, list);
    clg_list_free(&list);
    return status;
}

// One forward convolution, and its worst error against float64.
static int convolve_as(struct clg_device *d, bool record, double *error)
{
    struct clg_slab *slabs[3];
    struct tensors t = {d, tensor_on(d, &slabs[0], (struct clg_shape){N, SIDE, SIDE, C}, 1),
                        tensor_on(d, &slabs[1], (struct clg_shape){4, 4, C, K}, 2),
                        tensor_on(d, &slabs[2], (struct clg_shape){N, OUT, OUT, K}, 3)};
    float *hx = host_normal(1, N * SIDE * SIDE * C, 0, 1), *hw = host_normal(2, 16 * C * K, 0, 1),
          *hy = malloc(N * OUT * OUT * K * sizeof *hy);
    double *expected = host_zeros(N * OUT * OUT * K);
    int status = record ? recorded(d, forward, &t) : forward(&t);
    assert_int_equal(clg_tensor_read(d, t.y, hy), 0);
    for (int i = 0; i < N * OUT * OUT * K; i++)
        for (int tap = 0; tap < 16 * C; tap++) {
            const int k = i % K, ox = i / K % OUT, oy = i / K / OUT % OUT, n = i / K / OUT / OUT;
            const int c = tap % C, iy = 2 * oy - 1 + tap / C / 4, ix = 2 * ox - 1 + tap / C % 4;
            if (iy >= 0 && ix >= 0 && iy < SIDE && ix < SIDE)
                expected[i] += (double)hx[((n * SIDE + iy) * SIDE + ix) * C + c] * hw[tap * K + k];
        }
    *error = test_error(hy, expected, N * OUT * OUT * K);
    for (int i = 0; i < 3; i++)
        clg_slab_free(&slabs[i]);
    free(hx), free(hw), free(hy), free(expected);
    return status;
}

static int convolve(struct clg_device *d, double *error)
{
    return convolve_as(d, false, error);
}

// How many lines are said over the two first convolutions, the variants that are left out (wrong, or
// failing), and whether the result is right all the same.
static void test_dropped(void **state)
{
    (void)state;
    static const struct {
        const struct defect *defects[3];
        const char *words[2];
        int lines;
    } cases[] = {{{&in_winograd}, {"conv=winograd", "another variant"}, 1},
                 {{&in_winograd, &in_cpu}, {"conv=winograd", "conv=cpu"}, 2},
                 {{&no_winograd}, {"conv=winograd", "does not work on"}, 1},
                 {{&no_winograd, &no_cpu}, {"conv=winograd", "conv=cpu"}, 2},
                 {{&in_cpu}, {"", ""}, 0}, // not used here: winograd goes first
                 {{&no_cpu}, {"", ""}, 0}};
    for (size_t i = 0; i < 2 * COUNT(cases); i++) {
        const bool record = i >= COUNT(cases);
        struct captured log;
        double error;
        struct clg_device *d = mutated_device(cases[i % COUNT(cases)].defects, NULL, &log);
        assert_int_equal(convolve_as(d, record, &error), 0);
        assert_true(error < 1e-4);
        assert_int_equal(convolve_as(d, record, &error), 0);
        assert_true(error < 1e-4);
        captured_has(&log, cases[i % COUNT(cases)].words[0]);
        captured_has(&log, cases[i % COUNT(cases)].words[1]);
        assert_int_equal(log.lines,
                         cases[i % COUNT(cases)].lines + record); // and which variant is recorded, once
        assert_int_equal(log.errors, 0);
        for (const struct clg_program *p = d->programs; p; p = p->next)
            assert_non_null(p->program); // what does not compile is forgotten
        clg_device_close(&d);
    }
}

// The information lines about variants: what runs a convolution, and why.
static void test_reasons(void **state)
{
    (void)state;
    static const struct {
        const struct defect *defects[2];
        const char *variants;
        bool exact;
        const char *words[2];
    } cases[] = {{{NULL}, NULL, false, {": winograd (", "default for CPUs)"}},
                 {{NULL}, NULL, true, {": cpu (", "winograd is not exact"}},
                 {{NULL}, "conv=plain", false, {": plain (", "forced)"}},
                 {{&in_winograd}, NULL, false, {": cpu (", "winograd failed its self-test"}}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct captured log;
        double error;
        struct clg_device *d = mutated_device(cases[i].defects, cases[i].variants, &log);
        d->params.exact = cases[i].exact;
        assert_int_equal(convolve_as(d, true, &error), 0);
        captured_has(&log, cases[i].words[0]);
        captured_has(&log, cases[i].words[1]);
        clg_device_close(&d);
    }
}

// However many variants are left out, each stays so: a table that were full would pick one of them for ever.
static void test_many_dropped(void **state)
{
    (void)state;
    struct clg_conv_variant variants[100] = {{0}};
    char names[COUNT(variants)][16];
    struct captured log;
    struct clg_device *d = opened((struct clg_device_params){0}, &log);
    for (size_t i = 0; i < COUNT(variants); i++) {
        snprintf(names[i], sizeof names[i], "other %zu", i);
        variants[i].name = names[i];
        assert_false(clg_selftest_cache_dropped(d, &variants[i]));
        assert_int_equal(clg_selftest_cache_drop(d, &variants[i]), 0);
    }
    for (size_t i = 0; i < COUNT(variants); i++)
        assert_true(clg_selftest_cache_dropped(d, &variants[i]));
    assert_false(clg_selftest_cache_dropped(d, &clg_conv_plain));
    clg_device_close(&d);
}

static void test_refused(void **state)
{
    (void)state;
    static const struct {
        const struct defect *defects[4];
        const char *variants, *word;
    } cases[] = {{{&in_plain}, "conv=plain", "simplest kernel"},
                 {{&in_winograd, &in_cpu, &in_plain}, NULL, "simplest kernel"},
                 {{&in_winograd}, "conv=winograd", "do not force it"},
                 {{&no_winograd}, "conv=winograd", "winograd.cl does not compile"},
                 {{&no_plain}, "conv=plain", "conv_plain.cl does not compile"},
                 {{&in_winograd, &no_cpu, &no_plain}, NULL, "conv_plain.cl does not compile"}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct captured log;
        double error;
        struct clg_device *d = mutated_device(cases[i].defects, cases[i].variants, &log);
        assert_int_equal(convolve(d, &error), strstr(cases[i].word, "compile") ? CLG_EBUILD : CLG_EDEVICE);
        captured_has(&log, cases[i].word);
        captured_has(&log, d->info.name);
        assert_int_equal(log.errors, 1);
        clg_device_close(&d);
    }
}

// Tried once for a folder of caches, not again by the next process; a damaged file only means that it is tried
// again.
static void test_remembered(void **state)
{
    (void)state;
    char command[256];
    const char *const damage[] = {NULL, NULL, "truncate -s -3 %s/checked-*", "echo xyz > %s/checked-*", NULL};
    const int tried[] = {1, 0, 1, 1, 0};
    folder_clear(test_folder);
    for (size_t i = 0; i < COUNT(tried); i++) {
        struct captured log;
        double error;
        if (damage[i]) {
            snprintf(command, sizeof command, damage[i], test_folder);
            assert_int_equal(system(command), 0);
        }
        struct clg_device *d = opened((struct clg_device_params){.cache_dir = test_folder}, &log);
        assert_int_equal(convolve(d, &error), 0);
        assert_int_equal(d->ops->selftests->tried, tried[i]);
        clg_device_close(&d);
    }
}

// The host's sums are right themselves: every pass and row that fits, odd shapes; and they do find an error.
static void test_spots(void **state)
{
    (void)state;
    static const struct {
        struct clg_conv conv;
        int n, h, w, c, k;
    } shapes[] = {{{4, 4, 2, 1}, 3, 8, 12, 16, 8},
                  {{3, 3, 1, 1}, 2, 5, 7, 3, 4},
                  {{4, 4, 1, 0}, 5, 4, 4, 6, 1},
                  {{5, 3, 3, 2}, 1, 11, 9, 2, 5}};
    struct clg_device *d = test_device();
    int compared = 0;
    for (size_t i = 0; i < COUNT(shapes); i++)
        for (int pass = 0; pass < 3; pass++)
            for (int v = 0; clg_conv_variants[v]; v++) {
                const struct clg_conv *c = &shapes[i].conv;
                const int oh = clg_conv_out(shapes[i].h, c->r, c->stride, c->pad),
                          ow = clg_conv_out(shapes[i].w, c->s, c->stride, c->pad);
                struct clg_conv_job job = {.pass = pass, .conv = *c};
                job.x.shape = (struct clg_shape){shapes[i].n, shapes[i].h, shapes[i].w, shapes[i].c};
                job.w.shape = (struct clg_shape){c->r, c->s, shapes[i].c, shapes[i].k};
                job.y.shape = (struct clg_shape){shapes[i].n, oh, ow, shapes[i].k};
                const struct clg_conv_variant *row = clg_conv_variants[v];
                double error;
                if (!strcmp(row->name, "gemm") || !row->fits(d, &job)) // CLBlast compiles too long on CPUs
                    continue;
                assert_int_equal(clg_conv_selftest(d, &job, row, &error), 0);
                if (!(error < clg_conv_selftest_limit(&job, row)))
                    fail_msg("shape %zu, pass %d, %s: error %g", i, pass, row->name, error);
                compared++;
            }
    assert_true(compared >= 24);
}

TEST_MAIN("checked", test_folder_setup, test_folder_teardown, TEST(test_dropped), TEST(test_reasons),
          TEST(test_refused), TEST(test_remembered), TEST(test_spots), TEST(test_many_dropped))
