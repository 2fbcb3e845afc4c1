// Runs a fuzz target without libFuzzer: on its seeds, then on so many changed ones, the same at every start.
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint8_t now[FUZZ_SIZE_MAX]; // the input that is being run
static size_t now_n;
static const char *program;

static bool file_write(const char *path, const void *bytes, size_t n)
{
    FILE *file = fopen(path, "wb");
    if (!file)
        return false;
    const bool whole = fwrite(bytes, 1, n, file) == n;
    return fclose(file) == 0 && whole;
}

// Called by the sanitizers before they end the process.
static void keep_input(void)
{
    char path[64];
    const char *name = strrchr(program, '/');
    snprintf(path, sizeof path, "crash-%.40s", name ? name + 1 : program);
    if (file_write(path, now, now_n))
        fprintf(stderr, "fuzz: the input is in %s; again: %s --run %s\n", path, program, path);
}

static void run(const void *bytes, size_t n)
{
    memmove(now, bytes, n);
    now_n = n;
    LLVMFuzzerTestOneInput(now, now_n);
}

static int seeds_write(const char *folder)
{
    int n;
    const struct fuzz_bytes *seeds = fuzz_seeds_made(&n);
    for (int i = 0; i < n; i++) {
        char path[1024];
        snprintf(path, sizeof path, "%s/seed-%02d", folder, i);
        if (!file_write(path, seeds[i].bytes, seeds[i].n)) {
            perror(path);
            return 1;
        }
    }
    return 0;
}

static int files_run(char **paths)
{
    for (; *paths; paths++) {
        static uint8_t bytes[FUZZ_SIZE_MAX];
        FILE *file = fopen(*paths, "rb");
        if (!file) {
            perror(*paths);
            return 1;
        }
        const size_t n = fread(bytes, 1, sizeof bytes, file);
        fclose(file);
        run(bytes, n);
        printf("%s: fine\n", *paths);
    }
    return 0;
}

static int seeds_run(long runs, uint64_t random)
{
    static uint8_t bytes[FUZZ_SIZE_MAX];
    int n;
    const struct fuzz_bytes *seeds = fuzz_seeds_made(&n);
    for (int i = 0; i < n; i++)
        run(seeds[i].bytes, seeds[i].n);
    for (long i = 0; i < runs; i++)
        run(bytes, fuzz_mutate(seeds, n, &random, bytes));
    printf("%d seeds and %ld changed ones: fine\n", n, runs);
    return n ? 0 : 1;
}

void __sanitizer_set_death_callback(void (*)(void));
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "handle_abort=1:abort_on_error=0";
}

int main(int argc, char **argv)
{
    program = argv[0];
    __sanitizer_set_death_callback(keep_input);
    if (argc == 3 && !strcmp(argv[1], "--seeds"))
        return seeds_write(argv[2]);
    if (argc >= 3 && !strcmp(argv[1], "--run"))
        return files_run(argv + 2);
    char *end = "";
    const long runs = argc > 1 ? strtol(argv[1], &end, 10) : 10000;
    const uint64_t random = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
    if (*end || argc > 3) {
        fprintf(stderr, "usage: %s [RUNS [SEED]] | --run FILE... | --seeds FOLDER\n", argv[0]);
        return 2;
    }
    return seeds_run(runs, random);
}
