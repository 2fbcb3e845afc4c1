// The nearest training pictures of samples, and the scale of distances, against sorting all distances in
// float64.
#include "ops_fixture.h"

#include "files_fixture.h"

#include <clgan/clgan.h>

enum { SIZE = 16, CHANNELS = 3, PICTURE = SIZE * SIZE * CHANNELS };
enum { SAMPLES = 4, TRAINING = 230, SCALE = 200, K = 4 };

static struct clg_gan *make_gan(void)
{
    struct clg_gan_params p = clg_gan_params_default();
    struct clg_gan *gan;
    p.size = SIZE;
    p.channels = CHANNELS;
    p.z = 8;
    p.ngf = p.ndf = 4;
    assert_int_equal(clg_gan_new(&gan, test_device(), &p), 0);
    return gan;
}

static void mirror(const float *from, float *to)
{
    for (int i = 0; i < PICTURE; i++) {
        const int line = i / (SIZE * CHANNELS), x = i / CHANNELS % SIZE, c = i % CHANNELS;
        to[i] = from[(line * SIZE + SIZE - 1 - x) * CHANNELS + c];
    }
}

struct neighbour {
    double distance;
    int number;
};

static int by_distance(const void *a, const void *b)
{
    const struct neighbour *x = a, *y = b;
    if (x->distance != y->distance)
        return x->distance < y->distance ? -1 : 1;
    return x->number - y->number;
}

// The sorted distances of a row from n items.
static void sort_distances(const float *row, const float *items, int n, int64_t count,
                           struct neighbour *sorted)
{
    for (int i = 0; i < n; i++) {
        double sum = 0;
        for (int64_t v = 0; v < count; v++)
            sum += ((double)row[v] - items[i * count + v]) * ((double)row[v] - items[i * count + v]);
        sorted[i] = (struct neighbour){sqrt(sum / (double)count), i};
    }
    qsort(sorted, (size_t)n, sizeof *sorted, by_distance);
}

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

// `items` are the training pictures' rows, then those of their mirror images if there are n of them.
static void check_space(const struct clg_neighbours *found, const float *samples, const float *items, int n,
                        int64_t count)
{
    struct neighbour *sorted = malloc((size_t)n * sizeof *sorted);
    double nearest[SCALE], smallest = INFINITY;
    int nearer = 0;
    for (int i = 0; i < SCALE; i++) {
        const int own = i * TRAINING / SCALE;
        int k = 0;
        sort_distances(items + own * count, items, n, count, sorted);
        while (sorted[k].number % TRAINING == own)
            k++;
        nearest[i] = sorted[k].distance;
    }
    qsort(nearest, SCALE, sizeof *nearest, ascending);
    assert_true(fabs(found->median / nearest[SCALE / 2] - 1) < 1e-5);
    assert_true(fabs(found->near / nearest[SCALE / 20] - 1) < 1e-5);
    for (int i = 0; i < SAMPLES; i++) {
        sort_distances(samples + i * count, items, n, count, sorted);
        for (int k = 0; k < K; k++) {
            assert_int_equal(found->index[i * K + k], sorted[k].number % TRAINING);
            assert_int_equal(found->mirrored[i * K + k], sorted[k].number >= TRAINING);
            assert_true(fabs(found->distance[i * K + k] - sorted[k].distance) <
                        1e-5 * (1 + sorted[k].distance));
        }
        smallest = fmin(smallest, sorted[0].distance);
        nearer += sorted[0].distance < nearest[SCALE / 20];
    }
    assert_true(fabs(found->smallest - smallest) < 1e-5);
    assert_int_equal(found->nearer, nearer);
    free(sorted);
}

static void test_against_sorting(void **state)
{
    (void)state;
    struct clg_gan *gan = make_gan();
    const int64_t count = clg_features_count(clg_gan_params_of(gan));
    float *training = host_normal(1, 2 * TRAINING * PICTURE, 0, 0.5f);
    float *samples = host_normal(2, SAMPLES * PICTURE, 0, 0.5f);
    float *rows = malloc((size_t)(2 * TRAINING * count) * sizeof *rows);
    float *sample_rows = malloc((size_t)(SAMPLES * count) * sizeof *sample_rows);
    for (int i = 0; i < TRAINING; i++)
        mirror(training + i * PICTURE, training + (TRAINING + i) * PICTURE);
    memcpy(samples, training + 77 * PICTURE, PICTURE * sizeof *samples); // a copy
    memcpy(samples + PICTURE, training + (TRAINING + 9) * PICTURE,
           PICTURE * sizeof *samples); // a mirrored one
    assert_int_equal(clg_gan_features(gan, training, 2 * TRAINING, rows), 0);
    assert_int_equal(clg_gan_features(gan, samples, SAMPLES, sample_rows), 0);
    for (int flip = 0; flip < 2; flip++) {
        struct clg_memorisation_params params = clg_memorisation_params_default();
        struct clg_memorisation *found;
        params.values = training;
        params.values_n = TRAINING;
        params.flip = flip;
        params.k = K;
        assert_int_equal(clg_memorisation_search(&found, gan, samples, SAMPLES, &params), 0);
        assert_true(found->samples == SAMPLES && found->training == TRAINING && found->scale == SCALE);
        assert_true(found->pixels.index[0] == 77 && found->pixels.distance[0] == 0);
        assert_true((found->pixels.distance[K] == 0) == flip && found->pixels.mirrored[K] == flip);
        check_space(&found->pixels, samples, training, (1 + flip) * TRAINING, PICTURE);
        check_space(&found->features, sample_rows, rows, (1 + flip) * TRAINING, count);
        clg_memorisation_free(&found);
        assert_null(found);
    }
    free(training);
    free(samples);
    free(rows);
    free(sample_rows);
    clg_gan_free(&gan);
}

// Files give what their values give; more neighbours than pictures leave places empty.
static void test_files(void **state)
{
    enum { FILES = 3 };
    struct clg_gan *gan = make_gan();
    struct clg_pictures *pictures;
    struct clg_memorisation *files, *values;
    struct clg_memorisation_params params = clg_memorisation_params_default();
    float training[FILES * PICTURE], *samples = host_normal(3, SAMPLES * PICTURE, 0, 0.5f);
    for (int i = 0; i < FILES; i++) {
        uint8_t pixels[PICTURE];
        char name[16];
        const struct clg_face face = clg_face_random(4, (uint64_t)i);
        clg_face_draw(&face, SIZE, pixels);
        clg_picture_values(pixels, PICTURE, training + i * PICTURE);
        snprintf(name, sizeof name, "%d.png", i);
        assert_int_equal(clg_picture_save(in(state, name), pixels, SIZE, SIZE, CHANNELS, NULL), 0);
    }
    assert_int_equal(clg_pictures_open(&pictures, *state, (struct clg_crop){0}, NULL), 0);
    params.pictures = pictures;
    params.features = false;
    assert_int_equal(clg_memorisation_search(&files, gan, samples, SAMPLES, &params), 0);
    params.pictures = NULL;
    params.values = training;
    params.values_n = FILES;
    assert_int_equal(clg_memorisation_search(&values, gan, samples, SAMPLES, &params), 0);
    assert_null(files->features.index);
    assert_memory_equal(files->pixels.index, values->pixels.index, SAMPLES * 5 * sizeof(int));
    assert_memory_equal(files->pixels.distance, values->pixels.distance, SAMPLES * 5 * sizeof(float));
    for (int i = 0; i < SAMPLES * 5; i++)
        assert_true((files->pixels.index[i] == -1) == (i % 5 >= FILES));
    assert_true(files->scale == FILES && isinf(files->pixels.distance[FILES]));
    // Features of files, in another order.
    const int which[] = {2, 0};
    const size_t count = (size_t)clg_features_count(clg_gan_params_of(gan));
    float *features = malloc(2 * count * sizeof *features), *expected = malloc(2 * count * sizeof *expected);
    assert_int_equal(clg_gan_features_of(gan, pictures, which, 2, features, NULL, NULL), 0);
    memmove(training + PICTURE, training, PICTURE * sizeof *training);
    memcpy(training, training + 2 * PICTURE, PICTURE * sizeof *training);
    assert_int_equal(clg_gan_features(gan, training, 2, expected), 0);
    same_bits("features of files", features, expected, 2 * count);
    free(features);
    free(expected);
    clg_memorisation_free(&files);
    clg_memorisation_free(&values);
    clg_pictures_close(&pictures);
    free(samples);
    clg_gan_free(&gan);
}

static void test_refusals(void **state)
{
    (void)state;
    struct captured log;
    struct clg_log old = quiet(&log);
    struct clg_gan *gan = make_gan();
    struct clg_memorisation_params params = clg_memorisation_params_default();
    struct clg_memorisation *found;
    float values[2 * PICTURE] = {0};
    params.values = values;
    params.values_n = 2;
    REFUSED(&log, clg_memorisation_search(&found, gan, values, 0, &params));
    params.k = 0;
    REFUSED(&log, clg_memorisation_search(&found, gan, values, 1, &params));
    params.k = 1;
    params.pixels = params.features = false;
    REFUSED(&log, clg_memorisation_search(&found, gan, values, 1, &params));
    params.pixels = true;
    params.values_n = 1;
    assert_int_equal(clg_memorisation_search(&found, gan, values, 1, &params), CLG_EDATA);
    assert_null(found);
    captured_has(&log, "only one picture");
    clg_gan_free(&gan);
    loud_again(old);
}

TEST_MAIN("memorisation", NULL, test_device_teardown, TEST(test_against_sorting), IN_FOLDER(test_files),
          TEST(test_refusals))
