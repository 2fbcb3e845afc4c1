// Deconvolution in the strict sense: recovers the input of a convolution from its output, by
// conjugate gradients on the normal equations (CGLS), with the convolution A and its adjoint, the
// transposed convolution.
#include "ops/ops.h"

#include "base/log.h"

#include <math.h>

// CGLS's vectors: r and q like y; s and p like x; one float for sums.
struct state {
    struct clg_slab *slab;
    struct clg_tensor r, q, s, p, sum;
};

static int state_new(struct clg_device *d, struct state *st, struct clg_shape x, struct clg_shape y)
{
    const struct clg_shape one = {1, 1, 1, 1};
    *st = (struct state){0};
    int status = clg_slab_new(&st->slab, d, 2 * clg_slab_size(x) + 2 * clg_slab_size(y) + clg_slab_size(one));
    if (!status)
        status = clg_slab_take(st->slab, y, &st->r);
    if (!status)
        status = clg_slab_take(st->slab, y, &st->q);
    if (!status)
        status = clg_slab_take(st->slab, x, &st->s);
    if (!status)
        status = clg_slab_take(st->slab, x, &st->p);
    return status ? status : clg_slab_take(st->slab, one, &st->sum);
}

static int square(struct clg_device *d, struct state *st, struct clg_tensor x, double *result)
{
    float value = 0;
    int status = clg_dot(d, x, x, st->sum);
    if (!status)
        status = clg_tensor_read(d, st->sum, &value);
    *result = value;
    return status;
}

// One step: q = A p; x += a p; r -= a q; s = A^T r; p = s + b p.
static int iterate(struct clg_device *d, struct clg_conv conv, struct clg_tensor w, struct clg_tensor x,
                   struct state *st, double *gamma)
{
    double qq = 0, next = 0;
    int status = clg_conv_forward(d, conv, st->p, w, st->q);
    if (!status)
        status = square(d, st, st->q, &qq);
    if (status || qq == 0)
        return status;
    const double a = *gamma / qq;
    status = clg_axpy(d, (float)a, st->p, x);
    if (!status)
        status = clg_axpy(d, (float)-a, st->q, st->r);
    if (!status)
        status = clg_conv_backward_data(d, conv, st->r, w, st->s);
    if (!status)
        status = square(d, st, st->s, &next);
    if (!status)
        status = clg_scale(d, (float)(next / *gamma), st->p);
    if (!status)
        status = clg_axpy(d, 1.0f, st->s, st->p);
    *gamma = next;
    return status;
}

int clg_deconv(struct clg_device *d, struct clg_conv conv, struct clg_tensor y, struct clg_tensor w,
               struct clg_tensor x, double tolerance, int max_iterations, struct clg_deconv_report *report)
{
    struct clg_deconv_report out = {0};
    struct state st;
    double gamma = 0, start = 0, yy = 0, rr = 0;
    int status = state_new(d, &st, x.shape, y.shape);
    if (!status)
        status = clg_fill(d, x, 0.0f);
    if (!status)
        status = clg_copy(d, y, st.r);
    if (!status)
        status = clg_conv_backward_data(d, conv, st.r, w, st.s);
    if (!status)
        status = clg_copy(d, st.s, st.p);
    if (!status)
        status = square(d, &st, st.s, &gamma);
    if (!status)
        status = square(d, &st, y, &yy);
    start = gamma;
    while (!status) {
        out.converged = sqrt(gamma) <= tolerance * sqrt(start);
        if (out.converged || out.iterations >= max_iterations)
            break;
        status = iterate(d, conv, w, x, &st, &gamma);
        out.iterations++;
    }
    // The residual from x itself: the recurrence's r drifts from it in float32.
    if (!status)
        status = clg_conv_forward(d, conv, x, w, st.q);
    if (!status)
        status = clg_copy(d, y, st.r);
    if (!status)
        status = clg_axpy(d, -1.0f, st.q, st.r);
    if (!status)
        status = square(d, &st, st.r, &rr);
    out.residual = yy > 0 ? sqrt(rr / yy) : 0;
    clg_slab_free(&st.slab);
    if (report)
        *report = out;
    return status;
}
