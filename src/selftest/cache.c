// What was seen to compute right: a table of hashes, and a file of them, a line each.
#include "selftest/selftest.h"

#include "base/file.h"
#include "base/hash.h"
#include "base/log.h"
#include "device/sources.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { ROOM = 64, LINE = 17, FILE_MAX = 1 << 20 };

// Texts are separated by a byte that UTF-8 does not have.
static uint64_t hash_add(uint64_t hash, const char *text)
{
    return clg_hash_bytes(clg_hash_text(hash, text), "\xff", 1);
}

static uint64_t hash_of(const char *text)
{
    return hash_add(CLG_HASH_START, text);
}

// One file for each device, driver and set of kernels; none with kernels from elsewhere, which may change.
static bool path_of(const struct clg_device *d, char *path, size_t size)
{
    if (!d->cache_dir || d->kernels_dir)
        return false;
    const char *const facts[] = {d->info.platform_name, d->info.name, d->info.version, d->info.driver};
    uint64_t hash = hash_of(CLG_VERSION);
    for (int i = 0; i < 4; i++)
        hash = hash_add(hash, facts[i]);
    for (const struct clg_source *s = clg_sources; s->name; s++)
        hash = hash_add(hash, s->text);
    const int widths[] = {d->vector, d->work_group};
    hash = clg_hash_bytes(hash, widths, sizeof widths);
    return snprintf(path, size, "%s/checked-%016" PRIx64, d->cache_dir, hash) < (int)size;
}

static int entry_find(const struct clg_checked *c, uint64_t hash)
{
    for (int i = 0; i < c->n; i++)
        if (c->entries[i].hash == hash)
            return i;
    return -1;
}

// Its place in the table, which it takes when it has none; -1: no memory.
static int entry_get(struct clg_device *d, uint64_t hash)
{
    struct clg_checked *c = d->checked;
    const int at = c ? entry_find(c, hash) : -1;
    if (at >= 0)
        return at;
    if (!c || c->n == c->room) {
        const int room = c ? 2 * c->room : ROOM;
        struct clg_checked *larger = realloc(c, sizeof *c + (size_t)room * sizeof *c->entries);
        if (!larger)
            return -1;
        if (!c)
            *larger = (struct clg_checked){0};
        larger->room = room;
        c = d->checked = larger;
    }
    c->entries[c->n].hash = hash;
    c->entries[c->n].state = CLG_CHECKED_MET;
    return c->n++;
}

// Lines of the file; what is none is left out.
static void file_read(struct clg_device *d)
{
    char path[4096], *text;
    size_t size;
    if (!path_of(d, path, sizeof path) || clg_file_read(path, FILE_MAX, &text, &size, &clg_log_silent))
        return;
    for (char *line = text, *next; *line; line = next) {
        next = line + strcspn(line, "\n");
        next += *next == '\n';
        char *end;
        const uint64_t hash = strtoull(line, &end, 16);
        const int at = next - line == LINE && end == line + LINE - 1 ? entry_get(d, hash) : -1;
        if (at >= 0)
            d->checked->entries[at].state = CLG_CHECKED_RIGHT;
    }
    free(text);
}

static struct clg_checked *table_of(struct clg_device *d)
{
    if (!d->checked && entry_get(d, 0) >= 0)
        file_read(d);
    return d->checked;
}

bool clg_checked_right(struct clg_device *d, const char *what)
{
    const struct clg_checked *c = table_of(d);
    const int at = c ? entry_find(c, hash_of(what)) : -1;
    return at >= 0 && c->entries[at].state == CLG_CHECKED_RIGHT;
}

void clg_checked_pending(struct clg_device *d, const char *what)
{
    if (!table_of(d) || entry_find(d->checked, hash_of(what)) >= 0)
        return;
    if (d->checked->pending == 0)
        d->checked->tried = 0;
    if (entry_get(d, hash_of(what)) >= 0)
        d->checked->pending++;
}

// Lines are appended whole; two processes may write the same.
void clg_checked_add(struct clg_device *d, const char *what)
{
    const uint64_t hash = hash_of(what);
    char path[4096];
    const int at = table_of(d) ? entry_get(d, hash) : -1;
    if (at < 0 || d->checked->entries[at].state == CLG_CHECKED_RIGHT)
        return;
    d->checked->entries[at].state = CLG_CHECKED_RIGHT;
    d->checked->tried++;
    if (!path_of(d, path, sizeof path) || clg_folder_create(d->cache_dir, &clg_log_silent))
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

int clg_checked_drop(struct clg_device *d, const struct clg_conv_variant *variant)
{
    const int at = entry_get(d, dropped_hash(variant));
    if (at < 0)
        return clg_fail(&d->log, CLG_ENOMEM, "out of memory leaving out conv=%s", variant->name);
    d->checked->entries[at].state = CLG_CHECKED_DROPPED;
    return 0;
}

bool clg_checked_dropped(const struct clg_device *d, const struct clg_conv_variant *variant)
{
    return d->checked && entry_find(d->checked, dropped_hash(variant)) >= 0;
}
