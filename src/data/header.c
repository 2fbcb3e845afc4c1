// What a picture's header says: its kind by its content, then what the codec finds in it.
#include "data/picture.h"

#include "base/file.h"
#include "base/log.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

// How files of each kind begin.
static const struct {
    enum clg_picture_kind kind;
    const char *magic;
    size_t n;
    int (*probe)(FILE *file, struct clg_picture_header *header, const char *path, const struct clg_log *log);
} codecs[] = {
    {CLG_PICTURE_JPEG, "\xff\xd8\xff", 3, clg_jpeg_probe},
    {CLG_PICTURE_PNG, "\x89PNG\r\n\x1a\n", 8, clg_png_probe},
};

// `file` is at its start, and is so again for the codec.
static int header_read(FILE *file, struct clg_picture_header *header, const char *path,
                       const struct clg_log *log)
{
    uint8_t bytes[16];
    const size_t n = fread(bytes, 1, sizeof bytes, file);
    rewind(file);
    for (size_t i = 0; i < sizeof codecs / sizeof *codecs; i++)
        if (n >= codecs[i].n && memcmp(bytes, codecs[i].magic, codecs[i].n) == 0) {
            header->kind = codecs[i].kind;
            return codecs[i].probe(file, header, path, log);
        }
    return clg_fail(log, CLG_EFORMAT, "%s is no usable picture: %s", path,
                    n == 0 ? "the file is empty" : "neither a JPEG nor a PNG file");
}

static void turn_upright(struct clg_picture_header *header)
{
    if (!clg_orientation_turns(header->orientation))
        return;
    const int w = header->w;
    header->w = header->h;
    header->h = w;
}

// `whole`: looks for the orientation in places, too, where reading much of the file is needed.
static int probe(const char *path, bool whole, struct clg_picture_header *header, const struct clg_log *log)
{
    *header = (struct clg_picture_header){.orientation = 1};
    struct stat facts;
    const int fd = clg_file_open(path, &facts, log);
    if (fd < 0)
        return fd;
    FILE *file = fdopen(fd, "rb");
    if (!file) {
        close(fd);
        return clg_fail(log, CLG_ENOMEM, "cannot read %s: %s", path, strerror(errno));
    }
    const int status = header_read(file, header, path, log);
    if (!status && whole && header->kind == CLG_PICTURE_PNG)
        header->orientation = clg_png_late_orientation(file);
    fclose(file);
    if (status)
        return status;
    turn_upright(header);
    if ((int64_t)header->w * header->h > CLG_PICTURE_PIXELS_MAX)
        return clg_fail(log, CLG_EFORMAT, "%s is no usable picture: %d x %d is more than %d million pixels",
                        path, header->w, header->h, CLG_PICTURE_PIXELS_MAX / 1000000);
    return 0;
}

int clg_picture_probe(const char *path, struct clg_picture_header *header, const struct clg_log *log)
{
    return probe(path, true, header, log);
}

int clg_picture_check(const char *path, struct clg_crop crop, const struct clg_log *log)
{
    struct clg_picture_header header;
    struct clg_box box;
    const bool turning_matters = crop.kind == CLG_CROP_BOX;
    const int status = probe(path, turning_matters, &header, log);
    return status ? status : clg_crop_box(crop, header.w, header.h, &box, path, log);
}
