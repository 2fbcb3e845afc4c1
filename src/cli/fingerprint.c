// Which discriminator it is: FNV-1a (Fowler, Noll and Vo 1991) of all its values.
#include "cli/fingerprint.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static int tensor_hash(struct clg_gan *gan, int i, const struct clg_tensor_info *info, uint64_t *hash,
                       const struct clg_log *log)
{
    size_t count = 1;
    for (int d = 0; d < info->dims; d++)
        count *= (size_t)info->shape[d];
    float *values = malloc(count * sizeof *values);
    if (!values)
        return cli_fail(log, CLG_ENOMEM, "out of memory for %s", info->name);
    int status = clg_gan_tensor_read(gan, i, values);
    const uint8_t *bytes = (const uint8_t *)values;
    for (size_t b = 0; b < count * sizeof *values && !status; b++)
        *hash = (*hash ^ bytes[b]) * 0x100000001b3u;
    free(values);
    return status;
}

int cli_fingerprint(struct clg_gan *gan, char text[CLI_FINGERPRINT], const struct clg_log *log)
{
    uint64_t hash = 0xcbf29ce484222325u;
    int status = 0;
    for (int i = 0; i < clg_gan_tensors(gan) && !status; i++) {
        struct clg_tensor_info info;
        status = clg_gan_tensor(gan, i, &info);
        if (!status && !strncmp(info.name, "netD.", 5))
            status = tensor_hash(gan, i, &info, &hash, log);
    }
    snprintf(text, CLI_FINGERPRINT, "%016" PRIx64, hash);
    return status;
}
