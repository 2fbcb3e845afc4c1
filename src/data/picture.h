// Picture files inside src/data: headers, decoding, cropping, resizing.
#ifndef CLG_DATA_PICTURE_H
#define CLG_DATA_PICTURE_H

#include "data/kind.h"

#include <clgan/data.h>
#include <stdio.h>

// Larger pictures are refused before any memory is allocated.
#define CLG_PICTURE_PIXELS_MAX 200000000
// The longest side of pictures that clgan writes: JPEG's limit.
#define CLG_PICTURE_SIDE_MAX 65500

// The decoder's warning, "" if there was none.
enum { CLG_WARNING_BYTES = 200 };

struct clg_picture_header {
    enum clg_kind kind; // what the file is, even if it is not a picture; unknown if it cannot be read
    int w, h;           // of the picture as shown, upright
    int orientation;    // EXIF's, 1 (stored upright) to 8: how the stored pixels are to be turned
};

// pixels [h][w][channels]; the holder's: free().
struct clg_image {
    int w, h, channels;
    uint8_t *pixels;
    char warning[CLG_WARNING_BYTES];
};

// A rectangle in pixels; fractional after scaled decoding.
struct clg_box {
    double x, y, w, h;
};

// Reads the header only. Unusable files: CLG_EFORMAT (or CLG_EIO).
int clg_picture_probe(const char *path, struct clg_picture_header *header, const struct clg_log *log);
// Is the file a picture, and does the crop fit into it? Reads no more of it than needed.
int clg_picture_check(const char *path, struct clg_crop crop, const struct clg_log *log);
// The same; *kind is always set, as in the header.
int clg_picture_check_kind(const char *path, struct clg_crop crop, enum clg_kind *kind,
                           const struct clg_log *log);

// The codecs' header readers; `file` is at its start. They set orientation, and w and h as stored.
int clg_jpeg_probe(FILE *file, struct clg_picture_header *header, const char *path,
                   const struct clg_log *log);
int clg_png_probe(FILE *file, struct clg_picture_header *header, const char *path, const struct clg_log *log);
// In PNG files EXIF data may also follow the pixels: this one walks through all chunks.
int clg_png_late_orientation(FILE *file);
int clg_webp_probe(FILE *file, struct clg_picture_header *header, const char *path,
                   const struct clg_log *log);
int clg_webp_late_orientation(FILE *file);

// The orientation in EXIF data (a TIFF file, with or without "Exif\0\0" before it); 1 if it is damaged or
// has none.
int clg_exif_orientation(const uint8_t *bytes, size_t n);

// Does it swap columns and rows?
bool clg_orientation_turns(int orientation);
// Does a picture stored as w x h agree with the header?
bool clg_header_fits(const struct clg_picture_header *header, int64_t w, int64_t h);
// Turns an image upright.
int clg_image_orient(struct clg_image *image, int orientation, const struct clg_log *log);

// clg_picture_load (clgan/data.h) that hands out the decoder's warning instead of logging it.
int clg_picture_load_quietly(const char *path, struct clg_crop crop, int size, int channels, uint8_t *pixels,
                             char warning[CLG_WARNING_BYTES], const struct clg_log *log);
void clg_picture_warning_log(const struct clg_log *log, enum clg_log_level level, const char *path,
                             const char *warning);

// The part of a w x h picture that the crop takes; a box that is not inside is CLG_EFORMAT.
int clg_crop_box(struct clg_crop crop, int w, int h, struct clg_box *box, const char *path,
                 const struct clg_log *log);

// Decodes to `channels` (1 or 3), as stored, JPEG at 1/denominator (1, 2, 4, 8) of its size. `path` is for
// the log.
int clg_jpeg_decode(const uint8_t *bytes, size_t n, const struct clg_picture_header *header, int denominator,
                    int channels, struct clg_image *image, const char *path, const struct clg_log *log);
int clg_png_decode(const uint8_t *bytes, size_t n, const struct clg_picture_header *header, int channels,
                   struct clg_image *image, const char *path, const struct clg_log *log);
// The first frame of an animated file.
int clg_webp_decode(const uint8_t *bytes, size_t n, const struct clg_picture_header *header, int channels,
                    struct clg_image *image, const char *path, const struct clg_log *log);

// Pixels [n][depth] (grey, grey and alpha, colour, colour and alpha) to [n][channels], over white, in place:
// depth must not be smaller than channels.
void clg_pixels_flatten(uint8_t *pixels, size_t n, int depth, int channels);

// Encodes to an open stream.
int clg_jpeg_write(FILE *stream, const uint8_t *pixels, int w, int h, int channels, const char *path,
                   const struct clg_log *log);
int clg_png_write(FILE *stream, const uint8_t *pixels, int w, int h, int channels, const char *path,
                  const struct clg_log *log);

// Resizes the box to pixels [size][size][channels] with a triangle filter as wide as the reduction factor, so
// that nothing aliases; plain bilinear when enlarging. Reads nothing outside the box.
int clg_resize(const struct clg_image *image, struct clg_box box, int size, uint8_t *pixels,
               const struct clg_log *log);

// Rec. 601 luma, the Y of JPEG.
static inline uint8_t clg_luma(int r, int g, int b)
{
    return (uint8_t)((19595 * r + 38470 * g + 7471 * b + 32768) >> 16);
}

#endif
