// A first kernel, to see whether a compiler works at all.
#include "device/first_kernel.h"

#include <CL/cl.h>
#include <string.h>

static void run_on(cl_device_id device)
{
    const char *source = "kernel void first(global int *out) { *out = 1; }\n";
    cl_int error;
    cl_context context = clCreateContext(NULL, 1, &device, NULL, NULL, &error);
    if (!context)
        return;
    const size_t one = 1;
    cl_command_queue queue = clCreateCommandQueue(context, device, 0, &error);
    cl_mem memory = clCreateBuffer(context, CL_MEM_READ_WRITE, sizeof(cl_int), NULL, &error);
    cl_program program = clCreateProgramWithSource(context, 1, &source, NULL, &error);
    cl_kernel kernel = NULL;
    if (program && !clBuildProgram(program, 1, &device, "", NULL, NULL))
        kernel = clCreateKernel(program, "first", &error);
    if (kernel && queue && memory && !clSetKernelArg(kernel, 0, sizeof memory, &memory)) {
        clEnqueueNDRangeKernel(queue, kernel, 1, NULL, &one, &one, 0, NULL, NULL);
        clFinish(queue);
    }
    // The process ends next: nothing is released.
}

void clg_first_kernel(void)
{
    enum { MOST = 64 };
    char name[256];
    cl_platform_id platforms[MOST];
    cl_device_id device;
    cl_uint n = 0, devices = 0;
    if (clGetPlatformIDs(MOST, platforms, &n))
        return;
    for (cl_uint i = 0; i < n && i < MOST; i++)
        if (!clGetPlatformInfo(platforms[i], CL_PLATFORM_NAME, sizeof name, name, NULL) &&
            strstr(name, "Portable Computing Language") &&
            !clGetDeviceIDs(platforms[i], CL_DEVICE_TYPE_ALL, 1, &device, &devices) && devices)
            run_on(device);
}
