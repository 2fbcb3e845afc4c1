// The one place that enqueues: kernels with their arguments, at once or into a list that is being recorded.
#include "device/list.h"

#include "base/log.h"
#include "device/profile.h"
#include "device/program.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

int clg_entry_run(struct clg_device *d, const struct clg_entry *e)
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
    struct clg_entry e = {.name = launch->kernel, .flops = launch->flops, .bytes = launch->bytes};
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
        status = record ? clg_entry_add(d, &e) : clg_entry_run(d, &e);
    if (status && record)
        clReleaseKernel(e.kernel);
    return status;
}

int clg_call(struct clg_device *d, const char *name, clg_call_fn *fn, const void *args, size_t size,
             double flops, double bytes)
{
    if (d->mode == CLG_MODE_COLLECT)
        return 0;
    struct clg_entry e = {.name = name, .call = fn, .args = (void *)args, .flops = flops, .bytes = bytes};
    if (d->mode == CLG_MODE_RUN)
        return clg_entry_run(d, &e);
    e.args = malloc(size);
    if (!e.args)
        return clg_fail(&d->log, CLG_ENOMEM, "out of memory recording %s", name);
    memcpy(e.args, args, size);
    int status = clg_entry_add(d, &e);
    if (status)
        free(e.args);
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
