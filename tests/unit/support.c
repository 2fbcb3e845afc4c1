// What the tests share: a device, random and poisoned tensors, comparison with float64 results.
#include "support.h"

#include "base/random.h"

#include <math.h>

enum { SLABS_MAX = 256 };

static struct clg_device *device;
static struct clg_slab *slabs[SLABS_MAX];
static int slabs_n;

// A layer that the loader ignores would make tests of faked devices pass without having tried anything.
static void expect_faked(const struct clg_device *d)
{
    const char *units = getenv("FAULT_UNITS"), *gpu = getenv("FAULT_GPU");
    if ((units && strtoul(units, NULL, 10) != d->info.compute_units) ||
        (gpu && strtoul(gpu, NULL, 10) && d->info.type != CLG_DEVICE_GPU)) {
        printf("skipped: the OpenCL loader here ignores OPENCL_LAYERS\n");
        exit(77);
    }
}

struct clg_device *test_device(void)
{
    if (!device) {
        struct clg_device_params params = clg_device_params_default();
        params.select = getenv("CLGAN_DEVICE");
        params.variants = getenv("CLGAN_TEST_VARIANTS");
        if (clg_device_open(&device, &params)) {
            fprintf(stderr, "no OpenCL device to test on: %s\n", clg_devices_advice());
            exit(1);
        }
        expect_faked(device);
    }
    return device;
}

void test_device_close(void)
{
    test_free_all();
    clg_device_close(&device);
}

int test_device_teardown(void **state)
{
    (void)state;
    test_device_close();
    return 0;
}

char test_folder[] = "/tmp/clgan-test-XXXXXX";

int test_folder_setup(void **state)
{
    (void)state;
    return mkdtemp(test_folder) ? 0 : 1;
}

int test_folder_teardown(void **state)
{
    (void)state;
    char command[128];
    test_device_close();
    snprintf(command, sizeof command, "rm -rf %s", test_folder);
    return system(command);
}

static struct clg_tensor tensor_new(struct clg_shape shape)
{
    struct clg_tensor t;
    assert_true(slabs_n < SLABS_MAX);
    assert_int_equal(clg_slab_new(&slabs[slabs_n], test_device(), clg_slab_size(shape)), 0);
    assert_int_equal(clg_slab_take(slabs[slabs_n++], shape, &t), 0);
    return t;
}

struct clg_tensor test_random(struct clg_shape shape, uint64_t seed, float **host)
{
    struct clg_tensor t = tensor_new(shape);
    size_t n = clg_shape_count(shape);
    float *values = malloc(n * sizeof *values);
    clg_random_normal(seed, CLG_STREAM_WEIGHTS, 0, n, values);
    assert_int_equal(clg_tensor_write(test_device(), t, values), 0);
    if (host)
        *host = values;
    else
        free(values);
    return t;
}

struct clg_tensor test_poisoned(struct clg_shape shape)
{
    struct clg_tensor t = tensor_new(shape);
    assert_int_equal(clg_fill(test_device(), t, NAN), 0);
    return t;
}

void test_free_all(void)
{
    while (slabs_n)
        clg_slab_free(&slabs[--slabs_n]);
}

float *test_read(struct clg_tensor tensor)
{
    float *host = malloc(clg_shape_count(tensor.shape) * sizeof *host);
    assert_int_equal(clg_tensor_read(test_device(), tensor, host), 0);
    return host;
}

double test_error(const float *is, const double *expected, size_t n)
{
    double square = 0, worst = 0;
    for (size_t i = 0; i < n; i++)
        square += expected[i] * expected[i];
    double rms = sqrt(square / (double)n);
    for (size_t i = 0; i < n; i++) {
        double e = fabs(is[i] - expected[i]);
        if (!isfinite(is[i]))
            return INFINITY;
        worst = e > worst ? e : worst;
    }
    return worst / (rms > 0 ? rms : 1);
}

void test_close(const char *what, const float *is, const double *expected, size_t n, double limit)
{
    double error = test_error(is, expected, n);
    if (!(error <= limit)) {
        size_t at = 0;
        for (size_t i = 0; i < n; i++)
            if (!(fabs(is[i] - expected[i]) <= fabs(is[at] - expected[at])))
                at = i;
        fail_msg("%s: error %.3g of the rms, allowed %.3g; worst at %zu: %.9g, expected %.9g", what, error,
                 limit, at, is[at], expected[at]);
    }
}
