// Animated PNG: every frame is encoded as a PNG of its own and its pixel chunks are repackaged. Programs that
// do not know the animation chunks see the first frame. Format: PNG third edition (W3C), 4.9 and 11.3.5.
#include <clgan/pictures.h>

#include "base/file.h"
#include "base/log.h"
#include "data/picture.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum {
    SIGNATURE = 8, // bytes before the first chunk
    AROUND = 12,   // bytes of a chunk besides its data: length and type before, checksum after
    TICKS = 600,   // a frame lasts TICKS / round(TICKS * fps) seconds: both fit 16 bits
};

// An animation being written. `sequence` numbers its animation chunks.
struct animation {
    FILE *stream;
    const struct clg_log *log;
    const char *path;
    int w, h, channels;
    uint16_t ticks_per_s;
    uint32_t sequence;
};

static void u32_put(uint8_t *to, uint32_t v)
{
    for (int i = 0; i < 4; i++)
        to[i] = (uint8_t)(v >> (24 - 8 * i));
}

static uint32_t u32_get(const uint8_t *from)
{
    return (uint32_t)from[0] << 24 | (uint32_t)from[1] << 16 | (uint32_t)from[2] << 8 | from[3];
}

// A chunk whose data comes in two parts; the second may be empty. Errors stay in the stream.
static void chunk_write(FILE *stream, const char *type, const uint8_t *head, size_t head_n,
                        const uint8_t *rest, size_t rest_n)
{
    uint8_t start[8], end[4];
    u32_put(start, (uint32_t)(head_n + rest_n));
    memcpy(start + 4, type, 4);
    uLong sum = crc32(crc32(0, start + 4, 4), head, (uInt)head_n);
    fwrite(start, 1, sizeof start, stream);
    fwrite(head, 1, head_n, stream);
    if (rest_n) {
        sum = crc32(sum, rest, (uInt)rest_n);
        fwrite(rest, 1, rest_n, stream);
    }
    u32_put(end, (uint32_t)sum);
    fwrite(end, 1, sizeof end, stream);
}

static void control_write(struct animation *a)
{
    uint8_t data[26] = {0}; // the whole picture, nothing kept of the frame before
    u32_put(data, a->sequence++);
    u32_put(data + 4, (uint32_t)a->w);
    u32_put(data + 8, (uint32_t)a->h);
    data[20] = TICKS >> 8;
    data[21] = TICKS & 255;
    data[22] = (uint8_t)(a->ticks_per_s >> 8);
    data[23] = (uint8_t)(a->ticks_per_s & 255);
    chunk_write(a->stream, "fcTL", data, sizeof data, NULL, 0);
}

// The picture as the bytes of a PNG file; the caller frees them.
static int frame_encode(const struct animation *a, const uint8_t *pixels, char **bytes, size_t *n)
{
    FILE *memory = open_memstream(bytes, n);
    if (!memory)
        return clg_fail(a->log, CLG_ENOMEM, "out of memory writing %s", a->path);
    int status = clg_png_write(memory, pixels, a->w, a->h, a->channels, a->path, a->log);
    if (fclose(memory) && !status)
        status = clg_fail(a->log, CLG_ENOMEM, "out of memory writing %s", a->path);
    return status;
}

static void pixels_write(struct animation *a, const uint8_t *data, size_t n, bool first)
{
    uint8_t sequence[4];
    if (first) {
        chunk_write(a->stream, "IDAT", data, n, NULL, 0);
        return;
    }
    u32_put(sequence, a->sequence++);
    chunk_write(a->stream, "fdAT", sequence, sizeof sequence, data, n);
}

// The first frame also writes the header, which all frames share, and the number of frames.
static void frame_write(struct animation *a, const uint8_t *bytes, size_t size, int i, int n)
{
    if (i == 0) {
        uint8_t control[8] = {0}; // 0 plays: forever
        u32_put(control, (uint32_t)n);
        fwrite(bytes, 1, SIGNATURE + AROUND + u32_get(bytes + SIGNATURE), a->stream);
        chunk_write(a->stream, "acTL", control, sizeof control, NULL, 0);
    }
    control_write(a);
    for (size_t at = SIGNATURE; at < size; at += AROUND + u32_get(bytes + at))
        if (!memcmp(bytes + at + 4, "IDAT", 4))
            pixels_write(a, bytes + at + 8, u32_get(bytes + at), i == 0);
}

static int frames_write(struct animation *a, const uint8_t *pixels, int n)
{
    const size_t frame = (size_t)a->w * (size_t)a->h * (size_t)a->channels;
    for (int i = 0; i < n; i++) {
        char *bytes = NULL;
        size_t size = 0;
        int status = frame_encode(a, pixels + (size_t)i * frame, &bytes, &size);
        if (!status)
            frame_write(a, (const uint8_t *)bytes, size, i, n);
        free(bytes);
        if (status)
            return status;
    }
    chunk_write(a->stream, "IEND", (const uint8_t *)"", 0, NULL, 0);
    return 0;
}

int clg_picture_animate(const char *path, const uint8_t *pixels, int n, int w, int h, int channels,
                        double fps, const struct clg_log *log)
{
    if (n < 1 || w < 1 || h < 1 || w > CLG_PICTURE_SIDE_MAX || h > CLG_PICTURE_SIDE_MAX ||
        (channels != 1 && channels != 3) || !(fps >= 0.1 && fps <= 100))
        return clg_fail(
            log, CLG_EINVAL,
            "cannot save %s: %d frames of %d x %d x %d, %g a second; it takes 1 or more frames of "
            "1 to %d by 1 to %d by 1 or 3, 0.1 to 100 a second",
            path, n, w, h, channels, fps, CLG_PICTURE_SIDE_MAX, CLG_PICTURE_SIDE_MAX);
    if (!clg_path_ends(path, ".png") && !clg_path_ends(path, ".apng"))
        return clg_fail(log, CLG_EINVAL, "cannot save %s: end its name with .png or .apng", path);
    struct clg_file file;
    int status = clg_file_create(&file, path, log);
    if (status)
        return status;
    struct animation a = {.stream = file.stream,
                          .log = log,
                          .path = path,
                          .w = w,
                          .h = h,
                          .channels = channels,
                          .ticks_per_s = (uint16_t)lround(TICKS * fps)};
    status = frames_write(&a, pixels, n);
    if (status) {
        clg_file_abort(&file);
        return status;
    }
    return clg_file_commit(&file, log);
}
