// What a fuzz target gives, and what it is given. A target is one file of this folder: its input is the
// content of every file that the library reads, and nothing of it may crash, hang, or take memory out of
// proportion.
#ifndef CLG_TESTS_FUZZ_H
#define CLG_TESTS_FUZZ_H

#include <clgan/base.h>

// --- given by the target -----------------------------------------------------------------------
void fuzz_one(const uint8_t *data, size_t size);
void fuzz_seeds(void); // valid files, by fuzz_seed or written to fuzz_folder()

// --- what the target reads (input.c) -----------------------------------------------------------
// The entry that libFuzzer and driver.c call: fuzz_one with the input in place of files.
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
// Other content than the input for the files of this run; a copy of n bytes that the caller may change.
uint8_t *fuzz_input_copy(void);
// The input as a file with a path, for what is opened by the C library itself.
const char *fuzz_path(void);
// The largest block that this run may ask for from here on; 64 KiB and 16 bytes for each of the input's until
// then.
void fuzz_allow(size_t bytes);
// Ends the process with a report unless it holds.
void fuzz_expect(bool holds, const char *what);
// Reads all of it, so that the sanitizers see what is not there.
void fuzz_touch(const void *bytes, size_t n);
// Takes every line of the library's and looks at it.
extern const struct clg_log fuzz_log;

// --- seeds (seeds.c) ---------------------------------------------------------------------------
void fuzz_seed(const void *bytes, size_t n);
// A folder of this process's own, and a path in it (one at a time); it is removed at the end.
const char *fuzz_folder(void);
const char *fuzz_in_folder(const char *name);
// Every file of the folder becomes a seed, and goes.
void fuzz_seeds_take(void);

struct fuzz_bytes {
    uint8_t *bytes;
    size_t n;
};
const struct fuzz_bytes *fuzz_seeds_made(int *n);

// --- mutations (mutate.c) ----------------------------------------------------------------------
enum { FUZZ_SIZE_MAX = 1 << 16 };
// A seed with a few changes in `to` (FUZZ_SIZE_MAX bytes); the same for the same *random.
size_t fuzz_mutate(const struct fuzz_bytes *seeds, int n, uint64_t *random, uint8_t *to);

#endif
