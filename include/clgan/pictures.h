// Pictures to look at rather than to train on: a folder's files in a fixed order, their labels, animations.
#ifndef CLGAN_PICTURES_H
#define CLGAN_PICTURES_H

#include <clgan/data.h>

#ifdef __cplusplus
extern "C" {
#endif

// All usable pictures below a folder, sorted by name, as clg_data_open finds them (none: CLG_EDATA); or one
// file.
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

// How many of the pictures were read though their decoder warned (extra bytes in the file, say); information
// in the log names each, once.
CLG_API int clg_pictures_warned(const struct clg_pictures *pictures);

// A class for every picture.
struct clg_labels {
    int n, classes;
    char **names; // [classes], sorted
    int *of;      // [n], -1: of a class that was not asked for
};
struct clg_labels_params {
    const char *csv;    // a heading line, the file's name in its first column; NULL: folder names are labels
    const char *column; // of the heading; NULL: the second
    bool threshold_set; // numbers become two classes: "COLUMN <= T" and "COLUMN > T"
    double threshold;
    const char *classes; // "happiness,neutral": only these, in that order; NULL: all
    struct clg_log log;
};
// Names in the CSV are relative to the folder of the pictures; lines for other files do no harm. A picture
// without a line, an unknown column or class, or a value that is no number where a threshold was given:
// CLG_EDATA or CLG_EFORMAT, after a line with an example and how many there are.
CLG_API int clg_labels_read(struct clg_labels **labels, const struct clg_pictures *pictures,
                            const struct clg_labels_params *params);
CLG_API void clg_labels_free(struct clg_labels **labels);

// pixels [n][h][w][channels], channels 1 or 3, as an animated PNG (APNG) that repeats for ever, `fps` frames
// a second (0.1 to 100), to a .png or .apng file. Programs that do not know APNG show the first frame. Whole
// or not at all.
CLG_API int clg_picture_animate(const char *path, const uint8_t *pixels, int n, int w, int h, int channels,
                                double fps, const struct clg_log *log);

#ifdef __cplusplus
}
#endif
#endif
