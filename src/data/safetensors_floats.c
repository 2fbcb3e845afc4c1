// Converts the floating-point types of safetensors files to float32.
#include "data/safetensors.h"

#include <math.h>
#include <string.h>

// F16: a sign bit, 5 bits of exponent, 10 of fraction.
static float half_value(uint16_t bits)
{
    const int exponent = bits >> 10 & 31, fraction = bits & 1023;
    float value;
    if (exponent == 31)
        value = fraction ? NAN : INFINITY;
    else if (exponent)
        value = ldexpf((float)(1024 + fraction), exponent - 25);
    else
        value = ldexpf((float)fraction, -24);
    return bits & 0x8000 ? -value : value;
}

static void halves_convert(const unsigned char *bytes, size_t n, float *to)
{
    for (size_t i = 0; i < n; i++) {
        uint16_t bits;
        memcpy(&bits, bytes + 2 * i, sizeof bits);
        to[i] = half_value(bits);
    }
}

// BF16: the upper half of a float32.
static void bfloats_convert(const unsigned char *bytes, size_t n, float *to)
{
    for (size_t i = 0; i < n; i++) {
        uint16_t upper;
        memcpy(&upper, bytes + 2 * i, sizeof upper);
        const uint32_t bits = (uint32_t)upper << 16;
        memcpy(&to[i], &bits, sizeof bits);
    }
}

static void doubles_convert(const unsigned char *bytes, size_t n, float *to)
{
    for (size_t i = 0; i < n; i++) {
        double value;
        memcpy(&value, bytes + 8 * i, sizeof value);
        to[i] = (float)value;
    }
}

static void floats_copy(const unsigned char *bytes, size_t n, float *to)
{
    memcpy(to, bytes, n * sizeof *to);
}

static const struct type {
    const char *name;
    size_t bytes;
    void (*convert)(const unsigned char *bytes, size_t n, float *to);
} types[] = {{"F32", 4, floats_copy},
             {"F64", 8, doubles_convert},
             {"F16", 2, halves_convert},
             {"BF16", 2, bfloats_convert}};

static const struct type *type_of(const struct clg_named_array *array)
{
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (strcmp(array->dtype, types[i].name) == 0)
            return &types[i];
    return NULL;
}

bool clg_array_is_float(const struct clg_named_array *array)
{
    return type_of(array) != NULL;
}

bool clg_array_floats(const struct clg_named_array *array, float *to)
{
    const struct type *type = type_of(array);
    if (type)
        type->convert(array->bytes, array->size / type->bytes, to);
    return type != NULL;
}
