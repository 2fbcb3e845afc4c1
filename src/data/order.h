// The order of pictures in an epoch, as a function: no list is kept, any position can be asked for at
// any time.
#ifndef CLG_DATA_ORDER_H
#define CLG_DATA_ORDER_H

#include <stdint.h>

// Which of n pictures (1 <= n <= 2^32) stands at `position` (< n) in the epoch's order: a permutation drawn
// from (seed, epoch).
uint64_t clg_order(uint64_t seed, uint64_t epoch, uint64_t n, uint64_t position);

#endif
