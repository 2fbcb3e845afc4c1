// Inside the self-tests of operations without variants: what one of them works with.
#ifndef CLG_SELFTEST_HARNESS_H
#define CLG_SELFTEST_HARNESS_H

#include "selftest/selftest.h"

// One operation on trial: small tensors with copies on the host, and the worst difference so far.
struct clg_harness {
    struct clg_device *d;
    int channels; // of batch norm
    struct clg_slab *slab;
    float *floats;
    double *doubles;
    size_t most, floats_used, doubles_used; // of `most` each
    uint64_t seed;
    int status;   // the first failure
    double error; // in the results' rms; INFINITY: not a number, or written where nothing belongs
};

// A tensor at an odd place between NaNs, and what it was given.
struct clg_harness_tensor {
    struct clg_tensor t;
    float *host;
    size_t n;
};
// Uniform on [low, high), on the host alone; and to the device.
struct clg_harness_tensor clg_harness_draw(struct clg_harness *t, struct clg_shape shape, double low,
                                           double high);
void clg_harness_send(struct clg_harness *t, const struct clg_harness_tensor *values);
// Both; and a result, which is full of NaN.
struct clg_harness_tensor clg_harness_input(struct clg_harness *t, struct clg_shape shape, double low,
                                            double high);
struct clg_harness_tensor clg_harness_result(struct clg_harness *t, struct clg_shape shape);
double *clg_harness_expected(struct clg_harness *t, size_t n); // zeros
// After an operation that returned `status`: what is there against what should be; `scale`: of the error.
void clg_harness_compare(struct clg_harness *t, int status, struct clg_harness_tensor values,
                         const double *expected);
void clg_harness_compare_scaled(struct clg_harness *t, int status, struct clg_harness_tensor values,
                                const double *expected, double scale);

// x of batch norm: fewer rows where they are long.
static inline struct clg_shape clg_harness_map(int channels)
{
    const struct clg_shape few = {3, 5, 3, channels}, many = {5, 9, 7, channels};
    return channels > 256 ? few : many;
}

// The tables of checks, each ends in {0}: basic_element.c, basic_layer.c.
extern const struct clg_selftest clg_selftest_elements[], clg_selftest_layers[];

#endif
