// Masks: which pixels of a picture are known, and which are to be completed.
#ifndef CLG_CLI_MASK_H
#define CLG_CLI_MASK_H

#include "cli/cli.h"

#define CLI_MASKS "center, left, right, top, bottom, random" // that hide this part; random: 4 of 5 pixels

// weight [size][size]: 1 known, 0 hidden, of a built-in mask, or of a size x size picture: white is known.
// The caller's: free(). seed: of random.
int cli_mask_make(const char *text, int size, uint64_t seed, float **weight, const struct clg_log *log);

// picture [size][size][channels]: where the mask hides, `hidden` takes its place (NULL: white).
void cli_mask_blend(const float *weight, int size, int channels, const float *hidden, float *picture);

#endif
