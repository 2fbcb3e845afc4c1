// The one EXIF field that matters here: the picture's orientation.
#include "data/picture.h"

#include <string.h>

enum { ORIENTATION = 0x0112, SHORT = 3, LONG = 4, ENTRY_BYTES = 12 };

// EXIF is a TIFF file: numbers in one of two byte orders.
struct tiff {
    const uint8_t *bytes;
    size_t n;
    bool little;
};

// The `width`-byte number at `at`; 0 past the end.
static uint32_t number(const struct tiff *tiff, size_t at, size_t width)
{
    uint32_t value = 0;
    if (at > tiff->n || width > tiff->n - at)
        return 0;
    for (size_t i = 0; i < width; i++)
        value = value << 8 | tiff->bytes[at + (tiff->little ? width - 1 - i : i)];
    return value;
}

int clg_exif_orientation(const uint8_t *bytes, size_t n)
{
    struct tiff tiff = {.bytes = bytes, .n = n};
    if (n >= 6 && memcmp(bytes, "Exif\0", 6) == 0) {
        tiff.bytes += 6;
        tiff.n -= 6;
    }
    if (tiff.n < 8)
        return 1;
    tiff.little = tiff.bytes[0] == 'I';
    if (memcmp(tiff.bytes, tiff.little ? "II*" : "MM\0*", 4) != 0)
        return 1;
    const size_t directory = number(&tiff, 4, 4), entries = number(&tiff, directory, 2);
    for (size_t i = 0; i < entries; i++) {
        const size_t at = directory + 2 + i * ENTRY_BYTES;
        if (number(&tiff, at, 2) != ORIENTATION)
            continue;
        const uint32_t type = number(&tiff, at + 2, 2);
        const uint32_t value = number(&tiff, at + 8, type == LONG ? 4 : 2);
        const bool usable =
            (type == SHORT || type == LONG) && number(&tiff, at + 4, 4) > 0 && value >= 1 && value <= 8;
        return usable ? (int)value : 1;
    }
    return 1;
}
