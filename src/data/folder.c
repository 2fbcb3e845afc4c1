// Lists a folder of pictures and checks their headers before anything is decoded.
#include "data/folder.h"

#include "base/log.h"
#include "data/picture.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

// A folder already visited: symbolic links may lead back to it.
struct visited {
    dev_t device;
    ino_t inode;
};
struct listing {
    struct clg_folder *folder;
    size_t capacity;
    struct visited *visited;
    size_t visited_n, visited_room;
    const struct clg_log *log;
};

static char *path_join(const char *a, const char *b)
{
    size_t n = strlen(a) + strlen(b) + 2;
    char *path = malloc(n);
    if (path)
        snprintf(path, n, "%s%s%s", a, *a && *b && a[strlen(a) - 1] != '/' ? "/" : "", b);
    return path;
}

char *clg_folder_path(const struct clg_folder *folder, size_t i)
{
    return path_join(folder->root, folder->names[i]);
}

// Grows an array for one more element; false: out of memory.
static bool array_grow(void **array, size_t *capacity, size_t n, size_t element)
{
    if (n < *capacity)
        return true;
    size_t larger = *capacity ? *capacity * 2 : 64;
    void *grown = realloc(*array, larger * element);
    if (!grown)
        return false;
    *array = grown;
    *capacity = larger;
    return true;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static int keep_real(const struct dirent *entry)
{
    return strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
}

// Litter of operating systems and tools, and backup copies.
static bool name_is_hidden(const char *name)
{
    static const char *const names[] = {"Thumbs.db",
                                        "ehthumbs.db",
                                        "desktop.ini",
                                        "Icon\r",
                                        "@eaDir",
                                        "__MACOSX",
                                        "lost+found",
                                        "#recycle",
                                        "$RECYCLE.BIN",
                                        "@Recycle",
                                        "System Volume Information"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcasecmp(name, names[i]) == 0)
            return true;
    return name[0] == '.' || name[strlen(name) - 1] == '~';
}

static int out_of_memory(struct listing *list)
{
    return clg_fail(list->log, CLG_ENOMEM, "out of memory listing %s", list->folder->root);
}

static int folder_list(struct listing *list, const char *relative);

// Marks a folder as visited; 1 if it already was.
static int visited_add(struct listing *list, const struct stat *info)
{
    for (size_t i = 0; i < list->visited_n; i++)
        if (list->visited[i].device == info->st_dev && list->visited[i].inode == info->st_ino)
            return 1;
    if (!array_grow((void **)&list->visited, &list->visited_room, list->visited_n, sizeof *list->visited))
        return out_of_memory(list);
    list->visited[list->visited_n++] = (struct visited){.device = info->st_dev, .inode = info->st_ino};
    return 0;
}

// Counts a file by its kind.
static void leave_out(struct clg_folder *folder, const char *name, enum clg_kind kind)
{
    if (clg_kind_notice(kind, name) == CLG_NOTICE_NONE) {
        folder->silent.of[kind]++;
        return;
    }
    if (!*folder->example)
        snprintf(folder->example, sizeof folder->example, "%s", name);
    folder->others.of[kind]++;
    folder->skipped++;
}

// Keeps a regular file (taking over `name`), walks through a folder.
static int entry_list(struct listing *list, char *name, const char *path, unsigned char type)
{
    struct stat info;
    bool file = type == DT_REG, folder = false;
    if (type != DT_REG) {
        if (stat(path, &info)) {
            leave_out(list->folder, name, CLG_KIND_LINK);
            free(name);
            return 0;
        }
        file = S_ISREG(info.st_mode);
        folder = S_ISDIR(info.st_mode);
    }
    int status = 0;
    if (file) {
        struct clg_folder *f = list->folder;
        if (array_grow((void **)&f->names, &list->capacity, f->n, sizeof *f->names)) {
            f->names[f->n++] = name;
            return 0;
        }
        status = out_of_memory(list);
    } else if (folder) {
        status = visited_add(list, &info);
        if (status == 0)
            status = folder_list(list, name);
        else if (status > 0)
            status = 0;
    } else {
        leave_out(list->folder, name, CLG_KIND_PIPE);
    }
    free(name);
    return status;
}

static bool has_entry(struct dirent **entries, int n, const char *name)
{
    for (int i = 0; i < n; i++)
        if (strcmp(entries[i]->d_name, name) == 0)
            return true;
    return false;
}

// The entry of the folder `relative`, which is `path`.
static int named_entry_list(struct listing *list, const char *relative, const char *path,
                            const struct dirent *entry)
{
    char *name = path_join(relative, entry->d_name), *full = path_join(path, entry->d_name);
    int status;
    if (name && full) {
        status = entry_list(list, name, full, entry->d_type);
    } else {
        status = out_of_memory(list);
        free(name);
    }
    free(full);
    return status;
}

static int folder_list(struct listing *list, const char *relative)
{
    char *path = path_join(list->folder->root, relative);
    if (!path)
        return out_of_memory(list);
    struct dirent **entries;
    int n = scandir(path, &entries, keep_real, by_name), status = 0;
    if (n < 0) {
        if (*relative) // a part that cannot be read does not spoil the rest
            clg_log_line(list->log, CLG_LOG_WARNING, "skipping folder %s: %s", path, strerror(errno));
        else
            status = clg_fail(list->log, CLG_EIO, "cannot read picture folder %s: %s", path, strerror(errno));
        free(path);
        return status;
    }
    // A training run may have written its output among the pictures: do not train on its samples.
    const bool run =
        *relative && has_entry(entries, n, "model.safetensors") && has_entry(entries, n, "metrics.csv");
    for (int i = 0; i < n; i++) {
        const char *name = entries[i]->d_name;
        if (name_is_hidden(name) || (run && strcmp(name, "samples") == 0))
            list->folder->hidden++;
        else if (!status)
            status = named_entry_list(list, relative, path, entries[i]);
        free(entries[i]);
    }
    free(entries);
    free(path);
    return status;
}

static int by_path(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

// A failure's line is kept until it is known what it means.
struct heard {
    char line[4096];
};

static void hear(void *user, enum clg_log_level level, const char *line)
{
    (void)level;
    struct heard *heard = user;
    snprintf(heard->line, sizeof heard->line, "%s", line);
}

// Is the file a usable picture? If not, it is named or counted: one bad file among many is not a failure.
static bool file_usable(struct clg_folder *folder, const char *name, const char *path, struct clg_crop crop,
                        const struct clg_log *log)
{
    struct heard heard = {{0}};
    const struct clg_log quiet = {.fn = hear, .user = &heard};
    enum clg_kind kind;
    const int status = clg_picture_check_kind(path, crop, &kind, &quiet);
    if (status == 0)
        return true;
    if (status == CLG_EFORMAT && clg_kind_notice(kind, name) != CLG_NOTICE_NAME) {
        leave_out(folder, name, kind);
        return false;
    }
    folder->skipped++;
    clg_log_line(log, CLG_LOG_WARNING, "skipping a file: %s", heard.line);
    return false;
}

static int files_check(struct clg_folder *folder, struct clg_crop crop, const struct clg_log *log)
{
    size_t kept = 0;
    int status = 0;
    for (size_t i = 0; i < folder->n; i++) {
        char *path = clg_folder_path(folder, i);
        if (!path && !status)
            status = clg_fail(log, CLG_ENOMEM, "out of memory listing %s", folder->root);
        if (path && file_usable(folder, folder->names[i], path, crop, log))
            folder->names[kept++] = folder->names[i];
        else
            free(folder->names[i]);
        free(path);
    }
    folder->n = kept;
    return status;
}

// Lists all files by name, sorted; they are not opened yet.
static int names_list(struct clg_folder *folder, const char *path, const struct clg_log *log)
{
    *folder = (struct clg_folder){.root = strdup(path)};
    struct listing list = {.folder = folder, .log = log};
    struct stat info;
    int status = 0;
    if (!folder->root)
        status = clg_fail(log, CLG_ENOMEM, "out of memory listing %s", path);
    if (!status && stat(path, &info) == 0)
        status = visited_add(&list, &info);
    if (!status)
        status = folder_list(&list, "");
    free(list.visited);
    if (folder->n)
        qsort(folder->names, folder->n, sizeof *folder->names, by_path);
    return status;
}

int clg_folder_open(struct clg_folder *folder, const char *path, struct clg_crop crop,
                    const struct clg_log *log)
{
    int status = names_list(folder, path, log);
    if (!status)
        status = files_check(folder, crop, log);
    if (status)
        clg_folder_close(folder);
    return status;
}

bool clg_folder_holds(const char *path, struct clg_crop crop, size_t least)
{
    struct clg_folder folder;
    size_t usable = 0;
    names_list(&folder, path, &clg_log_silent);
    for (size_t i = 0; i < folder.n && usable < least; i++) {
        char *file = clg_folder_path(&folder, i);
        usable += file && !clg_picture_check(file, crop, &clg_log_silent);
        free(file);
    }
    clg_folder_close(&folder);
    return usable >= least;
}

// Says what a folder without pictures holds instead.
static int empty_refuse(const struct clg_folder *folder, const char *others, const struct clg_log *log)
{
    static const char takes[] = "put JPEG, PNG or WebP files into it or into folders below";
    const char *root = folder->root;
    char silent[1024];
    if (*others)
        return clg_fail(log, CLG_EDATA, "%s has no readable pictures: %s", root, others);
    if (folder->skipped)
        return clg_fail(log, CLG_EDATA, "%s has no usable pictures (%llu files skipped): %s", root,
                        (unsigned long long)folder->skipped, takes);
    if (clg_tally_sum(&folder->silent))
        return clg_fail(log, CLG_EDATA, "%s has no pictures, only other files (%s): %s", root,
                        clg_tally_text(&folder->silent, silent, sizeof silent), takes);
    if (folder->hidden)
        return clg_fail(log, CLG_EDATA, "%s has only hidden files, which are ignored: %s", root, takes);
    return clg_fail(log, CLG_EDATA, "%s is empty: %s", root, takes);
}

int clg_folder_need(const struct clg_folder *folder, size_t least, const struct clg_log *log)
{
    const uint64_t others = clg_tally_sum(&folder->others);
    char kinds[1024], left_out[1600] = "";
    if (others)
        snprintf(left_out, sizeof left_out, "skipped %llu file%s of other kinds: %s (for example %s)",
                 (unsigned long long)others, others == 1 ? "" : "s",
                 clg_tally_text(&folder->others, kinds, sizeof kinds), folder->example);
    if (folder->n == 0)
        return empty_refuse(folder, left_out, log);
    if (folder->n < least)
        return clg_fail(log, CLG_EDATA,
                        "%s has %zu usable picture%s, fewer than a batch of %zu: add pictures or use a "
                        "smaller batch%s%s",
                        folder->root, folder->n, folder->n == 1 ? "" : "s", least, others ? "; " : "",
                        left_out);
    if (others)
        clg_log_line(log, CLG_LOG_WARNING, "%s: %s", folder->root, left_out);
    return 0;
}

void clg_folder_close(struct clg_folder *folder)
{
    for (size_t i = 0; i < folder->n; i++)
        free(folder->names[i]);
    free(folder->names);
    free(folder->root);
    *folder = (struct clg_folder){0};
}
