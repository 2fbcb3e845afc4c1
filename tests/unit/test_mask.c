// Masks: the built-in ones, files, what is refused; blending and the PSNR of known and hidden pixels.
#include "files_fixture.h"

#include <clgan/explore.h>
#include <math.h>

enum { SIZE = 16, PIXELS = SIZE * SIZE };

static int count_known(const char *name, uint64_t seed, float *mask)
{
    int known = 0;
    assert_int_equal(clg_mask_make(name, SIZE, seed, mask, NULL), 0);
    for (int i = 0; i < PIXELS; i++) {
        assert_true(mask[i] == 0 || mask[i] == 1);
        known += mask[i] == 1;
    }
    return known;
}

static void test_built_in(void **state)
{
    (void)state;
    float mask[PIXELS], other[PIXELS];
    assert_int_equal(count_known("left", 1, mask), PIXELS / 2);
    assert_true(mask[0] == 0 && mask[SIZE - 1] == 1);
    assert_int_equal(count_known("right", 1, other), PIXELS / 2);
    for (int i = 0; i < PIXELS; i++)
        assert_true(mask[i] + other[i] == 1);
    assert_int_equal(count_known("top", 1, mask), PIXELS / 2);
    assert_true(mask[0] == 0 && mask[PIXELS - 1] == 1);
    assert_int_equal(count_known("bottom", 1, mask), PIXELS / 2);
    assert_int_equal(count_known("center", 1, mask), PIXELS - PIXELS / 4);
    assert_true(mask[0] == 1 && mask[PIXELS / 2 + SIZE / 2] == 0);
    const int known = count_known("random", 1, mask);
    assert_true(known > PIXELS / 10 && known < PIXELS * 3 / 10); // one in five
    count_known("random", 1, other);
    assert_memory_equal(mask, other, sizeof mask);
    count_known("random", 2, other);
    assert_memory_not_equal(mask, other, sizeof mask);
}

static void test_blend_and_psnr(void **state)
{
    (void)state;
    enum { CHANNELS = 3, SIDE = 2 };
    const float mask[] = {1, 0, 0.25f, 1};
    float a[SIDE * SIDE * CHANNELS], b[SIDE * SIDE * CHANNELS], blended[SIDE * SIDE * CHANNELS];
    double sums[2] = {0}, weights[2] = {0}, all = 0;
    for (int i = 0; i < SIDE * SIDE * CHANNELS; i++) {
        a[i] = blended[i] = (float)i / 8 - 0.5f;
        b[i] = (float)(i * i % 5) / 4 - 0.5f;
        const double weight = (double)mask[i / CHANNELS], d = (double)a[i] - b[i];
        sums[0] += weight * d * d;
        sums[1] += (1 - weight) * d * d;
        weights[0] += weight;
        weights[1] += 1 - weight;
        all += d * d;
    }
    for (int hidden = 0; hidden < 2; hidden++)
        assert_true(fabs(clg_mask_psnr(mask, hidden, SIDE, CHANNELS, a, b) -
                         10 * log10(4 * weights[hidden] / sums[hidden])) < 1e-9);
    assert_true(fabs(clg_mask_psnr(NULL, false, SIDE, CHANNELS, a, b) -
                     10 * log10(4.0 * SIDE * SIDE * CHANNELS / all)) < 1e-9);
    assert_true(isinf(clg_mask_psnr(mask, false, SIDE, CHANNELS, a, a)));
    clg_mask_blend(mask, SIDE, CHANNELS, b, blended);
    for (int i = 0; i < SIDE * SIDE * CHANNELS; i++) {
        const float m = mask[i / CHANNELS];
        assert_true(fabsf(blended[i] - (m * a[i] + (1 - m) * b[i])) < 1e-6f);
    }
    clg_mask_blend(mask, SIDE, CHANNELS, NULL, a);
    assert_true(a[CHANNELS] == 1); // hidden: white
}

static void test_files(void **state)
{
    struct captured_log captured_log;
    const struct clg_log log = capture(&captured_log);
    const char *path = in(state, "mask.png"), *nowhere = in(state, "nowhere.png");
    float mask[PIXELS];
    uint8_t pixels[PIXELS];
    for (int i = 0; i < PIXELS; i++)
        pixels[i] = (uint8_t)(i % 256);
    assert_int_equal(clg_picture_save(path, pixels, SIZE, SIZE, 1, &log), 0);
    assert_int_equal(clg_mask_make(path, SIZE, 0, mask, &log), 0);
    for (int i = 0; i < PIXELS; i++)
        assert_true(mask[i] == (float)pixels[i] / 255);
    assert_int_equal(captured_log.lines, 0);
    assert_int_equal(clg_mask_make(path, SIZE / 2, 0, mask, &log), CLG_EFORMAT);
    assert_non_null(strstr(captured_log.last, "16x16"));
    assert_non_null(strstr(captured_log.last, "8x8"));
    assert_int_equal(clg_mask_make(nowhere, SIZE, 0, mask, &log), CLG_EIO);
    assert_non_null(strstr(captured_log.last, "center, left"));
    assert_int_equal(captured_log.lines, 2);
}

TEST_MAIN("mask", NULL, NULL, TEST(test_built_in), TEST(test_blend_and_psnr), IN_FOLDER(test_files))
