// The test bench of operations, for the self-tests and the tuner: tensors with random data or NaN, their copies on
// the host, expected values in float64, and the largest error so far.
#ifndef CLG_SELFTEST_HARNESS_H
#define CLG_SELFTEST_HARNESS_H

#include "selftest/selftest.h"

struct clg_harness {
    struct clg_device *d;
    int channels;          // of batch norm
    int edge;              // NaNs before and after each tensor, which must stay
    struct clg_slab *slab; // for all tensors; NULL: each has its own
    struct clg_slab *own[3];
    int own_n;
    float *floats;
    double *doubles;
    size_t floats_used, doubles_used;
    uint64_t seed;
    int status;   // the first failure
    double error; // the largest, in units of the results' rms; INFINITY: NaN, or a write outside a tensor
};

// A tensor between NaNs, and its values on the host.
struct clg_harness_tensor {
    struct clg_tensor t;
    float *host;
    size_t n;
};
// Uniform on [low, high): on the host alone; sends the host's values to the device; both.
struct clg_harness_tensor clg_harness_draw(struct clg_harness *h, struct clg_shape shape, double low,
                                           double high);
void clg_harness_send(struct clg_harness *h, const struct clg_harness_tensor *values);
struct clg_harness_tensor clg_harness_input(struct clg_harness *h, struct clg_shape shape, double low,
                                            double high);
struct clg_harness_tensor clg_harness_result(struct clg_harness *h, struct clg_shape shape); // NaN
double *clg_harness_expected(struct clg_harness *h, size_t n);                               // zeros

// From the device into the host's copy; written edges are an infinite error.
int clg_harness_read(struct clg_harness *h, const struct clg_harness_tensor *values);
void clg_harness_error(struct clg_harness *h, double is, double expected, double scale);
// After an operation that returned `status`: reads values, and takes their errors in units of the expected
// values' rms, or of `scale`.
void clg_harness_compare(struct clg_harness *h, int status, struct clg_harness_tensor values,
                         const double *expected);
void clg_harness_compare_scaled(struct clg_harness *h, int status, struct clg_harness_tensor values,
                                const double *expected, double scale);

// --- convolutions ------------------------------------------------------------------------------
struct clg_conv_harness {
    struct clg_harness h;
    struct clg_conv_job job; // its tensors are those below
    struct clg_harness_tensor x, w, y;
    struct clg_harness_tensor *result;
};
// Tensors of the job's shapes, random in [-1, 1) but for the result, which is NaN. images: maps repeat after so
// many images; then y of a filter gradient has in each map its own factor besides. 0: they don't repeat. To be
// closed in any case.
int clg_conv_harness_open(struct clg_conv_harness *c, struct clg_device *d, const struct clg_conv_job *job,
                          int images);
void clg_conv_harness_close(struct clg_conv_harness *c);
int clg_conv_harness_clear(struct clg_conv_harness *c); // the result is NaN again, on the device
float clg_conv_harness_factor(int image);

// x of batch norm: fewer positions where there are many channels.
static inline struct clg_shape clg_harness_map(int channels)
{
    const struct clg_shape few = {3, 5, 3, channels}, many = {5, 9, 7, channels};
    return channels > 256 ? few : many;
}

// The tables of self-tests, each ends in {0}: element.c, layer.c.
extern const struct clg_selftest clg_selftest_elements[], clg_selftest_layers[];

#endif
