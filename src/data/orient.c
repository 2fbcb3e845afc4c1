// Turns a decoded picture upright.
#include "data/picture.h"

#include "base/log.h"

#include <stdlib.h>
#include <string.h>

// EXIF orientations 1 to 8: where each pixel of the upright picture comes from.
static const struct {
    bool turned;                  // columns and rows are swapped
    bool from_right, from_bottom; // in the picture as stored
} orientations[] = {
    [1] = {false, false, false}, [2] = {false, true, false}, [3] = {false, true, true},
    [4] = {false, false, true},  [5] = {true, false, false}, [6] = {true, false, true},
    [7] = {true, true, true},    [8] = {true, true, false},
};

bool clg_orientation_turns(int orientation)
{
    return orientations[orientation].turned;
}

bool clg_header_fits(const struct clg_picture_header *header, int64_t w, int64_t h)
{
    const bool turned = orientations[header->orientation].turned;
    return w == (turned ? header->h : header->w) && h == (turned ? header->w : header->h);
}

int clg_image_orient(struct clg_image *image, int orientation, const struct clg_log *log)
{
    if (orientation == 1)
        return 0;
    const bool turned = orientations[orientation].turned;
    const int w = turned ? image->h : image->w, h = turned ? image->w : image->h;
    const size_t channels = (size_t)image->channels, pitch = (size_t)image->w * channels;
    uint8_t *upright = malloc(pitch * (size_t)image->h), *to = upright;
    if (!upright)
        return clg_fail(log, CLG_ENOMEM, "out of memory turning a picture of %d x %d", w, h);
    for (int y = 0; y < h; y++)
        for (int x = 0; x < w; x++, to += channels) {
            int from_x = turned ? y : x, from_y = turned ? x : y;
            if (orientations[orientation].from_right)
                from_x = image->w - 1 - from_x;
            if (orientations[orientation].from_bottom)
                from_y = image->h - 1 - from_y;
            memcpy(to, image->pixels + (size_t)from_y * pitch + (size_t)from_x * channels, channels);
        }
    free(image->pixels);
    image->pixels = upright;
    image->w = w;
    image->h = h;
    return 0;
}
