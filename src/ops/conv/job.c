// What all variants of the convolution share: checks of shapes, sizes for the profile, shapes as constants.
#include "ops/ops.h"

#include "base/log.h"

#include <stdio.h>

int clg_conv_out(int in, int kernel, int stride, int pad)
{
    const int steps = in + 2 * pad - kernel;
    return steps < 0 ? 0 : steps / stride + 1;
}

void clg_conv_options(const struct clg_conv_job *j, char *text, size_t size)
{
    snprintf(text, size, " -DR=%d -DS=%d -DSTRIDE=%d -DPAD=%d -DH=%d -DW=%d -DC=%d -DOH=%d -DOW=%d -DK=%d",
             j->conv.r, j->conv.s, j->conv.stride, j->conv.pad, j->x.shape.h, j->x.shape.w, j->x.shape.c,
             j->y.shape.h, j->y.shape.w, j->y.shape.c);
}

struct clg_tensor clg_images(struct clg_tensor t, int first, int n)
{
    t.offset += (size_t)first * (clg_shape_count(t.shape) / (size_t)t.shape.n);
    t.shape.n = n;
    return t;
}

double clg_conv_flops(const struct clg_conv_job *j)
{
    return 2.0 * (double)clg_shape_count(j->y.shape) * j->conv.r * j->conv.s * j->x.shape.c;
}

double clg_conv_bytes(const struct clg_conv_job *j)
{
    return 4.0 *
           (double)(clg_shape_count(j->x.shape) + clg_shape_count(j->w.shape) + clg_shape_count(j->y.shape));
}

int clg_conv_job_check(struct clg_device *d, const struct clg_conv_job *j)
{
    const struct clg_conv *c = &j->conv;
    struct clg_shape x = j->x.shape, w = j->w.shape, y = j->y.shape;
    if (c->r < 1 || c->s < 1 || c->stride < 1 || c->pad < 0 || c->pad >= c->r || c->pad >= c->s)
        return clg_fail(&d->log, CLG_EINVAL,
                        "convolution %dx%d, stride %d, padding %d: padding must be smaller than the "
                        "kernel, stride at least 1",
                        c->r, c->s, c->stride, c->pad);
    int oh = clg_conv_out(x.h, c->r, c->stride, c->pad), ow = clg_conv_out(x.w, c->s, c->stride, c->pad);
    if (oh < 1 || ow < 1 || x.n < 1 || x.c < 1 || y.c < 1)
        return clg_fail(&d->log, CLG_EINVAL, "a %dx%d kernel does not fit a %dx%d map with padding %d", c->r,
                        c->s, x.h, x.w, c->pad);
    int status = clg_shape_expect(d, "convolution's feature map", y, (struct clg_shape){x.n, oh, ow, y.c});
    return status ? status
                  : clg_shape_expect(d, "convolution's weights", w, (struct clg_shape){c->r, c->s, x.c, y.c});
}

// G's first layer and D's last are such.
struct clg_conv_job clg_conv_job_flat(struct clg_conv_job job)
{
    const struct clg_shape x = job.x.shape;
    if (job.conv.pad == 0 && job.conv.r == x.h && job.conv.s == x.w) {
        const int channels = x.h * x.w * x.c;
        job.conv = (struct clg_conv){1, 1, 1, 0};
        job.x.shape = (struct clg_shape){x.n, 1, 1, channels};
        job.w.shape = (struct clg_shape){1, 1, channels, job.w.shape.c};
    }
    return job;
}

struct clg_tensor *clg_conv_result(struct clg_conv_job *j)
{
    struct clg_tensor *const results[] = {&j->y, &j->x, &j->w};
    return results[j->pass];
}
