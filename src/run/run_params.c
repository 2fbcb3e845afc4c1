// The options of a run: their table and defaults, and those that a run was started with, from its checkpoint.
#include <clgan/train.h>

#include "base/file.h"
#include "base/log.h"
#include "gan/checkpoint.h"
#include "run/ready.h"

#include <clgan/options.h>

#include <stdlib.h>
#include <string.h>

#define FIELD(field) offsetof(struct clg_train_params, field)
const struct clg_option clg_train_options[] = {
    {"data", CLG_OPTION_PATH, FIELD(data), 0, 0, NULL, "DIR",
     "folder of JPEG, PNG and WebP pictures, searched below; or builtin:faces", "builtin:faces"},
    {"out", CLG_OPTION_PATH, FIELD(out), 0, 0, NULL, "DIR", "folder for model, samples, metrics and report",
     "runs/clgan"},
    {"overwrite", CLG_OPTION_BOOL, FIELD(overwrite), 0, 0, NULL, NULL, "replace the run in the out folder"},
    {"resume", CLG_OPTION_PATH, FIELD(resume), 0, 0, NULL, "DIR",
     "resume the run in this folder, with its options except those given"},
    {"init", CLG_OPTION_PATH, FIELD(init), 0, 0, NULL, "FILE",
     "start from the weights of this safetensors file (PyTorch's names)"},
    {"steps", CLG_OPTION_INT64, FIELD(steps), 0, 1e12, NULL, "N", "train until this step; 0: for epochs",
     "0"},
    {"epochs", CLG_OPTION_INT64, FIELD(epochs), 0, 1e9, NULL, "N", "with steps 0: passes over the folder",
     "25"},
    {"sample-every", CLG_OPTION_INT, FIELD(sample_every), 0, 1e9, NULL, "N",
     "steps between grids of samples; 0: only at the end", "100"},
    {"save-every", CLG_OPTION_INT, FIELD(save_every), 0, 1e9, NULL, "N",
     "steps between checkpoints; 0: only at the end", "500"},
    {"keep", CLG_OPTION_INT, FIELD(keep), 0, 1e6, NULL, "N", "earlier checkpoints to keep, named by step",
     "0"},
    {"crop", CLG_OPTION_CROP, FIELD(crop), 0, 0, NULL, "none|center|WxH+X+Y", "what of each picture is used",
     "center"},
    {"flip", CLG_OPTION_BOOL, FIELD(flip), 0, 0, NULL, NULL, "mirror half of the pictures"},
    {"threads", CLG_OPTION_INT, FIELD(threads), 1, 256, NULL, "N", "threads that decode pictures", "2"},
    {0},
};

size_t clg_train_params_size(void)
{
    return sizeof(struct clg_train_params);
}

struct clg_train_params clg_train_params_default(void)
{
    struct clg_train_params params = {0};
    clg_options_default(clg_train_options, &params);
    return params;
}

// --- from a checkpoint -------------------------------------------------------------------------
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
    if (*path != '/' && clg_data_is_folder(path) && !clg_file_exists(path)) {
        for (char *end = folder; end && (end = strrchr(folder, '/')); *end = 0) {
            if (snprintf(found, sizeof found, "%s/%s", folder, path) < PATH && clg_file_exists(found)) {
                strcpy(path, found);
                break;
            }
        }
    }
    free(folder);
}

// The size of the texts of all options, with their terminators.
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
                            "%s is damaged or from another version of clgan: its train.%s is \"%.60s\"", path,
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
