// An OpenCL driver that does what $FAKE_DRIVER says, or the file that it names by "@PATH": "PLACE WAY". The
// place is `constructor`, `platforms`, `devices` or `pair` (asked for platforms while another copy is loaded,
// of those in $FAKE_PAIR, with colons between), the way one of those below. It has a platform without
// devices, and adds its process to the file $FAKE_LOG.
#include <CL/cl.h>
#include <dlfcn.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

__attribute__((visibility("default"))) cl_int CL_API_CALL clIcdGetPlatformIDsKHR(cl_uint room,
                                                                                 cl_platform_id *list,
                                                                                 cl_uint *count);

static void misbehave(const char *way)
{
    fprintf(stderr, "fake driver: told to %s\n", way);
    if (!strcmp(way, "abort"))
        abort();
    if (!strcmp(way, "crash"))
        raise(SIGSEGV);
    if (!strcmp(way, "exit"))
        exit(7);
    if (!strcmp(way, "quit"))
        _exit(0);
    if (!strcmp(way, "kill"))
        raise(SIGKILL);
    for (;;) // "hang"
        pause();
}

static void at(const char *place)
{
    const char *order = getenv("FAKE_DRIVER");
    char text[256] = "";
    if (order && *order == '@') {
        FILE *file = fopen(order + 1, "r");
        if (file && !fgets(text, sizeof text, file))
            text[0] = 0;
        if (file)
            fclose(file);
        order = text;
    }
    const size_t length = strlen(place);
    if (order && !strncmp(order, place, length) && order[length] == ' ')
        misbehave(order + length + 1);
}

static int copies_loaded(void)
{
    const char *pair = getenv("FAKE_PAIR");
    char *list = strdup(pair ? pair : ""), *rest = list;
    int loaded = 0;
    for (char *path; (path = strsep(&rest, ":"));) {
        void *library = *path ? dlopen(path, RTLD_LAZY | RTLD_NOLOAD) : NULL;
        loaded += library != NULL;
        if (library)
            dlclose(library);
    }
    free(list);
    return loaded;
}

__attribute__((constructor)) static void loaded(void)
{
    const char *path = getenv("FAKE_LOG");
    FILE *file = path ? fopen(path, "a") : NULL;
    if (file) {
        fprintf(file, "%ld\n", (long)getpid());
        fclose(file);
    }
    at("constructor");
}

// --- the driver --------------------------------------------------------------------------------
static cl_int CL_API_CALL platform_info(cl_platform_id platform, cl_platform_info what, size_t size,
                                        void *value, size_t *size_ret)
{
    (void)platform;
    const char *text = what == CL_PLATFORM_EXTENSIONS ? "cl_khr_icd"
                       : what == CL_PLATFORM_VERSION  ? "OpenCL 1.2"
                                                      : "FAKE";
    if (size_ret)
        *size_ret = strlen(text) + 1;
    if (value && size > strlen(text))
        memcpy(value, text, strlen(text) + 1);
    return CL_SUCCESS;
}

static cl_int CL_API_CALL no_devices(cl_platform_id platform, cl_device_type type, cl_uint room,
                                     cl_device_id *list, cl_uint *count)
{
    (void)platform, (void)type, (void)room, (void)list;
    at("devices");
    if (count)
        *count = 0;
    return CL_DEVICE_NOT_FOUND;
}

// The first entries of the loaders' table of functions; nothing else is called without a device.
static struct {
    cl_int(CL_API_CALL *platform_ids)(cl_uint, cl_platform_id *, cl_uint *);
    cl_int(CL_API_CALL *platform_info)(cl_platform_id, cl_platform_info, size_t, void *, size_t *);
    cl_int(CL_API_CALL *device_ids)(cl_platform_id, cl_device_type, cl_uint, cl_device_id *, cl_uint *);
    void *rest[256];
} table = {clIcdGetPlatformIDsKHR, platform_info, no_devices, {NULL}};
static struct {
    void *table;
} platform = {&table};

cl_int CL_API_CALL clIcdGetPlatformIDsKHR(cl_uint room, cl_platform_id *list, cl_uint *count)
{
    at("platforms");
    if (copies_loaded() > 1)
        at("pair");
    if (count)
        *count = 1;
    if (list && room)
        *list = (cl_platform_id)&platform;
    return CL_SUCCESS;
}

// The loaders look for these by name.
__attribute__((visibility("default"))) void *CL_API_CALL clGetExtensionFunctionAddress(const char *name)
{
    cl_int(CL_API_CALL * found)(cl_uint, cl_platform_id *, cl_uint *) = clIcdGetPlatformIDsKHR;
    void *address = NULL;
    if (!strcmp(name, "clIcdGetPlatformIDsKHR"))
        memcpy(&address, &found, sizeof address);
    return address;
}

__attribute__((visibility("default"))) cl_int CL_API_CALL clGetPlatformInfo(cl_platform_id id,
                                                                            cl_platform_info what,
                                                                            size_t size, void *value,
                                                                            size_t *size_ret)
{
    return platform_info(id, what, size, value, size_ret);
}
