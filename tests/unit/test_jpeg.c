// JPEG files as cameras, scanners and broken programs write them: what everyone reads is read, to the same
// pixels; what is not all there is refused.
#include "files_fixture.h"

#include "jpeg_maker.h"

enum { W = 96, H = 64, SIZE = 64, BYTES = SIZE * SIZE * 3 };
static const struct clg_crop center = {.kind = CLG_CROP_CENTER}, none = {.kind = CLG_CROP_NONE};

// Soft blobs of colour with some grain.
static void scene(uint8_t *pixels, int w, int h, int depth)
{
    uint64_t random = 3;
    for (int i = 0; i < w * h; i++)
        for (int c = 0; c < depth; c++)
            pixels[i * depth + c] =
                (uint8_t)(((i % w) * (3 + c) / 2 + (i / w) * (5 - c) / 2) % 200 + chance(&random) % 40);
}

static uint8_t *scene_jpeg(const struct jpeg_maker *maker, size_t *n)
{
    static uint8_t pixels[W * H * 4];
    scene(pixels, W, H, maker->depth);
    return jpeg_encode(maker, pixels, W, H, 90, n);
}

// Loads the bytes as a file; the status.
static int load(void **state, const uint8_t *bytes, size_t n, uint8_t *pixels,
                struct captured_log *captured_log)
{
    struct clg_log log = capture(captured_log);
    file_write(in(state, "a.jpg"), bytes, n);
    memset(pixels, 0, BYTES);
    return clg_picture_load(in(state, "a.jpg"), center, SIZE, 3, pixels, &log);
}

static void loads_as(void **state, const char *what, const uint8_t *bytes, size_t n, const uint8_t *expected,
                     const char *warning)
{
    uint8_t pixels[BYTES];
    struct captured_log captured_log;
    if (load(state, bytes, n, pixels, &captured_log))
        fail_msg("%s: refused: %s", what, captured_log.last);
    if (memcmp(pixels, expected, BYTES))
        fail_msg("%s: other pixels", what);
    if (captured_log.lines != (warning ? 1 : 0) || (warning && !strstr(captured_log.last, warning)))
        fail_msg("%s: %d lines, the last: %s; expected: %s", what, captured_log.lines, captured_log.last,
                 warning ? warning : "none");
}

static void refused(void **state, const char *what, const uint8_t *bytes, size_t n, const char *reason)
{
    uint8_t pixels[BYTES];
    struct captured_log captured_log;
    const int status = load(state, bytes, n, pixels, &captured_log);
    if (status != CLG_EFORMAT || captured_log.lines != 1 || !strstr(captured_log.last, reason))
        fail_msg("%s: status %d; %d lines, the last: %s; expected: %s", what, status, captured_log.lines,
                 captured_log.last, reason);
}

// --- kinds -------------------------------------------------------------------------------------

static void flat(void **state, const char *what, const struct jpeg_maker *maker, const uint8_t *value,
                 const int *rgb, int grey)
{
    uint8_t pixels[W * H * 4], got[BYTES];
    for (int i = 0; i < W * H * maker->depth; i++)
        pixels[i] = value[i % maker->depth];
    size_t n;
    uint8_t *bytes = jpeg_encode(maker, pixels, W, H, 98, &n);
    file_write(in(state, "a.jpg"), bytes, n);
    free(bytes);
    for (int channels = 1; channels <= 3; channels += 2) {
        assert_int_equal(clg_picture_load(in(state, "a.jpg"), center, SIZE, channels, got, NULL), 0);
        for (int i = 0; i < SIZE * SIZE * channels; i++) {
            const int expected = channels == 1 ? grey : rgb[i % 3];
            if (abs(got[i] - expected) > 3)
                fail_msg("%s, %d channels: value %d is %d, expected %d", what, channels, i, got[i], expected);
        }
    }
}

static void test_kinds(void **state)
{
    static const uint8_t value[] = {200, 100, 50, 255}, half[] = {200, 100, 50, 128};
    static const int colour[] = {200, 100, 50};
    struct jpeg_maker maker = jpeg_colour;
    flat(state, "grey", &jpeg_grey, (const uint8_t[]){90}, (const int[]){90, 90, 90}, 90);
    flat(state, "colour", &maker, value, colour, 124);
    maker.arithmetic = true;
    flat(state, "arithmetic codes", &maker, value, colour, 124);
    maker.progressive = true;
    flat(state, "arithmetic codes, progressive", &maker, value, colour, 124);
    maker = jpeg_colour;
    maker.stored = JCS_RGB;
    flat(state, "stored as RGB", &maker, value, colour, 124);
    maker.progressive = true;
    flat(state, "progressive RGB", &maker, value, colour, 124);
    maker = jpeg_inks; // inverted: 255 is no black, 128 half of it
    flat(state, "inks as YCCK", &maker, value, colour, 124);
    flat(state, "inks as YCCK, half black", &maker, half, (const int[]){100, 50, 25}, 62);
    maker.stored = JCS_CMYK;
    flat(state, "inks as CMYK", &maker, half, (const int[]){100, 50, 25}, 62);
}

// Everyone takes four colours for inverted inks, whether Adobe's marker says who wrote them or not.
static void test_inks_without_adobe(void **state)
{
    struct jpeg_maker maker = jpeg_inks;
    maker.stored = JCS_CMYK;
    size_t n;
    uint8_t *bytes = scene_jpeg(&maker, &n), expected[BYTES];
    struct captured_log captured_log;
    assert_int_equal(load(state, bytes, n, expected, &captured_log), 0);
    const size_t at = jpeg_marker(bytes, n, 0, 0xee);
    assert_true(at < n);
    uint8_t *cut = bytes_replaced(bytes, &n, at, 16, "", 0);
    assert_true(jpeg_marker(cut, n, 0, 0xee) == n);
    loads_as(state, "no Adobe marker", cut, n, expected, NULL);
    free(cut);
    free(bytes);
}

static void test_refused_by_name(void **state)
{
    size_t n;
    uint8_t *bytes = scene_jpeg(&jpeg_colour, &n);
    const size_t frame = jpeg_marker(bytes, n, 0, 0xc0);
    bytes[frame + 4] = 12;
    refused(state, "12 bits", bytes, n, "12 bits");
    bytes[frame + 4] = 8;
    bytes[frame + 1] = 0xc5;
    refused(state, "hierarchical", bytes, n, "hierarchical");
    bytes[frame + 1] = 0xc0;
    memset(bytes + frame + 5, 0, 2);
    refused(state, "no height", bytes, n, "not a usable picture");
    free(bytes);
    static const struct jpeg_maker two = {2, JCS_UNKNOWN, JCS_UNKNOWN, 1, false, false, 0};
    bytes = scene_jpeg(&two, &n);
    refused(state, "two colours", bytes, n, "unusual number of colours");
    free(bytes);
}

// --- warnings ----------------------------------------------------------------------------------

static void test_extra_bytes(void **state)
{
    struct jpeg_maker maker = jpeg_colour;
    maker.restart_rows = 1;
    size_t n;
    uint8_t *bytes = scene_jpeg(&maker, &n), expected[BYTES];
    struct captured_log captured_log;
    assert_int_equal(load(state, bytes, n, expected, &captured_log), 0);
    static const int markers[] = {0xdb, 0xc0, 0xc4, 0xda, 0xd0, 0xd2, 0xd9};
    static const uint8_t zeros[200];
    for (size_t i = 0; i < sizeof markers / sizeof *markers; i++) {
        const bool in_scan = markers[i] >= 0xd0 && markers[i] <= 0xd9;
        const size_t at = jpeg_marker(bytes, n, in_scan ? jpeg_marker(bytes, n, 0, 0xda) : 0, markers[i]);
        assert_true(at < n);
        for (size_t extra = in_scan ? 12 : 1; extra <= 200; extra += 94) { // few pass for bits of the scan
            size_t m = n;
            uint8_t *made = bytes_replaced(bytes, &m, at, 0, zeros, extra);
            char what[64];
            snprintf(what, sizeof what, "%zu bytes before marker %02x", extra, markers[i]);
            loads_as(state, what, made, m, expected, "extraneous");
            free(made);
        }
    }
    free(bytes);
}

static void test_odd_headers(void **state)
{
    size_t n, m;
    uint8_t *bytes = scene_jpeg(&jpeg_colour, &n), expected[BYTES];
    struct captured_log captured_log;
    assert_int_equal(load(state, bytes, n, expected, &captured_log), 0);
    const size_t jfif = jpeg_marker(bytes, n, 0, 0xe0), scan = jpeg_marker(bytes, n, 0, 0xda);
    bytes[jfif + 9] = 2;
    loads_as(state, "JFIF 2", bytes, n, expected, "JFIF");
    bytes[jfif + 9] = 1;
    bytes[scan + 12] = 0; // phones write this
    loads_as(state, "a scan of 0 coefficients", bytes, n, expected, "SOS");
    bytes[scan + 12] = 63;
    m = n;
    uint8_t *made = bytes_replaced(bytes, &m, 2, 0, "\xff\xff\xff", 3);
    loads_as(state, "padding", made, m, expected, NULL);
    free(made);
    m = n;
    made = bytes_replaced(bytes, &m, jfif, 18,
                          "\xff\xee\0\x0e"
                          "Adobe\0\x64\0\0\0\0\x09",
                          16);
    loads_as(state, "Adobe's transform 9", made, m, expected, "Adobe");
    free(made);
    m = n;
    made = bytes_replaced(bytes, &m, n, 0, "anything behind the end", 23);
    loads_as(state, "bytes behind the end", made, m, expected, NULL);
    free(made);
    // A second frame header, of other colours, comes too late to change what was read.
    m = n;
    made = bytes_replaced(bytes, &m, n - 2, 0,
                          "\xff\xc0\0\x14\x08\x0f\xff\x0f\xff\x04\1\x11\0\2\x11\0\3\x11\0\4\x11\0", 22);
    loads_as(state, "a second frame", made, m, expected, "two SOF markers");
    free(made);
    loads_as(state, "no end marker", bytes, n - 2, expected, "ends early");
    free(bytes);
}

// Codes that mean nothing cost pixels, but no one refuses the file for them.
static void test_damaged_codes(void **state)
{
    size_t n;
    uint8_t *bytes = scene_jpeg(&jpeg_colour, &n), pixels[BYTES];
    struct captured_log captured_log;
    const size_t scan = jpeg_marker(bytes, n, 0, 0xda) + 14;
    uint64_t random = 7;
    int read = 0, warned = 0;
    for (int round = 0; round < 100; round++) {
        const size_t at = scan + chance(&random) % (n - 2 - scan);
        const uint8_t kept = bytes[at], to = (uint8_t)(kept ^ 1 << chance(&random) % 8);
        if (to == 0xff || kept == 0xff)
            continue; // a marker comes or goes
        bytes[at] = to;
        read += load(state, bytes, n, pixels, &captured_log) == 0;
        warned += captured_log.lines == 1;
        bytes[at] = kept;
    }
    free(bytes);
    if (read < 80 || warned < 20)
        fail_msg("%d read, %d with a warning", read, warned);
}

// --- missing data ------------------------------------------------------------------------------

static void test_cut(void **state)
{
    struct jpeg_maker maker = jpeg_colour;
    for (int restarts = 0; restarts < 2; restarts++) {
        maker.restart_rows = restarts;
        size_t n;
        uint8_t *bytes = scene_jpeg(&maker, &n);
        for (size_t keep = 3; keep + 20 < n; keep += n / 50 + 1)
            refused(state, "cut", bytes, keep, "ends");
        for (size_t keep = n / 4; keep < n * 4 / 5; keep += n / 9) { // and closed properly
            memcpy(bytes + keep, "\xff\xd9", 2);
            refused(state, "cut, with an end marker", bytes, keep + 2, "ends early");
        }
        free(bytes);
    }
}

// Of a progressive file the first passes must be there; what refines them may be missing.
static void test_progressive_cut(void **state)
{
    struct jpeg_maker maker = jpeg_colour;
    maker.progressive = true;
    size_t n, needed = 0;
    uint8_t *bytes = scene_jpeg(&maker, &n), expected[BYTES], pixels[BYTES];
    struct captured_log captured_log;
    loads_as(state, "whole", bytes, n, (load(state, bytes, n, expected, &captured_log), expected), NULL);
    for (size_t at = jpeg_marker(bytes, n, 0, 0xda); at < n; at = jpeg_marker(bytes, n, at + 2, 0xda))
        if (bytes[at + 4 + 2 * bytes[at + 4] + 3] >> 4 ==
            0) // a first pass: it ends at the next table or scan
            needed = at;
    size_t end = jpeg_marker(bytes, n, needed + 2, 0xc4), other = jpeg_marker(bytes, n, needed + 2, 0xda);
    end = end < other ? end : other;
    assert_true(needed > 0 && end < n);
    for (size_t keep = 100; keep<n; keep += keep> needed - 20 && keep < end + 60 ? 1 : 97) {
        if (keep + 10 < end) {
            refused(state, "progressive, cut in a first pass", bytes, keep, "ends");
        } else if (keep >= end) {
            if (load(state, bytes, keep, pixels, &captured_log) || !strstr(captured_log.last, "ends early"))
                fail_msg("%zu of %zu bytes, %zu needed: %s", keep, n, end, captured_log.last);
            long off = 0;
            for (int i = 0; i < BYTES; i++)
                off += abs(pixels[i] - expected[i]);
            if (off > 15 * BYTES)
                fail_msg("%zu of %zu bytes: %.2f grey values apart", keep, n, (double)off / BYTES);
        }
    }
    free(bytes);
}

static void test_too_many_scans(void **state)
{
    struct jpeg_maker maker = jpeg_grey;
    maker.progressive = true;
    size_t n;
    uint8_t *bytes = scene_jpeg(&maker, &n);
    size_t last = jpeg_marker(bytes, n, 0, 0xda), next;
    while ((next = jpeg_marker(bytes, n, last + 2, 0xda)) < n)
        last = next;
    const size_t length = n - 2 - last;
    uint8_t *many = malloc(n + 600 * length);
    memcpy(many, bytes, n - 2);
    for (size_t i = 0; i < 600; i++)
        memcpy(many + n - 2 + i * length, bytes + last, length);
    memcpy(many + n - 2 + 600 * length, "\xff\xd9", 2);
    refused(state, "600 scans", many, n + 600 * length, "scans");
    free(many);
    free(bytes);
}

// --- sizes -------------------------------------------------------------------------------------

// The same picture as JPEG and PNG comes out alike, however much the JPEG was reduced while decoding.
static void alike(void **state, int w, int h, int size, struct clg_crop crop)
{
    uint8_t *pixels = malloc((size_t)(w * h * 3)), *got = malloc((size_t)(size * size * 3));
    uint8_t *expected = malloc((size_t)(size * size * 3));
    uint64_t random = 1;
    for (int i = 0; i < w * h; i++) // grain, on a slope that tells positions
        for (int c = 0; c < 3; c++)
            pixels[3 * i + c] =
                (uint8_t)(chance(&random) % 128 + (uint32_t)(c ? i % w * 127 / w : i / w * 127 / h));
    size_t n;
    uint8_t *bytes = jpeg_encode(&jpeg_colour, pixels, w, h, 100, &n);
    file_write(in(state, "a.jpg"), bytes, n);
    assert_int_equal(clg_picture_save(in(state, "a.png"), pixels, w, h, 3, NULL), 0);
    assert_int_equal(clg_picture_load(in(state, "a.jpg"), crop, size, 3, got, NULL), 0);
    assert_int_equal(clg_picture_load(in(state, "a.png"), crop, size, 3, expected, NULL), 0);
    long off = 0, detail = 0, detail_expected = 0;
    for (int i = 0; i < size * size * 3; i++) {
        off += abs(got[i] - expected[i]);
        if (i % (size * 3) >= 3) {
            detail += abs(got[i] - got[i - 3]);
            detail_expected += abs(expected[i] - expected[i - 3]);
        }
    }
    const double mean = (double)off / (size * size * 3), ratio = (double)detail / (double)detail_expected;
    if (mean > 1 || ratio > 1.1 || ratio < 0.9)
        fail_msg("%dx%d to %d: %.2f grey values apart, detail %.2f times", w, h, size, mean, ratio);
    free(bytes);
    free(pixels);
    free(got);
    free(expected);
}

static void test_sharpness(void **state)
{
    static const int sizes[][3] = {{128, 128, 32}, {96, 96, 64},  {200, 200, 64},  {1000, 1000, 64},
                                   {509, 333, 40}, {131, 77, 16}, {1001, 757, 24}, {256, 256, 64}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        const int w = sizes[i][0], h = sizes[i][1], size = sizes[i][2];
        alike(state, w, h, size, center);
        alike(state, w, h, size, none);
        alike(state, w, h, size,
              (struct clg_crop){CLG_CROP_BOX, .w = w * 3 / 4, .h = h * 3 / 4, .x = w / 5, .y = h / 7});
    }
}

TEST_MAIN("jpeg", NULL, NULL, IN_FOLDER(test_kinds), IN_FOLDER(test_inks_without_adobe),
          IN_FOLDER(test_refused_by_name), IN_FOLDER(test_extra_bytes), IN_FOLDER(test_odd_headers),
          IN_FOLDER(test_damaged_codes), IN_FOLDER(test_cut), IN_FOLDER(test_progressive_cut),
          IN_FOLDER(test_too_many_scans), IN_FOLDER(test_sharpness))
