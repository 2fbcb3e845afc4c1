// Times the operations of a recorded list, each alone.
#include "device/list.h"

#include "base/file.h"
#include "base/log.h"
#include "base/stats.h"

#include <stdlib.h>
#include <string.h>

enum {
    REPEATS_MAX = 1 << 16,
    // Repeating an operation in place shrinks or grows its values, LeakyReLU's gradient by 5 each time: the
    // list runs anew before they become denormal, which some processors are slow on.
    IN_PLACE_MAX = 32,
};
static const double SAMPLE_SECONDS = 5e-3; // at least: short operations are repeated within a sample

struct op_timer {
    struct clg_device *d;
    struct clg_list *list;
    int first, end; // the operation's launches
    bool in_place;
    int runs; // in place, since the list ran
};

// Sums what the launches need where the operation does not say; `end`: the next operation's first launch.
static void op_find(struct op_timer *t, int op)
{
    struct clg_op_time *info = &t->list->ops[op];
    const bool sum = info->flops + info->bytes == 0;
    while (t->list->entries[t->end].op < op) // bookkeeping between operations
        t->end++;
    t->first = t->end;
    t->in_place = false;
    for (; t->end < t->list->n && t->list->entries[t->end].op == op; t->end++) {
        const struct clg_entry *e = &t->list->entries[t->end];
        t->in_place |= e->in_place;
        if (sum) {
            info->flops += e->flops;
            info->bytes += e->bytes;
        }
    }
}

static int op_run(struct op_timer *t, int repeats, double *seconds)
{
    int status = 0;
    if (t->runs + repeats > IN_PLACE_MAX) {
        status = clg_list_run(t->d, t->list);
        t->runs = 0;
    }
    t->runs += t->in_place ? repeats : 0;
    if (!status)
        status = clg_device_finish(t->d);
    const double start = clg_seconds();
    for (int i = 0; i < repeats; i++)
        for (int k = t->first; k < t->end && !status; k++)
            status = clg_entry_run(t->d, &t->list->entries[k]);
    if (!status)
        status = clg_device_finish(t->d);
    *seconds = clg_seconds() - start;
    return status;
}

static int op_time(struct op_timer *t, double *times, int samples, double *median)
{
    const int max = t->in_place ? IN_PLACE_MAX : REPEATS_MAX;
    int repeats = 1;
    int status = op_run(t, 1, &times[0]);
    if (!status)
        status = op_run(t, 1, &times[0]);
    while (!status && times[0] < SAMPLE_SECONDS && repeats < max) {
        repeats *= 2;
        status = op_run(t, repeats, &times[0]);
    }
    for (int i = 0; i < samples && !status; i++) {
        status = op_run(t, repeats, &times[i]);
        times[i] /= repeats;
    }
    *median = status ? 0 : clg_median(times, samples);
    return status;
}

static bool op_same(const struct clg_op_time *a, const struct clg_op_time *b)
{
    return !strcmp(a->name, b->name) && !strcmp(a->shape, b->shape) && !strcmp(a->variant, b->variant) &&
           a->flops == b->flops && a->bytes == b->bytes;
}

int clg_list_ops(struct clg_device *d, struct clg_list *list, int samples, clg_progress_fn *progress,
                 void *user, struct clg_op_time **ops, int *count)
{
    struct op_timer t = {.d = d, .list = list};
    double *times = calloc((size_t)samples + 1, sizeof *times);
    int status = 0;
    *count = 0;
    *ops = calloc((size_t)list->ops_n + 1, sizeof **ops);
    if (!times || !*ops)
        status = clg_fail(&d->log, CLG_ENOMEM, "out of memory for %d operations", list->ops_n);
    for (int i = 0; i < list->ops_n && !status; i++) {
        struct clg_op_time *op;
        op_find(&t, i);
        for (op = *ops; op < *ops + *count && !op_same(op, &list->ops[i]);)
            op++;
        if (op < *ops + *count) {
            op->calls++;
            continue;
        }
        *op = list->ops[i];
        ++*count;
        if (samples && progress)
            progress(user, op->name, (size_t)i, (size_t)list->ops_n);
        if (samples)
            status = op_time(&t, times, samples, &op->seconds);
        // What the operation left in place is not for the next one.
        t.runs = t.in_place ? IN_PLACE_MAX : 0;
    }
    free(times);
    return status;
}
