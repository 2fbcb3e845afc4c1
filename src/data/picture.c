// One picture file: cropped, resized and loaded; or saved.
#include "data/picture.h"

#include "base/file.h"
#include "base/log.h"

#include <stdlib.h>
#include <string.h>

#define FILE_LIMIT ((size_t)1 << 30)

// A picture reduced while decoding stays at least this many times larger than the requested size.
enum { REDUCTION_LEFT = 3 };

int clg_crop_box(struct clg_crop crop, int w, int h, struct clg_box *box, const char *path,
                 const struct clg_log *log)
{
    int x = 0, y = 0;
    if (crop.kind == CLG_CROP_BOX) {
        if (crop.x < 0 || crop.y < 0 || crop.w < 1 || crop.h < 1 || crop.w > w - crop.x ||
            crop.h > h - crop.y)
            return clg_fail(log, CLG_EFORMAT, "%s is %d x %d: the crop %dx%d+%d+%d is not inside", path, w, h,
                            crop.w, crop.h, crop.x, crop.y);
        x = crop.x;
        y = crop.y;
        w = crop.w;
        h = crop.h;
    }
    if (crop.kind != CLG_CROP_NONE) {
        int side = w < h ? w : h;
        x += (w - side) / 2;
        y += (h - side) / 2;
        w = h = side;
    }
    *box = (struct clg_box){.x = x, .y = y, .w = w, .h = h};
    return 0;
}

// How far to reduce a JPEG while decoding, which is far cheaper than afterwards. The decoder cuts off high
// frequencies sharply, the triangle filter softly: leave enough to the filter that JPEG and PNG files of the
// same picture come out alike.
static int denominator_choose(const struct clg_box *box, int size)
{
    double side = box->w < box->h ? box->w : box->h;
    int denominator = 8;
    while (denominator > 1 && side / denominator < REDUCTION_LEFT * size)
        denominator /= 2;
    return denominator;
}

static int picture_decode(const char *path, const struct clg_picture_header *header, int denominator,
                          int channels, struct clg_image *image, const struct clg_log *log)
{
    char *bytes;
    size_t n;
    int status = clg_file_read(path, FILE_LIMIT, &bytes, &n, log);
    if (status)
        return status;
    if (header->kind == CLG_KIND_JPEG)
        status = clg_jpeg_decode((uint8_t *)bytes, n, header, denominator, channels, image, path, log);
    else if (header->kind == CLG_KIND_WEBP)
        status = clg_webp_decode((uint8_t *)bytes, n, header, channels, image, path, log);
    else
        status = clg_png_decode((uint8_t *)bytes, n, header, channels, image, path, log);
    free(bytes);
    return status;
}

// Converts the box from the file's pixels to those of the decoded image. A reduced image has one pixel for
// every denominator x denominator of the file, with a partial one at the right and bottom edges.
static struct clg_box box_on(const struct clg_image *image, const struct clg_picture_header *header,
                             int denominator, struct clg_box box)
{
    const bool whole = image->w == header->w && image->h == header->h; // lossless JPEG cannot be reduced
    const double scale = whole ? 1 : 1.0 / denominator;
    return (struct clg_box){box.x * scale, box.y * scale, box.w * scale, box.h * scale};
}

int clg_picture_load_quietly(const char *path, struct clg_crop crop, int size, int channels, uint8_t *pixels,
                             char warning[CLG_WARNING_BYTES], const struct clg_log *log)
{
    warning[0] = 0;
    if (size < 1 || size > CLG_PICTURE_SIDE_MAX || (channels != 1 && channels != 3))
        return clg_fail(log, CLG_EINVAL,
                        "cannot load %s as %d x %d x %d: size must be 1 to %d, channels 1 or 3", path, size,
                        size, channels, CLG_PICTURE_SIDE_MAX);
    struct clg_picture_header header;
    struct clg_box box;
    struct clg_image image = {0};
    int status = clg_picture_probe(path, &header, log);
    if (!status)
        status = clg_crop_box(crop, header.w, header.h, &box, path, log);
    if (status)
        return status;
    const int denominator = header.kind == CLG_KIND_JPEG ? denominator_choose(&box, size) : 1;
    status = picture_decode(path, &header, denominator, channels, &image, log);
    if (!status)
        status = clg_image_orient(&image, header.orientation, log);
    if (!status)
        status = clg_resize(&image, box_on(&image, &header, denominator, box), size, pixels, log);
    if (!status)
        memcpy(warning, image.warning, CLG_WARNING_BYTES);
    free(image.pixels);
    return status;
}

void clg_picture_warning_log(const struct clg_log *log, enum clg_log_level level, const char *path,
                             const char *warning)
{
    clg_log_line(log, level, "%s was read, but its decoder warns: %s", path, warning);
}

int clg_picture_load(const char *path, struct clg_crop crop, int size, int channels, uint8_t *pixels,
                     const struct clg_log *log)
{
    char warning[CLG_WARNING_BYTES];
    const int status = clg_picture_load_quietly(path, crop, size, channels, pixels, warning, log);
    if (!status && warning[0])
        clg_picture_warning_log(log, CLG_LOG_WARNING, path, warning);
    return status;
}

int clg_picture_save(const char *path, const uint8_t *pixels, int w, int h, int channels,
                     const struct clg_log *log)
{
    if (w < 1 || h < 1 || w > CLG_PICTURE_SIDE_MAX || h > CLG_PICTURE_SIDE_MAX ||
        (channels != 1 && channels != 3))
        return clg_fail(log, CLG_EINVAL, "cannot save %s: %d x %d x %d is not 1 to %d by 1 to %d by 1 or 3",
                        path, w, h, channels, CLG_PICTURE_SIDE_MAX, CLG_PICTURE_SIDE_MAX);
    bool png = clg_path_ends(path, ".png");
    if (!png && !clg_path_ends(path, ".jpg") && !clg_path_ends(path, ".jpeg"))
        return clg_fail(log, CLG_EINVAL, "cannot save %s: end its name with .png, .jpg or .jpeg", path);
    struct clg_file file;
    int status = clg_file_create(&file, path, log);
    if (status)
        return status;
    status = png ? clg_png_write(file.stream, pixels, w, h, channels, path, log)
                 : clg_jpeg_write(file.stream, pixels, w, h, channels, path, log);
    if (status) {
        clg_file_abort(&file);
        return status;
    }
    return clg_file_commit(&file, log);
}
