// JPEG by libjpeg-turbo's TurboJPEG interface: the only file that knows it.
#include "data/picture.h"

#include "base/log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <turbojpeg.h>

enum { QUALITY = 95 };

// Four bytes of ink to colour or grey. Adobe stores inks inverted: 255 is none, so that a product gives the
// light.
static void inks_to_light(const uint8_t *inks, size_t n, bool inverted, int channels, uint8_t *out)
{
    int flip = inverted ? 0 : 255;
    for (size_t i = 0; i < n; i++) {
        int k = inks[4 * i + 3] ^ flip, rgb[3];
        for (int c = 0; c < 3; c++)
            rgb[c] = ((inks[4 * i + (size_t)c] ^ flip) * k + 127) / 255;
        if (channels == 1)
            out[i] = clg_luma(rgb[0], rgb[1], rgb[2]);
        else
            for (size_t c = 0; c < 3; c++)
                out[3 * i + c] = (uint8_t)rgb[c];
    }
}

int clg_jpeg_decode(const uint8_t *bytes, size_t n, const struct clg_picture_header *header, int denominator,
                    int channels, struct clg_image *image, const char *path, const struct clg_log *log)
{
    bool inks = header->components == 4;
    int depth = inks ? 4 : channels;
    int w = (header->w + denominator - 1) / denominator;
    int h = (header->h + denominator - 1) / denominator;
    tjhandle decoder = tjInitDecompress();
    uint8_t *pixels = calloc((size_t)w * (size_t)h, (size_t)depth);
    int status = 0;
    if (!decoder || !pixels) {
        status = clg_fail(log, CLG_ENOMEM, "out of memory decoding %s (%d x %d)", path, w, h);
        goto done;
    }
    // The decoder picks the reduction that fits into w x h. A warning means damaged data: counted as broken.
    int format = inks ? TJPF_CMYK : channels == 1 ? TJPF_GRAY : TJPF_RGB;
    if (tjDecompress2(decoder, bytes, (unsigned long)n, pixels, w, w * depth, h, format,
                      TJFLAG_STOPONWARNING | TJFLAG_LIMITSCANS)) {
        status = clg_fail(log, CLG_EFORMAT, "%s is a broken JPEG: %s", path, tjGetErrorStr2(decoder));
        goto done;
    }
    if (inks) // in place: fewer bytes go out than come in
        inks_to_light(pixels, (size_t)w * (size_t)h, header->adobe, channels, pixels);
    *image = (struct clg_image){.w = w, .h = h, .channels = channels, .pixels = pixels};
    pixels = NULL;
done:
    free(pixels);
    if (decoder)
        tjDestroy(decoder);
    return status;
}

int clg_jpeg_write(FILE *stream, const uint8_t *pixels, int w, int h, int channels, const char *path,
                   const struct clg_log *log)
{
    tjhandle encoder = tjInitCompress();
    if (!encoder)
        return clg_fail(log, CLG_ENOMEM, "out of memory writing %s", path);
    unsigned char *bytes = NULL;
    unsigned long n = 0;
    int status = 0;
    if (tjCompress2(encoder, pixels, w, w * channels, h, channels == 1 ? TJPF_GRAY : TJPF_RGB, &bytes, &n,
                    channels == 1 ? TJSAMP_GRAY : TJSAMP_444, QUALITY, 0))
        status = clg_fail(log, CLG_EIO, "cannot encode %s: %s", path, tjGetErrorStr2(encoder));
    else if (fwrite(bytes, 1, n, stream) != n)
        status = clg_fail(log, CLG_EIO, "cannot write %s: %s", path, strerror(errno));
    tjFree(bytes);
    tjDestroy(encoder);
    return status;
}
