// The built-in faces: the same everywhere, different from each other, drawn without harm whatever is asked
// for.
#include "files_fixture.h"

#include <math.h>

// Of 500 faces' parameters: face (seed, index) is part of the contract, so this number stays.
#define FACES_SUM 4906611324681860261u

static void test_faces_parameters(void **state)
{
    (void)state;
    uint64_t sum = 14695981039346656037u; // FNV-1a over all parameters in steps of 1/10000
    float low = 1, high = -1, value;
    int n = 0;
    for (uint64_t i = 0; i < 500; i++) {
        struct clg_face face = clg_face_random(42, i);
        for (n = 0; clg_face_parameter(&face, n, &value); n++) {
            assert_true(value >= -1 && value <= 1);
            sum = (sum ^ (uint64_t)(int64_t)lrintf(value * 10000)) * 1099511628211u;
            low = value < low ? value : low;
            high = value > high ? value : high;
        }
    }
    assert_int_equal((size_t)n * sizeof(float), sizeof(struct clg_face));
    struct clg_face face = clg_face_random(42, 0);
    assert_null(clg_face_parameter(&face, -1, &value));
    assert_true(low < -0.9f && high > 0.95f);
    if (sum != FACES_SUM)
        fail_msg("the faces' parameters have changed: their sum is %lluu", (unsigned long long)sum);
}

static void test_faces_differ(void **state)
{
    (void)state;
    enum { N = 24, BYTES = 32 * 32 * 3 };
    static uint8_t pixels[N][BYTES], again[BYTES];
    for (int i = 0; i < N; i++) {
        struct clg_face face = clg_face_random(7, (uint64_t)i);
        clg_face_draw(&face, 32, pixels[i]);
        clg_face_draw(&face, 32, again);
        assert_memory_equal(again, pixels[i], BYTES);
        for (int j = 0; j < i; j++) {
            int distance = 0;
            for (int k = 0; k < BYTES; k++)
                distance += abs(pixels[i][k] - pixels[j][k]);
            if (distance < 6 * BYTES)
                fail_msg("faces %d and %d differ by only %.1f per value", i, j, (double)distance / BYTES);
        }
    }
}

// Odd sizes, and parameters from nowhere: drawn without harm.
static void test_faces_extremes(void **state)
{
    (void)state;
    static uint8_t pixels[300 * 300 * 3 + 1];
    static const int sizes[] = {1, 2, 3, 17, 300};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        int n = sizes[i] * sizes[i] * 3;
        struct clg_face face = clg_face_random(1, i);
        pixels[n] = 123;
        clg_face_draw(&face, sizes[i], pixels);
        assert_int_equal(pixels[n], 123);
    }
    struct clg_face face;
    float odd[] = {NAN, INFINITY, -1e30f, 1e30f};
    for (int k = 0; k < 4; k++) {
        for (size_t i = 0; i < sizeof face / sizeof(float); i++)
            memcpy((char *)&face + i * sizeof(float), &odd[k], sizeof(float));
        clg_face_draw(&face, 33, pixels);
    }
}

TEST_MAIN("faces", NULL, NULL, TEST(test_faces_parameters), TEST(test_faces_differ),
          TEST(test_faces_extremes))
