// Watches a loop's pace: a thread that wakes up now and then, and how long the last turns took.
#include "run/watchdog.h"

#include "base/file.h"
#include "base/log.h"
#include "base/process.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    TURNS = 32,
    MIN_TURNS = 5,
    SLOW_FACTOR = 10
}; // remembered; needed for a median; a turn of so many medians is slow

struct clg_watchdog {
    pthread_t thread;
    long process; // that has the thread
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    const char *what;
    struct clg_log log;
    double min_seconds, start; // of the present turn; 0: none
    double seconds[TURNS];
    int turns;
    long long number;
    bool stop, warned;
};

static int by_size(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

// Of the last turns; 0 while there are too few.
static double median_of(const struct clg_watchdog *w)
{
    double sorted[TURNS];
    const int n = w->turns < TURNS ? w->turns : TURNS;
    if (n < MIN_TURNS)
        return 0;
    memcpy(sorted, w->seconds, (size_t)n * sizeof *sorted);
    qsort(sorted, (size_t)n, sizeof *sorted, by_size);
    return sorted[n / 2];
}

static void check_deadline(struct clg_watchdog *w)
{
    const double median = median_of(w), now = clg_seconds();
    if (w->warned || !w->start || !median || now - w->start < fmax(SLOW_FACTOR * median, w->min_seconds))
        return;
    w->warned = true;
    clg_log_line(
        &w->log, CLG_LOG_WARNING,
        "%s %lld has taken %.1f s so far (usually %.2f s): the device may be shared, hot and throttled, or "
        "hung (a display's watchdog then ends the process), or the disk may be slow; still waiting",
        w->what, w->number, now - w->start, median);
}

static void *watchdog_run(void *user)
{
    struct clg_watchdog *w = user;
    pthread_mutex_lock(&w->mutex);
    while (!w->stop) {
        struct timespec until;
        clock_gettime(CLOCK_MONOTONIC, &until);
        const double each = w->min_seconds / 4;
        until.tv_nsec += (long)((each - (double)(time_t)each) * 1e9);
        until.tv_sec += (time_t)each + until.tv_nsec / 1000000000;
        until.tv_nsec %= 1000000000;
        pthread_cond_timedwait(&w->changed, &w->mutex, &until);
        check_deadline(w);
    }
    pthread_mutex_unlock(&w->mutex);
    return NULL;
}

struct clg_watchdog *clg_watchdog_start(const char *what, double min_seconds, const struct clg_log *log)
{
    struct clg_watchdog *w = calloc(1, sizeof *w);
    if (!w)
        return NULL;
    w->what = what;
    w->process = clg_process_id();
    w->min_seconds = min_seconds;
    w->log = *log;
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_mutex_init(&w->mutex, NULL);
    pthread_cond_init(&w->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    if (pthread_create(&w->thread, NULL, watchdog_run, w)) {
        pthread_mutex_destroy(&w->mutex);
        pthread_cond_destroy(&w->changed);
        free(w);
        return NULL;
    }
    return w;
}

static void turn_end(struct clg_watchdog *w)
{
    if (w->start)
        w->seconds[w->turns++ % TURNS] = clg_seconds() - w->start;
    w->start = 0;
}

void clg_watchdog_turn(struct clg_watchdog *w, long long number)
{
    if (!w || clg_process_is_child(w->process))
        return;
    pthread_mutex_lock(&w->mutex);
    turn_end(w);
    w->start = clg_seconds();
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

void clg_watchdog_stop(struct clg_watchdog **watchdog)
{
    struct clg_watchdog *w = *watchdog;
    *watchdog = NULL;
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
