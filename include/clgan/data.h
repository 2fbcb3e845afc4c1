// Training pictures: a folder of JPEG, PNG and WebP files, or the built-in faces, decoded ahead of time by threads.
#ifndef CLGAN_DATA_H
#define CLGAN_DATA_H

#include <clgan/base.h>

#ifdef __cplusplus
extern "C" {
#endif

enum clg_crop_kind {
    CLG_CROP_CENTER, // the largest centred square
    CLG_CROP_NONE,   // the whole picture, squeezed into the square
    CLG_CROP_BOX,    // a given box, then as CENTER
};
struct clg_crop {
    enum clg_crop_kind kind;
    int w, h, x, y; // BOX, in pixels of the picture as shown: upright, after EXIF's orientation
};
// "none", "center" or "WxH+X+Y".
CLG_API int clg_crop_parse(const char *text, struct clg_crop *crop);

struct clg_data_params {
    const char *path;   // a folder, searched below; or "builtin:faces"
    int size, channels; // of the pictures delivered: size x size x (1 or 3)
    int batch;
    struct clg_crop crop;
    bool flip;      // mirror half of the pictures, chosen by (seed, sample)
    int threads;    // decoding threads, >= 1
    uint64_t seed;  // order and flips
    uint64_t start; // the first sample's number: step * batch when a run resumes
    struct clg_log log;
};
CLG_API struct clg_data_params clg_data_params_default(void);

struct clg_data;
// Sample i depends only on (folder, seed, i): epoch e = i / pictures visits every usable picture once, in an
// order drawn from (seed, e). CLG_EDATA when there are fewer usable pictures than a batch. A picture that
// fails to decode is logged once, counted, and replaced by the next one in the order.
CLG_API int clg_data_open(struct clg_data **data, const struct clg_data_params *params);
CLG_API void clg_data_close(struct clg_data **data);

// The next batch: pixels [batch][size][size][channels], 0..255. Blocks until it is decoded.
CLG_API int clg_data_next(struct clg_data *data, uint8_t *pixels);

struct clg_data_info {
    uint64_t pictures;   // usable pictures in the folder; 0 for the endless built-in set
    uint64_t skipped;    // files skipped so far: named in the log, or counted there by kind
    uint64_t warned;     // pictures read so far with a decoder warning; an info line in the log names each
    double images_per_s; // what one decoding thread delivers, times threads
    double waited_s;     // total time clg_data_next spent waiting
};
CLG_API void clg_data_info(struct clg_data *data, struct clg_data_info *info);

// --- one file ----------------------------------------------------------------------------------
// A JPEG, PNG or WebP file, told by its content (grey, colour, CMYK, 16 bit, palette, alpha over white; the
// first frame of an animation), turned upright by its EXIF orientation, cropped and resized with antialiasing
// to pixels [size][size][channels]. A decoder's complaint about a JPEG that is nevertheless complete is logged
// as a warning; missing data is CLG_EFORMAT.
CLG_API int clg_picture_load(const char *path, struct clg_crop crop, int size, int channels, uint8_t *pixels,
                             const struct clg_log *log);
// Its width and height as shown, upright, without decoding it.
CLG_API int clg_picture_size(const char *path, int *w, int *h, const struct clg_log *log);

// pixels [h][w][channels], channels 1 or 3, to a .png, .jpg or .jpeg file (quality 95), whole or not at all.
CLG_API int clg_picture_save(const char *path, const uint8_t *pixels, int w, int h, int channels,
                             const struct clg_log *log);

// n pictures [n][size][size][channels] as the tiles of one, row by row, in `columns` columns (0: about as
// many as rows), two dark pixels between and around them: grid [h][w][channels]. Ask for the size first:
// CLG_EINVAL when n or size is below 1, columns below 0, or the grid too large (2^31 bytes in colour).
CLG_API int clg_picture_grid_size(int n, int size, int columns, int *w, int *h);
CLG_API void clg_picture_grid(const uint8_t *pictures, int n, int size, int channels, int columns,
                              uint8_t *grid);

// n pixels 0..255 to the values -1..1 that nets read, as in training: (p - 127.5) / 127.5.
CLG_API void clg_picture_values(const uint8_t *pixels, size_t n, float *values);

// Values -1..1, as nets draw them, to pixels 0..255: rounded and clamped; NaN becomes 0.
CLG_API void clg_picture_pixels(const float *values, size_t n, uint8_t *pixels);

// --- the built-in faces ------------------------------------------------------------------------
// Procedural colour faces; face (seed, index) is the same everywhere. Parameters are in 0..1 unless noted.
struct clg_face {
    float skin, hair_tone, hair_length, hair_volume, eye_tone, eye_open, brow, mouth_open;
    float smile;          // -1..1
    float glasses, beard; // 0 or 1
    float age;
    float yaw, pitch, roll;        // pose, -1..1
    float light_x, light_y, light; // direction -1..1, strength 0..1
    float background_r, background_g, background_b;
};
CLG_API struct clg_face clg_face_random(uint64_t seed, uint64_t index);
// pixels [size][size][3], antialiased.
CLG_API void clg_face_draw(const struct clg_face *face, int size, uint8_t *pixels);
// Name and value of every parameter, for label files: i from 0 until NULL.
CLG_API const char *clg_face_parameter(const struct clg_face *face, int i, float *value);

// --- arrays ------------------------------------------------------------------------------------
// NumPy .npy version 1.0 files of little-endian float32, C order. shape has *dims entries, at most 4.
CLG_API int clg_npy_save(const char *path, const float *values, const int64_t *shape, int dims,
                         const struct clg_log *log);
// *values is the caller's: free(). Any other type or order is CLG_EFORMAT.
CLG_API int clg_npy_load(const char *path, float **values, int64_t shape[4], int *dims,
                         const struct clg_log *log);

#ifdef __cplusplus
}
#endif
#endif
