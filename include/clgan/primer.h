// A primer of convolutional nets: what convolution (blur, edges, stride), pooling, transposed convolution and
// deconvolution make of one picture (Dumoulin and Visin 2016, "A guide to convolution arithmetic").
#ifndef CLGAN_PRIMER_H
#define CLGAN_PRIMER_H

#include <clgan/ops.h>

#ifdef __cplusplus
extern "C" {
#endif

enum clg_primer_kind {
    CLG_PRIMER_INPUT,
    CLG_PRIMER_CONV,
    CLG_PRIMER_POOL_MAX,
    CLG_PRIMER_POOL_AVERAGE,
    CLG_PRIMER_TRANSPOSED,
    CLG_PRIMER_DECONV,
};

// How values become pixels.
enum clg_primer_view {
    CLG_PRIMER_PICTURE, // 0 black, 1 white, clamped
    CLG_PRIMER_SIGNED,  // 0 mid-grey, the largest magnitude black or white
    CLG_PRIMER_SCALED,  // 0 black, the largest magnitude white
};

struct clg_primer_step {
    const char *name, *text; // "max-pool", and what it does
    enum clg_primer_kind kind;
    int input;               // the earlier step whose output it takes
    int kernel, stride, pad; // side of the window in pixels; its stride and padding
    const float *weights;    // [kernel][kernel] of convolutions, the same for each channel; NULL: pooling
    float divisor;           // of the weights
    enum clg_primer_view view;
    bool compare; // with the input, of which its output is an estimate
};
enum { CLG_PRIMER_STEPS = 14 };
extern CLG_API const struct clg_primer_step clg_primer_steps[CLG_PRIMER_STEPS]; // the first is the input

struct clg_primer_output {
    struct clg_shape shape; // n = 1
    float *values;          // [h][w][c]; the input's are pixels / 255
    float min, max;
    double psnr;                     // against the input, in dB for a range of 1; 0 unless step.compare
    struct clg_deconv_report report; // of deconvolutions
};
// Computes all steps on the device from pixels [size][size][channels]; CLG_EINVAL unless size >= 4 and
// channels is 1 to 3. Free the outputs with clg_primer_free, also after an error.
CLG_API int clg_primer_run(struct clg_device *device, const uint8_t *pixels, int size, int channels,
                           struct clg_primer_output outputs[CLG_PRIMER_STEPS]);
CLG_API void clg_primer_free(struct clg_primer_output outputs[CLG_PRIMER_STEPS]);
// The output of step i as pixels [h][w][c] in the step's view.
CLG_API void clg_primer_pixels(int i, const struct clg_primer_output *output, uint8_t *pixels);

#ifdef __cplusplus
}
#endif
#endif
