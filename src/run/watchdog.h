// Watches over a loop's pace: says so when one turn takes far longer than the others, while it does.
#ifndef CLG_RUN_WATCHDOG_H
#define CLG_RUN_WATCHDOG_H

#include <clgan/base.h>

struct clg_watchdog;
// Its thread logs at most one warning for the whole watch. `what` names a turn ("step") and stays valid.
// least: the seconds below which no turn counts as slow. A watch that cannot be had costs no more than its
// warning: NULL.
struct clg_watchdog *clg_watchdog_start(const char *what, double least, const struct clg_log *log);
void clg_watchdog_turn(struct clg_watchdog *watch,
                       long long number);            // the turn that begins now; NULL is fine
void clg_watchdog_pause(struct clg_watchdog *watch); // until the next turn: something else is done
void clg_watchdog_stop(struct clg_watchdog **watch);

#endif
