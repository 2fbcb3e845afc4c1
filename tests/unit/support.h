// What the tests share: a device, random and poisoned tensors, comparison with float64 results.
#ifndef CLG_TESTS_SUPPORT_H
#define CLG_TESTS_SUPPORT_H

#include "main.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "device/device.h"
#include "ops/ops.h"

// The device that the tests compute on: $CLGAN_DEVICE or auto, with the variants of $CLGAN_TEST_VARIANTS;
// fails the test program when there is none.
struct clg_device *test_device(void);
void test_device_close(void);
int test_device_teardown(void **state); // the same, for a group of tests

// A folder for all tests of a program, which goes together with the device.
extern char test_folder[];
int test_folder_setup(void **state);
int test_folder_teardown(void **state);

// A tensor in its own slab, filled with N(0, 1) values; host copy in *host (the caller's: free()).
// NaN-poisoned instead with test_poisoned. Slabs are freed by test_free_all.
struct clg_tensor test_random(struct clg_shape shape, uint64_t seed, float **host);
struct clg_tensor test_poisoned(struct clg_shape shape);
void test_free_all(void);

float *test_read(struct clg_tensor tensor); // the caller's: free()

// Largest |is - expected| / rms(expected) over n values; NaN or infinity in `is` counts as infinity.
double test_error(const float *is, const double *expected, size_t n);

// Fails the test, naming what was compared, when the error is over the limit.
void test_close(const char *what, const float *is, const double *expected, size_t n, double limit);

#endif
