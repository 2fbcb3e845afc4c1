// FNV-1a, 64 bits (Fowler, Noll and Vo 1991): for names of cache files and for noticing changes, not for security.
#ifndef CLG_BASE_HASH_H
#define CLG_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

#define CLG_HASH_START UINT64_C(0xcbf29ce484222325)

// Continue from `hash`, which is CLG_HASH_START for the first piece. Of text, the terminating 0 is not hashed.
uint64_t clg_hash_bytes(uint64_t hash, const void *data, size_t size);
uint64_t clg_hash_text(uint64_t hash, const char *text);

#endif
