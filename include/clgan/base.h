// Errors, logging and visibility: what every clgan header builds on.
//
// Contracts of the whole library: a function that can fail returns 0 or a negative CLG_E... code, after one
// line in the log. `..._new`, `..._open` and `..._load` write through their first argument; `..._free` and
// `..._close` take the address of the pointer, accept NULL in it and leave NULL there. The library never
// exits, keeps no globals (but for the process that uses OpenCL and its drivers) and reads no environment
// variables, but for loading OpenCL (<clgan/drivers.h>).
// Thread rule: an object may be used by one thread at a time; different devices are independent.
// fork(): devices and what lives on them, and data sets, belong to the process that opened them. In a forked
// child every call that would need the device or the loader's threads is an error (CLG_EDEVICE, of a data set
// CLG_EINVAL), and `..._free` and `..._close` only set the pointer to NULL.
#ifndef CLGAN_BASE_H
#define CLGAN_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
#define CLG_API __attribute__((visibility("default")))
#define CLG_PRINTF(string, first) __attribute__((format(printf, string, first)))
#else
#define CLG_API
#define CLG_PRINTF(string, first)
#endif

#ifdef __cplusplus
extern "C" {
#endif

enum clg_error {
    CLG_OK = 0,
    CLG_EINVAL = -1,   // an argument or option is out of its range
    CLG_ENOMEM = -2,   // host or device memory is short
    CLG_EIO = -3,      // a file cannot be opened, read or written
    CLG_EFORMAT = -4,  // a file's content is not what it should be
    CLG_ENODEV = -5,   // no device, or not exactly one, matches what was asked for
    CLG_EDEVICE = -6,  // an OpenCL or CLBlast call failed
    CLG_EBUILD = -7,   // a kernel does not compile
    CLG_EDATA = -8,    // too few usable pictures
    CLG_ENUMERIC = -9, // a loss is not finite
};

enum clg_log_level { CLG_LOG_ERROR, CLG_LOG_WARNING, CLG_LOG_INFO };

// Receives one line (no newline at its end). May be called from the library's own threads.
typedef void clg_log_fn(void *user, enum clg_log_level level, const char *line);

// Where lines go. {0} means: errors and warnings to stderr, information nowhere.
struct clg_log {
    clg_log_fn *fn;
    void *user;
};

// A long job's progress: `done` of `total` things called `what`. Called from the caller's thread.
typedef void clg_progress_fn(void *user, const char *what, size_t done, size_t total);

// n random bytes (Philox), the same for a seed everywhere.
CLG_API void clg_random_bytes(uint64_t seed, size_t n, uint8_t *bytes);

// The library's version, "0.1.0".
CLG_API const char *clg_version(void);

// A few words for a CLG_E... code.
CLG_API const char *clg_error_text(int error);

#ifdef __cplusplus
}
#endif
#endif
