// What a long job says while it runs: one rewritten line on a terminal, plain lines now and then elsewhere.
#include "cli/cli.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

// Seconds between lines, and before kernels that load quickly from the cache are worth one.
static const double TERMINAL_PAUSE = 0.1, PLAIN_PAUSE = 5, COMPILE_PAUSE = 0.3;

static double pause_of(const struct cli_progress *progress)
{
    return progress->terminal ? TERMINAL_PAUSE : PLAIN_PAUSE;
}

double cli_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

struct cli_progress cli_progress_new(void)
{
    const char *terminal = getenv("TERM");
    bool dumb = terminal && !strcmp(terminal, "dumb");
    return (struct cli_progress){.terminal = isatty(STDERR_FILENO) && !dumb};
}

static int terminal_width(void)
{
    struct winsize size;
    return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1 ? size.ws_col : 80;
}

// Log lines may come from other threads: whoever holds stderr's lock also owns `shown`.
void cli_progress_line(struct cli_progress *progress, bool now, const char *format, ...)
{
    double time = cli_seconds();
    if (!now && progress->last > 0 && time - progress->last < pause_of(progress))
        return;
    progress->last = time;
    char line[512];
    va_list args;
    va_start(args, format);
    cli_message(line, sizeof line, format, args);
    va_end(args);
    flockfile(stderr);
    if (progress->terminal)
        fprintf(stderr, "\r%.*s\033[K", terminal_width() - 1, line);
    else
        fprintf(stderr, "%s\n", line);
    fflush(stderr);
    progress->shown = progress->terminal;
    funlockfile(stderr);
}

void cli_progress_count(struct cli_progress *progress, const char *what, int done, int total, double start)
{
    const double rate = done / (cli_seconds() - start);
    char eta[24];
    cli_duration_text((total - done) / rate, eta, sizeof eta);
    cli_progress_line(progress, false, "%s %d/%d  %.0f/s  ETA %s", what, done, total, rate, eta);
}

void cli_progress_end(struct cli_progress *progress, bool keep)
{
    flockfile(stderr);
    if (progress->shown)
        fputs(keep ? "\n" : "\r\033[K", stderr);
    fflush(stderr);
    progress->shown = false;
    progress->last = 0;
    funlockfile(stderr);
}

void cli_compile_progress(void *user, const char *what, size_t done, size_t total)
{
    struct cli_progress *progress = user;
    if (done == 0 && !progress->terminal)
        progress->last = cli_seconds() - pause_of(progress) + COMPILE_PAUSE;
    if (done < total)
        cli_progress_line(progress, false, "compiling %zu/%zu %s", done + 1, total, what);
    else
        cli_progress_end(progress, false);
}

static void log_line(struct cli_progress *progress, enum clg_log_level level, const char *line)
{
    flockfile(stderr);
    if (progress && progress->shown) {
        fputs("\r\033[K", stderr);
        progress->shown = false;
    }
    fprintf(stderr, "clgan: %s%s", level == CLG_LOG_WARNING ? "warning: " : "", line);
    fputc('\n', stderr);
    fflush(stderr);
    funlockfile(stderr);
}

static void log_brief(void *user, enum clg_log_level level, const char *line)
{
    if (level != CLG_LOG_INFO)
        log_line(user, level, line);
}

static void log_verbose(void *user, enum clg_log_level level, const char *line)
{
    log_line(user, level, line);
}

struct clg_log cli_log(struct cli_progress *progress, bool verbose)
{
    return (struct clg_log){verbose ? log_verbose : log_brief, progress};
}

void cli_message(char *message, size_t size, const char *format, va_list args)
{
    char raw[4096];
    vsnprintf(raw, sizeof raw, format, args);
    clg_text_to_utf8(raw, CLG_TEXT_MESSAGE, message, size);
}
static void unheard(void *user, enum clg_log_level level, const char *line)
{
    (void)user, (void)level, (void)line;
}
const struct clg_log cli_log_silent = {unheard, NULL};

int cli_fail(const struct clg_log *log, int status, const char *format, ...)
{
    char line[4096];
    va_list args;
    va_start(args, format);
    cli_message(line, sizeof line, format, args);
    va_end(args);
    log->fn(log->user, CLG_LOG_ERROR, line);
    return status;
}

void cli_warn(const struct clg_log *log, const char *format, ...)
{
    char line[4096];
    va_list args;
    va_start(args, format);
    cli_message(line, sizeof line, format, args);
    va_end(args);
    log->fn(log->user, CLG_LOG_WARNING, line);
}

void cli_duration_text(double seconds, char *text, size_t size)
{
    if (!(seconds >= 0 && seconds < 3.6e6)) {
        snprintf(text, size, "-");
        return;
    }
    long s = (long)(seconds + 0.5);
    if (s >= 3600)
        snprintf(text, size, "%ld:%02ld:%02ld", s / 3600, s / 60 % 60, s % 60);
    else
        snprintf(text, size, "%ld:%02ld", s / 60, s % 60);
}
