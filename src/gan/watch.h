// Watches over a loop's pace: says so when one turn takes far longer than the others, while it does.
#ifndef CLG_GAN_WATCH_H
#define CLG_GAN_WATCH_H

#include <clgan/base.h>

struct clg_watch;
// Its thread logs at most one warning for the whole watch. `what` names a turn ("step") and stays valid.
// least: the seconds below which no turn counts as slow. A watch that cannot be had costs no more than its
// warning: NULL.
struct clg_watch *clg_watch_start(const char *what, double least, const struct clg_log *log);
void clg_watch_turn(struct clg_watch *watch, long long number); // the turn that begins now; NULL is fine
void clg_watch_pause(struct clg_watch *watch);                  // until the next turn: something else is done
void clg_watch_stop(struct clg_watch **watch);

#endif
