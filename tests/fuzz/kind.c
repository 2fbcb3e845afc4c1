// The kinds of files by their first bytes: any bytes are of one kind, which is described.
#include "fuzz.h"

#include "../unit/kind_samples.h"

#include <string.h>

void fuzz_seeds(void)
{
    for (size_t i = 0; i < sizeof samples / sizeof *samples; i++)
        fuzz_seed(samples[i].bytes, samples[i].n);
}

void fuzz_one(const uint8_t *data, size_t size)
{
    static const char *const names[] = {"x", "a/x.jpg", "x.tif", "x.NEF", "x.zip", "x.npz", "x.tga", "x."};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct clg_tally tally = {{0}};
        char text[CLG_REFUSAL_BYTES], count[16];
        const enum clg_kind kind = clg_kind_of(data, size, names[i]);
        fuzz_expect(kind >= 0 && kind < CLG_KINDS, "a kind");
        fuzz_expect(clg_kind_refusal(kind, text)[0] && !strstr(text, "(null)"), "a description");
        fuzz_expect(!clg_kind_is_decoded(kind) || clg_kind_notice(kind, names[i]) == CLG_NOTICE_NAME,
                    "damaged pictures to be named");
        tally.of[kind] = 1;
        fuzz_expect(strlen(clg_tally_text(&tally, count, sizeof count)) > 3, "a count");
    }
}
