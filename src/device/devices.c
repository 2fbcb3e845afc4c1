// Lists the OpenCL devices of all platforms, each piece of hardware once.
#include "device/devices.h"

#include "base/log.h"
#include "device/drivers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Numbers from the OpenCL registry that older headers lack.
enum {
    PLATFORM_NOT_FOUND = -1001,     // cl_khr_icd
    DEVICE_BOARD_NAME_AMD = 0x4038, // cl_amd_device_attribute_query
};

// --- platforms and their devices ---------------------------------------------------------------
struct ids {
    void **id;
    cl_uint n;
};

static int list_platforms(struct ids *ids, const struct clg_log *log)
{
    *ids = (struct ids){0};
    cl_int error = clGetPlatformIDs(0, NULL, &ids->n);
    if (error == PLATFORM_NOT_FOUND || (!error && ids->n == 0)) {
        ids->n = 0;
        return 0;
    }
    if (error)
        return clg_fail(log, CLG_EDEVICE, "cannot list the OpenCL platforms: clGetPlatformIDs gave %d",
                        error);
    ids->id = calloc(ids->n, sizeof *ids->id);
    if (!ids->id)
        return clg_fail(log, CLG_ENOMEM, "out of memory listing %u OpenCL platforms", ids->n);
    error = clGetPlatformIDs(ids->n, (cl_platform_id *)ids->id, NULL);
    if (error) {
        free(ids->id);
        *ids = (struct ids){0};
        return clg_fail(log, CLG_EDEVICE, "cannot list the OpenCL platforms: clGetPlatformIDs gave %d",
                        error);
    }
    return 0;
}

// A platform that fails is left out with a warning: the others may work.
static int list_devices(struct ids *ids, cl_platform_id platform, unsigned number, const struct clg_log *log)
{
    *ids = (struct ids){0};
    cl_int error = clGetDeviceIDs(platform, CL_DEVICE_TYPE_ALL, 0, NULL, &ids->n);
    if (error == CL_DEVICE_NOT_FOUND || (!error && ids->n == 0)) {
        ids->n = 0;
        return 0;
    }
    if (!error) {
        ids->id = calloc(ids->n, sizeof *ids->id);
        if (!ids->id)
            return clg_fail(log, CLG_ENOMEM, "out of memory listing %u OpenCL devices", ids->n);
        error = clGetDeviceIDs(platform, CL_DEVICE_TYPE_ALL, ids->n, (cl_device_id *)ids->id, NULL);
    }
    if (error) {
        clg_log_line(log, CLG_LOG_WARNING,
                     "OpenCL platform %u is left out: listing its devices gave %d; check its driver", number,
                     error);
        free(ids->id);
        *ids = (struct ids){0};
    }
    return 0;
}

// --- one device --------------------------------------------------------------------------------
// Drivers pad names with blanks.
static void copy_trimmed(char *to, size_t size, const char *from)
{
    from += strspn(from, " \t\r\n");
    size_t length = strlen(from);
    while (length && strchr(" \t\r\n", from[length - 1]))
        length--;
    if (length >= size)
        length = size - 1;
    memcpy(to, from, length);
    to[length] = 0;
}

// A text of any length; the caller's: free(). NULL when the device does not tell.
static char *query_text(cl_device_id device, cl_device_info what)
{
    size_t size = 0;
    if (clGetDeviceInfo(device, what, 0, NULL, &size) || size == 0 || size > 1 << 20)
        return NULL;
    char *text = calloc(1, size + 1);
    if (text && clGetDeviceInfo(device, what, size, text, NULL)) {
        free(text);
        text = NULL;
    }
    return text;
}

static bool copy_text(cl_device_id device, cl_device_info what, char *to, size_t size)
{
    char *text = query_text(device, what);
    if (text)
        copy_trimmed(to, size, text);
    free(text);
    return text != NULL;
}

// A device that claims to be both is a simulator (Oclgrind): CPU cores.
static enum clg_device_type type_of(cl_device_type type)
{
    if (type & CL_DEVICE_TYPE_CPU)
        return CLG_DEVICE_CPU;
    return type & CL_DEVICE_TYPE_GPU ? CLG_DEVICE_GPU : CLG_DEVICE_OTHER;
}

// "OpenCL 1.2 ..." or newer; our kernels are OpenCL C 1.2, compiled at run time.
static bool is_usable(cl_device_id device, const char *version)
{
    cl_bool available = CL_FALSE, compiler = CL_FALSE;
    clGetDeviceInfo(device, CL_DEVICE_AVAILABLE, sizeof available, &available, NULL);
    clGetDeviceInfo(device, CL_DEVICE_COMPILER_AVAILABLE, sizeof compiler, &compiler, NULL);
    int major = 0, minor = 0;
    bool told = sscanf(version, "OpenCL %d.%d", &major, &minor) == 2;
    return available && compiler && told && (major > 1 || minor >= 2);
}

// AMD calls its devices "gfx1030"; people know the board's name.
static void add_board_name(cl_device_id device, char *name, size_t size)
{
    char board[128] = "", both[260];
    if (!copy_text(device, DEVICE_BOARD_NAME_AMD, board, sizeof board) || !board[0] || strstr(name, board))
        return;
    snprintf(both, sizeof both, "%s (%s)", board, name);
    copy_trimmed(name, size, both);
}

static int query_device(cl_device_id device, struct clg_device_info *info, const char *extensions)
{
    cl_device_type type = 0;
    cl_uint units = 0;
    cl_ulong memory = 0, allocation = 0, local = 0;
    size_t group = 0;
    cl_int error = clGetDeviceInfo(device, CL_DEVICE_TYPE, sizeof type, &type, NULL);
    if (!error)
        error = clGetDeviceInfo(device, CL_DEVICE_MAX_COMPUTE_UNITS, sizeof units, &units, NULL);
    if (!error)
        error = clGetDeviceInfo(device, CL_DEVICE_GLOBAL_MEM_SIZE, sizeof memory, &memory, NULL);
    if (!error)
        error = clGetDeviceInfo(device, CL_DEVICE_MAX_MEM_ALLOC_SIZE, sizeof allocation, &allocation, NULL);
    if (!error)
        error = clGetDeviceInfo(device, CL_DEVICE_LOCAL_MEM_SIZE, sizeof local, &local, NULL);
    if (!error)
        error = clGetDeviceInfo(device, CL_DEVICE_MAX_WORK_GROUP_SIZE, sizeof group, &group, NULL);
    bool told = copy_text(device, CL_DEVICE_NAME, info->name, sizeof info->name) &&
                copy_text(device, CL_DEVICE_VERSION, info->version, sizeof info->version);
    if (error || !told)
        return error ? error : CL_INVALID_DEVICE;
    copy_text(device, CL_DEVICE_VENDOR, info->vendor, sizeof info->vendor);
    copy_text(device, CL_DRIVER_VERSION, info->driver, sizeof info->driver);
    if (clg_device_extension(extensions, "cl_amd_device_attribute_query"))
        add_board_name(device, info->name, sizeof info->name);
    info->type = type_of(type);
    info->compute_units = units;
    info->memory = memory;
    info->max_allocation = allocation;
    info->local_memory = local;
    info->max_work_group = group;
    info->fp16 = clg_device_extension(extensions, "cl_khr_fp16");
    info->fp64 = clg_device_extension(extensions, "cl_khr_fp64");
    info->available = is_usable(device, info->version);
    return 0;
}

// --- the list ----------------------------------------------------------------------------------
struct found {
    struct clg_device_info *info;
    struct clg_device_identity *id;
    int n;
};

static int found_grow(struct found *found, unsigned more, const struct clg_log *log)
{
    size_t room = (size_t)found->n + more;
    struct clg_device_info *info = realloc(found->info, room * sizeof *info);
    if (info)
        found->info = info;
    struct clg_device_identity *id = info ? realloc(found->id, room * sizeof *id) : NULL;
    if (!id)
        return clg_fail(log, CLG_ENOMEM, "out of memory listing the OpenCL devices");
    found->id = id;
    return 0;
}

// Of two platforms that show one GPU, a vendor's own driver goes before the portable ones.
static int platform_rank(const struct clg_device_info *info)
{
    static const char *const portable[] = {"rusticl", "Portable Computing Language", "Clover"};
    int rank = info->available ? 0 : 10;
    for (int i = 0; i < 3; i++)
        if (strstr(info->platform_name, portable[i]))
            return rank + i + 1;
    return rank;
}

static void found_add(struct found *found, const struct clg_device_info *info,
                      const struct clg_device_identity *id)
{
    int i = 0;
    while (i < found->n && !clg_devices_same(&found->info[i], &found->id[i], info, id))
        i++;
    bool known = i < found->n;
    if (known && platform_rank(&found->info[i]) <= platform_rank(info))
        return;
    found->info[i] = *info;
    found->id[i] = *id;
    if (!known)
        found->n++;
}

static void found_add_device(struct found *found, cl_device_id device, struct clg_device_info info,
                             const struct clg_log *log)
{
    char *extensions = query_text(device, CL_DEVICE_EXTENSIONS);
    int error = query_device(device, &info, extensions);
    if (error) {
        clg_log_line(log, CLG_LOG_WARNING,
                     "OpenCL device %d:%d (%s) is left out: asking it about itself gave %d; check its driver",
                     info.platform, info.device, info.platform_name, error);
    } else {
        struct clg_device_identity id = clg_device_identify(device, extensions);
        clg_device_publish(&id, info.uuid);
        found_add(found, &info, &id);
    }
    free(extensions);
}

static int found_add_platform(struct found *found, cl_platform_id platform, unsigned number,
                              const struct clg_log *log)
{
    struct clg_device_info info = {.platform = (int)number};
    char name[512] = "";
    if (clGetPlatformInfo(platform, CL_PLATFORM_NAME, sizeof name - 1, name, NULL) == CL_SUCCESS)
        copy_trimmed(info.platform_name, sizeof info.platform_name, name);
    struct ids devices;
    int status = list_devices(&devices, platform, number, log);
    if (!status && devices.n)
        status = found_grow(found, devices.n, log);
    for (unsigned i = 0; !status && i < devices.n; i++) {
        info.device = (int)i;
        found_add_device(found, devices.id[i], info, log);
    }
    free(devices.id);
    return status;
}

int clg_devices_list(struct clg_device_info **list, int *count, const struct clg_log *log)
{
    *list = NULL;
    *count = 0;
    struct ids platforms = {0};
    struct found found = {0};
    int status = clg_opencl_enter(log);
    if (!status)
        status = clg_drivers_load(log);
    if (!status)
        status = list_platforms(&platforms, log);
    for (unsigned i = 0; !status && i < platforms.n; i++)
        status = found_add_platform(&found, platforms.id[i], i, log);
    free(platforms.id);
    free(found.id);
    if (status) {
        free(found.info);
        return status;
    }
    for (int i = 0; i < found.n; i++)
        found.info[i].index = i;
    *list = found.info;
    *count = found.n;
    return 0;
}

void clg_devices_free(struct clg_device_info **list)
{
    free(*list);
    *list = NULL;
}

int clg_devices_find(const struct clg_device_info *info, cl_platform_id *platform, cl_device_id *device,
                     const struct clg_log *log)
{
    struct ids platforms, devices = {0};
    int status = list_platforms(&platforms, log);
    if (!status && info->platform >= 0 && (unsigned)info->platform < platforms.n)
        status = list_devices(&devices, platforms.id[info->platform], (unsigned)info->platform, log);
    bool there = !status && info->device >= 0 && (unsigned)info->device < devices.n;
    if (there) {
        *platform = platforms.id[info->platform];
        *device = devices.id[info->device];
    } else if (!status) {
        status = clg_fail(log, CLG_ENODEV, "device %d:%d (%s) is no longer there; see `clgan devices`",
                          info->platform, info->device, info->name);
    }
    free(platforms.id);
    free(devices.id);
    return status;
}
