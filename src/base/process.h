// What belongs to one process: threads, locks and OpenCL do not survive fork().
#ifndef CLG_BASE_PROCESS_H
#define CLG_BASE_PROCESS_H

#include <clgan/base.h>

// Was an object, made by the process `owner`, inherited through fork()?
bool clg_process_is_child(long owner);
long clg_process_id(void);

// Logs that `what` ("the device") belongs to the parent process, and what to do; returns `error`.
int clg_process_refuse(const struct clg_log *log, int error, const char *what);

#endif
