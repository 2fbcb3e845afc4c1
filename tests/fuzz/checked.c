// The self-tests passed: hashes, one a line.
#include "device.h"

#include "selftest/selftest.h"

#include <stdlib.h>

void fuzz_seeds(void)
{
    static const char *const texts[] = {"forward 1x1", "backward-data 2x2", "gemm"};
    struct clg_device d = fuzz_device(CLG_DEVICE_CPU);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        clg_selftest_cache_add(&d, texts[i]);
    fuzz_seeds_take();
    clg_ops_state_free(&d);
}

void fuzz_one(const uint8_t *data, size_t size)
{
    (void)data;
    struct clg_device d = fuzz_device(CLG_DEVICE_CPU);
    clg_selftest_cache_passed(&d, "gemm");
    fuzz_expect(d.ops->selftests && d.ops->selftests->n <= 2 + (int)(size / 17),
                "no more entries than lines");
    for (int i = 1; i < d.ops->selftests->n; i++)
        fuzz_expect(d.ops->selftests->entries[i].state == CLG_SELFTEST_PASSED,
                    "what is in the file to be right");
    clg_selftest_due(&d, "another", "");
    clg_ops_state_free(&d);
}
