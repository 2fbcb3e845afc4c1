// Files that appear whole or not at all, and whole files read into memory.
#include "base/file.h"

#include "base/log.h"
#include "base/missing.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static const char part[] = ".part-"; // between a file's name and what makes its temporary one unique

static void file_release(struct clg_file *file)
{
    free(file->path);
    free(file->temporary);
    *file = (struct clg_file){0};
}

int clg_file_create(struct clg_file *file, const char *path, const struct clg_log *log)
{
    *file = (struct clg_file){0};
    size_t size = strlen(path) + sizeof part + 6;
    file->path = strdup(path);
    file->temporary = malloc(size);
    if (!file->path || !file->temporary) {
        file_release(file);
        return clg_fail(log, CLG_ENOMEM, "out of memory writing %s", path);
    }
    snprintf(file->temporary, size, "%s%sXXXXXX", path, part);
    int fd = mkstemp(file->temporary);
    if (fd >= 0) {
        mode_t mask = umask(0);
        umask(mask);
        fchmod(fd, 0666 & ~mask);
        file->stream = fdopen(fd, "wb");
        if (!file->stream) {
            close(fd);
            unlink(file->temporary);
        }
    }
    if (!file->stream) {
        int status = clg_fail(log, CLG_EIO, "cannot write %s: %s", path, strerror(errno));
        file_release(file);
        return status;
    }
    return 0;
}

static void folder_sync(const char *path)
{
    char *copy = strdup(path);
    int fd = copy ? open(dirname(copy), O_RDONLY | O_DIRECTORY) : -1;
    if (fd >= 0) {
        fsync(fd); // best effort: some file systems refuse it on folders
        close(fd);
    }
    free(copy);
}

int clg_file_commit(struct clg_file *file, const struct clg_log *log)
{
    bool ok = !ferror(file->stream) && fflush(file->stream) == 0 && fsync(fileno(file->stream)) == 0;
    ok = (fclose(file->stream) == 0) && ok;
    file->stream = NULL;
    if (ok)
        ok = rename(file->temporary, file->path) == 0;
    int status = 0;
    if (ok) {
        folder_sync(file->path);
    } else {
        status = clg_fail(log, CLG_EIO, "cannot write %s: %s", file->path, strerror(errno));
        unlink(file->temporary);
    }
    file_release(file);
    return status;
}

void clg_file_abort(struct clg_file *file)
{
    if (file->stream) {
        fclose(file->stream);
        unlink(file->temporary);
    }
    file_release(file);
}

void clg_file_remove_parts(const char *folder, const char *prefix)
{
    DIR *dir = opendir(folder);
    for (struct dirent *e; dir && (e = readdir(dir));) {
        const char *mark = strstr(e->d_name, part);
        if (mark && strlen(mark) == sizeof part - 1 + 6 && !strncmp(e->d_name, prefix, strlen(prefix)))
            unlinkat(dirfd(dir), e->d_name, 0);
    }
    if (dir)
        closedir(dir);
}

// Not blocking: opening a named pipe would wait for its writer.
int clg_file_open(const char *path, struct stat *info, const struct clg_log *log)
{
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        clg_path_missing("", path, errno, log);
        return CLG_EIO;
    }
    if (!fstat(fd, info) && S_ISREG(info->st_mode))
        return fd;
    close(fd);
    return clg_fail(log, CLG_EIO, "cannot read %s: not a regular file", path);
}

size_t clg_file_prefix(int fd, void *bytes, size_t n)
{
    size_t have = 0;
    while (have < n) {
        const ssize_t got = pread(fd, (char *)bytes + have, n - have, (off_t)have);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            break;
        have += (size_t)got;
    }
    return have;
}

int clg_file_read(const char *path, size_t limit, char **content, size_t *size, const struct clg_log *log)
{
    *content = NULL;
    *size = 0;
    struct stat info;
    const int fd = clg_file_open(path, &info, log);
    if (fd < 0)
        return fd;
    int status = 0;
    const size_t bytes = (size_t)info.st_size;
    if (bytes > limit)
        status = clg_fail(log, CLG_EFORMAT, "%s is too large: %zu bytes, at most %zu expected", path, bytes,
                          limit);
    else if (!(*content = malloc(bytes + 1)))
        status = clg_fail(log, CLG_ENOMEM, "out of memory reading %s (%zu bytes)", path, bytes);
    else if (clg_file_prefix(fd, *content, bytes) != bytes)
        status = clg_fail(log, CLG_EIO, "cannot read %s: it ended early", path);
    close(fd);
    if (!status) {
        (*content)[bytes] = 0;
        *size = bytes;
    } else {
        free(*content);
        *content = NULL;
    }
    return status;
}

int clg_file_map(const char *path, const char **content, size_t *size, const struct clg_log *log)
{
    *content = NULL;
    struct stat info;
    const int fd = clg_file_open(path, &info, log);
    if (fd < 0)
        return fd;
    int status = 0;
    if (info.st_size < 1) {
        status = clg_fail(log, CLG_EFORMAT, "%s is empty", path);
    } else {
        void *memory = mmap(NULL, (size_t)info.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
        if (memory == MAP_FAILED)
            status = clg_fail(log, CLG_EIO, "cannot read %s: %s", path, strerror(errno));
        else
            *content = memory;
        *size = (size_t)info.st_size;
    }
    close(fd);
    return status;
}

void clg_file_unmap(const char **content, size_t size)
{
    if (*content)
        munmap((void *)*content, size);
    *content = NULL;
}

void clg_path_absolute(const char *path, char *absolute, size_t size)
{
    char folder[4096] = "";
    const bool relative = *path != '/';
    snprintf(absolute, size, "%s", path);
    size_t at = 0;
    if (relative && !getcwd(folder, sizeof folder))
        return;
    if (relative && strcmp(folder, "/"))
        at = strlen(folder);
    if (at + strlen(path) + 2 > size)
        return;
    memcpy(absolute, folder, at);
    for (const char *name = path; *name;) {
        const size_t length = strcspn(name, "/");
        if (length && !(length == 1 && *name == '.')) {
            absolute[at++] = '/';
            memcpy(absolute + at, name, length);
            at += length;
        }
        name += length + (name[length] == '/');
    }
    if (!at)
        absolute[at++] = '/';
    absolute[at] = 0;
}

bool clg_file_exists(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0;
}

int clg_file_remove(const char *path, const struct clg_log *log)
{
    return unlink(path) == 0 ? 0 : clg_fail(log, CLG_EIO, "cannot remove %s: %s", path, strerror(errno));
}

int clg_folder_create(const char *path, const struct clg_log *log)
{
    char *copy = strdup(path);
    if (!copy)
        return clg_fail(log, CLG_ENOMEM, "out of memory creating %s", path);
    bool ok = true;
    for (char *p = copy + 1; ok && *p; p++) {
        if (*p == '/') {
            *p = 0;
            ok = mkdir(copy, 0777) == 0 || errno == EEXIST;
            *p = '/';
        }
    }
    struct stat info;
    ok = ok &&
         (mkdir(copy, 0777) == 0 || (errno == EEXIST && stat(copy, &info) == 0 && S_ISDIR(info.st_mode)));
    int error = errno;
    free(copy);
    return ok ? 0 : clg_fail(log, CLG_EIO, "cannot create folder %s: %s", path, strerror(error));
}

double clg_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}
