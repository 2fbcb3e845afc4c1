// The seeds: valid files that code makes, through a folder of the process's own.
#include "fuzz.h"

#include <dirent.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SEEDS_MAX = 128 };
static struct fuzz_bytes seeds[SEEDS_MAX];
static int seeds_n;

static char folder[512];

static int entry_remove(const char *path, const struct stat *info, int kind, struct FTW *where)
{
    (void)info, (void)kind, (void)where;
    return remove(path);
}

static void clean(void)
{
    nftw(folder, entry_remove, 16, FTW_DEPTH | FTW_PHYS);
    for (int i = 0; i < seeds_n; i++)
        free(seeds[i].bytes);
}

const char *fuzz_folder(void)
{
    if (!*folder) {
        const char *parent = getenv("TMPDIR");
        snprintf(folder, sizeof folder, "%s/clgan_fuzz_XXXXXX", parent && *parent ? parent : "/tmp");
        fuzz_expect(mkdtemp(folder), "a folder of its own");
        atexit(clean);
    }
    return folder;
}

const char *fuzz_in_folder(const char *name)
{
    static char path[1024];
    snprintf(path, sizeof path, "%s/%s", fuzz_folder(), name);
    return path;
}

void fuzz_seed(const void *bytes, size_t n)
{
    fuzz_folder(); // it cleans up
    fuzz_expect(seeds_n < SEEDS_MAX && n <= FUZZ_SIZE_MAX, "room for a seed");
    struct fuzz_bytes *seed = &seeds[seeds_n++];
    *seed = (struct fuzz_bytes){malloc(n + 1), n};
    fuzz_expect(seed->bytes, "memory for a seed");
    memcpy(seed->bytes, bytes, n);
}

static void file_take(const char *path)
{
    static uint8_t bytes[FUZZ_SIZE_MAX + 1];
    FILE *file = fopen(path, "rb");
    if (!file)
        return;
    const size_t n = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    fuzz_seed(bytes, n);
    unlink(path);
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

void fuzz_seeds_take(void)
{
    struct dirent **entries;
    const int n = scandir(fuzz_folder(), &entries, NULL, by_name);
    for (int i = 0; i < n; i++) {
        if (entries[i]->d_type == DT_REG)
            file_take(fuzz_in_folder(entries[i]->d_name));
        free(entries[i]);
    }
    if (n >= 0)
        free(entries);
}

const struct fuzz_bytes *fuzz_seeds_made(int *n)
{
    if (!seeds_n)
        fuzz_seeds();
    *n = seeds_n;
    return seeds;
}
