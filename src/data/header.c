// Reads a picture's header: identifies the format, then asks its codec.
#include "data/picture.h"

#include "base/file.h"
#include "base/log.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static const struct {
    int (*probe)(FILE *file, struct clg_picture_header *header, const char *path, const struct clg_log *log);
    int (*late_orientation)(FILE *file); // NULL: the probe finds it
} codecs[] = {
    [CLG_KIND_JPEG] = {clg_jpeg_probe, NULL},
    [CLG_KIND_PNG] = {clg_png_probe, clg_png_late_orientation},
    [CLG_KIND_WEBP] = {clg_webp_probe, clg_webp_late_orientation},
};

// `whole`: also look for the orientation where that means reading most of the file.
static int codec_probe(int fd, bool whole, struct clg_picture_header *header, const char *path,
                       const struct clg_log *log)
{
    FILE *file = fdopen(fd, "rb");
    if (!file) {
        close(fd);
        return clg_fail(log, CLG_ENOMEM, "cannot read %s: %s", path, strerror(errno));
    }
    const int status = codecs[header->kind].probe(file, header, path, log);
    if (!status && whole && codecs[header->kind].late_orientation)
        header->orientation = codecs[header->kind].late_orientation(file);
    fclose(file);
    return status;
}

static void turn_upright(struct clg_picture_header *header)
{
    if (!clg_orientation_turns(header->orientation))
        return;
    const int w = header->w;
    header->w = header->h;
    header->h = w;
}

static int probe(const char *path, bool whole, struct clg_picture_header *header, const struct clg_log *log)
{
    *header = (struct clg_picture_header){.orientation = 1};
    struct stat info;
    const int fd = clg_file_open(path, &info, log);
    if (fd < 0)
        return fd;
    uint8_t bytes[CLG_KIND_BYTES];
    const size_t most = info.st_size < CLG_KIND_BYTES ? (size_t)info.st_size : CLG_KIND_BYTES;
    header->kind = clg_kind_of(bytes, clg_file_prefix(fd, bytes, most), path);
    if (!clg_kind_is_decoded(header->kind)) {
        char refusal[CLG_REFUSAL_BYTES];
        close(fd);
        return clg_fail(log, CLG_EFORMAT, "%s is not a usable picture: %s", path,
                        clg_kind_refusal(header->kind, refusal));
    }
    const int status = codec_probe(fd, whole, header, path, log);
    if (status)
        return status;
    turn_upright(header);
    if ((int64_t)header->w * header->h > CLG_PICTURE_PIXELS_MAX)
        return clg_fail(log, CLG_EFORMAT,
                        "%s is not a usable picture: %d x %d is more than %d million pixels", path, header->w,
                        header->h, CLG_PICTURE_PIXELS_MAX / 1000000);
    return 0;
}

int clg_picture_probe(const char *path, struct clg_picture_header *header, const struct clg_log *log)
{
    return probe(path, true, header, log);
}

int clg_picture_size(const char *path, int *w, int *h, const struct clg_log *log)
{
    struct clg_picture_header header;
    const int status = clg_picture_probe(path, &header, log);
    *w = status ? 0 : header.w;
    *h = status ? 0 : header.h;
    return status;
}

int clg_picture_check(const char *path, struct clg_crop crop, const struct clg_log *log)
{
    enum clg_kind kind;
    return clg_picture_check_kind(path, crop, &kind, log);
}

int clg_picture_check_kind(const char *path, struct clg_crop crop, enum clg_kind *kind,
                           const struct clg_log *log)
{
    struct clg_picture_header header;
    struct clg_box box;
    const bool turning_matters = crop.kind == CLG_CROP_BOX;
    const int status = probe(path, turning_matters, &header, log);
    *kind = header.kind;
    return status ? status : clg_crop_box(crop, header.w, header.h, &box, path, log);
}
