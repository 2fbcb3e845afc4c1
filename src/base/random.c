// Counter-based random numbers: Random123's Philox 4x32-10.
#include "base/random.h"

#include <Random123/philox.h>
#include <math.h>

void clg_random_words(uint64_t seed, enum clg_stream stream, uint64_t index, uint32_t words[4])
{
    philox4x32_ctr_t counter = {{(uint32_t)index, (uint32_t)(index >> 32), (uint32_t)stream, 0}};
    philox4x32_key_t key = {{(uint32_t)seed, (uint32_t)(seed >> 32)}};
    philox4x32_ctr_t r = philox4x32(counter, key);
    for (int i = 0; i < 4; i++)
        words[i] = r.v[i];
}

// The four values of one counter: the same whether asked for one by one or in a row.
static void normal4(uint64_t seed, enum clg_stream stream, uint64_t index, float out[4])
{
    const double two_pi = 6.283185307179586476925;
    uint32_t w[4];
    clg_random_words(seed, stream, index, w);
    for (int i = 0; i < 4; i += 2) {
        double radius = sqrt(-2.0 * log((w[i] + 0.5) / 4294967296.0));
        double angle = two_pi * (w[i + 1] / 4294967296.0);
        out[i] = (float)(radius * cos(angle));
        out[i + 1] = (float)(radius * sin(angle));
    }
}

static void uniform4(uint64_t seed, enum clg_stream stream, uint64_t index, float out[4])
{
    uint32_t w[4];
    clg_random_words(seed, stream, index, w);
    for (int i = 0; i < 4; i++)
        out[i] = (float)(w[i] >> 8) / 16777216.0f;
}

typedef void draw4_fn(uint64_t seed, enum clg_stream stream, uint64_t index, float out[4]);

static void draw(draw4_fn *draw4, uint64_t seed, enum clg_stream stream, uint64_t first, uint64_t n,
                 float *values)
{
    float four[4];
    for (uint64_t i = 0; i < n; i++) {
        uint64_t at = first + i;
        if (i == 0 || at % 4 == 0)
            draw4(seed, stream, at / 4, four);
        values[i] = four[at % 4];
    }
}

void clg_random_normal(uint64_t seed, enum clg_stream stream, uint64_t first, uint64_t n, float *values)
{
    draw(normal4, seed, stream, first, n, values);
}

void clg_random_uniform(uint64_t seed, enum clg_stream stream, uint64_t first, uint64_t n, float *values)
{
    draw(uniform4, seed, stream, first, n, values);
}

void clg_random_bytes(uint64_t seed, size_t n, uint8_t *bytes)
{
    uint32_t words[4] = {0};
    for (size_t i = 0; i < n; i++) {
        if (i % 16 == 0)
            clg_random_words(seed, CLG_STREAM_BYTES, i / 16, words);
        bytes[i] = (uint8_t)(words[i % 16 / 4] >> 8 * (i % 4));
    }
}
