// cmocka with the headers that it needs, and the main of a test program.
#ifndef CLG_TESTS_MAIN_H
#define CLG_TESTS_MAIN_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define TEST(function) cmocka_unit_test(function)

// TEST_MAIN(NAME, SET_UP, TEAR_DOWN, TEST(...), ...): the tests in order, between the group's set-up and tear-down
// (each may be NULL). The program's argument, if any, is a pattern: it runs only the tests whose names match.
#define TEST_MAIN(name, set_up, tear_down, ...)                                                              \
    int main(int argc, char **argv)                                                                          \
    {                                                                                                        \
        const struct CMUnitTest tests[] = {__VA_ARGS__};                                                     \
        if (argc > 1)                                                                                        \
            cmocka_set_test_filter(argv[1]);                                                                 \
        return cmocka_run_group_tests_name(name, tests, set_up, tear_down);                                  \
    }

#endif
