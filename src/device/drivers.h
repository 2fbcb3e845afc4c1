// Loading OpenCL's drivers, once for the process.
#ifndef CLG_DEVICE_DRIVERS_H
#define CLG_DEVICE_DRIVERS_H

#include <clgan/drivers.h>

// Before any other OpenCL call: prepares, tries the drivers as <clgan/drivers.h> tells, and loads them. What
// is left out is told as warnings. The first call does it all; later ones give 0.
int clg_drivers_load(const struct clg_log *log);

#endif
