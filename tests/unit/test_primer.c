// The primer's steps against float64 loops: convolutions, pooling, transposed convolutions, deconvolutions,
// views.
#include "ops_fixture.h"

#include <clgan/clgan.h>

enum { SIZE = 12, CHANNELS = 3 };

// y from x by the step's window, each channel by itself; transposed: the picture side from the map side.
static void reference(const struct clg_primer_step *s, const float *x, struct clg_shape in, double *y,
                      struct clg_shape out, bool transposed)
{
    const struct clg_shape map = transposed ? in : out, picture = transposed ? out : in;
    const bool max = s->kind == CLG_PRIMER_POOL_MAX;
    for (size_t i = 0; i < clg_shape_count(out); i++)
        y[i] = max ? -INFINITY : 0;
    for (int oy = 0; oy < map.h; oy++)
        for (int ox = 0; ox < map.w; ox++)
            for (int t = 0; t < s->kernel * s->kernel; t++)
                for (int c = 0; c < in.c; c++) {
                    const int iy = oy * s->stride - s->pad + t / s->kernel;
                    const int ix = ox * s->stride - s->pad + t % s->kernel;
                    if (iy < 0 || ix < 0 || iy >= picture.h || ix >= picture.w)
                        continue;
                    const int at_map = (oy * map.w + ox) * in.c + c;
                    const int at_picture = (iy * picture.w + ix) * in.c + c;
                    const int from = transposed ? at_map : at_picture, to = transposed ? at_picture : at_map;
                    const double pooled = 1.0 / (s->kernel * s->kernel);
                    const double weight = s->weights ? (double)s->weights[t] / s->divisor : pooled;
                    y[to] = max ? fmax(y[to], x[from]) : y[to] + weight * x[from];
                }
}

static double mean_square(const float *a, const double *b, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += (a[i] - b[i]) * (a[i] - b[i]);
    return sum / (double)n;
}

// A deconvolution's output, convolved, is its input.
static void check_deconvolution(const struct clg_primer_step *s, const struct clg_primer_output *out,
                                const struct clg_primer_output *in)
{
    const size_t n = clg_shape_count(in->shape);
    double *again = host_zeros(n);
    reference(s, out->values, out->shape, again, in->shape, false);
    test_close(s->name, in->values, again, n, 1e-3);
    assert_true(out->report.converged && out->report.residual < 1e-3);
    free(again);
}

static void check_step(int i, const struct clg_primer_output *outputs)
{
    const struct clg_primer_step *s = &clg_primer_steps[i];
    const struct clg_primer_output *out = &outputs[i], *in = &outputs[s->input];
    const size_t n = clg_shape_count(out->shape);
    double *expected = host_zeros(n), *first = host_zeros(n), min = INFINITY, max = -INFINITY;
    if (s->kind == CLG_PRIMER_DECONV) {
        check_deconvolution(s, out, in);
    } else if (s->kind != CLG_PRIMER_INPUT) {
        reference(s, in->values, in->shape, expected, out->shape, s->kind == CLG_PRIMER_TRANSPOSED);
        test_close(s->name, out->values, expected, n, 1e-5);
    }
    for (size_t k = 0; k < n; k++) {
        min = fmin(min, out->values[k]);
        max = fmax(max, out->values[k]);
        first[k] = s->compare ? outputs[0].values[k] : 0;
    }
    assert_true((double)out->min == min && (double)out->max == max);
    if (s->compare)
        assert_true(fabs(out->psnr + 10 * log10(mean_square(out->values, first, n))) < 1e-6);
    else
        assert_true(out->psnr == 0);
    free(expected);
    free(first);
}

static void test_steps(void **state)
{
    (void)state;
    for (int channels = 1; channels <= CHANNELS; channels += 2) {
        struct clg_primer_output outputs[CLG_PRIMER_STEPS];
        uint8_t pixels[SIZE * SIZE * CHANNELS];
        for (int i = 0; i < SIZE * SIZE * channels; i++)
            pixels[i] = (uint8_t)((i * i + 31 * i) % 256);
        assert_int_equal(clg_primer_run(test_device(), pixels, SIZE, channels, outputs), 0);
        for (int i = 0; i < SIZE * SIZE * channels; i++)
            assert_true(outputs[0].values[i] == (float)pixels[i] / 255);
        for (int i = 0; i < CLG_PRIMER_STEPS; i++)
            check_step(i, outputs);
        clg_primer_free(outputs);
    }
}

static void test_views(void **state)
{
    (void)state;
    float values[] = {-2, 0, 1, 4};
    uint8_t pixels[4];
    const struct clg_primer_output output = {.shape = {1, 2, 2, 1}, .values = values, .min = -2, .max = 4};
    const struct {
        enum clg_primer_view view;
        uint8_t pixels[4];
    } cases[] = {{CLG_PRIMER_PICTURE, {0, 0, 255, 255}},
                 {CLG_PRIMER_SIGNED, {64, 128, 159, 255}},
                 {CLG_PRIMER_SCALED, {0, 0, 64, 255}}};
    for (size_t k = 0; k < COUNT(cases); k++)
        for (int i = 0; i < CLG_PRIMER_STEPS; i++)
            if (clg_primer_steps[i].view == cases[k].view) {
                clg_primer_pixels(i, &output, pixels);
                assert_memory_equal(pixels, cases[k].pixels, 4);
            }
}

static void test_refusals(void **state)
{
    (void)state;
    struct captured log;
    struct clg_log old = quiet(&log);
    struct clg_primer_output outputs[CLG_PRIMER_STEPS];
    uint8_t pixels[64] = {0};
    REFUSED(&log, clg_primer_run(test_device(), pixels, 3, 1, outputs));
    clg_primer_free(outputs);
    REFUSED(&log, clg_primer_run(test_device(), pixels, 4, 4, outputs));
    REFUSED(&log, clg_primer_run(test_device(), pixels, 8, 0, outputs));
    clg_primer_free(outputs);
    loud_again(old);
}

TEST_MAIN("primer", NULL, test_device_teardown, TEST(test_steps), TEST(test_views), TEST(test_refusals))
