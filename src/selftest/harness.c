// Operations without variants on trial: each once on small random data, compared with the host in float64.
#include "selftest/harness.h"

#include "base/log.h"
#include "base/random.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    TENSORS_MAX = 8,  // of one trial, of the largest size
    VECTORS_MAX = 32, // of as many values as channels, and smaller ones
    VALUES_MAX = 20100,
    EDGE = 3, // NaNs before a tensor and behind it: an odd place, and what must stay
};

const struct clg_selftest *clg_selftest_at(int number)
{
    const struct clg_selftest *const tables[] = {clg_selftest_elements, clg_selftest_layers};
    for (int i = 0; i < 2; i++)
        for (const struct clg_selftest *test = tables[i]; test->name; test++)
            if (number-- == 0)
                return test;
    return NULL;
}

const struct clg_selftest *clg_selftest_find(const char *name)
{
    const struct clg_selftest *test;
    for (int i = 0; (test = clg_selftest_at(i)); i++)
        if (strcmp(test->name, name) == 0)
            return test;
    return NULL;
}

// --- data --------------------------------------------------------------------------------------
static void fail(struct clg_harness *t, int status)
{
    t->status = t->status ? t->status : status;
}

// Floats of a tensor with its edges.
static struct clg_tensor whole_of(const struct clg_harness_tensor *v)
{
    struct clg_tensor whole = v->t;
    whole.offset -= EDGE;
    whole.shape = (struct clg_shape){1, 1, 1, (int)v->n + 2 * EDGE};
    return whole;
}

static struct clg_harness_tensor values_new(struct clg_harness *t, struct clg_shape shape)
{
    struct clg_harness_tensor v = {.n = clg_shape_count(shape)};
    const struct clg_shape whole = {1, 1, 1, (int)v.n + 2 * EDGE};
    v.host = t->floats + t->floats_used + EDGE;
    t->floats_used += v.n + 2 * EDGE;
    for (int i = 0; i < EDGE; i++)
        v.host[-1 - i] = v.host[v.n + (size_t)i] = NAN;
    fail(t, clg_slab_take(t->slab, whole, &v.t));
    v.t.offset += EDGE;
    v.t.shape = shape;
    return v;
}

struct clg_harness_tensor clg_harness_draw(struct clg_harness *t, struct clg_shape shape, double low,
                                           double high)
{
    struct clg_harness_tensor v = values_new(t, shape);
    clg_random_uniform(t->seed++, CLG_STREAM_WEIGHTS, 0, v.n, v.host);
    for (size_t i = 0; i < v.n; i++)
        v.host[i] = (float)(low + (high - low) * (double)v.host[i]);
    return v;
}

void clg_harness_send(struct clg_harness *t, const struct clg_harness_tensor *v)
{
    if (!t->status)
        fail(t, clg_tensor_write(t->d, whole_of(v), v->host - EDGE));
}

struct clg_harness_tensor clg_harness_input(struct clg_harness *t, struct clg_shape shape, double low,
                                            double high)
{
    struct clg_harness_tensor v = clg_harness_draw(t, shape, low, high);
    clg_harness_send(t, &v);
    return v;
}

struct clg_harness_tensor clg_harness_result(struct clg_harness *t, struct clg_shape shape)
{
    struct clg_harness_tensor v = values_new(t, shape);
    for (size_t i = 0; i < v.n; i++)
        v.host[i] = NAN;
    clg_harness_send(t, &v);
    return v;
}

double *clg_harness_expected(struct clg_harness *t, size_t n)
{
    double *expected = t->doubles + t->doubles_used;
    t->doubles_used += n;
    for (size_t i = 0; i < n; i++)
        expected[i] = 0;
    return expected;
}

// --- comparing ---------------------------------------------------------------------------------
void clg_harness_compare_scaled(struct clg_harness *t, int status, struct clg_harness_tensor v,
                                const double *expected, double scale)
{
    float *is = t->floats + t->floats_used + EDGE; // not kept
    fail(t, status);
    if (!t->status)
        fail(t, clg_tensor_read(t->d, whole_of(&v), is - EDGE));
    if (t->status)
        return;
    for (size_t i = 0; i < v.n; i++) {
        const double error = fabs((double)is[i] - expected[i]) / scale;
        t->error = error <= t->error ? t->error : isnan(error) ? INFINITY : error;
    }
    for (int i = 0; i < EDGE; i++)
        if (!isnan(is[-1 - i]) || !isnan(is[v.n + (size_t)i]))
            t->error = INFINITY;
}

void clg_harness_compare(struct clg_harness *t, int status, struct clg_harness_tensor v,
                         const double *expected)
{
    double square = 0;
    for (size_t i = 0; i < v.n; i++)
        square += expected[i] * expected[i];
    const double rms = sqrt(square / (double)v.n);
    clg_harness_compare_scaled(t, status, v, expected, rms > 0 ? rms : 1);
}

// --- one trial ---------------------------------------------------------------------------------
static int trial_open(struct clg_harness *t)
{
    const size_t channels = (size_t)t->channels, map = clg_shape_count(clg_harness_map(t->channels));
    t->most = TENSORS_MAX * (map > VALUES_MAX ? map : VALUES_MAX) + VECTORS_MAX * (channels + 128);
    t->floats = malloc(t->most * sizeof *t->floats);
    t->doubles = malloc(t->most * sizeof *t->doubles);
    if (!t->floats || !t->doubles)
        return clg_fail(&t->d->log, CLG_ENOMEM, "out of memory to check an operation");
    return clg_slab_new(&t->slab, t->d, t->most);
}

int clg_selftest_run(struct clg_device *d, const struct clg_selftest *basic, int channels, double *error)
{
    struct clg_harness t = {.d = d, .channels = channels, .seed = 1};
    const struct clg_saved_mode aside = clg_mode_push(d);
    t.status = trial_open(&t);
    if (!t.status)
        basic->run(&t);
    clg_mode_pop(d, aside);
    clg_slab_free(&t.slab);
    free(t.floats), free(t.doubles);
    *error = t.error;
    return t.status;
}

// --- checking a device -------------------------------------------------------------------------
static int verify(struct clg_device *d, const struct clg_selftest *test, int channels)
{
    const struct clg_log log = d->log;
    double error;
    d->log = clg_log_silent; // one retry, with logging: transient driver errors don't count
    int status = clg_selftest_run(d, test, channels, &error);
    d->log = log;
    if (status)
        status = clg_selftest_run(d, test, channels, &error);
    if (status || error <= test->limit)
        return status;
    return clg_fail(&d->log, CLG_EDEVICE,
                    "%s gives wrong results: %s is off by %.2g of the results' rms (limit %.2g): update its "
                    "driver, or choose another device; `clgan doctor` examines it",
                    d->info.name, test->name, error, test->limit);
}

int clg_selftests_check(struct clg_device *d, const char *const *names, int channels)
{
    int status = 0;
    for (; *names && !d->collect_conv && !status; names++) {
        char what[96];
        const struct clg_selftest *test = clg_selftest_find(*names);
        assert(test);
        snprintf(what, sizeof what, "%s, %d channels", test->name, test->by_channels ? channels : 0);
        if (!clg_selftest_due(d, what, test->name))
            continue;
        status = verify(d, test, channels);
        if (!status)
            clg_selftest_cache_add(d, what);
    }
    return status;
}
