// A clock that somebody keeps setting: each look at the time of day is a day before or after the last one.
// Loaded with LD_PRELOAD; the clocks that only count on are left alone.
#include <stdatomic.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum { DAY = 86400 };
static atomic_int looks;

static time_t jump(void)
{
    return atomic_fetch_add(&looks, 1) % 2 ? DAY : -DAY;
}

#pragma GCC visibility push(default) // what takes the C library's place

int clock_gettime(clockid_t id, struct timespec *t)
{
    const int status = (int)syscall(SYS_clock_gettime, id, t);
    if (!status && (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE))
        t->tv_sec += jump();
    return status;
}

int gettimeofday(struct timeval *t, void *zone)
{
    struct timespec now;
    (void)zone;
    const int status = clock_gettime(CLOCK_REALTIME, &now);
    t->tv_sec = now.tv_sec;
    t->tv_usec = now.tv_nsec / 1000;
    return status;
}

time_t time(time_t *t)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (t)
        *t = now.tv_sec;
    return now.tv_sec;
}
