// The checksum of a safetensors file.
#include "data/safetensors_sum.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum { DIGITS = 8 };
static const char key[] = "\"crc32\":\""; // quotes inside texts are escaped, so this can only be the key

// The offset of the digits in the text, or 0.
static size_t place_of(const char *text, size_t length)
{
    const char *at = memmem(text, length, key, sizeof key - 1);
    const size_t place = at ? (size_t)(at - text) + sizeof key - 1 : 0;
    return place && place + DIGITS < length && text[place + DIGITS] == '"' ? place : 0;
}

void clg_safetensors_sum_write(char *header, size_t length, uint32_t sum)
{
    char digits[DIGITS + 1];
    const size_t place = place_of(header, length);
    snprintf(digits, sizeof digits, "%08x", sum);
    if (place)
        memcpy(header + place, digits, DIGITS);
}

bool clg_safetensors_sum(const char *content, size_t size, size_t header, uint32_t *stored, uint32_t *actual)
{
    static const char zeros[DIGITS + 1] = "00000000";
    const size_t place = place_of(content, header);
    if (!place)
        return false;
    const Bytef *bytes = (const Bytef *)content;
    char digits[DIGITS + 1] = "", again[DIGITS + 1];
    memcpy(digits, content + place, DIGITS);
    *stored = (uint32_t)strtoul(digits, NULL, 16);
    snprintf(again, sizeof again, "%08x", *stored);
    if (strcmp(digits, again)) // capitals, signs, spaces: clgan writes none
        *stored = ~*stored;
    uLong sum = crc32_z(0, bytes, place);
    sum = crc32_z(sum, (const Bytef *)zeros, DIGITS);
    *actual = (uint32_t)crc32_z(sum, bytes + place + DIGITS, size - place - DIGITS);
    return true;
}
