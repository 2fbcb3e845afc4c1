// What analysers are told before each file of src: a failure's code is never 0.
#ifndef CLG_TESTS_ANALYZE_H
#define CLG_TESTS_ANALYZE_H

#ifdef CLG_ANALYZE_CLI
#include "cli/cli.h"
#define cli_fail(log, status, ...) (cli_fail(log, status, __VA_ARGS__), (status))
#else
#include "base/log.h"
#define clg_fail(log, error, ...) (clg_fail(log, error, __VA_ARGS__), (error))
#endif

#endif
