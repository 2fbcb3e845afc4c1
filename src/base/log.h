// One line to whoever listens: the library's only way to speak.
#ifndef CLG_BASE_LOG_H
#define CLG_BASE_LOG_H

#include <clgan/base.h>

void clg_log_line(const struct clg_log *log, enum clg_log_level level, const char *format, ...)
    CLG_PRINTF(3, 4);

// To hand to what may fail unheard.
extern const struct clg_log clg_log_silent;

// Logs an error and returns its code: `return clg_fail(log, CLG_EIO, "...")`.
int clg_fail(const struct clg_log *log, int error, const char *format, ...) CLG_PRINTF(3, 4);

#endif
