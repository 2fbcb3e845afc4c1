// The order of pictures: a Feistel network permutes 2^(2k) numbers whatever its round function, and walking
// its cycles until a number below n appears makes that a permutation of n (cycle walking, Black and Rogaway
// 2002).
#include "data/order.h"

#include "base/random.h"

enum { ROUNDS = 6 };

static uint64_t feistel(uint64_t key, int half_bits, uint64_t value)
{
    uint32_t mask = (uint32_t)(((uint64_t)1 << half_bits) - 1);
    uint32_t left = (uint32_t)(value >> half_bits), right = (uint32_t)value & mask;
    for (uint64_t round = 0; round < ROUNDS; round++) {
        uint32_t words[4];
        clg_random_words(key, CLG_STREAM_ORDER, round << 32 | right, words);
        uint32_t next = left ^ (words[0] & mask);
        left = right;
        right = next;
    }
    return (uint64_t)left << half_bits | right;
}

uint64_t clg_order(uint64_t seed, uint64_t epoch, uint64_t n, uint64_t position)
{
    uint32_t words[4];
    clg_random_words(seed, CLG_STREAM_ORDER, epoch, words);
    uint64_t key = (uint64_t)words[1] << 32 | words[0];
    int half_bits = 1;
    while ((uint64_t)1 << (2 * half_bits) < n)
        half_bits++;
    uint64_t value = position;
    do
        value = feistel(key, half_bits, value);
    while (value >= n);
    return value;
}
