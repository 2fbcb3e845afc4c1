// One line to whoever listens: the library's only way to speak.
#ifndef CLG_BASE_LOG_H
#define CLG_BASE_LOG_H

#include <clgan/base.h>

void clg_log_line(const struct clg_log *log, enum clg_log_level level, const char *format, ...)
    CLG_PRINTF(3, 4);

// Discards everything.
extern const struct clg_log clg_log_silent;

// Keeps the first error since text was emptied and discards later ones; other lines go on to `next`.
struct clg_log_capture {
    struct clg_log next;
    char text[4096];
};
struct clg_log clg_log_capture(struct clg_log_capture *capture, const struct clg_log *next);

// Logs an error and returns its code: `return clg_fail(log, CLG_EIO, "...")`.
int clg_fail(const struct clg_log *log, int error, const char *format, ...) CLG_PRINTF(3, 4);

#endif
