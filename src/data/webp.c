// WebP by libwebp: the only file that knows it.
#include "data/picture.h"

#include "base/log.h"

#include <stdlib.h>
#include <string.h>
#include <webp/decode.h>
#include <webp/demux.h>

enum {
    EXIF_MAX = 1 << 16, // bytes of EXIF that are read: the orientation is near the beginning
    CHUNKS_AT = 12,     // behind "RIFF", the size, "WEBP"
    HAS_EXIF = 0x08,    // of the extended header's flags
};

// --- the header --------------------------------------------------------------------------------

int clg_webp_probe(FILE *file, struct clg_picture_header *header, const char *path, const struct clg_log *log)
{
    uint8_t bytes[4096];
    WebPBitstreamFeatures features;
    const size_t n = fread(bytes, 1, sizeof bytes, file);
    const VP8StatusCode status = WebPGetFeatures(bytes, n, &features);
    if (status != VP8_STATUS_OK)
        return clg_fail(log, CLG_EFORMAT, "%s is not a usable picture: %s", path,
                        status == VP8_STATUS_NOT_ENOUGH_DATA ? "the file ends inside its header"
                                                             : "a WebP with a damaged header");
    header->w = features.width;
    header->h = features.height;
    return 0;
}

static uint32_t le32(const uint8_t *p)
{
    return (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0];
}

static int chunk_orientation(FILE *file, size_t n)
{
    const size_t most = n < EXIF_MAX ? n : EXIF_MAX;
    uint8_t *bytes = malloc(most + 1);
    const int orientation = bytes ? clg_exif_orientation(bytes, fread(bytes, 1, most, file)) : 1;
    free(bytes);
    return orientation;
}

// Only extended files have EXIF data, mostly after the pixels.
int clg_webp_late_orientation(FILE *file)
{
    uint8_t head[8], flags; // name and length
    off_t at = CHUNKS_AT;
    if (fseeko(file, at, SEEK_SET) || fread(head, 1, sizeof head, file) != sizeof head ||
        memcmp(head, "VP8X", 4) != 0 || fread(&flags, 1, 1, file) != 1 || !(flags & HAS_EXIF))
        return 1;
    while (fseeko(file, at, SEEK_SET) == 0 && fread(head, 1, sizeof head, file) == sizeof head) {
        const uint32_t n = le32(head + 4);
        if (memcmp(head, "EXIF", 4) == 0)
            return chunk_orientation(file, n);
        at += (off_t)sizeof head + n + (n & 1);
    }
    return 1;
}

// --- pixels ------------------------------------------------------------------------------------

// The result of decoding: pixels [h][w][depth], or the reason for failure.
struct outcome {
    uint8_t *pixels;
    int w, h, depth;
    const char *reason; // NULL: memory is out
};

static bool fail(struct outcome *o, const char *reason)
{
    o->reason = reason;
    return false;
}

static bool pixels_get(struct outcome *o, const struct clg_picture_header *header, int w, int h, int depth)
{
    if (!clg_header_fits(header, w, h))
        return fail(o, "it changed while it was read");
    o->w = w;
    o->h = h;
    o->depth = depth;
    o->pixels = calloc((size_t)w * (size_t)h, (size_t)depth);
    return o->pixels != NULL;
}

static bool still_decode(const uint8_t *bytes, size_t n, const struct clg_picture_header *header,
                         WebPDecoderConfig *config, struct outcome *o)
{
    const WebPBitstreamFeatures *is = &config->input;
    if (!pixels_get(o, header, is->width, is->height, is->has_alpha ? 4 : 3))
        return false;
    config->output.colorspace = o->depth == 4 ? MODE_RGBA : MODE_RGB;
    config->output.is_external_memory = 1;
    config->output.u.RGBA.rgba = o->pixels;
    config->output.u.RGBA.stride = o->w * o->depth;
    config->output.u.RGBA.size = (size_t)o->w * (size_t)o->h * (size_t)o->depth;
    const VP8StatusCode status = WebPDecode(bytes, n, config);
    if (status == VP8_STATUS_OUT_OF_MEMORY)
        return fail(o, NULL);
    if (status == VP8_STATUS_NOT_ENOUGH_DATA || status == VP8_STATUS_SUSPENDED)
        return fail(o, "the file ends early");
    return status == VP8_STATUS_OK || fail(o, "its data is damaged");
}

// The first frame of an animation, on a transparent canvas.
static bool frame_decode(const uint8_t *bytes, size_t n, const struct clg_picture_header *header,
                         struct outcome *o)
{
    const WebPData data = {bytes, n};
    WebPAnimDecoder *decoder = WebPAnimDecoderNew(&data, NULL); // RGBA
    WebPAnimInfo info;
    uint8_t *canvas;
    int time;
    bool ok = decoder || fail(o, "the file ends early, or its data is damaged");
    if (ok && !WebPAnimDecoderGetInfo(decoder, &info))
        ok = fail(o, "its data is damaged");
    if (ok)
        ok = pixels_get(o, header, (int)info.canvas_width, (int)info.canvas_height, 4);
    if (ok && !WebPAnimDecoderGetNext(decoder, &canvas, &time))
        ok = fail(o, "its first frame is damaged");
    if (ok)
        memcpy(o->pixels, canvas, (size_t)o->w * (size_t)o->h * 4);
    WebPAnimDecoderDelete(decoder);
    return ok;
}

static bool decode(const uint8_t *bytes, size_t n, const struct clg_picture_header *header, struct outcome *o)
{
    WebPDecoderConfig config;
    if (!WebPInitDecoderConfig(&config))
        return fail(o, "the installed libwebp differs from the version clgan was built for");
    if (WebPGetFeatures(bytes, n, &config.input) != VP8_STATUS_OK)
        return fail(o, "its header is damaged");
    return config.input.has_animation ? frame_decode(bytes, n, header, o)
                                      : still_decode(bytes, n, header, &config, o);
}

int clg_webp_decode(const uint8_t *bytes, size_t n, const struct clg_picture_header *header, int channels,
                    struct clg_image *image, const char *path, const struct clg_log *log)
{
    struct outcome o = {0};
    if (!decode(bytes, n, header, &o)) {
        free(o.pixels);
        if (!o.reason)
            return clg_fail(log, CLG_ENOMEM, "out of memory decoding %s (%d x %d)", path, header->w,
                            header->h);
        return clg_fail(log, CLG_EFORMAT, "%s is a broken WebP: %s", path, o.reason);
    }
    clg_pixels_flatten(o.pixels, (size_t)o.w * (size_t)o.h, o.depth, channels);
    *image = (struct clg_image){.w = o.w, .h = o.h, .channels = channels, .pixels = o.pixels};
    return 0;
}
