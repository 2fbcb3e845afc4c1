// Tables of labels: every picture has a class that there is, or none.
#include "fuzz.h"

#include <clgan/pictures.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

void fuzz_seeds(void)
{
    static const char plain[] = "file,mood,age\nhappy/1.png,happiness,31\nhappy/2.png,happiness,7.5\n"
                                "sad/3.png,sadness,-1e3\n4.png,neutral,0\n",
                      quoted[] =
                          "\xef\xbb\xbf\"a file\",\"a \"\"mood\"\"\"\r\n\"./happy/1.png\" , \"x, y\"\r\n\r\n"
                          "  \rhappy/2.png,\"two\nlines\"\nsad/3.png,b\n4.png,b",
                      odd[] = "f,age\n4.png,1,2,3\n4.png,1\nelsewhere.png,5\nhappy/1.png,30\nhappy/2.png,31\n"
                              "sad/3.png,1e999\n",
                      tabs[] = "file\tage\n4.png\t1\n",
                      celeba[] = "4\nage Smiling \n1.png -1 1\nsad\\3.png  1 -1\nC:\\p\\4.png  1  1\n",
                      pandas[] = ",file,age\n0,/mnt/p/happy/1.png,1\n1,sad/3,0\n2,4.PNG,1\n",
                      semicolons[] =
                          "Gef\xfchl;Datei\nfr\xf6hlich;happy/1.png\ntraurig;sad/3.jpg\nx;4\\xE9.png\n",
                      wide[] = "\xff\xfe"
                               "f\0\t\0a\0g\0e\0\n\0"
                               "4\0.\0p\0n\0g\0\t\0"
                               "7\0\n\0";
    const char *const texts[] = {plain, quoted, odd, tabs, celeba, pandas, semicolons};
    fuzz_seed(wide, sizeof wide - 1);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        fuzz_seed(texts[i], strlen(texts[i]));
}

static struct clg_pictures *pictures_open(void)
{
    static const char *const names[] = {"p",           "p/happy", "p/sad", "p/happy/1.png", "p/happy/2.png",
                                        "p/sad/3.png", "p/4.png"};
    static const uint8_t grey[1] = {9};
    struct clg_pictures *pictures;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (i < 3)
            mkdir(fuzz_in_folder(names[i]), 0777);
        else
            clg_picture_save(fuzz_in_folder(names[i]), grey, 1, 1, 1, &fuzz_log);
    fuzz_expect(
        !clg_pictures_open(&pictures, fuzz_in_folder("p"), (struct clg_crop){CLG_CROP_NONE}, &fuzz_log) &&
            clg_pictures_count(pictures) == 4,
        "four pictures");
    return pictures;
}

static struct clg_pictures *pictures;

static void pictures_close(void)
{
    clg_pictures_close(&pictures);
}

static void read_with(const struct clg_labels_params *params)
{
    struct clg_labels *labels;
    if (clg_labels_read(&labels, pictures, params)) {
        fuzz_expect(!labels, "no labels after a failure");
        return;
    }
    fuzz_expect(labels->n == 4 && labels->classes > 0, "a class and every picture");
    for (int i = 0; i < labels->n; i++)
        fuzz_expect(labels->of[i] >= -1 && labels->of[i] < labels->classes, "classes that there are");
    for (int i = 0; i < labels->classes; i++)
        fuzz_touch(labels->names[i], strlen(labels->names[i]));
    clg_labels_free(&labels);
}

void fuzz_one(const uint8_t *data, size_t size)
{
    (void)data, (void)size;
    static const struct clg_labels_params ways[] = {
        {.csv = "input"},
        {.csv = "input", .column = "age", .threshold_set = true, .threshold = 30},
        {.csv = "input", .classes = "sadness, happiness"},
        {.csv = "input", .column = "2", .file_column = "1"},
    };
    if (!pictures) {
        fuzz_allow(0);
        pictures = pictures_open();
        atexit(pictures_close);
    }
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        struct clg_labels_params params = ways[i];
        params.log = fuzz_log;
        read_with(&params);
    }
}
