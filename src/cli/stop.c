// The ways to end a run cleanly: signals, and a reader of the output who has gone.
#include "cli/stop.h"

#include "cli/cli.h"

#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const int signals[CLI_STOP_SIGNALS] = {SIGINT, SIGTERM, SIGHUP};

static volatile sig_atomic_t stop_signal; // the first one received, or 0
static volatile time_t stop_time;         // when
static bool reader_gone;

// One event may send two of a kind: `timeout` sends SIGTERM to the process and to its group, a closed
// terminal's SIGHUP comes from the shell and from the system. What people send twice is SIGINT, or SIGTERM a
// while later.
static bool means_at_once(int number)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return number == SIGINT || (number == SIGTERM && now.tv_sec - stop_time > 1);
}

static void on_signal(int number)
{
    struct timespec now;
    if (stop_signal) {
        if (means_at_once(number)) {
            signal(number, SIG_DFL);
            raise(number);
        }
        return;
    }
    clock_gettime(CLOCK_MONOTONIC, &now);
    stop_time = now.tv_sec;
    stop_signal = number;
    static const char text[] = "\nclgan: finishing this step, then saving (once more: stop at once)\n";
    ssize_t written = write(STDERR_FILENO, text, sizeof text - 1);
    (void)written;
}

struct cli_ignored cli_stop_prepare(void)
{
    struct cli_ignored ignored = {{false}};
    struct sigaction before;
    for (int i = 0; i < CLI_STOP_SIGNALS; i++)
        ignored.is[i] = sigaction(signals[i], NULL, &before) == 0 && before.sa_handler == SIG_IGN;
    signal(SIGPIPE, SIG_IGN); // writing then fails, and cli_reader_gone tells
    return ignored;
}

void cli_stop_begin(struct cli_ignored ignored)
{
    for (int i = 0; i < CLI_STOP_SIGNALS; i++) {
        struct sigaction action = {.sa_handler = ignored.is[i] ? SIG_IGN : on_signal, .sa_flags = SA_RESTART};
        sigemptyset(&action.sa_mask);
        sigaction(signals[i], &action, NULL);
    }
    signal(SIGPIPE, SIG_IGN);
}

bool cli_stop_asked(void)
{
    static const char text[] = "clgan: nobody reads the output any more: finishing this step, then saving\n";
    if (!stop_signal && !reader_gone && cli_reader_gone()) {
        reader_gone = true;
        ssize_t written =
            write(STDERR_FILENO, text, sizeof text - 1); // where stdout alone has lost its reader
        (void)written;
    }
    return stop_signal || reader_gone;
}
