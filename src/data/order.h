// The order of pictures in an epoch as a function of the position, so no list is kept.
#ifndef CLG_DATA_ORDER_H
#define CLG_DATA_ORDER_H

#include <stdint.h>

// The picture at `position` (< n) of the epoch's order, a permutation of n pictures (1 <= n <= 2^32) drawn
// from (seed, epoch).
uint64_t clg_order(uint64_t seed, uint64_t epoch, uint64_t n, uint64_t position);

#endif
