// Device memory: the buffers behind tensors, and copies that do not wait.
#ifndef CLG_DEVICE_MEMORY_H
#define CLG_DEVICE_MEMORY_H

#include "device/device.h"

struct clg_buffer {
    cl_mem mem;
    size_t floats;
    void *host;       // CPU devices: the memory itself, in huge pages where the system gives them
    uint64_t version; // of watched weights: counts their changes (ops/conv/packed_weights.c); 0: not watched
};

// Enqueues a copy to the device and returns; `host` must stay valid until clg_device_finish or a read.
int clg_tensor_write_later(struct clg_device *d, struct clg_tensor tensor, const void *host, size_t bytes);

#endif
