// A path that does not lead to a file: what may have been meant.
#include "base/missing.h"

#include "base/log.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

// What was asked for, and what the system said.
struct asked {
    const char *what, *path, *why;
    const struct clg_log *log;
};

static int CLG_PRINTF(2, 3) refuse(const struct asked *asked, const char *format, ...)
{
    char text[2 * PATH_MAX];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return clg_fail(asked->log, CLG_EIO, "cannot read %s%s: %s", asked->what, asked->path, text);
}

// --- not a path --------------------------------------------------------------------------------

// "%20" and the like of file:// URLs, in place.
static void percents_decode(char *text)
{
    char *to = text;
    for (const char *from = text; *from; from++, to++) {
        const char digits[3] = {from[0] == '%' ? from[1] : 0, from[1] ? from[2] : 0, 0};
        if (isxdigit((unsigned char)digits[0]) && isxdigit((unsigned char)digits[1])) {
            *to = (char)strtol(digits, NULL, 16);
            from += 2;
        } else {
            *to = *from;
        }
    }
    *to = 0;
}

static int url_refuse(const struct asked *asked, const char *rest)
{
    if (strncasecmp(asked->path, "file:", 5) != 0)
        return refuse(asked, "it is a URL; download it first and give its path");
    const char *slash = strchr(rest, '/'); // behind the host, mostly none
    char local[PATH_MAX];
    snprintf(local, sizeof local, "%s", slash ? slash : rest);
    percents_decode(local);
    return refuse(asked, "it is a URL; give the path alone: %s", local);
}

// The part of a URL after "https://"; NULL if the path is not a URL.
static const char *url_rest(const char *path)
{
    const char *colon = path;
    while (isalnum((unsigned char)*colon) || *colon == '+')
        colon++;
    return colon > path + 1 && strncmp(colon, "://", 3) == 0 ? colon + 3 : NULL;
}

// The folder in front of the first name with * ? or [ in it.
static int pattern_refuse(const struct asked *asked)
{
    char folder[PATH_MAX];
    snprintf(folder, sizeof folder, "%.*s", (int)strcspn(asked->path, "*?["), asked->path);
    char *slash = strrchr(folder, '/');
    if (!slash)
        strcpy(folder, ".");
    else
        slash[slash == folder] = 0;
    return refuse(asked, "it is a pattern, which no shell expanded; give the folder: %s", folder);
}

// Blanks, line ends and quotes around a path that exists without them.
static bool trimmed_find(const char *path, char *found, size_t size)
{
    static const char around[] = " \t\r\n\"'";
    const size_t n = strlen(path);
    path += strspn(path, around);
    snprintf(found, size, "%s", path);
    for (size_t end = strlen(found); end && strchr(around, found[end - 1]); end--)
        found[end - 1] = 0;
    return strlen(found) < n && *found && access(found, F_OK) == 0;
}

// --- names that are nearly right ---------------------------------------------------------------

static bool same_letters(const char *a, const char *b)
{
    for (;; a++, b++) {
        while (*a && !isalnum((unsigned char)*a) && (unsigned char)*a < 128)
            a++;
        while (*b && !isalnum((unsigned char)*b) && (unsigned char)*b < 128)
            b++;
        if (tolower((unsigned char)*a) != tolower((unsigned char)*b))
            return false;
        if (!*a)
            return true;
    }
}

// Is one letter more, less or other, or are two swapped?
static bool one_slip(const char *a, const char *b)
{
    size_t n = strlen(a), m = strlen(b), same = 0;
    while (same < n && same < m && a[same] == b[same])
        same++;
    a += same, b += same, n -= same, m -= same;
    while (n && m && a[n - 1] == b[m - 1]) {
        n--;
        m--;
    }
    const bool swapped = n == 2 && m == 2 && a[0] == b[1] && a[1] == b[0];
    return swapped || (n <= 1 && m <= 1);
}

// How near an existing name is to the one that was given: 0 not at all.
static int nearness(const char *given, const char *name)
{
    const size_t n = strlen(given);
    if (strcasecmp(given, name) == 0)
        return 4;
    if (same_letters(given, name))
        return 3;
    if (n >= 3 && one_slip(given, name))
        return 2;
    return n >= 3 && strncasecmp(given, name, n) == 0 && name[n] == '.'; // the ending is missing
}

// The nearest name in the folder; false when none is near.
static bool name_find(const char *folder, const char *given, char *found, size_t size)
{
    int best = 0;
    DIR *dir = opendir(folder);
    for (struct dirent *e; dir && (e = readdir(dir));) {
        const int near = e->d_name[0] == '.' && given[0] != '.' ? 0 : nearness(given, e->d_name);
        if (near > best || (near && near == best && strcmp(e->d_name, found) < 0)) {
            best = near;
            snprintf(found, size, "%s", e->d_name);
        }
    }
    if (dir)
        closedir(dir);
    return best > 0;
}

// A path split at its first name that does not exist.
struct split {
    char parent[PATH_MAX]; // exists; "" for here
    char name[NAME_MAX + 1];
    const char *rest; // of the path, behind the name
};

static bool path_split(const char *path, struct split *s)
{
    size_t at = 0;
    if (strlen(path) >= sizeof s->parent)
        return false;
    for (;;) {
        size_t end = at + strspn(path + at, "/");
        const size_t from = end;
        end += strcspn(path + end, "/");
        if (end == from || end - from > NAME_MAX)
            return false;
        snprintf(s->parent, sizeof s->parent, "%.*s", (int)end, path);
        if (access(s->parent, F_OK)) {
            s->parent[from] = 0;
            snprintf(s->name, sizeof s->name, "%.*s", (int)(end - from), path + from);
            s->rest = path + end;
            return true;
        }
        at = end;
    }
}

static int name_refuse(const struct asked *asked)
{
    struct split s;
    char near[NAME_MAX + 1] = "", meant[3 * PATH_MAX];
    if (!path_split(asked->path, &s))
        return refuse(asked, "%s", asked->why);
    const char *folder = *s.parent ? s.parent : ".";
    if (name_find(folder, s.name, near, sizeof near)) {
        snprintf(meant, sizeof meant, "%s%s%s", s.parent, near, s.rest);
        if (access(meant, F_OK)) // at least up to here
            snprintf(meant, sizeof meant, "%s%s", s.parent, near);
        return refuse(asked, "%s; did you mean %s?", asked->why, meant);
    }
    if (*s.rest && s.rest[1])
        return refuse(asked, "%s; %s has no \"%s\"", asked->why, folder, s.name);
    return refuse(asked, "%s", asked->why);
}

static bool is_windows_path(const char *path)
{
    return isalpha((unsigned char)path[0]) && path[1] == ':' && (path[2] == '\\' || path[2] == '/');
}

int clg_path_missing(const char *what, const char *path, int error, const struct clg_log *log)
{
    const struct asked asked = {what, path, strerror(error), log};
    char trimmed[PATH_MAX];
    if (error != ENOENT && error != ENOTDIR)
        return refuse(&asked, "%s", asked.why);
    const char *rest = url_rest(path);
    if (rest)
        return url_refuse(&asked, rest);
    if (trimmed_find(path, trimmed, sizeof trimmed))
        return refuse(&asked, "%s; did you mean %s, without blanks or quotes?", asked.why, trimmed);
    if (strpbrk(path, "*?["))
        return pattern_refuse(&asked);
    if (is_windows_path(path))
        return refuse(&asked, "it is a path of Windows; inside WSL, drive C is /mnt/c");
    if (path[0] == '~')
        return refuse(&asked, "%s; only a shell expands ~: give the whole path", asked.why);
    return name_refuse(&asked);
}
