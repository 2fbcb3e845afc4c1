// A primer on convolutional nets: its steps and their computation.
#include <clgan/data.h>
#include <clgan/primer.h>

#include "base/log.h"
#include "device/device.h"

#include <math.h>
#include <stdlib.h>

enum { KERNEL_MAX = 5, CHANNELS_MAX = 3, SIZE_MIN = 4 };

static const float gauss[] = {1,  4, 7, 4,  1,  4,  16, 26, 16, 4, 7, 26, 41,
                              26, 7, 4, 16, 26, 16, 4,  1,  4,  7, 4, 1};
static const float edges_x[] = {-1, 0, 1, -2, 0, 2, -1, 0, 1};
static const float edges_y[] = {-1, -2, -1, 0, 0, 0, 1, 2, 1};
static const float laplace[] = {0, 1, 0, 1, -4, 1, 0, 1, 0};
static const float sharp[] = {0, -1, 0, -1, 5, -1, 0, -1, 0};
static const float box[] = {1, 1, 1, 1, 1, 1, 1, 1, 1};
static const float tent[] = {1, 3, 3, 1, 3, 9, 9, 3, 3, 9, 9, 3, 1, 3, 3, 1};

enum { INPUT = 0, BLUR = 1, STRIDED = 6 }; // steps whose outputs other steps take

const struct clg_primer_step clg_primer_steps[CLG_PRIMER_STEPS] = {
    {"input", "the picture: 0 is black, 1 is white", CLG_PRIMER_INPUT},
    {"blur", "convolution with a Gaussian: each value becomes a mean of its neighbourhood", CLG_PRIMER_CONV,
     INPUT, 5, 1, 2, gauss, 273, CLG_PRIMER_PICTURE, true},
    {"vertical-edges", "convolution with Sobel's kernel: brighter to the right is white, darker is black",
     CLG_PRIMER_CONV, INPUT, 3, 1, 1, edges_x, 4, CLG_PRIMER_SIGNED},
    {"horizontal-edges", "the same kernel turned: brighter below is white, darker is black", CLG_PRIMER_CONV,
     INPUT, 3, 1, 1, edges_y, 4, CLG_PRIMER_SIGNED},
    {"laplacian", "convolution with a Laplacian: how far the mean of the neighbours lies above each value",
     CLG_PRIMER_CONV, INPUT, 3, 1, 1, laplace, 4, CLG_PRIMER_SIGNED},
    {"sharpen", "the picture minus its Laplacian, in one kernel: edges stand out", CLG_PRIMER_CONV, INPUT, 3,
     1, 1, sharp, 1, CLG_PRIMER_PICTURE},
    {"strided", "convolution with stride 2, means of 3x3: a feature map with sides half as long",
     CLG_PRIMER_CONV, INPUT, 3, 2, 1, box, 9, CLG_PRIMER_PICTURE},
    {"max-pool", "the largest value of each 2x2 block: thin bright lines survive", CLG_PRIMER_POOL_MAX, INPUT,
     2, 2, 0, NULL, 1, CLG_PRIMER_PICTURE},
    {"average-pool", "the mean of each 2x2 block: thin lines fade", CLG_PRIMER_POOL_AVERAGE, INPUT, 2, 2, 0,
     NULL, 1, CLG_PRIMER_PICTURE},
    {"transposed",
     "transposed convolution of the strided map restores the shape; 3 over 2: windows overlap unevenly",
     CLG_PRIMER_TRANSPOSED, STRIDED, 3, 2, 1, box, 9, CLG_PRIMER_SCALED},
    {"transposed-4x4",
     "the same with 4x4, a multiple of the stride, as in a DCGAN's generator: no checkerboard",
     CLG_PRIMER_TRANSPOSED, STRIDED, 4, 2, 1, tent, 16, CLG_PRIMER_PICTURE},
    {"transposed-blur", "transposed convolution of the blurred map: not an inverse, it blurs once more",
     CLG_PRIMER_TRANSPOSED, BLUR, 5, 1, 2, gauss, 273, CLG_PRIMER_PICTURE, true},
    {"deconvolution", "deconvolution of the blurred map: the picture that, convolved, gives it",
     CLG_PRIMER_DECONV, BLUR, 5, 1, 2, gauss, 273, CLG_PRIMER_PICTURE, true},
    {"deconvolution-strided",
     "a quarter of the values cannot determine the picture: the smallest of those that give this map",
     CLG_PRIMER_DECONV, STRIDED, 3, 2, 1, box, 9, CLG_PRIMER_PICTURE, true},
};

// When the conjugate gradients of a deconvolution stop.
static const double TOLERANCE = 1e-6;
enum { ITERATIONS_MAX = 500 };

// --- shapes ------------------------------------------------------------------------------------
static struct clg_shape output_shape(const struct clg_primer_step *step,
                                     const struct clg_primer_output *outputs)
{
    const struct clg_primer_step *from = &clg_primer_steps[step->input];
    struct clg_shape s = outputs[step->input].shape;
    switch (step->kind) {
    case CLG_PRIMER_CONV:
    case CLG_PRIMER_POOL_MAX:
    case CLG_PRIMER_POOL_AVERAGE: s.h = s.w = clg_conv_out(s.h, step->kernel, step->stride, step->pad); break;
    case CLG_PRIMER_TRANSPOSED:
    case CLG_PRIMER_DECONV:
        if (step->weights == from->weights) // it goes back through the convolution that made its input
            s = outputs[from->input].shape;
        else
            s.h = s.w = (s.h - 1) * step->stride - 2 * step->pad + step->kernel;
        break;
    case CLG_PRIMER_INPUT: break;
    }
    return s;
}

static struct clg_shape weights_shape(const struct clg_primer_step *step, int channels)
{
    return (struct clg_shape){step->kernel, step->kernel, channels, channels};
}

// --- on the device -----------------------------------------------------------------------------
struct primer {
    struct clg_device *device;
    struct clg_slab *slab;
    struct clg_tensor out[CLG_PRIMER_STEPS];
};

// w [r][s][c][k]: the kernel where c = k, else 0.
static int write_weights(struct primer *primer, const struct clg_primer_step *step, int channels,
                         struct clg_tensor *w)
{
    float values[KERNEL_MAX * KERNEL_MAX * CHANNELS_MAX * CHANNELS_MAX] = {0};
    for (int t = 0; t < step->kernel * step->kernel; t++)
        for (int c = 0; c < channels; c++)
            values[(t * channels + c) * channels + c] = step->weights[t] / step->divisor;
    int status = clg_slab_take(primer->slab, weights_shape(step, channels), w);
    return status ? status : clg_tensor_write(primer->device, *w, values);
}

static int run_step(struct primer *primer, int i, struct clg_deconv_report *report)
{
    const struct clg_primer_step *step = &clg_primer_steps[i];
    const struct clg_tensor x = primer->out[step->input], y = primer->out[i];
    const struct clg_conv conv = {
        .r = step->kernel, .s = step->kernel, .stride = step->stride, .pad = step->pad};
    struct clg_pool pool = {.kind = CLG_POOL_AVERAGE, .size = step->kernel, .stride = step->stride};
    struct clg_tensor w = {0};
    int status = step->weights ? write_weights(primer, step, x.shape.c, &w) : 0;
    if (status)
        return status;
    switch (step->kind) {
    case CLG_PRIMER_CONV: return clg_conv_forward(primer->device, conv, x, w, y);
    case CLG_PRIMER_TRANSPOSED: return clg_conv_backward_data(primer->device, conv, x, w, y);
    case CLG_PRIMER_DECONV:
        return clg_deconv(primer->device, conv, x, w, y, TOLERANCE, ITERATIONS_MAX, report);
    case CLG_PRIMER_POOL_MAX: pool.kind = CLG_POOL_MAX; return clg_pool_forward(primer->device, pool, x, y);
    case CLG_PRIMER_POOL_AVERAGE: return clg_pool_forward(primer->device, pool, x, y);
    case CLG_PRIMER_INPUT: break;
    }
    return 0;
}

static int allocate_tensors(struct primer *primer, const struct clg_primer_output *outputs)
{
    size_t size = 0;
    for (int i = 0; i < CLG_PRIMER_STEPS; i++)
        size += clg_slab_size(outputs[i].shape) +
                clg_slab_size(weights_shape(&clg_primer_steps[i], outputs[i].shape.c));
    int status = clg_slab_new(&primer->slab, primer->device, size);
    for (int i = 0; i < CLG_PRIMER_STEPS && !status; i++)
        status = clg_slab_take(primer->slab, outputs[i].shape, &primer->out[i]);
    return status;
}

// --- outputs -----------------------------------------------------------------------------------
static int allocate_outputs(const uint8_t *pixels, int size, int channels, struct clg_primer_output *outputs,
                            const struct clg_log *log)
{
    outputs[INPUT].shape = (struct clg_shape){1, size, size, channels};
    for (int i = 0; i < CLG_PRIMER_STEPS; i++) {
        outputs[i].shape = output_shape(&clg_primer_steps[i], outputs);
        outputs[i].values = malloc(clg_shape_count(outputs[i].shape) * sizeof(float));
        if (!outputs[i].values)
            return clg_fail(log, CLG_ENOMEM, "out of memory: use a smaller picture");
    }
    for (size_t k = 0; k < clg_shape_count(outputs[INPUT].shape); k++)
        outputs[INPUT].values[k] = (float)pixels[k] / 255;
    return 0;
}

static void measure_output(struct clg_primer_output *o, const struct clg_primer_output *input, bool compare)
{
    const size_t n = clg_shape_count(o->shape);
    double squares = 0;
    o->min = o->max = o->values[0];
    for (size_t k = 0; k < n; k++) {
        o->min = fminf(o->min, o->values[k]);
        o->max = fmaxf(o->max, o->values[k]);
        const double error = compare ? (double)o->values[k] - input->values[k] : 0;
        squares += error * error;
    }
    o->psnr = compare ? 10 * log10((double)n / squares) : 0;
}

int clg_primer_run(struct clg_device *device, const uint8_t *pixels, int size, int channels,
                   struct clg_primer_output outputs[CLG_PRIMER_STEPS])
{
    struct primer primer = {.device = device};
    for (int i = 0; i < CLG_PRIMER_STEPS; i++)
        outputs[i] = (struct clg_primer_output){0};
    if (size < SIZE_MIN || channels < 1 || channels > CHANNELS_MAX)
        return clg_fail(
            &device->log, CLG_EINVAL,
            "a picture of side %d with %d channels: use a side of at least %d and 1 to %d channels", size,
            channels, SIZE_MIN, CHANNELS_MAX);
    int status = allocate_outputs(pixels, size, channels, outputs, &device->log);
    if (!status)
        status = allocate_tensors(&primer, outputs);
    if (!status)
        status = clg_tensor_write(device, primer.out[INPUT], outputs[INPUT].values);
    for (int i = 0; i < CLG_PRIMER_STEPS && !status; i++) {
        status = run_step(&primer, i, &outputs[i].report);
        if (!status)
            status = clg_tensor_read(device, primer.out[i], outputs[i].values);
        if (!status)
            measure_output(&outputs[i], &outputs[INPUT], clg_primer_steps[i].compare);
    }
    clg_slab_free(&primer.slab);
    return status;
}

void clg_primer_free(struct clg_primer_output outputs[CLG_PRIMER_STEPS])
{
    for (int i = 0; i < CLG_PRIMER_STEPS; i++) {
        free(outputs[i].values);
        outputs[i].values = NULL;
    }
}

void clg_primer_pixels(int i, const struct clg_primer_output *output, uint8_t *pixels)
{
    const float largest = fmaxf(fabsf(output->min), fabsf(output->max)), top = largest > 0 ? largest : 1;
    const enum clg_primer_view view = clg_primer_steps[i].view;
    const size_t n = clg_shape_count(output->shape);
    for (size_t k = 0; k < n; k++) {
        const float v = output->values[k];
        float shown = 2 * v - 1; // -1 black, 1 white
        if (view == CLG_PRIMER_SIGNED)
            shown = v / top;
        if (view == CLG_PRIMER_SCALED)
            shown = 2 * v / top - 1;
        clg_picture_pixels(&shown, 1, &pixels[k]);
    }
}
