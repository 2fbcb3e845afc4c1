// Convolutions on trial before they are used: one run on random data, and some of the results summed again by
// the host in float64.
#include "selftest/selftest.h"

#include "base/log.h"
#include "base/random.h"
#include "tune/table.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SPOTS = 48, PERIOD = 1000003 };
#define FLOATS_MAX ((size_t)4 << 20) // of the three tensors: a larger batch is tried with fewer images

struct spot {
    struct clg_device *d;
    struct clg_conv_job job;
    struct clg_slab *slab;
    float *x, *w, *y; // on the host; one of them is the result
};

// --- data --------------------------------------------------------------------------------------
// Uniform on [-1, 1), repeated after a prime number of values, so that nothing in the shape fits it.
static void values_make(float *values, size_t n, uint64_t seed)
{
    const size_t drawn = n < PERIOD ? n : PERIOD;
    clg_random_uniform(seed, CLG_STREAM_WEIGHTS, 0, drawn, values);
    for (size_t i = 0; i < drawn; i++)
        values[i] = 2 * values[i] - 1;
    for (size_t i = drawn; i < n; i++)
        values[i] = values[i - drawn];
}

// Results begin as NaN: what is not written shows.
static int tensor_make(struct spot *s, struct clg_tensor *tensor, bool result, uint64_t seed, float **host)
{
    const size_t n = clg_shape_count(tensor->shape);
    int status = clg_slab_take(s->slab, tensor->shape, tensor);
    if (!status && !(*host = malloc(n * sizeof **host)))
        status = clg_fail(&s->d->log, CLG_ENOMEM, "out of memory to check a convolution");
    if (status)
        return status;
    if (result)
        return clg_fill(s->d, *tensor, NAN);
    values_make(*host, n, seed);
    return clg_tensor_write(s->d, *tensor, *host);
}

static size_t room_of(const struct clg_conv_job *j)
{
    return clg_slab_size(j->x.shape) + clg_slab_size(j->w.shape) + clg_slab_size(j->y.shape);
}

static int data_make(struct spot *s)
{
    struct clg_conv_job *j = &s->job;
    while (room_of(j) > FLOATS_MAX && j->x.shape.n > 1)
        j->x.shape.n = j->y.shape.n = (j->x.shape.n + 1) / 2;
    int status = clg_slab_new(&s->slab, s->d, room_of(j));
    if (!status)
        status = tensor_make(s, &j->x, j->pass == CLG_CONV_BACKWARD_DATA, 1, &s->x);
    if (!status)
        status = tensor_make(s, &j->w, j->pass == CLG_CONV_BACKWARD_FILTER, 2, &s->w);
    return status ? status : tensor_make(s, &j->y, j->pass == CLG_CONV_FORWARD, 3, &s->y);
}

// --- results by the host -----------------------------------------------------------------------
// The product of x, w and y's element at one place of the sum is what all three passes are made of.
static size_t at(struct clg_shape s, int n, int h, int w, int c)
{
    return (((size_t)n * (size_t)s.h + (size_t)h) * (size_t)s.w + (size_t)w) * (size_t)s.c + (size_t)c;
}

static double forward_at(const struct spot *s, int n, int oy, int ox, int k)
{
    const struct clg_conv *c = &s->job.conv;
    const struct clg_shape x = s->job.x.shape, w = s->job.w.shape;
    double sum = 0;
    for (int r = 0; r < c->r; r++)
        for (int q = 0; q < c->s; q++) {
            const int iy = oy * c->stride - c->pad + r, ix = ox * c->stride - c->pad + q;
            for (int i = 0; iy >= 0 && ix >= 0 && iy < x.h && ix < x.w && i < x.c; i++)
                sum += (double)s->x[at(x, n, iy, ix, i)] * s->w[at(w, r, q, i, k)];
        }
    return sum;
}

static double data_at(const struct spot *s, int n, int iy, int ix, int i)
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
                sum += (double)s->y[at(y, n, oy, ox, k)] * s->w[at(w, r, q, i, k)];
        }
    return sum;
}

static double filter_at(const struct spot *s, int r, int q, int i, int k)
{
    const struct clg_conv *c = &s->job.conv;
    const struct clg_shape x = s->job.x.shape, y = s->job.y.shape;
    double sum = 0;
    for (int n = 0; n < y.n; n++)
        for (int oy = 0; oy < y.h; oy++)
            for (int ox = 0; ox < y.w; ox++) {
                const int iy = oy * c->stride - c->pad + r, ix = ox * c->stride - c->pad + q;
                if (iy >= 0 && ix >= 0 && iy < x.h && ix < x.w)
                    sum += (double)s->x[at(x, n, iy, ix, i)] * s->y[at(y, n, oy, ox, k)];
            }
    return sum;
}

// --- comparing ---------------------------------------------------------------------------------
// The places looked at: the first, the last, and random ones between.
static size_t place_of(int spot, size_t count)
{
    uint32_t words[4];
    if (spot < 2)
        return spot ? count - 1 : 0;
    clg_random_words(4, CLG_STREAM_ORDER, (uint64_t)spot, words);
    return (size_t)(((uint64_t)words[0] << 32 | words[1]) % count);
}

static double compare(const struct spot *s)
{
    static double (*const by_host[])(const struct spot *, int, int, int, int) = {forward_at, data_at,
                                                                                 filter_at};
    const struct clg_tensor *results[] = {&s->job.y, &s->job.x, &s->job.w};
    const float *const values[] = {s->y, s->x, s->w};
    const struct clg_shape shape = results[s->job.pass]->shape;
    const size_t count = clg_shape_count(shape), c = (size_t)shape.c, w = (size_t)shape.w,
                 h = (size_t)shape.h;
    double worst = 0, square = 0;
    for (int i = 0; i < SPOTS; i++) {
        const size_t p = place_of(i, count);
        const double expected = by_host[s->job.pass](s, (int)(p / c / w / h), (int)(p / c / w % h),
                                                     (int)(p / c % w), (int)(p % c));
        const double error = fabs((double)values[s->job.pass][p] - expected);
        worst = error <= worst ? worst : isnan(error) ? INFINITY : error;
        square += expected * expected;
    }
    return worst / sqrt(square / SPOTS + 1e-30);
}

static int spot_run(struct spot *s, const struct clg_conv_variant *variant, double *error)
{
    const struct clg_tensor *const results[] = {&s->job.y, &s->job.x, &s->job.w};
    int status = data_make(s);
    if (!status)
        status = variant->run(s->d, &s->job);
    float *const values[] = {s->y, s->x, s->w};
    if (!status)
        status = clg_tensor_read(s->d, *results[s->job.pass], values[s->job.pass]);
    if (!status)
        *error = compare(s);
    return status;
}

int clg_conv_selftest(struct clg_device *d, const struct clg_conv_job *job,
                      const struct clg_conv_variant *variant, double *error)
{
    struct spot s = {.d = d, .job = *job};
    const struct clg_saved_mode aside = clg_mode_push(d);
    s.job.accumulate = false;
    int status = spot_run(&s, variant, error);
    clg_mode_pop(d, aside);
    clg_slab_free(&s.slab);
    free(s.x), free(s.w), free(s.y);
    return status;
}

double clg_conv_selftest_limit(const struct clg_conv_job *j, const struct clg_conv_variant *variant)
{
    // As the tuner's: rounding of long sums, not more; a wrong index is off by 1 / sqrt(depth) and more.
    const double pixels = (double)j->x.shape.n * j->y.shape.h * j->y.shape.w;
    const double exact = j->pass == CLG_CONV_BACKWARD_FILTER ? 3e-5 * fmax(1, sqrt(pixels / 65536)) : 2e-5;
    return variant->exact ? exact : 5 * exact;
}

// --- trust -------------------------------------------------------------------------------------
// What a trial says: the first error is kept, until it is clear what comes of it.
struct told {
    struct clg_log log;
    char text[4096];
};

static void told_line(void *user, enum clg_log_level level, const char *line)
{
    struct told *told = user;
    if (level != CLG_LOG_ERROR)
        clg_log_line(&told->log, level, "%s", line);
    else if (!told->text[0])
        snprintf(told->text, sizeof told->text, "%s", line);
}

static int try_once(struct clg_device *d, const struct clg_conv_job *job,
                    const struct clg_conv_variant *variant, double *error, struct told *told)
{
    told->log = d->log;
    told->text[0] = 0;
    d->log = (struct clg_log){told_line, told};
    const int status = clg_conv_selftest(d, job, variant, error);
    d->log = told->log;
    return status;
}

static int refuse(struct clg_device *d, const struct clg_conv_variant *variant, const char *what,
                  double error)
{
    if (variant != &clg_conv_plain)
        return clg_fail(&d->log, CLG_EDEVICE,
                        "%s is wrong on %s, by %.2g of its results' rms: leave out --variant", what,
                        d->info.name, error);
    return clg_fail(
        &d->log, CLG_EDEVICE,
        "%s computes wrong, even by the plainest kernel (%s: off by %.2g of the results' rms): update its "
        "driver, or choose another --device; `clgan doctor` tells more",
        d->info.name, what, error);
}

// 1: another variant must be picked; or an error.
static int drop(struct clg_device *d, const struct clg_conv_variant *variant)
{
    clg_programs_forget(d); // what does not compile is not tried by the next recording
    const int status = clg_selftest_cache_drop(d, variant);
    return status ? status : 1;
}

static int drop_failing(struct clg_device *d, const struct clg_conv_variant *variant, const char *what,
                        const char *why)
{
    clg_log_line(&d->log, CLG_LOG_WARNING,
                 "%s fails on %s (%.*s): not used, another way takes over (`clgan doctor` tells more)", what,
                 d->info.name, (int)strcspn(why, "\n"), why);
    return drop(d, variant);
}

static int drop_wrong(struct clg_device *d, const struct clg_conv_variant *variant, const char *what,
                      double error)
{
    clg_log_line(
        &d->log, CLG_LOG_WARNING,
        "%s is wrong on %s, by %.2g of its results' rms: not used, another way takes over (`clgan doctor` "
        "tells more)",
        what, d->info.name, error);
    return drop(d, variant);
}

// The trial itself; the answer is clg_conv_check's.
static int verify(struct clg_device *d, const struct clg_conv_job *job,
                  const struct clg_conv_variant *variant, bool forced, const char *what)
{
    struct told told;
    double error;
    const bool only = forced || variant == &clg_conv_plain;
    int status = try_once(d, job, variant, &error, &told);
    if (status && status != CLG_ENOMEM) // a driver's passing fault is no reason to compute in another way
        status = try_once(d, job, variant, &error, &told);
    if (status == CLG_ENOMEM)
        return 0; // no room to try it: unseen
    if (status && !only)
        return drop_failing(d, variant, what, told.text);
    if (status)
        return clg_fail(&d->log, status, "%s", told.text);
    if (error > clg_conv_selftest_limit(job, variant))
        return only ? refuse(d, variant, what, error) : drop_wrong(d, variant, what, error);
    clg_selftest_cache_add(d, what);
    return 0;
}

int clg_conv_check(struct clg_device *d, const struct clg_conv_job *job,
                   const struct clg_conv_variant *variant, bool forced)
{
    char what[192], shape[96];
    clg_conv_shape_text(job, shape, sizeof shape);
    snprintf(what, sizeof what, "conv=%s %s of %s, list %d", variant->name, clg_conv_pass_names[job->pass],
             shape, job->config);
    return clg_selftest_due(d, what, clg_conv_pass_names[job->pass]) ? verify(d, job, variant, forced, what)
                                                                     : 0;
}
