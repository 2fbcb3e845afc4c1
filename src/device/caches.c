// Folders for caches: the user's own, or a private one where files are temporary.
#include "device/caches.h"

#include "base/file.h"
#include "base/log.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

// What a cache asks of its folder.
struct needs {
    const char *inside; // the folder's path in the base folder
    uint64_t room;      // bytes
    bool code;          // what is kept there is loaded as a library
};
static const struct needs own_needs = {"clgan", 1 << 20, false};
static const struct needs pocl_needs = {"pocl/kcache", 16 << 20, true};

enum { WHY = 256 };

// --- can files be kept in a folder? ------------------------------------------------------------
// Only the owner may write to what is created here: kernels from it are run.
static bool folder_create(const char *path)
{
    struct stat info;
    if (mkdir(path, 0700) == 0 || errno == EEXIST)
        return true;
    const int error = errno; // some file systems refuse even what is there
    const bool there = stat(path, &info) == 0 && S_ISDIR(info.st_mode);
    errno = error;
    return there;
}

static bool folders_create(const char *path)
{
    char copy[PATH_MAX];
    if (snprintf(copy, sizeof copy, "%s", path) >= (int)sizeof copy) {
        errno = ENAMETOOLONG;
        return false;
    }
    for (char *p = copy + 1; *p; p++) {
        if (*p != '/')
            continue;
        *p = 0;
        if (!folder_create(copy))
            return false;
        *p = '/';
    }
    return folder_create(copy);
}

// Full disks and quotas show only when something is written.
static bool file_written(const char *folder)
{
    static const char zeros[65536];
    char path[PATH_MAX];
    if (snprintf(path, sizeof path, "%s/trial-XXXXXX", folder) >= (int)sizeof path) {
        errno = ENAMETOOLONG;
        return false;
    }
    const int fd = mkstemp(path);
    if (fd < 0)
        return false;
    const ssize_t written = write(fd, zeros, sizeof zeros);
    const int error = written < 0 ? errno : ENOSPC;
    unlink(path);
    close(fd);
    errno = error;
    return written == (ssize_t)sizeof zeros;
}

// Folders that another user left there: `sudo` with the HOME of the user before it.
static bool folders_writable(const char *folder)
{
    bool ok = true;
    DIR *dir = opendir(folder);
    for (struct dirent *e; dir && ok && (e = readdir(dir));)
        if (e->d_type == DT_DIR && e->d_name[0] != '.')
            ok = faccessat(dirfd(dir), e->d_name, W_OK | X_OK, AT_EACCESS) == 0;
    if (dir)
        closedir(dir);
    return ok;
}

// Creates the folder. False: why files cannot be kept there, as the end of a sentence about it.
static bool folder_serves(const char *path, const struct needs *needs, char why[WHY])
{
    struct statvfs fs;
    if (!folders_create(path)) {
        snprintf(why, WHY, "cannot be created: %s", strerror(errno));
        return false;
    }
    if (!file_written(path)) {
        snprintf(why, WHY, "cannot be written to: %s", strerror(errno));
        return false;
    }
    if (!folders_writable(path)) {
        snprintf(why, WHY, "holds folders of another user");
        return false;
    }
    if (statvfs(path, &fs))
        return true;
    const uint64_t room = (uint64_t)fs.f_bavail * fs.f_frsize;
    if (fs.f_blocks && room < needs->room) {
        snprintf(why, WHY, "has too little room: %.1f MiB", (double)room / (1 << 20));
        return false;
    }
    if (needs->code && fs.f_flag & ST_NOEXEC) {
        snprintf(why, WHY, "is on a file system that nothing may be executed from");
        return false;
    }
    return true;
}

// --- which folder ------------------------------------------------------------------------------
// The XDG specification wants relative paths ignored.
static bool user_base(char base[PATH_MAX])
{
    const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    int n = -1;
    if (cache && *cache == '/')
        n = snprintf(base, PATH_MAX, "%s", cache);
    else if (home && *home == '/')
        n = snprintf(base, PATH_MAX, "%s/.cache", home);
    return n > 0 && n < PATH_MAX;
}

// A folder in `parent` that nobody else can write to, rename or have made for us.
static bool private_base(const char *parent, char base[PATH_MAX])
{
    struct stat info;
    if (!parent || *parent != '/' || stat(parent, &info))
        return false;
    const bool shared = info.st_mode & (S_IWGRP | S_IWOTH) || (info.st_uid && info.st_uid != geteuid());
    if (shared && !(info.st_mode & S_ISVTX))
        return false;
    const int n = snprintf(base, PATH_MAX, "%s/clgan-%ld", parent, (long)geteuid());
    if (n >= PATH_MAX || (mkdir(base, 0700) && errno != EEXIST) || lstat(base, &info))
        return false;
    return S_ISDIR(info.st_mode) && info.st_uid == geteuid() && !(info.st_mode & (S_IRWXG | S_IRWXO));
}

static bool folder_path(const char *base, const struct needs *needs, char path[PATH_MAX])
{
    return snprintf(path, PATH_MAX, "%s/%s", base, needs->inside) < PATH_MAX;
}

static bool private_folder(const struct needs *needs, char path[PATH_MAX])
{
    const char *const parents[] = {getenv("TMPDIR"), "/tmp", "/var/tmp", "/dev/shm"};
    char base[PATH_MAX], why[WHY];
    for (int i = 0; i < 4; i++)
        if (private_base(parents[i], base) && folder_path(base, needs, path) &&
            folder_serves(path, needs, why))
            return true;
    return false;
}

// Two caches move for one reason: it is said once, to the first who listens.
static void tell_move(const char *path, const char *why, const struct clg_log *log)
{
    static atomic_flag told = ATOMIC_FLAG_INIT;
    if (log != &clg_log_silent && !atomic_flag_test_and_set(&told))
        clg_log_line(log, CLG_LOG_WARNING,
                     "%s; compiled kernels are kept in %s instead: set XDG_CACHE_HOME to a folder that stays",
                     why, path);
}

// What can be used, or false with the reason why the user's own folder cannot.
static bool folder_find(const struct needs *needs, char path[PATH_MAX], char why[PATH_MAX + WHY],
                        const struct clg_log *log)
{
    char base[PATH_MAX], trouble[WHY];
    if (user_base(base) && folder_path(base, needs, path)) {
        if (folder_serves(path, needs, trouble))
            return true;
        snprintf(why, PATH_MAX + WHY, "%s %s", path, trouble);
    } else {
        snprintf(why, PATH_MAX + WHY, "neither XDG_CACHE_HOME nor HOME is the path of a folder");
    }
    if (!private_folder(needs, path))
        return false;
    tell_move(path, why, log);
    return true;
}

const char *clg_cache_folder(const char *inside, char *path, size_t size, const struct clg_log *log)
{
    char folder[PATH_MAX], why[PATH_MAX + WHY];
    if (!folder_find(&own_needs, folder, why, log))
        return NULL;
    const int n = snprintf(path, size, "%s%s", folder, inside);
    return n > 0 && (size_t)n < size ? path : NULL;
}

// --- PoCL --------------------------------------------------------------------------------------
// Where PoCL would go by itself. Without HOME that is a folder in /tmp which anybody may have made.
static bool pocl_default(char path[PATH_MAX])
{
    const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    int n = -1;
    if (cache && *cache)
        n = snprintf(path, PATH_MAX, "%s/%s", cache, pocl_needs.inside);
    else if (home)
        n = snprintf(path, PATH_MAX, "%s/.cache/%s", home, pocl_needs.inside);
    return n > 0 && n < PATH_MAX;
}

void clg_pocl_cache_prepare(const struct clg_log *log)
{
    char path[PATH_MAX], own[PATH_MAX], why[PATH_MAX + WHY], trouble[WHY];
    const char *given = getenv("POCL_CACHE_DIR");
    bool found;
    if (given && *given) {
        if (folder_serves(given, &pocl_needs, trouble))
            return;
        snprintf(why, sizeof why, "POCL_CACHE_DIR: %s %s", given, trouble);
        found = private_folder(&pocl_needs, path);
        if (found)
            tell_move(path, why, log);
    } else {
        found = folder_find(&pocl_needs, path, why, log);
    }
    if (!found)
        clg_log_line(
            log, CLG_LOG_WARNING,
            "%s, and there is no other place for PoCL's kernels: it will show no device or fail; set "
            "POCL_CACHE_DIR to a folder that can be written to",
            why);
    else if (given || !pocl_default(own) || strcmp(own, path))
        setenv("POCL_CACHE_DIR", path, 1);
}
