// What can be wrong with a run before it starts.
#ifndef CLG_RUN_READY_H
#define CLG_RUN_READY_H

#include <clgan/train.h>
#include <string.h>

// What a run's data is called whose pictures a program supplied.
#define CLG_DATA_BATCHES "batches:"

// Is it neither that nor built in?
static inline bool clg_data_is_folder(const char *data)
{
    return strncmp(data, "builtin:", 8) != 0 && strcmp(data, CLG_DATA_BATCHES) != 0;
}

// Is there a step to train from `step` on? A resumed run may be at its target, to get files that it lacks:
// *complete, after a warning. Else CLG_EINVAL after a line in the log.
int clg_target_check(const struct clg_train_params *params, int64_t target, int64_t step, bool *complete,
                     const struct clg_log *log);

// CLG_EINVAL when params->out holds an earlier run that must not be replaced.
int clg_out_check(const struct clg_train_params *params, const struct clg_log *log);

#endif
