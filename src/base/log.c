// One line to whoever listens: the library's only way to speak.
#include "base/log.h"

#include <clgan/text.h>

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *clg_version(void)
{
    return CLG_VERSION;
}

const char *clg_error_text(int error)
{
    switch (error) {
    case CLG_OK: return "no error";
    case CLG_EINVAL: return "invalid argument";
    case CLG_ENOMEM: return "out of memory";
    case CLG_EIO: return "file cannot be read or written";
    case CLG_EFORMAT: return "file has unexpected content";
    case CLG_ENODEV: return "no matching OpenCL device";
    case CLG_EDEVICE: return "OpenCL device failure";
    case CLG_EBUILD: return "kernel does not compile";
    case CLG_EDATA: return "too few usable pictures";
    case CLG_ENUMERIC: return "a number is not finite";
    default: return "unknown error";
    }
}

// Names of files stand in lines, which end up on terminals. Only a format has line breaks that are meant.
static enum clg_text_form form_of(const char *format)
{
    return strchr(format, '\n') ? CLG_TEXT_MESSAGES : CLG_TEXT_MESSAGE;
}

static void log_va(const struct clg_log *log, enum clg_log_level level, const char *format, va_list args)
{
    char raw[4096], line[4096];
    vsnprintf(raw, sizeof raw, format, args);
    clg_text_to_utf8(raw, form_of(format), line, sizeof line);
    if (log && log->fn)
        log->fn(log->user, level, line);
    else if (level != CLG_LOG_INFO)
        fprintf(stderr, "clgan: %s%s\n", level == CLG_LOG_WARNING ? "warning: " : "", line);
}

static void quiet(void *user, enum clg_log_level level, const char *line)
{
    (void)user, (void)level, (void)line;
}
const struct clg_log clg_log_silent = {quiet, NULL};

static void capture_line(void *user, enum clg_log_level level, const char *line)
{
    struct clg_log_capture *capture = user;
    if (level != CLG_LOG_ERROR)
        clg_log_line(&capture->next, level, "%s", line);
    else if (!capture->text[0])
        snprintf(capture->text, sizeof capture->text, "%s", line);
}

struct clg_log clg_log_capture(struct clg_log_capture *capture, const struct clg_log *next)
{
    capture->next = *next;
    capture->text[0] = 0;
    return (struct clg_log){capture_line, capture};
}

void clg_log_line(const struct clg_log *log, enum clg_log_level level, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    log_va(log, level, format, args);
    va_end(args);
}

int clg_fail(const struct clg_log *log, int error, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    log_va(log, CLG_LOG_ERROR, format, args);
    va_end(args);
    return error;
}
