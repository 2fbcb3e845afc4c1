// What a picture's header says: its kind and size, found without decoding anything.
#include "data/picture.h"

#include "base/file.h"
#include "base/log.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FIRST_READ = 4096, LONGEST_READ = 8 << 20 };

// What parsing a file's beginning gave.
enum parse { PARSED, NEEDS_MORE, REFUSED };

static int be16(const uint8_t *p)
{
    return p[0] << 8 | p[1];
}

static uint32_t be32(const uint8_t *p)
{
    return (uint32_t)be16(p) << 16 | (uint32_t)be16(p + 2);
}

static bool marker_is_frame(int marker)
{
    return marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc;
}

static enum parse frame_parse(const uint8_t *segment, struct clg_picture_header *header, const char **reason)
{
    int precision = segment[4];
    header->h = be16(segment + 5);
    header->w = be16(segment + 7);
    header->components = segment[9];
    *reason = precision != 8                     ? "not an 8-bit JPEG"
              : header->w == 0 || header->h == 0 ? "a JPEG without size"
              : header->components != 1 && header->components != 3 && header->components != 4
                  ? "a JPEG with an unusual number of colours"
                  : NULL;
    return *reason ? REFUSED : PARSED;
}

// Walks the marker segments up to the frame header; of four-colour files on to the scan, looking for Adobe's
// marker.
static enum parse jpeg_parse(const uint8_t *bytes, size_t n, struct clg_picture_header *header,
                             const char **reason)
{
    header->kind = CLG_PICTURE_JPEG;
    bool framed = false;
    *reason = "a JPEG without a frame header";
    for (size_t at = 2; at + 4 <= n;) {
        if (bytes[at] != 0xff) {
            *reason = "a JPEG with a damaged header";
            return REFUSED;
        }
        int marker = bytes[at + 1];
        if (marker == 0xff) { // padding
            at++;
            continue;
        }
        if (marker == 0x01 || (marker >= 0xd0 && marker <= 0xd7)) { // these have no length
            at += 2;
            continue;
        }
        if (marker == 0xda || marker == 0xd9)
            return framed ? PARSED : REFUSED;
        size_t length = (size_t)be16(bytes + at + 2);
        if (length < 2 || (marker_is_frame(marker) && length < 8)) {
            *reason = "a JPEG with a damaged header";
            return REFUSED;
        }
        if (at + 2 + length > n)
            return NEEDS_MORE;
        if (marker == 0xee && length >= 14 && memcmp(bytes + at + 4, "Adobe", 5) == 0)
            header->adobe = true;
        if (marker_is_frame(marker)) {
            enum parse status = frame_parse(bytes + at, header, reason);
            if (status == REFUSED || header->components != 4)
                return status;
            framed = true;
        }
        at += 2 + length;
    }
    return NEEDS_MORE;
}

static enum parse png_parse(const uint8_t *bytes, size_t n, struct clg_picture_header *header,
                            const char **reason)
{
    header->kind = CLG_PICTURE_PNG;
    if (n < 24)
        return NEEDS_MORE;
    uint32_t w = be32(bytes + 16), h = be32(bytes + 20);
    if (memcmp(bytes + 12, "IHDR", 4) != 0 || w == 0 || h == 0 || w > INT32_MAX || h > INT32_MAX) {
        *reason = "a PNG with a damaged header";
        return REFUSED;
    }
    header->w = (int)w;
    header->h = (int)h;
    return PARSED;
}

static enum parse any_parse(const uint8_t *bytes, size_t n, struct clg_picture_header *header,
                            const char **reason)
{
    *header = (struct clg_picture_header){0};
    if (n >= 3 && memcmp(bytes, "\xff\xd8\xff", 3) == 0)
        return jpeg_parse(bytes, n, header, reason);
    if (n >= 8 && memcmp(bytes, "\x89PNG\r\n\x1a\n", 8) == 0)
        return png_parse(bytes, n, header, reason);
    *reason = n == 0 ? "the file is empty" : "neither a JPEG nor a PNG file";
    return REFUSED;
}

// The second, long read: photographs can carry thumbnails and colour profiles in front of the frame header.
static enum parse long_parse(int fd, struct clg_picture_header *header, const char **reason)
{
    struct stat facts;
    size_t size = fstat(fd, &facts) == 0 && facts.st_size > 0 ? (size_t)facts.st_size : 0;
    if (size > LONGEST_READ)
        size = LONGEST_READ;
    uint8_t *bytes = malloc(size + 1);
    if (!bytes) {
        *reason = "no memory for its header";
        return REFUSED;
    }
    enum parse status = any_parse(bytes, clg_file_prefix(fd, bytes, size), header, reason);
    free(bytes);
    return status;
}

int clg_picture_probe(const char *path, struct clg_picture_header *header, const struct clg_log *log)
{
    struct stat facts;
    const int fd = clg_file_open(path, &facts, log);
    if (fd < 0)
        return fd;
    uint8_t bytes[FIRST_READ];
    const char *reason = NULL;
    size_t n = clg_file_prefix(fd, bytes, sizeof bytes);
    enum parse status = any_parse(bytes, n, header, &reason);
    if (status == NEEDS_MORE && n == sizeof bytes)
        status = long_parse(fd, header, &reason);
    close(fd);
    if (status == NEEDS_MORE)
        reason = "the file ends inside its header";
    if (status != PARSED)
        return clg_fail(log, CLG_EFORMAT, "%s is no usable picture: %s", path, reason);
    if ((int64_t)header->w * header->h > CLG_PICTURE_PIXELS_MAX)
        return clg_fail(log, CLG_EFORMAT, "%s is no usable picture: %d x %d is more than %d million pixels",
                        path, header->w, header->h, CLG_PICTURE_PIXELS_MAX / 1000000);
    return 0;
}
