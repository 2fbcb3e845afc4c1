// Tuning a model: which convolutions training and generating need, given to the tuner.
#include "gan/gan.h"

#include "base/log.h"
#include "device/program.h"
#include "tune/tune.h"

#include <stdlib.h>

struct collection {
    struct clg_tune_job *jobs;
    int n, capacity;
    int uses; // of a convolution each time it is met
    bool short_of_memory;
};

static bool same_shapes(const struct clg_conv_job *a, const struct clg_conv_job *b)
{
    return a->pass == b->pass && a->conv.stride == b->conv.stride && a->conv.pad == b->conv.pad &&
           clg_shape_equal(a->x.shape, b->x.shape) && clg_shape_equal(a->w.shape, b->w.shape) &&
           clg_shape_equal(a->y.shape, b->y.shape);
}

// Without the tensors, which will be gone.
static struct clg_conv_job shapes_of(const struct clg_conv_job *job)
{
    return (struct clg_conv_job){.pass = job->pass,
                                 .conv = job->conv,
                                 .x.shape = job->x.shape,
                                 .w.shape = job->w.shape,
                                 .y.shape = job->y.shape};
}

static void job_add(void *user, const struct clg_conv_job *job)
{
    struct collection *c = user;
    int at = 0;
    while (at < c->n && !same_shapes(&c->jobs[at].job, job))
        at++;
    if (at == c->capacity) {
        const int capacity = c->capacity ? 2 * c->capacity : 64;
        struct clg_tune_job *larger = realloc(c->jobs, (size_t)capacity * sizeof *larger);
        c->short_of_memory |= !larger;
        if (!larger)
            return;
        c->jobs = larger;
        c->capacity = capacity;
    }
    if (at == c->n)
        c->jobs[c->n++] = (struct clg_tune_job){.job = shapes_of(job)};
    c->jobs[at].result.uses += c->uses;
}

static int convs_collect(struct clg_device *d, const struct clg_gan_params *params, struct collection *c)
{
    struct clg_gan *gan;
    int status = clg_gan_new(&gan, d, params);
    if (status)
        return status;
    d->ops->collect_conv = job_add;
    d->ops->collect_conv_user = c;
    c->uses = 1;
    status = clg_step_collect_convs(gan);
    c->uses = 0;
    if (!status)
        status = clg_generation_collect_convs(gan);
    d->ops->collect_conv = NULL;
    clg_gan_free(&gan);
    clg_programs_forget(d); // those of the walk: they must not be built for the candidates
    if (!status && c->short_of_memory)
        status = clg_fail(&d->log, CLG_ENOMEM, "out of memory for %d convolutions", c->n);
    return status;
}

int clg_gan_tune(struct clg_device *device, const struct clg_gan_params *gan,
                 const struct clg_tune_params *params, struct clg_tune_result **rows, int *count)
{
    struct collection c = {0};
    *rows = NULL;
    *count = 0;
    int status = convs_collect(device, gan, &c);
    if (!status)
        status = clg_tune(device, clg_conv_variants, c.jobs, c.n, params);
    if (!status) {
        *rows = calloc((size_t)c.n + 1, sizeof **rows);
        if (!*rows)
            status = clg_fail(&device->log, CLG_ENOMEM, "out of memory for %d rows", c.n);
    }
    for (int i = 0; i < c.n && !status; i++)
        (*rows)[i] = c.jobs[i].result;
    *count = status ? 0 : c.n;
    free(c.jobs);
    return status;
}
