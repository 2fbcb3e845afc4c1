// The operations of `clgan layers`, and computing them.
#include "cli/cmd/layers.h"

#include <math.h>
#include <stdlib.h>

static const struct layer_kernel gauss = {
    5, 273, {1, 4, 7, 4, 1, 4, 16, 26, 16, 4, 7, 26, 41, 26, 7, 4, 16, 26, 16, 4, 1, 4, 7, 4, 1}};
static const struct layer_kernel edges_x = {3, 4, {-1, 0, 1, -2, 0, 2, -1, 0, 1}};
static const struct layer_kernel edges_y = {3, 4, {-1, -2, -1, 0, 0, 0, 1, 2, 1}};
static const struct layer_kernel laplace = {3, 4, {0, 1, 0, 1, -4, 1, 0, 1, 0}};
static const struct layer_kernel sharp = {3, 1, {0, -1, 0, -1, 5, -1, 0, -1, 0}};
static const struct layer_kernel box = {3, 9, {1, 1, 1, 1, 1, 1, 1, 1, 1}};
static const struct layer_kernel tent = {4, 16, {1, 3, 3, 1, 3, 9, 9, 3, 3, 9, 9, 3, 1, 3, 3, 1}};

enum { INPUT = 0, BLUR = 1, STRIDED = 6 }; // positions

const struct layer layers[LAYERS] = {
    {"input", "the picture: 0 is black, 1 is white", LAYER_INPUT},
    {"blur", "convolution with a Gaussian: each value becomes a mean of its neighbourhood", LAYER_CONV, INPUT,
     &gauss, 5, 1, 2, VIEW_PICTURE, true},
    {"vertical-edges", "convolution with Sobel's kernel: brighter to the right is white, darker is black",
     LAYER_CONV, INPUT, &edges_x, 3, 1, 1, VIEW_SIGNED},
    {"horizontal-edges", "the same kernel turned: brighter below is white, darker is black", LAYER_CONV,
     INPUT, &edges_y, 3, 1, 1, VIEW_SIGNED},
    {"laplacian", "convolution with a Laplacian: how far the neighbours' mean lies above a value", LAYER_CONV,
     INPUT, &laplace, 3, 1, 1, VIEW_SIGNED},
    {"sharpen", "the picture less its Laplacian, in one kernel: edges stand out", LAYER_CONV, INPUT, &sharp,
     3, 1, 1, VIEW_PICTURE},
    {"strided", "convolution with stride 2, means of 3x3: a feature map of half the sides", LAYER_CONV, INPUT,
     &box, 3, 2, 1, VIEW_PICTURE},
    {"max-pool", "the largest of each 2x2 values: thin bright lines stay", LAYER_POOL_MAX, INPUT, NULL, 2, 2,
     0, VIEW_PICTURE},
    {"average-pool", "the mean of each 2x2 values: thin lines fade", LAYER_POOL_AVERAGE, INPUT, NULL, 2, 2, 0,
     VIEW_PICTURE},
    {"transposed",
     "transposed convolution of the strided map gives the shape back; 3 over 2: windows overlap unevenly",
     LAYER_TRANSPOSED, STRIDED, &box, 3, 2, 1, VIEW_SCALED},
    {"transposed-4x4", "the same with 4x4, a multiple of the stride, as a DCGAN's generator: no checkerboard",
     LAYER_TRANSPOSED, STRIDED, &tent, 4, 2, 1, VIEW_PICTURE},
    {"transposed-blur", "transposed convolution of the blurred map: no inverse, it blurs once more",
     LAYER_TRANSPOSED, BLUR, &gauss, 5, 1, 2, VIEW_PICTURE, true},
    {"deconvolution", "deconvolution of the blurred map: the picture that, convolved, gives it", LAYER_DECONV,
     BLUR, &gauss, 5, 1, 2, VIEW_PICTURE, true},
    {"deconvolution-strided",
     "a quarter of the numbers cannot tell all: the least of the pictures that give this map", LAYER_DECONV,
     STRIDED, &box, 3, 2, 1, VIEW_PICTURE, true},
};

// Conjugate gradients end when the gradient is this small, or after so many steps.
static const double TOLERANCE = 1e-6;
enum { STEPS = 500 };

// --- shapes ------------------------------------------------------------------------------------
static struct clg_shape shape_of(const struct layer *l, const struct layer_output *outputs)
{
    struct clg_shape s = outputs[l->from].shape;
    switch (l->kind) {
    case LAYER_CONV:
    case LAYER_POOL_MAX:
    case LAYER_POOL_AVERAGE: s.h = s.w = clg_conv_out(s.h, l->size, l->stride, l->pad); break;
    case LAYER_TRANSPOSED:
    case LAYER_DECONV: // what a convolution made it of, or would make it of
        if (l->kernel == layers[l->from].kernel)
            s = outputs[layers[l->from].from].shape;
        else
            s.h = s.w = (s.h - 1) * l->stride - 2 * l->pad + l->size;
        break;
    case LAYER_INPUT: break;
    }
    return s;
}

static struct clg_shape weights_shape(const struct layer *l, int channels)
{
    return (struct clg_shape){l->size, l->size, channels, channels};
}

// --- on the device -----------------------------------------------------------------------------
struct work {
    struct clg_device *device;
    struct clg_slab *slab;
    struct clg_tensor out[LAYERS];
};

// w [r][s][c][k]: the kernel where c = k, else 0.
static int weights_make(struct work *work, const struct layer *l, int channels, struct clg_tensor *w)
{
    float values[25 * 3 * 3] = {0};
    const int taps = l->size * l->size;
    for (int t = 0; t < taps; t++)
        for (int c = 0; c < channels; c++)
            values[(t * channels + c) * channels + c] = l->kernel->values[t] / l->kernel->divisor;
    int status = clg_slab_take(work->slab, weights_shape(l, channels), w);
    return status ? status : clg_tensor_write(work->device, *w, values);
}

static int layer_run(struct work *work, int i, struct clg_deconv_report *report)
{
    const struct layer *l = &layers[i];
    const struct clg_tensor x = work->out[l->from], y = work->out[i];
    const struct clg_conv conv = {.r = l->size, .s = l->size, .stride = l->stride, .pad = l->pad};
    struct clg_pool pool = {.kind = CLG_POOL_AVERAGE, .size = l->size, .stride = l->stride};
    struct clg_tensor w = {0};
    int status = l->kernel ? weights_make(work, l, x.shape.c, &w) : 0;
    if (status)
        return status;
    switch (l->kind) {
    case LAYER_CONV: return clg_conv_forward(work->device, conv, x, w, y);
    case LAYER_TRANSPOSED: return clg_conv_backward_data(work->device, conv, x, w, y);
    case LAYER_DECONV: return clg_deconv(work->device, conv, x, w, y, TOLERANCE, STEPS, report);
    case LAYER_POOL_MAX: pool.kind = CLG_POOL_MAX; return clg_pool_forward(work->device, pool, x, y);
    case LAYER_POOL_AVERAGE: return clg_pool_forward(work->device, pool, x, y);
    case LAYER_INPUT: break;
    }
    return 0;
}

static int work_begin(struct work *work, struct layer_output outputs[LAYERS], int channels)
{
    size_t room = 0;
    for (int i = 0; i < LAYERS; i++)
        room += clg_slab_size(outputs[i].shape) + clg_slab_size(weights_shape(&layers[i], channels));
    int status = clg_slab_new(&work->slab, work->device, room);
    for (int i = 0; i < LAYERS && !status; i++)
        status = clg_slab_take(work->slab, outputs[i].shape, &work->out[i]);
    return status ? status : clg_tensor_write(work->device, work->out[INPUT], outputs[INPUT].values);
}

// --- outputs -----------------------------------------------------------------------------------
static int outputs_begin(const uint8_t *pixels, int size, int channels, struct layer_output outputs[LAYERS],
                         const struct clg_log *log)
{
    outputs[INPUT].shape = (struct clg_shape){1, size, size, channels};
    for (int i = 0; i < LAYERS; i++) {
        struct clg_shape *s = &outputs[i].shape;
        *s = shape_of(&layers[i], outputs);
        snprintf(outputs[i].file, sizeof outputs[i].file, "%02d-%s-%dx%d.png", i + 1, layers[i].name, s->w,
                 s->h);
        outputs[i].values = malloc(clg_shape_count(*s) * sizeof(float));
        if (!outputs[i].values)
            return cli_fail(log, CLG_ENOMEM, "out of memory: use a smaller --size");
    }
    for (size_t k = 0; k < clg_shape_count(outputs[INPUT].shape); k++)
        outputs[INPUT].values[k] = (float)pixels[k] / 255;
    return 0;
}

static void facts_find(struct layer_output *o, const struct layer_output *input)
{
    const size_t n = clg_shape_count(o->shape);
    double squares = 0;
    o->least = o->most = o->values[0];
    for (size_t k = 0; k < n; k++) {
        o->least = fminf(o->least, o->values[k]);
        o->most = fmaxf(o->most, o->values[k]);
        if (clg_shape_equal(o->shape, input->shape)) {
            double e = (double)o->values[k] - input->values[k];
            squares += e * e;
        }
    }
    o->psnr = 10 * log10((double)n / squares);
}

int layers_compute(struct clg_device *device, const uint8_t *pixels, int size, int channels,
                   struct layer_output outputs[LAYERS], const struct clg_log *log)
{
    struct work work = {.device = device};
    int status = outputs_begin(pixels, size, channels, outputs, log);
    if (!status)
        status = work_begin(&work, outputs, channels);
    for (int i = 0; i < LAYERS && !status; i++) {
        status = layer_run(&work, i, &outputs[i].report);
        if (!status)
            status = clg_tensor_read(device, work.out[i], outputs[i].values);
        if (!status)
            facts_find(&outputs[i], &outputs[INPUT]);
    }
    clg_slab_free(&work.slab);
    return status;
}

void layers_free(struct layer_output outputs[LAYERS])
{
    for (int i = 0; i < LAYERS; i++)
        free(outputs[i].values);
}
