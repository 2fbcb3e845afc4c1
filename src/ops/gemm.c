// Matrix products: CLBlast's (the only file that knows CLBlast), and a plain kernel to check it by.
#include "ops/ops.h"

#include "base/log.h"
#include "tune/table.h"

#include <clblast_c.h>

// --- CLBlast's kernel parameters ---------------------------------------------------------------

// Lists to try where CLBlast's own database does not know a device well. Its kernel gives wrong numbers,
// without a word, unless KWG is a multiple of KWI, MDIMC NDIMC / MDIMA and MDIMC NDIMC / NDIMB, MWG of MDIMC
// VWM and MDIMA VWM, and NWG of NDIMC VWN and NDIMB VWN: all of these are.
enum {
    GEMMK,
    KREG,
    KWG,
    KWI,
    MDIMA,
    MDIMC,
    MWG,
    NDIMB,
    NDIMC,
    NWG,
    SA,
    SB,
    STRM,
    STRN,
    VWM,
    VWN,
    PARAMETERS
};
static const char *const parameter_names[PARAMETERS] = {"GEMMK", "KREG",  "KWG",   "KWI", "MDIMA", "MDIMC",
                                                        "MWG",   "NDIMB", "NDIMC", "NWG", "SA",    "SB",
                                                        "STRM",  "STRN",  "VWM",   "VWN"};
static const size_t parameter_lists[][PARAMETERS] = {
    {0, 1, 16, 2, 16, 16, 64, 16, 16, 64, 1, 1, 0, 0, 2, 2},   // 64 x 64, 4 x 4 an item, local memory
    {0, 1, 16, 2, 16, 16, 128, 16, 16, 128, 1, 1, 0, 0, 4, 4}, // 128 x 128, 8 x 8
    {0, 1, 16, 2, 16, 16, 128, 8, 8, 64, 1, 1, 0, 0, 4, 4},    // 128 x 64, 8 x 8, groups of 128
    {0, 1, 32, 2, 8, 8, 64, 8, 8, 64, 0, 0, 0, 0, 4, 4}, // 64 x 64, 8 x 8, groups of 64, no local memory
};
const int clg_gemm_lists = sizeof parameter_lists / sizeof *parameter_lists;

bool clg_gemm_list_fits(const struct clg_device *d, int list)
{
    if (list == 0)
        return true;
    const size_t *p = parameter_lists[list - 1];
    return p[MDIMC] * p[NDIMC] <= d->info.max_work_group &&
           sizeof(cl_float) * p[KWG] * (p[SA] * p[MWG] + p[SB] * p[NWG]) <= d->info.local_memory;
}

static CLBlastStatusCode list_apply(struct clg_device *d, int list)
{
    d->ops->clblast_list = list;
    return list == 0 ? CLBlastSuccess
                     : CLBlastOverrideParameters(d->id, "Xgemm", CLBlastPrecisionSingle, PARAMETERS,
                                                 (const char **)parameter_names, parameter_lists[list - 1]);
}

int clg_gemm_list_set(struct clg_device *d, int list)
{
    const CLBlastStatusCode code = list_apply(d, list);
    return code == CLBlastSuccess
               ? 0
               : clg_fail(&d->log, CLG_EDEVICE, "CLBlast refuses its list: status %d", (int)code);
}

// Before the first product: the list that the tuner found. Where it cannot be had, CLBlast's own goes on.
static void list_take(struct clg_device *d)
{
    if (d->ops->clblast_list >= 0)
        return;
    const int list = clg_tuning_clblast(d);
    const bool taken = clg_gemm_list_fits(d, list) && list_apply(d, list) == CLBlastSuccess;
    if (!taken)
        d->ops->clblast_list = 0;
}

// --- products ----------------------------------------------------------------------------------

enum { DEPTH_MAX = 2048 }; // of one CLBlast call: longer sums of floats lose bits, so they go in parts

// What one CLBlast call needs; recorded by value.
struct call {
    struct clg_gemm gemm; // its part of the depth
    struct clg_tensor a, b, c, temporary;
    size_t leading_a, leading_b;
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
        g->alpha, call->a.buffer->mem, call->a.offset, call->leading_a, call->b.buffer->mem, call->b.offset,
        call->leading_b, g->beta, call->c.buffer->mem, call->c.offset, (size_t)g->n, &queue, event,
        call->temporary.buffer ? call->temporary.buffer->mem : NULL);
    if (code != CLBlastSuccess)
        return clg_fail(&d->log, CLG_EDEVICE, "CLBlast's GEMM %dx%dx%d failed with status %d on %s", g->m,
                        g->n, g->k, (int)code, d->info.name);
    return 0;
}

// The part of a product over the depths [from, from + k).
static struct call part_of(const struct call *whole, int from, int k)
{
    struct call part = *whole;
    part.gemm.k = k;
    part.gemm.beta = from ? 1 : whole->gemm.beta;
    part.a.offset += (size_t)from * (whole->gemm.transpose_a ? whole->leading_a : 1);
    part.b.offset += (size_t)from * (whole->gemm.transpose_b ? 1 : whole->leading_b);
    return part;
}

static int part_run(struct clg_device *d, struct call *call)
{
    const struct clg_gemm *g = &call->gemm;
    size_t bytes = 0;
    cl_command_queue queue = d->queue;
    list_take(d);
    // CLBlast ends the process when an allocation of its own fails, so it gets our memory.
    CLBlastStatusCode code = CLBlastSGemmTempBufferSize(
        CLBlastLayoutRowMajor, g->transpose_a ? CLBlastTransposeYes : CLBlastTransposeNo,
        g->transpose_b ? CLBlastTransposeYes : CLBlastTransposeNo, (size_t)g->m, (size_t)g->n, (size_t)g->k,
        call->a.offset, call->leading_a, call->b.offset, call->leading_b, call->c.offset, (size_t)g->n,
        &queue, &bytes);
    if (code != CLBlastSuccess)
        return clg_fail(&d->log, CLG_EDEVICE, "CLBlast cannot plan a GEMM %dx%dx%d: status %d", g->m, g->n,
                        g->k, (int)code);
    int status = bytes ? clg_scratch(d, 1, bytes / sizeof(float) + 1, &call->temporary) : 0;
    double flops = 2.0 * g->m * g->n * g->k;
    double moved = 4.0 * ((double)g->m * g->k + (double)g->k * g->n + (double)g->m * g->n);
    return status ? status : clg_call(d, "CLBlast GEMM", clblast_call, call, sizeof *call, flops, moved);
}

bool clg_gemm_clblast_fits(const struct clg_device *d)
{
    return d->info.max_work_group >= 64; // what its parameter lists take at least
}

int clg_gemm_clblast(struct clg_device *d, struct clg_gemm g, struct clg_tensor a, struct clg_tensor b,
                     struct clg_tensor c)
{
    const struct call whole = {
        .gemm = g, .a = a, .b = b, .c = c, .leading_a = leading_a(&g), .leading_b = leading_b(&g)};
    const int parts = (g.k + DEPTH_MAX - 1) / DEPTH_MAX;
    int status = 0;
    for (int i = 0; i < parts && !status; i++) {
        const int from = (int)((int64_t)i * g.k / parts), to = (int)((int64_t)(i + 1) * g.k / parts);
        struct call part = part_of(&whole, from, to - from);
        status = part_run(d, &part);
    }
    return status;
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
    return clg_launch(d, &l, CLG_ARGS(args));
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
    bool plain = clg_variant_forced(d, "gemm", "plain") || !clg_gemm_clblast_fits(d) ||
                 (d->info.type == CLG_DEVICE_CPU && !clg_variant_forced(d, "gemm", "clblast"));
    return plain ? gemm_plain(d, g, a, b, c) : clg_gemm_clblast(d, g, a, b, c);
}
