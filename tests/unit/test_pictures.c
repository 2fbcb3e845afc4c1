// Pictures to look at: a folder's in order, a single file, what is refused; animations, taken apart again.
#include "files_fixture.h"

#include "data/folder.h"

#include <math.h>
#include <png.h>
#include <sys/stat.h>
#include <zlib.h>

#include <clgan/pictures.h>

enum { SIZE = 9 };
static const struct clg_crop center = {.kind = CLG_CROP_CENTER};

static void random_fill(uint8_t *pixels, size_t n, uint64_t seed)
{
    for (size_t i = 0; i < n; i++)
        pixels[i] = (uint8_t)chance(&seed);
}

// --- folders and files -------------------------------------------------------------------------

// In the order expected, and not in the order made.
static const char *const names[] = {"B/2.png", "a.PNG", "a/1.jpg", "a/10.jpg", "a/2.jpeg", "z.png"};
enum { NAMES = sizeof names / sizeof *names };

static void pictures_make(void **state)
{
    uint8_t pixels[14 * 11 * 3];
    mkdir(in(state, "a"), 0777);
    mkdir(in(state, "B"), 0777);
    for (int i = NAMES - 1; i >= 0; i--) {
        random_fill(pixels, sizeof pixels, (uint64_t)i);
        assert_int_equal(clg_picture_save(in(state, names[i]), pixels, 14, 11, 3, NULL), 0);
    }
}

static struct clg_pictures *open_quietly(const char *path, struct clg_crop crop, int lines)
{
    struct clg_pictures *pictures;
    struct captured_log captured_log;
    struct clg_log log = capture(&captured_log);
    if (clg_pictures_open(&pictures, path, crop, &log) || captured_log.lines != lines)
        fail_msg("%s: %d lines, expected %d; the last: %s", path, captured_log.lines, lines,
                 captured_log.last);
    return pictures;
}

// Pictures that are read with a warning are counted once each.
static void test_warned(void **state)
{
    pictures_make(state);
    size_t n;
    uint8_t *bytes = file_bytes(in(state, names[2]), &n), pixels[NAMES * SIZE * SIZE * 3];
    file_write(in(state, "a/1.jpg"), bytes, n - 2); // all but the end marker
    free(bytes);
    struct clg_pictures *pictures;
    struct captured_log captured_log;
    struct clg_log log = capture(&captured_log);
    assert_int_equal(clg_pictures_open(&pictures, *state, center, &log), 0);
    assert_int_equal(clg_pictures_warned(pictures), 0);
    for (int round = 0; round < 3; round++) {
        assert_int_equal(clg_pictures_load(pictures, NULL, NAMES, SIZE, 3, pixels), 0);
        assert_int_equal(clg_pictures_warned(pictures), 1);
        assert_int_equal(captured_log.lines, 1);
    }
    assert_non_null(strstr(captured_log.last, names[2]));
    clg_pictures_close(&pictures);
}

// Enough usable pictures, counted as opening the folder does: damaged and hidden files are none.
static void test_holds(void **state)
{
    pictures_make(state);
    file_write(in(state, "a/3.jpg"), "\xff\xd8\xff", 3);
    file_write(in(state, ".hidden.png"), "x", 1);
    assert_true(clg_folder_holds(*state, center, 1));
    assert_true(clg_folder_holds(*state, center, NAMES));
    assert_false(clg_folder_holds(*state, center, NAMES + 1));
    assert_false(clg_folder_holds(*state, (struct clg_crop){CLG_CROP_BOX, 15, 11, 0, 0}, 1));
    assert_false(clg_folder_holds(in(state, "nowhere"), center, 1));
}

static void test_order_and_pixels(void **state)
{
    static const int which[] = {5, 0, 3, 3};
    pictures_make(state);
    file_write(in(state, "notes.txt"), "x", 1);
    struct clg_pictures *pictures = open_quietly(*state, center, 0);
    assert_int_equal(clg_pictures_count(pictures), NAMES);
    for (int channels = 1; channels <= 3; channels += 2) {
        uint8_t all[NAMES][SIZE * SIZE * 3], some[4][SIZE * SIZE * 3], one[SIZE * SIZE * 3];
        const size_t n = (size_t)(SIZE * SIZE * channels);
        assert_int_equal(clg_pictures_load(pictures, NULL, NAMES, SIZE, channels, all[0]), 0);
        assert_int_equal(clg_pictures_load(pictures, which, 4, SIZE, channels, some[0]), 0);
        for (int i = 0; i < NAMES; i++) {
            assert_string_equal(clg_pictures_name(pictures, i), names[i]);
            assert_int_equal(clg_picture_load(in(state, names[i]), center, SIZE, channels, one, NULL), 0);
            assert_memory_equal(all[0] + (size_t)i * n, one, n);
            for (int k = 0; k < 4; k++)
                if (which[k] == i)
                    assert_memory_equal(some[0] + (size_t)k * n, one, n);
        }
    }
    clg_pictures_close(&pictures);
    assert_null(pictures);
    clg_pictures_close(&pictures);
}

static void test_single_file(void **state)
{
    static const struct clg_crop box = {.kind = CLG_CROP_BOX, .w = 5, .h = 4, .x = 2, .y = 3};
    uint8_t is[SIZE * SIZE * 3], expected[SIZE * SIZE * 3];
    char here[512];
    pictures_make(state);
    assert_int_equal(rename(in(state, "z.png"), in(state, "z of any name")), 0);
    struct clg_pictures *pictures = open_quietly(in(state, "z of any name"), box, 0);
    assert_int_equal(clg_pictures_count(pictures), 1);
    assert_string_equal(clg_pictures_name(pictures, 0), "z of any name");
    assert_int_equal(clg_pictures_load(pictures, NULL, 1, SIZE, 3, is), 0);
    assert_int_equal(clg_picture_load(in(state, "z of any name"), box, SIZE, 3, expected, NULL), 0);
    assert_memory_equal(is, expected, sizeof is);
    clg_pictures_close(&pictures);

    assert_non_null(getcwd(here, sizeof here)); // a name without a folder
    assert_int_equal(chdir(*state), 0);
    pictures = open_quietly("a.PNG", center, 0);
    assert_string_equal(clg_pictures_name(pictures, 0), "a.PNG");
    assert_int_equal(clg_pictures_load(pictures, NULL, 1, SIZE, 3, is), 0);
    clg_pictures_close(&pictures);
    assert_int_equal(chdir(here), 0);
}

static void open_refused(const char *path, struct clg_crop crop, int expected, const char *says)
{
    struct clg_pictures *pictures = (struct clg_pictures *)&pictures;
    struct captured_log captured_log;
    struct clg_log log = capture(&captured_log);
    int status = clg_pictures_open(&pictures, path, crop, &log);
    if (status != expected || captured_log.lines != 1 || !strstr(captured_log.last, says) || pictures)
        fail_msg("%s: status %d, expected %d; %d lines, the last: %s", path, status, expected,
                 captured_log.lines, captured_log.last);
}

static void test_open_refused(void **state)
{
    static const struct clg_crop outside = {.kind = CLG_CROP_BOX, .w = 50, .h = 4};
    pictures_make(state);
    mkdir(in(state, "none"), 0777);
    file_write(in(state, "text.png"), "no picture", 10);
    open_refused(in(state, "missing"), center, CLG_EIO, "missing");
    open_refused(in(state, "none"), center, CLG_EDATA, "none");
    open_refused(in(state, "text.png"), center, CLG_EFORMAT, "text.png");
    open_refused(in(state, "z.png"), outside, CLG_EFORMAT, "50x4+0+0");
}

static void test_broken(void **state)
{
    static const int outside[] = {0, NAMES}, negative[] = {-1};
    uint8_t pixels[NAMES * SIZE * SIZE * 3];
    struct captured_log captured_log;
    size_t n;
    pictures_make(state);
    file_write(in(state, "a/3.jpg"), "no picture", 10); // seen at once: named and left out
    uint8_t *bytes = file_bytes(in(state, "a/10.jpg"), &n);
    file_write(in(state, "a/10.jpg"), bytes, n - 40); // its header is whole
    free(bytes);
    struct clg_log log = capture(&captured_log);
    struct clg_pictures *pictures;
    assert_int_equal(clg_pictures_open(&pictures, *state, center, &log), 0);
    assert_int_equal(clg_pictures_count(pictures), NAMES);
    assert_int_equal(captured_log.lines, 1);
    assert_non_null(strstr(captured_log.last, "a/3.jpg"));
    assert_int_equal(clg_pictures_load(pictures, NULL, NAMES, SIZE, 3, pixels), CLG_EFORMAT);
    assert_int_equal(captured_log.lines, 2);
    assert_non_null(strstr(captured_log.last, "a/10.jpg"));
    assert_int_equal(clg_pictures_load(pictures, NULL, 3, SIZE, 3, pixels), 0);
    assert_int_equal(clg_pictures_load(pictures, outside, 2, SIZE, 3, pixels), CLG_EINVAL);
    assert_int_equal(clg_pictures_load(pictures, negative, 1, SIZE, 3, pixels), CLG_EINVAL);
    assert_int_equal(clg_pictures_load(pictures, NULL, NAMES + 1, SIZE, 3, pixels), CLG_EINVAL);
    assert_int_equal(captured_log.lines, 5);
    assert_int_equal(clg_pictures_load(pictures, NULL, 1, 0, 3, pixels), CLG_EINVAL);
    clg_pictures_close(&pictures);
}

// --- animations --------------------------------------------------------------------------------

// Reads chunks, checking each one's checksum.
struct reader {
    const uint8_t *bytes;
    size_t n, at;
};
struct chunk {
    char type[5];
    const uint8_t *data;
    uint32_t n;
};

static uint32_t big(const uint8_t *b, int bytes)
{
    uint32_t v = 0;
    for (int i = 0; i < bytes; i++)
        v = v << 8 | b[i];
    return v;
}

static struct chunk chunk_next(struct reader *r)
{
    assert_true(r->at + 12 <= r->n);
    struct chunk c = {.n = big(r->bytes + r->at, 4), .data = r->bytes + r->at + 8};
    memcpy(c.type, r->bytes + r->at + 4, 4);
    assert_true(r->at + 12 + c.n <= r->n);
    uint32_t sum = (uint32_t)crc32(0, c.data - 4, c.n + 4), stored = big(c.data + c.n, 4);
    if (sum != stored)
        fail_msg("%s at %zu: checksum %08x, stored %08x", c.type, r->at, sum, stored);
    r->at += 12 + c.n;
    return c;
}

// A PNG being put together.
struct still {
    uint8_t *bytes;
    size_t n;
};

static void bytes_add(struct still *s, const void *bytes, size_t n)
{
    s->bytes = realloc(s->bytes, s->n + n + 1);
    assert_non_null(s->bytes);
    if (n)
        memcpy(s->bytes + s->n, bytes, n);
    s->n += n;
}

static void number_add(struct still *s, uint32_t v)
{
    const uint8_t bytes[4] = {(uint8_t)(v >> 24), (uint8_t)(v >> 16), (uint8_t)(v >> 8), (uint8_t)v};
    bytes_add(s, bytes, 4);
}

static void still_add(struct still *s, const char *type, const uint8_t *data, uint32_t n)
{
    number_add(s, n);
    bytes_add(s, type, 4);
    bytes_add(s, data, n);
    number_add(s, (uint32_t)crc32(0, s->bytes + s->n - n - 4, n + 4));
}

static void decoded_equal(const char *what, const uint8_t *bytes, size_t n, int w, int h, int channels,
                          const uint8_t *expected)
{
    png_image image = {.version = PNG_IMAGE_VERSION};
    assert_true(png_image_begin_read_from_memory(&image, bytes, n));
    assert_int_equal(image.width, w);
    assert_int_equal(image.height, h);
    assert_int_equal(image.format, channels == 1 ? PNG_FORMAT_GRAY : PNG_FORMAT_RGB);
    uint8_t *is = malloc(PNG_IMAGE_SIZE(image));
    assert_non_null(is);
    if (!png_image_finish_read(&image, NULL, is, 0, NULL))
        fail_msg("%s: %s", what, image.message);
    if (memcmp(is, expected, (size_t)(w * h * channels)) != 0)
        fail_msg("%s of %d x %d x %d is not what was given", what, w, h, channels);
    free(is);
}

struct animation {
    int n, w, h, channels;
    double fps;
};

static void frame_check(struct reader *r, const struct animation *a, struct chunk header, int frame,
                        uint32_t *sequence, const uint8_t *expected)
{
    struct still still = {0};
    char what[32];
    snprintf(what, sizeof what, "frame %d", frame);
    struct chunk control = chunk_next(r);
    assert_string_equal(control.type, "fcTL");
    assert_int_equal(control.n, 26);
    assert_int_equal(big(control.data, 4), (*sequence)++);
    assert_int_equal(big(control.data + 4, 4), a->w);
    assert_int_equal(big(control.data + 8, 4), a->h);
    assert_int_equal(big(control.data + 12, 4) | big(control.data + 16, 4), 0); // at the top left
    double seconds = (double)big(control.data + 20, 2) / big(control.data + 22, 2);
    if (!(fabs(seconds * a->fps - 1) < 1e-3))
        fail_msg("%s lasts %g s at %g a second", what, seconds, a->fps);
    assert_int_equal(big(control.data + 24, 2), 0); // nothing disposed of, nothing blended
    bytes_add(&still, "\x89PNG\r\n\x1a\n", 8);
    still_add(&still, "IHDR", header.data, header.n);
    int chunks = 0;
    for (size_t before = r->at;; before = r->at, chunks++) {
        struct chunk c = chunk_next(r);
        if (strcmp(c.type, frame ? "fdAT" : "IDAT") != 0) {
            r->at = before;
            break;
        }
        if (frame)
            assert_int_equal(big(c.data, 4), (*sequence)++);
        still_add(&still, "IDAT", c.data + (frame ? 4 : 0), c.n - (frame ? 4 : 0));
    }
    assert_true(chunks > 0);
    still_add(&still, "IEND", NULL, 0);
    decoded_equal(what, still.bytes, still.n, a->w, a->h, a->channels, expected);
    free(still.bytes);
}

static void animation_check(void **state, const struct animation *a)
{
    const size_t frame = (size_t)(a->w * a->h * a->channels);
    uint8_t *pixels = malloc((size_t)a->n * frame);
    assert_non_null(pixels);
    random_fill(pixels, (size_t)a->n * frame, (uint64_t)a->w);
    assert_int_equal(
        clg_picture_animate(in(state, "a.png"), pixels, a->n, a->w, a->h, a->channels, a->fps, NULL), 0);
    struct reader r = {.at = 8};
    r.bytes = file_bytes(in(state, "a.png"), &r.n);
    decoded_equal("the still picture", r.bytes, r.n, a->w, a->h, a->channels, pixels);
    struct chunk header = chunk_next(&r), control = chunk_next(&r);
    assert_string_equal(header.type, "IHDR");
    assert_string_equal(control.type, "acTL");
    assert_int_equal(control.n, 8);
    assert_int_equal(big(control.data, 4), a->n);
    assert_int_equal(big(control.data + 4, 4), 0); // for ever
    uint32_t sequence = 0;
    for (int i = 0; i < a->n; i++)
        frame_check(&r, a, header, i, &sequence, pixels + (size_t)i * frame);
    assert_string_equal(chunk_next(&r).type, "IEND");
    assert_int_equal(r.at, r.n);
    free((void *)r.bytes);
    free(pixels);
}

static void test_animations(void **state)
{
    static const struct animation animations[] = {
        {1, 1, 1, 1, 1},  {2, 5, 3, 3, 10},     {7, 16, 16, 1, 24},
        {3, 1, 9, 3, 30}, {3, 150, 90, 3, 0.1}, {2, 200, 131, 1, 100}, // several chunks a frame
    };
    for (size_t i = 0; i < sizeof animations / sizeof *animations; i++)
        animation_check(state, &animations[i]);
}

static void test_animation_refused(void **state)
{
    static const struct {
        const char *name;
        int n, w, h, channels;
        double fps;
        int status;
    } cases[] = {
        {"b.png", 0, 4, 4, 3, 10, CLG_EINVAL},      {"b.png", 1, 0, 4, 3, 10, CLG_EINVAL},
        {"b.png", 1, 4, 65501, 3, 10, CLG_EINVAL},  {"b.png", 1, 4, 4, 2, 10, CLG_EINVAL},
        {"b.png", 1, 4, 4, 3, 0.09, CLG_EINVAL},    {"b.png", 1, 4, 4, 3, 101, CLG_EINVAL},
        {"b.png", 1, 4, 4, 3, NAN, CLG_EINVAL},     {"b.gif", 1, 4, 4, 3, 10, CLG_EINVAL},
        {"missing/b.png", 1, 4, 4, 3, 10, CLG_EIO},
    };
    const uint8_t pixels[4 * 4 * 3] = {0};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct captured_log captured_log;
        struct clg_log log = capture(&captured_log);
        int status = clg_picture_animate(in(state, cases[i].name), pixels, cases[i].n, cases[i].w, cases[i].h,
                                         cases[i].channels, cases[i].fps, &log);
        if (status != cases[i].status || captured_log.lines != 1 ||
            access(in(state, cases[i].name), F_OK) == 0)
            fail_msg("case %zu: status %d, %d lines, the last: %s", i, status, captured_log.lines,
                     captured_log.last);
    }
    assert_int_equal(rmdir(*state), 0); // nothing was left in it
    assert_int_equal(mkdir(*state, 0777), 0);
}

// Each pixel's value correctly rounded, its mirror's with the other sign, and back again.
static void test_picture_values(void **state)
{
    (void)state;
    uint8_t bytes[256], again[256];
    float values[256];
    for (int i = 0; i < 256; i++)
        bytes[i] = (uint8_t)i;
    clg_picture_values(bytes, 256, values);
    for (int i = 0; i < 256; i++) {
        assert_true(values[i] == (float)((i - 127.5) / 127.5));
        assert_true(values[i] == -values[255 - i]);
    }
    clg_picture_pixels(values, 256, again);
    assert_memory_equal(again, bytes, 256);
}

TEST_MAIN("pictures", NULL, NULL, IN_FOLDER(test_order_and_pixels), IN_FOLDER(test_warned),
          IN_FOLDER(test_single_file), IN_FOLDER(test_open_refused), IN_FOLDER(test_broken),
          IN_FOLDER(test_animations), IN_FOLDER(test_animation_refused), IN_FOLDER(test_holds),
          IN_FOLDER(test_picture_values))
