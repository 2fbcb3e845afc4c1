// Watches a loop's pace and warns while one turn takes far longer than the others.
#ifndef CLG_RUN_WATCHDOG_H
#define CLG_RUN_WATCHDOG_H

#include <clgan/base.h>

struct clg_watchdog;
// Its thread logs at most one warning. `what` names a turn ("step") and must stay valid. A turn of less than
// min_seconds is never slow. NULL if there can be no thread: then there is no warning.
struct clg_watchdog *clg_watchdog_start(const char *what, double min_seconds, const struct clg_log *log);
void clg_watchdog_turn(struct clg_watchdog *watch,
                       long long number);            // the turn that begins now; NULL is fine
void clg_watchdog_pause(struct clg_watchdog *watch); // until the next turn
void clg_watchdog_stop(struct clg_watchdog **watch);

#endif
