// A folder for one process at a time: a lock on a file in it.
#include "base/lock.h"

#include "base/log.h"
#include "base/process.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

// Is the open file still what the path names? Its last holder may have removed it.
static bool is_named(int fd, const char *path)
{
    struct stat open, named;
    return !fstat(fd, &open) && !stat(path, &named) && open.st_ino == named.st_ino &&
           open.st_dev == named.st_dev;
}

static int refuse(int fd, const char *folder, const struct clg_log *log)
{
    char holder[32] = "";
    const ssize_t n = pread(fd, holder, sizeof holder - 1, 0);
    holder[n > 0 ? strcspn(holder, "\n") : 0] = 0;
    return clg_fail(log, CLG_EIO,
                    "%s is being written to by another run (process %s): wait for it, stop it, or choose "
                    "another folder",
                    folder, *holder ? holder : "unknown");
}

static void holder_write(int fd)
{
    char text[32];
    const int n = snprintf(text, sizeof text, "%ld\n", (long)getpid());
    if (ftruncate(fd, 0) || pwrite(fd, text, (size_t)n, 0) < n)
        return; // for people only: the lock holds without it
}

int clg_lock_take(struct clg_lock *lock, const char *folder, const struct clg_log *log)
{
    *lock = CLG_LOCK_NONE;
    size_t size = strlen(folder) + 16;
    char *path = malloc(size);
    if (!path)
        return clg_fail(log, CLG_ENOMEM, "out of memory");
    snprintf(path, size, "%s/.clgan-lock", folder);
    for (;;) {
        int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666), status = 0;
        if (fd < 0 && errno == ENOENT)
            status = clg_fail(log, CLG_EIO, "there is no folder %s", folder);
        else if (fd < 0)
            status = clg_fail(log, CLG_EIO, "cannot write to the folder %s: %s", folder, strerror(errno));
        else if (flock(fd, LOCK_EX | LOCK_NB) && errno == EWOULDBLOCK) // file systems without locks: go on
            status = refuse(fd, folder, log);
        if (!status && !is_named(fd, path)) {
            close(fd);
            continue;
        }
        if (status) {
            if (fd >= 0)
                close(fd);
            free(path);
            return status;
        }
        holder_write(fd);
        *lock = (struct clg_lock){fd, clg_process_id(), path};
        return 0;
    }
}

void clg_lock_free(struct clg_lock *lock)
{
    if (lock->fd < 0)
        return;
    if (!clg_process_is_child(lock->process))
        unlink(lock->path); // while it is held: who comes next makes a new one
    close(lock->fd);
    free(lock->path);
    *lock = CLG_LOCK_NONE;
}
