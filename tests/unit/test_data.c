// Picture files: every kind decoded to the right values, crops and resizing as promised, broken files
// refused.
#include "files_fixture.h"

#include <math.h>
#include <png.h>
#include <sys/stat.h>
#include <zlib.h>

// Fails, with what and where, unless |is - expected| <= limit everywhere.
static void pixels_close(const char *what, const uint8_t *is, const uint8_t *expected, int n, int limit)
{
    for (int i = 0; i < n; i++)
        if (abs(is[i] - expected[i]) > limit)
            fail_msg("%s: value %d is %d, expected %d within %d", what, i, is[i], expected[i], limit);
}

static void pixels_flat(const char *what, const uint8_t *is, int n, const int *colour, int channels,
                        int limit)
{
    for (int i = 0; i < n * channels; i++)
        if (abs(is[i] - colour[i % channels]) > limit)
            fail_msg("%s: channel %d of pixel %d is %d, expected %d within %d", what, i % channels,
                     i / channels, is[i], colour[i % channels], limit);
}

// --- making files ------------------------------------------------------------------------------

// A kind of PNG: each pixel is `pixel`, as it lies in the file.
struct png_case {
    const char *name;
    int type, depth, interlace, bytes;
    uint8_t pixel[8];
    uint8_t palette[3], transparent; // palette entry 1; with its alpha if not 0
    int rgb[3], grey;                // expected
};

static void png_make(const char *path, const struct png_case *c, int w, int h)
{
    FILE *file = fopen(path, "wb");
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
    png_infop info = png_create_info_struct(png);
    uint8_t row[1024];
    for (int x = 0; x < w * c->bytes; x++)
        row[x] = c->pixel[x % c->bytes];
    png_init_io(png, file);
    png_set_IHDR(png, info, (png_uint_32)w, (png_uint_32)h, c->depth, c->type, c->interlace,
                 PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    png_color colours[2] = {{1, 2, 3}, {c->palette[0], c->palette[1], c->palette[2]}};
    png_byte alpha[2] = {255, c->transparent};
    if (c->type == PNG_COLOR_TYPE_PALETTE)
        png_set_PLTE(png, info, colours, 2);
    if (c->transparent)
        png_set_tRNS(png, info, alpha, 2, NULL);
    png_write_info(png, info);
    int passes = png_set_interlace_handling(png);
    for (int i = 0; i < passes * h; i++)
        png_write_row(png, row);
    png_write_end(png, NULL);
    png_destroy_write_struct(&png, &info);
    fclose(file);
}

static const struct png_case png_cases[] = {
    {"grey", PNG_COLOR_TYPE_GRAY, 8, 0, 1, {90}, {0}, 0, {90, 90, 90}, 90},
    {"grey 1 bit", PNG_COLOR_TYPE_GRAY, 1, 0, 1, {0xff}, {0}, 0, {255, 255, 255}, 255},
    {"grey 4 bits", PNG_COLOR_TYPE_GRAY, 4, 0, 1, {0x66}, {0}, 0, {102, 102, 102}, 102},
    {"grey 16 bits", PNG_COLOR_TYPE_GRAY, 16, 0, 2, {0x80, 0x80}, {0}, 0, {128, 128, 128}, 128},
    {"grey and alpha", PNG_COLOR_TYPE_GRAY_ALPHA, 8, 0, 2, {100, 51}, {0}, 0, {224, 224, 224}, 224},
    {"grey and alpha 16 bits",
     PNG_COLOR_TYPE_GRAY_ALPHA,
     16,
     0,
     4,
     {100, 100, 51, 51},
     {0},
     0,
     {224, 224, 224},
     224},
    {"colour", PNG_COLOR_TYPE_RGB, 8, 0, 3, {200, 100, 50}, {0}, 0, {200, 100, 50}, 124},
    {"colour 16 bits",
     PNG_COLOR_TYPE_RGB,
     16,
     0,
     6,
     {200, 200, 100, 100, 50, 50},
     {0},
     0,
     {200, 100, 50},
     124},
    {"interlaced colour", PNG_COLOR_TYPE_RGB, 8, 1, 3, {200, 100, 50}, {0}, 0, {200, 100, 50}, 124},
    {"colour and alpha",
     PNG_COLOR_TYPE_RGB_ALPHA,
     8,
     0,
     4,
     {200, 100, 50, 102},
     {0},
     0,
     {233, 193, 173},
     203},
    {"palette", PNG_COLOR_TYPE_PALETTE, 8, 0, 1, {1}, {200, 100, 50}, 0, {200, 100, 50}, 124},
    {"transparent palette", PNG_COLOR_TYPE_PALETTE, 8, 1, 1, {1}, {200, 100, 50}, 102, {233, 193, 173}, 203},
};

// --- kinds of files ----------------------------------------------------------------------------

enum { SIZE = 16 };
static const struct clg_crop center = {.kind = CLG_CROP_CENTER}, none = {.kind = CLG_CROP_NONE};

static void loads_flat(const char *what, const char *path, const int *rgb, int grey, int limit)
{
    uint8_t pixels[SIZE * SIZE * 3];
    memset(pixels, 7, sizeof pixels);
    assert_int_equal(clg_picture_load(path, center, SIZE, 3, pixels, NULL), 0);
    pixels_flat(what, pixels, SIZE * SIZE, rgb, 3, limit);
    assert_int_equal(clg_picture_load(path, center, SIZE, 1, pixels, NULL), 0);
    pixels_flat(what, pixels, SIZE * SIZE, &grey, 1, limit);
}

static void test_png_kinds(void **state)
{
    for (size_t i = 0; i < sizeof png_cases / sizeof *png_cases; i++) {
        png_make(in(state, "a.png"), &png_cases[i], 24, 20);
        loads_flat(png_cases[i].name, in(state, "a.png"), png_cases[i].rgb, png_cases[i].grey, 1);
    }
}

// A PNG by another name is what its content says.
static void test_other_name(void **state)
{
    png_make(in(state, "b.jpg"), &png_cases[6], 24, 20);
    loads_flat("PNG named .jpg", in(state, "b.jpg"), png_cases[6].rgb, png_cases[6].grey, 1);
}

static void test_save_and_load(void **state)
{
    uint8_t pixels[SIZE * SIZE * 3], back[sizeof pixels];
    struct captured_log captured_log;
    struct clg_log log = capture(&captured_log);
    for (int channels = 1; channels <= 3; channels += 2) {
        for (int i = 0; i < SIZE * SIZE * channels; i++)
            pixels[i] = (uint8_t)(i / channels % SIZE * 8 + i / channels / SIZE * 7);
        assert_int_equal(clg_picture_save(in(state, "a.png"), pixels, SIZE, SIZE, channels, &log), 0);
        assert_int_equal(clg_picture_load(in(state, "a.png"), none, SIZE, channels, back, &log), 0);
        assert_memory_equal(back, pixels, (size_t)(SIZE * SIZE * channels));
        assert_int_equal(clg_picture_save(in(state, "a.JPEG"), pixels, SIZE, SIZE, channels, &log), 0);
        assert_int_equal(clg_picture_load(in(state, "a.JPEG"), none, SIZE, channels, back, &log), 0);
        pixels_close("JPEG written and read", back, pixels, SIZE * SIZE * channels, 6);
    }
    assert_int_equal(captured_log.lines, 0);
    assert_int_equal(clg_picture_save(in(state, "a.gif"), pixels, SIZE, SIZE, 3, &log), CLG_EINVAL);
    assert_int_equal(clg_picture_save(in(state, "a.png"), pixels, SIZE, SIZE, 2, &log), CLG_EINVAL);
    assert_int_equal(clg_picture_save(in(state, "no/a.png"), pixels, SIZE, SIZE, 3, &log), CLG_EIO);
    assert_int_equal(captured_log.lines, 3);
}

// --- crops and sizes ---------------------------------------------------------------------------

static void test_crop_words(void **state)
{
    (void)state;
    struct clg_crop crop;
    assert_int_equal(clg_crop_parse("none", &crop), 0);
    assert_int_equal(crop.kind, CLG_CROP_NONE);
    assert_int_equal(clg_crop_parse("center", &crop), 0);
    assert_int_equal(crop.kind, CLG_CROP_CENTER);
    assert_int_equal(clg_crop_parse("108x96+25+45", &crop), 0);
    assert_true(crop.kind == CLG_CROP_BOX && crop.w == 108 && crop.h == 96 && crop.x == 25 && crop.y == 45);
    static const char *const bad[] = {"",
                                      "centre",
                                      "8x8",
                                      "8x8+1",
                                      "x8+1+1",
                                      "8x8+1+1 ",
                                      "0x8+1+1",
                                      "8x-8+1+1",
                                      "8x8-1+1",
                                      " 8x8+1+1",
                                      "99999999999x8+1+1",
                                      "8x8+1+1+1"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (clg_crop_parse(bad[i], &crop) != CLG_EINVAL)
            fail_msg("crop \"%s\" is accepted", bad[i]);
    assert_int_equal(clg_crop_parse(NULL, &crop), CLG_EINVAL);
    assert_int_equal(crop.w, 108); // left as it was
}

static void test_crop_pixels(void **state)
{
    enum { W = 60, H = 40, BOX = 20 };
    uint8_t pixels[W * H], got[H * H];
    for (int i = 0; i < W * H; i++)
        pixels[i] = (uint8_t)(3 * (i % W) + 2 * (i / W));
    assert_int_equal(clg_picture_save(in(state, "a.png"), pixels, W, H, 1, NULL), 0);
    assert_int_equal(clg_picture_load(in(state, "a.png"), center, H, 1, got, NULL), 0);
    for (int i = 0; i < H * H; i++)
        assert_int_equal(got[i], pixels[i / H * W + i % H + 10]);
    struct clg_crop box = {.kind = CLG_CROP_BOX, .w = BOX + 11, .h = BOX, .x = 29, .y = 20};
    assert_int_equal(clg_picture_load(in(state, "a.png"), box, BOX, 1, got, NULL), 0);
    for (int i = 0; i < BOX * BOX; i++)
        assert_int_equal(got[i], pixels[(i / BOX + 20) * W + i % BOX + 29 + 5]);
    struct captured_log captured_log;
    struct clg_log log = capture(&captured_log);
    box.x = 30;
    assert_int_equal(clg_picture_load(in(state, "a.png"), box, BOX, 1, got, &log), CLG_EFORMAT);
    assert_int_equal(captured_log.lines, 1);
    assert_non_null(strstr(captured_log.last, "31x20+30+20"));
}

// The triangle filter as a formula, in double, along one axis.
static void line_resize(const double *from, int n, int stride, double *to, int size, int to_stride)
{
    double step = (double)n / size, reach = step > 1 ? step : 1;
    for (int i = 0; i < size; i++) {
        double sum = 0, weights = 0, middle = (i + 0.5) * step;
        for (int k = 0; k < n; k++) {
            double w = 1 - fabs(k + 0.5 - middle) / reach;
            if (w > 0) {
                sum += w * from[k * stride];
                weights += w;
            }
        }
        to[i * to_stride] = sum / weights;
    }
}

static void test_resize_reference(void **state)
{
    enum { W = 53, H = 37, C = 3, LARGEST = 80 };
    static uint8_t pixels[W * H * C], got[LARGEST * LARGEST * C], expected[LARGEST * LARGEST * C];
    static double exact[W * H * C], across[H * LARGEST * C], both[LARGEST * LARGEST * C];
    uint64_t random = 1;
    for (int i = 0; i < W * H * C; i++)
        exact[i] = pixels[i] = (uint8_t)chance(&random);
    assert_int_equal(clg_picture_save(in(state, "a.png"), pixels, W, H, C, NULL), 0);
    static const int sizes[] = {1, 7, 16, 37, 53, LARGEST};
    for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
        int size = sizes[k];
        for (int y = 0; y < H; y++)
            for (int c = 0; c < C; c++)
                line_resize(exact + y * W * C + c, W, C, across + y * size * C + c, size, C);
        for (int x = 0; x < size * C; x++)
            line_resize(across + x, H, size * C, both + x, size, size * C);
        for (int i = 0; i < size * size * C; i++)
            expected[i] = (uint8_t)(both[i] + 0.5);
        assert_int_equal(clg_picture_load(in(state, "a.png"), none, size, C, got, NULL), 0);
        pixels_close("resize against float64", got, expected, size * size * C, 1);
    }
}

// --- broken files ------------------------------------------------------------------------------

static void refused(const char *what, const char *path, int expected)
{
    uint8_t pixels[SIZE * SIZE * 3];
    struct captured_log captured_log;
    struct clg_log log = capture(&captured_log);
    int status = clg_picture_load(path, center, SIZE, 3, pixels, &log);
    if (status != expected || captured_log.lines != 1)
        fail_msg("%s: status %d, expected %d; %d lines, the last: %s", what, status, expected,
                 captured_log.lines, captured_log.last);
}

static void noisy_make(const char *path, int w, int h)
{
    uint8_t *pixels = malloc((size_t)(w * h * 3));
    uint64_t random = 5;
    for (int i = 0; i < w * h * 3; i++)
        pixels[i] = (uint8_t)(chance(&random) % 200);
    assert_int_equal(clg_picture_save(path, pixels, w, h, 3, NULL), 0);
    free(pixels);
}

static void test_truncated(void **state)
{
    static const char *const names[] = {"a.jpg", "a.png"};
    for (int k = 0; k < 2; k++) {
        noisy_make(in(state, names[k]), 50, 40);
        size_t n;
        uint8_t *bytes = file_bytes(in(state, names[k]), &n);
        for (size_t keep = 0; keep + 20 < n; keep += n / 40 + 1) {
            file_write(in(state, names[k]), bytes, keep);
            refused("truncated", in(state, names[k]), CLG_EFORMAT);
        }
        free(bytes);
    }
}

// Headers that promise 65535 x 65535 and 100000 x 100000 pixels in a few bytes.
static const uint8_t huge_jpeg[] = {0xff, 0xd8, 0xff, 0xc0, 0,    17, 8, 0xff, 0xff, 0xff, 0xff, 3,
                                    1,    0x11, 0,    2,    0x11, 1,  3, 0x11, 1,    0xff, 0xd9};
static const uint8_t huge_png[] = {0x89, 'P',  'N', 'G', 13,  10, 26, 10,   0,    0, 0,
                                   13,   'I',  'H', 'D', 'R', 0,  1,  0x86, 0xa0, 0, 1,
                                   0x86, 0xa0, 8,   2,   0,   0,  0,  1,    2,    3, 4};

static void test_refused(void **state)
{
    file_write(in(state, "a.jpg"), "", 0);
    refused("no byte", in(state, "a.jpg"), CLG_EFORMAT);
    file_write(in(state, "a.jpg"), "GIF89a, or anything else that is no picture", 43);
    refused("garbage", in(state, "a.jpg"), CLG_EFORMAT);
    file_write(in(state, "a.jpg"), huge_jpeg, sizeof huge_jpeg);
    refused("huge JPEG", in(state, "a.jpg"), CLG_EFORMAT);
    file_write(in(state, "a.png"), huge_png, sizeof huge_png);
    refused("huge PNG", in(state, "a.png"), CLG_EFORMAT);
    refused("missing", in(state, "missing.png"), CLG_EIO);
    mkdir(in(state, "folder.png"), 0777);
    uint8_t pixels[3];
    struct captured_log captured_log;
    struct clg_log log = capture(&captured_log);
    assert_int_not_equal(clg_picture_load(in(state, "folder.png"), center, 1, 3, pixels, &log), 0);
    assert_int_equal(clg_picture_load(in(state, "a.png"), center, 0, 3, pixels, &log), CLG_EINVAL);
    assert_int_equal(clg_picture_load(in(state, "a.png"), center, 1, 4, pixels, &log), CLG_EINVAL);
}

static size_t chunk_put(uint8_t *to, const char *name, const uint8_t *data, size_t n)
{
    const uint8_t length[4] = {0, 0, (uint8_t)(n >> 8), (uint8_t)n};
    memcpy(to, length, 4);
    memcpy(to + 4, name, 4);
    if (n)
        memcpy(to + 8, data, n);
    const uint32_t sum = (uint32_t)crc32(crc32(0, NULL, 0), to + 4, (uInt)n + 4);
    for (int i = 0; i < 4; i++)
        to[8 + n + (size_t)i] = (uint8_t)(sum >> (24 - 8 * i));
    return n + 12;
}

// A PNG of w x h pixels, its one row of values in chunks of `part` bytes; the path.
static const char *png_promise(void **state, uint32_t w, uint32_t h, int depth, int type, int interlace,
                               size_t part)
{
    static const uint8_t row[64];
    uint8_t values[128], bytes[4096];
    uLongf n = sizeof values;
    assert_int_equal(compress(values, &n, row, sizeof row), Z_OK);
    const uint8_t head[] = {
        w >> 24, w >> 16 & 255,  w >> 8 & 255,  w & 255, h >> 24, h >> 16 & 255,     h >> 8 & 255,
        h & 255, (uint8_t)depth, (uint8_t)type, 0,       0,       (uint8_t)interlace};
    memcpy(bytes, "\x89PNG\r\n\x1a\n", 8);
    size_t at = 8 + chunk_put(bytes + 8, "IHDR", head, sizeof head);
    for (size_t i = 0; i < n; i += part)
        at += chunk_put(bytes + at, "IDAT", values + i, n - i < part ? n - i : part);
    at += chunk_put(bytes + at, "IEND", NULL, 0);
    file_write(in(state, "p.png"), bytes, at);
    return in(state, "p.png");
}

// Few bytes that promise many pixels: refused by what the header says, before memory for them is asked for.
static void test_bombs(void **state)
{
    struct captured_log captured_log;
    struct clg_log log = capture(&captured_log);
    uint8_t pixels[SIZE * SIZE * 3];
    static const int kinds[][3] = {{8, PNG_COLOR_TYPE_GRAY, 0},
                                   {16, PNG_COLOR_TYPE_RGB_ALPHA, 0},
                                   {16, PNG_COLOR_TYPE_RGB_ALPHA, 1},
                                   {1, PNG_COLOR_TYPE_GRAY, 1}};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        for (size_t part = 1; part <= 1000; part *= 1000) {
            const int depth = kinds[i][0], type = kinds[i][1], interlace = kinds[i][2];
            refused("beyond the limit", png_promise(state, 20000, 10001, depth, type, interlace, part),
                    CLG_EFORMAT);
            refused("2^31 - 1 wide", png_promise(state, 0x7fffffff, 1, depth, type, interlace, part),
                    CLG_EFORMAT);
            refused("2^32 - 1 high", png_promise(state, 1, 0xffffffff, depth, type, interlace, part),
                    CLG_EFORMAT);
            const char *path = png_promise(state, 14000, 14000, depth, type, interlace, part);
            assert_int_equal(clg_picture_load(path, center, SIZE, 3, pixels, &log), CLG_EFORMAT);
            if (!strstr(captured_log.last, "too short for its size"))
                fail_msg("%d bits, type %d: %s", depth, type, captured_log.last);
        }
    uint8_t two_frames[2 * sizeof huge_jpeg]; // the first is the one that is looked at
    size_t n = sizeof huge_jpeg - 2;
    memcpy(two_frames, huge_jpeg, n);
    memcpy(two_frames + 7, "\0\x10\0\x10", 4);
    memcpy(two_frames + n, huge_jpeg + 2, sizeof huge_jpeg - 2);
    file_write(in(state, "a.jpg"), two_frames, n + sizeof huge_jpeg - 2);
    refused("a second, huge frame", in(state, "a.jpg"), CLG_EFORMAT);
}

// Changed bytes: any answer is fine, a crash or a bad access (under the sanitizers) is not.
static void test_damaged(void **state)
{
    static const char *const names[] = {"a.jpg", "a.png", "b.png"};
    uint64_t random = 9;
    uint8_t pixels[SIZE * SIZE * 3];
    struct captured_log captured_log;
    struct clg_log log = capture(&captured_log);
    noisy_make(in(state, names[0]), 30, 30);
    noisy_make(in(state, names[1]), 30, 30);
    png_make(in(state, names[2]), &png_cases[11], 30, 30);
    for (int k = 0; k < 3; k++) {
        size_t n;
        uint8_t *bytes = file_bytes(in(state, names[k]), &n);
        for (int round = 0; round < 400; round++) {
            size_t reach = round % 2 ? n : n < 200 ? n : 200, at = chance(&random) % reach;
            uint8_t kept = bytes[at];
            bytes[at] = (uint8_t)chance(&random);
            file_write(in(state, "damaged"), bytes, n);
            clg_picture_load(in(state, "damaged"), center, SIZE, 3, pixels, &log);
            bytes[at] = kept;
        }
        free(bytes);
    }
    assert_true(captured_log.lines > 100); // most of them are noticed
}

TEST_MAIN("data", NULL, NULL, IN_FOLDER(test_png_kinds), IN_FOLDER(test_other_name),
          IN_FOLDER(test_save_and_load), IN_FOLDER(test_crop_words), IN_FOLDER(test_crop_pixels),
          IN_FOLDER(test_resize_reference), IN_FOLDER(test_truncated), IN_FOLDER(test_refused),
          IN_FOLDER(test_bombs), IN_FOLDER(test_damaged))
