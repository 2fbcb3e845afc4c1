// Recorded lists of launches give what direct calls give; slabs hand out what they have and no more.
#include "ops_fixture.h"

// Several operations on fixed tensors, among them ones with scratch memory, two kernels or an in-place
// result.
struct work {
    struct clg_tensor x, w, b, feature, y, z, sum, stats;
    struct clg_norm norm;
    int calls, fail_at; // fail_at: the body's n-th run fails
};

static const struct clg_conv conv = {3, 3, 2, 1};

static struct work work_new(void)
{
    struct work k = {.x = test_random((struct clg_shape){2, 7, 5, 3}, 1, NULL),
                     .w = test_random((struct clg_shape){3, 3, 3, 6}, 2, NULL),
                     .b = test_random(vector_of(6), 3, NULL)};
    const struct clg_shape maps = {2, 4, 3, 6};
    struct clg_tensor vectors[5];
    for (int i = 0; i < 5; i++)
        vectors[i] = test_random(vector_of(6), 4 + (uint64_t)i, NULL);
    k.feature = test_poisoned(maps), k.y = test_poisoned(maps), k.z = test_poisoned(maps);
    k.sum = test_poisoned(vector_of(1)), k.stats = test_poisoned(vector_of(2));
    k.norm = (struct clg_norm){k.b,        vectors[0], vectors[1],
                               vectors[2], vectors[3], vectors[4],
                               1e-5f,      0.1f,       {CLG_ACT_LEAKY_RELU, 0.2f}};
    return k;
}

static int body(void *user)
{
    struct work *k = user;
    struct clg_device *d = test_device();
    if (++k->calls == k->fail_at)
        return CLG_EFORMAT;
    int status = clg_conv_forward(d, conv, k->x, k->w, k->feature);
    if (!status)
        status = clg_bias_add(d, k->b, k->feature);
    if (!status)
        status = clg_norm_train(d, k->norm, k->feature, k->y);
    if (!status)
        status = clg_act_forward(d, (struct clg_act){CLG_ACT_TANH, 0}, k->y, k->y);
    if (!status)
        status = clg_fill(d, k->z, 0.5f);
    if (!status)
        status = clg_axpy(d, -0.3f, k->y, k->z);
    if (!status)
        status = clg_dot(d, k->y, k->z, k->sum);
    return status ? status : clg_bce(d, k->y, 1, k->z, k->stats);
}

static void poison(struct work *k)
{
    const struct clg_tensor outputs[] = {k->feature, k->y, k->z, k->sum, k->stats};
    for (size_t i = 0; i < COUNT(outputs); i++)
        assert_int_equal(clg_fill(test_device(), outputs[i], NAN), 0);
}

struct results {
    float *feature, *y, *z, *sum, *stats;
};

static struct results results_of(const struct work *k)
{
    return (struct results){test_read(k->feature), test_read(k->y), test_read(k->z), test_read(k->sum),
                            test_read(k->stats)};
}

static void results_free(struct results *r)
{
    free(r->feature), free(r->y), free(r->z), free(r->sum), free(r->stats);
}

static void results_same(const char *when, const struct work *k, const struct results *expected)
{
    char what[96];
    struct results is = results_of(k);
    const float *a[] = {is.feature, is.y, is.z, is.sum, is.stats};
    const float *b[] = {expected->feature, expected->y, expected->z, expected->sum, expected->stats};
    const size_t n = clg_shape_count(k->y.shape), counts[] = {n, n, n, 1, 2};
    for (size_t i = 0; i < COUNT(counts); i++) {
        snprintf(what, sizeof what, "%s, output %zu", when, i);
        same_bits(what, a[i], b[i], counts[i]);
    }
    results_free(&is);
}

static void test_same_bits(void **state)
{
    (void)state;
    struct work k = work_new();
    struct clg_list *list;
    assert_int_equal(body(&k), 0);
    struct results direct = results_of(&k);
    assert_true(isfinite(direct.sum[0]) && isfinite(direct.stats[0]));
    poison(&k);
    k.calls = 0;
    assert_int_equal(clg_record(test_device(), body, &k, &list), 0);
    assert_int_equal(k.calls, 2);
    tensor_all_nan("recording computes nothing: features", k.feature);
    tensor_all_nan("recording computes nothing: sum", k.sum);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(clg_list_run(test_device(), list), 0);
        results_same(i ? "second replay" : "first replay", &k, &direct);
        poison(&k);
    }
    // Other work in between, with other sizes of scratch memory, changes nothing.
    struct clg_tensor large = test_random(vector_of(300007), 9, NULL);
    assert_int_equal(clg_dot(test_device(), large, large, k.sum), 0);
    assert_int_equal(clg_list_run(test_device(), list), 0);
    results_same("replay after scratch memory grew", &k, &direct);
    results_free(&direct);
    clg_list_free(&list);
    assert_null(list);
    clg_list_free(&list);
    test_free_all();
}

struct adam {
    struct clg_tensor rates, g, p, m, v;
};

static struct adam adam_new(size_t n)
{
    struct adam a = {test_poisoned(vector_of(2)), test_random(vector_of(n), 1, NULL),
                     test_random(vector_of(n), 2, NULL), test_poisoned(vector_of(n)),
                     test_poisoned(vector_of(n))};
    assert_int_equal(clg_fill(test_device(), a.m, 0), 0);
    assert_int_equal(clg_fill(test_device(), a.v, 0), 0);
    return a;
}

static int adam_body(void *user)
{
    struct adam *a = user;
    return clg_adam(test_device(), 0.5f, 0.999f, 1e-8f, a->rates, a->g, a->p, a->m, a->v);
}

// A replayed step reads the rates that are on the device at that moment.
static void test_changing_rates(void **state)
{
    (void)state;
    enum { N = 1003 };
    struct adam direct = adam_new(N), replayed = adam_new(N);
    struct clg_list *list;
    assert_int_equal(clg_record(test_device(), adam_body, &replayed, &list), 0);
    for (int t = 1; t <= 3; t++) {
        const float rates[2] = {0.01f * (float)t, 1.0f + 1.0f / (float)t};
        assert_int_equal(clg_tensor_write(test_device(), direct.rates, rates), 0);
        assert_int_equal(clg_tensor_write(test_device(), replayed.rates, rates), 0);
        assert_int_equal(adam_body(&direct), 0);
        assert_int_equal(clg_list_run(test_device(), list), 0);
    }
    float *a = test_read(direct.p), *b = test_read(replayed.p);
    same_bits("three replayed Adam steps", b, a, N);
    free(a), free(b);
    clg_list_free(&list);
    test_free_all();
}

// A body that fails in its first or second run: its error comes back, no list, and the device works on at
// once.
static void test_failing_body(void **state)
{
    (void)state;
    struct work k = work_new();
    for (int at = 1; at <= 2; at++) {
        struct clg_list *list = (struct clg_list *)&k;
        k.calls = 0, k.fail_at = at;
        assert_int_equal(clg_record(test_device(), body, &k, &list), CLG_EFORMAT);
        assert_null(list);
        poison(&k);
        assert_int_equal(clg_fill(test_device(), k.z, 3), 0);
        float *z = test_read(k.z);
        assert_true(z[0] == 3);
        free(z);
    }
    test_free_all();
}

static int no_body(void *user)
{
    (void)user;
    return 0;
}

static void test_empty(void **state)
{
    (void)state;
    struct clg_list *list;
    assert_int_equal(clg_record(test_device(), no_body, NULL, &list), 0);
    assert_int_equal(clg_list_run(test_device(), list), 0);
    clg_list_free(&list);
}

// --- slabs ---------------------------------

static void test_slab_limits(void **state)
{
    (void)state;
    struct clg_slab *slab;
    struct clg_tensor a, b, untouched = {0};
    struct captured log;
    assert_int_equal(clg_slab_size(vector_of(1)), 64);
    assert_int_equal(clg_slab_size(vector_of(64)), 64);
    assert_int_equal(clg_slab_size((struct clg_shape){5, 13, 1, 1}), 128);
    assert_int_equal(clg_slab_new(&slab, test_device(), 192), 0);
    assert_int_equal(clg_slab_take(slab, vector_of(1), &a), 0);
    assert_int_equal(clg_slab_take(slab, vector_of(65), &b), 0);
    assert_true(a.buffer == b.buffer && a.offset == 0 && b.offset == 64);
    assert_int_equal(clg_slab_all(slab).shape.c, 192);
    struct clg_log old = quiet(&log);
    int status = clg_slab_take(slab, vector_of(1), &untouched);
    loud_again(old);
    if (status != CLG_ENOMEM || log.errors != 1 || untouched.buffer)
        fail_msg("taking from a full slab: status %d, %d lines: %s", status, log.errors, log.text);
    assert_int_equal(clg_slab_all(slab).shape.c, 192);
    assert_int_equal(clg_fill(test_device(), a, 1), 0);
    assert_int_equal(clg_fill(test_device(), b, 2), 0);
    float *is = test_read(clg_slab_all(slab));
    assert_true(is[0] == 1 && is[64] == 2 && is[128] == 2);
    free(is);
    clg_slab_free(&slab);
    assert_null(slab);
    clg_slab_free(&slab);
}

static void test_slab_too_large(void **state)
{
    (void)state;
    struct clg_device *d = test_device();
    struct clg_slab *slab = (struct clg_slab *)d;
    struct captured log;
    struct clg_log old = quiet(&log);
    const uint64_t before = clg_device_memory(d, NULL);
    int status = clg_slab_new(&slab, d, (size_t)(clg_device_info(d)->max_allocation / 4 + 1));
    loud_again(old);
    if (status != CLG_ENOMEM || slab || log.errors != 1)
        fail_msg("a slab of more than the largest allocation: status %d, %d lines: %s", status, log.errors,
                 log.text);
    captured_has(&log, "--batch");
    assert_int_equal(clg_device_memory(d, NULL), before);
}

static void test_memory_account(void **state)
{
    (void)state;
    struct clg_device *d = test_device();
    struct clg_slab *slab;
    uint64_t peak, after;
    const uint64_t before = clg_device_memory(d, NULL);
    assert_int_equal(clg_slab_new(&slab, d, (size_t)5 << 20), 0);
    assert_int_equal(clg_device_memory(d, &peak), before + ((uint64_t)20 << 20));
    assert_true(peak >= before + ((uint64_t)20 << 20));
    clg_slab_free(&slab);
    assert_int_equal(clg_device_memory(d, &after), before);
    assert_int_equal(after, peak);
}

TEST_MAIN("record", NULL, test_device_teardown, TEST(test_same_bits), TEST(test_changing_rates),
          TEST(test_failing_body), TEST(test_empty), TEST(test_slab_limits), TEST(test_slab_too_large),
          TEST(test_memory_account))
