// A device without OpenCL, for what is read from files besides kernels. Free its state with clg_ops_state_free.
#ifndef CLG_TESTS_FUZZ_DEVICE_H
#define CLG_TESTS_FUZZ_DEVICE_H

#include "fuzz.h"

#include "device/device.h"

static inline struct clg_device fuzz_device(enum clg_device_type type)
{
    char *const folder = (char *)fuzz_folder();
    return (struct clg_device){.info = {.name = "A device",
                                        .platform_name = "A platform",
                                        .vendor = "A vendor",
                                        .version = "OpenCL 1.2",
                                        .driver = "1.0",
                                        .type = type,
                                        .compute_units = 2,
                                        .memory = (uint64_t)8 << 30,
                                        .max_allocation = (uint64_t)2 << 30,
                                        .local_memory = type == CLG_DEVICE_CPU ? 512 << 10 : 32 << 10,
                                        .max_work_group = type == CLG_DEVICE_CPU ? 4096 : 256},
                               .vector = type == CLG_DEVICE_CPU ? 8 : 4,
                               .work_group = 64,
                               .launch_flops = 1e11,
                               .cache_dir = folder,
                               .tuning_dir = folder,
                               .ops = clg_ops_state_new(),
                               .log = fuzz_log};
}

#endif
