// Scratch memory inside operations.
#include "ops/ops.h"

#include "base/log.h"

int clg_scratch(struct clg_device *d, int slot, size_t floats, struct clg_tensor *tensor)
{
    struct clg_slab **at = &d->ops->scratch[slot];
    struct clg_shape shape = {1, 1, 1, (int)floats};
    const size_t room = clg_slab_size(shape);
    if (d->mode == CLG_MODE_COLLECT) { // nothing will be launched: only the largest counts, for what follows
        d->ops->scratch_wanted[slot] =
            room > d->ops->scratch_wanted[slot] ? room : d->ops->scratch_wanted[slot];
        *tensor = (struct clg_tensor){.shape = shape};
        return 0;
    }
    // A larger one takes the place of a smaller one; recorded launches may still use that, so it stays until
    // the end.
    if (!*at || room > d->ops->scratch_floats[slot]) {
        const size_t all = room > d->ops->scratch_wanted[slot] ? room : d->ops->scratch_wanted[slot];
        if (d->ops->scratch_old_n == CLG_SCRATCH_OLD)
            return clg_fail(&d->log, CLG_ENOMEM, "too many sizes of scratch memory");
        struct clg_slab *slab;
        int status = clg_slab_new(&slab, d, all);
        if (status)
            return status;
        if (*at)
            d->ops->scratch_old[d->ops->scratch_old_n++] = *at;
        *at = slab;
        d->ops->scratch_floats[slot] = all;
    }
    *tensor = clg_slab_all(*at);
    tensor->shape = shape;
    return 0;
}

void clg_scratch_free(struct clg_device *d)
{
    for (int i = 0; i < CLG_SCRATCH_SLOTS; i++) {
        clg_slab_free(&d->ops->scratch[i]);
        d->ops->scratch_floats[i] = d->ops->scratch_wanted[i] = 0;
    }
    while (d->ops->scratch_old_n)
        clg_slab_free(&d->ops->scratch_old[--d->ops->scratch_old_n]);
}
