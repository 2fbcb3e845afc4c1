// Opening a device: context, queue, and the traits that kernels are cut by.
#include "device/device.h"

#include "base/file.h"
#include "base/log.h"
#include "base/process.h"
#include "device/devices.h"
#include "device/profile.h"
#include "device/program.h"

#include <stdlib.h>
#include <string.h>

struct clg_device_params clg_device_params_default(void)
{
    return (struct clg_device_params){0};
}

static int device_choose(struct clg_device *d, const char *select)
{
    struct clg_device_info *list;
    int count;
    int status = clg_devices_list(&list, &count, &d->log);
    if (status)
        return status;
    char why[1024];
    int at = clg_devices_select(list, count, select, why, sizeof why);
    if (at < 0)
        status = clg_fail(&d->log, at, "%s", why);
    else
        d->info = list[at];
    clg_devices_free(&list);
    return status;
}

static char *copy(const char *text)
{
    return text ? strdup(text) : NULL;
}

// How much an elementwise work-item takes, and how many of them make a work-group.
static void device_traits(struct clg_device *d)
{
    bool cpu = d->info.type == CLG_DEVICE_CPU;
    cl_uint width = 0;
    clGetDeviceInfo(d->id, CL_DEVICE_NATIVE_VECTOR_WIDTH_FLOAT, sizeof width, &width, NULL);
    d->vector = !cpu ? 4 : width >= 16 ? 16 : width >= 8 ? 8 : 4;
    d->work_group = cpu ? 16 : 128;
    d->launch_flops = 20e9;
    d->caches_itself = strcmp(d->info.platform_name, "Portable Computing Language") == 0;
    while ((size_t)d->work_group > d->info.max_work_group)
        d->work_group /= 2;
}

int clg_device_open(struct clg_device **device, const struct clg_device_params *params)
{
    *device = NULL;
    struct clg_device *d = calloc(1, sizeof *d);
    if (!d)
        return clg_fail(&params->log, CLG_ENOMEM, "out of memory");
    d->params = *params;
    d->log = params->log;
    d->process = clg_process_id();
    d->kernels_dir = copy(params->kernels_dir);
    d->cache_dir = copy(params->cache_dir);
    d->tuning_dir = copy(params->tuning_dir);
    d->variants = copy(params->variants);
    d->ops = clg_ops_state_new();
    int status = d->ops ? 0 : clg_fail(&d->log, CLG_ENOMEM, "out of memory");
    if (status)
        goto fail;
    if (params->kernels_dir && !clg_file_exists(params->kernels_dir)) {
        status = clg_fail(&d->log, CLG_EIO, "no folder %s to read kernels from", params->kernels_dir);
        goto fail;
    }
    status = clg_opencl_enter(&d->log);
    if (!status)
        status = device_choose(d, params->select);
    if (status)
        goto fail;
    cl_platform_id platform;
    status = clg_devices_find(&d->info, &platform, &d->id, &d->log);
    if (status)
        goto fail;
    cl_int error;
    cl_context_properties properties[] = {CL_CONTEXT_PLATFORM, (cl_context_properties)platform, 0};
    d->context = clCreateContext(properties, 1, &d->id, NULL, NULL, &error);
    if (!error)
        d->queue =
            clCreateCommandQueue(d->context, d->id, params->profile ? CL_QUEUE_PROFILING_ENABLE : 0, &error);
    if (error) {
        status = clg_cl_fail(d, error, "cannot open the device");
        goto fail;
    }
    if (params->profile && (status = clg_profile_new(d)))
        goto fail;
    device_traits(d);
    *device = d;
    return 0;
fail:
    clg_device_close(&d);
    return status;
}

void clg_device_close(struct clg_device **device)
{
    struct clg_device *d = *device;
    *device = NULL;
    if (!d || clg_device_inherited(d))
        return;
    if (d->queue)
        clFinish(d->queue);
    clg_ops_state_free(d);
    clg_profile_free(d);
    clg_programs_free(d);
    if (d->queue)
        clReleaseCommandQueue(d->queue);
    if (d->context)
        clReleaseContext(d->context);
    free(d->kernels_dir);
    free(d->cache_dir);
    free(d->tuning_dir);
    free(d->variants);
    free(d);
}

const struct clg_device_info *clg_device_info(const struct clg_device *device)
{
    return &device->info;
}

uint64_t clg_device_memory(const struct clg_device *d, uint64_t *peak)
{
    if (peak)
        *peak = d->memory_peak;
    return d->memory;
}

bool clg_variant_forced(const struct clg_device *d, const char *operation, const char *name)
{
    char wanted[64];
    size_t length = (size_t)snprintf(wanted, sizeof wanted, "%s=%s", operation, name);
    for (const char *p = d->variants; p && *p;) {
        size_t entry = strcspn(p, ",");
        if (entry == length && strncmp(p, wanted, length) == 0)
            return true;
        p += entry + (p[entry] == ',');
    }
    return false;
}
