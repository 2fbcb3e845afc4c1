// Makes WebP files for tests: the still ones of libwebp's encoder, and extended ones put together by hand.
#ifndef CLG_TESTS_WEBP_MAKER_H
#define CLG_TESTS_WEBP_MAKER_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <webp/encode.h>

struct webp_bytes {
    uint8_t at[8192];
    size_t n;
};

static inline void webp_add(struct webp_bytes *b, const void *more, size_t n)
{
    if (b->n + n > sizeof b->at)
        abort();
    if (n)
        memcpy(b->at + b->n, more, n);
    b->n += n;
}

static inline void webp_add_number(struct webp_bytes *b, uint32_t value, int width)
{
    for (int i = 0; i < width; i++) {
        const uint8_t byte = (uint8_t)(value >> (8 * i));
        webp_add(b, &byte, 1);
    }
}

static inline void webp_add_chunk(struct webp_bytes *b, const char *name, const void *content, size_t n)
{
    webp_add(b, name, 4);
    webp_add_number(b, (uint32_t)n, 4);
    webp_add(b, content, n);
    if (n % 2)
        webp_add(b, "", 1);
}

static inline void webp_file_begin(struct webp_bytes *b)
{
    b->n = 0;
    webp_add(b, "RIFF\0\0\0\0WEBP", 12);
}

static inline void webp_file_end(struct webp_bytes *b)
{
    const size_t n = b->n;
    b->n = 4;
    webp_add_number(b, (uint32_t)n - 8, 4);
    b->n = n;
}

// The chunk of pixels of a still file: what stands behind the 12 bytes of its beginning.
static inline void webp_lossless_make(const uint8_t *pixels, int w, int h, int depth,
                                      struct webp_bytes *chunk)
{
    uint8_t *made = NULL;
    const size_t n = depth == 4 ? WebPEncodeLosslessRGBA(pixels, w, h, w * 4, &made)
                                : WebPEncodeLosslessRGB(pixels, w, h, w * 3, &made);
    if (n <= 12)
        abort();
    chunk->n = 0;
    webp_add(chunk, made + 12, n - 12);
    WebPFree(made);
}

enum { WEBP_EXIF = 8, WEBP_ANIMATION = 2 };
static inline void webp_add_extended(struct webp_bytes *b, uint32_t flags, int w, int h)
{
    struct webp_bytes head = {.n = 0};
    webp_add_number(&head, flags, 4);
    webp_add_number(&head, (uint32_t)w - 1, 3);
    webp_add_number(&head, (uint32_t)h - 1, 3);
    webp_add_chunk(b, "VP8X", head.at, head.n);
}

static inline void webp_add_exif(struct webp_bytes *b, int orientation, bool prefix)
{
    struct webp_bytes exif = {.n = 0};
    if (prefix)
        webp_add(&exif, "Exif\0\0", 6);
    webp_add(&exif, "II*\0\x08\0\0\0\1\0\x12\1\3\0\1\0\0\0", 18);
    webp_add_number(&exif, (uint32_t)orientation, 4);
    webp_add_number(&exif, 0, 4);
    webp_add_chunk(b, "EXIF", exif.at, exif.n);
}

static inline void webp_add_frame(struct webp_bytes *file, const struct webp_bytes *chunk, int x, int y,
                                  int w, int h)
{
    struct webp_bytes frame = {.n = 0};
    webp_add_number(&frame, (uint32_t)x / 2, 3);
    webp_add_number(&frame, (uint32_t)y / 2, 3);
    webp_add_number(&frame, (uint32_t)w - 1, 3);
    webp_add_number(&frame, (uint32_t)h - 1, 3);
    webp_add_number(&frame, 100, 3);
    webp_add_number(&frame, 0, 1);
    webp_add(&frame, chunk->at, chunk->n);
    webp_add_chunk(file, "ANMF", frame.at, frame.n);
}

#endif
