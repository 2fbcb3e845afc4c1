// Scratch memory inside operations, and the check of forced variants' names.
#include "ops/ops.h"

#include "base/log.h"

#include <string.h>

int clg_scratch(struct clg_device *d, int slot, size_t floats, struct clg_tensor *tensor)
{
    // A larger one takes the place of a smaller one; recorded launches may still use that, so it stays until the end.
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

int clg_variants_check(struct clg_device *d)
{
    static const char *const known[] = {"conv=plain", "conv=gemm", "conv=cpu", "gemm=plain", "gemm=clblast"};
    for (const char *p = d->variants; p && *p;) {
        size_t length = strcspn(p, ","), i = 0, n = sizeof known / sizeof *known;
        while (i < n && (strlen(known[i]) != length || strncmp(p, known[i], length)))
            i++;
        if (i == n)
            return clg_fail(&d->log, CLG_EINVAL,
                            "no variant \"%.*s\"; known: conv=plain, conv=gemm, conv=cpu, gemm=plain, gemm=clblast",
                            (int)length, p);
        p += length + (p[length] == ',');
    }
    return 0;
}
