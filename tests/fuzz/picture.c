// Pictures: what a header promises is all that is asked for, and what loads is whole.
#include "fuzz.h"

#include "../unit/jpeg_maker.h"
#include "../unit/webp_maker.h"

#include "data/picture.h"

#include <png.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum { SIDE = 21, SEED_BYTES = SIDE * SIDE * 8, PIXELS_MAX = 1 << 20 };

// --- seeds -------------------------------------------------------------------------------------
static void pattern(uint8_t *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++)
        bytes[i] = (uint8_t)(i * i / 7 + i);
}

static void jpeg_seed(const struct jpeg_maker *maker)
{
    uint8_t pixels[SEED_BYTES];
    size_t n;
    pattern(pixels, sizeof pixels);
    uint8_t *bytes = jpeg_encode(maker, pixels, SIDE, SIDE, 80, &n);
    fuzz_seed(bytes, n);
    free(bytes);
}

// EXIF that asks for a turn, as a JPEG segment; from byte 10 on as a PNG chunk has it.
static const uint8_t exif[] = "\xff\xe1\0\x22"
                              "Exif\0\0II*\0\x08\0\0\0\1\0\x12\1\3\0\1\0\0\0\6\0\0\0\0\0\0";

static void exif_seed(void)
{
    uint8_t pixels[SEED_BYTES];
    size_t n;
    pattern(pixels, sizeof pixels);
    uint8_t *plain = jpeg_encode(&jpeg_colour, pixels, SIDE, SIDE, 80, &n);
    uint8_t *turned = bytes_replaced(plain, &n, 2, 0, exif, sizeof exif);
    fuzz_seed(turned, n);
    free(turned);
    free(plain);
}

static void png_seed(int type, int depth, int interlace)
{
    uint8_t row[SEED_BYTES];
    FILE *file = fopen(fuzz_in_folder("a.png"), "wb");
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
    png_infop info = png_create_info_struct(png);
    fuzz_expect(file && info, "a PNG");
    pattern(row, sizeof row);
    png_init_io(png, file);
    png_set_IHDR(png, info, SIDE, SIDE, depth, type, interlace, PNG_COMPRESSION_TYPE_DEFAULT,
                 PNG_FILTER_TYPE_DEFAULT);
    png_color colours[256] = {{1, 2, 3}, {200, 100, 50}};
    png_byte alpha[2] = {255, 100};
    if (type == PNG_COLOR_TYPE_PALETTE) {
        png_set_PLTE(png, info, colours, 1 << depth);
        png_set_tRNS(png, info, alpha, 2, NULL);
    }
    if (interlace) {
        png_byte tiff[sizeof exif - 10];
        memcpy(tiff, exif + 10, sizeof tiff);
        png_set_eXIf_1(png, info, sizeof tiff, tiff);
    }
    png_set_compression_buffer_size(png, 64); // several IDAT chunks
    png_write_info(png, info);
    const int passes = png_set_interlace_handling(png);
    for (int i = 0; i < passes * SIDE; i++)
        png_write_row(png, row);
    png_write_end(png, NULL);
    png_destroy_write_struct(&png, &info);
    fclose(file);
    fuzz_seeds_take();
}

static void webp_still_seed(int depth, float quality)
{
    uint8_t pixels[SEED_BYTES], *bytes = NULL;
    pattern(pixels, sizeof pixels);
    const size_t n = depth == 4 ? WebPEncodeRGBA(pixels, SIDE, SIDE, SIDE * 4, quality, &bytes)
                                : WebPEncodeRGB(pixels, SIDE, SIDE, SIDE * 3, quality, &bytes);
    fuzz_expect(n > 0, "a WebP");
    fuzz_seed(bytes, n);
    WebPFree(bytes);
}

// Extended: EXIF behind the pixels, or two frames.
static void webp_extended_seed(uint32_t flag)
{
    uint8_t pixels[SEED_BYTES];
    struct webp_bytes chunk, file;
    pattern(pixels, sizeof pixels);
    webp_lossless_make(pixels, SIDE, SIDE, flag == WEBP_EXIF ? 3 : 4, &chunk);
    webp_file_begin(&file);
    webp_add_extended(&file, flag, SIDE, SIDE);
    if (flag == WEBP_EXIF) {
        webp_add(&file, chunk.at, chunk.n);
        webp_add_exif(&file, 6, true);
    } else {
        webp_add_chunk(&file, "ANIM", "\0\0\0\0\0\0", 6);
        webp_add_frame(&file, &chunk, 0, 0, SIDE, SIDE);
        webp_add_frame(&file, &chunk, 0, 0, SIDE, SIDE);
    }
    webp_file_end(&file);
    fuzz_seed(file.at, file.n);
}

void fuzz_seeds(void)
{
    // Headers that promise 65535 x 65535 and 100000 x 100000 pixels in a few bytes.
    static const uint8_t huge_jpeg[] = {0xff, 0xd8, 0xff, 0xc0, 0,    17, 8, 0xff, 0xff, 0xff, 0xff, 3,
                                        1,    0x11, 0,    2,    0x11, 1,  3, 0x11, 1,    0xff, 0xd9};
    static const uint8_t huge_png[] = {0x89, 'P',  'N', 'G', 13,  10, 26, 10,   0,    0, 0,
                                       13,   'I',  'H', 'D', 'R', 0,  1,  0x86, 0xa0, 0, 1,
                                       0x86, 0xa0, 16,  6,   0,   0,  1,  1,    2,    3, 4};
    fuzz_seed(huge_jpeg, sizeof huge_jpeg);
    fuzz_seed(huge_png, sizeof huge_png);
    static const struct jpeg_maker makers[] = {{1, JCS_GRAYSCALE, JCS_GRAYSCALE, 1, false, false, 0},
                                               {3, JCS_RGB, JCS_YCbCr, 1, false, false, 1},
                                               {3, JCS_RGB, JCS_YCbCr, 2, true, false, 0},
                                               {3, JCS_RGB, JCS_RGB, 1, false, true, 0},
                                               {4, JCS_CMYK, JCS_YCCK, 2, false, false, 0}};
    for (size_t i = 0; i < sizeof makers / sizeof *makers; i++)
        jpeg_seed(&makers[i]);
    exif_seed();
    static const int types[][2] = {{PNG_COLOR_TYPE_GRAY, 1},       {PNG_COLOR_TYPE_GRAY, 16},
                                   {PNG_COLOR_TYPE_GRAY_ALPHA, 8}, {PNG_COLOR_TYPE_RGB, 8},
                                   {PNG_COLOR_TYPE_RGB, 16},       {PNG_COLOR_TYPE_RGB_ALPHA, 16},
                                   {PNG_COLOR_TYPE_PALETTE, 2},    {PNG_COLOR_TYPE_PALETTE, 8}};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        png_seed(types[i][0], types[i][1], i % 2 ? PNG_INTERLACE_ADAM7 : PNG_INTERLACE_NONE);
    webp_still_seed(3, 5);
    webp_still_seed(3, 90);
    webp_still_seed(4, 60);
    webp_extended_seed(WEBP_EXIF);
    webp_extended_seed(WEBP_ANIMATION);
}

// --- the target --------------------------------------------------------------------------------
static uint32_t be32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

// Makes the chunks' checksums true, so that changes come further than to them.
static void png_repair(uint8_t *bytes, size_t n)
{
    for (size_t at = 8; at + 12 <= n;) {
        const size_t length = be32(bytes + at);
        if (length > n - at - 12)
            return;
        const uint32_t sum = (uint32_t)crc32_z(crc32(0, NULL, 0), bytes + at + 4, length + 4);
        for (int i = 0; i < 4; i++)
            bytes[at + 8 + length + (size_t)i] = (uint8_t)(sum >> (24 - 8 * i));
        at += 12 + length;
    }
}

static bool load(const char *path, struct clg_crop crop, int size, int channels)
{
    uint8_t pixels[32 * 32 * 3];
    const size_t n = (size_t)(size * size * channels);
    memset(pixels, 0xa5, sizeof pixels);
    const bool loaded = !clg_picture_load(path, crop, size, channels, pixels, &fuzz_log);
    if (loaded)
        fuzz_touch(pixels, n);
    for (size_t i = n; i < sizeof pixels; i++)
        fuzz_expect(pixels[i] == 0xa5, "no pixel beyond the picture");
    return loaded;
}

void fuzz_one(const uint8_t *data, size_t size)
{
    struct clg_picture_header header;
    if (size % 2 && data[0] == 0x89)
        png_repair(fuzz_input_copy(), size);
    const char *path = fuzz_path();
    if (clg_picture_probe(path, &header, &fuzz_log)) {
        fuzz_expect(!load(path, (struct clg_crop){.kind = CLG_CROP_NONE}, 5, 1),
                    "what has no good header to be refused");
        return;
    }
    const size_t n = (size_t)header.w * (size_t)header.h;
    fuzz_expect(header.w > 0 && header.h > 0 && n <= CLG_PICTURE_PIXELS_MAX, "a size within the limits");
    if (n > PIXELS_MAX)
        return; // right, but for seconds
    fuzz_allow(16 * size + 8 * n + (1 << 20));
    load(path, (struct clg_crop){.kind = CLG_CROP_CENTER}, 32, 3);
    load(path, (struct clg_crop){.kind = CLG_CROP_NONE}, 5, 1);
    load(path, (struct clg_crop){CLG_CROP_BOX, 3, 2, 17, 9}, 3, 3);
}
