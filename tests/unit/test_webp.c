// WebP files: lossy, lossless, over white, extended, turned by EXIF, animated, and what is refused.
#include "files_fixture.h"

#include "webp_maker.h"

#include <clgan/pictures.h>
#include <webp/decode.h>

enum { W = 11, H = 7 };
static const struct clg_crop whole = {.kind = CLG_CROP_NONE};

// Every pixel is another: turning and mirroring show.
static void pixels_make(uint8_t *pixels, int w, int h, int depth)
{
    for (int i = 0; i < w * h; i++) {
        const uint8_t pixel[4] = {(uint8_t)(i % w * 20), (uint8_t)(i / w * 30), (uint8_t)(i * 3),
                                  (uint8_t)(255 - i % w * 20)};
        memcpy(pixels + i * depth, pixel, (size_t)depth);
    }
}

// --- pixels ------------------------------------------------------------------------------------

static void loads(const char *path, int size, int channels, uint8_t *pixels)
{
    struct captured_log captured_log;
    struct clg_log log = capture(&captured_log);
    const int status = clg_picture_load(path, whole, size, channels, pixels, &log);
    if (status || captured_log.lines)
        fail_msg("%s: status %d, %s", path, status, captured_log.last);
}

static void test_lossless(void **state)
{
    uint8_t pixels[H * H * 3], is[H * H * 3], *made;
    pixels_make(pixels, H, H, 3);
    const size_t n = WebPEncodeLosslessRGB(pixels, H, H, H * 3, &made);
    file_write(in(state, "a.jpg"), made, n); // under any name
    WebPFree(made);
    loads(in(state, "a.jpg"), H, 3, is);
    assert_memory_equal(is, pixels, sizeof is);
    loads(in(state, "a.jpg"), H, 1, is);
    for (int i = 0; i < H * H; i++) {
        const double y = 0.299 * pixels[3 * i] + 0.587 * pixels[3 * i + 1] + 0.114 * pixels[3 * i + 2];
        assert_true(is[i] > y - 1 && is[i] < y + 1);
    }
}

static void test_lossy(void **state)
{
    enum { SIDE = 64 };
    static uint8_t pixels[SIDE * SIDE * 3], is[SIDE * SIDE * 3];
    for (int i = 0; i < SIDE * SIDE; i++)
        for (int c = 0; c < 3; c++)
            pixels[3 * i + c] = (uint8_t)(i % SIDE * 2 + i / SIDE + 20 * c);
    uint8_t *made;
    int w, h;
    const size_t n = WebPEncodeRGB(pixels, SIDE, SIDE, SIDE * 3, 90, &made);
    file_write(in(state, "a.webp"), made, n);
    uint8_t *expected = WebPDecodeRGB(made, n, &w, &h);
    loads(in(state, "a.webp"), SIDE, 3, is);
    assert_memory_equal(is, expected, sizeof is);
    for (size_t i = 0; i < sizeof is; i++)
        assert_in_range(is[i] - pixels[i] + 255, 255 - 16, 255 + 16);
    WebPFree(expected);
    WebPFree(made);
}

// What is transparent shows white.
static void test_alpha(void **state)
{
    uint8_t pixels[H * H * 4], is[H * H * 3], *made;
    pixels_make(pixels, H, H, 4);
    const size_t n = WebPEncodeLosslessRGBA(pixels, H, H, H * 4, &made);
    file_write(in(state, "a.webp"), made, n);
    WebPFree(made);
    loads(in(state, "a.webp"), H, 3, is);
    for (int i = 0; i < H * H * 3; i++) {
        const double alpha = pixels[i / 3 * 4 + 3] / 255.0;
        const double expected = pixels[i / 3 * 4 + i % 3] * alpha + 255 * (1 - alpha);
        assert_true(is[i] > expected - 1 && is[i] < expected + 1);
    }
}

// --- turning -----------------------------------------------------------------------------------

// Where the pixel at (x, y) of the upright picture is stored.
static int stored_at(int orientation, int x, int y)
{
    const int right = W - 1, bottom = H - 1;
    switch (orientation) {
    case 2: return y * W + right - x;
    case 3: return (bottom - y) * W + right - x;
    case 4: return (bottom - y) * W + x;
    case 5: return x * W + y;
    case 6: return (bottom - x) * W + y;
    case 7: return (bottom - x) * W + right - y;
    case 8: return x * W + right - y;
    default: return y * W + x;
    }
}

static void test_orientation(void **state)
{
    enum { SIDE = 5 }; // a box in one corner, so that nothing is resized
    static const struct clg_crop corner = {.kind = CLG_CROP_BOX, .w = SIDE, .h = SIDE, .x = 1, .y = 2};
    uint8_t pixels[W * H * 3], is[SIDE * SIDE * 3];
    struct webp_bytes chunk, file;
    pixels_make(pixels, W, H, 3);
    webp_lossless_make(pixels, W, H, 3, &chunk);
    for (int orientation = 1; orientation <= 8; orientation++) {
        webp_file_begin(&file);
        webp_add_extended(&file, WEBP_EXIF, W, H);
        webp_add(&file, chunk.at, chunk.n);
        webp_add_exif(&file, orientation, orientation % 2);
        webp_file_end(&file);
        file_write(in(state, "a.webp"), file.at, file.n);
        assert_int_equal(clg_picture_load(in(state, "a.webp"), corner, SIDE, 3, is, NULL), 0);
        for (int i = 0; i < SIDE * SIDE; i++) {
            const int from = stored_at(orientation, i % SIDE + 1, i / SIDE + 2);
            assert_memory_equal(is + i * 3, pixels + from * 3, 3);
        }
        // Upright it is W x H or H x W: a box tells which.
        const struct clg_crop wide = {.kind = CLG_CROP_BOX, .w = W, .h = 1};
        struct clg_pictures *pictures;
        const int status = clg_pictures_open(&pictures, *state, wide,
                                             &(struct clg_log){capture_line, &(struct captured_log){0}});
        assert_int_equal(status, orientation < 5 ? 0 : CLG_EDATA);
        clg_pictures_close(&pictures);
    }
}

// --- animations --------------------------------------------------------------------------------

// The first frame, where it stands on the canvas; nothing around it, whatever the background is said to be.
static void test_animation(void **state)
{
    enum { SIDE = 12 };
    uint8_t first[W * H * 3], second[SIDE * SIDE * 3], is[SIDE * SIDE * 3];
    struct webp_bytes chunk, file;
    pixels_make(first, W, H, 3);
    memset(second, 99, sizeof second);
    webp_file_begin(&file);
    webp_add_extended(&file, WEBP_ANIMATION, SIDE, SIDE);
    webp_add_chunk(&file, "ANIM", "\x10\x20\x30\xff\0\0", 6);
    webp_lossless_make(first, W, H, 3, &chunk);
    webp_add_frame(&file, &chunk, 0, 4, W, H);
    webp_lossless_make(second, SIDE, SIDE, 3, &chunk);
    webp_add_frame(&file, &chunk, 0, 0, SIDE, SIDE);
    webp_file_end(&file);
    file_write(in(state, "a.webp"), file.at, file.n);
    loads(in(state, "a.webp"), SIDE, 3, is);
    for (int i = 0; i < SIDE * SIDE; i++) {
        const int x = i % SIDE, y = i / SIDE - 4;
        static const uint8_t white[3] = {255, 255, 255};
        const bool inside = x < W && y >= 0 && y < H;
        assert_memory_equal(is + i * 3, inside ? first + (y * W + x) * 3 : white, 3);
    }
}

// --- refusals ----------------------------------------------------------------------------------

static void test_damaged(void **state)
{
    enum { SIDE = 64 };
    static uint8_t pixels[SIDE * SIDE * 3], is[SIDE * SIDE * 3];
    uint64_t seed = 5;
    for (size_t i = 0; i < sizeof pixels; i++)
        pixels[i] = (uint8_t)chance(&seed);
    for (int lossy = 0; lossy < 2; lossy++) {
        uint8_t *made;
        const size_t n = lossy ? WebPEncodeRGB(pixels, SIDE, SIDE, SIDE * 3, 80, &made)
                               : WebPEncodeLosslessRGB(pixels, SIDE, SIDE, SIDE * 3, &made);
        const size_t cuts[] = {12, 20, 29, n / 2, n - 100};
        for (size_t i = 0; i < sizeof cuts / sizeof *cuts; i++) {
            struct captured_log captured_log;
            struct clg_log log = capture(&captured_log);
            file_write(in(state, "a.webp"), made, cuts[i]);
            const int status = clg_picture_load(in(state, "a.webp"), whole, 4, 3, is, &log);
            if (status != CLG_EFORMAT || captured_log.lines != 1 || !strstr(captured_log.last, "a.webp"))
                fail_msg("%zu of %zu bytes: status %d, %d lines: %s", cuts[i], n, status, captured_log.lines,
                         captured_log.last);
        }
        WebPFree(made);
    }
}

// A header that promises more pixels than are read is refused before memory is asked for.
static void test_too_large(void **state)
{
    struct webp_bytes file;
    struct captured_log captured_log;
    struct clg_log log = capture(&captured_log);
    uint8_t is[3];
    webp_file_begin(&file);
    webp_add_extended(&file, WEBP_ANIMATION, 16384, 16384);
    webp_file_end(&file);
    file_write(in(state, "a.webp"), file.at, file.n);
    assert_int_equal(clg_picture_load(in(state, "a.webp"), whole, 1, 3, is, &log), CLG_EFORMAT);
    assert_int_equal(captured_log.lines, 1);
    assert_non_null(strstr(captured_log.last, "200 million"));
}

TEST_MAIN("webp", NULL, NULL, IN_FOLDER(test_lossless), IN_FOLDER(test_lossy), IN_FOLDER(test_alpha),
          IN_FOLDER(test_orientation), IN_FOLDER(test_animation), IN_FOLDER(test_damaged),
          IN_FOLDER(test_too_large))
