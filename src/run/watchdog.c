// Watches over a loop's pace: a thread that wakes up now and then, and a list of how long turns took.
#include "run/watchdog.h"

#include "base/file.h"
#include "base/log.h"
#include "base/process.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { TURNS = 32, FEW = 5, SLOW = 10 }; // kept; needed for a median; times the median is slow

struct clg_watchdog {
    pthread_t thread;
    long process; // whose thread it is
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    const char *what;
    struct clg_log log;
    double least, began; // of the present turn; 0: none
    double took[TURNS];
    int turns;
    long long number;
    bool stop, said;
};

static int by_size(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

// Of the last turns, 0: too few yet.
static double median_of(const struct clg_watchdog *w)
{
    double sorted[TURNS];
    const int n = w->turns < TURNS ? w->turns : TURNS;
    if (n < FEW)
        return 0;
    memcpy(sorted, w->took, (size_t)n * sizeof *sorted);
    qsort(sorted, (size_t)n, sizeof *sorted, by_size);
    return sorted[n / 2];
}

static void look(struct clg_watchdog *w)
{
    const double median = median_of(w), now = clg_seconds();
    if (w->said || !w->began || !median || now - w->began < fmax(SLOW * median, w->least))
        return;
    w->said = true;
    clg_log_line(
        &w->log, CLG_LOG_WARNING,
        "%s %lld takes %.1f s so far, usual are %.2f s: the device may be shared with others, hot and "
        "throttled, or hung (a display's watchdog then ends the process), or the folder's disk stalls; "
        "waiting on",
        w->what, w->number, now - w->began, median);
}

static void *watch(void *user)
{
    struct clg_watchdog *w = user;
    pthread_mutex_lock(&w->mutex);
    while (!w->stop) {
        struct timespec until;
        clock_gettime(CLOCK_MONOTONIC, &until);
        const double each = w->least / 4;
        until.tv_nsec += (long)((each - (double)(time_t)each) * 1e9);
        until.tv_sec += (time_t)each + until.tv_nsec / 1000000000;
        until.tv_nsec %= 1000000000;
        pthread_cond_timedwait(&w->changed, &w->mutex, &until);
        look(w);
    }
    pthread_mutex_unlock(&w->mutex);
    return NULL;
}

struct clg_watchdog *clg_watchdog_start(const char *what, double least, const struct clg_log *log)
{
    struct clg_watchdog *w = calloc(1, sizeof *w);
    if (!w)
        return NULL;
    w->what = what;
    w->process = clg_process_id();
    w->least = least;
    w->log = *log;
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_mutex_init(&w->mutex, NULL);
    pthread_cond_init(&w->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    if (pthread_create(&w->thread, NULL, watch, w)) {
        pthread_mutex_destroy(&w->mutex);
        pthread_cond_destroy(&w->changed);
        free(w);
        return NULL;
    }
    return w;
}

static void turn_end(struct clg_watchdog *w)
{
    if (w->began)
        w->took[w->turns++ % TURNS] = clg_seconds() - w->began;
    w->began = 0;
}

void clg_watchdog_turn(struct clg_watchdog *w, long long number)
{
    if (!w || clg_process_is_child(w->process))
        return;
    pthread_mutex_lock(&w->mutex);
    turn_end(w);
    w->began = clg_seconds();
    w->number = number;
    pthread_mutex_unlock(&w->mutex);
}

void clg_watchdog_pause(struct clg_watchdog *w)
{
    if (!w || clg_process_is_child(w->process))
        return;
    pthread_mutex_lock(&w->mutex);
    turn_end(w);
    pthread_mutex_unlock(&w->mutex);
}

void clg_watchdog_stop(struct clg_watchdog **watch)
{
    struct clg_watchdog *w = *watch;
    *watch = NULL;
    if (!w || clg_process_is_child(w->process))
        return;
    pthread_mutex_lock(&w->mutex);
    w->stop = true;
    pthread_cond_signal(&w->changed);
    pthread_mutex_unlock(&w->mutex);
    pthread_join(w->thread, NULL);
    pthread_mutex_destroy(&w->mutex);
    pthread_cond_destroy(&w->changed);
    free(w);
}
