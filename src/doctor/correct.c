// Correctness: every operation, and every variant of the convolution on layers of DCGANs and odd shapes.
#include "doctor/doctor.h"

#include "selftest/selftest.h"
#include "tune/table.h"

// --- operations without variants ---------------------------------------------------------------
static void operation_examine(struct clg_doctor *doc, const struct clg_selftest *basic, int channels)
{
    char shape[32] = "";
    if (channels)
        snprintf(shape, sizeof shape, "%d channels", channels);
    if (!clg_doctor_begin(doc, "%s %s", basic->name, shape))
        return;
    double error = 0;
    int status = clg_selftest_run(doc->d, basic, channels ? channels : 1, &error);
    const struct clg_doctor_finding finding = {.area = CLG_DOCTOR_CORRECTNESS,
                                               .name = basic->name,
                                               .shape = shape,
                                               .ok = error <= basic->limit,
                                               .value = error,
                                               .limit = basic->limit};
    clg_doctor_report(
        doc, status, finding, "%s",
        status || !finding.ok
            ? "there is no other variant: update the driver, or choose another device (--device)"
            : "right");
}

void clg_doctor_operations(struct clg_doctor *doc)
{
    static const int channels[] = {64, 3, 100, 512}; // batch norm's kernels are compiled for their number
    const struct clg_selftest *basic;
    for (int i = 0; (basic = clg_selftest_at(i)); i++)
        for (int c = 0; c < (!basic->by_channels ? 1 : doc->params->quick ? 1 : 4); c++)
            operation_examine(doc, basic, basic->by_channels ? channels[c] : 0);
}

// --- convolutions ------------------------------------------------------------------------------
// The picture side, the feature maps' channels, and the kernel. What a kernel as large as its map is, is a
// matrix product.
static const struct shape {
    int n, h, w, c, k;
    struct clg_conv conv;
    bool quick;
} shapes[] = {
    {4, 16, 16, 64, 128, {4, 4, 2, 1}, true}, // middle layers of the 32x32 model
    {4, 32, 32, 3, 64, {4, 4, 2, 1}, true},   // its pictures
    {4, 64, 64, 3, 64, {4, 4, 2, 1}, false},  // the 64x64 model
    {6, 32, 32, 64, 128, {4, 4, 2, 1}, false}, {4, 8, 8, 256, 512, {4, 4, 2, 1}, false},
    {4, 1, 1, 8192, 100, {1, 1, 1, 0}, false}, // z to maps
    {3, 9, 7, 10, 5, {5, 3, 2, 1}, true},      // nothing fits
    {1, 5, 6, 3, 33, {3, 3, 1, 1}, false},
};

static struct clg_conv_job shape_job(const struct shape *s, enum clg_conv_pass pass, int list)
{
    const struct clg_conv *c = &s->conv;
    struct clg_conv_job job = {.pass = pass, .conv = *c, .config = list};
    job.x.shape = (struct clg_shape){s->n, s->h, s->w, s->c};
    job.w.shape = (struct clg_shape){c->r, c->s, s->c, s->k};
    job.y.shape = (struct clg_shape){s->n, clg_conv_out(s->h, c->r, c->stride, c->pad),
                                     clg_conv_out(s->w, c->s, c->stride, c->pad), s->k};
    return job;
}

static const char *advice(const struct clg_conv_variant *variant, int status, bool ok)
{
    if (ok && !status)
        return "right";
    if (variant == &clg_conv_plain)
        return "no result can be trusted if the simplest kernel fails: update the driver, or choose "
               "another device";
    return "clgan uses another variant instead, which it tests first; to force one: --variant conv=plain";
}

static void convolution_examine(struct clg_doctor *doc, const struct clg_conv_variant *variant,
                                const struct clg_conv_job *job)
{
    char name[64], shape[96], list[16] = "";
    if (job->config)
        snprintf(list, sizeof list, " %d", job->config);
    snprintf(name, sizeof name, "conv=%s%s %s", variant->name, list, clg_conv_pass_names[job->pass]);
    clg_conv_shape_text(job, shape, sizeof shape);
    if (!clg_doctor_begin(doc, "%s of %s", name, shape))
        return;
    double error = 0;
    const double limit = clg_conv_selftest_limit(job, variant);
    int status = clg_conv_selftest(doc->d, job, variant, &error);
    const struct clg_doctor_finding finding = {.area = CLG_DOCTOR_CORRECTNESS,
                                               .name = name,
                                               .shape = shape,
                                               .ok = error <= limit,
                                               .value = error,
                                               .limit = limit};
    clg_doctor_report(doc, status, finding, "%s", advice(variant, status, finding.ok));
}

static void shape_examine(struct clg_doctor *doc, const struct shape *shape)
{
    const bool cpu = doc->d->info.type == CLG_DEVICE_CPU, all = doc->params->all, first = shape == shapes;
    for (int v = 0; clg_conv_variants[v]; v++) {
        const struct clg_conv_variant *variant = clg_conv_variants[v];
        if (variant == &clg_conv_gemm && cpu && !all)
            continue;
        const int lists = all || (first && !doc->params->quick) ? variant->configs : 0;
        for (int pass = CLG_CONV_FORWARD; pass <= CLG_CONV_BACKWARD_FILTER; pass++)
            for (int list = 0; list <= lists; list++) {
                const struct clg_conv_job job = shape_job(shape, (enum clg_conv_pass)pass, list);
                if (variant->fits(doc->d, &job))
                    convolution_examine(doc, variant, &job);
            }
    }
}

void clg_doctor_convolutions(struct clg_doctor *doc)
{
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
        if (shapes[i].quick || !doc->params->quick)
            shape_examine(doc, &shapes[i]);
}
