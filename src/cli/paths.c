// Paths on the command line: homes, folders that are the same, and whether files can be written.
#include "cli/cli.h"

#include <dirent.h>
#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

// --- ~ -----------------------------------------------------------------------------------------
// Expanded paths live to the end of the program, as argv does.
struct kept {
    struct kept *next;
    char text[];
};
static struct kept *all_kept;

// The home of a user, "" for one's own; NULL when there is none.
static const char *home_of(const char *user)
{
    const char *home = *user ? NULL : getenv("HOME");
    if (home && *home)
        return home;
    const struct passwd *entry = *user ? getpwnam(user) : getpwuid(getuid());
    return entry ? entry->pw_dir : NULL;
}

const char *cli_path(const char *text)
{
    char user[256];
    const size_t length = strcspn(text, "/");
    if (*text != '~' || length > sizeof user)
        return text;
    snprintf(user, sizeof user, "%.*s", (int)length - 1, text + 1);
    const char *home = home_of(user);
    const size_t size = home ? strlen(home) + strlen(text + length) + 1 : 0;
    struct kept *kept = home ? malloc(sizeof *kept + size) : NULL;
    if (!kept)
        return text;
    snprintf(kept->text, size, "%s%s", home, text + length);
    kept->next = all_kept;
    all_kept = kept;
    return kept->text;
}

// --- folders -----------------------------------------------------------------------------------
bool cli_same_folder(const char *a, const char *b)
{
    struct stat x, y;
    if (stat(a, &x) || stat(b, &y))
        return !strcmp(a, b);
    return x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

// Cuts the last part off: "." for "name", "/" for "/name".
static void cut_last_part(char *path)
{
    size_t end = strlen(path);
    while (end > 1 && path[end - 1] == '/')
        path[--end] = 0;
    char *slash = strrchr(path, '/');
    if (!slash)
        strcpy(path, ".");
    else if (slash == path)
        path[1] = 0;
    else
        *slash = 0;
}

static bool is_unused(const char *path)
{
    DIR *dir = opendir(path);
    if (!dir)
        return access(path, F_OK) != 0;
    int entries = 0;
    while (entries < 3 && readdir(dir)) // "." and ".." are there
        entries++;
    closedir(dir);
    return entries < 3;
}

bool cli_folder_unused(const char *name, char *path, size_t size)
{
    bool fits = snprintf(path, size, "%s", name) < (int)size;
    for (int i = 2; fits && i < 1000000 && !is_unused(path); i++)
        fits = snprintf(path, size, "%s-%d", name, i) < (int)size;
    return fits;
}

int cli_folder_check(const char *path, const struct clg_log *log)
{
    char *part = malloc(strlen(path) + 2);
    struct stat info;
    int error = part ? 0 : ENOMEM;
    if (part)
        strcpy(part, *path ? path : ".");
    while (!error && stat(part, &info)) { // the folder that is there, in which the others will be made
        error = errno == ENOENT ? 0 : errno;
        cut_last_part(part);
    }
    if (!error && !S_ISDIR(info.st_mode))
        error = ENOTDIR;
    if (!error && access(part, W_OK | X_OK))
        error = errno;
    free(part);
    return error ? cli_fail(log, CLG_EIO, "cannot write to the folder %s: %s", path, strerror(error)) : 0;
}

int cli_file_check(const char *path, const struct clg_log *log)
{
    struct stat info;
    char *folder = malloc(strlen(path) + 2);
    int error = 0;
    if (!folder)
        return cli_fail(log, CLG_ENOMEM, "out of memory");
    strcpy(folder, path);
    cut_last_part(folder);
    if (!stat(path, &info) && S_ISDIR(info.st_mode))
        error = EISDIR;
    else if (access(folder, W_OK | X_OK))
        error = errno;
    free(folder);
    return error ? cli_fail(log, CLG_EIO, "cannot write %s: %s", path, strerror(error)) : 0;
}

int cli_picture_check(const char *path, const struct clg_log *log)
{
    const char *dot = strrchr(path, '.');
    if (!dot || (strcasecmp(dot, ".png") && strcasecmp(dot, ".jpg") && strcasecmp(dot, ".jpeg")))
        return cli_fail(log, CLG_EINVAL, "cannot save %s: end its name with .png, .jpg or .jpeg", path);
    return cli_file_check(path, log);
}
