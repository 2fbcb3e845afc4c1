// Convolution as a matrix product with CLBlast: patches of the picture as rows, chunk by chunk of the batch.
#include "ops/ops.h"

#include <stdio.h>

// Most floats of patches at a time: a quarter of the largest allocation, and never over 256 MiB.
static size_t patches_limit(const struct clg_device *d)
{
    size_t limit = (size_t)(d->info.max_allocation / 4 / sizeof(float)), most = (size_t)64 << 20;
    return limit < most ? limit : most;
}

static size_t patches_of_image(const struct clg_conv_job *j)
{
    return (size_t)j->y.shape.h * (size_t)j->y.shape.w * (size_t)j->conv.r * (size_t)j->conv.s *
           (size_t)j->x.shape.c;
}

static bool gemm_fits(struct clg_device *d, const struct clg_conv_job *j)
{
    return clg_gemm_clblast_fits(d) && patches_of_image(j) <= patches_limit(d);
}

static int patches_move(struct clg_device *d, const char *kernel, const struct clg_conv_job *j,
                        struct clg_tensor a, struct clg_tensor b, size_t threads, int n)
{
    char options[256];
    clg_conv_options(j, options, sizeof options);
    struct clg_launch l = {.file = "conv_gemm.cl",
                           .kernel = kernel,
                           .options = options,
                           .global = {threads},
                           .local = {(size_t)d->work_group},
                           .bytes = 4.0 * (double)n * (double)patches_of_image(j)};
    struct clg_arg args[] = {CLG_T(a), CLG_T(b), CLG_I(n)};
    return clg_launch(d, &l, CLG_ARGS(args));
}

static int chunk_run(struct clg_device *d, const struct clg_conv_job *j, struct clg_tensor cols, int first,
                     int n)
{
    const int k = j->y.shape.c, patch = j->conv.r * j->conv.s * j->x.shape.c,
              pixels = n * j->y.shape.h * j->y.shape.w;
    struct clg_tensor x = clg_images(j->x, first, n), y = clg_images(j->y, first, n);
    const size_t threads = (size_t)n * patches_of_image(j);
    if (j->pass == CLG_CONV_BACKWARD_DATA) {
        struct clg_gemm g = {.transpose_b = true, .m = pixels, .n = patch, .k = k, .alpha = 1};
        int status = clg_gemm_clblast(d, g, y, j->w, cols);
        return status ? status : patches_move(d, "conv_gemm_gather", j, cols, x, clg_shape_count(x.shape), n);
    }
    int status = patches_move(d, "conv_gemm_patches", j, x, cols, threads, n);
    if (status)
        return status;
    if (j->pass == CLG_CONV_FORWARD) {
        struct clg_gemm g = {.m = pixels, .n = k, .k = patch, .alpha = 1};
        return clg_gemm_clblast(d, g, cols, j->w, y);
    }
    struct clg_gemm g = {.transpose_a = true,
                         .m = patch,
                         .n = k,
                         .k = pixels,
                         .alpha = 1,
                         .beta = first || j->accumulate ? 1.0f : 0.0f};
    return clg_gemm_clblast(d, g, cols, y, j->w);
}

static int gemm_run(struct clg_device *d, const struct clg_conv_job *j)
{
    const size_t image = patches_of_image(j);
    int most = (int)(patches_limit(d) / image);
    most = most > j->x.shape.n ? j->x.shape.n : most;
    struct clg_tensor cols;
    int status = clg_scratch(d, 0, (size_t)most * image, &cols);
    for (int first = 0; first < j->x.shape.n && !status; first += most)
        status = chunk_run(d, j, cols, first, j->x.shape.n - first < most ? j->x.shape.n - first : most);
    return status;
}

const struct clg_conv_variant clg_conv_gemm = {"gemm", true, 0, gemm_fits, gemm_run};
