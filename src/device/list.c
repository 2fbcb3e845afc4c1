// Recorded lists of launches: a body is recorded once, and replayed from then on.
#include "device/list.h"

#include "base/log.h"
#include "base/process.h"
#include "device/program.h"

#include <stdlib.h>

static int op_add(struct clg_device *d, const struct clg_op_time *op)
{
    struct clg_list *list = d->recording;
    struct clg_op_time *ops = realloc(list->ops, (size_t)(list->ops_n + 1) * sizeof *ops);
    if (!ops)
        return clg_fail(&d->log, CLG_ENOMEM, "out of memory recording operations");
    list->ops = ops;
    ops[list->ops_n] = *op;
    ops[list->ops_n++].calls = 1;
    return 0;
}

int clg_op_begin(struct clg_device *d, const struct clg_op_time *op)
{
    if (d->mode != CLG_MODE_RECORD)
        return 0;
    d->recording->op_open = true;
    return op_add(d, op);
}

void clg_op_end(struct clg_device *d)
{
    if (d->mode == CLG_MODE_RECORD)
        d->recording->op_open = false;
}

static size_t work_items(const struct clg_entry *e)
{
    size_t n = 1;
    for (int i = 0; i < e->dims; i++)
        n *= e->global[i];
    return n;
}

// An operation of its own, under the kernel's name.
static int op_add_launch(struct clg_device *d, const struct clg_entry *e)
{
    struct clg_op_time op = {0};
    snprintf(op.name, sizeof op.name, "%s", e->name);
    if (e->kernel)
        snprintf(op.shape, sizeof op.shape, "%zu work-items", work_items(e));
    return op_add(d, &op);
}

int clg_entry_add(struct clg_device *d, const struct clg_entry *e)
{
    struct clg_list *list = d->recording;
    if (list->n == list->capacity) {
        int capacity = list->capacity ? 2 * list->capacity : 64;
        struct clg_entry *entries = realloc(list->entries, (size_t)capacity * sizeof *entries);
        if (!entries)
            return clg_fail(&d->log, CLG_ENOMEM, "out of memory recording launches");
        list->entries = entries;
        list->capacity = capacity;
    }
    const bool bookkeeping =
        e->call && e->flops + e->bytes == 0; // counts or checks something, computes nothing
    int status = list->op_open || bookkeeping ? 0 : op_add_launch(d, e);
    if (status)
        return status;
    list->entries[list->n] = *e;
    list->entries[list->n++].op = bookkeeping && !list->op_open ? -1 : list->ops_n - 1;
    return 0;
}

int clg_collect(struct clg_device *d, clg_body_fn *body, void *user)
{
    d->mode = CLG_MODE_COLLECT;
    int status = body(user);
    d->mode = CLG_MODE_RUN;
    return status;
}

int clg_record(struct clg_device *d, clg_body_fn *body, void *user, struct clg_list **list)
{
    *list = NULL;
    int status = clg_device_check(d);
    if (status)
        return status;
    *list = calloc(1, sizeof **list);
    if (!*list)
        return clg_fail(&d->log, CLG_ENOMEM, "out of memory recording launches");
    (*list)->process = d->process;
    status = clg_collect(d, body, user);
    if (!status) {
        clg_programs_build_all(d);
        d->mode = CLG_MODE_RECORD;
        d->recording = *list;
        status = body(user);
        d->mode = CLG_MODE_RUN;
        d->recording = NULL;
    }
    if (status)
        clg_list_free(list);
    return status;
}

// The first run of a list may take long, as PoCL makes machine code at a kernel's first launch: it goes
// launch by launch, with progress.
static int list_first_run(struct clg_device *d, const struct clg_list *list)
{
    clg_progress_fn *progress = d->params.progress;
    int status = 0;
    for (int i = 0; i < list->n && !status; i++) {
        if (progress)
            progress(d->params.progress_user, list->entries[i].name, (size_t)i, (size_t)list->n);
        status = clg_entry_run(d, &list->entries[i]);
        if (!status)
            status = clg_device_finish(d);
    }
    if (progress)
        progress(d->params.progress_user, "kernels", (size_t)list->n, (size_t)list->n);
    return status;
}

int clg_list_run(struct clg_device *d, struct clg_list *list)
{
    if (!list->ran) {
        list->ran = true;
        return list_first_run(d, list);
    }
    for (int i = 0; i < list->n; i++) {
        int status = clg_entry_run(d, &list->entries[i]);
        if (status)
            return status;
    }
    return 0;
}

void clg_list_free(struct clg_list **list)
{
    if (!*list)
        return;
    for (int i = 0; i < (*list)->n; i++) {
        struct clg_entry *e = &(*list)->entries[i];
        if (e->kernel && !clg_process_is_child((*list)->process))
            clReleaseKernel(e->kernel);
        free(e->args);
    }
    free((*list)->entries);
    free((*list)->ops);
    free(*list);
    *list = NULL;
}
