// Scratch memory inside operations.
#include "ops/ops.h"

#include "base/log.h"

int clg_scratch(struct clg_device *d, int slot, size_t floats, struct clg_tensor *tensor)
{
    struct clg_slab **at = &d->scratch[slot];
    struct clg_shape shape = {1, 1, 1, (int)floats};
    const size_t room = clg_slab_size(shape);
    if (d->mode == CLG_MODE_COLLECT) { // nothing will be launched: only the largest counts, for what follows
        d->scratch_wanted[slot] = room > d->scratch_wanted[slot] ? room : d->scratch_wanted[slot];
        *tensor = (struct clg_tensor){.shape = shape};
        return 0;
    }
    // A larger one takes the place of a smaller one; recorded launches may still use that, so it stays until
    // the end.
    if (!*at || room > d->scratch_floats[slot]) {
        const size_t all = room > d->scratch_wanted[slot] ? room : d->scratch_wanted[slot];
        if (d->scratch_old_n == CLG_SCRATCH_OLD)
            return clg_fail(&d->log, CLG_ENOMEM, "too many sizes of scratch memory");
        struct clg_slab *slab;
        int status = clg_slab_new(&slab, d, all);
        if (status)
            return status;
        if (*at)
            d->scratch_old[d->scratch_old_n++] = *at;
        *at = slab;
        d->scratch_floats[slot] = all;
    }
    *tensor = clg_slab_all(*at);
    tensor->shape = shape;
    return 0;
}
