// Tuning files: every line that is taken names a convolution that its variant fits.
#include "device.h"

#include "tune/table.h"

#include <stdlib.h>

// A variant that fits, for three layers in every pass.
static void seed(enum clg_device_type type)
{
    static const struct clg_tuning_entry layers[] = {
        {.conv = {4, 4, 2, 1}, .n = 128, .h = 32, .w = 32, .c = 64, .k = 128},
        {.conv = {1, 1, 1, 0}, .n = 1, .h = 1, .w = 1, .c = 8192, .k = 1},
        {.conv = {3, 5, 1, 2}, .n = 7, .h = 9, .w = 11, .c = 3, .k = 5},
    };
    struct clg_device d = fuzz_device(type);
    struct clg_tuning_entry entries[64];
    int n = 0;
    for (int i = 0; i < 9; i++)
        for (const struct clg_conv_variant *const *v = clg_conv_variants; *v; v++) {
            struct clg_tuning_entry *e = &entries[n];
            *e = layers[i / 3];
            e->pass = (enum clg_conv_pass)(i % 3);
            e->variant = *v;
            e->ms = 1.5 + i;
            e->error = 1e-6;
            const struct clg_conv_job job = clg_tuning_job(e);
            n += (*v)->fits(&d, &job);
        }
    fuzz_expect(n > 9 && !clg_tuning_keep(&d, clg_conv_variants, entries, n, type == CLG_DEVICE_GPU),
                "a seed");
    fuzz_seeds_take();
    clg_ops_state_free(&d);
}

void fuzz_seeds(void)
{
    seed(CLG_DEVICE_CPU);
    seed(CLG_DEVICE_GPU);
}

static void load(enum clg_device_type type)
{
    struct clg_device d = fuzz_device(type);
    fuzz_expect(!clg_tuning_load(&d, clg_conv_variants), "no failure whatever the file says");
    for (int i = 0; i < d.ops->tuning->n; i++) {
        struct clg_conv_job job = clg_tuning_job(&d.ops->tuning->entries[i]);
        const struct clg_tuning_entry *found = clg_tuning_find(&d, &job);
        fuzz_expect(found && found->variant->fits(&d, &job), "what was taken to be found");
        job.x.shape.n = 3;
        clg_tuning_find(&d, &job);
    }
    fuzz_expect(clg_tuning_clblast(&d) >= 0, "a list of CLBlast's");
    clg_ops_state_free(&d);
}

void fuzz_one(const uint8_t *data, size_t size)
{
    (void)data, (void)size;
    load(CLG_DEVICE_CPU);
    load(CLG_DEVICE_GPU);
}
