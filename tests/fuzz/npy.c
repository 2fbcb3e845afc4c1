// .npy files: what loads has the values of its shape.
#include "fuzz.h"

#include <clgan/data.h>
#include <stdlib.h>
#include <string.h>

static void foreign(const char *header, size_t values)
{
    uint8_t bytes[512] = "\x93NUMPY\x01";
    const size_t n = strlen(header);
    bytes[8] = (uint8_t)n;
    memcpy(bytes + 10, header, n);
    fuzz_seed(bytes, 10 + n + values);
}

void fuzz_seeds(void)
{
    static const float values[24] = {1, -2.5f, 1e-30f};
    const int64_t shape[] = {2, 3, 4, 1}, none[] = {5, 0};
    for (int dims = 0; dims <= 4; dims++) {
        fuzz_expect(!clg_npy_save(fuzz_in_folder("a.npy"), values, shape, dims, &fuzz_log), "a seed");
        fuzz_seeds_take();
    }
    fuzz_expect(!clg_npy_save(fuzz_in_folder("a.npy"), values, none, 2, &fuzz_log), "a seed");
    fuzz_seeds_take();
    foreign("{'shape':(3,),'fortran_order':False,'descr':'<f4'}", 12);
    foreign("{'descr': '<f8', 'fortran_order': True, 'shape': (1, 2), }\n", 16);
}

void fuzz_one(const uint8_t *data, size_t size)
{
    (void)data;
    float *values;
    int64_t shape[4];
    int dims;
    if (clg_npy_load("input", &values, shape, &dims, &fuzz_log)) {
        fuzz_expect(!values, "no values after a failure");
        return;
    }
    size_t n = sizeof *values;
    for (int i = 0; i < dims; i++)
        n *= (size_t)shape[i];
    fuzz_expect(n <= size, "no more values than the file holds");
    fuzz_touch(values, n);
    free(values);
}
