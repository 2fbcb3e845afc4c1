// Kinds of files: told by content, and what becomes of each in a folder of pictures.
#include "files_fixture.h"

#include "kind_samples.h"

#include <sys/stat.h>

#include <clgan/pictures.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))
static const struct clg_crop center = {.kind = CLG_CROP_CENTER};

// --- by content --------------------------------------------------------------------------------

static void test_content(void **state)
{
    (void)state;
    char is[CLG_REFUSAL_BYTES], expected[CLG_REFUSAL_BYTES];
    for (size_t i = 0; i < COUNT(samples); i++) {
        // A copy of just these bytes: the sanitizers see what is read behind them.
        uint8_t *bytes = malloc(samples[i].n + !samples[i].n);
        memcpy(bytes, samples[i].bytes, samples[i].n);
        const enum clg_kind kind = clg_kind_of(bytes, samples[i].n, samples[i].name);
        free(bytes);
        if (kind != samples[i].kind)
            fail_msg("sample %zu, %s: \"%s\", expected \"%s\"", i, samples[i].name,
                     clg_kind_refusal(kind, is), clg_kind_refusal(samples[i].kind, expected));
    }
}

// Every kind is described; what is not decoded has a name to be counted by.
static void test_words(void **state)
{
    (void)state;
    char text[CLG_REFUSAL_BYTES];
    for (int kind = 0; kind < CLG_KINDS; kind++) {
        struct clg_tally tally = {{0}};
        tally.of[kind] = 1;
        char one[256], start[16];
        if (!*clg_kind_refusal(kind, text) || strstr(text, "(null)"))
            fail_msg("kind %d has no description", kind);
        snprintf(start, sizeof start, "1 %c", clg_tally_text(&tally, one, sizeof one)[2]);
        if (strstr(one, "(null)") || strlen(one) < 5 || strncmp(one, start, 3) != 0)
            fail_msg("kind %d is counted as \"%s\"", kind, one);
    }
    struct clg_tally tally = {{0}};
    char all[256];
    assert_string_equal(clg_tally_text(&tally, all, sizeof all), "");
    tally.of[CLG_KIND_BMP] = 8;
    tally.of[CLG_KIND_HEIC] = 1;
    tally.of[CLG_KIND_ZIP] = 1;
    assert_int_equal(clg_tally_sum(&tally), 10);
    assert_string_equal(clg_tally_text(&tally, all, sizeof all),
                        "8 bmp, 1 heic: convert them to PNG or JPEG; 1 zip: unpack it first");
    clg_tally_text(&tally, all, 10); // cut off, not beyond
    assert_string_equal(all, "8 bmp, 1 ");
}

// --- in a folder -------------------------------------------------------------------------------

// All lines of a log, with their levels.
struct story {
    char text[8192];
    int errors, warnings;
};

static void story_line(void *user, enum clg_log_level level, const char *line)
{
    struct story *story = user;
    const size_t used = strlen(story->text);
    snprintf(story->text + used, sizeof story->text - used, "%s\n", line);
    story->errors += level == CLG_LOG_ERROR;
    story->warnings += level == CLG_LOG_WARNING;
}

static struct clg_log story_new(struct story *story)
{
    *story = (struct story){{0}};
    return (struct clg_log){story_line, story};
}

static void story_has(const struct story *story, const char *text)
{
    if (!strstr(story->text, text))
        fail_msg("the log should say \"%s\", but says:\n%s", text, story->text);
}

static void picture_make(void **state, const char *name, const char *kind)
{
    uint8_t pixels[7 * 6 * 3];
    uint64_t seed = 1;
    for (size_t i = 0; i < sizeof pixels; i++)
        pixels[i] = (uint8_t)chance(&seed);
    char first[512];
    snprintf(first, sizeof first, "%s%s", in(state, "made"), kind);
    assert_int_equal(clg_picture_save(first, pixels, 7, 6, 3, NULL), 0);
    assert_int_equal(rename(first, in(state, name)), 0);
}

static void sample_write(void **state, const char *name, enum clg_kind kind)
{
    for (size_t i = 0; i < COUNT(samples); i++)
        if (samples[i].kind == kind) {
            file_write(in(state, name), samples[i].bytes, samples[i].n);
            return;
        }
    fail_msg("no sample of kind %d", kind);
}

// Pictures under any name; nothing is said.
static void test_names(void **state)
{
    static const char *const names[] = {"a.JPG",  "b.jfif", "c.jpe",  "d",     "e.bin",  "f.tmp",
                                        "g.txt",  "h.png",  "i.jpeg", "j.bmp", "k.heic", "l.jpg",
                                        "m.webp", "n.",     "o.part", "p.csv"};
    for (size_t i = 0; i < COUNT(names); i++)
        picture_make(state, names[i], i % 2 ? ".png" : ".jpg");
    struct story story;
    struct clg_log log = story_new(&story);
    struct clg_pictures *pictures;
    uint8_t pixels[COUNT(names)][4 * 4 * 3];
    assert_int_equal(clg_pictures_open(&pictures, *state, center, &log), 0);
    assert_int_equal(clg_pictures_count(pictures), COUNT(names));
    for (size_t i = 0; i < COUNT(names); i++)
        assert_string_equal(clg_pictures_name(pictures, (int)i), names[i]);
    assert_int_equal(clg_pictures_load(pictures, NULL, COUNT(names), 4, 3, pixels[0]), 0);
    assert_string_equal(story.text, "");
    clg_pictures_close(&pictures);
}

// What is plainly no picture, and what systems leave behind: left out in silence.
static void test_silence(void **state)
{
    picture_make(state, "a.jpg", ".jpg");
    sample_write(state, "n.txt", CLG_KIND_TEXT);
    sample_write(state, "README", CLG_KIND_TEXT);
    sample_write(state, "l.csv", CLG_KIND_TEXT);
    sample_write(state, "a.xml", CLG_KIND_XML);
    sample_write(state, "report.html", CLG_KIND_HTML);
    sample_write(state, "model.safetensors", CLG_KIND_SAFETENSORS);
    sample_write(state, "features.npy", CLG_KIND_NPY);
    sample_write(state, "netG.pth", CLG_KIND_TORCH);
    sample_write(state, "notes.docx", CLG_KIND_ZIP);
    sample_write(state, "classes.txt", CLG_KIND_EMPTY);
    sample_write(state, "data.bin", CLG_KIND_UNKNOWN);
    sample_write(state, "Thumbs.db", CLG_KIND_UNKNOWN);
    picture_make(state, ".hidden.jpg", ".jpg");
    picture_make(state, "._a.jpg", ".png");
    picture_make(state, "a.jpg~", ".jpg");
    mkdir(in(state, "@eaDir"), 0777);
    picture_make(state, "@eaDir/a.jpg", ".jpg");
    mkdir(in(state, "__MACOSX"), 0777);
    picture_make(state, "__MACOSX/a.jpg", ".jpg");
    assert_int_equal(symlink("nothing", in(state, "lost.txt")), 0);
    struct story story;
    struct clg_log log = story_new(&story);
    struct clg_pictures *pictures;
    assert_int_equal(clg_pictures_open(&pictures, *state, center, &log), 0);
    assert_int_equal(clg_pictures_count(pictures), 1);
    assert_string_equal(story.text, "");
    clg_pictures_close(&pictures);
}

// The output of a run among the pictures: its samples are left out. As a folder of its own it is like any.
static void test_run_below(void **state)
{
    static const char *const folders[] = {"run", "run/samples", "other", "other/samples"};
    for (size_t i = 0; i < COUNT(folders); i++)
        mkdir(in(state, folders[i]), 0777);
    picture_make(state, "a.png", ".png");
    picture_make(state, "other/samples/b.png", ".png");
    picture_make(state, "run/c.png", ".png");
    picture_make(state, "run/samples/step-1.png", ".png");
    sample_write(state, "run/model.safetensors", CLG_KIND_SAFETENSORS);
    sample_write(state, "run/metrics.csv", CLG_KIND_TEXT);
    sample_write(state, "run/report.html", CLG_KIND_HTML);
    struct story story;
    struct clg_log log = story_new(&story);
    struct clg_pictures *pictures;
    assert_int_equal(clg_pictures_open(&pictures, *state, center, &log), 0);
    assert_int_equal(clg_pictures_count(pictures), 3);
    assert_string_equal(clg_pictures_name(pictures, 2), "run/c.png");
    clg_pictures_close(&pictures);
    assert_int_equal(clg_pictures_open(&pictures, in(state, "run"), center, &log), 0);
    assert_int_equal(clg_pictures_count(pictures), 2);
    clg_pictures_close(&pictures);
    assert_string_equal(story.text, "");
}

// Other kinds are counted in one warning, whatever they are called; damaged ones are named.
static void test_others(void **state)
{
    char name[32];
    for (int i = 0; i < 8; i++) {
        snprintf(name, sizeof name, i % 2 ? "%d.bmp" : "%d.jpg", i);
        sample_write(state, name, CLG_KIND_BMP);
    }
    mkdir(in(state, "below"), 0777);
    sample_write(state, "below/x.HEIC", CLG_KIND_HEIC);
    sample_write(state, "x.zip", CLG_KIND_ZIP);
    sample_write(state, "y.jpg", CLG_KIND_LFS);
    sample_write(state, "below/z.png", CLG_KIND_HTML);
    sample_write(state, "empty.jpeg", CLG_KIND_EMPTY);
    sample_write(state, "text.jpg", CLG_KIND_TEXT);
    sample_write(state, "cut.dat", CLG_KIND_PNG);
    assert_int_equal(symlink("nothing", in(state, "lost.png")), 0);
    assert_int_equal(mkfifo(in(state, "pipe.jpg"), 0666), 0);
    picture_make(state, "a.tiff", ".jpg");
    picture_make(state, "b", ".png");

    struct story story;
    struct clg_data *data;
    struct clg_data_info info;
    struct clg_data_params p = clg_data_params_default();
    p.path = *state;
    p.size = 4;
    p.batch = 2;
    p.log = story_new(&story);
    assert_int_equal(clg_data_open(&data, &p), 0);
    clg_data_info(data, &info);
    clg_data_close(&data);
    assert_int_equal(info.pictures, 2);
    assert_int_equal(info.skipped, 8 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 2);
    story_has(&story, "skipped 15 files of other kinds: 8 bmp, 1 heic: convert them to PNG or JPEG; ");
    story_has(&story, "1 zip: unpack it first");
    story_has(&story, "git lfs pull");
    story_has(&story, "1 html: ");
    story_has(&story, "1 broken link");
    story_has(&story, "skipping a file: ");
    story_has(&story, "text.jpg");
    story_has(&story, "cut.dat");
    assert_int_equal(story.warnings, 1 + 2);
    assert_int_equal(story.errors, 0);

    p.batch = 3; // too few: all of it in the error
    p.log = story_new(&story);
    assert_int_equal(clg_data_open(&data, &p), CLG_EDATA);
    story_has(&story, "2 usable pictures, fewer than a batch of 3");
    story_has(&story, "8 bmp, 1 heic: convert them");
    assert_int_equal(story.warnings, 2);
    assert_int_equal(story.errors, 1);
}

// A folder without pictures: the error says what is there instead.
static void test_nothing_usable(void **state)
{
    static const struct {
        const char *folder, *name;
        enum clg_kind kind;
        const char *says;
    } cases[] = {
        {"empty", NULL, 0, "is empty"},
        {"hidden", ".a.jpg", CLG_KIND_JPEG, "hidden"},
        {"zips", "a.zip", CLG_KIND_ZIP, "1 zip: unpack it first"},
        {"bmp", "a", CLG_KIND_BMP, "1 bmp: convert it to PNG or JPEG"},
        {"text", "a.txt", CLG_KIND_TEXT, "1 text"},
        {"arrays", "a.npy", CLG_KIND_NPY, "1 npy"},
        {"lfs", "a.jpg", CLG_KIND_LFS, "git lfs pull"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char path[64];
        mkdir(in(state, cases[i].folder), 0777);
        snprintf(path, sizeof path, "%s/%s", cases[i].folder, cases[i].name ? cases[i].name : "");
        if (cases[i].name)
            sample_write(state, path, cases[i].kind);
        for (int loader = 0; loader < 2; loader++) {
            struct story story;
            struct clg_log log = story_new(&story);
            struct clg_pictures *pictures;
            struct clg_data *data;
            struct clg_data_params p = clg_data_params_default();
            p.path = in(state, cases[i].folder);
            p.log = log;
            assert_int_equal(loader ? clg_data_open(&data, &p)
                                    : clg_pictures_open(&pictures, p.path, center, &log),
                             CLG_EDATA);
            assert_int_equal(story.errors, 1);
            assert_int_equal(story.warnings, 0);
            story_has(&story, cases[i].says);
        }
    }
}

// Files that cannot be read are named and counted.
static void test_unreadable(void **state)
{
    picture_make(state, "a.jpg", ".jpg");
    picture_make(state, "b.jpg", ".jpg");
    assert_int_equal(chmod(in(state, "b.jpg"), 0), 0);
    assert_int_equal(chmod(*state, 0755), 0);
    const bool root = geteuid() == 0; // root reads all files: as somebody else, then
    if (root && seteuid(65534)) {
        print_message("this user reads all files and cannot be another: test skipped\n");
        skip();
    }
    struct story story;
    struct clg_log log = story_new(&story);
    struct clg_pictures *pictures;
    const int status = clg_pictures_open(&pictures, *state, center, &log);
    assert_true(!root || seteuid(0) == 0);
    assert_int_equal(status, 0);
    assert_int_equal(clg_pictures_count(pictures), 1);
    assert_int_equal(story.warnings, 1);
    story_has(&story, "b.jpg: Permission denied");
    clg_pictures_close(&pictures);
}

TEST_MAIN("kinds", NULL, NULL, IN_FOLDER(test_content), IN_FOLDER(test_words), IN_FOLDER(test_names),
          IN_FOLDER(test_silence), IN_FOLDER(test_run_below), IN_FOLDER(test_others),
          IN_FOLDER(test_nothing_usable), IN_FOLDER(test_unreadable))
