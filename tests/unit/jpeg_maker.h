// JPEG files for tests, as encoders of all sorts write them.
#ifndef CLG_TESTS_JPEG_MAKER_H
#define CLG_TESTS_JPEG_MAKER_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>

struct jpeg_maker {
    int depth;            // bytes of a pixel
    J_COLOR_SPACE in;     // what they are
    J_COLOR_SPACE stored; // what they become in the file
    int sampling;         // 2: colour at half the size
    bool progressive, arithmetic;
    int restart_rows;
};

static const struct jpeg_maker jpeg_grey = {1, JCS_GRAYSCALE, JCS_GRAYSCALE, 1, false, false, 0};
static const struct jpeg_maker jpeg_colour = {3, JCS_RGB, JCS_YCbCr, 1, false, false, 0};
static const struct jpeg_maker jpeg_inks = {4, JCS_CMYK, JCS_YCCK, 1, false, false, 0};

// The file's bytes: free().
static inline uint8_t *jpeg_encode(const struct jpeg_maker *m, const uint8_t *pixels, int w, int h,
                                   int quality, size_t *n)
{
    struct jpeg_compress_struct jpeg = {0};
    struct jpeg_error_mgr errors; // an error ends the test
    unsigned char *bytes = NULL;
    unsigned long size = 0;
    jpeg.err = jpeg_std_error(&errors);
    jpeg_create_compress(&jpeg);
    jpeg_mem_dest(&jpeg, &bytes, &size);
    jpeg.image_width = (JDIMENSION)w;
    jpeg.image_height = (JDIMENSION)h;
    jpeg.input_components = m->depth;
    jpeg.in_color_space = m->in;
    jpeg_set_defaults(&jpeg);
    jpeg_set_colorspace(&jpeg, m->stored);
    jpeg_set_quality(&jpeg, quality, TRUE);
    for (int c = 0; c < jpeg.num_components; c++)
        jpeg.comp_info[c].h_samp_factor = jpeg.comp_info[c].v_samp_factor = c ? 1 : m->sampling;
    jpeg.arith_code = m->arithmetic;
    jpeg.restart_in_rows = m->restart_rows;
    if (m->progressive)
        jpeg_simple_progression(&jpeg);
    jpeg_start_compress(&jpeg, TRUE);
    while (jpeg.next_scanline < jpeg.image_height) {
        JSAMPROW row = (JSAMPROW)(uintptr_t)(pixels + jpeg.next_scanline * (size_t)w * (size_t)m->depth);
        jpeg_write_scanlines(&jpeg, &row, 1);
    }
    jpeg_finish_compress(&jpeg);
    jpeg_destroy_compress(&jpeg);
    *n = size;
    return bytes;
}

// Where the first marker of this kind is, from `at` on; n when there is none.
static inline size_t jpeg_marker(const uint8_t *bytes, size_t n, size_t at, int marker)
{
    while (at + 1 < n && !(bytes[at] == 0xff && bytes[at + 1] == marker))
        at++;
    return at + 1 < n ? at : n;
}

// `bytes` in which `removed` bytes at `at` gave place to others: free().
static inline uint8_t *bytes_replaced(const uint8_t *bytes, size_t *n, size_t at, size_t removed,
                                      const void *others, size_t others_n)
{
    uint8_t *made = malloc(*n - removed + others_n);
    memcpy(made, bytes, at);
    memcpy(made + at, others, others_n);
    memcpy(made + at + others_n, bytes + at + removed, *n - at - removed);
    *n += others_n - removed;
    return made;
}

#endif
