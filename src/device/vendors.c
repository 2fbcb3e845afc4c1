// The drivers that the OpenCL loader would load, and an environment in which it loads some of them only.
#include "device/vendors.h"

#include "base/hash.h"
#include "base/log.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static const char vendors_variable[] = "OCL_ICD_VENDORS";     // both loaders
static const char libraries_variable[] = "OCL_ICD_FILENAMES"; // Khronos's

// --- finding them ------------------------------------------------------------------------------
struct vendors {
    struct clg_vendor *list;
    int n;
};

static struct clg_vendor *vendor_new(struct vendors *all)
{
    struct clg_vendor *list = realloc(all->list, ((size_t)all->n + 1) * sizeof *list);
    if (!list)
        return NULL;
    all->list = list;
    list[all->n] = (struct clg_vendor){0};
    return &list[all->n++];
}

static bool is_icd(const char *name)
{
    const size_t length = strlen(name);
    return length > 4 && !strcmp(name + length - 4, ".icd");
}

// The library's name is the file's first line.
static void library_read(const char *file, char library[PATH_MAX])
{
    FILE *stream = fopen(file, "r");
    if (stream && fgets(library, PATH_MAX, stream))
        library[strcspn(library, "\r\n")] = 0;
    if (stream)
        fclose(stream);
}

static bool vendor_add(struct vendors *all, const char *file, const char *library, bool in_list)
{
    struct clg_vendor *v = vendor_new(all);
    if (!v)
        return false;
    snprintf(v->file, sizeof v->file, "%s", file);
    if (library)
        snprintf(v->library, sizeof v->library, "%s", library);
    else
        library_read(file, v->library);
    v->in_list = in_list;
    if (!v->library[0])
        all->n--; // nothing for the loader either
    return true;
}

static bool folder_add(struct vendors *all, const char *folder)
{
    char path[PATH_MAX];
    bool ok = true;
    DIR *dir = opendir(folder);
    for (struct dirent *e; dir && ok && (e = readdir(dir));)
        if (is_icd(e->d_name) && snprintf(path, sizeof path, "%s/%s", folder, e->d_name) < (int)sizeof path)
            ok = vendor_add(all, path, NULL, false);
    if (dir)
        closedir(dir);
    return ok;
}

// What OCL_ICD_VENDORS may be: a folder, an .icd file, which ocl-icd looks for in its own folder too, or
// the library.
static bool vendors_add(struct vendors *all)
{
    const char *what = getenv(vendors_variable), *usual = getenv("OPENCL_VENDOR_PATH");
    struct stat info;
    char path[PATH_MAX];
    if (!usual || !*usual)
        usual = "/etc/OpenCL/vendors";
    if (!what || !*what)
        return folder_add(all, usual);
    if (stat(what, &info) == 0 && S_ISDIR(info.st_mode))
        return folder_add(all, what);
    if (!is_icd(what))
        return vendor_add(all, what, what, false);
    const bool named = !strchr(what, '/');
    if (named && snprintf(path, sizeof path, "%s/%s", usual, what) < (int)sizeof path && !access(path, R_OK))
        return vendor_add(all, path, NULL, false);
    return vendor_add(all, what, NULL, false);
}

static bool libraries_add(struct vendors *all)
{
    const char *list = getenv(libraries_variable);
    bool ok = true;
    while (ok && list && *list) {
        char library[PATH_MAX];
        const size_t length = strcspn(list, ":");
        snprintf(library, sizeof library, "%.*s", (int)length, list);
        ok = vendor_add(all, library, library, true);
        list += length + (list[length] == ':');
    }
    return ok;
}

static int by_name(const void *a, const void *b)
{
    const struct clg_vendor *one = a, *other = b;
    return strcmp(one->file, other->file);
}

int clg_vendors_find(struct clg_vendor **list, int *count, const struct clg_log *log)
{
    struct vendors all = {0};
    *list = NULL;
    *count = 0;
    if (!libraries_add(&all) || !vendors_add(&all)) {
        free(all.list);
        return clg_fail(log, CLG_ENOMEM, "out of memory listing the OpenCL drivers");
    }
    if (all.n)
        qsort(all.list, (size_t)all.n, sizeof *all.list, by_name);
    *list = all.list;
    *count = all.n;
    return 0;
}

// --- some of them ------------------------------------------------------------------------------
static bool icd_write(const char *folder, int number, const char *library)
{
    char path[PATH_MAX];
    if (snprintf(path, sizeof path, "%s/%02d.icd", folder, number) >= (int)sizeof path)
        return false;
    FILE *file = fopen(path, "w");
    if (!file)
        return false;
    fprintf(file, "%s\n", library);
    return fclose(file) == 0;
}

static bool filenames_add(char **filenames, const char *library)
{
    char *longer = NULL;
    if (asprintf(&longer, "%s%s%s", *filenames ? *filenames : "", *filenames ? ":" : "", library) < 0)
        return false;
    free(*filenames);
    *filenames = longer;
    return true;
}

int clg_vendors_view(struct clg_vendors_view *view, const struct clg_vendor *list, const bool *take,
                     int count, const char *parent, const struct clg_log *log)
{
    *view = (struct clg_vendors_view){0};
    const int n = snprintf(view->folder, sizeof view->folder, "%s/drivers-XXXXXX", parent);
    bool ok = n < (int)sizeof view->folder && mkdtemp(view->folder);
    if (!ok)
        view->folder[0] = 0;
    for (int i = 0; i < count && ok; i++) {
        if (!take[i])
            continue;
        ok = list[i].in_list ? filenames_add(&view->filenames, list[i].library)
                             : icd_write(view->folder, i, list[i].library);
    }
    if (ok)
        return 0;
    clg_vendors_view_end(view);
    return clg_fail(log, CLG_EIO, "cannot write the OpenCL drivers to be tried to a folder in %s", parent);
}

void clg_vendors_view_end(struct clg_vendors_view *view)
{
    DIR *dir = view->folder[0] ? opendir(view->folder) : NULL;
    for (struct dirent *e; dir && (e = readdir(dir));)
        if (is_icd(e->d_name))
            unlinkat(dirfd(dir), e->d_name, 0);
    if (dir)
        closedir(dir);
    if (view->folder[0])
        rmdir(view->folder);
    free(view->filenames);
    *view = (struct clg_vendors_view){0};
}

// --- environments ------------------------------------------------------------------------------
static bool is_variable(const char *entry, const char *name)
{
    const size_t length = strlen(name);
    return !strncmp(entry, name, length) && entry[length] == '=';
}

char **clg_vendors_environment(const struct clg_vendors_view *view)
{
    int n = 0, at = 2;
    while (environ[n])
        n++;
    char **all = calloc((size_t)n + 3, sizeof *all);
    if (!all)
        return NULL;
    const char *filenames = view->filenames ? view->filenames : "";
    if (asprintf(&all[0], "%s=%s", vendors_variable, view->folder) < 0 ||
        asprintf(&all[1], "%s=%s", libraries_variable, filenames) < 0) {
        clg_vendors_environment_free(&all);
        return NULL;
    }
    for (int i = 0; i < n; i++)
        if (!is_variable(environ[i], vendors_variable) && !is_variable(environ[i], libraries_variable))
            all[at++] = environ[i];
    return all;
}

void clg_vendors_environment_free(char ***environment)
{
    char **all = *environment;
    if (all) {
        free(all[0]);
        free(all[1]);
    }
    free(all);
    *environment = NULL;
}

static char *copy_of(const char *name)
{
    const char *value = getenv(name);
    return value ? strdup(value) : NULL;
}

static void restore(const char *name, char **value)
{
    if (*value)
        setenv(name, *value, 1);
    else
        unsetenv(name);
    free(*value);
    *value = NULL;
}

void clg_vendors_enter(struct clg_vendors_before *before, const struct clg_vendors_view *view)
{
    before->vendors = copy_of(vendors_variable);
    before->filenames = copy_of(libraries_variable);
    setenv(vendors_variable, view->folder, 1);
    if (view->filenames)
        setenv(libraries_variable, view->filenames, 1);
    else
        unsetenv(libraries_variable);
}

void clg_vendors_leave(struct clg_vendors_before *before)
{
    restore(vendors_variable, &before->vendors);
    restore(libraries_variable, &before->filenames);
}

// --- has anything changed? ---------------------------------------------------------------------
// With the terminating 0, which separates the texts.
static uint64_t hash_text(uint64_t hash, const char *text)
{
    return clg_hash_bytes(hash, text, strlen(text) + 1);
}

static uint64_t hash_file(uint64_t hash, const char *path)
{
    struct stat info;
    if (stat(path, &info))
        return hash_text(hash, "missing");
    hash = clg_hash_bytes(hash, &info.st_mtim, sizeof info.st_mtim);
    hash = clg_hash_bytes(hash, &info.st_ino, sizeof info.st_ino);
    return clg_hash_bytes(hash, &info.st_size, sizeof info.st_size);
}

// What shells and terminals change by themselves changes no driver.
static uint64_t hash_environment(uint64_t hash)
{
    static const char *const ours[] = {"_", "PWD", "OLDPWD", "SHLVL", "COLUMNS", "LINES", "CLGAN_DEVICE"};
    for (char **e = environ; *e; e++) {
        bool left_out = false;
        for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
            left_out = left_out || is_variable(*e, ours[i]);
        if (!left_out)
            hash = hash_text(hash, *e);
    }
    return hash;
}

static uint64_t hash_limits(uint64_t hash)
{
    static const int limits[] = {RLIMIT_AS, RLIMIT_DATA, RLIMIT_NPROC, RLIMIT_NOFILE, RLIMIT_STACK};
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
        struct rlimit limit = {0};
        getrlimit(limits[i], &limit);
        hash = clg_hash_bytes(hash, &limit.rlim_cur, sizeof limit.rlim_cur);
    }
    return hash;
}

uint64_t clg_vendors_state(const struct clg_vendor *list, int count)
{
    char boot[64] = "";
    uint64_t hash = hash_text(CLG_HASH_START, CLG_VERSION);
    for (int i = 0; i < count; i++) {
        hash = hash_file(hash_text(hash, list[i].file), list[i].file);
        hash = hash_file(hash_text(hash, list[i].library), list[i].library);
    }
    FILE *file = fopen("/proc/sys/kernel/random/boot_id", "r");
    if (file && fgets(boot, sizeof boot, file))
        hash = hash_text(hash, boot);
    if (file)
        fclose(file);
    hash = hash_file(hash, "/etc/ld.so.cache"); // changes with the libraries of the system
    return hash_limits(hash_environment(hash));
}
