// A path that does not lead to a file: what may have been meant.
#ifndef CLG_BASE_MISSING_H
#define CLG_BASE_MISSING_H

#include <clgan/base.h>

// Logs why `path` cannot be read (`error` is the errno) and what to do, and returns CLG_EIO. It knows URLs,
// unexpanded patterns such as *.jpg, and typos of names that exist. `what` goes before the path in the message:
// "" or "picture folder ".
int clg_path_missing(const char *what, const char *path, int error, const struct clg_log *log);

#endif
