// An OpenCL layer that makes one call fail, fakes another device, and counts objects that are not released.
// The ICD loader loads it (OPENCL_LAYERS=libfault.so); the environment says what it does:
//
//   FAULT_AT=N FAULT_CODE=-5              the N-th call that may fail (from 1) returns this code and does nothing
//   FAULT_GROUP, FAULT_LOCAL, FAULT_ALLOC the largest work-group, local memory and allocation (bytes), enforced
//   FAULT_UNITS=N                         reports N compute units
//   FAULT_VENDOR=TEXT                     reports this vendor and name
//   FAULT_GPU=1                           reports a GPU
//   FAULT_REPORT=FILE                     at exit: "calls N", "failed NAME", "alive KIND COUNT"
#include <CL/cl_layer.h>

#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct _cl_icd_dispatch ours;
static const cl_icd_dispatch *next;

static long fault_at, group_max, local_max, allocation_max, units;
static cl_int fault_code;
static const char *vendor;
static bool gpu;
static atomic_long calls;
static char failed[64] = "nothing";

enum kind { CONTEXTS, QUEUES, BUFFERS, PROGRAMS, KERNELS, EVENTS, KINDS };
static const char *const kinds[KINDS] = {"contexts", "queues", "buffers", "programs", "kernels", "events"};
static atomic_long alive[KINDS];

static long number_of(const char *name)
{
    const char *text = getenv(name);
    return text ? strtol(text, NULL, 10) : 0;
}

// Is this the call that fails?
static bool fails(const char *name)
{
    if (atomic_fetch_add(&calls, 1) + 1 != fault_at)
        return false;
    snprintf(failed, sizeof failed, "%s", name);
    return true;
}

#define FAIL_HERE                                                                                            \
    if (fails(__func__))                                                                                     \
        return fault_code;
#define FAIL_CREATE                                                                                          \
    if (fails(__func__)) {                                                                                   \
        if (error)                                                                                           \
            *error = fault_code;                                                                             \
        return NULL;                                                                                         \
    }

static void *made(enum kind kind, void *object)
{
    if (object)
        atomic_fetch_add(&alive[kind], 1);
    return object;
}

// --- calls that create -------------------------------------------------------------------------
static cl_context CL_API_CALL create_context(
    const cl_context_properties *p, cl_uint n, const cl_device_id *ids,
    void(CL_CALLBACK *notify)(const char *, const void *, size_t, void *), void *user, cl_int *error)
{
    FAIL_CREATE
    return made(CONTEXTS, next->clCreateContext(p, n, ids, notify, user, error));
}

static cl_command_queue CL_API_CALL create_queue(cl_context c, cl_device_id d, cl_command_queue_properties p,
                                                 cl_int *error)
{
    FAIL_CREATE
    return made(QUEUES, next->clCreateCommandQueue(c, d, p, error));
}

static cl_mem CL_API_CALL create_buffer(cl_context c, cl_mem_flags flags, size_t size, void *host,
                                        cl_int *error)
{
    FAIL_CREATE
    if (allocation_max && size > (size_t)allocation_max) {
        if (error)
            *error = CL_INVALID_BUFFER_SIZE;
        return NULL;
    }
    return made(BUFFERS, next->clCreateBuffer(c, flags, size, host, error));
}

static cl_program CL_API_CALL create_source(cl_context c, cl_uint n, const char **texts,
                                            const size_t *lengths, cl_int *error)
{
    FAIL_CREATE
    return made(PROGRAMS, next->clCreateProgramWithSource(c, n, texts, lengths, error));
}

static cl_program CL_API_CALL create_binary(cl_context c, cl_uint n, const cl_device_id *ids,
                                            const size_t *lengths, const unsigned char **binaries,
                                            cl_int *status, cl_int *error)
{
    FAIL_CREATE
    return made(PROGRAMS, next->clCreateProgramWithBinary(c, n, ids, lengths, binaries, status, error));
}

static cl_kernel CL_API_CALL create_kernel(cl_program p, const char *name, cl_int *error)
{
    FAIL_CREATE
    return made(KERNELS, next->clCreateKernel(p, name, error));
}

// --- calls that do something -------------------------------------------------------------------
static cl_int CL_API_CALL build(cl_program p, cl_uint n, const cl_device_id *ids, const char *options,
                                void(CL_CALLBACK *notify)(cl_program, void *), void *user)
{
    FAIL_HERE
    return next->clBuildProgram(p, n, ids, options, notify, user);
}

static cl_int CL_API_CALL set_arg(cl_kernel k, cl_uint i, size_t size, const void *value)
{
    FAIL_HERE
    return next->clSetKernelArg(k, i, size, value);
}

// Would the faked device refuse this launch?
static cl_int launch_limit(cl_kernel k, cl_uint dims, const size_t *local)
{
    size_t group = 1;
    for (cl_uint i = 0; local && i < dims; i++)
        group *= local[i];
    if (group_max && group > (size_t)group_max)
        return CL_INVALID_WORK_GROUP_SIZE;
    cl_context context;
    cl_device_id device;
    cl_ulong used = 0;
    if (local_max && !next->clGetKernelInfo(k, CL_KERNEL_CONTEXT, sizeof context, &context, NULL) &&
        !next->clGetContextInfo(context, CL_CONTEXT_DEVICES, sizeof device, &device, NULL))
        next->clGetKernelWorkGroupInfo(k, device, CL_KERNEL_LOCAL_MEM_SIZE, sizeof used, &used, NULL);
    return used > (cl_ulong)local_max ? CL_OUT_OF_RESOURCES : CL_SUCCESS;
}

static cl_int CL_API_CALL launch(cl_command_queue q, cl_kernel k, cl_uint dims, const size_t *offset,
                                 const size_t *global, const size_t *local, cl_uint n, const cl_event *waits,
                                 cl_event *event)
{
    FAIL_HERE
    cl_int status = launch_limit(k, dims, local);
    if (!status)
        status = next->clEnqueueNDRangeKernel(q, k, dims, offset, global, local, n, waits, event);
    if (!status && event)
        made(EVENTS, *event);
    return status;
}

static cl_int CL_API_CALL read_buffer(cl_command_queue q, cl_mem m, cl_bool wait, size_t offset, size_t size,
                                      void *to, cl_uint n, const cl_event *waits, cl_event *event)
{
    FAIL_HERE
    cl_int status = next->clEnqueueReadBuffer(q, m, wait, offset, size, to, n, waits, event);
    if (!status && event)
        made(EVENTS, *event);
    return status;
}

static cl_int CL_API_CALL write_buffer(cl_command_queue q, cl_mem m, cl_bool wait, size_t offset, size_t size,
                                       const void *from, cl_uint n, const cl_event *waits, cl_event *event)
{
    FAIL_HERE
    cl_int status = next->clEnqueueWriteBuffer(q, m, wait, offset, size, from, n, waits, event);
    if (!status && event)
        made(EVENTS, *event);
    return status;
}

static cl_int CL_API_CALL finish(cl_command_queue q)
{
    FAIL_HERE
    return next->clFinish(q);
}

// --- references --------------------------------------------------------------------------------
#define COUNTED(name, kind, type, function, change)                                                          \
    static cl_int CL_API_CALL name(type object)                                                              \
    {                                                                                                        \
        cl_int status = next->function(object);                                                              \
        if (!status)                                                                                         \
            atomic_fetch_add(&alive[kind], change);                                                          \
        return status;                                                                                       \
    }
COUNTED(context_retain, CONTEXTS, cl_context, clRetainContext, 1)
COUNTED(context_release, CONTEXTS, cl_context, clReleaseContext, -1)
COUNTED(queue_retain, QUEUES, cl_command_queue, clRetainCommandQueue, 1)
COUNTED(queue_release, QUEUES, cl_command_queue, clReleaseCommandQueue, -1)
COUNTED(buffer_retain, BUFFERS, cl_mem, clRetainMemObject, 1)
COUNTED(buffer_release, BUFFERS, cl_mem, clReleaseMemObject, -1)
COUNTED(program_retain, PROGRAMS, cl_program, clRetainProgram, 1)
COUNTED(program_release, PROGRAMS, cl_program, clReleaseProgram, -1)
COUNTED(kernel_retain, KERNELS, cl_kernel, clRetainKernel, 1)
COUNTED(kernel_release, KERNELS, cl_kernel, clReleaseKernel, -1)
COUNTED(event_retain, EVENTS, cl_event, clRetainEvent, 1)
COUNTED(event_release, EVENTS, cl_event, clReleaseEvent, -1)

// --- a smaller device --------------------------------------------------------------------------
// The answer as if the driver had given `text`.
static cl_int answer_text(const char *text, size_t room, void *value, size_t *size)
{
    if (size)
        *size = strlen(text) + 1;
    if (value && room <= strlen(text))
        return CL_INVALID_VALUE;
    if (value)
        memcpy(value, text, strlen(text) + 1);
    return CL_SUCCESS;
}

static void shrink_size(size_t *value, long most)
{
    if (most && *value > (size_t)most)
        *value = (size_t)most;
}

static void shrink_ulong(cl_ulong *value, long most)
{
    if (most && *value > (cl_ulong)most)
        *value = (cl_ulong)most;
}

static cl_int CL_API_CALL device_info(cl_device_id d, cl_device_info what, size_t room, void *value,
                                      size_t *size)
{
    if (vendor && (what == CL_DEVICE_VENDOR || what == CL_DEVICE_NAME))
        return answer_text(vendor, room, value, size);
    cl_int status = next->clGetDeviceInfo(d, what, room, value, size);
    if (status || !value)
        return status;
    switch (what) {
    case CL_DEVICE_MAX_WORK_GROUP_SIZE: shrink_size(value, group_max); break;
    case CL_DEVICE_MAX_WORK_ITEM_SIZES:
        for (size_t i = 0; i < room / sizeof(size_t); i++)
            shrink_size((size_t *)value + i, group_max);
        break;
    case CL_DEVICE_LOCAL_MEM_SIZE: shrink_ulong(value, local_max); break;
    case CL_DEVICE_MAX_MEM_ALLOC_SIZE: shrink_ulong(value, allocation_max); break;
    case CL_DEVICE_MAX_COMPUTE_UNITS:
        if (units)
            *(cl_uint *)value = (cl_uint)units;
        break;
    case CL_DEVICE_TYPE:
        if (gpu)
            *(cl_device_type *)value = CL_DEVICE_TYPE_GPU;
        break;
    }
    return status;
}

static cl_int CL_API_CALL kernel_group_info(cl_kernel k, cl_device_id d, cl_kernel_work_group_info what,
                                            size_t room, void *value, size_t *size)
{
    cl_int status = next->clGetKernelWorkGroupInfo(k, d, what, room, value, size);
    if (!status && value && what == CL_KERNEL_WORK_GROUP_SIZE)
        shrink_size(value, group_max);
    return status;
}

// --- the layer ---------------------------------------------------------------------------------
__attribute__((destructor)) static void report(void)
{
    const char *path = getenv("FAULT_REPORT");
    FILE *file = path && next ? fopen(path, "w") : NULL; // next: the loader took the layer
    if (!file)
        return;
    fprintf(file, "calls %ld\nfailed %s\n", atomic_load(&calls), failed);
    for (int i = 0; i < KINDS; i++)
        fprintf(file, "alive %s %ld\n", kinds[i], atomic_load(&alive[i]));
    fclose(file);
}

#pragma GCC visibility push(default) // what the loader looks for

CL_API_ENTRY cl_int CL_API_CALL clGetLayerInfo(cl_layer_info what, size_t room, void *value, size_t *size)
{
    static const cl_layer_api_version version = CL_LAYER_API_VERSION_100;
    if (what == CL_LAYER_NAME)
        return answer_text("fault", room, value, size);
    if (what != CL_LAYER_API_VERSION || (value && room < sizeof version))
        return CL_INVALID_VALUE;
    if (value)
        memcpy(value, &version, sizeof version);
    if (size)
        *size = sizeof version;
    return CL_SUCCESS;
}

CL_API_ENTRY cl_int CL_API_CALL clInitLayer(cl_uint entries, const cl_icd_dispatch *target,
                                            cl_uint *entries_ret, const cl_icd_dispatch **layer)
{
    if (!target || !entries_ret || !layer || entries < sizeof ours / sizeof(void *))
        return CL_INVALID_VALUE;
    next = target;
    fault_at = number_of("FAULT_AT"), fault_code = (cl_int)number_of("FAULT_CODE");
    group_max = number_of("FAULT_GROUP"), local_max = number_of("FAULT_LOCAL");
    allocation_max = number_of("FAULT_ALLOC"), units = number_of("FAULT_UNITS");
    vendor = getenv("FAULT_VENDOR"), gpu = number_of("FAULT_GPU");
    ours = *target;
    ours.clCreateContext = create_context, ours.clCreateCommandQueue = create_queue;
    ours.clCreateBuffer = create_buffer, ours.clCreateProgramWithSource = create_source;
    ours.clCreateProgramWithBinary = create_binary, ours.clCreateKernel = create_kernel;
    ours.clBuildProgram = build, ours.clSetKernelArg = set_arg, ours.clEnqueueNDRangeKernel = launch;
    ours.clEnqueueReadBuffer = read_buffer, ours.clEnqueueWriteBuffer = write_buffer, ours.clFinish = finish;
    ours.clRetainContext = context_retain, ours.clReleaseContext = context_release;
    ours.clRetainCommandQueue = queue_retain, ours.clReleaseCommandQueue = queue_release;
    ours.clRetainMemObject = buffer_retain, ours.clReleaseMemObject = buffer_release;
    ours.clRetainProgram = program_retain, ours.clReleaseProgram = program_release;
    ours.clRetainKernel = kernel_retain, ours.clReleaseKernel = kernel_release;
    ours.clRetainEvent = event_retain, ours.clReleaseEvent = event_release;
    ours.clGetDeviceInfo = device_info, ours.clGetKernelWorkGroupInfo = kernel_group_info;
    *layer = &ours;
    *entries_ret = sizeof ours / sizeof(void *);
    return CL_SUCCESS;
}

// Khronos's loader from 2025 on asks for these instead. No property is known here.
CL_API_ENTRY cl_int CL_API_CALL clInitLayerWithProperties(cl_uint entries, const cl_icd_dispatch *target,
                                                          cl_uint *entries_ret, const cl_icd_dispatch **layer,
                                                          const cl_ulong *properties);
CL_API_ENTRY cl_int CL_API_CALL clInitLayerWithProperties(cl_uint entries, const cl_icd_dispatch *target,
                                                          cl_uint *entries_ret, const cl_icd_dispatch **layer,
                                                          const cl_ulong *properties)
{
    (void)properties;
    return clInitLayer(entries, target, entries_ret, layer);
}

CL_API_ENTRY cl_int CL_API_CALL clDeinitLayer(void);
CL_API_ENTRY cl_int CL_API_CALL clDeinitLayer(void)
{
    return CL_SUCCESS;
}
