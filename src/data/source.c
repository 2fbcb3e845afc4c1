// Classifies where pictures are to come from, and explains what is wrong if it is not a folder.
#include "data/source.h"

#include "base/file.h"
#include "base/log.h"
#include "base/missing.h"
#include "data/kind.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

static const char faces[] = "builtin:faces";

bool clg_source_is_faces(const char *path)
{
    return strcmp(path, faces) == 0;
}

static const char *unpacker(enum clg_kind kind)
{
    switch (kind) {
    case CLG_KIND_GZIP: return "gunzip -k";
    case CLG_KIND_BZIP2: return "bunzip2 -k";
    case CLG_KIND_XZ: return "unxz -k";
    case CLG_KIND_7Z: return "7z x";
    case CLG_KIND_RAR: return "unrar x";
    default: return "unzstd";
    }
}

// An example command that unpacks an archive.
static void unpacking_describe(enum clg_kind kind, const char *path, char *text, size_t size)
{
    static const char *const tars[] = {".tar", ".tgz", ".txz", ".tbz2", ".tbz", ".tzst"};
    bool tar = kind == CLG_KIND_TAR || strstr(path, ".tar.");
    for (size_t i = 0; i < sizeof tars / sizeof *tars; i++)
        tar |= clg_path_ends(path, tars[i]);
    const char *dot = strrchr(path, '.'), *slash = strrchr(path, '/');
    const int stem = (int)(dot && (!slash || dot > slash) ? dot - path : (ptrdiff_t)strlen(path));
    if (kind == CLG_KIND_ZIP)
        snprintf(text, size, "unzip '%s' -d '%.*s%s'", path, stem, path, path[stem] ? "" : "-unpacked");
    else if (tar)
        snprintf(text, size, "tar xf '%s'", path);
    else
        snprintf(text, size, "%s '%s'", unpacker(kind), path);
}

static bool is_archive(enum clg_kind kind)
{
    return kind >= CLG_KIND_ZIP && kind <= CLG_KIND_RAR;
}

// The folder of a file.
static const char *folder_of(const char *path, int *n)
{
    const char *slash = strrchr(path, '/');
    *n = slash && slash > path ? (int)(slash - path) : 1;
    return slash ? path : ".";
}

static int archive_refuse(const char *path, enum clg_kind kind, const struct clg_log *log)
{
    char text[CLG_REFUSAL_BYTES], unpack[2 * PATH_MAX];
    unpacking_describe(kind, path, unpack, sizeof unpack);
    return clg_fail(log, CLG_EFORMAT, "%s is %s, for example by `%s`, then give the folder", path,
                    clg_kind_refusal(kind, text), unpack);
}

static int kind_refuse(const char *path, enum clg_kind kind, const struct clg_log *log)
{
    char text[CLG_REFUSAL_BYTES];
    int n;
    if (clg_kind_is_decoded(kind)) {
        const char *folder = folder_of(path, &n);
        return clg_fail(log, CLG_EFORMAT, "%s is one picture, not a folder of them: give its folder, %.*s",
                        path, n, folder);
    }
    if (is_archive(kind))
        return archive_refuse(path, kind, log);
    if (kind == CLG_KIND_NPY)
        return clg_fail(
            log, CLG_EFORMAT,
            "%s is not a folder but a NumPy array: in Python, gan.train(numpy.load(PATH)) takes it", path);
    if (kind == CLG_KIND_UNKNOWN || kind == CLG_KIND_TEXT || kind == CLG_KIND_EMPTY)
        return clg_fail(log, CLG_EFORMAT, "%s is a file: give a folder with JPEG, PNG or WebP pictures",
                        path);
    return clg_fail(log, CLG_EFORMAT, "%s is not a folder of pictures but %s", path,
                    clg_kind_refusal(kind, text));
}

// False when the file cannot be read; the log says why.
static bool kind_read(const char *path, enum clg_kind *kind, int *status, const struct clg_log *log)
{
    struct stat info;
    uint8_t bytes[CLG_KIND_BYTES];
    const int fd = clg_file_open(path, &info, log);
    *status = fd < 0 ? fd : 0;
    if (fd < 0)
        return false;
    *kind = clg_kind_of(bytes, clg_file_prefix(fd, bytes, sizeof bytes), path);
    close(fd);
    return true;
}

int clg_source_no_folder(const char *path, const struct clg_log *log)
{
    enum clg_kind kind;
    int status;
    return kind_read(path, &kind, &status, log) ? kind_refuse(path, kind, log) : status;
}

int clg_source_no_archive(const char *path, const struct clg_log *log)
{
    enum clg_kind kind;
    int status;
    if (!kind_read(path, &kind, &status, log))
        return status;
    return is_archive(kind) ? archive_refuse(path, kind, log) : 0;
}

// For "pics.zip/faces": says what pics.zip is.
static int inside_refuse(const char *what, const char *path, const struct clg_log *log)
{
    char file[PATH_MAX];
    struct stat info;
    snprintf(file, sizeof file, "%s", path);
    for (char *slash; (slash = strrchr(file, '/')) && slash > file;) {
        *slash = 0;
        if (stat(file, &info) == 0)
            return clg_source_no_folder(file, log);
    }
    return clg_path_missing(what, path, ENOTDIR, log);
}

int clg_source_find(const char *what, const char *path, enum clg_source *source, const struct clg_log *log)
{
    struct stat info;
    if (clg_source_is_faces(path))
        return clg_fail(log, CLG_EINVAL,
                        "%s is not a folder: `clgan data --out DIR` writes such faces to one", path);
    if (strncasecmp(path, "builtin:", 8) == 0)
        return clg_fail(log, CLG_EINVAL, "%s does not exist: the built-in set is %s", path, faces);
    if (stat(path, &info))
        return errno == ENOTDIR ? inside_refuse(what, path, log) : clg_path_missing(what, path, errno, log);
    *source = S_ISDIR(info.st_mode) ? CLG_SOURCE_FOLDER : CLG_SOURCE_FILE;
    return 0;
}
