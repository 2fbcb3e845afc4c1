// The two kernels behind clg_device_peaks, for tests of what they compute.
#ifndef CLG_OPS_PEAKS_H
#define CLG_OPS_PEAKS_H

#include "device/device.h"

// x = a x + b, `rounds` times: two operations for each value and round. x has items * each values.
struct clg_fma_size {
    size_t items; // work-items
    size_t each;  // values of one
};
struct clg_fma_size clg_ceiling_fma_size(const struct clg_device *d);
int clg_ceiling_fma(struct clg_device *d, float a, float b, int rounds, struct clg_tensor x);

// How many of `floats` values the stream goes through: what its work-items share evenly.
size_t clg_ceiling_stream_size(const struct clg_device *d, size_t floats);
// out = a x + y, over that many values; all three have equal counts.
int clg_ceiling_stream(struct clg_device *d, float a, struct clg_tensor x, struct clg_tensor y,
                       struct clg_tensor out);

#endif
