// Loading OpenCL's drivers in child processes, to see whether they come back.
#ifndef CLG_DEVICE_PROBE_H
#define CLG_DEVICE_PROBE_H

#include <clgan/base.h>
#include <sys/types.h>

enum clg_probe_state {
    CLG_PROBE_RUNNING,
    CLG_PROBE_GOOD,
    CLG_PROBE_BAD,
    CLG_PROBE_UNKNOWN,     // the child did not come as far as loading anything
    CLG_PROBE_INTERRUPTED, // by a signal that means the whole program
};

struct clg_probe {
    enum clg_probe_state state;
    char what[256]; // BAD: what happened, as the end of a sentence: "crashed (signal 6, Aborted)"
    char said[160]; // the last line that the child wrote to its outputs, or ""
    double late;    // seconds after which it was ended, or 0
    pid_t pid;
    int told, words; // pipes from the child, -1: closed
    char line[4096]; // of `told`: how far it has come, and notes
    bool began, listed, finished;
    char tail[1024]; // of `words`
    size_t tail_size;
};

// The `clgan` command that belongs to this library; false: it is not where it is looked for.
bool clg_probe_command(char *path, size_t size);
// Starts the command on the drivers that it finds by `environment`. It runs until clg_probes_wait.
void clg_probe_start(struct clg_probe *probe, const char *command, char *const *environment);
// Waits until none runs, for `seconds` at most.
void clg_probes_wait(struct clg_probe *probes, int count, double seconds);
// Ends what still runs: BAD, as it took more than `seconds`.
void clg_probes_end(struct clg_probe *probes, int count, double seconds);

// What the child noted on the driver with this number, into `text`; "" when nothing.
void clg_probe_note(const struct clg_probe *probe, int number, char *text, size_t size);

// The child's side: before its first OpenCL call, when all devices are listed (what it does then may be
// slow), and when all went well; then notes on drivers, one line each.
void clg_probe_begin(void);
void clg_probe_listed(void);
void clg_probe_finish(void);
void clg_probe_write_note(int number, const char *text);

#endif
