// The cache of self-tests: a table of hashes, and a file with the hashes of those passed, one a line.
#include "selftest/selftest.h"

#include "base/file.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/sources.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { CAPACITY = 64, LINE = 17, FILE_MAX = 1 << 20 };

// A byte that does not occur in UTF-8 separates texts.
static uint64_t hash_add(uint64_t hash, const char *text)
{
    return clg_hash_bytes(clg_hash_text(hash, text), "\xff", 1);
}

static uint64_t hash_of(const char *text)
{
    return hash_add(CLG_HASH_START, text);
}

// One file for each device, driver and set of kernels; no file for kernels from a folder, which may change.
static bool cache_path(const struct clg_device *d, char *path, size_t size)
{
    if (!d->cache_dir || d->kernels_dir)
        return false;
    const char *const info[] = {d->info.platform_name, d->info.name, d->info.version, d->info.driver};
    uint64_t hash = hash_of(CLG_VERSION);
    for (int i = 0; i < 4; i++)
        hash = hash_add(hash, info[i]);
    for (const struct clg_source *s = clg_sources; s->name; s++)
        hash = hash_add(hash, s->text);
    const int widths[] = {d->vector, d->work_group};
    hash = clg_hash_bytes(hash, widths, sizeof widths);
    return snprintf(path, size, "%s/checked-%016" PRIx64, d->cache_dir, hash) < (int)size;
}

static int entry_find(const struct clg_selftest_cache *c, uint64_t hash)
{
    for (int i = 0; i < c->n; i++)
        if (c->entries[i].hash == hash)
            return i;
    return -1;
}

// The entry's index; adds it if it is new. -1: out of memory.
static int entry_get(struct clg_device *d, uint64_t hash)
{
    struct clg_selftest_cache *c = d->ops->selftests;
    const int at = c ? entry_find(c, hash) : -1;
    if (at >= 0)
        return at;
    if (!c || c->n == c->capacity) {
        const int capacity = c ? 2 * c->capacity : CAPACITY;
        struct clg_selftest_cache *larger = realloc(c, sizeof *c + (size_t)capacity * sizeof *c->entries);
        if (!larger)
            return -1;
        if (!c)
            *larger = (struct clg_selftest_cache){0};
        larger->capacity = capacity;
        c = d->ops->selftests = larger;
    }
    assert(c->n < c->capacity);
    c->entries[c->n].hash = hash;
    c->entries[c->n].state = CLG_SELFTEST_PENDING;
    return c->n++;
}

// Malformed lines are skipped.
static void file_read(struct clg_device *d)
{
    char path[4096], *text;
    size_t size;
    if (!cache_path(d, path, sizeof path) || clg_file_read(path, FILE_MAX, &text, &size, &clg_log_silent))
        return;
    for (char *line = text, *next; *line; line = next) {
        next = line + strcspn(line, "\n");
        next += *next == '\n';
        char *end;
        const uint64_t hash = strtoull(line, &end, 16);
        const int at = next - line == LINE && end == line + LINE - 1 ? entry_get(d, hash) : -1;
        if (at >= 0)
            d->ops->selftests->entries[at].state = CLG_SELFTEST_PASSED;
    }
    free(text);
}

// The table, read from the file at first use; NULL: out of memory.
static struct clg_selftest_cache *table_of(struct clg_device *d)
{
    if (!d->ops->selftests && entry_get(d, 0) >= 0)
        file_read(d);
    return d->ops->selftests;
}

bool clg_selftest_cache_passed(struct clg_device *d, const char *what)
{
    const struct clg_selftest_cache *c = table_of(d);
    const int at = c ? entry_find(c, hash_of(what)) : -1;
    return at >= 0 && c->entries[at].state == CLG_SELFTEST_PASSED;
}

bool clg_selftest_due(struct clg_device *d, const char *what, const char *label)
{
    struct clg_selftest_cache *c = clg_selftest_cache_passed(d, what) ? NULL : d->ops->selftests;
    if (!c)
        return false;
    if (c->tried >= c->pending) {
        c->tried = 0;
        c->pending = 0;
    }
    if (entry_find(c, hash_of(what)) < 0 && entry_get(d, hash_of(what)) >= 0)
        d->ops->selftests->pending++;
    c = d->ops->selftests;
    if (d->mode == CLG_MODE_COLLECT)
        return false;
    if (d->params.progress && c->tried < c->pending)
        d->params.progress(d->params.progress_user, label, (size_t)c->tried, (size_t)c->pending);
    c->tried++;
    return true;
}

// Appends a whole line; two processes may both write it.
void clg_selftest_cache_add(struct clg_device *d, const char *what)
{
    const uint64_t hash = hash_of(what);
    char path[4096];
    const int at = table_of(d) ? entry_get(d, hash) : -1;
    if (at < 0 || d->ops->selftests->entries[at].state == CLG_SELFTEST_PASSED)
        return;
    d->ops->selftests->entries[at].state = CLG_SELFTEST_PASSED;
    if (!cache_path(d, path, sizeof path) || clg_folder_create(d->cache_dir, &clg_log_silent))
        return;
    FILE *file = fopen(path, "a");
    if (!file)
        return;
    fprintf(file, "%016" PRIx64 "\n", hash);
    fclose(file);
}

static uint64_t dropped_hash(const struct clg_conv_variant *variant)
{
    return hash_add(hash_of("dropped"), variant->name);
}

int clg_selftest_cache_drop(struct clg_device *d, const struct clg_conv_variant *variant)
{
    const int at = entry_get(d, dropped_hash(variant));
    if (at < 0)
        return clg_fail(&d->log, CLG_ENOMEM, "out of memory dropping conv=%s", variant->name);
    d->ops->selftests->entries[at].state = CLG_SELFTEST_DROPPED;
    return 0;
}

bool clg_selftest_cache_dropped(const struct clg_device *d, const struct clg_conv_variant *variant)
{
    return d->ops->selftests && entry_find(d->ops->selftests, dropped_hash(variant)) >= 0;
}
