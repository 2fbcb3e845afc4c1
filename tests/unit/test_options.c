// Options: every row of the tables reads back what it wrote, and refuses what is out of range, by name.
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "main.h"

#include <clgan/gan.h>
#include <clgan/options.h>
#include <clgan/train.h>
#include <locale.h>

struct captured_log {
    int lines;
    char last[512];
};

static void capture_line(void *user, enum clg_log_level level, const char *line)
{
    struct captured_log *captured_log = user;
    assert_int_equal(level, CLG_LOG_ERROR);
    captured_log->lines++;
    snprintf(captured_log->last, sizeof captured_log->last, "%s", line);
}

// What --help shows, as a text of its own: free().
static char *help_of(const struct clg_option *table, const void *params)
{
    char *text = NULL;
    size_t size;
    FILE *file = open_memstream(&text, &size);
    assert_non_null(file);
    clg_options_help(table, params, file);
    fclose(file);
    return text;
}

static void expect_refused(const struct clg_option *table, void *params, const char *name, const char *value,
                           const char *message)
{
    struct captured_log captured_log = {0};
    struct clg_log log = {capture_line, &captured_log};
    const struct clg_option *o = clg_option_find(table, name);
    assert_non_null(o);
    char before[64], after[64];
    clg_option_get(o, params, before, sizeof before);
    int status = clg_option_set(o, params, value, &log);
    clg_option_get(o, params, after, sizeof after);
    if (status != CLG_EINVAL || captured_log.lines != 1 || strcmp(before, after) ||
        strcmp(captured_log.last, message)) {
        print_error("--%s %s: status %d, %d lines, \"%s\" (wanted \"%s\"), %s -> %s\n", name, value, status,
                    captured_log.lines, captured_log.last, message, before, after);
        fail();
    }
}

// Sets the text, expects the other one back, and sets that again.
static void expect_text(const struct clg_option *table, void *params, const char *name, const char *text,
                        const char *back)
{
    const struct clg_option *o = clg_option_find(table, name);
    assert_non_null(o);
    char got[256], again[256]; // texts are kept as given, so `got` itself must not be
    for (int round = 0; round < 2; round++) {
        assert_int_equal(clg_option_set(o, params, round ? again : text, NULL), 0);
        clg_option_get(o, params, got, sizeof got);
        if (strcmp(got, back)) {
            print_error("--%s %s (round %d): got \"%s\", wanted \"%s\"\n", name, text, round, got, back);
            fail();
        }
        memcpy(again, got, sizeof again);
    }
}

static struct clg_gan_params gan_sample(void)
{
    return (struct clg_gan_params){.size = 64,
                                   .channels = 3,
                                   .z = 100,
                                   .ngf = 64,
                                   .ndf = 64,
                                   .batch = 128,
                                   .lr = 2e-4f,
                                   .beta1 = 0.5f,
                                   .beta2 = 0.999f,
                                   .eps = 1e-8f};
}

static void test_gan_text(void **state)
{
    (void)state;
    struct clg_gan_params p = gan_sample();
    expect_text(clg_gan_options, &p, "size", "16", "16");
    expect_text(clg_gan_options, &p, "size", "256", "256");
    expect_text(clg_gan_options, &p, "size", "032", "32");
    assert_int_equal(p.size, 32);
    expect_text(clg_gan_options, &p, "batch", "65536", "65536");
    expect_text(clg_gan_options, &p, "seed", "18446744073709551615", "18446744073709551615");
    assert_true(p.seed == UINT64_MAX);
    expect_text(clg_gan_options, &p, "z-dist", "uniform", "uniform");
    assert_int_equal(p.z_dist, CLG_Z_UNIFORM);
    expect_text(clg_gan_options, &p, "z-dist", "normal", "normal");
    assert_int_equal(p.z_dist, CLG_Z_NORMAL);
    expect_text(clg_gan_options, &p, "lr", "2e-4", "0.0002");
    assert_true(p.lr == 2e-4f);
    expect_text(clg_gan_options, &p, "lr", "1", "1");
    expect_text(clg_gan_options, &p, "beta1", "0", "0");
    expect_text(clg_gan_options, &p, "beta2", "0.999999", "0.999999");
    expect_text(clg_gan_options, &p, "ema", ".5", "0.5");
}

static void test_gan_refused(void **state)
{
    (void)state;
    struct clg_gan_params p = gan_sample();
    expect_refused(clg_gan_options, &p, "batch", "0", "batch 0: must be between 1 and 65536");
    expect_refused(clg_gan_options, &p, "batch", "65537", "batch 65537: must be between 1 and 65536");
    expect_refused(clg_gan_options, &p, "batch", "-3", "batch -3: must be between 1 and 65536");
    expect_refused(clg_gan_options, &p, "batch", "99999999999999999999",
                   "batch 99999999999999999999: must be between 1 and 65536");
    const char *const junk[] = {"x", "1x", " 1", "1 ", "+1", "1.5", "0x10", "1e3", "--1", "-"};
    for (size_t i = 0; i < sizeof junk / sizeof *junk; i++) {
        char message[128];
        snprintf(message, sizeof message, "batch %s: must be a whole number between 1 and 65536", junk[i]);
        expect_refused(clg_gan_options, &p, "batch", junk[i], message);
    }
    expect_refused(clg_gan_options, &p, "batch", "", "batch '': must be a whole number between 1 and 65536");
    expect_refused(clg_gan_options, &p, "size", "63", "size 63: must be 16, 32, 64, 128 or 256");
    expect_refused(clg_gan_options, &p, "channels", "2", "channels 2: must be 1 or 3");
    expect_refused(clg_gan_options, &p, "z-dist", "norm", "z-dist norm: must be normal or uniform");
    expect_refused(clg_gan_options, &p, "z-dist", "normal|uniform",
                   "z-dist normal|uniform: must be normal or uniform");
    expect_refused(clg_gan_options, &p, "seed", "-1", "seed -1: must be between 0 and 18446744073709551615");
    expect_refused(clg_gan_options, &p, "seed", "18446744073709551616",
                   "seed 18446744073709551616: must be between 0 and 18446744073709551615");
    expect_refused(clg_gan_options, &p, "lr", "nan", "lr nan: must be a number between 1e-12 and 1");
    expect_refused(clg_gan_options, &p, "lr", "inf", "lr inf: must be a number between 1e-12 and 1");
    expect_refused(clg_gan_options, &p, "lr", "1e99", "lr 1e99: must be a number between 1e-12 and 1");
    expect_refused(clg_gan_options, &p, "lr", "0", "lr 0: must be between 1e-12 and 1");
    expect_refused(clg_gan_options, &p, "lr", "1e-60", "lr 1e-60: must be between 1e-12 and 1");
    expect_refused(clg_gan_options, &p, "lr", "1,5", "lr 1,5: must be a number between 1e-12 and 1");
    expect_refused(clg_gan_options, &p, "beta1", "1", "beta1 1: must be between 0 and 0.999999");
    expect_refused(clg_gan_options, &p, "ema", "-0.1", "ema -0.1: must be between 0 and 0.999999");
}

static void test_train_text(void **state)
{
    (void)state;
    struct clg_train_params p = {.threads = 2};
    expect_text(clg_train_options, &p, "data", "a folder", "a folder");
    expect_text(clg_train_options, &p, "init", "", "");
    assert_null(p.init);
    expect_text(clg_train_options, &p, "flip", "yes", "true");
    assert_true(p.flip);
    expect_text(clg_train_options, &p, "flip", "0", "false");
    assert_false(p.flip);
    expect_text(clg_train_options, &p, "steps", "5000000000", "5000000000");
    assert_true(p.steps == INT64_C(5000000000));
    expect_text(clg_train_options, &p, "crop", "none", "none");
    assert_int_equal(p.crop.kind, CLG_CROP_NONE);
    expect_text(clg_train_options, &p, "crop", "center", "center");
    assert_int_equal(p.crop.kind, CLG_CROP_CENTER);
    expect_text(clg_train_options, &p, "crop", "178x160+1+20", "178x160+1+20");
    assert_true(p.crop.w == 178 && p.crop.h == 160 && p.crop.x == 1 && p.crop.y == 20);
    expect_refused(clg_train_options, &p, "flip", "maybe", "flip maybe: must be true or false");
    expect_refused(clg_train_options, &p, "threads", "257", "threads 257: must be between 1 and 256");
    expect_refused(clg_train_options, &p, "steps", "-1", "steps -1: must be between 0 and 1000000000000");
    expect_refused(clg_train_options, &p, "crop", "10x10",
                   "crop 10x10: must be none, center or WxH+X+Y (a box in pixels, 178x178+0+20 say)");
}

// Any float comes back bit for bit, in any locale.
static void check_floats(void)
{
    struct clg_gan_params p = gan_sample();
    const struct clg_option *o = clg_option_find(clg_gan_options, "ema");
    uint32_t word = 12345;
    for (int i = 0; i < 20000; i++) {
        word = word * 1664525u + 1013904223u;
        float value = (float)(word >> 8) / (float)(1 << 24) * (i % 3 ? 0.9999f : 1e-6f);
        char text[32];
        p.ema = value;
        clg_option_get(o, &p, text, sizeof text);
        p.ema = -1;
        assert_int_equal(clg_option_set(o, &p, text, NULL), 0);
        if (p.ema != value) {
            print_error("%.9g was written as %s and read as %.9g\n", (double)value, text, (double)p.ema);
            fail();
        }
    }
}

static void test_floats(void **state)
{
    (void)state;
    check_floats();
    static const char *const comma[] = {"de_DE.UTF-8", "fr_FR.UTF-8", "de_DE"}; // where there is one
    for (int i = 0; i < 3; i++)
        if (setlocale(LC_NUMERIC, comma[i]))
            check_floats();
    setlocale(LC_NUMERIC, "C");
}

// Every row is whole: a help text, a range or choices, and a default that it accepts itself.
static void check_rows(const struct clg_option *table, void *params)
{
    char *help = help_of(table, params);
    for (const struct clg_option *o = table; o->name; o++) {
        char text[256], flag[64];
        snprintf(flag, sizeof flag, "--%s ", o->name);
        bool number = o->type == CLG_OPTION_INT || o->type == CLG_OPTION_INT64 || o->type == CLG_OPTION_FLOAT;
        clg_option_get(o, params, text, sizeof text);
        if (!o->help || !strstr(help, flag) || !strstr(help, o->help) || (number && o->min >= o->max) ||
            (o->type == CLG_OPTION_CHOICE && !o->choices) || clg_option_find(table, o->name) != o ||
            clg_option_set(o, params, text, NULL)) {
            print_error("row --%s is not whole (default \"%s\")\n", o->name, text);
            fail();
        }
    }
    free(help);
}

static void test_rows(void **state)
{
    (void)state;
    struct clg_gan_params gan = clg_gan_params_default();
    struct clg_train_params train = clg_train_params_default();
    check_rows(clg_gan_options, &gan);
    check_rows(clg_train_options, &train);
    assert_null(clg_option_find(clg_gan_options, "nothing"));
    assert_null(clg_option_find(clg_gan_options, ""));
}

// What bindings do: a buffer of the size given, filled from the table whatever it held.
static void check_defaults(const struct clg_option *table, size_t size, const void *expected)
{
    char *params = malloc(size);
    assert_non_null(params);
    memset(params, 0xff, size);
    clg_options_default(table, params);
    for (const struct clg_option *o = table; o->name; o++) {
        char text[256], other[256];
        const size_t length = clg_option_get(o, params, text, sizeof text);
        clg_option_get(o, expected, other, sizeof other);
        assert_string_equal(text, other);
        assert_int_equal(length, strlen(text));
        assert_int_equal(clg_option_get(o, params, other, 2), length); // cut, but not its length
        assert_true(strlen(other) < 2);
    }
    free(params);
}

static void test_defaults(void **state)
{
    (void)state;
    const struct clg_gan_params gan = clg_gan_params_default();
    const struct clg_train_params train = clg_train_params_default();
    assert_int_equal(clg_gan_params_size(), sizeof gan);
    assert_int_equal(clg_train_params_size(), sizeof train);
    check_defaults(clg_gan_options, sizeof gan, &gan);
    check_defaults(clg_train_options, sizeof train, &train);
    assert_int_equal(gan.size, 64);
    assert_true(gan.lr == 2e-4f && gan.beta1 == 0.5f && gan.beta2 == 0.999f && gan.eps == 1e-8f);
    assert_string_equal(train.data, "builtin:faces");
    assert_null(train.init);
    assert_int_equal(train.crop.kind, CLG_CROP_CENTER);
}

static void test_help(void **state)
{
    (void)state;
    struct clg_train_params p = {.out = "runs/1", .steps = 7, .threads = 2, .flip = true};
    char *help = help_of(clg_train_options, &p);
    assert_non_null(strstr(help, "[runs/1]"));
    assert_non_null(strstr(help, "[7]"));
    assert_non_null(strstr(help, "--no-flip"));
    assert_null(strstr(help, "--no-overwrite"));
    ptrdiff_t column = 0; // all the help texts start in one
    for (char *line = strtok(help, "\n"); line; line = strtok(NULL, "\n")) {
        char name[64];
        assert_int_equal(sscanf(line, " --%63s", name), 1);
        const struct clg_option *o = clg_option_find(clg_train_options, name);
        assert_non_null(o);
        const char *text = strstr(line, o->help);
        assert_non_null(text);
        assert_true(column == 0 || text - line == column);
        column = text - line;
    }
    free(help);
}

TEST_MAIN("options", NULL, NULL, TEST(test_gan_text), TEST(test_gan_refused), TEST(test_train_text),
          TEST(test_floats), TEST(test_rows), TEST(test_defaults), TEST(test_help))
