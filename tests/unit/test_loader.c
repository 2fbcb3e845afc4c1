// Batches of training pictures: the same whatever the threads do, complete epochs, broken files stepped over.
#include "files_fixture.h"

#include "data/order.h"

#include <sys/stat.h>
#include <time.h>

#ifndef CLG_SOURCE_ROOT
#define CLG_SOURCE_ROOT "."
#endif

enum { SIZE = 8, PIXELS = SIZE * SIZE };

// Picture k is flat but for one column on its left: it can be told, and which way round it is.
static void picture_make(const char *path, int k)
{
    uint8_t pixels[PIXELS];
    for (int i = 0; i < PIXELS; i++)
        pixels[i] = (uint8_t)(i % SIZE == 0 ? 255 : 10 + k);
    assert_int_equal(clg_picture_save(path, pixels, SIZE, SIZE, 1, NULL), 0);
}

static int picture_number(const uint8_t *pixels)
{
    return pixels[SIZE / 2] - 10;
}

static void pictures_make(void **state, int n)
{
    for (int k = 0; k < n; k++) {
        char name[32];
        snprintf(name, sizeof name, k % 3 ? "%02d.png" : "%02d.PNG", k);
        picture_make(in(state, name), k);
    }
}

static struct clg_data_params params_for(void **state, int batch, int threads)
{
    struct clg_data_params p = clg_data_params_default();
    p.path = *state;
    p.size = SIZE;
    p.channels = 1;
    p.batch = batch;
    p.threads = threads;
    p.seed = 3;
    return p;
}

// n samples, from the params' start on, that many batches.
static void samples_take(const struct clg_data_params *p, int batches, uint8_t *pixels)
{
    struct clg_data *data;
    size_t bytes = (size_t)(p->batch * p->size * p->size * p->channels);
    assert_int_equal(clg_data_open(&data, p), 0);
    for (int i = 0; i < batches; i++, pixels += bytes)
        assert_int_equal(clg_data_next(data, pixels), 0);
    clg_data_close(&data);
    assert_null(data);
}

static void test_order(void **state)
{
    (void)state;
    static const uint64_t sizes[] = {1, 2, 3, 5, 64, 1000, 11500};
    for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
        uint64_t n = sizes[k], fixed = 0;
        uint8_t *seen = calloc(n, 1);
        for (uint64_t i = 0; i < n; i++) {
            uint64_t at = clg_order(5, 7, n, i);
            assert_true(at < n && !seen[at]);
            seen[at] = 1;
            fixed += clg_order(5, 8, n, i) == at;
        }
        free(seen);
        if (n >= 64 && fixed > 8) // two random orders agree at about one place
            fail_msg("epochs 7 and 8 of %d pictures agree at %d places", (int)n, (int)fixed);
    }
    int first[4] = {0}; // each of four pictures comes first equally often
    for (uint64_t epoch = 0; epoch < 4000; epoch++)
        first[clg_order(1, epoch, 4, 0)]++;
    for (int i = 0; i < 4; i++)
        assert_in_range(first[i], 850, 1150);
}

static void test_epochs(void **state)
{
    enum { N = 10, BATCH = 4, BATCHES = 15 }; // 60 samples: 6 epochs, their borders inside batches
    static uint8_t pixels[BATCH * BATCHES * PIXELS];
    pictures_make(state, N);
    struct clg_data_params p = params_for(state, BATCH, 2);
    samples_take(&p, BATCHES, pixels);
    int orders_equal = 0;
    for (int epoch = 0; epoch < 6; epoch++) {
        int seen[N] = {0};
        for (int i = 0; i < N; i++) {
            int k = picture_number(pixels + (epoch * N + i) * PIXELS);
            assert_in_range(k, 0, N - 1);
            seen[k]++;
            orders_equal += k == picture_number(pixels + i * PIXELS);
        }
        for (int k = 0; k < N; k++)
            assert_int_equal(seen[k], 1);
    }
    assert_true(orders_equal < N + 5 * N / 2);
}

static void test_threads_and_start(void **state)
{
    enum { N = 13, BATCH = 5, BATCHES = 12, SKIP = 4 };
    static uint8_t one[BATCH * BATCHES * PIXELS], four[sizeof one], later[sizeof one];
    pictures_make(state, N);
    struct clg_data_params p = params_for(state, BATCH, 1);
    p.flip = true;
    samples_take(&p, BATCHES, one);
    p.threads = 4;
    samples_take(&p, BATCHES, four);
    assert_memory_equal(one, four, sizeof one);
    p.start = SKIP * BATCH;
    samples_take(&p, BATCHES - SKIP, later);
    assert_memory_equal(later, one + SKIP * BATCH * PIXELS, (BATCHES - SKIP) * BATCH * PIXELS);
    p.seed++;
    samples_take(&p, BATCHES - SKIP, four);
    assert_memory_not_equal(later, four, (BATCHES - SKIP) * BATCH * PIXELS);
}

static void test_flip(void **state)
{
    enum { N = 8, BATCH = 8, BATCHES = 50 };
    static uint8_t plain[BATCH * BATCHES * PIXELS], flipped[sizeof plain];
    pictures_make(state, N);
    struct clg_data_params p = params_for(state, BATCH, 2);
    samples_take(&p, BATCHES, plain);
    p.flip = true;
    samples_take(&p, BATCHES, flipped);
    int mirrored = 0;
    for (int i = 0; i < BATCH * BATCHES; i++) {
        const uint8_t *a = plain + i * PIXELS, *b = flipped + i * PIXELS;
        bool mirror = b[0] != 255;
        for (int k = 0; k < PIXELS; k++)
            assert_int_equal(b[k], a[mirror ? k / SIZE * SIZE + SIZE - 1 - k % SIZE : k]);
        mirrored += mirror;
    }
    assert_in_range(mirrored, BATCH * BATCHES / 2 - 50, BATCH * BATCHES / 2 + 50);
}

// A PNG whose header is fine and whose pixels are not.
static void broken_make(const char *path)
{
    picture_make(path, 99);
    size_t n;
    uint8_t *bytes = file_bytes(path, &n);
    file_write(path, bytes, 45);
    free(bytes);
}

static void test_broken(void **state)
{
    enum { N = 9, BATCH = 4, BATCHES = 11 }; // 12 usable headers: 44 samples
    static uint8_t one[BATCH * BATCHES * PIXELS], four[sizeof one];
    pictures_make(state, N);
    broken_make(in(state, "00b.png"));
    broken_make(in(state, "05b.png"));
    broken_make(in(state, "zz.png"));
    file_write(in(state, "empty.jpg"), "", 0);
    file_write(in(state, "text.JPEG"), "hello", 5);
    file_write(in(state, "labels.csv"), "file", 4);
    struct captured_log captured_log;
    struct clg_data_params p = params_for(state, BATCH, 1);
    for (int round = 0; round < 2; round++) {
        uint8_t *to = round ? four : one;
        struct clg_data *data;
        struct clg_data_info info;
        p.log = capture(&captured_log);
        p.threads = round ? 4 : 1;
        assert_int_equal(clg_data_open(&data, &p), 0);
        for (int i = 0; i < BATCHES; i++)
            assert_int_equal(clg_data_next(data, to + i * BATCH * PIXELS), 0);
        clg_data_info(data, &info);
        clg_data_close(&data);
        assert_int_equal(info.pictures, N + 3);
        assert_int_equal(info.skipped, 2 + 3);
        assert_int_equal(captured_log.lines, 2 + 3); // each named once
        assert_true(info.images_per_s > 0 && info.waited_s >= 0);
    }
    assert_memory_equal(one, four, sizeof one);
    for (int i = 0; i < BATCH * BATCHES; i++)
        assert_in_range(picture_number(one + i * PIXELS), 0, N - 1);
}

// A JPEG with bytes in front of its last marker, which a decoder warns of.
static void noisy_make(const char *path, int k)
{
    picture_make(path, k);
    size_t n;
    uint8_t *bytes = file_bytes(path, &n), *noisy = malloc(n + 20);
    memcpy(noisy, bytes, n - 2);
    memset(noisy + n - 2, 0, 20);
    memcpy(noisy + n + 18, bytes + n - 2, 2);
    file_write(path, noisy, n + 20);
    free(noisy);
    free(bytes);
}

// Read, counted and named once each, however often they come.
static void test_warned(void **state)
{
    enum { N = 6, BATCH = 4, BATCHES = 10 };
    uint8_t pixels[BATCH * PIXELS];
    pictures_make(state, N);
    noisy_make(in(state, "x.jpg"), 7);
    noisy_make(in(state, "y.jpg"), 8);
    struct captured_log captured_log;
    struct clg_data_params p = params_for(state, BATCH, 3);
    p.log = capture(&captured_log);
    struct clg_data *data;
    struct clg_data_info info;
    assert_int_equal(clg_data_open(&data, &p), 0);
    for (int i = 0; i < BATCHES; i++)
        assert_int_equal(clg_data_next(data, pixels), 0);
    clg_data_info(data, &info);
    clg_data_close(&data);
    assert_int_equal(info.pictures, N + 2);
    assert_int_equal(info.skipped, 0);
    assert_int_equal(info.warned, 2);
    assert_int_equal(captured_log.lines, 2);
    assert_non_null(strstr(captured_log.last, "extraneous"));
}

static void test_all_broken(void **state)
{
    uint8_t pixels[2 * PIXELS];
    for (int k = 0; k < 5; k++) {
        char name[16];
        snprintf(name, sizeof name, "%d.png", k);
        broken_make(in(state, name));
    }
    struct captured_log captured_log;
    struct clg_data_params p = params_for(state, 2, 3);
    p.log = capture(&captured_log);
    struct clg_data *data;
    assert_int_equal(clg_data_open(&data, &p), 0);
    assert_int_equal(clg_data_next(data, pixels), CLG_EDATA);
    assert_int_equal(clg_data_next(data, pixels), CLG_EDATA);
    clg_data_close(&data);
    assert_int_equal(captured_log.lines, 5 + 2);
}

static void open_fails(const struct clg_data_params *p, int expected)
{
    struct captured_log captured_log;
    struct clg_data_params asked = *p;
    struct clg_data *data = (struct clg_data *)&captured_log;
    asked.log = capture(&captured_log);
    int status = clg_data_open(&data, &asked);
    if (status != expected || captured_log.lines != 1 || data)
        fail_msg("open: status %d, expected %d; %d lines, the last: %s", status, expected, captured_log.lines,
                 captured_log.last);
    clg_data_close(&data);
}

static void test_open_fails(void **state)
{
    struct clg_data_params p = params_for(state, 4, 1);
    open_fails(&p, CLG_EDATA); // no picture at all
    pictures_make(state, 3);
    open_fails(&p, CLG_EDATA); // too few
    p.batch = 3;
    p.threads = 0;
    open_fails(&p, CLG_EINVAL);
    p.threads = 1;
    p.channels = 2;
    open_fails(&p, CLG_EINVAL);
    p.channels = 1;
    p.path = in(state, "nowhere");
    open_fails(&p, CLG_EIO);
    p.path = "builtin:cats";
    open_fails(&p, CLG_EINVAL);
    p.path = NULL;
    open_fails(&p, CLG_EINVAL);
}

// Folders below, links in circles, links to nowhere, hidden files, folders with a picture's name.
static void test_tree(void **state)
{
    mkdir(in(state, "b"), 0777);
    mkdir(in(state, "b/c"), 0777);
    mkdir(in(state, "d.png"), 0777);
    picture_make(in(state, "a.png"), 0);
    picture_make(in(state, "b/x.jpeg.png"), 1);
    picture_make(in(state, "b/c/y.png"), 2);
    picture_make(in(state, "d.png/z.png"), 3);
    picture_make(in(state, "hidden.png"), 4);
    assert_int_equal(rename(in(state, "hidden.png"), in(state, ".hidden.png")), 0);
    assert_int_equal(symlink("..", in(state, "b/c/up")), 0);
    assert_int_equal(symlink(".", in(state, "self")), 0);
    assert_int_equal(symlink("nothing", in(state, "lost.png")), 0);
    assert_int_equal(symlink("a.png", in(state, "link.png")), 0);
    uint8_t pixels[5 * PIXELS];
    int seen[5] = {0};
    struct clg_data_params p = params_for(state, 5, 2);
    samples_take(&p, 1, pixels);
    for (int i = 0; i < 5; i++)
        seen[picture_number(pixels + i * PIXELS)]++;
    assert_true(seen[0] == 2 && seen[1] == 1 && seen[2] == 1 && seen[3] == 1); // a.png also as link.png
}

// Closing at once, after a while, with batches waiting: no hang, no leak (under the sanitizers).
static void test_close_any_time(void **state)
{
    uint8_t pixels[4 * 3 * PIXELS];
    pictures_make(state, 6);
    for (int round = 0; round < 30; round++) {
        struct clg_data_params p = params_for(state, 4, 1 + round % 4);
        p.path = round % 2 ? "builtin:faces" : p.path;
        p.channels = round % 3 ? 1 : 3;
        struct clg_data *data;
        assert_int_equal(clg_data_open(&data, &p), 0);
        for (int i = 0; i < round % 5; i++)
            assert_int_equal(clg_data_next(data, pixels), 0);
        if (round % 7 == 0)
            nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
        clg_data_close(&data);
    }
    struct clg_data *none = NULL;
    clg_data_close(&none);
}

static void test_builtin(void **state)
{
    (void)state;
    enum { BATCH = 6, SIDE = 16 };
    uint8_t pixels[BATCH * SIDE * SIDE * 3], face_pixels[SIDE * SIDE * 3];
    struct clg_data_params p = clg_data_params_default();
    p.size = SIDE;
    p.batch = BATCH;
    p.seed = 11;
    p.start = 100;
    samples_take(&p, 1, pixels);
    for (int i = 0; i < BATCH; i++) {
        struct clg_face face = clg_face_random(11, 100 + (uint64_t)i);
        clg_face_draw(&face, SIDE, face_pixels);
        assert_memory_equal(pixels + (size_t)i * sizeof face_pixels, face_pixels, sizeof face_pixels);
    }
}

static void test_real_folder(void **state)
{
    (void)state;
    struct clg_data_params p = clg_data_params_default();
    p.path = CLG_SOURCE_ROOT "/../shared/data/faces";
    if (access(p.path, R_OK)) {
        print_message("no folder %s: test skipped\n", p.path);
        skip();
    }
    struct timespec begun, opened;
    p.channels = 1;
    p.batch = 512;
    struct clg_data *data;
    struct clg_data_info info;
    uint8_t *pixels = malloc((size_t)(p.batch * p.size * p.size));
    clock_gettime(CLOCK_MONOTONIC, &begun);
    assert_int_equal(clg_data_open(&data, &p), 0);
    clock_gettime(CLOCK_MONOTONIC, &opened);
    assert_int_equal(clg_data_next(data, pixels), 0);
    clg_data_info(data, &info);
    clg_data_close(&data);
    free(pixels);
    assert_true(info.pictures > 1000 && info.skipped == 0);
    print_message("%d pictures opened in %.3f s; %.0f pictures/s with %d threads\n", (int)info.pictures,
                  (double)(opened.tv_sec - begun.tv_sec) + 1e-9 * (double)(opened.tv_nsec - begun.tv_nsec),
                  info.images_per_s, p.threads);
}

TEST_MAIN("loader", NULL, NULL, IN_FOLDER(test_order), IN_FOLDER(test_epochs),
          IN_FOLDER(test_threads_and_start), IN_FOLDER(test_flip), IN_FOLDER(test_broken),
          IN_FOLDER(test_warned), IN_FOLDER(test_all_broken), IN_FOLDER(test_open_fails),
          IN_FOLDER(test_tree), IN_FOLDER(test_close_any_time), IN_FOLDER(test_builtin),
          IN_FOLDER(test_real_folder))
