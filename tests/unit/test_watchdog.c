// The watch over a loop's pace: one warning for one slow turn, while it lasts, none for usual ones.
#include "ops_fixture.h"

#include "run/watchdog.h"

#include <unistd.h>

static void turns(struct clg_watchdog *watch, int n, int first, unsigned milliseconds)
{
    for (int i = 0; i < n; i++) {
        clg_watchdog_turn(watch, first + i);
        usleep(1000 * milliseconds);
        clg_watchdog_pause(watch);
    }
}

static void test_slow_turn(void **state)
{
    (void)state;
    struct captured captured_log = {0};
    const struct clg_log log = {captured_line, &captured_log};
    struct clg_watchdog *watch = clg_watchdog_start("turn", 0.2, &log);
    assert_non_null(watch);
    turns(watch, 8, 1, 5);
    turns(watch, 1, 9, 100); // ten times the others, but not long
    usleep(400000);          // between turns nothing is slow
    assert_int_equal(captured_log.lines, 0);
    clg_watchdog_turn(watch, 10);
    usleep(700000);
    clg_watchdog_pause(watch);
    assert_int_equal(captured_log.lines, 1); // while it lasted
    captured_has(&captured_log, "turn 10 has taken");
    turns(watch, 1, 11, 600);
    clg_watchdog_stop(&watch);
    assert_int_equal(captured_log.lines, 1);
    assert_null(watch);
    clg_watchdog_stop(&watch);
    clg_watchdog_turn(NULL, 1);
}

static void test_slow_from_the_start(void **state)
{
    (void)state;
    struct captured captured_log = {0};
    const struct clg_log log = {captured_line, &captured_log};
    struct clg_watchdog *watch = clg_watchdog_start("turn", 0.05, &log);
    turns(watch, 4, 1, 150); // there is nothing to compare with
    turns(watch, 4, 5, 150); // and all are alike
    clg_watchdog_stop(&watch);
    assert_int_equal(captured_log.lines, 0);
}

TEST_MAIN("watch", NULL, NULL, TEST(test_slow_turn), TEST(test_slow_from_the_start))
