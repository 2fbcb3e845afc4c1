// Scratch memory inside operations.
#include "ops/ops.h"

#include "base/log.h"

int clg_scratch(struct clg_device *d, int slot, size_t floats, struct clg_tensor *tensor)
{
    // A larger one takes the place of a smaller one; recorded launches may still use that, so it stays until
    // the end.
    struct clg_slab **at = &d->scratch[slot];
    struct clg_shape shape = {1, 1, 1, (int)floats};
    if (!*at || clg_slab_room(shape) > d->scratch_floats[slot]) {
        if (d->scratch_old_n == CLG_SCRATCH_OLD)
            return clg_fail(&d->log, CLG_ENOMEM, "too many sizes of scratch memory");
        struct clg_slab *slab;
        int status = clg_slab_new(&slab, d, clg_slab_room(shape));
        if (status)
            return status;
        if (*at)
            d->scratch_old[d->scratch_old_n++] = *at;
        *at = slab;
        d->scratch_floats[slot] = clg_slab_room(shape);
    }
    *tensor = clg_slab_all(*at);
    tensor->shape = shape;
    return 0;
}
