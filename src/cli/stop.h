// The ways to end a run cleanly: signals, and a reader of the output who has gone.
#ifndef CLG_CLI_STOP_H
#define CLG_CLI_STOP_H

#include <stdbool.h>

enum { CLI_STOP_SIGNALS = 3 };

// Signals that are ignored stay so: nohup, and jobs in the background.
struct cli_ignored {
    bool is[CLI_STOP_SIGNALS];
};
// To be called before a device is opened, as OpenCL drivers with LLVM inside put handlers of their own in
// place, whatever was there. From now on SIGPIPE is ignored.
struct cli_ignored cli_stop_prepare(void);

// From now on SIGINT, SIGTERM and SIGHUP ask for a stop, and so does a reader who goes. A second SIGINT ends
// the program at once.
void cli_stop_begin(struct cli_ignored ignored);

bool cli_stop_asked(void);

#endif
