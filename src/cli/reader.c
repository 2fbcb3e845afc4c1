// Who reads what a command says: a pipe may lose its reader, a terminal may be closed.
#include "cli/cli.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

static bool was_terminal[2]; // stdout, stderr

// Where stdout or stderr is closed from the start, nobody wants it; but no file that is opened later may take
// its number, and get what is said there.
static void fill_descriptors(void)
{
    int fd;
    do
        fd = open("/dev/null", O_RDWR);
    while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd > STDERR_FILENO)
        close(fd);
}

void cli_reader_begin(void)
{
    fill_descriptors();
    was_terminal[0] = isatty(STDOUT_FILENO);
    was_terminal[1] = isatty(STDERR_FILENO);
}

bool cli_reader_gone(void)
{
    struct pollfd fds[] = {{STDOUT_FILENO, 0, 0}, {STDERR_FILENO, 0, 0}};
    struct sigaction hang_up;
    const bool may_hang_up = !sigaction(SIGHUP, NULL, &hang_up) && hang_up.sa_handler == SIG_IGN; // nohup
    if (poll(fds, 2, 0) <= 0)
        return false;
    for (int i = 0; i < 2; i++)
        if (fds[i].revents & (POLLERR | POLLHUP) && !(was_terminal[i] && may_hang_up))
            return true;
    return false;
}

static int first_error; // of stdout; -1: it failed, nobody knows why

void cli_output_flush(void)
{
    errno = 0;
    const bool failed = fflush(stdout) || ferror(stdout);
    if (failed && !first_error)
        first_error = errno ? errno : -1;
}

int cli_output_error(void)
{
    cli_output_flush();
    return first_error == EPIPE || cli_reader_gone() ? 0 : first_error;
}
