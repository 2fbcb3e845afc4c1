// Operations without variants on trial: each once on small random data, compared with the host in float64.
#include "selftest/harness.h"

#include "base/log.h"
#include "base/random.h"

#include <math.h>
#include <stdlib.h>

enum {
    TENSORS_MAX = 8,  // of one trial, of the largest size
    VECTORS_MAX = 32, // of as many values as channels, and smaller ones
    VALUES_MAX = 20100,
    EDGE = 3, // NaNs before a tensor and behind it: an odd place, and what must stay
};

const struct clg_basic *clg_basic_at(int number)
{
    const struct clg_basic *const tables[] = {clg_basic_elements, clg_basic_layers};
    for (int i = 0; i < 2; i++)
        for (const struct clg_basic *row = tables[i]; row->name; row++)
            if (number-- == 0)
                return row;
    return NULL;
}

// --- data --------------------------------------------------------------------------------------
static void fail(struct clg_basic_trial *t, int status)
{
    t->status = t->status ? t->status : status;
}

// Floats of a tensor with its edges.
static struct clg_tensor whole_of(const struct clg_basic_values *v)
{
    struct clg_tensor whole = v->t;
    whole.offset -= EDGE;
    whole.shape = (struct clg_shape){1, 1, 1, (int)v->n + 2 * EDGE};
    return whole;
}

static struct clg_basic_values values_new(struct clg_basic_trial *t, struct clg_shape shape)
{
    struct clg_basic_values v = {.n = clg_shape_count(shape)};
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

struct clg_basic_values clg_basic_draw(struct clg_basic_trial *t, struct clg_shape shape, double low,
                                       double high)
{
    struct clg_basic_values v = values_new(t, shape);
    clg_random_uniform(t->seed++, CLG_STREAM_WEIGHTS, 0, v.n, v.host);
    for (size_t i = 0; i < v.n; i++)
        v.host[i] = (float)(low + (high - low) * (double)v.host[i]);
    return v;
}

void clg_basic_send(struct clg_basic_trial *t, const struct clg_basic_values *v)
{
    if (!t->status)
        fail(t, clg_tensor_write(t->d, whole_of(v), v->host - EDGE));
}

struct clg_basic_values clg_basic_given(struct clg_basic_trial *t, struct clg_shape shape, double low,
                                        double high)
{
    struct clg_basic_values v = clg_basic_draw(t, shape, low, high);
    clg_basic_send(t, &v);
    return v;
}

struct clg_basic_values clg_basic_result(struct clg_basic_trial *t, struct clg_shape shape)
{
    struct clg_basic_values v = values_new(t, shape);
    for (size_t i = 0; i < v.n; i++)
        v.host[i] = NAN;
    clg_basic_send(t, &v);
    return v;
}

double *clg_basic_expected(struct clg_basic_trial *t, size_t n)
{
    double *expected = t->doubles + t->doubles_used;
    t->doubles_used += n;
    for (size_t i = 0; i < n; i++)
        expected[i] = 0;
    return expected;
}

// --- comparing ---------------------------------------------------------------------------------
void clg_basic_compare_by(struct clg_basic_trial *t, int status, struct clg_basic_values v,
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

void clg_basic_compare(struct clg_basic_trial *t, int status, struct clg_basic_values v,
                       const double *expected)
{
    double square = 0;
    for (size_t i = 0; i < v.n; i++)
        square += expected[i] * expected[i];
    const double rms = sqrt(square / (double)v.n);
    clg_basic_compare_by(t, status, v, expected, rms > 0 ? rms : 1);
}

// --- one trial ---------------------------------------------------------------------------------
static int trial_open(struct clg_basic_trial *t)
{
    const size_t channels = (size_t)t->channels, map = clg_shape_count(clg_basic_map(t->channels));
    t->most = TENSORS_MAX * (map > VALUES_MAX ? map : VALUES_MAX) + VECTORS_MAX * (channels + 128);
    t->floats = malloc(t->most * sizeof *t->floats);
    t->doubles = malloc(t->most * sizeof *t->doubles);
    if (!t->floats || !t->doubles)
        return clg_fail(&t->d->log, CLG_ENOMEM, "out of memory to check an operation");
    return clg_slab_new(&t->slab, t->d, t->most);
}

int clg_basic_run(struct clg_device *d, const struct clg_basic *basic, int channels, double *error)
{
    struct clg_basic_trial t = {.d = d, .channels = channels, .seed = 1};
    const struct clg_aside aside = clg_aside_begin(d);
    t.status = trial_open(&t);
    if (!t.status)
        basic->run(&t);
    clg_aside_end(d, aside);
    clg_slab_free(&t.slab);
    free(t.floats), free(t.doubles);
    *error = t.error;
    return t.status;
}

// --- trust -------------------------------------------------------------------------------------
static bool is_needed(const struct clg_basic *b, int use, unsigned acts)
{
    return b->use & use && (b->act == CLG_ACT_NONE || acts & 1u << b->act);
}

static int one_check(struct clg_device *d, const struct clg_basic *b, int channels)
{
    const struct clg_log log = d->log;
    double error;
    d->log = clg_log_silent; // a driver's passing fault is none: what fails is tried once more, aloud
    int status = clg_basic_run(d, b, channels, &error);
    d->log = log;
    if (status)
        status = clg_basic_run(d, b, channels, &error);
    if (status || error <= b->limit)
        return status;
    return clg_fail(&d->log, CLG_EDEVICE,
                    "%s computes wrong: %s is off by %.2g of its results' rms (%.2g is allowed): update its "
                    "driver, or choose another --device; `clgan doctor` tells more",
                    d->info.name, b->name, error, b->limit);
}

int clg_basics_check(struct clg_device *d, int use, unsigned acts, int channels)
{
    char what[96];
    snprintf(what, sizeof what, "operations of use %d, activations %x, %d channels", use, acts, channels);
    if (d->collect_conv || clg_checked_right(d, what))
        return 0;
    clg_checked_pending(d, what);
    if (d->mode == CLG_MODE_COLLECT)
        return 0;
    if (d->params.progress)
        d->params.progress(d->params.progress_user, "operations", 0, 1);
    const struct clg_basic *b;
    int status = 0;
    for (int i = 0; !status && (b = clg_basic_at(i)); i++)
        if (is_needed(b, use, acts))
            status = one_check(d, b, channels);
    if (!status)
        clg_checked_add(d, what);
    return status;
}
