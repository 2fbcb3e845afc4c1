// The process that OpenCL belongs to. Drivers have threads and locks, which a forked child lacks: it would
// wait for them for ever.
#include "base/log.h"
#include "base/process.h"
#include "device/device.h"
#include "device/devices.h"

#include <stdatomic.h>

int clg_opencl_enter(const struct clg_log *log)
{
    static _Atomic long owner; // the process that used OpenCL first, 0: none
    long before = 0;
    if (atomic_compare_exchange_strong(&owner, &before, clg_process_id()) || !clg_process_is_child(before))
        return 0;
    return clg_process_refuse(log, CLG_EDEVICE, "OpenCL");
}

bool clg_device_inherited(const struct clg_device *d)
{
    return clg_process_is_child(d->process);
}

int clg_device_check(const struct clg_device *d)
{
    return clg_device_inherited(d) ? clg_process_refuse(&d->log, CLG_EDEVICE, "the device") : 0;
}
