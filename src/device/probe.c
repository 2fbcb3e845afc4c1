// Loading OpenCL's drivers in child processes, to see whether they come back.
#include "device/probe.h"

#include "base/file.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PIPES = 64, MOMENT_MS = 10 };
static const char began_line[] = "loads drivers\n", listed_line[] = "has listed devices\n",
                  finished_line[] = "drivers are well\n";

// --- starting ----------------------------------------------------------------------------------
bool clg_probe_command(char *path, size_t size)
{
    static const char *const places[] = {"clgan", "../bin/clgan", "../../bin/clgan"};
    Dl_info info;
    char library[PATH_MAX];
    struct stat facts;
    if (!dladdr(began_line, &info) || !info.dli_fname || !realpath(info.dli_fname, library))
        return false;
    const char *folder = dirname(library);
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        const int n = snprintf(path, size, "%s/%s", folder, places[i]);
        if (n > 0 && (size_t)n < size && !stat(path, &facts) && S_ISREG(facts.st_mode) && !access(path, X_OK))
            return true;
    }
    return false;
}

// Signals as a program finds them that is started by a shell.
static int spawn_plainly(pid_t *pid, const char *command, char *const *environment,
                         posix_spawn_file_actions_t *actions)
{
    char name[] = "clgan", word[] = "--try-drivers";
    char *words[] = {name, word, NULL};
    posix_spawnattr_t attributes;
    sigset_t none, all;
    int error = posix_spawnattr_init(&attributes);
    if (error)
        return error;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    error = posix_spawn(pid, command, actions, &attributes, words, environment);
    posix_spawnattr_destroy(&attributes);
    return error;
}

static void close_one(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

void clg_probe_start(struct clg_probe *probe, const char *command, char *const *environment)
{
    int told[2] = {-1, -1}, words[2] = {-1, -1};
    posix_spawn_file_actions_t actions;
    *probe = (struct clg_probe){.state = CLG_PROBE_UNKNOWN, .told = -1, .words = -1};
    if (pipe2(told, O_CLOEXEC) || pipe2(words, O_CLOEXEC) || posix_spawn_file_actions_init(&actions)) {
        close_one(&told[0]);
        close_one(&told[1]);
        return;
    }
    const bool ready = !posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0) &&
                       !posix_spawn_file_actions_adddup2(&actions, told[1], STDOUT_FILENO) &&
                       !posix_spawn_file_actions_adddup2(&actions, words[1], STDERR_FILENO);
    if (ready && !spawn_plainly(&probe->pid, command, environment, &actions))
        probe->state = CLG_PROBE_RUNNING;
    posix_spawn_file_actions_destroy(&actions);
    close_one(&told[1]);
    close_one(&words[1]);
    probe->told = told[0];
    probe->words = words[0];
}

// --- watching ----------------------------------------------------------------------------------
// Keeps the end of what the child says.
static void words_add(struct clg_probe *probe, const char *text, size_t n)
{
    const size_t room = sizeof probe->tail - 1;
    if (n > room) {
        text += n - room;
        n = room;
    }
    if (probe->tail_size + n > room) {
        const size_t lost = probe->tail_size + n - room;
        memmove(probe->tail, probe->tail + lost, probe->tail_size - lost);
        probe->tail_size -= lost;
    }
    memcpy(probe->tail + probe->tail_size, text, n);
    probe->tail_size += n;
    probe->tail[probe->tail_size] = 0;
}

static void told_add(struct clg_probe *probe, const char *text, size_t n)
{
    const size_t used = strlen(probe->line), room = sizeof probe->line - 1 - used;
    memcpy(probe->line + used, text, n < room ? n : room);
    probe->began = !strncmp(probe->line, began_line, sizeof began_line - 1);
    probe->listed = probe->began && strstr(probe->line, listed_line);
    probe->finished = probe->listed && strstr(probe->line, finished_line);
}

// Reads what there is; a pipe that has ended is closed.
static void hear(struct clg_probe *probe, int *fd)
{
    char text[4096];
    const ssize_t n = read(*fd, text, sizeof text);
    if (n < 0 && errno == EINTR)
        return;
    if (n <= 0)
        close_one(fd);
    else if (fd == &probe->told)
        told_add(probe, text, (size_t)n);
    else
        words_add(probe, text, (size_t)n);
}

static void judge(struct clg_probe *probe, int status)
{
    const int number = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    if (probe->finished || (probe->listed && probe->late > 0)) {
        probe->state = CLG_PROBE_GOOD; // a slow compiler is no fault
    } else if (!probe->began) {
        probe->state = CLG_PROBE_UNKNOWN;
    } else if (probe->late > 0) {
        probe->state = CLG_PROBE_BAD;
        snprintf(probe->what, sizeof probe->what, "did not come back within %g s", probe->late);
    } else if (number == SIGINT || number == SIGTERM || number == SIGHUP || number == SIGQUIT) {
        probe->state = CLG_PROBE_INTERRUPTED;
    } else {
        probe->state = CLG_PROBE_BAD;
        if (number == SIGKILL)
            snprintf(probe->what, sizeof probe->what, "was killed (memory may be short)");
        else if (number)
            snprintf(probe->what, sizeof probe->what, "crashed (signal %d, %s)", number, strsignal(number));
        else
            snprintf(probe->what, sizeof probe->what, "ended the program (exit code %d)",
                     WIFEXITED(status) ? WEXITSTATUS(status) : -1);
    }
}

static void said_find(struct clg_probe *probe)
{
    char *last = NULL;
    for (char *rest = probe->tail, *line; (line = strsep(&rest, "\r\n"));) {
        if (!line[strspn(line, " \t")])
            continue;
        last = line;
        if (strcasestr(line, "error"))
            break;
    }
    if (last)
        snprintf(probe->said, sizeof probe->said, "%s", last);
}

// Is it over? The pipes may stay open longer, in a process that the driver started.
static void look(struct clg_probe *probe)
{
    int status = 0;
    const pid_t ended = waitpid(probe->pid, &status, WNOHANG);
    if (ended == 0 || (ended < 0 && errno == EINTR))
        return;
    if (ended < 0)
        status = 0; // a program that has its children reaped: what the child told must do
    struct pollfd left[2] = {{.fd = probe->told, .events = POLLIN}, {.fd = probe->words, .events = POLLIN}};
    while (poll(left, 2, 0) > 0 && (left[0].revents || left[1].revents)) {
        if (left[0].revents)
            hear(probe, &probe->told);
        if (left[1].revents)
            hear(probe, &probe->words);
        left[0].fd = probe->told;
        left[1].fd = probe->words;
    }
    close_one(&probe->told);
    close_one(&probe->words);
    judge(probe, status);
    said_find(probe);
}

static bool any_runs(const struct clg_probe *probes, int count)
{
    for (int i = 0; i < count; i++)
        if (probes[i].state == CLG_PROBE_RUNNING)
            return true;
    return false;
}

// Until a child says something or ends, and not for long: with more children than PIPES some are only
// looked at.
static void hear_all(struct clg_probe *probes, int count)
{
    struct pollfd fds[PIPES];
    int *pipes[PIPES];
    struct clg_probe *whose[PIPES];
    nfds_t n = 0;
    for (int i = 0; i < count && n + 2 <= PIPES; i++) {
        int *const both[] = {&probes[i].told, &probes[i].words};
        for (int k = 0; k < 2; k++) {
            if (probes[i].state != CLG_PROBE_RUNNING || *both[k] < 0)
                continue;
            fds[n] = (struct pollfd){.fd = *both[k], .events = POLLIN};
            pipes[n] = both[k];
            whose[n++] = &probes[i];
        }
    }
    if (poll(fds, n, MOMENT_MS) <= 0)
        return;
    for (nfds_t i = 0; i < n; i++)
        if (fds[i].revents)
            hear(whose[i], pipes[i]);
}

void clg_probes_wait(struct clg_probe *probes, int count, double seconds)
{
    const double start = clg_seconds();
    for (;;) {
        for (int i = 0; i < count; i++)
            if (probes[i].state == CLG_PROBE_RUNNING)
                look(&probes[i]);
        if (!any_runs(probes, count) || clg_seconds() - start >= seconds)
            return;
        hear_all(probes, count);
    }
}

void clg_probes_end(struct clg_probe *probes, int count, double seconds)
{
    for (int i = 0; i < count; i++) {
        if (probes[i].state != CLG_PROBE_RUNNING)
            continue;
        probes[i].late = seconds;
        kill(probes[i].pid, SIGKILL);
    }
    clg_probes_wait(probes, count, 1);
    for (int i = 0; i < count; i++) {
        if (probes[i].state != CLG_PROBE_RUNNING)
            continue;
        close_one(&probes[i].told); // it hangs in the kernel, where no signal reaches it
        close_one(&probes[i].words);
        judge(&probes[i], 0);
    }
}

void clg_probe_note(const struct clg_probe *probe, int number, char *text, size_t size)
{
    char start[24];
    const int length = snprintf(start, sizeof start, "\n%d ", number);
    const char *note = strstr(probe->line, start);
    text[0] = 0;
    if (note)
        snprintf(text, size, "%.*s", (int)strcspn(note + length, "\n"), note + length);
}

// --- the child ---------------------------------------------------------------------------------
static int told_fd = -1;

static void tell(const char *line, size_t size)
{
    if (write(told_fd, line, size) < 0)
        _exit(1); // nobody listens any more
}

void clg_probe_begin(void)
{
    const struct rlimit none = {0, 0};
    setrlimit(RLIMIT_CORE, &none);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    FILE *file = fopen("/proc/self/oom_score_adj", "w"); // a driver that eats the memory goes first
    if (file) {
        fputs("1000", file);
        fclose(file);
    }
    told_fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 10);
    dup2(STDERR_FILENO, STDOUT_FILENO); // what drivers print
    tell(began_line, sizeof began_line - 1);
}

void clg_probe_listed(void)
{
    tell(listed_line, sizeof listed_line - 1);
}

void clg_probe_finish(void)
{
    tell(finished_line, sizeof finished_line - 1);
}

void clg_probe_write_note(int number, const char *text)
{
    char line[1024];
    const int length = snprintf(line, sizeof line, "%d %.1000s\n", number, text);
    tell(line, (size_t)length);
}
