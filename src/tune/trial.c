// One convolution on trial: random data, what plain makes of it, and candidates checked and timed.
//
// plain takes seconds on a CPU for a large batch, so the data repeats itself after three images: plain
// computes those, and every image of a candidate's result has its counterpart there; images are mixed up
// unnoticed only when a multiple of three apart, and nobody cuts batches into threes.
//
// A filter gradient is a sum over the batch. There every map has a factor of its own, with a random sign:
// adding up equal things, a float32 sum would make the same rounding error over and over. The reference is
// the sum, in float64, of plain's gradients of single images, each times the factors of its maps.
#include "tune/trial.h"

#include "base/file.h"
#include "base/log.h"
#include "base/random.h"
#include "base/stats.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { PERIOD = 3, FIRST = 5, REPEATS_MAX = 1000 };
static const double SAMPLE_SECONDS = 0.005; // a shorter one says little

static struct clg_tensor *result_of(struct clg_conv_job *j)
{
    return j->pass == CLG_CONV_FORWARD ? &j->y : j->pass == CLG_CONV_BACKWARD_DATA ? &j->x : &j->w;
}

// --- tensors -----------------------------------------------------------------------------------

static int tensor_new(struct clg_trial *t, int slot, struct clg_shape shape, struct clg_tensor *tensor)
{
    int status = clg_slab_new(&t->slabs[slot], t->d, clg_slab_size(shape));
    return status ? status : clg_slab_take(t->slabs[slot], shape, tensor);
}

// Uniform on [-1, 1), the first `period` of n equal parts over and over. Never zeros: some processors are
// faster on them. Values of 13 bits, so that they stay exact when multiplied by a factor.
static void random_values(float *values, size_t count, size_t period, uint64_t seed)
{
    clg_random_uniform(seed, CLG_STREAM_WEIGHTS, 0, period, values);
    for (size_t i = 0; i < period; i++)
        values[i] = floorf(8192 * values[i]) / 4096 - 1;
    for (size_t i = period; i < count; i++)
        values[i] = values[i - period];
}

// The factor of a filter gradient's map number i: +-8/16 to +-15/16.
static float factor_of(int i)
{
    uint32_t words[4];
    clg_random_words(1, CLG_STREAM_ORDER, (uint64_t)i, words);
    return (float)(8 + (words[0] >> 1) % 8) / (words[0] & 1 ? 16 : -16);
}

static int random_fill(struct clg_trial *t, struct clg_tensor tensor, uint64_t seed, int period,
                       bool with_factors)
{
    const size_t count = clg_shape_count(tensor.shape), one = count / (size_t)tensor.shape.n;
    random_values(t->host, count, one * (size_t)period, seed);
    for (int i = 0; i < tensor.shape.n && with_factors; i++)
        for (size_t at = 0; at < one; at++)
            t->host[(size_t)i * one + at] *= factor_of(i);
    return clg_tensor_write(t->d, tensor, t->host);
}

static size_t largest(const struct clg_conv_job *j)
{
    const size_t x = clg_shape_count(j->x.shape), w = clg_shape_count(j->w.shape),
                 y = clg_shape_count(j->y.shape);
    return x > w ? (x > y ? x : y) : w > y ? w : y;
}

static int data_new(struct clg_trial *t)
{
    struct clg_conv_job *j = &t->job;
    struct clg_tensor *const tensors[] = {&j->x, &j->w, &j->y};
    int status = 0;
    for (int i = 0; i < 3 && !status; i++) {
        const int period = tensors[i] == &j->w ? tensors[i]->shape.n : t->period;
        const bool with_factors = j->pass == CLG_CONV_BACKWARD_FILTER && tensors[i] == &j->y;
        status = tensor_new(t, i, tensors[i]->shape, tensors[i]);
        if (!status)
            status = random_fill(t, *tensors[i], (uint64_t)i + 1, period, with_factors);
    }
    struct clg_shape reference = result_of(j)->shape;
    if (j->pass != CLG_CONV_BACKWARD_FILTER)
        reference.n = t->period;
    t->result_n = clg_shape_count(result_of(j)->shape);
    t->expected_n = clg_shape_count(reference);
    if (t->weights_stay)
        clg_weights_watch(j->w);
    return status ? status : tensor_new(t, 3, reference, &t->reference);
}

// --- plain -------------------------------------------------------------------------------------

// plain on some images, into the reference.
static int plain_run(struct clg_trial *t, int first, int n)
{
    struct clg_conv_job j = t->job;
    j.x = clg_images(j.x, first, n);
    j.y = clg_images(j.y, first, n);
    *result_of(&j) = t->reference;
    return clg_conv_plain.run(t->d, &j);
}

// Adds plain's result for some images, `times` as large, to what is expected; `squares`: the sum of squares
// of the factors behind `times`, for the size that a sum of so many random values has, whatever it comes to.
static int plain_add(struct clg_trial *t, int first, int n, double times, double squares)
{
    int status = plain_run(t, first, n);
    if (!status)
        status = clg_tensor_read(t->d, t->reference, t->host);
    double square = 0;
    for (size_t i = 0; i < t->expected_n && !status; i++) {
        t->expected[i] += times * t->host[i];
        square += (double)t->host[i] * t->host[i];
    }
    t->rms = sqrt(t->rms * t->rms + squares * square / (double)t->expected_n);
    return status;
}

// All images that are equal to image `first`: its gradient has the first one's factor in it.
static int plain_add_equals(struct clg_trial *t, int first)
{
    double times = 0, squares = 0;
    for (int i = first; i < t->job.x.shape.n; i += t->period) {
        const double factor = (double)factor_of(i) / factor_of(first);
        times += factor;
        squares += factor * factor;
    }
    return plain_add(t, first, 1, times, squares);
}

static int plain_time(struct clg_trial *t, int n)
{
    const double begun = clg_seconds();
    int status = plain_run(t, 0, n);
    if (!status)
        status = clg_device_finish(t->d);
    t->plain_seconds = (clg_seconds() - begun) * t->job.x.shape.n / n;
    return status;
}

static int plain_expect(struct clg_trial *t)
{
    const bool filter = t->job.pass == CLG_CONV_BACKWARD_FILTER;
    int status = filter ? 0 : plain_add(t, 0, t->period, 1, 1);
    for (int i = 0; i < t->period && filter && !status; i++)
        status = plain_add_equals(t, i);
    return status ? status : plain_time(t, filter ? 1 : t->period);
}

// The largest difference allowed for exact rows, in the result's rms; five times as much for the others. As
// rows sum by parts, 5e-6 was the worst seen, and 2.3e-5 of an inexact one. Filter gradients get more: with
// the few images behind the data, some values, and so their errors, are several times as large as they would
// be otherwise; and more again when they are very deep. A wrong index or a lost product is off by 1 /
// sqrt(depth) and more.
static double limit_of(const struct clg_conv_job *j)
{
    const double pixels = (double)j->x.shape.n * j->y.shape.h * j->y.shape.w;
    return j->pass == CLG_CONV_BACKWARD_FILTER ? 3e-5 * fmax(1, sqrt(pixels / 65536)) : 1e-5;
}

int clg_trial_open(struct clg_trial *t, struct clg_device *d, const struct clg_conv_job *job,
                   bool weights_stay)
{
    *t = (struct clg_trial){.d = d, .job = *job, .limit = limit_of(job)};
    t->weights_stay = weights_stay && job->pass != CLG_CONV_BACKWARD_FILTER;
    t->job.accumulate = false;
    t->period = job->x.shape.n < PERIOD ? job->x.shape.n : PERIOD;
    t->host = malloc(largest(job) * sizeof *t->host);
    t->expected = calloc(clg_shape_count(result_of(&t->job)->shape), sizeof *t->expected);
    int status = 0;
    if (!t->host || !t->expected)
        status = clg_fail(&d->log, CLG_ENOMEM, "out of memory to try a convolution");
    if (!status)
        status = data_new(t);
    if (!status)
        status = plain_expect(t);
    if (status)
        clg_trial_close(t);
    return status;
}

void clg_trial_close(struct clg_trial *t)
{
    if (t->job.w.buffer)
        clg_weights_forget(t->d, t->job.w);
    for (int i = 0; i < 4; i++)
        clg_slab_free(&t->slabs[i]);
    clg_scratch_free(t->d);
    free(t->host);
    free(t->expected);
    t->host = NULL;
    t->expected = NULL;
}

// --- a candidate -------------------------------------------------------------------------------

// Lines of the library go to `why` while a candidate is on trial: the first one tells.
static void keep_first(void *user, enum clg_log_level level, const char *line)
{
    struct clg_trial_candidate *c = user;
    if (level == CLG_LOG_ERROR && !c->why[0])
        snprintf(c->why, sizeof c->why, "%.*s", (int)strcspn(line, "\n"), line);
}

struct body {
    struct clg_trial *t;
    const struct clg_trial_candidate *c;
};

static int run_body(void *user)
{
    const struct body *b = user;
    struct clg_conv_job j = b->t->job;
    j.config = b->c->config;
    return b->c->variant->run(b->t->d, &j);
}

// The worst difference to `times` the expected values.
static int compare(struct clg_trial *t, struct clg_trial_candidate *c, int times)
{
    int status = clg_tensor_read(t->d, *result_of(&t->job), t->host);
    double worst = 0;
    for (size_t i = 0; i < t->result_n && !status; i++) {
        const double e = fabs(t->host[i] - times * t->expected[i % t->expected_n]);
        worst = e <= worst ? worst : isnan(e) ? INFINITY : e;
    }
    c->error = fmax(c->error, worst / (times * t->rms));
    const double limit = t->limit * (c->variant->exact ? 1 : 5);
    if (status || c->error <= limit)
        return status;
    snprintf(c->why, sizeof c->why, "wrong by %.2g of the rms, %.2g is allowed", c->error, limit);
    return CLG_ENUMERIC;
}

static int check_sum(struct clg_trial *t, struct clg_trial_candidate *c)
{
    struct clg_conv_job j = t->job;
    j.config = c->config;
    j.accumulate = true;
    int status = c->variant->run(t->d, &j);
    return status ? status : compare(t, c, 2);
}

static int sample(struct clg_trial *t, struct clg_trial_candidate *c)
{
    const double begun = clg_seconds();
    int status = 0;
    for (int i = 0; i < c->repeats && !status; i++)
        status = clg_list_run(t->d, c->list);
    if (!status)
        status = clg_device_finish(t->d);
    if (!status && c->samples_n < CLG_TRIAL_SAMPLES)
        c->samples[c->samples_n++] = (clg_seconds() - begun) / c->repeats;
    return status;
}

// The first runs tell how many make a sample. The shortest of them: a busy machine only makes them longer.
static int first_samples(struct clg_trial *t, struct clg_trial_candidate *c)
{
    int status = 0;
    c->repeats = 1;
    for (int i = 0; i < FIRST && !status && i * clg_trial_shortest(c) < 4 * SAMPLE_SECONDS; i++)
        status = sample(t, c);
    const double wanted = ceil(SAMPLE_SECONDS / fmax(clg_trial_shortest(c), 1e-9));
    c->repeats = (int)fmin(fmax(wanted, 1), REPEATS_MAX);
    if (status || c->repeats == 1)
        return status;
    c->samples_n = 0; // those were mostly waiting
    return sample(t, c);
}

// The results start as NaN, so that what is not written shows.
static int check(struct clg_trial *t, struct clg_trial_candidate *c)
{
    struct body body = {t, c};
    int status = clg_fill(t->d, *result_of(&t->job), NAN);
    if (!status)
        status = clg_record(t->d, run_body, &body, &c->list);
    if (!status)
        status = clg_list_run(t->d, c->list);
    if (!status)
        status = compare(t, c, 1);
    if (!status && t->job.pass == CLG_CONV_BACKWARD_FILTER)
        status = check_sum(t, c);
    return status ? status : first_samples(t, c);
}

static void guarded(struct clg_trial *t, struct clg_trial_candidate *c,
                    int (*step)(struct clg_trial *, struct clg_trial_candidate *))
{
    struct clg_device *d = t->d;
    const struct clg_log log = d->log;
    clg_progress_fn *const progress = d->params.progress;
    d->log = (struct clg_log){keep_first, c};
    d->params.progress = NULL; // the tuner tells its own
    int status = step(t, c);
    d->log = log;
    d->params.progress = progress;
    c->works = !status;
    if (c->works)
        return;
    clg_list_free(&c->list);
    clg_programs_forget(d); // or the next build of all would stumble over them
    if (!c->why[0])
        snprintf(c->why, sizeof c->why, "%s", clg_error_text(status));
}

void clg_trial_check(struct clg_trial *t, struct clg_trial_candidate *c)
{
    guarded(t, c, check);
}

void clg_trial_sample(struct clg_trial *t, struct clg_trial_candidate *c)
{
    guarded(t, c, sample);
}

void clg_trial_candidate_free(struct clg_trial_candidate *c)
{
    clg_list_free(&c->list);
}

double clg_trial_shortest(const struct clg_trial_candidate *c)
{
    double shortest = c->samples_n ? c->samples[0] : 0;
    for (int i = 1; i < c->samples_n; i++)
        shortest = fmin(shortest, c->samples[i]);
    return shortest;
}

double clg_trial_seconds(const struct clg_trial_candidate *c)
{
    double sorted[CLG_TRIAL_SAMPLES];
    const int n = c->samples_n;
    if (n < 1)
        return INFINITY;
    memcpy(sorted, c->samples, (size_t)n * sizeof *sorted);
    return clg_median(sorted, n);
}
