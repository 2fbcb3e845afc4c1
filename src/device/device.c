// Opening a device: context, queue, and the facts that the operations' rules use.
#include "device/device.h"

#include "base/file.h"
#include "base/log.h"
#include "base/process.h"
#include "device/devices.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    cl_int code;
    const char *text;
} cl_errors[] = {
    {-1, "CL_DEVICE_NOT_FOUND"},
    {-2, "CL_DEVICE_NOT_AVAILABLE"},
    {-3, "CL_COMPILER_NOT_AVAILABLE"},
    {-4, "CL_MEM_OBJECT_ALLOCATION_FAILURE"},
    {-5, "CL_OUT_OF_RESOURCES"},
    {-6, "CL_OUT_OF_HOST_MEMORY"},
    {-11, "CL_BUILD_PROGRAM_FAILURE"},
    {-14, "CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST"},
    {-30, "CL_INVALID_VALUE"},
    {-34, "CL_INVALID_CONTEXT"},
    {-36, "CL_INVALID_COMMAND_QUEUE"},
    {-38, "CL_INVALID_MEM_OBJECT"},
    {-43, "CL_INVALID_BUILD_OPTIONS"},
    {-44, "CL_INVALID_PROGRAM"},
    {-45, "CL_INVALID_PROGRAM_EXECUTABLE"},
    {-46, "CL_INVALID_KERNEL_NAME"},
    {-48, "CL_INVALID_KERNEL"},
    {-49, "CL_INVALID_ARG_INDEX"},
    {-51, "CL_INVALID_ARG_SIZE"},
    {-52, "CL_INVALID_KERNEL_ARGS"},
    {-54, "CL_INVALID_WORK_GROUP_SIZE"},
    {-55, "CL_INVALID_WORK_ITEM_SIZE"},
    {-61, "CL_INVALID_BUFFER_SIZE"},
    {-63, "CL_INVALID_GLOBAL_WORK_SIZE"},
    {-1001, "CL_PLATFORM_NOT_FOUND_KHR"},
};

const char *clg_cl_text(cl_int error)
{
    for (size_t i = 0; i < sizeof cl_errors / sizeof *cl_errors; i++)
        if (cl_errors[i].code == error)
            return cl_errors[i].text;
    return "OpenCL error";
}

int clg_cl_fail(struct clg_device *d, cl_int error, const char *format, ...)
{
    char what[512];
    va_list args;
    va_start(args, format);
    vsnprintf(what, sizeof what, format, args);
    va_end(args);
    bool memory = error == CL_MEM_OBJECT_ALLOCATION_FAILURE || error == CL_OUT_OF_HOST_MEMORY;
    return clg_fail(&d->log, memory ? CLG_ENOMEM : CLG_EDEVICE, "%s: %s (%d) on %s", what, clg_cl_text(error),
                    (int)error, d->info.name);
}

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
    d->clblast_list = -1;
    int status = 0;
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
    clg_scratch_free(d);
    clg_profile_free(d);
    clg_programs_free(d);
    if (d->queue)
        clReleaseCommandQueue(d->queue);
    if (d->context)
        clReleaseContext(d->context);
    free(d->kernels_dir);
    free(d->cache_dir);
    free(d->tuning_dir);
    free(d->tuning);
    free(d->checked);
    free(d->variants);
    free(d);
}

const struct clg_device_info *clg_device_info(const struct clg_device *device)
{
    return &device->info;
}

int clg_device_finish(struct clg_device *d)
{
    int status = clg_device_check(d);
    if (status)
        return status;
    cl_int error = clFinish(d->queue);
    return error ? clg_cl_fail(d, error, "the device failed while computing") : 0;
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
