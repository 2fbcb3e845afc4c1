// Options as checkpoints keep them: lines of "name=text". What is taken reads back to itself.
#include "fuzz.h"

#include <clgan/data.h>
#include <clgan/gan.h>
#include <clgan/options.h>
#include <clgan/train.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static size_t lines_print(char *text, size_t size, const struct clg_option *table, const void *params)
{
    size_t n = 0;
    for (const struct clg_option *o = table; o->name; o++) {
        char value[256];
        clg_option_get(o, params, value, sizeof value);
        n += (size_t)snprintf(text + n, size - n, "%s=%s\n", o->name, value);
    }
    return n;
}

void fuzz_seeds(void)
{
    char text[4096];
    const struct clg_gan_params gan = {.size = 64,
                                       .channels = 3,
                                       .z = 100,
                                       .ngf = 64,
                                       .ndf = 64,
                                       .batch = 128,
                                       .lr = 2e-4f,
                                       .beta1 = 0.5f,
                                       .ema = 0.99f};
    const struct clg_train_params train = {
        .data = "pictures", .steps = 1000, .keep = 3, .crop = {CLG_CROP_BOX, 1, 2, 30, 40}, .threads = 2};
    fuzz_seed(text, lines_print(text, sizeof text, clg_gan_options, &gan));
    fuzz_seed(text, lines_print(text, sizeof text, clg_train_options, &train));
}

static void option_set(const struct clg_option *o, void *params, void *again, const char *text)
{
    char first[256], second[256];
    if (clg_option_set(o, params, text, &fuzz_log))
        return;
    clg_option_get(o, params, first, sizeof first);
    if (o->type == CLG_OPTION_TEXT || o->type == CLG_OPTION_PATH)
        return;
    fuzz_expect(!clg_option_set(o, again, first, &fuzz_log), "an option's text to be read again");
    clg_option_get(o, again, second, sizeof second);
    fuzz_expect(!strcmp(first, second), "the same value again");
}

void fuzz_one(const uint8_t *data, size_t size)
{
    struct clg_gan_params gan = {0}, gan_again = {0};
    struct clg_train_params train = {0}, train_again = {0};
    char *text = malloc(size + 1), *rest;
    fuzz_expect(text, "memory");
    memcpy(text, data, size);
    text[size] = 0;
    for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
        char *value = strchr(line, '=');
        if (!value)
            continue;
        *value++ = 0;
        const struct clg_option *o = clg_option_find(clg_gan_options, line);
        if (o)
            option_set(o, &gan, &gan_again, value);
        o = clg_option_find(clg_train_options, line);
        if (o)
            option_set(o, &train, &train_again, value);
    }
    free(text);
}
