// Matrix products: CLBlast's (the only file that knows CLBlast), and a plain kernel to check it by.
#include "ops/ops.h"

#include "base/log.h"

#include <clblast_c.h>

// What one CLBlast call needs; recorded by value.
struct call {
    struct clg_gemm gemm;
    struct clg_tensor a, b, c, temporary;
};

static size_t leading_a(const struct clg_gemm *g)
{
    return (size_t)(g->transpose_a ? g->m : g->k);
}

static size_t leading_b(const struct clg_gemm *g)
{
    return (size_t)(g->transpose_b ? g->k : g->n);
}

static int clblast_call(struct clg_device *d, const void *args, cl_event *event)
{
    const struct call *call = args;
    const struct clg_gemm *g = &call->gemm;
    cl_command_queue queue = d->queue;
    CLBlastStatusCode code = CLBlastSgemmWithTempBuffer(
        CLBlastLayoutRowMajor, g->transpose_a ? CLBlastTransposeYes : CLBlastTransposeNo,
        g->transpose_b ? CLBlastTransposeYes : CLBlastTransposeNo, (size_t)g->m, (size_t)g->n, (size_t)g->k,
        g->alpha, call->a.buffer->mem, call->a.offset, leading_a(g), call->b.buffer->mem, call->b.offset,
        leading_b(g), g->beta, call->c.buffer->mem, call->c.offset, (size_t)g->n, &queue, event,
        call->temporary.buffer ? call->temporary.buffer->mem : NULL);
    if (code != CLBlastSuccess)
        return clg_fail(&d->log, CLG_EDEVICE, "CLBlast's GEMM %dx%dx%d failed with status %d on %s", g->m,
                        g->n, g->k, (int)code, d->info.name);
    return 0;
}

int clg_gemm_clblast(struct clg_device *d, struct clg_gemm g, struct clg_tensor a, struct clg_tensor b,
                     struct clg_tensor c)
{
    struct call call = {.gemm = g, .a = a, .b = b, .c = c};
    size_t bytes = 0;
    cl_command_queue queue = d->queue;
    // CLBlast ends the process when an allocation of its own fails, so it gets our memory.
    CLBlastStatusCode code = CLBlastSGemmTempBufferSize(
        CLBlastLayoutRowMajor, g.transpose_a ? CLBlastTransposeYes : CLBlastTransposeNo,
        g.transpose_b ? CLBlastTransposeYes : CLBlastTransposeNo, (size_t)g.m, (size_t)g.n, (size_t)g.k,
        a.offset, leading_a(&g), b.offset, leading_b(&g), c.offset, (size_t)g.n, &queue, &bytes);
    if (code != CLBlastSuccess)
        return clg_fail(&d->log, CLG_EDEVICE, "CLBlast cannot plan a GEMM %dx%dx%d: status %d", g.m, g.n, g.k,
                        (int)code);
    int status = bytes ? clg_scratch(d, 1, bytes / sizeof(float) + 1, &call.temporary) : 0;
    double flops = 2.0 * g.m * g.n * g.k;
    double moved = 4.0 * ((double)g.m * g.k + (double)g.k * g.n + (double)g.m * g.n);
    return status ? status : clg_call(d, "CLBlast GEMM", clblast_call, &call, sizeof call, flops, moved);
}

static int gemm_plain(struct clg_device *d, struct clg_gemm g, struct clg_tensor a, struct clg_tensor b,
                      struct clg_tensor c)
{
    struct clg_launch l = {.file = "gemm_plain.cl",
                           .kernel = "gemm_plain",
                           .global = {(size_t)g.n, (size_t)g.m},
                           .flops = 2.0 * g.m * g.n * g.k};
    struct clg_arg args[] = {CLG_T(a),
                             CLG_T(b),
                             CLG_T(c),
                             CLG_I(g.m),
                             CLG_I(g.n),
                             CLG_I(g.k),
                             CLG_I(g.transpose_a),
                             CLG_I(g.transpose_b),
                             CLG_F(g.alpha),
                             CLG_F(g.beta)};
    return clg_launch(d, &l, args, sizeof args / sizeof *args);
}

const char *const clg_gemm_variants[] = {"plain", "clblast", NULL};

int clg_gemm(struct clg_device *d, struct clg_gemm g, struct clg_tensor a, struct clg_tensor b,
             struct clg_tensor c)
{
    if (g.m < 1 || g.n < 1 || g.k < 1 || clg_shape_count(a.shape) != (size_t)g.m * (size_t)g.k ||
        clg_shape_count(b.shape) != (size_t)g.k * (size_t)g.n ||
        clg_shape_count(c.shape) != (size_t)g.m * (size_t)g.n)
        return clg_fail(&d->log, CLG_EINVAL, "GEMM %dx%dx%d with tensors of %zu, %zu and %zu values", g.m,
                        g.n, g.k, clg_shape_count(a.shape), clg_shape_count(b.shape),
                        clg_shape_count(c.shape));
    // On CPU devices CLBlast's first call compiles for half a minute and then runs at a few GFLOP/s.
    bool plain = clg_variant_forced(d, "gemm", "plain") ||
                 (d->info.type == CLG_DEVICE_CPU && !clg_variant_forced(d, "gemm", "clblast"));
    return plain ? gemm_plain(d, g, a, b, c) : clg_gemm_clblast(d, g, a, b, c);
}
