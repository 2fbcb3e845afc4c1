// The input in place of files. The linker leads the library's reading here (--wrap), where each file is a
// block of exactly the input's bytes: an access one byte too far is seen. Memory asked for is watched.
#include "fuzz.h"

#include "base/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static struct {
    const uint8_t *bytes;
    size_t n;
    uint8_t *copy;
    size_t most; // of one block; 0: not watched
    int fd;      // 0: none yet
} input;

// --- watching ----------------------------------------------------------------------------------
void fuzz_expect(bool holds, const char *what)
{
    if (holds)
        return;
    fprintf(stderr, "fuzz: expected %s\n", what);
    abort();
}

static void allocated(const volatile void *block, size_t size)
{
    (void)block;
    const size_t most = input.most;
    if (!most || size <= most)
        return;
    input.most = 0;
    fprintf(stderr, "fuzz: %zu bytes are asked for at once, at most %zu expected\n", size, most);
    abort();
}

static void freed(const volatile void *block)
{
    (void)block;
}

void fuzz_allow(size_t bytes)
{
    input.most = bytes;
}

void fuzz_touch(const void *bytes, size_t n)
{
    static volatile uint8_t sink;
    const uint8_t *p = bytes;
    uint8_t all = 0;
    for (size_t i = 0; i < n; i++)
        all ^= p[i];
    sink = all;
    (void)sink;
}

static void look_at(void *user, enum clg_log_level level, const char *line)
{
    (void)user, (void)level;
    fuzz_expect(*line, "a line with something in it");
    for (; *line; line++)
        fuzz_expect((unsigned char)*line >= ' ' || *line == '\n' || *line == '\t',
                    "no control character in a line");
}

const struct clg_log fuzz_log = {.fn = look_at};

// --- the input ---------------------------------------------------------------------------------
int __sanitizer_install_malloc_and_free_hooks(void (*)(const volatile void *, size_t),
                                              void (*)(const volatile void *));

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bool hooked;
    if (!hooked)
        hooked = __sanitizer_install_malloc_and_free_hooks(allocated, freed);
    input.bytes = data;
    input.n = size;
    input.most = 16 * size + 65536;
    fuzz_one(data, size);
    input.most = 0;
    input.bytes = NULL;
    free(input.copy);
    input.copy = NULL;
    return 0;
}

uint8_t *fuzz_input_copy(void)
{
    if (!input.copy) {
        input.copy = malloc(input.n + 1);
        fuzz_expect(input.copy, "memory for a copy of the input");
        memcpy(input.copy, input.bytes, input.n);
        input.bytes = input.copy;
    }
    return input.copy;
}

const char *fuzz_path(void)
{
    static char path[32];
    if (!input.fd) {
        input.fd = memfd_create("input", MFD_CLOEXEC);
        fuzz_expect(input.fd > 0, "a file in memory");
        snprintf(path, sizeof path, "/proc/self/fd/%d", input.fd);
    }
    fuzz_expect(!ftruncate(input.fd, (off_t)input.n) &&
                    pwrite(input.fd, input.bytes, input.n, 0) == (ssize_t)input.n,
                "room for the input");
    return path;
}

// --- in base/file.c's place --------------------------------------------------------------------
int __real_clg_file_read(const char *path, size_t limit, char **content, size_t *size,
                         const struct clg_log *log);
int __wrap_clg_file_read(const char *path, size_t limit, char **content, size_t *size,
                         const struct clg_log *log);
int __real_clg_file_map(const char *path, const char **content, size_t *size, const struct clg_log *log);
int __wrap_clg_file_map(const char *path, const char **content, size_t *size, const struct clg_log *log);
void __real_clg_file_unmap(const char **content, size_t size);
void __wrap_clg_file_unmap(const char **content, size_t size);
bool __real_clg_file_exists(const char *path);
bool __wrap_clg_file_exists(const char *path);

// The bytes, and `more` zeros behind them; empty files have a block too.
static char *block_of(size_t more)
{
    char *block = calloc(input.n + more, 1);
    fuzz_expect(block || !(input.n + more), "memory for the input");
    if (input.n)
        memcpy(block, input.bytes, input.n);
    return block;
}

int __wrap_clg_file_read(const char *path, size_t limit, char **content, size_t *size,
                         const struct clg_log *log)
{
    if (!input.bytes)
        return __real_clg_file_read(path, limit, content, size, log);
    *content = NULL;
    *size = 0;
    if (input.n > limit)
        return CLG_EFORMAT;
    *content = block_of(1);
    *size = input.n;
    return 0;
}

int __wrap_clg_file_map(const char *path, const char **content, size_t *size, const struct clg_log *log)
{
    if (!input.bytes)
        return __real_clg_file_map(path, content, size, log);
    *content = NULL;
    if (!input.n)
        return CLG_EFORMAT;
    *content = block_of(0);
    *size = input.n;
    return 0;
}

void __wrap_clg_file_unmap(const char **content, size_t size)
{
    if (!input.bytes) {
        __real_clg_file_unmap(content, size);
        return;
    }
    free((void *)*content);
    *content = NULL;
}

bool __wrap_clg_file_exists(const char *path)
{
    return input.bytes || __real_clg_file_exists(path);
}
