// Paths that pictures are asked from: what is no folder is told as what it is, and names that are nearly
// right find what was meant.
#include "files_fixture.h"

#include "base/missing.h"

#include <errno.h>

#include <sys/stat.h>

#include <clgan/pictures.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static void picture_make(const char *name)
{
    const uint8_t pixels[4 * 4 * 3] = {0};
    assert_int_equal(clg_picture_save("made.png", pixels, 4, 4, 3, NULL), 0);
    assert_int_equal(rename("made.png", name), 0);
}

// The folder that all tests work in, as their current one.
static int world_make(void **state)
{
    if (folder_make(state) || chdir(*state))
        return -1;
    mkdir("Celeb A", 0777);
    mkdir("Celeb A/train", 0777);
    mkdir("pictures", 0777);
    mkdir("pictures/2024", 0777);
    picture_make("Celeb A/train/a.jpg");
    picture_make("pictures/2024/a.jpg");
    picture_make("pictures/b");
    picture_make("face.png");
    file_write("set.zip", "PK\3\4\x14\0", 6);
    file_write("set.tar.gz", "\x1f\x8b\x08", 3);
    file_write("old.tgz", "\x1f\x8b\x08", 3);
    file_write("one.gz", "\x1f\x8b\x08", 3);
    file_write("set.7z", "7z\xbc\xaf\x27\x1c", 6);
    file_write("set.npy", "\x93NUMPY\1\0", 8);
    file_write("clip.mp4",
               "\0\0\0\x18"
               "ftypisom\0\0\2\0isommp41",
               24);
    file_write("photo.heic",
               "\0\0\0\x18"
               "ftypheic\0\0\0\0mif1heic",
               24);
    file_write("labels.csv", "a,b\n", 4);
    file_write("pointer", "version https://git-lfs.github.com/spec/v1\n", 43);
    return mkfifo("pipe", 0666);
}

static int world_remove(void **state)
{
    return chdir("/") || folder_remove(state);
}

static const struct {
    const char *path;
    int status;
    const char *says[3];
} cases[] = {
    // archives, arrays, other files
    {"set.zip", CLG_EFORMAT, {"a zip archive", "unzip 'set.zip' -d 'set'"}},
    {"./set.tar.gz", CLG_EFORMAT, {"unpack", "tar xf './set.tar.gz'"}},
    {"old.tgz", CLG_EFORMAT, {"unpack", "tar xf"}},
    {"one.gz", CLG_EFORMAT, {"unpack", "gunzip -k 'one.gz'"}},
    {"set.7z", CLG_EFORMAT, {"a 7z archive", "7z x"}},
    {"set.zip/train", CLG_EFORMAT, {"set.zip is a zip archive"}},
    {"set.zip/a/b/", CLG_EFORMAT, {"set.zip is a zip archive"}},
    {"set.npy", CLG_EFORMAT, {"NumPy"}},
    {"clip.mp4", CLG_EFORMAT, {"a video", "frames"}},
    {"photo.heic", CLG_EFORMAT, {"HEIC", "convert it to PNG or JPEG"}},
    {"pointer", CLG_EFORMAT, {"git lfs pull"}},
    {"labels.csv", CLG_EFORMAT, {"labels.csv"}},
    {"pipe", CLG_EIO, {"not a regular file"}},
    // names that no file has
    {"celeb a", CLG_EIO, {"did you mean Celeb A?"}},
    {"celeba", CLG_EIO, {"did you mean Celeb A?"}},
    {"CelebA/Train", CLG_EIO, {"did you mean Celeb A?"}},
    {"celeb_a/train", CLG_EIO, {"did you mean Celeb A/train?"}},
    {"./pictures/2042", CLG_EIO, {"did you mean ./pictures/2024?"}},
    {"Pictures/2024/", CLG_EIO, {"did you mean pictures/2024/?"}},
    {"picture", CLG_EIO, {"did you mean pictures?"}},
    {"pcitures", CLG_EIO, {"did you mean pictures?"}},
    {"set", CLG_EIO, {"did you mean set."}},
    {"pictures/nowhere/x", CLG_EIO, {"pictures/ has no \"nowhere\""}},
    {"something", CLG_EIO, {"something", "No such file"}},
    // no paths
    {"pictures/*.jpg", CLG_EIO, {"pattern", "give the folder: pictures"}},
    {"pictures/20?4/a.jpg", CLG_EIO, {"pattern", "give the folder: pictures"}},
    {"*.png", CLG_EIO, {"pattern", "give the folder: ."}},
    {"/*/x", CLG_EIO, {"pattern", "give the folder: /"}},
    {"file:///data/my%20set", CLG_EIO, {"URL", "give the path alone: /data/my set"}},
    {"FILE://localhost/data", CLG_EIO, {"URL", "alone: /data"}},
    {"https://example.org/set.zip", CLG_EIO, {"URL", "download it first"}},
    {"s3://bucket/set", CLG_EIO, {"URL"}},
    {"'pictures'", CLG_EIO, {"did you mean pictures, without"}},
    {"pictures ", CLG_EIO, {"did you mean pictures, without"}},
    {"~/pictures", CLG_EIO, {"shell expands ~"}},
    {"C:\\Users\\me", CLG_EIO, {"Windows", "/mnt/c"}},
    {"builtin:cats", CLG_EINVAL, {"builtin:faces"}},
    {"Builtin:Faces", CLG_EINVAL, {"builtin:faces"}},
};

static void refused(const char *what, const char *path, int status, int expected,
                    const struct captured_log *captured_log, const char *const *says)
{
    if (status != expected || captured_log->lines != 1)
        fail_msg("%s %s: status %d, expected %d; %d lines, the last: %s", what, path, status, expected,
                 captured_log->lines, captured_log->last);
    for (int i = 0; i < 3 && says[i]; i++)
        if (!strstr(captured_log->last, says[i]))
            fail_msg("%s %s should say \"%s\", but says: %s", what, path, says[i], captured_log->last);
}

static void test_training(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct captured_log captured_log;
        struct clg_data *data;
        struct clg_data_params p = clg_data_params_default();
        p.path = cases[i].path;
        p.log = capture(&captured_log);
        const int status = clg_data_open(&data, &p);
        refused("training on", p.path, status, cases[i].status, &captured_log, cases[i].says);
    }
    // One picture is no set to train on.
    static const char *const says[3] = {"one picture", "give its folder, pictures"};
    static const char *const here[3] = {"one picture", "give its folder, ."};
    struct captured_log captured_log;
    struct clg_data *data;
    struct clg_data_params p = clg_data_params_default();
    p.path = "pictures/b";
    p.log = capture(&captured_log);
    refused("training on", p.path, clg_data_open(&data, &p), CLG_EFORMAT, &captured_log, says);
    p.path = "face.png";
    p.log = capture(&captured_log);
    refused("training on", p.path, clg_data_open(&data, &p), CLG_EFORMAT, &captured_log, here);
}

// The same words where a folder or one picture is asked for; only "not a folder but ..." does not fit there.
static void test_looking(void **state)
{
    (void)state;
    const struct clg_crop center = {.kind = CLG_CROP_CENTER};
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct captured_log captured_log;
        struct clg_log log = capture(&captured_log);
        struct clg_pictures *pictures;
        const int status = clg_pictures_open(&pictures, cases[i].path, center, &log);
        refused("looking at", cases[i].path, status, cases[i].status, &captured_log, cases[i].says);
    }
    static const char *const says[3] = {"clgan data --out"};
    struct captured_log captured_log;
    struct clg_log log = capture(&captured_log);
    struct clg_pictures *pictures;
    const int status = clg_pictures_open(&pictures, "builtin:faces", center, &log);
    refused("looking at", "builtin:faces", status, CLG_EINVAL, &captured_log, says);
}

// One picture, by a name that is nearly right.
static void test_one_picture(void **state)
{
    (void)state;
    static const char *const says[3] = {"did you mean face.png?"};
    struct captured_log captured_log;
    struct clg_log log = capture(&captured_log);
    uint8_t pixels[3];
    int w, h;
    const struct clg_crop center = {.kind = CLG_CROP_CENTER};
    refused("loading", "Face.png", clg_picture_load("Face.png", center, 1, 3, pixels, &log), CLG_EIO,
            &captured_log, says);
    log = capture(&captured_log);
    refused("size of", "face", clg_picture_size("face", &w, &h, &log), CLG_EIO, &captured_log, says);
    assert_int_equal(clg_picture_size("face.png", &w, &h, &log), 0);
    assert_int_equal(w, 4);
    assert_int_equal(h, 4);
}

// Absurd paths: no crash, one line.
static void test_absurd(void **state)
{
    (void)state;
    char *path = malloc(10001);
    static const char *const fills[] = {"a", "/", "a/", "*", "~", "%", "://", "\"", ".", "../"};
    for (size_t i = 0; i < COUNT(fills); i++) {
        const size_t n = strlen(fills[i]);
        for (size_t length = n; length <= 10000; length = length * 3 + n) {
            struct captured_log captured_log;
            struct clg_log log = capture(&captured_log);
            for (size_t k = 0; k < length; k++)
                path[k] = fills[i][k % n];
            path[length] = 0;
            assert_int_equal(clg_path_missing("", path, ENOENT, &log), CLG_EIO);
            assert_int_equal(captured_log.lines, 1);
        }
    }
    free(path);
}

#define IN_WORLD(function) cmocka_unit_test_setup_teardown(function, world_make, world_remove)

TEST_MAIN("sources", NULL, NULL, IN_WORLD(test_training), IN_WORLD(test_looking), IN_WORLD(test_one_picture),
          IN_WORLD(test_absurd))
