// Self-tests of convolutions: one run on random data; samples of the result are compared with float64 sums.
#include "selftest/harness.h"

#include "base/log.h"
#include "base/random.h"
#include "device/program.h"
#include "tune/table.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { SAMPLES = 48 };
#define FLOATS_MAX ((size_t)4 << 20) // of the three tensors: larger batches are tested with fewer images

// --- the host's results ------------------------------------------------------------------------
static size_t at(struct clg_shape s, int n, int h, int w, int c)
{
    return (((size_t)n * (size_t)s.h + (size_t)h) * (size_t)s.w + (size_t)w) * (size_t)s.c + (size_t)c;
}

static double forward_at(const struct clg_conv_harness *s, int n, int oy, int ox, int k)
{
    const struct clg_conv *c = &s->job.conv;
    const struct clg_shape x = s->job.x.shape, w = s->job.w.shape;
    double sum = 0;
    for (int r = 0; r < c->r; r++)
        for (int q = 0; q < c->s; q++) {
            const int iy = oy * c->stride - c->pad + r, ix = ox * c->stride - c->pad + q;
            for (int i = 0; iy >= 0 && ix >= 0 && iy < x.h && ix < x.w && i < x.c; i++)
                sum += (double)s->x.host[at(x, n, iy, ix, i)] * s->w.host[at(w, r, q, i, k)];
        }
    return sum;
}

static double data_at(const struct clg_conv_harness *s, int n, int iy, int ix, int i)
{
    const struct clg_conv *c = &s->job.conv;
    const struct clg_shape w = s->job.w.shape, y = s->job.y.shape;
    double sum = 0;
    for (int r = 0; r < c->r; r++)
        for (int q = 0; q < c->s; q++) {
            const int ty = iy + c->pad - r, tx = ix + c->pad - q;
            if (ty < 0 || tx < 0 || ty % c->stride || tx % c->stride)
                continue;
            const int oy = ty / c->stride, ox = tx / c->stride;
            for (int k = 0; oy < y.h && ox < y.w && k < y.c; k++)
                sum += (double)s->y.host[at(y, n, oy, ox, k)] * s->w.host[at(w, r, q, i, k)];
        }
    return sum;
}

static double filter_at(const struct clg_conv_harness *s, int r, int q, int i, int k)
{
    const struct clg_conv *c = &s->job.conv;
    const struct clg_shape x = s->job.x.shape, y = s->job.y.shape;
    double sum = 0;
    for (int n = 0; n < y.n; n++)
        for (int oy = 0; oy < y.h; oy++)
            for (int ox = 0; ox < y.w; ox++) {
                const int iy = oy * c->stride - c->pad + r, ix = ox * c->stride - c->pad + q;
                if (iy >= 0 && ix >= 0 && iy < x.h && ix < x.w)
                    sum += (double)s->x.host[at(x, n, iy, ix, i)] * s->y.host[at(y, n, oy, ox, k)];
            }
    return sum;
}

// --- comparing ---------------------------------------------------------------------------------
// The sampled positions: the first, the last, and random ones.
static size_t sample_position(int sample, size_t count)
{
    uint32_t words[4];
    if (sample < 2)
        return sample ? count - 1 : 0;
    clg_random_words(4, CLG_STREAM_ORDER, (uint64_t)sample, words);
    return (size_t)(((uint64_t)words[0] << 32 | words[1]) % count);
}

static void compare(struct clg_conv_harness *c)
{
    static double (*const by_host[])(const struct clg_conv_harness *, int, int, int,
                                     int) = {forward_at, data_at, filter_at};
    const struct clg_shape shape = c->result->t.shape;
    const size_t channels = (size_t)shape.c, w = (size_t)shape.w, h = (size_t)shape.h;
    double expected[SAMPLES], square = 0;
    for (int i = 0; i < SAMPLES; i++) {
        const size_t p = sample_position(i, c->result->n), pixel = p / channels;
        expected[i] = by_host[c->job.pass](c, (int)(pixel / w / h), (int)(pixel / w % h), (int)(pixel % w),
                                           (int)(p % channels));
        square += expected[i] * expected[i];
    }
    for (int i = 0; i < SAMPLES; i++)
        clg_harness_error(&c->h, (double)c->result->host[sample_position(i, c->result->n)], expected[i],
                          sqrt(square / SAMPLES + 1e-30));
}

static size_t floats_of(const struct clg_conv_job *j)
{
    return clg_shape_count(j->x.shape) + clg_shape_count(j->w.shape) + clg_shape_count(j->y.shape);
}

int clg_conv_selftest(struct clg_device *d, const struct clg_conv_job *job,
                      const struct clg_conv_variant *variant, double *error)
{
    struct clg_conv_harness c;
    struct clg_conv_job smaller = *job;
    while (floats_of(&smaller) > FLOATS_MAX && smaller.x.shape.n > 1)
        smaller.x.shape.n = smaller.y.shape.n = (smaller.x.shape.n + 1) / 2;
    const struct clg_saved_mode mode = clg_mode_push(d);
    int status = clg_conv_harness_open(&c, d, &smaller, 0);
    if (!status)
        status = variant->run(d, &c.job);
    if (!status)
        status = clg_harness_read(&c.h, c.result);
    if (!status)
        compare(&c);
    clg_mode_pop(d, mode);
    clg_conv_harness_close(&c);
    *error = c.h.error;
    return status;
}

double clg_conv_selftest_limit(const struct clg_conv_job *j, const struct clg_conv_variant *variant)
{
    // Rounding of long sums, not more: a wrong index or a lost product is off by 1 / sqrt(depth) and more. Deep
    // filter gradients get more.
    const double pixels = (double)j->x.shape.n * j->y.shape.h * j->y.shape.w;
    const double exact = j->pass == CLG_CONV_BACKWARD_FILTER ? 3e-5 * fmax(1, sqrt(pixels / 65536)) : 2e-5;
    return variant->exact ? exact : 5 * exact;
}

// --- checking a variant ------------------------------------------------------------------------
// The first error is kept in `log` until it is clear what it means.
static int try_once(struct clg_device *d, const struct clg_conv_job *job,
                    const struct clg_conv_variant *variant, double *error, struct clg_log_capture *log)
{
    const struct clg_log outer = d->log;
    d->log = clg_log_capture(log, &outer);
    const int status = clg_conv_selftest(d, job, variant, error);
    d->log = outer;
    return status;
}

static int refuse(struct clg_device *d, const struct clg_conv_variant *variant, const char *what,
                  double error)
{
    if (variant != &clg_conv_plain)
        return clg_fail(
            &d->log, CLG_EDEVICE,
            "the forced variant %s gives wrong results on %s (off by %.2g of their rms): do not force it",
            what, d->info.name, error);
    return clg_fail(
        &d->log, CLG_EDEVICE,
        "%s gives wrong results, even with the simplest kernel (%s: off by %.2g of their rms): update "
        "its driver, or choose another device; `clgan doctor` examines it",
        d->info.name, what, error);
}

// 1: another variant must be picked; or an error.
static int drop(struct clg_device *d, const struct clg_conv_variant *variant, const char *what,
                const char *why)
{
    clg_log_line(&d->log, CLG_LOG_WARNING,
                 "%s does not work on %s (%.*s): another variant is used; `clgan doctor` examines the device",
                 what, d->info.name, (int)strcspn(why, "\n"), why);
    clg_programs_forget(d); // those that do not compile must not fail the next recording
    const int status = clg_selftest_cache_drop(d, variant);
    return status ? status : 1;
}

// The self-test itself; returns what clg_conv_check does.
static int verify(struct clg_device *d, const struct clg_conv_job *job,
                  const struct clg_conv_variant *variant, bool forced, const char *what)
{
    struct clg_log_capture log;
    double error;
    const bool only = forced || variant == &clg_conv_plain;
    int status = try_once(d, job, variant, &error, &log);
    if (status && status != CLG_ENOMEM) // retry: transient driver errors don't count
        status = try_once(d, job, variant, &error, &log);
    if (status == CLG_ENOMEM)
        return 0; // no memory to test it: used untested
    if (status && !only)
        return drop(d, variant, what, log.text);
    if (status)
        return clg_fail(&d->log, status, "%s", log.text);
    if (error <= clg_conv_selftest_limit(job, variant)) {
        clg_selftest_cache_add(d, what);
        return 0;
    }
    if (only)
        return refuse(d, variant, what, error);
    snprintf(log.text, sizeof log.text, "wrong results, off by %.2g of their rms", error);
    return drop(d, variant, what, log.text);
}

int clg_conv_check(struct clg_device *d, const struct clg_conv_job *job,
                   const struct clg_conv_variant *variant, bool forced)
{
    char what[192], shape[96];
    clg_conv_shape_text(job, shape, sizeof shape);
    snprintf(what, sizeof what, "conv=%s %s of %s, config %d", variant->name, clg_conv_pass_names[job->pass],
             shape, job->config);
    if (!clg_selftest_due(d, what, clg_conv_pass_names[job->pass]))
        return 0;
    return verify(d, job, variant, forced, what);
}
