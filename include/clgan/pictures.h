// Pictures to look at rather than to train on: a folder's files in a fixed order, their labels, animations.
#ifndef CLGAN_PICTURES_H
#define CLGAN_PICTURES_H

#include <clgan/data.h>

#ifdef __cplusplus
extern "C" {
#endif

// All usable pictures below a folder, sorted by name, as clg_data_open finds them (none: CLG_EDATA); or
// one file.
struct clg_pictures;
CLG_API int clg_pictures_open(struct clg_pictures **pictures, const char *path, struct clg_crop crop,
                              const struct clg_log *log);
CLG_API void clg_pictures_close(struct clg_pictures **pictures);
CLG_API int clg_pictures_count(const struct clg_pictures *pictures);
// Relative to the folder; a single file's own name. Valid until the close. i in 0..count-1.
CLG_API const char *clg_pictures_name(const struct clg_pictures *pictures, int i);
// Decodes the n pictures with the numbers which[0..n-1] (NULL: 0..n-1), cropped and resized as
// clg_picture_load: pixels [n][size][size][channels]. One that turns out broken: CLG_EFORMAT after a line
// that names it; a number out of range: CLG_EINVAL.
CLG_API int clg_pictures_load(const struct clg_pictures *pictures, const int *which, int n, int size,
                              int channels, uint8_t *pixels);
// The same pictures as values [n][size][size][channels] in -1..1 that nets read (clg_picture_values).
CLG_API int clg_pictures_values(const struct clg_pictures *pictures, const int *which, int n, int size,
                                int channels, float *values);

// How many of the pictures were read with a decoder warning (extra bytes in the file, say); an info line in
// the log names each once.
CLG_API int clg_pictures_warned(const struct clg_pictures *pictures);

// A class for every picture.
struct clg_labels {
    int n, classes;
    char **names; // [classes], sorted; of an attribute "not Smiling", "Smiling"
    int *of;      // [n], -1: the class was not asked for, or the table has no label
};
struct clg_labels_params {
    const char *csv;         // a table; NULL: folder names are labels
    const char *column;      // the labels: a name of the heading, or a number from 1; NULL: the only one,
                             // or the only one that has the classes
    const char *file_column; // the pictures, likewise; NULL: the one that names them
    bool threshold_set;      // numbers become two classes: "COLUMN <= T" and "COLUMN > T"
    double threshold;
    const char *classes; // "happiness,neutral": only these, in that order; NULL: all
    struct clg_log log;
};
// Tables can come from Excel, pandas, R or CelebA: fields separated by commas, semicolons, tabs or spaces,
// with or without a header row, in UTF-8, UTF-16 or Latin-1 (names become UTF-8). A row names its picture by
// the end of its path (leading folders, and slash or backslash, do not matter), or by its name without .jpg
// or .png. Values 1 and 0, or 1 and -1, in a column "Smiling" become the classes "Smiling" and "not Smiling",
// which `classes` may also call 1 and 0 or -1; columns called "label", "class" and the like are exempt. Rows
// without a picture and pictures without a row are counted and reported in one warning each. No label at all,
// an unknown column or class, two labels for one picture, or a value that is not a number although a
// threshold was given: CLG_EDATA or CLG_EFORMAT. Several columns that could be meant: CLG_EINVAL. The log
// line gives an example.
CLG_API int clg_labels_read(struct clg_labels **labels, const struct clg_pictures *pictures,
                            const struct clg_labels_params *params);
CLG_API void clg_labels_free(struct clg_labels **labels);

// pixels [n][h][w][channels], channels 1 or 3, as an animated PNG (APNG) that loops forever at `fps` frames
// a second (0.1 to 100), to a .png or .apng file. Programs that do not know APNG show the first frame. The
// file is written whole or not at all.
CLG_API int clg_picture_animate(const char *path, const uint8_t *pixels, int n, int w, int h, int channels,
                                double fps, const struct clg_log *log);

#ifdef __cplusplus
}
#endif
#endif
