// Classifiers' files: what loads can score.
#include "fuzz.h"

#include "data/safetensors_sum.h"
#include "explore/svm.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void fuzz_seeds(void)
{
    static const char *const names[] = {"happy", "sad \"x\"", "neutral"};
    static const char *const extra[][2] = {{"features", "pixels"}, {"crop", "center"}};
    for (int classes = 2; classes <= 3; classes++) {
        struct clg_svm *svm;
        fuzz_expect(!clg_svm_new(&svm, classes, 5, names, &fuzz_log), "a classifier");
        for (int i = 0; i < 5 * classes; i++)
            svm->weight[i] = (float)(i * i) - 3.5f;
        svm->c = 0.1;
        fuzz_expect(!clg_svm_save(svm, fuzz_in_folder(classes == 2 ? "a" : "b"), extra, 2, &fuzz_log),
                    "a seed");
        clg_svm_free(&svm);
    }
    fuzz_seeds_take();
}

// Makes the file's checksum true, so that changes come further than to it.
static void repair(uint8_t *bytes, size_t n)
{
    uint64_t header = 0;
    for (size_t i = 0; i < 8 && n >= 8; i++)
        header |= (uint64_t)bytes[i] << (8 * i);
    uint32_t told, is;
    if (n >= 8 && header <= n - 8 && clg_safetensors_sum((char *)bytes, n, 8 + (size_t)header, &told, &is))
        clg_safetensors_sum_write((char *)bytes, 8 + (size_t)header, is);
}

void fuzz_one(const uint8_t *data, size_t size)
{
    (void)data;
    struct clg_svm *svm;
    repair(fuzz_input_copy(), size);
    if (clg_svm_load(&svm, "input", &fuzz_log)) {
        fuzz_expect(!svm, "no classifier after a failure");
        return;
    }
    const size_t classes = (size_t)clg_svm_classes(svm), count = (size_t)clg_svm_count(svm);
    fuzz_expect(classes * count <= size, "no more weights than the file holds");
    float *features = calloc(count, sizeof *features), *scores = malloc(classes * sizeof *scores);
    clg_svm_scores(svm, features, 1, scores);
    for (size_t i = 0; i < classes; i++)
        fuzz_expect(isfinite(scores[i]) && clg_svm_name(svm, (int)i), "a score and a name for every class");
    free(features);
    free(scores);
    clg_svm_free(&svm);
}
