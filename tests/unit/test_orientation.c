// EXIF's orientation: pictures come out as they are shown, whatever order their pixels are stored in.
#include "files_fixture.h"

#include <zlib.h>

#include "data/picture.h"

#include "jpeg_maker.h"

enum { W = 40, H = 24, LARGE = 8 };
static const struct clg_crop center = {.kind = CLG_CROP_CENTER}, none = {.kind = CLG_CROP_NONE};

// The picture as shown; every pixel is another.
static void upright(uint8_t *pixels)
{
    for (int y = 0; y < H; y++)
        for (int x = 0; x < W; x++) {
            uint8_t *p = pixels + 3 * (y * W + x);
            p[0] = (uint8_t)(6 * x);
            p[1] = (uint8_t)(10 * y);
            p[2] = (uint8_t)(3 * x + 4 * y);
        }
}

// How its pixels are stored with an orientation, by EXIF's words: where the picture's top left corner (0)
// lies and which way its rows run.
static const struct {
    int w, h;
    int x, y;             // of the stored picture's place for the corner
    int right_x, right_y; // a step to the right in the picture as shown, in the stored one
    int down_x, down_y;
} stored[9] = {
    [1] = {W, H, 0, 0, 1, 0, 0, 1},           [2] = {W, H, W - 1, 0, -1, 0, 0, 1},
    [3] = {W, H, W - 1, H - 1, -1, 0, 0, -1}, [4] = {W, H, 0, H - 1, 1, 0, 0, -1},
    [5] = {H, W, 0, 0, 0, 1, 1, 0},           [6] = {H, W, 0, W - 1, 0, -1, 1, 0},
    [7] = {H, W, H - 1, W - 1, 0, -1, -1, 0}, [8] = {H, W, H - 1, 0, 0, 1, -1, 0},
};

static void store(const uint8_t *pixels, int orientation, uint8_t *to)
{
    const int *s = &stored[orientation].w;
    for (int y = 0; y < H; y++)
        for (int x = 0; x < W; x++) {
            const int at_x = s[2] + x * s[4] + y * s[6], at_y = s[3] + x * s[5] + y * s[7];
            memcpy(to + 3 * (at_y * s[0] + at_x), pixels + 3 * (y * W + x), 3);
        }
}

static void number_put(uint8_t *to, size_t n, uint32_t value, bool little)
{
    for (size_t i = 0; i < n; i++)
        to[i] = (uint8_t)(value >> 8 * (little ? i : n - 1 - i));
}

enum { EXIF_BYTES = 6 + 8 + 2 + 2 * 12 + 4 };

// "Exif", and a directory of an entry without meaning and the orientation.
static void exif_make(uint8_t exif[EXIF_BYTES], int orientation, bool little)
{
    memset(exif, 0, EXIF_BYTES);
    memcpy(exif, "Exif", 4);
    uint8_t *tiff = exif + 6;
    memcpy(tiff, little ? "II" : "MM", 2);
    number_put(tiff + 2, 2, 42, little);
    number_put(tiff + 4, 4, 8, little);
    number_put(tiff + 8, 2, 2, little);
    number_put(tiff + 10, 2, 0x100, little);
    number_put(tiff + 22, 2, 0x112, little);
    number_put(tiff + 24, 2, 3, little);
    number_put(tiff + 26, 4, 1, little);
    number_put(tiff + 30, 2, (uint32_t)orientation, little);
}

// A JPEG with a segment of EXIF (n bytes of it; 0: none), its pixels enlarged to LARGE times.
static void jpeg_make(const char *path, const uint8_t *pixels, int w, int h, const uint8_t *exif, size_t n)
{
    uint8_t *large = malloc((size_t)(w * h * LARGE * LARGE * 3)), *to = large;
    for (int y = 0; y < h * LARGE; y++)
        for (int x = 0; x < w * LARGE; x++, to += 3)
            memcpy(to, pixels + 3 * (y / LARGE * w + x / LARGE), 3);
    size_t size;
    uint8_t *plain = jpeg_encode(&jpeg_colour, large, w * LARGE, h * LARGE, 95, &size);
    uint8_t segment[4 + EXIF_BYTES] = {0xff, 0xe1, 0, (uint8_t)(n + 2)};
    memcpy(segment + 4, exif, n);
    uint8_t *made = bytes_replaced(plain, &size, 20, 0, segment, n ? n + 4 : 0);
    file_write(path, made, size);
    free(made);
    free(plain);
    free(large);
}

// A PNG with a chunk eXIf before its pixels or after them.
static void png_make(const char *path, const uint8_t *pixels, int w, int h, const uint8_t *exif, size_t n,
                     bool late, bool damaged)
{
    assert_int_equal(clg_picture_save(path, pixels, w, h, 3, NULL), 0);
    size_t size;
    uint8_t *plain = file_bytes(path, &size), chunk[12 + EXIF_BYTES] = {0, 0, 0, (uint8_t)n};
    memcpy(chunk + 4, "eXIf", 4);
    memcpy(chunk + 8, exif, n);
    number_put(chunk + 8 + n, 4, (uint32_t)crc32(crc32(0, NULL, 0), chunk + 4, (uInt)n + 4) ^ damaged, false);
    uint8_t *made = bytes_replaced(plain, &size, late ? size - 12 : 33, 0, chunk, n + 12);
    file_write(path, made, size);
    free(made);
    free(plain);
}

// Is the file, loaded with this crop, the upright one?
static void same(const char *what, int orientation, const char *path, const char *expected_path,
                 struct clg_crop crop, int size, int limit)
{
    uint8_t pixels[H * H * 3], expected[H * H * 3];
    assert_int_equal(clg_picture_load(expected_path, crop, size, 3, expected, NULL), 0);
    if (clg_picture_load(path, crop, size, 3, pixels, NULL))
        fail_msg("%s, orientation %d: refused", what, orientation);
    for (int i = 0; i < size * size * 3; i++)
        if (abs(pixels[i] - expected[i]) > limit)
            fail_msg("%s, orientation %d: value %d is %d, not %d", what, orientation, i, pixels[i],
                     expected[i]);
}

static void header_upright(const char *path, int w, int h)
{
    struct clg_picture_header header;
    assert_int_equal(clg_picture_probe(path, &header, NULL), 0);
    assert_int_equal(header.w, w);
    assert_int_equal(header.h, h);
}

static void test_png(void **state)
{
    uint8_t pixels[W * H * 3], turned[W * H * 3], exif[EXIF_BYTES];
    upright(pixels);
    const char *path = in(state, "turned.png"), *plain = in(state, "upright.png");
    assert_int_equal(clg_picture_save(plain, pixels, W, H, 3, NULL), 0);
    const struct clg_crop box = {CLG_CROP_BOX, .w = 38, .h = 17, .x = 1,
                                 .y = 5}; // not inside, unless upright
    for (int orientation = 1; orientation <= 8; orientation++)
        for (int kind = 0; kind < 8; kind++) { // byte order, place, prefix
            const size_t prefix = kind & 4 ? 0 : 6;
            store(pixels, orientation, turned);
            exif_make(exif, orientation, kind & 1);
            png_make(path, turned, stored[orientation].w, stored[orientation].h, exif + prefix,
                     EXIF_BYTES - prefix, kind & 2, false);
            header_upright(path, W, H);
            same("none", orientation, path, plain, none, H, 0);
            same("center", orientation, path, plain, center, H, 0);
            same("center, reduced", orientation, path, plain, center, 7, 0);
            same("box", orientation, path, plain, box, 17, 0);
            assert_int_equal(clg_picture_check(path, box, NULL), 0);
        }
}

static void test_jpeg(void **state)
{
    uint8_t pixels[W * H * 3], turned[W * H * 3], exif[EXIF_BYTES];
    upright(pixels);
    const char *path = in(state, "turned.jpg"), *plain = in(state, "upright.jpg");
    jpeg_make(plain, pixels, W, H, exif, 0);
    const struct clg_crop box = {CLG_CROP_BOX, .w = 38 * LARGE, .h = 17 * LARGE, .x = LARGE, .y = 5 * LARGE};
    for (int orientation = 1; orientation <= 8; orientation++)
        for (int little = 0; little <= 1; little++) {
            store(pixels, orientation, turned);
            exif_make(exif, orientation, little);
            jpeg_make(path, turned, stored[orientation].w, stored[orientation].h, exif, EXIF_BYTES);
            header_upright(path, W * LARGE, H * LARGE);
            same("center, reduced", orientation, path, plain, center, H, 2);
            same("none, reduced", orientation, path, plain, none, 11, 2);
            same("box, reduced", orientation, path, plain, box, 17, 2);
        }
}

// Damaged EXIF, or values that mean nothing: the picture is taken as it is stored.
static void test_damaged(void **state)
{
    uint8_t pixels[W * H * 3], exif[EXIF_BYTES];
    upright(pixels);
    const char *path = in(state, "a.jpg"), *png = in(state, "a.png");
    for (size_t n = 1; n < EXIF_BYTES - 6; n++) { // cut: the value is not there
        exif_make(exif, 6, true);
        jpeg_make(path, pixels, W, H, exif, n);
        header_upright(path, n >= 6 + 8 + 2 + 12 + 10 ? H * LARGE : W * LARGE,
                       n >= 6 + 8 + 2 + 12 + 10 ? W * LARGE : H * LARGE);
    }
    static const int values[] = {0, 9, 256, 65535};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        exif_make(exif, values[i], true);
        jpeg_make(path, pixels, W, H, exif, EXIF_BYTES);
        header_upright(path, W * LARGE, H * LARGE);
    }
    static const uint8_t wrong[][3] = {// place in the TIFF data, byte, and there it is harmful
                                       {0, 'X'}, {2, 43}, {4, 200}, {7, 255}, {24, 7}, {26, 0}};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        exif_make(exif, 6, true);
        exif[6 + wrong[i][0]] = wrong[i][1];
        jpeg_make(path, pixels, W, H, exif, EXIF_BYTES);
        header_upright(path, W * LARGE, H * LARGE);
    }
    exif_make(exif, 6, true);
    png_make(png, pixels, W, H, exif + 6, EXIF_BYTES - 6, false, true);
    header_upright(png, W, H);
}

TEST_MAIN("orientation", NULL, NULL, IN_FOLDER(test_png), IN_FOLDER(test_jpeg), IN_FOLDER(test_damaged))
