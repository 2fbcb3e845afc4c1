// From a listed device back to OpenCL's ids, and what tells that two platforms show the same one.
#ifndef CLG_DEVICE_DEVICES_H
#define CLG_DEVICE_DEVICES_H

#include <CL/cl.h>
#include <clgan/device.h>

// The OpenCL ids of an entry of clg_devices_list. CLG_ENODEV when it has gone since.
int clg_devices_find(const struct clg_device_info *info, cl_platform_id *platform, cl_device_id *device,
                     const struct clg_log *log);

// What a driver tells about which piece of hardware a device is.
struct clg_device_identity {
    bool has_uuid, has_pci, has_domain;
    uint8_t uuid[16];
    uint32_t domain, bus, slot, function; // PCI
};
struct clg_device_identity clg_device_identify(cl_device_id device, const char *extensions);
// The identity as clg_device_info tells it; not 0 when there is one.
void clg_device_publish(const struct clg_device_identity *id, uint64_t uuid[2]);
// Are these the same device, shown by two platforms? Two devices of one platform never are, and CPUs only
// when the same implementation is registered twice: PoCL and another CPU runtime are a choice.
bool clg_devices_same(const struct clg_device_info *a, const struct clg_device_identity *a_id,
                      const struct clg_device_info *b, const struct clg_device_identity *b_id);

// Is `name` one of the blank-separated `extensions` (may be NULL)?
bool clg_device_extension(const char *extensions, const char *name);

// Is this process the one that uses OpenCL, or the first to do so? Else, in a forked child, CLG_EDEVICE after
// a line in the log (owner.c).
int clg_opencl_enter(const struct clg_log *log);

#endif
