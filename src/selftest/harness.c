// The test bench of operations, and the self-tests of operations without variants.
#include "selftest/harness.h"

#include "base/log.h"
#include "base/random.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    TENSORS_MAX = 8,  // of one self-test, of the largest size
    VECTORS_MAX = 32, // of as many values as channels, and smaller ones
    VALUES_MAX = 20100,
    EDGE = 3,         // makes offsets odd
    CONV_EDGE = 64,   // keeps tensors aligned, as slabs do
    REPEAT = 1000003, // a prime: no shape fits it
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

// --- tensors -----------------------------------------------------------------------------------
static void fail(struct clg_harness *h, int status)
{
    h->status = h->status ? h->status : status;
}

// The tensor with its edges.
static struct clg_tensor whole_of(const struct clg_harness *h, const struct clg_harness_tensor *v)
{
    struct clg_tensor whole = v->t;
    whole.offset -= (size_t)h->edge;
    whole.shape = (struct clg_shape){1, 1, 1, (int)v->n + 2 * h->edge};
    return whole;
}

static struct clg_harness_tensor tensor_new(struct clg_harness *h, struct clg_shape shape)
{
    struct clg_harness_tensor v = {.n = clg_shape_count(shape)};
    const size_t edge = (size_t)h->edge;
    const struct clg_shape whole = {1, 1, 1, (int)(v.n + 2 * edge)};
    struct clg_slab *slab = h->slab;
    v.host = h->floats + h->floats_used + edge;
    h->floats_used += v.n + 2 * edge;
    for (size_t i = 0; i < edge; i++) {
        v.host[v.n + i] = NAN;
        v.host[i - edge] = NAN;
    }
    if (!slab) {
        assert(h->own_n < (int)(sizeof h->own / sizeof *h->own));
        if (!h->status)
            fail(h, clg_slab_new(&h->own[h->own_n], h->d, clg_slab_size(whole)));
        slab = h->own[h->own_n++];
    }
    if (!h->status)
        fail(h, clg_slab_take(slab, whole, &v.t));
    v.t.offset += edge;
    v.t.shape = shape;
    return v;
}

// Uniform on [low, high), the first `period` values over and over. Never all zeros: some processors are faster
// on them. Numbers of 20 bits: on [-1, 1) they stay exact when multiplied by a factor of 4 bits.
static void uniform(struct clg_harness *h, struct clg_harness_tensor *v, size_t period, double low,
                    double high)
{
    clg_random_uniform(h->seed++, CLG_STREAM_WEIGHTS, 0, period, v->host);
    for (size_t i = 0; i < period; i++)
        v->host[i] = (float)(low + (high - low) * floor(1048576 * (double)v->host[i]) / 1048576);
    for (size_t i = period; i < v->n; i++)
        v->host[i] = v->host[i - period];
}

struct clg_harness_tensor clg_harness_draw(struct clg_harness *h, struct clg_shape shape, double low,
                                           double high)
{
    struct clg_harness_tensor v = tensor_new(h, shape);
    uniform(h, &v, v.n, low, high);
    return v;
}

void clg_harness_send(struct clg_harness *h, const struct clg_harness_tensor *v)
{
    if (!h->status)
        fail(h, clg_tensor_write(h->d, whole_of(h, v), v->host - h->edge));
}

struct clg_harness_tensor clg_harness_input(struct clg_harness *h, struct clg_shape shape, double low,
                                            double high)
{
    struct clg_harness_tensor v = clg_harness_draw(h, shape, low, high);
    clg_harness_send(h, &v);
    return v;
}

struct clg_harness_tensor clg_harness_result(struct clg_harness *h, struct clg_shape shape)
{
    struct clg_harness_tensor v = tensor_new(h, shape);
    for (size_t i = 0; i < v.n; i++)
        v.host[i] = NAN;
    clg_harness_send(h, &v);
    return v;
}

double *clg_harness_expected(struct clg_harness *h, size_t n)
{
    double *expected = h->doubles + h->doubles_used;
    h->doubles_used += n;
    for (size_t i = 0; i < n; i++)
        expected[i] = 0;
    return expected;
}

// --- comparing ---------------------------------------------------------------------------------
int clg_harness_read(struct clg_harness *h, const struct clg_harness_tensor *v)
{
    int status = clg_tensor_read(h->d, whole_of(h, v), v->host - h->edge);
    for (size_t i = 0; i < (size_t)h->edge && !status; i++)
        if (!isnan(v->host[v->n + i]) || !isnan(v->host[i - (size_t)h->edge]))
            h->error = INFINITY;
    return status;
}

void clg_harness_error(struct clg_harness *h, double is, double expected, double scale)
{
    const double error = fabs(is - expected) / scale;
    if (!(error <= h->error))
        h->error = isnan(error) ? INFINITY : error;
}

void clg_harness_compare_scaled(struct clg_harness *h, int status, struct clg_harness_tensor v,
                                const double *expected, double scale)
{
    fail(h, status);
    if (!h->status)
        fail(h, clg_harness_read(h, &v));
    for (size_t i = 0; i < v.n && !h->status; i++)
        clg_harness_error(h, (double)v.host[i], expected[i], scale);
}

void clg_harness_compare(struct clg_harness *h, int status, struct clg_harness_tensor v,
                         const double *expected)
{
    double square = 0;
    for (size_t i = 0; i < v.n; i++)
        square += expected[i] * expected[i];
    const double rms = sqrt(square / (double)v.n);
    clg_harness_compare_scaled(h, status, v, expected, rms > 0 ? rms : 1);
}

// --- convolutions ------------------------------------------------------------------------------
// +-8/16 to +-15/16.
float clg_conv_harness_factor(int image)
{
    uint32_t words[4];
    clg_random_words(1, CLG_STREAM_ORDER, (uint64_t)image, words);
    return (float)(8 + (words[0] >> 1) % 8) / (words[0] & 1 ? 16 : -16);
}

static void factors_multiply(struct clg_harness_tensor *v)
{
    const size_t each = v->n / (size_t)v->t.shape.n;
    for (size_t i = 0; i < v->n; i += each) {
        const float factor = clg_conv_harness_factor((int)(i / each));
        for (size_t k = 0; k < each; k++)
            v->host[i + k] *= factor;
    }
}

static struct clg_harness_tensor conv_input(struct clg_conv_harness *c, struct clg_shape shape, int images,
                                            bool with_factors)
{
    struct clg_harness_tensor v = tensor_new(&c->h, shape);
    size_t period = v.n < REPEAT ? v.n : REPEAT;
    if (images > 0)
        period = images < shape.n ? v.n / (size_t)shape.n * (size_t)images : v.n;
    uniform(&c->h, &v, period, -1, 1);
    if (with_factors)
        factors_multiply(&v);
    clg_harness_send(&c->h, &v);
    return v;
}

int clg_conv_harness_open(struct clg_conv_harness *c, struct clg_device *d, const struct clg_conv_job *job,
                          int images)
{
    const struct clg_shape shapes[] = {job->x.shape, job->w.shape, job->y.shape};
    struct clg_harness_tensor *const tensors[] = {&c->x, &c->w, &c->y};
    struct clg_tensor *const of_job[] = {&c->job.x, &c->job.w, &c->job.y};
    size_t floats = 0;
    *c = (struct clg_conv_harness){.h = {.d = d, .edge = CONV_EDGE, .seed = 1}, .job = *job};
    c->result = job->pass == CLG_CONV_FORWARD ? &c->y : job->pass == CLG_CONV_BACKWARD_DATA ? &c->x : &c->w;
    c->job.accumulate = false;
    for (int i = 0; i < 3; i++)
        floats += clg_shape_count(shapes[i]) + 2 * CONV_EDGE;
    c->h.floats = malloc(floats * sizeof *c->h.floats);
    if (!c->h.floats)
        return clg_fail(&d->log, CLG_ENOMEM, "out of memory to test a convolution");
    for (int i = 0; i < 3; i++) {
        const bool is_w = tensors[i] == &c->w;
        if (tensors[i] == c->result)
            *tensors[i] = clg_harness_result(&c->h, shapes[i]);
        else
            *tensors[i] = conv_input(c, shapes[i], is_w && images ? shapes[i].n : images,
                                     images && c->result == &c->w && tensors[i] == &c->y);
        *of_job[i] = tensors[i]->t;
    }
    return c->h.status;
}

void clg_conv_harness_close(struct clg_conv_harness *c)
{
    for (int i = 0; i < 3; i++)
        clg_slab_free(&c->h.own[i]);
    free(c->h.floats);
    c->h.floats = NULL;
}

int clg_conv_harness_clear(struct clg_conv_harness *c)
{
    return clg_fill(c->h.d, whole_of(&c->h, c->result), NAN);
}

// --- one self-test -----------------------------------------------------------------------------
static int memory_new(struct clg_harness *h)
{
    const size_t channels = (size_t)h->channels, map = clg_shape_count(clg_harness_map(h->channels));
    const size_t most = TENSORS_MAX * (map > VALUES_MAX ? map : VALUES_MAX) + VECTORS_MAX * (channels + 128);
    h->floats = malloc(most * sizeof *h->floats);
    h->doubles = malloc(most * sizeof *h->doubles);
    if (!h->floats || !h->doubles)
        return clg_fail(&h->d->log, CLG_ENOMEM, "out of memory to test an operation");
    return clg_slab_new(&h->slab, h->d, most);
}

int clg_selftest_run(struct clg_device *d, const struct clg_selftest *test, int channels, double *error)
{
    struct clg_harness h = {.d = d, .channels = channels, .edge = EDGE, .seed = 1};
    const struct clg_saved_mode mode = clg_mode_push(d);
    h.status = memory_new(&h);
    if (!h.status)
        test->run(&h);
    clg_mode_pop(d, mode);
    clg_slab_free(&h.slab);
    free(h.floats);
    free(h.doubles);
    *error = h.error;
    return h.status;
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
    for (; *names && !d->ops->collect_conv && !status; names++) {
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
