// Checkpoints outlive versions: those of every earlier version are read, options that are missing have their
// defaults, and what a later version added is kept.
#include "ops_fixture.h"

#include "data/safetensors.h"
#include "gan/gan.h"

#include <clgan/train.h>
#include <sys/stat.h>
#include <unistd.h>

// A run of 300 steps by clgan 0.1.0 before checkpoints told their format: --size 16 --channels 1 --z 4 --ngf
// 2
// --ndf 2 --batch 8 --seed 5 --ema 0.9 --lr 0.004, on builtin:faces. It stays as it is.
static const char first[] = CLG_SOURCE_ROOT "/tests/checkpoints/0.1.0.safetensors";
enum { TEXTS_MAX = 80, ARRAYS_MAX = 64 };
static const struct clg_log silent = {0};

static const char *in_root(const char *name)
{
    static char paths[4][256];
    static int at;
    char *path = paths[at = (at + 1) % 4];
    snprintf(path, sizeof paths[0], "%s/%s", test_folder, name);
    return path;
}

// Picture 0 and 1 of seed 7 at every fifth row from 3 and every fourth column from 4, as that version drew
// them from the checkpoint, and after two more steps.
static void pictures_check(struct clg_gan *gan, const float *expected)
{
    const struct clg_gan_params p = *clg_gan_params_of(gan);
    float z[2 * 4], pictures[2 * 16 * 16];
    clg_gan_noise(&p, 7, 0, 2, z);
    assert_int_equal(clg_gan_generate(gan, z, 2, pictures), 0);
    for (int i = 0, k = 0; i < 2; i++)
        for (int y = 3; y < 16; y += 5)
            for (int x = 4; x < 16; x += 4, k++) {
                const float is = pictures[(i * 16 + y) * 16 + x];
                if (fabsf(is - expected[k]) > 0.01f)
                    fail_msg("picture %d, row %d, column %d: %.4f, expected %.4f", i, y, x, (double)is,
                             (double)expected[k]);
            }
}

static const float at_300[18] = {-0.0469f, -0.4270f, 0.1769f,  -0.0812f, -0.3151f, 0.0620f,
                                 0.0768f,  0.7166f,  0.5967f,  0.2516f,  -0.0847f, -0.2006f,
                                 -0.1492f, -0.3265f, -0.1945f, 0.0863f,  0.1422f,  0.0000f};
static const float at_302[18] = {-0.0933f, -0.4391f, 0.2287f,  -0.0591f, -0.3187f, 0.0630f,
                                 0.0756f,  0.7135f,  0.5851f,  0.2455f,  -0.0967f, -0.1813f,
                                 -0.1406f, -0.3420f, -0.1984f, 0.0846f,  0.1538f,  0.0000f};

static void test_first_format(void **state)
{
    (void)state;
    struct captured log;
    struct clg_gan *gan;
    struct clg_log old = quiet(&log);
    assert_int_equal(clg_gan_load(&gan, test_device(), first, 0), 0);
    assert_int_equal(log.lines, 0);
    loud_again(old);
    assert_int_equal(clg_gan_step_count(gan), 300);
    pictures_check(gan, at_300);
    clg_gan_free(&gan);
}

static void copy(const char *from, const char *to)
{
    char command[1024];
    snprintf(command, sizeof command, "cp '%s' '%s'", from, to);
    assert_int_equal(system(command), 0);
}

static void test_first_format_goes_on(void **state)
{
    (void)state;
    struct clg_train_params p;
    char *memory;
    assert_int_equal(mkdir(in_root("run"), 0755), 0);
    copy(first, in_root("run/model.safetensors"));
    assert_int_equal(clg_train_params_of(in_root("run"), &p, &memory, &silent), 0);
    p.resume = in_root("run");
    p.steps = 302;
    assert_int_equal(clg_train(test_device(), NULL, &p, NULL, NULL, NULL), 0);
    free(memory);
    struct clg_gan *gan;
    assert_int_equal(clg_gan_load(&gan, test_device(), in_root("run/model.safetensors"), 0), 0);
    assert_int_equal(clg_gan_step_count(gan), 302);
    pictures_check(gan, at_302);
    clg_gan_free(&gan);
}

// --- other metadata ----------------------------------------------------------------------------
// The first checkpoint under another name, without the text `less` and with these pairs, to the NULL.
static void rewrite(const char *to, const char *less, const char *const (*more)[2])
{
    struct clg_safetensors *file;
    struct clg_named_array arrays[ARRAYS_MAX];
    struct clg_metadata texts[TEXTS_MAX];
    int n, kept = 0;
    assert_int_equal(clg_safetensors_open(&file, first, &silent), 0);
    const struct clg_metadata *is = clg_safetensors_texts(file, &n);
    for (int i = 0; i < n; i++)
        if (strcmp(is[i].key, "clgan") && strcmp(is[i].key, "crc32") && (!less || strcmp(is[i].key, less)))
            texts[kept++] = is[i];
    for (; more && (*more)[0]; more++)
        texts[kept++] = (struct clg_metadata){(*more)[0], (*more)[1]};
    for (int i = 0; i < clg_safetensors_count(file); i++)
        arrays[i] = *clg_safetensors_at(file, i);
    assert_int_equal(clg_safetensors_save(to, arrays, clg_safetensors_count(file), texts, kept, &silent), 0);
    clg_safetensors_close(&file);
}

// Loads it, with what was said in *log; NULL when it was refused.
static struct clg_gan *load(const char *path, struct captured *log)
{
    struct clg_gan *gan;
    struct clg_log old = quiet(log);
    const int status = clg_gan_load(&gan, test_device(), path, 0);
    loud_again(old);
    assert_true(status == 0 || (status == CLG_EFORMAT && !gan));
    return gan;
}

static void has_text(const char *path, const char *key, const char *expected)
{
    char *value;
    assert_int_equal(clg_checkpoint_metadata(path, key, &value, &silent), 0);
    if (!value || strcmp(value, expected))
        fail_msg("%s is \"%s\" in %s, expected \"%s\"", key, value ? value : "(absent)", path, expected);
    free(value);
}

static void test_missing_option_has_its_default(void **state)
{
    (void)state;
    struct captured log;
    rewrite(in_root("less"), "beta2", NULL); // 0.999 in the file, and the default
    struct clg_gan *gan = load(in_root("less"), &log);
    assert_non_null(gan);
    assert_int_equal(log.lines, 0);
    assert_true(clg_gan_params_of(gan)->beta2 == clg_gan_params_default().beta2);
    pictures_check(gan, at_300);
    clg_gan_free(&gan);
    rewrite(in_root("less"), "lr", NULL); // 0.004 in the file
    gan = load(in_root("less"), &log);
    assert_true(clg_gan_params_of(gan)->lr == clg_gan_params_default().lr);
    clg_gan_free(&gan);
}

static const char *const later[][2] = {{"clgan.format", "1.3"},
                                       {"label-smooth", "0.9"},
                                       {"train.mixup", "0.2"},
                                       {"notes-of-mine", "x"},
                                       {"clgan.notes", "notes-of-mine\n"},
                                       {NULL, NULL}};

static void test_unknown_options_are_kept(void **state)
{
    (void)state;
    struct captured log;
    rewrite(in_root("later"), NULL, later);
    struct clg_gan *gan = load(in_root("later"), &log);
    assert_non_null(gan);
    assert_int_equal(log.lines, 1);
    captured_has(&log, "use: label-smooth;"); // what a run's options are, a run knows
    assert_null(strstr(log.text, "notes-of-mine"));
    const char *const extra[][2] = {{"author", "me"}, {"label-smooth", "given anew"}};
    assert_int_equal(clg_gan_save(gan, in_root("again"), extra, 2), 0);
    has_text(in_root("again"), "train.mixup", "0.2");
    has_text(in_root("again"), "train.data", "builtin:faces");
    has_text(in_root("again"), "label-smooth", "given anew");
    has_text(in_root("again"), "notes-of-mine", "x");
    has_text(in_root("again"), "clgan.format", "1");
    const char *const own[][2] = {{"lr", "1"}};
    assert_int_equal(clg_gan_save(gan, in_root("again"), own, 1), CLG_EINVAL);
    clg_gan_free(&gan);
    gan = load(in_root("again"), &log); // the caller's own texts are not taken for options
    assert_int_equal(log.lines, 0);
    clg_gan_free(&gan);
}

static void test_unknown_options_survive_a_run(void **state)
{
    (void)state;
    struct captured log;
    struct clg_train_params p;
    char *memory;
    assert_int_equal(mkdir(in_root("later-run"), 0755), 0);
    rewrite(in_root("later-run/model.safetensors"), NULL, later);
    assert_int_equal(clg_train_params_of(in_root("later-run"), &p, &memory, &silent), 0);
    p.resume = in_root("later-run");
    p.steps = 301;
    struct clg_log old = quiet(&log);
    assert_int_equal(clg_train(test_device(), NULL, &p, NULL, NULL, NULL), 0);
    loud_again(old);
    assert_int_equal(log.lines, 1);
    captured_has(&log, "use: label-smooth, train.mixup;");
    free(memory);
    has_text(in_root("later-run/model.safetensors"), "step", "301");
    has_text(in_root("later-run/model.safetensors"), "label-smooth", "0.9");
    has_text(in_root("later-run/model.safetensors"), "train.mixup", "0.2");
}

static void test_later_formats_are_refused(void **state)
{
    (void)state;
    static const char *const formats[] = {"2", "2.1", "17", "", "one", "0", "1x"};
    for (size_t i = 0; i < COUNT(formats); i++) {
        struct captured log;
        const char *const more[][2] = {{"clgan.format", formats[i]}, {NULL, NULL}};
        rewrite(in_root("newer"), NULL, more);
        assert_null(load(in_root("newer"), &log));
        assert_int_equal(log.lines, 1);
        captured_has(&log, i < 3 ? "take a newer clgan" : "damaged");
        if (i < 3)
            captured_has(&log, formats[i]);
    }
}

// A tensor that no net of the gan has, as a later version may save it.
static void test_unknown_tensors_are_told(void **state)
{
    (void)state;
    struct captured log;
    const char *const ema[][2] = {{"ema", "0"}, {NULL, NULL}};
    rewrite(in_root("no-ema"), "ema", ema); // nothing takes averageG now
    struct clg_gan *gan = load(in_root("no-ema"), &log);
    assert_non_null(gan);
    assert_int_equal(log.lines, 1);
    captured_has(&log, "ignoring 11 tensors");
    captured_has(&log, "averageG.main.0.weight");
    clg_gan_free(&gan);
}

// --- long texts and many of them ---------------------------------------------------------------
static void test_long_texts(void **state)
{
    (void)state;
    struct captured log;
    char keys[200][16], value[5000];
    const char *extra[200][2];
    memset(value, 'v', sizeof value);
    value[sizeof value - 1] = 0;
    for (int i = 0; i < 200; i++) {
        snprintf(keys[i], sizeof keys[i], "note %d", i);
        extra[i][0] = keys[i];
        extra[i][1] = i ? "short" : value;
    }
    struct clg_gan *gan = load(first, &log);
    assert_int_equal(clg_gan_save(gan, in_root("long"), (const char *const(*)[2])extra, 200), 0);
    clg_gan_free(&gan);
    gan = load(in_root("long"), &log);
    assert_int_equal(log.lines, 0);
    assert_int_equal(clg_gan_save(gan, in_root("long"), NULL, 0), 0);
    clg_gan_free(&gan);
    has_text(in_root("long"), "note 0", value);
    has_text(in_root("long"), "note 199", "short");
}

TEST_MAIN("checkpoint", test_folder_setup, test_folder_teardown, TEST(test_first_format),
          TEST(test_first_format_goes_on), TEST(test_missing_option_has_its_default),
          TEST(test_unknown_options_are_kept), TEST(test_unknown_options_survive_a_run),
          TEST(test_later_formats_are_refused), TEST(test_unknown_tensors_are_told), TEST(test_long_texts))
