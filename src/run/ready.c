// What can be wrong with a run, checked before a device is opened.
#include "run/ready.h"

#include "base/file.h"
#include "base/log.h"
#include "data/folder.h"
#include "gan/gan.h"

#include <string.h>

enum { PATH = 4096 };

// --- the number of steps -----------------------------------------------------------------------
static bool is_endless(const struct clg_train_params *p)
{
    return p->data && !strncmp(p->data, "builtin:", 8);
}

int clg_target_check(const struct clg_train_params *p, int64_t target, int64_t step, bool *complete,
                     const struct clg_log *log)
{
    *complete = p->resume && step == target; // killed after the last checkpoint, it may lack files
    if (target < 1)
        return clg_fail(log, CLG_EINVAL, "%s",
                        is_endless(p) ? "the built-in faces never end: set steps"
                                      : "no step to train: set steps or epochs");
    if (step < target)
        return 0;
    clg_log_line(log, *complete ? CLG_LOG_WARNING : CLG_LOG_ERROR,
                 "the run is already at step %lld of %lld: set larger steps or epochs", (long long)step,
                 (long long)target);
    return *complete ? 0 : CLG_EINVAL;
}

// As far as it is known without counting the pictures; a complete run gets its warning when it is resumed.
static int steps_check(const struct clg_train_params *p, int64_t step, const struct clg_log *log)
{
    bool complete;
    if ((!p->steps && !is_endless(p) && p->epochs) || (p->resume && step == p->steps))
        return 0;
    return clg_target_check(p, p->steps, step, &complete, log);
}

// --- the pictures ------------------------------------------------------------------------------
// A folder that may hold too few pictures is opened as training does, for the error message.
static int data_check(const struct clg_gan_params *gan, const struct clg_train_params *p,
                      const struct clg_log *log)
{
    if (p->data && !strcmp(p->data, CLG_DATA_BATCHES))
        return clg_fail(
            log, CLG_EINVAL,
            "the run's pictures came from a program: set data to a folder or builtin:faces to go on "
            "without it");
    if (p->resume && p->data && !is_endless(p) && !clg_file_exists(p->data))
        return clg_fail(log, CLG_EIO,
                        "the run's pictures are not at %s: set data to the folder they are in now", p->data);
    if (p->data && !is_endless(p) && clg_folder_holds(p->data, p->crop, (size_t)gan->batch))
        return 0;
    struct clg_data_params params = clg_data_params_default();
    struct clg_data *data;
    params.path = p->data;
    params.crop = p->crop;
    params.batch = gan->batch;
    params.size = 1; // nothing of it is used
    params.threads = 1;
    params.log = *log;
    int status = clg_data_open(&data, &params);
    clg_data_close(&data);
    return status;
}

// --- the folder --------------------------------------------------------------------------------
int clg_out_check(const struct clg_train_params *p, const struct clg_log *log)
{
    char path[PATH];
    snprintf(path, sizeof path, "%s/model.safetensors", p->out);
    if (p->resume || p->overwrite || !clg_file_exists(path))
        return 0;
    return clg_fail(
        log, CLG_EINVAL,
        "%s holds an earlier run: resume it, choose another out folder, or set overwrite to replace it",
        p->out);
}

// --- all of it ---------------------------------------------------------------------------------
static int start_check(const struct clg_train_params *p, struct clg_gan_params *gan, int64_t *step,
                       const struct clg_log *log)
{
    char path[PATH];
    *step = 0;
    if (p->resume) {
        snprintf(path, sizeof path, "%s/model.safetensors", p->resume);
        return clg_checkpoint_params(path, gan, step, log);
    }
    int status = clg_gan_params_check(gan, log);
    return status || !p->init ? status : clg_weights_check(p->init, gan, log);
}

int clg_train_check(const struct clg_gan_params *gan, const struct clg_train_params *params,
                    const struct clg_log *log)
{
    struct clg_gan_params model = *gan;
    int64_t step;
    int status = start_check(params, &model, &step, log);
    if (!status)
        status = steps_check(params, step, log);
    if (!status)
        status = clg_out_check(params, log);
    return status ? status : data_check(&model, params, log);
}
