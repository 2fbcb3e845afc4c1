// A path that does not lead to a file: what may have been meant.
#ifndef CLG_BASE_MISSING_H
#define CLG_BASE_MISSING_H

#include <clgan/base.h>

// Says why `path` cannot be read, `error` being what the system said, and what to do: it is a URL, a pattern
// that no shell expanded, or nearly the name of something that exists. `what` goes before the path: "" or
// "picture folder ". Returns CLG_EIO after that line.
int clg_path_missing(const char *what, const char *path, int error, const struct clg_log *log);

#endif
