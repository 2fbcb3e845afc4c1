// What the tests of operations and nets share: outputs between poisoned guards, captured log lines, random
// lists.
#ifndef CLGAN_TESTS_OPS_FIXTURE_H
#define CLGAN_TESTS_OPS_FIXTURE_H

#include "support.h"

#include "base/random.h"

#include <math.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

// --- guarded outputs: a view at an odd offset, between NaNs that must stay ---------------------

enum { GUARD = 5 };

struct guarded {
    struct clg_tensor whole, view;
};

static inline struct guarded guarded(struct clg_shape shape)
{
    struct guarded g;
    g.whole = test_poisoned((struct clg_shape){1, 1, 1, (int)clg_shape_count(shape) + 2 * GUARD});
    g.view = g.whole;
    g.view.offset += GUARD;
    g.view.shape = shape;
    return g;
}

static inline struct guarded guarded_of(struct clg_shape shape, const float *values)
{
    const struct guarded g = guarded(shape);
    const size_t n = clg_shape_count(shape);
    float *all = malloc((n + 2 * GUARD) * sizeof *all);
    for (int i = 0; i < GUARD; i++)
        all[i] = all[GUARD + n + (size_t)i] = NAN;
    memcpy(all + GUARD, values, n * sizeof *values);
    assert_int_equal(clg_tensor_write(test_device(), g.whole, all), 0); // Oclgrind misses writes at an offset
    free(all);
    return g;
}

// The view's values (the caller's: free()); fails when a guard was written.
static inline float *guarded_read(const char *what, struct guarded g)
{
    size_t n = clg_shape_count(g.view.shape);
    float *all = test_read(g.whole);
    for (int i = 0; i < GUARD; i++)
        if (!isnan(all[i]) || !isnan(all[GUARD + n + (size_t)i]))
            fail_msg("%s: wrote outside its %zu values: %g before, %g after", what, n, all[i],
                     all[GUARD + n + (size_t)i]);
    memmove(all, all + GUARD, n * sizeof *all);
    return all;
}

static inline void guarded_close(const char *what, struct guarded g, const double *expected, double limit)
{
    float *is = guarded_read(what, g);
    test_close(what, is, expected, clg_shape_count(g.view.shape), limit);
    free(is);
}

// --- host lists ---------------------------------

// mean + deviation * N(0, 1); the caller's: free().
static inline float *host_normal(uint64_t seed, size_t n, float mean, float deviation)
{
    float *values = malloc(n * sizeof *values);
    clg_random_normal(seed, CLG_STREAM_WEIGHTS, 0, n, values);
    for (size_t i = 0; i < n; i++)
        values[i] = mean + deviation * values[i];
    return values;
}

static inline double *host_zeros(size_t n)
{
    return calloc(n, sizeof(double));
}

static inline struct clg_shape vector_of(size_t n)
{
    return (struct clg_shape){1, 1, 1, (int)n};
}

// Are two lists the same, bit by bit? Fails at the first difference.
static inline void same_bits(const char *what, const float *is, const float *expected, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (memcmp(&is[i], &expected[i], sizeof *is))
            fail_msg("%s: value %zu of %zu is %.9g, expected the same bits as %.9g", what, i, n, is[i],
                     expected[i]);
}

static inline void all_nan(const char *what, const float *is, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!isnan(is[i]))
            fail_msg("%s: value %zu of %zu was written: %.9g, expected the poison", what, i, n, is[i]);
}

static inline void tensor_all_nan(const char *what, struct clg_tensor t)
{
    float *is = test_read(t);
    all_nan(what, is, clg_shape_count(t.shape));
    free(is);
}

// --- captured log ---------------------------------

struct captured {
    char text[8192];
    int errors, lines;
};

static inline void captured_line(void *user, enum clg_log_level level, const char *line)
{
    struct captured *c = user;
    size_t used = strlen(c->text);
    snprintf(c->text + used, sizeof c->text - used, "%s\n", line);
    c->lines++;
    c->errors += level == CLG_LOG_ERROR;
}

static inline void captured_has(const struct captured *c, const char *word)
{
    if (!strstr(c->text, word))
        fail_msg("the log should name \"%s\", but says: %s", word, c->text[0] ? c->text : "(nothing)");
}

// The test device's log goes to *c until loud_again.
static inline struct clg_log quiet(struct captured *c)
{
    struct clg_log old = test_device()->log;
    *c = (struct captured){0};
    test_device()->log = (struct clg_log){captured_line, c};
    return old;
}

static inline void loud_again(struct clg_log old)
{
    test_device()->log = old;
}

// Calls that must be refused with CLG_EINVAL and exactly one line: REFUSED(clg_copy(...)).
static inline void refused(const char *call, int status, struct captured *c)
{
    if (status != CLG_EINVAL)
        fail_msg("%s returned %d, expected CLG_EINVAL", call, status);
    if (c->errors != 1)
        fail_msg("%s was refused with %d lines: %s", call, c->errors, c->text);
    *c = (struct captured){0};
}
#define REFUSED(captured, call) refused(#call, (call), (captured))

// --- devices besides the shared one ---------------------------------

// $CLGAN_DEVICE or auto with other parameters, its log captured; the caller's: clg_device_close.
static inline struct clg_device *opened(struct clg_device_params params, struct captured *log)
{
    struct clg_device *d;
    *log = (struct captured){0};
    params.select = getenv("CLGAN_DEVICE");
    params.log = (struct clg_log){captured_line, log};
    if (clg_device_open(&d, &params))
        fail_msg("cannot open the device: %s", log->text);
    return d;
}

// --- the shared device as another kind ---------------------------------

// Runs tests with the vectors of other processors, and with kernels in the form that GPUs take. The device is
// opened anew for each.
static inline void in_every_form(void (*const *tests)(void **), size_t n)
{
    static const struct {
        enum clg_device_type type;
        int vector;
    } forms[] = {{CLG_DEVICE_CPU, 4}, {CLG_DEVICE_CPU, 8}, {CLG_DEVICE_CPU, 16}, {CLG_DEVICE_GPU, 4}};
    for (size_t i = 0; i < COUNT(forms); i++) {
        test_device_close();
        test_device()->vector = forms[i].vector;
        test_device()->info.type = forms[i].type;
        print_message("%s form, vectors of %d\n", forms[i].type == CLG_DEVICE_GPU ? "GPU" : "CPU",
                      forms[i].vector);
        for (size_t k = 0; k < n; k++)
            tests[k](NULL);
    }
    test_device_close();
}

#endif
