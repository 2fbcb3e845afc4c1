// The one place that enqueues: kernels with their arguments, at once or recorded in a list and replayed.
#include "device/launch.h"

#include "base/file.h"
#include "base/log.h"
#include "base/process.h"
#include "device/profile.h"
#include "device/program.h"
#include "base/stats.h"

#include <stdlib.h>
#include <string.h>

// A prepared launch: a kernel with its arguments set, or a host call with a copy of its arguments.
struct entry {
    const char *name;
    cl_kernel kernel;
    clg_call_fn *call;
    void *args;
    int dims;
    size_t global[3], local[3];
    bool local_given;
    bool in_place; // reads and writes the same tensor: running it again does not give the same again
    int op;        // of the list
    double flops, bytes;
};

struct clg_list {
    struct entry *entries;
    int n, room;
    long process; // whose kernels they are
    bool ran;     // once: drivers that compile at a kernel's first launch have done so
    struct clg_op_time *ops;
    int ops_n;
    bool op_open; // launches belong to the last of ops
};

static int entry_run(struct clg_device *d, const struct entry *e)
{
    cl_event event = NULL;
    cl_event *wanted = d->profile ? &event : NULL;
    int status = clg_device_check(d);
    if (!status && e->call)
        status = e->call(d, e->args, wanted);
    if (status)
        return status;
    if (!e->call) {
        cl_int error = clEnqueueNDRangeKernel(d->queue, e->kernel, (cl_uint)e->dims, NULL, e->global,
                                              e->local_given ? e->local : NULL, 0, NULL, wanted);
        if (error)
            return clg_cl_fail(d, error, "cannot run kernel %s", e->name);
    }
    if (event)
        clg_profile_add(d, e->name, event, e->flops, e->bytes);
    return 0;
}

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

static size_t work_items(const struct entry *e)
{
    size_t n = 1;
    for (int i = 0; i < e->dims; i++)
        n *= e->global[i];
    return n;
}

static int list_add(struct clg_device *d, const struct entry *e)
{
    struct clg_list *list = d->recording;
    if (list->n == list->room) {
        int room = list->room ? 2 * list->room : 64;
        struct entry *entries = realloc(list->entries, (size_t)room * sizeof *entries);
        if (!entries)
            return clg_fail(&d->log, CLG_ENOMEM, "out of memory recording launches");
        list->entries = entries;
        list->room = room;
    }
    int status = 0;
    if (!list->op_open) {
        struct clg_op_time op = {0};
        snprintf(op.name, sizeof op.name, "%s", e->name);
        if (e->kernel)
            snprintf(op.shape, sizeof op.shape, "%zu work-items", work_items(e));
        status = op_add(d, &op);
    }
    if (status)
        return status;
    list->entries[list->n] = *e;
    list->entries[list->n++].op = list->ops_n - 1;
    return 0;
}

static int kernel_create(struct clg_device *d, struct clg_program *program, const char *name,
                         cl_kernel *kernel)
{
    cl_int error;
    *kernel = clCreateKernel(program->program, name, &error);
    if (error)
        return clg_cl_fail(d, error, "no kernel %s in %s%s", name, program->file, program->options);
    return 0;
}

static int kernel_cached(struct clg_device *d, struct clg_program *program, const char *name,
                         cl_kernel *kernel)
{
    for (struct clg_kernel *k = d->kernels; k; k = k->next) {
        if (k->program == program && strcmp(k->name, name) == 0) {
            *kernel = k->kernel;
            return 0;
        }
    }
    struct clg_kernel *k = calloc(1, sizeof *k);
    if (!k)
        return clg_fail(&d->log, CLG_ENOMEM, "out of memory for kernel %s", name);
    int status = kernel_create(d, program, name, &k->kernel);
    if (status) {
        free(k);
        return status;
    }
    k->program = program;
    snprintf(k->name, sizeof k->name, "%s", name);
    k->next = d->kernels;
    d->kernels = k;
    *kernel = k->kernel;
    return 0;
}

static cl_int arg_set(cl_kernel kernel, cl_uint *at, const struct clg_arg *arg)
{
    cl_int error = 0;
    switch (arg->kind) {
    case CLG_ARG_TENSOR: {
        cl_mem mem = arg->tensor.buffer ? arg->tensor.buffer->mem : NULL;
        cl_ulong offset = arg->tensor.offset;
        error = clSetKernelArg(kernel, (*at)++, sizeof mem, &mem);
        if (!error)
            error = clSetKernelArg(kernel, (*at)++, sizeof offset, &offset);
        break;
    }
    case CLG_ARG_INT: error = clSetKernelArg(kernel, (*at)++, sizeof arg->i, &arg->i); break;
    case CLG_ARG_FLOAT: error = clSetKernelArg(kernel, (*at)++, sizeof arg->f, &arg->f); break;
    case CLG_ARG_LOCAL: error = clSetKernelArg(kernel, (*at)++, arg->bytes, NULL); break;
    }
    return error;
}

static int kernel_check_group(struct clg_device *d, cl_kernel kernel, const struct clg_launch *launch)
{
    size_t wanted = launch->local[0] * (launch->local[1] ? launch->local[1] : 1) *
                    (launch->local[2] ? launch->local[2] : 1);
    size_t most = 0;
    cl_int error =
        clGetKernelWorkGroupInfo(kernel, d->id, CL_KERNEL_WORK_GROUP_SIZE, sizeof most, &most, NULL);
    if (!error && wanted > most)
        return clg_fail(&d->log, CLG_EDEVICE, "kernel %s needs work-groups of %zu, %s allows %zu",
                        launch->kernel, wanted, d->info.name, most);
    return 0;
}

static bool args_repeat_tensor(const struct clg_arg *args, int n)
{
    for (int i = 0; i < n; i++) {
        for (int j = 0; j < i; j++) {
            const struct clg_tensor *a = &args[i].tensor, *b = &args[j].tensor;
            if (a->buffer && a->buffer == b->buffer && a->offset == b->offset)
                return true;
        }
    }
    return false;
}

int clg_launch(struct clg_device *d, const struct clg_launch *launch, const struct clg_arg *args, int n)
{
    struct clg_program *program;
    int status = clg_program_get(d, launch->file, launch->options ? launch->options : "", &program);
    if (status || d->mode == CLG_MODE_COLLECT)
        return status;
    status = clg_device_check(d);
    if (!status)
        status = clg_program_build(d, program);
    if (status)
        return status;

    bool record = d->mode == CLG_MODE_RECORD;
    struct entry e = {.name = launch->kernel, .flops = launch->flops, .bytes = launch->bytes};
    status = record ? kernel_create(d, program, launch->kernel, &e.kernel)
                    : kernel_cached(d, program, launch->kernel, &e.kernel);
    if (status)
        return status;
    cl_uint at = 0;
    for (int i = 0; i < n && !status; i++) {
        cl_int error = arg_set(e.kernel, &at, &args[i]);
        if (error)
            status = clg_cl_fail(d, error, "argument %d of kernel %s", i, launch->kernel);
    }
    e.in_place = record && args_repeat_tensor(args, n);
    e.local_given = launch->local[0] > 0;
    if (e.local_given && !status)
        status = kernel_check_group(d, e.kernel, launch);
    e.dims = launch->global[2] ? 3 : launch->global[1] ? 2 : 1;
    for (int i = 0; i < e.dims; i++) {
        e.local[i] = launch->local[i] ? launch->local[i] : 1;
        size_t groups = e.local_given ? (launch->global[i] + e.local[i] - 1) / e.local[i] : launch->global[i];
        e.global[i] = e.local_given ? groups * e.local[i] : groups;
    }
    if (!status)
        status = record ? list_add(d, &e) : entry_run(d, &e);
    if (status && record)
        clReleaseKernel(e.kernel);
    return status;
}

int clg_call(struct clg_device *d, const char *name, clg_call_fn *fn, const void *args, size_t size,
             double flops, double bytes)
{
    if (d->mode == CLG_MODE_COLLECT)
        return 0;
    struct entry e = {.name = name, .call = fn, .args = (void *)args, .flops = flops, .bytes = bytes};
    if (d->mode == CLG_MODE_RUN)
        return entry_run(d, &e);
    e.args = malloc(size);
    if (!e.args)
        return clg_fail(&d->log, CLG_ENOMEM, "out of memory recording %s", name);
    memcpy(e.args, args, size);
    int status = list_add(d, &e);
    if (status)
        free(e.args);
    return status;
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
        status = entry_run(d, &list->entries[i]);
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
        int status = entry_run(d, &list->entries[i]);
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
        struct entry *e = &(*list)->entries[i];
        if (e->kernel && !clg_process_is_child((*list)->process))
            clReleaseKernel(e->kernel);
        free(e->args);
    }
    free((*list)->entries);
    free((*list)->ops);
    free(*list);
    *list = NULL;
}

// --- timing the operations of a list -----------------------------------------------------------
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
    t->first = t->end;
    t->in_place = false;
    for (; t->end < t->list->n && t->list->entries[t->end].op == op; t->end++) {
        const struct entry *e = &t->list->entries[t->end];
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
            status = entry_run(t->d, &t->list->entries[k]);
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

int clg_device_finish(struct clg_device *d)
{
    int status = clg_device_check(d);
    if (status)
        return status;
    cl_int error = clFinish(d->queue);
    return error ? clg_cl_fail(d, error, "the device failed while computing") : 0;
}
