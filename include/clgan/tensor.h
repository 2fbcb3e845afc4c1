// Tensors: views of device memory. All activations are dense float32 NHWC.
#ifndef CLGAN_TENSOR_H
#define CLGAN_TENSOR_H

#include <clgan/device.h>

#ifdef __cplusplus
extern "C" {
#endif

// [n][h][w][c]; vectors use c alone (n = h = w = 1).
struct clg_shape {
    int n, h, w, c;
};

struct clg_buffer; // one allocation on a device

// A view; owns nothing. `offset` counts floats from the start of the buffer.
struct clg_tensor {
    struct clg_buffer *buffer;
    size_t offset;
    struct clg_shape shape;
};

// One allocation that is handed out as tensors and freed in one go.
struct clg_slab;

CLG_API size_t clg_shape_count(struct clg_shape shape); // floats
CLG_API bool clg_shape_equal(struct clg_shape a, struct clg_shape b);

// Room for `floats` floats, contents undefined. clg_slab_size tells what a tensor of a shape takes of it
// (tensors start on 64-float boundaries).
CLG_API int clg_slab_new(struct clg_slab **slab, struct clg_device *device, size_t floats);
CLG_API void clg_slab_free(struct clg_slab **slab);
CLG_API size_t clg_slab_size(struct clg_shape shape);
// The next free part; asking for more than there is returns CLG_ENOMEM.
CLG_API int clg_slab_take(struct clg_slab *slab, struct clg_shape shape, struct clg_tensor *tensor);
// All that was handed out so far as one vector (padding included).
CLG_API struct clg_tensor clg_slab_all(const struct clg_slab *slab);

// Copies clg_shape_count(shape) floats between host and device; both wait for the queue.
CLG_API int clg_tensor_write(struct clg_device *device, struct clg_tensor tensor, const float *host);
CLG_API int clg_tensor_read(struct clg_device *device, struct clg_tensor tensor, float *host);

#ifdef __cplusplus
}
#endif
#endif
