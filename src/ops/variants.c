// Which variants there are, for those who force one.
#include "ops/ops.h"

#include "base/log.h"

#include <string.h>

// "conv=plain, conv=gemm, ...": every operation with variants.
static void known_text(char *text, size_t size)
{
    size_t at = 0;
    for (int i = 0; clg_conv_variants[i] && at < size; i++)
        at += (size_t)snprintf(text + at, size - at, "conv=%s, ", clg_conv_variants[i]->name);
    for (int i = 0; clg_gemm_variants[i] && at < size; i++)
        at += (size_t)snprintf(text + at, size - at, "gemm=%s, ", clg_gemm_variants[i]);
}

int clg_variants_valid(const char *list, const struct clg_log *log)
{
    char known[512], entry[64];
    known_text(known, sizeof known);
    for (const char *p = list; p && *p;) {
        size_t length = strcspn(p, ",");
        snprintf(entry, sizeof entry, "%.*s, ", (int)(length < 60 ? length : 60), p);
        const char *at =
            strstr(known, entry); // whole entries end in ", " and start the text or follow a blank
        if (!at || (at != known && at[-1] != ' '))
            return clg_fail(log, CLG_EINVAL, "no variant \"%.*s\"; there are %.*s", (int)length, p,
                            (int)strlen(known) - 2, known);
        p += length + (p[length] == ',');
    }
    return 0;
}

int clg_variants_check(struct clg_device *d)
{
    return clg_variants_valid(d->variants, &d->log);
}
