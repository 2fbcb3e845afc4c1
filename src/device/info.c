// Facts for bug reports: the ICD loader, extensions, denormals.
#define CL_USE_DEPRECATED_OPENCL_1_1_APIS // the loader tells about itself by an old way only

#include "device/device.h"

#include "base/log.h"
#include "device/drivers.h"

#include <clgan/doctor.h>

#include <stdlib.h>
#include <string.h>

// ocl-icd's numbers for what it tells, which Khronos's loader took over.
enum { LOADER_OPENCL = 1, LOADER_VERSION = 2, LOADER_NAME = 3, LOADER_VENDOR = 4 };
typedef cl_int CL_API_CALL loader_fn(cl_uint what, size_t size, void *value, size_t *size_ret);

void clg_loader_text(char *text, size_t size)
{
    char info[4][128] = {"", "", "", ""};
    static const cl_uint asked[] = {LOADER_NAME, LOADER_VERSION, LOADER_OPENCL, LOADER_VENDOR};
    clg_drivers_load(&clg_log_silent);
    void *const found = clGetExtensionFunctionAddress("clGetICDLoaderInfoOCLICD");
    loader_fn *ask;
    memcpy(&ask, &found, sizeof ask); // ISO C has no cast from an object's pointer to a function's
    bool told = found != NULL;
    for (int i = 0; i < 4 && told; i++)
        told = !ask(asked[i], sizeof info[i] - 1, info[i], NULL);
    if (told)
        snprintf(text, size, "%s %s, %s (%s)", info[0], info[1], info[2], info[3]);
    else
        snprintf(text, size, "unknown: it does not tell its name");
}

int clg_device_extensions(const struct clg_device *d)
{
    size_t size = 0;
    int count = 0;
    if (clg_device_inherited(d) || clGetDeviceInfo(d->id, CL_DEVICE_EXTENSIONS, 0, NULL, &size) || !size)
        return 0;
    char *text = calloc(1, size + 1);
    if (text && !clGetDeviceInfo(d->id, CL_DEVICE_EXTENSIONS, size, text, NULL))
        for (const char *p = text; *(p += strspn(p, " ")); p += strcspn(p, " "))
            count++;
    free(text);
    return count;
}

bool clg_device_keeps_denormals(const struct clg_device *d)
{
    cl_device_fp_config config = 0;
    return !clGetDeviceInfo(d->id, CL_DEVICE_SINGLE_FP_CONFIG, sizeof config, &config, NULL) &&
           config & CL_FP_DENORM;
}
