// Pictures to look at: a whole folder in a fixed order, or one file; decoded on demand.
#include "data/pictures.h"

#include "base/log.h"
#include "data/folder.h"
#include "data/picture.h"
#include "data/source.h"

#include <stdlib.h>
#include <string.h>

struct clg_pictures {
    struct clg_folder folder; // for a single file: its folder, and its name alone
    struct clg_crop crop;
    struct clg_log log;
    bool *warned; // [folder.n]: read with a warning
};

// Treats the file as a folder of one picture, with the same checks.
static int file_open(struct clg_folder *folder, const char *path, struct clg_crop crop,
                     const struct clg_log *log)
{
    int status = clg_source_no_archive(path, log);
    if (!status)
        status = clg_picture_check(path, crop, log);
    if (status)
        return status;
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    folder->root = strndup(path, (size_t)(name - path));
    folder->names = malloc(sizeof *folder->names);
    if (folder->names && (folder->names[0] = strdup(name)))
        folder->n = 1;
    if (folder->root && folder->n)
        return 0;
    clg_folder_close(folder);
    return clg_fail(log, CLG_ENOMEM, "out of memory opening %s", path);
}

static int folder_open(struct clg_folder *folder, const char *path, struct clg_crop crop,
                       const struct clg_log *log)
{
    int status = clg_folder_open(folder, path, crop, log);
    if (!status)
        status = clg_folder_need(folder, 1, log);
    if (!status && folder->n > INT32_MAX)
        status = clg_fail(log, CLG_EDATA, "%s holds more than 2^31 pictures: split it", path);
    if (status)
        clg_folder_close(folder);
    return status;
}

int clg_pictures_open(struct clg_pictures **pictures, const char *path, struct clg_crop crop,
                      const struct clg_log *log)
{
    *pictures = NULL;
    enum clg_source source;
    int status = clg_source_find("", path, &source, log);
    if (status)
        return status;
    struct clg_pictures *p = calloc(1, sizeof *p);
    if (!p)
        return clg_fail(log, CLG_ENOMEM, "out of memory opening %s", path);
    p->crop = crop;
    if (log)
        p->log = *log;
    status = source == CLG_SOURCE_FOLDER ? folder_open(&p->folder, path, crop, log)
                                         : file_open(&p->folder, path, crop, log);
    if (!status && !(p->warned = calloc(p->folder.n, sizeof *p->warned)))
        status = clg_fail(log, CLG_ENOMEM, "out of memory opening %s", path);
    *pictures = p;
    if (status)
        clg_pictures_close(pictures);
    return status;
}

void clg_pictures_close(struct clg_pictures **pictures)
{
    if (*pictures) {
        clg_folder_close(&(*pictures)->folder);
        free((*pictures)->warned);
    }
    free(*pictures);
    *pictures = NULL;
}

int clg_pictures_warned(const struct clg_pictures *pictures)
{
    int n = 0;
    for (size_t i = 0; i < pictures->folder.n; i++)
        n += pictures->warned[i];
    return n;
}

int clg_pictures_count(const struct clg_pictures *pictures)
{
    return (int)pictures->folder.n;
}

const char *clg_pictures_folder(const struct clg_pictures *pictures)
{
    return pictures->folder.root;
}

const char *clg_pictures_name(const struct clg_pictures *pictures, int i)
{
    return pictures->folder.names[i];
}

static int picture_load(const struct clg_pictures *pictures, int i, int size, int channels, uint8_t *pixels)
{
    char *path = clg_folder_path(&pictures->folder, (size_t)i);
    if (!path)
        return clg_fail(&pictures->log, CLG_ENOMEM, "out of memory loading %s", pictures->folder.names[i]);
    char warning[CLG_WARNING_BYTES];
    int status =
        clg_picture_load_quietly(path, pictures->crop, size, channels, pixels, warning, &pictures->log);
    if (!status && warning[0] && !pictures->warned[i]) {
        pictures->warned[i] = true;
        clg_picture_warning_log(&pictures->log, CLG_LOG_INFO, path, warning);
    }
    free(path);
    return status;
}

int clg_pictures_load(const struct clg_pictures *pictures, const int *which, int n, int size, int channels,
                      uint8_t *pixels)
{
    const int count = clg_pictures_count(pictures);
    for (int k = 0; k < n; k++) {
        int i = which ? which[k] : k;
        if (i < 0 || i >= count)
            return clg_fail(&pictures->log, CLG_EINVAL, "picture %d does not exist: %s has numbers 0 to %d",
                            i, pictures->folder.root, count - 1);
    }
    for (int k = 0; k < n; k++) {
        size_t one = (size_t)size * (size_t)size * (size_t)channels;
        int status = picture_load(pictures, which ? which[k] : k, size, channels, pixels + (size_t)k * one);
        if (status)
            return status;
    }
    return 0;
}

int clg_pictures_values(const struct clg_pictures *pictures, const int *which, int n, int size, int channels,
                        float *values)
{
    const size_t count = (size_t)n * (size_t)size * (size_t)size * (size_t)channels;
    uint8_t *pixels = malloc(count);
    if (!pixels)
        return clg_fail(&pictures->log, CLG_ENOMEM, "out of memory for %d pictures", n);
    int status = clg_pictures_load(pictures, which, n, size, channels, pixels);
    if (!status)
        clg_picture_values(pixels, count, values);
    free(pixels);
    return status;
}
