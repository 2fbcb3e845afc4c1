// The operations' state of a device.
#include "ops/ops.h"

#include <stdlib.h>

struct clg_ops_state *clg_ops_state_new(void)
{
    struct clg_ops_state *state = calloc(1, sizeof *state);
    if (state)
        state->clblast_list = -1;
    return state;
}

void clg_ops_state_free(struct clg_device *d)
{
    if (!d->ops)
        return;
    clg_scratch_free(d);
    free(d->ops->tuning);
    free(d->ops->selftests);
    free(d->ops);
    d->ops = NULL;
}
