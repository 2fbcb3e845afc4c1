// Noise vectors as people name them: numbers of a seed ("3,8,12-15"), rows of a .npy file.
#ifndef CLG_CLI_NOISE_H
#define CLG_CLI_NOISE_H

#include "cli/cli.h"

// Reads a list of numbers and ranges from `text` on, which ends at the first letter that cannot belong to it:
// *end. numbers [n] are the caller's: free(). NULL, or what is wrong at *end.
const char *cli_numbers_read(const char *text, const char **end, uint64_t **numbers, int *n);

// z [n][params.z]: the vectors with those numbers of the seed.
void cli_noise_numbered(const struct clg_gan_params *params, uint64_t seed, const uint64_t *numbers, int n,
                        float *z);

// z [rows][params.z] of a .npy file of [rows][z] values, or of one row; more dimensions of 1 do no harm
// ([n][z][1][1]). Another length, or a value that is not finite: CLG_EFORMAT. The caller's: free().
int cli_noise_load(const char *path, const struct clg_gan_params *params, float **z, int *rows,
                   const struct clg_log *log);

#endif
