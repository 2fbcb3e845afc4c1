// Noise vectors as people name them: numbers of a seed ("3,8,12-15"), rows of a .npy file.
#include "cli/noise.h"

#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>

enum { NUMBERS_MAX = 100000 };

// --- numbers -----------------------------------------------------------------------------------
static void spaces_skip(const char **at)
{
    while (**at == ' ')
        (*at)++;
}

static const char *number_read(const char **at, uint64_t *number)
{
    *number = 0;
    if (**at < '0' || **at > '9')
        return "a number is missing";
    for (; **at >= '0' && **at <= '9'; (*at)++) {
        if (*number > (UINT64_MAX - 9) / 10)
            return "the number is too large";
        *number = *number * 10 + (uint64_t)(**at - '0');
    }
    return NULL;
}

// "7" or "3-9": from first to last.
static const char *range_read(const char **at, uint64_t *first, uint64_t *last)
{
    const char *begun = *at, *wrong = number_read(at, first);
    *last = *first;
    if (wrong || **at != '-')
        return wrong;
    (*at)++;
    wrong = number_read(at, last);
    if (!wrong && *last < *first) {
        *at = begun;
        return "the range runs backwards";
    }
    return wrong;
}

const char *cli_numbers_read(const char *text, const char **end, uint64_t **numbers, int *n)
{
    *numbers = NULL;
    *n = 0;
    *end = text;
    const char *wrong = NULL;
    for (bool more = true; more && !wrong;) {
        uint64_t first, last;
        const char *begun = *end;
        wrong = range_read(end, &first, &last);
        if (!wrong && last - first >= (uint64_t)(NUMBERS_MAX - *n)) {
            wrong = "more than 100000 numbers";
            *end = begun;
        }
        uint64_t *grown =
            wrong ? NULL : realloc(*numbers, ((size_t)*n + (last - first) + 1) * sizeof **numbers);
        if (!wrong && !grown)
            wrong = "out of memory";
        for (uint64_t i = 0; !wrong && i <= last - first; i++)
            grown[(*n)++] = first + i;
        *numbers = grown ? grown : *numbers;
        const char *comma = *end;
        spaces_skip(&comma);
        more = !wrong && *comma == ',';
        if (more) {
            *end = comma + 1;
            spaces_skip(end);
        }
    }
    if (wrong) {
        free(*numbers);
        *numbers = NULL;
    }
    return wrong;
}

void cli_noise_numbered(const struct clg_gan_params *params, uint64_t seed, const uint64_t *numbers, int n,
                        float *z)
{
    for (int i = 0; i < n; i++)
        clg_gan_noise(params, seed, numbers[i], 1, z + (size_t)i * (size_t)params->z);
}

// --- files -------------------------------------------------------------------------------------
int cli_noise_load(const char *path, const struct clg_gan_params *params, float **z, int *rows,
                   const struct clg_log *log)
{
    int64_t shape[4];
    int dims, status = clg_npy_load(path, z, shape, &dims, log);
    if (status)
        return status;
    int64_t n = dims > 1 ? shape[0] : 1, length = 1;
    for (int i = dims > 1 ? 1 : 0; i < dims; i++)
        length *= shape[i];
    if (dims < 1 || length != params->z)
        status = cli_fail(log, CLG_EFORMAT, "%s: its rows have %" PRId64 " values, the model's noise has %d",
                          path, length, params->z);
    else if (n < 1 || n > INT_MAX)
        status = cli_fail(log, CLG_EFORMAT, "%s has %" PRId64 " rows", path, n);
    for (int64_t i = 0; !status && i < n * length; i++)
        if (!isfinite((*z)[i]))
            status = cli_fail(log, CLG_EFORMAT, "%s: row %" PRId64 " has a value that is not finite", path,
                              i / length);
    *rows = status ? 0 : (int)n;
    if (status) {
        free(*z);
        *z = NULL;
    }
    return status;
}
