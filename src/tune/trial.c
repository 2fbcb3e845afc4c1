// One convolution in the tuner: random data, plain's result, and candidates checked and timed.
//
// plain takes seconds on a CPU for a large batch, so the data repeats after three images: plain computes those,
// and every image of a candidate's result has its counterpart there. Only images a multiple of three apart can be
// mixed up unnoticed, and no variant cuts batches into threes.
//
// A filter gradient is a sum over the batch. There every map of y has its own factor, with a random sign: adding
// equal values, a float32 sum would make the same rounding error over and over. The reference is the sum, in
// float64, of plain's gradients of single images, each times the factors of the maps equal to it.
#include "tune/trial.h"

#include "base/file.h"
#include "base/log.h"
#include "base/stats.h"
#include "device/program.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { IMAGES = 3, FIRST = 5, REPEATS_MAX = 1000 };
static const double SAMPLE_SECONDS = 0.005; // shorter ones are too noisy

// --- plain -------------------------------------------------------------------------------------

static int plain_run(struct clg_trial *t, int first, int n)
{
    struct clg_conv_job j = t->bench.job;
    j.x = clg_images(j.x, first, n);
    j.y = clg_images(j.y, first, n);
    return clg_conv_plain.run(t->d, &j);
}

// Adds `times` plain's result for some images to the expected values. `squares`: the sum of the squared factors
// that are summed up in `times`, to estimate the result's rms.
static int plain_add(struct clg_trial *t, int first, int n, double times, double squares)
{
    int status = plain_run(t, first, n);
    if (!status)
        status = clg_harness_read(&t->bench.h, t->bench.result);
    double square = 0;
    for (size_t i = 0; i < t->expected_n && !status; i++) {
        const double value = (double)t->bench.result->host[i];
        t->expected[i] += times * value;
        square += value * value;
    }
    t->rms = sqrt(t->rms * t->rms + squares * square / (double)t->expected_n);
    return status;
}

// A filter gradient of all images equal to image `first`, whose gradient has its factor in it.
static int plain_add_equals(struct clg_trial *t, int first)
{
    double times = 0, squares = 0;
    for (int i = first; i < t->bench.job.x.shape.n; i += t->images) {
        const double factor = (double)clg_conv_harness_factor(i) / (double)clg_conv_harness_factor(first);
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
    t->plain_seconds = (clg_seconds() - begun) * t->bench.job.x.shape.n / n;
    return status;
}

static int plain_expect(struct clg_trial *t)
{
    const bool filter = t->bench.job.pass == CLG_CONV_BACKWARD_FILTER;
    int status = filter ? 0 : plain_add(t, 0, t->images, 1, 1);
    for (int i = 0; i < t->images && filter && !status; i++)
        status = plain_add_equals(t, i);
    return status ? status : plain_time(t, filter ? 1 : t->images);
}

int clg_trial_open(struct clg_trial *t, struct clg_device *d, const struct clg_conv_job *job,
                   bool weights_stay)
{
    const int n = job->x.shape.n;
    *t = (struct clg_trial){.d = d, .images = n < IMAGES ? n : IMAGES};
    int status = clg_conv_harness_open(&t->bench, d, job, t->images);
    if (!status && weights_stay && job->pass != CLG_CONV_BACKWARD_FILTER)
        clg_weights_watch(t->bench.job.w);
    if (!status) {
        t->expected_n = t->bench.result->n;
        if (job->pass != CLG_CONV_BACKWARD_FILTER)
            t->expected_n = t->expected_n / (size_t)n * (size_t)t->images;
        t->expected = calloc(t->expected_n, sizeof *t->expected);
        if (!t->expected)
            status = clg_fail(&d->log, CLG_ENOMEM, "out of memory to try a convolution");
    }
    if (!status)
        status = plain_expect(t);
    if (status)
        clg_trial_close(t);
    return status;
}

void clg_trial_close(struct clg_trial *t)
{
    if (t->bench.job.w.buffer)
        clg_weights_forget(t->d, t->bench.job.w);
    clg_conv_harness_close(&t->bench);
    clg_scratch_free(t->d);
    free(t->expected);
    t->expected = NULL;
}

// --- a candidate -------------------------------------------------------------------------------

struct body {
    struct clg_trial *t;
    const struct clg_trial_candidate *c;
};

static int run_body(void *user)
{
    const struct body *b = user;
    struct clg_conv_job j = b->t->bench.job;
    j.config = b->c->config;
    return b->c->variant->run(b->t->d, &j);
}

// The result's error against `times` the expected values, everywhere. Candidates sum by parts, unlike plain in its
// self-test, and get half of that one's limit; where filter gradients are summed over few different images, some
// values, and so their errors, are several times as large.
static int compare(struct clg_trial *t, struct clg_trial_candidate *c, int times)
{
    struct clg_harness *h = &t->bench.h;
    h->error = c->error;
    int status = clg_harness_read(h, t->bench.result);
    for (size_t i = 0; i < t->bench.result->n && !status; i++)
        clg_harness_error(h, (double)t->bench.result->host[i], times * t->expected[i % t->expected_n],
                          times * t->rms);
    c->error = h->error;
    double limit = clg_conv_selftest_limit(&t->bench.job, c->variant);
    if (t->bench.job.pass != CLG_CONV_BACKWARD_FILTER)
        limit /= 2;
    if (status || c->error <= limit)
        return status;
    snprintf(c->why, sizeof c->why, "wrong by %.2g of the rms, %.2g is allowed", c->error, limit);
    return CLG_ENUMERIC;
}

static int check_sum(struct clg_trial *t, struct clg_trial_candidate *c)
{
    struct clg_conv_job j = t->bench.job;
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
    int status = clg_conv_harness_clear(&t->bench);
    if (!status)
        status = clg_record(t->d, run_body, &body, &c->list);
    if (!status)
        status = clg_list_run(t->d, c->list);
    if (!status)
        status = compare(t, c, 1);
    if (!status && t->bench.job.pass == CLG_CONV_BACKWARD_FILTER)
        status = check_sum(t, c);
    return status ? status : first_samples(t, c);
}

static void guarded(struct clg_trial *t, struct clg_trial_candidate *c,
                    int (*step)(struct clg_trial *, struct clg_trial_candidate *))
{
    struct clg_device *d = t->d;
    const struct clg_log outer = d->log;
    struct clg_log_capture log;
    clg_progress_fn *const progress = d->params.progress;
    d->log = clg_log_capture(&log, &clg_log_silent);
    d->params.progress = NULL; // the tuner reports its own
    int status = step(t, c);
    d->log = outer;
    d->params.progress = progress;
    c->works = !status;
    if (c->works)
        return;
    clg_list_free(&c->list);
    clg_programs_forget(d); // or the next build of all would stumble over them
    if (!c->why[0])
        snprintf(c->why, sizeof c->why, "%.*s", (int)strcspn(log.text, "\n"), log.text);
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
