// Compiled kernels on disk: a file per (source, options, platform, device, driver). Any trouble with one
// means that the kernel is compiled from source again, silently.
#include "device/program.h"

#include "base/file.h"
#include "base/hash.h"
#include "base/log.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

// What stands in front of the binary; the key's text follows it.
struct header {
    char magic[8];
    uint64_t key_size, binary_size, binary_hash;
};
static const char magic[8] = "clgkrn1";

void clg_cache_key_make(struct clg_device *d, const char *source, const char *options,
                        struct clg_cache_key *key)
{
    const uint64_t start = CLG_HASH_START;
    snprintf(key->text, sizeof key->text, "%016" PRIx64 "%016" PRIx64 "|%016" PRIx64 "|%s|%s|%s|%s|%s",
             clg_hash_text(start, source), clg_hash_text(~start, source), clg_hash_text(start, options),
             d->info.platform_name, d->info.name, d->info.vendor, d->info.version, d->info.driver);
    key->hash[0] = clg_hash_text(start, key->text);
    key->hash[1] = clg_hash_text(~start, key->text);
}

static void path_of(struct clg_device *d, const struct clg_cache_key *key, char *path, size_t size)
{
    snprintf(path, size, "%s/%016" PRIx64 "%016" PRIx64 ".bin", d->cache_dir, key->hash[0], key->hash[1]);
}

int clg_cache_load(struct clg_device *d, const struct clg_cache_key *key, unsigned char **binary,
                   size_t *size)
{
    *binary = NULL;
    if (!d->cache_dir || d->caches_itself)
        return 1;
    char path[4096], *content;
    size_t total;
    path_of(d, key, path, sizeof path);
    if (clg_file_read(path, (size_t)256 << 20, &content, &total, &clg_log_silent))
        return 1;
    struct header head;
    size_t key_size = strlen(key->text);
    bool ok = total > sizeof head + key_size;
    if (ok) {
        memcpy(&head, content, sizeof head);
        *size = total - sizeof head - key_size;
        const char *body = content + sizeof head + key_size;
        ok = memcmp(head.magic, magic, sizeof magic) == 0 && head.key_size == key_size &&
             memcmp(content + sizeof head, key->text, key_size) == 0 && head.binary_size == *size &&
             head.binary_hash == clg_hash_bytes(0, body, *size);
        if (ok && (*binary = malloc(*size)))
            memcpy(*binary, body, *size);
    }
    free(content);
    return *binary ? 0 : 1;
}

void clg_cache_save(struct clg_device *d, const struct clg_cache_key *key, cl_program program)
{
    if (!d->cache_dir || d->caches_itself)
        return;
    size_t size;
    unsigned char *binary = clg_program_binary(program, &size);
    if (!binary)
        return;
    char path[4096];
    struct clg_file file;
    path_of(d, key, path, sizeof path);
    if (!clg_folder_create(d->cache_dir, &clg_log_silent) && !clg_file_create(&file, path, &clg_log_silent)) {
        struct header head = {.key_size = strlen(key->text),
                              .binary_size = size,
                              .binary_hash = clg_hash_bytes(0, binary, size)};
        memcpy(head.magic, magic, sizeof magic);
        fwrite(&head, sizeof head, 1, file.stream);
        fwrite(key->text, 1, strlen(key->text), file.stream);
        fwrite(binary, 1, size, file.stream);
        clg_file_commit(&file, &clg_log_silent);
    }
    free(binary);
}
