// Inside the trials of operations without variants: what one of them works with.
#ifndef CLG_SELFTEST_HARNESS_H
#define CLG_SELFTEST_HARNESS_H

#include "selftest/selftest.h"

// One operation on trial: small tensors with copies on the host, and the worst difference so far.
struct clg_basic_trial {
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
struct clg_basic_values {
    struct clg_tensor t;
    float *host;
    size_t n;
};
// Uniform on [low, high), on the host alone; and to the device.
struct clg_basic_values clg_basic_draw(struct clg_basic_trial *t, struct clg_shape shape, double low,
                                       double high);
void clg_basic_send(struct clg_basic_trial *t, const struct clg_basic_values *values);
// Both; and a result, which is full of NaN.
struct clg_basic_values clg_basic_given(struct clg_basic_trial *t, struct clg_shape shape, double low,
                                        double high);
struct clg_basic_values clg_basic_result(struct clg_basic_trial *t, struct clg_shape shape);
double *clg_basic_expected(struct clg_basic_trial *t, size_t n); // zeros
// After an operation that returned `status`: what is there against what should be; `scale`: of the error.
void clg_basic_compare(struct clg_basic_trial *t, int status, struct clg_basic_values values,
                       const double *expected);
void clg_basic_compare_by(struct clg_basic_trial *t, int status, struct clg_basic_values values,
                          const double *expected, double scale);

// x of batch norm: fewer rows where they are long.
static inline struct clg_shape clg_basic_map(int channels)
{
    const struct clg_shape few = {3, 5, 3, channels}, many = {5, 9, 7, channels};
    return channels > 256 ? few : many;
}

// The tables of checks, each ends in {0}: basic_element.c, basic_layer.c.
extern const struct clg_basic clg_basic_elements[], clg_basic_layers[];

#endif
