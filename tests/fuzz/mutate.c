// Changes to valid files: bits, bytes, numbers in binary and in text, parts left out, doubled, put in from
// other files.
#include "fuzz.h"

#include <stdio.h>
#include <string.h>

// A file being changed.
struct work {
    uint8_t *bytes;
    size_t n;
    const struct fuzz_bytes *seeds;
    int seeds_n;
    uint64_t *random;
};

// splitmix64
static uint64_t next(uint64_t *random)
{
    uint64_t z = *random += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static size_t below(struct work *w, size_t n)
{
    return n ? (size_t)(next(w->random) % n) : 0;
}

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

// Mostly short, sometimes long.
static size_t length_below(struct work *w, size_t n)
{
    return below(w, smaller(n, below(w, 4) ? 16 : 4096)) + (n > 0);
}

// Puts n bytes in the place of `old` bytes at `at`, as far as there is room.
static void replace(struct work *w, size_t at, size_t old, const void *bytes, size_t n)
{
    n = smaller(n, FUZZ_SIZE_MAX - (w->n - old));
    memmove(w->bytes + at + n, w->bytes + at + old, w->n - at - old);
    memcpy(w->bytes + at, bytes, n);
    w->n += n - old;
}

static void flip(struct work *w)
{
    if (w->n)
        w->bytes[below(w, w->n)] ^= (uint8_t)(1u << below(w, 8));
}

static void set(struct work *w)
{
    if (w->n)
        w->bytes[below(w, w->n)] = (uint8_t)next(w->random);
}

static const int64_t numbers[] = {0,
                                  1,
                                  2,
                                  -1,
                                  -2,
                                  3,
                                  4,
                                  7,
                                  8,
                                  16,
                                  31,
                                  32,
                                  63,
                                  64,
                                  100,
                                  127,
                                  128,
                                  255,
                                  256,
                                  1000,
                                  1024,
                                  32767,
                                  32768,
                                  65535,
                                  65536,
                                  99999,
                                  1000000,
                                  1048576,
                                  100000000,
                                  200000000,
                                  2147483647,
                                  2147483648,
                                  4294967295,
                                  4294967296,
                                  INT64_C(1) << 46,
                                  INT64_C(1) << 50,
                                  INT64_MAX,
                                  INT64_MIN};

static int64_t number(struct work *w)
{
    return numbers[below(w, sizeof numbers / sizeof *numbers)];
}

// A number over 1, 2, 4 or 8 bytes, in either order.
static void binary(struct work *w)
{
    const size_t size = (size_t)1 << below(w, 4);
    if (w->n < size)
        return;
    const uint64_t value = (uint64_t)number(w);
    const bool big = below(w, 2);
    uint8_t *at = w->bytes + below(w, w->n - size + 1);
    for (size_t i = 0; i < size; i++)
        at[big ? size - 1 - i : i] = (uint8_t)(value >> (8 * i));
}

static bool is_digit(uint8_t byte)
{
    return byte >= '0' && byte <= '9';
}

// Another number in the place of one in text.
static void decimal(struct work *w)
{
    static const char *const odd[] = {"nan",  "inf", "-inf",  "1e308", "1e-320", "1e30",
                                      "-0.0", "0.1", "1e999", "007",   ""};
    size_t at = below(w, w->n), end;
    while (at < w->n && !is_digit(w->bytes[at]))
        at++;
    for (end = at; end < w->n && is_digit(w->bytes[end]);)
        end++;
    if (at == w->n)
        return;
    char text[32];
    if (below(w, 4))
        snprintf(text, sizeof text, "%lld", (long long)number(w));
    else
        snprintf(text, sizeof text, "%s", odd[below(w, sizeof odd / sizeof *odd)]);
    replace(w, at, end - at, text, strlen(text));
}

static void insert(struct work *w)
{
    uint8_t bytes[16];
    const size_t n = 1 + below(w, sizeof bytes);
    const bool same = below(w, 2);
    for (size_t i = 0; i < n; i++)
        bytes[i] = same && i ? bytes[0] : (uint8_t)next(w->random);
    replace(w, below(w, w->n + 1), 0, bytes, n);
}

static void leave_out(struct work *w)
{
    const size_t at = below(w, w->n);
    replace(w, at, length_below(w, w->n - at), "", 0);
}

static void truncate_at(struct work *w)
{
    w->n = below(w, w->n + 1);
}

// A part of this or another file, in addition or in the place of as much.
static void splice(struct work *w)
{
    static uint8_t part[4096];
    const struct fuzz_bytes *from = &w->seeds[below(w, (size_t)w->seeds_n)];
    const struct fuzz_bytes self = {w->bytes, w->n};
    if (below(w, 2))
        from = &self;
    const size_t first = below(w, from->n), n = smaller(length_below(w, from->n - first), sizeof part);
    memcpy(part, from->bytes + first, n);
    const size_t at = below(w, w->n + 1), old = below(w, 2) ? 0 : smaller(n, w->n - at);
    replace(w, at, old, part, n);
}

size_t fuzz_mutate(const struct fuzz_bytes *seeds, int n, uint64_t *random, uint8_t *to)
{
    static void (*const changes[])(struct work *) = {flip,   set,       binary,      decimal,
                                                     insert, leave_out, truncate_at, splice};
    struct work w = {.bytes = to, .seeds = seeds, .seeds_n = n, .random = random};
    const struct fuzz_bytes *seed = &seeds[below(&w, (size_t)n)];
    memcpy(to, seed->bytes, seed->n);
    w.n = seed->n;
    for (size_t k = 1 + below(&w, below(&w, 2) ? 2 : 8); k > 0; k--)
        changes[below(&w, sizeof changes / sizeof *changes)](&w);
    return w.n;
}
