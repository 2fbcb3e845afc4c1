// Device memory: buffers, slabs handed out as tensors, copies to and from the host.
#include "device/memory.h"

#include "base/log.h"

#include <stdlib.h>
#include <sys/mman.h>

enum { ALIGN_FLOATS = 64, HUGE_PAGE = 2 << 20 };

size_t clg_shape_count(struct clg_shape s)
{
    return (size_t)s.n * (size_t)s.h * (size_t)s.w * (size_t)s.c;
}

bool clg_shape_equal(struct clg_shape a, struct clg_shape b)
{
    return a.n == b.n && a.h == b.h && a.w == b.w && a.c == b.c;
}

// On CPU devices the buffer is our own aligned memory in huge pages: fewer TLB misses, no copies.
static void *host_memory(size_t bytes)
{
    size_t rounded = (bytes + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE;
    void *p = bytes >= HUGE_PAGE ? aligned_alloc(HUGE_PAGE, rounded)
                                 : aligned_alloc(4096, (bytes + 4095) / 4096 * 4096);
    if (p && bytes >= HUGE_PAGE)
        madvise(p, rounded, MADV_HUGEPAGE); // a wish: failing costs speed only
    return p;
}

static int buffer_new(struct clg_device *d, struct clg_buffer *b, size_t floats)
{
    size_t bytes = floats * sizeof(float);
    if (bytes > d->info.max_allocation)
        return clg_fail(
            &d->log, CLG_ENOMEM,
            "%.2f GiB in one piece is more than %s allows (%.2f GiB); try a smaller --batch, --ngf or --ndf",
            (double)bytes / 1073741824.0, d->info.name, (double)d->info.max_allocation / 1073741824.0);
    int status = clg_device_check(d);
    if (status)
        return status;
    *b = (struct clg_buffer){.floats = floats};
    cl_mem_flags flags = CL_MEM_READ_WRITE;
    if (d->info.type == CLG_DEVICE_CPU) {
        b->host = host_memory(bytes);
        if (b->host)
            flags |= CL_MEM_USE_HOST_PTR;
    }
    cl_int error;
    b->mem = clCreateBuffer(d->context, flags, bytes, b->host, &error);
    if (error) {
        free(b->host);
        return clg_cl_fail(d, error,
                           "cannot get %.1f MiB of device memory (%.1f MiB in use); try a smaller --batch",
                           (double)bytes / 1048576.0, (double)d->memory / 1048576.0);
    }
    d->memory += bytes;
    if (d->memory > d->memory_peak)
        d->memory_peak = d->memory;
    return 0;
}

static void buffer_free(struct clg_device *d, struct clg_buffer *b)
{
    if (!b->mem)
        return;
    clReleaseMemObject(b->mem);
    d->memory -= b->floats * sizeof(float);
    free(b->host);
}

struct clg_slab {
    struct clg_device *device;
    struct clg_buffer buffer;
    size_t used;
};

size_t clg_slab_size(struct clg_shape shape)
{
    return (clg_shape_count(shape) + ALIGN_FLOATS - 1) / ALIGN_FLOATS * ALIGN_FLOATS;
}

int clg_slab_new(struct clg_slab **slab, struct clg_device *device, size_t floats)
{
    *slab = calloc(1, sizeof **slab);
    if (!*slab)
        return clg_fail(&device->log, CLG_ENOMEM, "out of memory");
    (*slab)->device = device;
    int status = buffer_new(device, &(*slab)->buffer, floats ? floats : ALIGN_FLOATS);
    if (status) {
        free(*slab);
        *slab = NULL;
    }
    return status;
}

void clg_slab_free(struct clg_slab **address)
{
    struct clg_slab *slab = *address;
    *address = NULL;
    if (!slab || clg_device_inherited(slab->device))
        return;
    clg_device_finish(slab->device); // launches may still use it
    buffer_free(slab->device, &slab->buffer);
    free(slab);
}

int clg_slab_take(struct clg_slab *slab, struct clg_shape shape, struct clg_tensor *tensor)
{
    size_t room = clg_slab_size(shape);
    if (room > slab->buffer.floats - slab->used)
        return clg_fail(&slab->device->log, CLG_ENOMEM, "slab of %zu floats is too small",
                        slab->buffer.floats);
    *tensor = (struct clg_tensor){&slab->buffer, slab->used, shape};
    slab->used += room;
    return 0;
}

struct clg_tensor clg_slab_all(const struct clg_slab *slab)
{
    struct clg_tensor t = {(struct clg_buffer *)&slab->buffer, 0, {1, 1, 1, (int)slab->used}};
    return t;
}

int clg_tensor_write_later(struct clg_device *d, struct clg_tensor t, const void *host, size_t bytes)
{
    int status = clg_device_check(d);
    if (status)
        return status;
    if (t.buffer->version)
        t.buffer->version++;
    cl_int error = clEnqueueWriteBuffer(d->queue, t.buffer->mem, CL_FALSE, t.offset * sizeof(float), bytes,
                                        host, 0, NULL, NULL);
    return error ? clg_cl_fail(d, error, "cannot copy %zu bytes to the device", bytes) : 0;
}

int clg_tensor_write(struct clg_device *d, struct clg_tensor t, const float *host)
{
    int status = clg_tensor_write_later(d, t, host, clg_shape_count(t.shape) * sizeof(float));
    if (status && clg_device_inherited(d))
        return status;
    int finished = clg_device_finish(d);
    return status ? status : finished;
}

int clg_tensor_read(struct clg_device *d, struct clg_tensor t, float *host)
{
    int status = clg_device_check(d);
    if (status)
        return status;
    cl_int error = clEnqueueReadBuffer(d->queue, t.buffer->mem, CL_TRUE, t.offset * sizeof(float),
                                       clg_shape_count(t.shape) * sizeof(float), host, 0, NULL, NULL);
    return error ? clg_cl_fail(d, error, "cannot copy from the device") : 0;
}
