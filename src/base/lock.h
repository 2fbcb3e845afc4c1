// A folder for one process at a time.
#ifndef CLG_BASE_LOCK_H
#define CLG_BASE_LOCK_H

#include <clgan/base.h>

// Held by the file `.clgan-lock` in the folder, which names the process. The system lets go of it when the
// process ends, however that happens.
struct clg_lock {
    int fd;       // -1: not held
    long process; // that took it
    char *path;
};
#define CLG_LOCK_NONE ((struct clg_lock){.fd = -1})

// Another process holds it, or the folder cannot be written to: CLG_EIO, after a line that says what to do.
int clg_lock_take(struct clg_lock *lock, const char *folder, const struct clg_log *log);
void clg_lock_free(struct clg_lock *lock); // harmless when not held

#endif
