// Converts pixels of any depth to grey or colour, transparency over white.
#include "data/picture.h"

static int over_white(int value, int alpha)
{
    return (value * alpha + 255 * (255 - alpha) + 127) / 255;
}

void clg_pixels_flatten(uint8_t *pixels, size_t n, int depth, int channels)
{
    if (depth == channels)
        return;
    int colours = depth >= 3 ? 3 : 1;
    const uint8_t *in = pixels;
    uint8_t *out = pixels;
    for (size_t i = 0; i < n; i++, in += depth, out += channels) {
        int alpha = depth > colours ? in[colours] : 255, v[3] = {0};
        for (int c = 0; c < colours; c++)
            v[c] = over_white(in[c], alpha);
        if (channels == 1)
            out[0] = colours == 1 ? (uint8_t)v[0] : clg_luma(v[0], v[1], v[2]);
        else
            for (int c = 0; c < 3; c++)
                out[c] = (uint8_t)v[c];
    }
}
