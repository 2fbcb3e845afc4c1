// Folders for caches: the user's own, or a private one where files are temporary.
#ifndef CLG_DEVICE_CACHES_H
#define CLG_DEVICE_CACHES_H

#include <clgan/drivers.h>

// Sets POCL_CACHE_DIR when PoCL could not keep files where it would by itself. A warning when there is no
// place for them at all: PoCL shows no device then. Mesa, NVIDIA's and Intel's drivers do without a cache.
void clg_pocl_cache_prepare(const struct clg_log *log);

#endif
