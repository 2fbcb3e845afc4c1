// The time that each kernel took, where params.profile asks for it.
#ifndef CLG_DEVICE_PROFILE_H
#define CLG_DEVICE_PROFILE_H

#include "device/device.h"

int clg_profile_new(struct clg_device *d);
void clg_profile_free(struct clg_device *d);
void clg_profile_add(struct clg_device *d, const char *name, cl_event event, double flops, double bytes);

#endif
