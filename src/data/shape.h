// The number of values in a shape.
#ifndef CLG_DATA_SHAPE_H
#define CLG_DATA_SHAPE_H

#include <stdint.h>

#define CLG_COUNT_MAX ((int64_t)1 << 46) // times 8 bytes is still far from overflow

// The product, or -1 when a size is negative or the product exceeds CLG_COUNT_MAX.
static inline int64_t clg_shape_count(const int64_t *shape, int dims)
{
    int64_t n = 1;
    for (int i = 0; i < dims; i++) {
        if (shape[i] < 0 || (shape[i] > 0 && n > CLG_COUNT_MAX / shape[i]))
            return -1;
        n *= shape[i];
    }
    return n;
}

#endif
