// Turns what nets draw into pictures, and many pictures into the tiles of one.
#include <clgan/data.h>

#include <string.h>

enum { BORDER = 2, BACKGROUND = 0x20 };

// The smallest square number of tiles that holds n.
static int square_side(int n)
{
    int side = 1;
    while ((int64_t)side * side < n)
        side++;
    return side;
}

int clg_picture_grid_size(int n, int size, int columns, int *w, int *h)
{
    *w = *h = 0;
    if (n < 1 || size < 1 || columns < 0)
        return CLG_EINVAL;
    int64_t across = columns ? columns : square_side(n), down = (n + across - 1) / across;
    int64_t width = across * (size + (int64_t)BORDER) + BORDER,
            height = down * (size + (int64_t)BORDER) + BORDER;
    if (width > INT32_MAX || height > INT32_MAX || width * height > INT32_MAX / 3)
        return CLG_EINVAL;
    *w = (int)width;
    *h = (int)height;
    return 0;
}

void clg_picture_grid(const uint8_t *pictures, int n, int size, int channels, int columns, uint8_t *grid)
{
    int w, h;
    if (clg_picture_grid_size(n, size, columns, &w, &h))
        return;
    memset(grid, BACKGROUND, (size_t)w * (size_t)h * (size_t)channels);
    int across = (w - BORDER) / (size + BORDER);
    size_t line = (size_t)size * (size_t)channels;
    for (int i = 0; i < n; i++) {
        size_t left = BORDER + (size_t)(i % across) * (size_t)(size + BORDER);
        size_t top = BORDER + (size_t)(i / across) * (size_t)(size + BORDER);
        for (int y = 0; y < size; y++)
            memcpy(grid + ((top + (size_t)y) * (size_t)w + left) * (size_t)channels,
                   pictures + ((size_t)i * (size_t)size + (size_t)y) * line, line);
    }
}

void clg_picture_values(const uint8_t *pixels, size_t n, float *values)
{
    for (size_t i = 0; i < n; i++)
        values[i] = (pixels[i] - 127.5f) / 127.5f;
}

void clg_picture_pixels(const float *values, size_t n, uint8_t *pixels)
{
    for (size_t i = 0; i < n; i++) {
        float v = (values[i] + 1) * 127.5f;
        pixels[i] = v >= 255 ? 255 : v > 0 ? (uint8_t)(v + 0.5f) : 0;
    }
}
