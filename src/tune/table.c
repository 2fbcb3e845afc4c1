// The tuning table in memory: looked up by shape, the nearest batch where there is none of the job's own.
#include "tune/table.h"

#include "base/log.h"

#include <stdlib.h>

enum { CAPACITY = 32 };

// --- shapes ------------------------------------------------------------------------------------

const char *const clg_conv_pass_names[] = {"forward", "backward-data", "backward-filter"};

void clg_conv_shape_text(const struct clg_conv_job *j, char *text, size_t size)
{
    snprintf(text, size, "%dx%dx%dx%d k%d %dx%d/%d+%d", j->x.shape.n, j->x.shape.h, j->x.shape.w,
             j->x.shape.c, j->y.shape.c, j->conv.r, j->conv.s, j->conv.stride, j->conv.pad);
}

struct clg_conv_job clg_tuning_job(const struct clg_tuning_entry *e)
{
    const struct clg_conv *c = &e->conv;
    const int oh = clg_conv_out(e->h, c->r, c->stride, c->pad),
              ow = clg_conv_out(e->w, c->s, c->stride, c->pad);
    return (struct clg_conv_job){.pass = e->pass,
                                 .conv = *c,
                                 .x = {.shape = {e->n, e->h, e->w, e->c}},
                                 .w = {.shape = {c->r, c->s, e->c, e->k}},
                                 .y = {.shape = {e->n, oh, ow, e->k}},
                                 .config = e->config};
}

struct clg_tuning_entry clg_tuning_entry_of(const struct clg_conv_job *j)
{
    return (struct clg_tuning_entry){.pass = j->pass,
                                     .conv = j->conv,
                                     .n = j->x.shape.n,
                                     .h = j->x.shape.h,
                                     .w = j->x.shape.w,
                                     .c = j->x.shape.c,
                                     .k = j->y.shape.c};
}

static bool same_layer(const struct clg_tuning_entry *a, const struct clg_tuning_entry *b)
{
    return a->pass == b->pass && a->conv.r == b->conv.r && a->conv.s == b->conv.s &&
           a->conv.stride == b->conv.stride && a->conv.pad == b->conv.pad && a->h == b->h && a->w == b->w &&
           a->c == b->c && a->k == b->k;
}

// --- the table ---------------------------------------------------------------------------------

static int reserve_one(struct clg_device *d)
{
    struct clg_tuning *t = d->ops->tuning;
    if (t && t->n < t->capacity)
        return 0;
    const int capacity = t && t->capacity ? 2 * t->capacity : CAPACITY;
    struct clg_tuning *larger = realloc(t, sizeof *t + (size_t)capacity * sizeof *t->entries);
    if (!larger)
        return clg_fail(&d->log, CLG_ENOMEM, "out of memory for the tuning table");
    if (!t)
        *larger = (struct clg_tuning){0};
    larger->capacity = capacity;
    d->ops->tuning = larger;
    return 0;
}

int clg_tuning_put(struct clg_device *d, const struct clg_tuning_entry *entry)
{
    int status = reserve_one(d);
    if (status)
        return status;
    struct clg_tuning *t = d->ops->tuning;
    int at = 0;
    while (at < t->n && !(same_layer(&t->entries[at], entry) && t->entries[at].n == entry->n &&
                          t->entries[at].variant->exact == entry->variant->exact))
        at++;
    t->entries[at] = *entry;
    t->n += at == t->n;
    return 0;
}

// The table, loaded when it has not been; NULL when memory is short.
static const struct clg_tuning *tuning_of(struct clg_device *d)
{
    if (!d->ops->tuning)
        clg_tuning_load(d, clg_conv_variants);
    return d->ops->tuning;
}

static double ratio(int a, int b)
{
    return a > b ? (double)a / b : (double)b / a;
}

static bool usable(struct clg_device *d, const struct clg_tuning_entry *e, const struct clg_conv_job *job)
{
    struct clg_conv_job chosen = *job;
    chosen.config = e->config;
    return (e->variant->exact || !d->params.exact) && e->variant->fits(d, &chosen);
}

const struct clg_tuning_entry *clg_tuning_find(struct clg_device *d, const struct clg_conv_job *job)
{
    const struct clg_tuning *t = tuning_of(d);
    const struct clg_tuning_entry *best = NULL;
    struct clg_tuning_entry wanted = clg_tuning_entry_of(job);
    wanted.n = d->ops->tuned_batch ? d->ops->tuned_batch : wanted.n;
    for (int i = 0; t && i < t->n; i++) {
        const struct clg_tuning_entry *e = &t->entries[i];
        if (!same_layer(e, &wanted) || !usable(d, e, job))
            continue;
        const double is = ratio(e->n, wanted.n), before = best ? ratio(best->n, wanted.n) : 0;
        if (!best || is < before || (e->n == best->n && e->ms < best->ms))
            best = e;
    }
    return best;
}

int clg_tuning_clblast(struct clg_device *d)
{
    const struct clg_tuning *t = tuning_of(d);
    return t ? t->clblast_list : 0;
}
