// A folder of pictures, listed and looked at before anything is decoded.
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

// A folder already listed: symbolic links may lead back to it.
struct visited {
    dev_t device;
    ino_t inode;
};
struct listing {
    struct clg_folder *folder;
    size_t room;
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

// Makes room for one more element; false when memory is out.
static bool room_make(void **array, size_t *room, size_t n, size_t element)
{
    if (n < *room)
        return true;
    size_t more = *room ? *room * 2 : 64;
    void *grown = realloc(*array, more * element);
    if (!grown)
        return false;
    *array = grown;
    *room = more;
    return true;
}

static bool name_is_picture(const char *name)
{
    const char *dot = strrchr(name, '.');
    return dot &&
           (strcasecmp(dot, ".jpg") == 0 || strcasecmp(dot, ".jpeg") == 0 || strcasecmp(dot, ".png") == 0);
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static int keep_visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static int out_of_memory(struct listing *list)
{
    return clg_fail(list->log, CLG_ENOMEM, "out of memory listing %s", list->folder->root);
}

static int folder_list(struct listing *list, const char *relative);

// Remembers a folder; 1 when it was there already.
static int visited_add(struct listing *list, const struct stat *facts)
{
    for (size_t i = 0; i < list->visited_n; i++)
        if (list->visited[i].device == facts->st_dev && list->visited[i].inode == facts->st_ino)
            return 1;
    if (!room_make((void **)&list->visited, &list->visited_room, list->visited_n, sizeof *list->visited))
        return out_of_memory(list);
    list->visited[list->visited_n++] = (struct visited){.device = facts->st_dev, .inode = facts->st_ino};
    return 0;
}

// A regular file with a picture's name is kept (`name` becomes the folder's), a folder is gone through.
static int entry_list(struct listing *list, char *name, const char *path, unsigned char type)
{
    struct stat facts;
    bool file = type == DT_REG, folder = false;
    if (type != DT_REG) {
        if (stat(path, &facts)) {
            free(name); // a link to nowhere
            return 0;
        }
        file = S_ISREG(facts.st_mode);
        folder = S_ISDIR(facts.st_mode);
    }
    int status = 0;
    if (file && name_is_picture(name)) {
        struct clg_folder *f = list->folder;
        if (room_make((void **)&f->names, &list->room, f->n, sizeof *f->names)) {
            f->names[f->n++] = name;
            return 0;
        }
        status = out_of_memory(list);
    } else if (folder) {
        status = visited_add(list, &facts);
        status = status == 0 ? folder_list(list, name) : status > 0 ? 0 : status;
    }
    free(name);
    return status;
}

static int folder_list(struct listing *list, const char *relative)
{
    char *path = path_join(list->folder->root, relative);
    if (!path)
        return out_of_memory(list);
    struct dirent **entries;
    int n = scandir(path, &entries, keep_visible, by_name), status = 0;
    if (n < 0) {
        if (*relative) // a part that cannot be read does not spoil the rest
            clg_log_line(list->log, CLG_LOG_WARNING, "skipping folder %s: %s", path, strerror(errno));
        else
            status = clg_fail(list->log, CLG_EIO, "cannot read picture folder %s: %s", path, strerror(errno));
        free(path);
        return status;
    }
    for (int i = 0; i < n; i++) {
        if (!status) {
            char *name = path_join(relative, entries[i]->d_name), *full = path_join(path, entries[i]->d_name);
            if (name && full) {
                status = entry_list(list, name, full, entries[i]->d_type);
            } else {
                status = out_of_memory(list);
                free(name);
            }
            free(full);
        }
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

// Warnings instead of errors: one bad file of many is no failure.
struct demotion {
    const struct clg_log *log;
};

static void demote(void *user, enum clg_log_level level, const char *line)
{
    (void)level;
    const struct demotion *demotion = user;
    clg_log_line(demotion->log, CLG_LOG_WARNING, "skipping a file: %s", line);
}

static bool file_usable(const char *path, struct clg_crop crop, const struct clg_log *log)
{
    struct demotion demotion = {.log = log};
    struct clg_log quiet = {.fn = demote, .user = &demotion};
    return clg_picture_check(path, crop, &quiet) == 0;
}

static int files_probe(struct clg_folder *folder, struct clg_crop crop, const struct clg_log *log)
{
    size_t kept = 0;
    int status = 0;
    for (size_t i = 0; i < folder->n; i++) {
        char *path = clg_folder_path(folder, i);
        if (!path && !status)
            status = clg_fail(log, CLG_ENOMEM, "out of memory listing %s", folder->root);
        if (path && file_usable(path, crop, log)) {
            folder->names[kept++] = folder->names[i];
        } else {
            free(folder->names[i]);
            folder->skipped++;
        }
        free(path);
    }
    folder->n = kept;
    return status;
}

int clg_folder_open(struct clg_folder *folder, const char *path, struct clg_crop crop,
                    const struct clg_log *log)
{
    *folder = (struct clg_folder){.root = strdup(path)};
    struct listing list = {.folder = folder, .log = log};
    struct stat facts;
    int status = 0;
    if (!folder->root)
        status = clg_fail(log, CLG_ENOMEM, "out of memory listing %s", path);
    if (!status && stat(path, &facts) == 0)
        status = visited_add(&list, &facts);
    if (!status)
        status = folder_list(&list, "");
    free(list.visited);
    if (!status && folder->n) {
        qsort(folder->names, folder->n, sizeof *folder->names, by_path);
        status = files_probe(folder, crop, log);
    }
    if (status)
        clg_folder_close(folder);
    return status;
}

void clg_folder_close(struct clg_folder *folder)
{
    for (size_t i = 0; i < folder->n; i++)
        free(folder->names[i]);
    free(folder->names);
    free(folder->root);
    *folder = (struct clg_folder){0};
}
