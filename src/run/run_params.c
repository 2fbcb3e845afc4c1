// The params of a run, from its checkpoint.
#include <clgan/train.h>

#include "base/file.h"
#include "base/log.h"
#include "gan/checkpoint.h"

#include <clgan/options.h>

#include <stdlib.h>
#include <string.h>

enum { PATH = 4096, KEY = 64 };

static const char *text_of(const struct clg_safetensors *file, const struct clg_option *o)
{
    char key[KEY];
    snprintf(key, sizeof key, "train.%s", o->name);
    return clg_safetensors_metadata(file, key);
}

static bool is_data(const struct clg_option *o)
{
    return strcmp(o->name, "data") == 0;
}

// The data folder of an older checkpoint may be relative: to the working directory, or to a folder that the
// run's folder lies in. `path` has PATH bytes more than its text.
static void data_find(const char *run, char *path)
{
    char *folder = realpath(run, NULL), found[PATH];
    if (*path != '/' && strncmp(path, "builtin:", 8) && !clg_file_exists(path)) {
        for (char *end = folder; end && (end = strrchr(folder, '/')); *end = 0) {
            if (snprintf(found, sizeof found, "%s/%s", folder, path) < PATH && clg_file_exists(found)) {
                strcpy(path, found);
                break;
            }
        }
    }
    free(folder);
}

// Room for the texts of all options, each with its end.
static size_t texts_size(const struct clg_safetensors *file)
{
    size_t size = 1;
    for (const struct clg_option *o = clg_train_options; o->name; o++)
        if (text_of(file, o))
            size += strlen(text_of(file, o)) + 1 + (is_data(o) ? PATH : 0);
    return size;
}

static int options_take(const struct clg_safetensors *file, const char *path, const char *folder,
                        struct clg_train_params *params, char *memory, const struct clg_log *log)
{
    for (const struct clg_option *o = clg_train_options; o->name; o++) {
        const char *text = text_of(file, o);
        if (!text)
            continue;
        char *kept = strcpy(memory, text);
        if (is_data(o))
            data_find(folder, kept);
        memory += strlen(kept) + 1;
        if (clg_option_set(o, params, kept, &clg_log_silent))
            return clg_fail(log, CLG_EFORMAT,
                            "%s is damaged or of another version of clgan: its train.%s is \"%.60s\"", path,
                            o->name, kept);
    }
    return 0;
}

int clg_train_params_of(const char *folder, struct clg_train_params *params, char **memory,
                        const struct clg_log *log)
{
    char path[PATH];
    struct clg_safetensors *file;
    *params = clg_train_params_default();
    *memory = NULL;
    if (snprintf(path, sizeof path, "%s/model.safetensors", folder) >= (int)sizeof path)
        return clg_fail(log, CLG_EIO, "the folder's name is too long: %.60s...", folder);
    int status = clg_checkpoint_open(&file, path, log);
    if (status)
        return status;
    *memory = malloc(texts_size(file));
    if (*memory)
        status = options_take(file, path, folder, params, *memory, log);
    else
        status = clg_fail(log, CLG_ENOMEM, "out of memory");
    clg_safetensors_close(&file);
    params->overwrite = false;
    params->init = NULL;
    return status;
}
