// The device's peaks: their kernels compute what they count, and the rates are numbers.
#include "ops_fixture.h"

#include "ops/peaks.h"

static const float A = -0.97f, B = 0.75f;

// As many rounds on the host; float32 rounding then moves a value by a few parts in a million at most.
static void multiply_adds_are_done(void **state)
{
    (void)state;
    struct clg_device *d = test_device();
    const struct clg_fma_size size = clg_ceiling_fma_size(d);
    const size_t n = size.items * size.each;
    const int rounds[] = {0, 1, 2, 7, 64, 101};
    double *expected = host_zeros(n);
    for (size_t r = 0; r < COUNT(rounds); r++) {
        float *start = host_normal(r, n, 3, 1);
        struct guarded x = guarded_of(vector_of(n), start);
        for (size_t i = 0; i < n; i++) {
            expected[i] = start[i];
            for (int k = 0; k < rounds[r]; k++)
                expected[i] = (double)A * expected[i] + (double)B;
        }
        char what[64];
        snprintf(what, sizeof what, "%d rounds of %zu multiply-adds", rounds[r], n);
        assert_int_equal(clg_ceiling_fma(d, A, B, rounds[r], x.view), 0);
        guarded_close(what, x, expected, 3e-6);
        free(start);
        test_free_all();
    }
    free(expected);
}

static void stream_goes_through_all(void **state)
{
    (void)state;
    struct clg_device *d = test_device();
    const size_t n = clg_ceiling_stream_size(d, 1 << 23);
    float *x, *y;
    struct clg_tensor from = test_random(vector_of(n), 1, &x), other = test_random(vector_of(n), 2, &y);
    struct guarded out = guarded(vector_of(n));
    double *expected = host_zeros(n);
    for (size_t i = 0; i < n; i++)
        expected[i] = (double)A * x[i] + y[i];
    assert_int_equal(clg_ceiling_stream(d, A, from, other, out.view), 0);
    guarded_close("a x + y", out, expected, 1e-6);
    free(expected);
    free(x);
    free(y);
    test_free_all();
}

static void wrong_sizes_are_refused(void **state)
{
    (void)state;
    struct clg_device *d = test_device();
    const struct clg_fma_size size = clg_ceiling_fma_size(d);
    struct clg_tensor x = test_poisoned(vector_of(size.items * size.each + 1)),
                      y = test_poisoned(vector_of(8));
    struct captured c;
    struct clg_log loud = quiet(&c);
    REFUSED(&c, clg_ceiling_fma(d, A, B, 1, x));
    REFUSED(&c, clg_ceiling_stream(d, A, x, y, x));
    REFUSED(&c, clg_ceiling_stream(d, A, y, y, x));
    loud_again(loud);
    test_free_all();
}

static void rates_are_numbers(void **state)
{
    (void)state;
    struct clg_peaks c;
    const uint64_t before = clg_device_memory(test_device(), NULL);
    assert_int_equal(clg_device_peaks(test_device(), &c), 0);
    printf("%.1f GFLOP/s, %.2f GB/s\n", 1e-9 * c.flops, 1e-9 * c.bytes);
    if (!(isfinite(c.flops) && c.flops > 0 && isfinite(c.bytes) && c.bytes > 0))
        fail_msg("%g operations and %g bytes a second", c.flops, c.bytes);
    assert_int_equal(clg_device_memory(test_device(), NULL), before);
}

TEST_MAIN("peaks", NULL, test_device_teardown, TEST(multiply_adds_are_done), TEST(stream_goes_through_all),
          TEST(wrong_sizes_are_refused), TEST(rates_are_numbers))
