// What the data tests share: a folder of their own, files in it, and captured log lines.
#ifndef CLG_TESTS_FILES_FIXTURE_H
#define CLG_TESTS_FILES_FIXTURE_H

#include "main.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ftw.h>
#include <unistd.h>

#include <clgan/data.h>

// Counts lines and keeps the last; the loader serialises its own.
struct captured_log {
    int lines;
    char last[2048];
};

static inline void capture_line(void *user, enum clg_log_level level, const char *line)
{
    (void)level;
    struct captured_log *captured_log = user;
    captured_log->lines++;
    snprintf(captured_log->last, sizeof captured_log->last, "%s", line);
}

static inline struct clg_log capture(struct captured_log *captured_log)
{
    *captured_log = (struct captured_log){0};
    return (struct clg_log){.fn = capture_line, .user = captured_log};
}

static inline int folder_make(void **state)
{
    const char *parent = getenv("TMPDIR");
    char name[256];
    snprintf(name, sizeof name, "%s/clgan_test_XXXXXX", parent && *parent ? parent : "/tmp");
    *state = mkdtemp(name) ? strdup(name) : NULL;
    return *state ? 0 : -1;
}

static inline int entry_remove(const char *path, const struct stat *info, int kind, struct FTW *where)
{
    (void)info;
    (void)kind;
    (void)where;
    return remove(path);
}

static inline int folder_remove(void **state)
{
    nftw(*state, entry_remove, 16, FTW_DEPTH | FTW_PHYS);
    free(*state);
    return 0;
}

// A test with a folder of its own, its state.
#define IN_FOLDER(function) cmocka_unit_test_setup_teardown(function, folder_make, folder_remove)

// A path in the test's folder, in one of a few buffers in turn.
static inline const char *in(void **state, const char *name)
{
    static char paths[8][512];
    static int next;
    char *path = paths[next++ % 8];
    snprintf(path, sizeof paths[0], "%s/%s", (const char *)*state, name);
    return path;
}

static inline void file_write(const char *path, const void *bytes, size_t n)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, n, file), n);
    fclose(file);
}

static inline uint8_t *file_bytes(const char *path, size_t *n)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    fseek(file, 0, SEEK_END);
    *n = (size_t)ftell(file);
    rewind(file);
    uint8_t *bytes = malloc(*n + 1);
    assert_non_null(bytes);
    assert_int_equal(fread(bytes, 1, *n, file), *n);
    fclose(file);
    return bytes;
}

// A small generator, so that tests do not depend on the one they test.
static inline uint32_t chance(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(*state >> 33);
}

#endif
