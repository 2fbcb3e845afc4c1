// safetensors files: what opens can be read to the last value.
#include "fuzz.h"

#include "data/safetensors.h"

#include <stdio.h>
#include <string.h>

static void save(const char *name, const struct clg_named_array *arrays, int n,
                 const struct clg_metadata *metadata, int metadata_n)
{
    fuzz_expect(!clg_safetensors_save(fuzz_in_folder(name), arrays, n, metadata, metadata_n, &fuzz_log),
                "a seed");
}

// As other programs write them: any type, values that do not lie at multiples of 4.
static void foreign(const char *header, size_t values)
{
    uint8_t bytes[1024] = {0};
    const size_t n = strlen(header);
    bytes[0] = (uint8_t)n;
    bytes[1] = (uint8_t)(n >> 8);
    memcpy(bytes + 8, header, n);
    for (size_t i = 0; i < values; i++)
        bytes[8 + n + i] = (uint8_t)i;
    fuzz_seed(bytes, 8 + n + values);
}

void fuzz_seeds(void)
{
    static const float values[60] = {1, -2.5f, 1e-30f};
    const struct clg_named_array arrays[] = {{"netG.main.0.weight", {3, 2, 2, 5}, 4, values},
                                             {"netG.main.0.bias", {3}, 1, values},
                                             {"scalar", {0}, 0, values},
                                             {"nothing", {0, 7}, 2, values}};
    const struct clg_metadata metadata[] = {{"step", "100"}, {"format", "pt"}, {"odd", "\"\\ \xc3\xa4 \x01"}};
    save("a", arrays, 4, metadata, 3);
    save("b", arrays, 1, NULL, 0);
    save("c", NULL, 0, metadata, 2);
    fuzz_seeds_take();
    foreign("{}", 0);
    foreign("{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[2,10]},"
            "\"b\":{\"dtype\":\"F16\",\"shape\":[],\"data_offsets\":[0,2]}}",
            10);
    foreign("{\"__metadata__\":{\"crc32\":\"00000000\"},\"n\":{\"dtype\":\"I64\",\"shape\":[1,1,1,1],"
            "\"data_offsets\":[0,8]},\"x\":{\"data_offsets\":[8,9],\"shape\":[1],\"dtype\":\"BOOL\"}}  ",
            9);
}

void fuzz_one(const uint8_t *data, size_t size)
{
    (void)data;
    struct clg_safetensors *file;
    if (clg_safetensors_open(&file, "input", &fuzz_log)) {
        fuzz_expect(!file, "no file after a failure");
        return;
    }
    clg_safetensors_check(file, "input", &fuzz_log);
    size_t bytes = 0;
    for (int i = 0; i < clg_safetensors_count(file); i++) {
        const struct clg_named_array *array = clg_safetensors_at(file, i);
        size_t n = sizeof(float);
        for (int k = 0; k < array->dims; k++)
            n *= (size_t)array->shape[k];
        if (array->values) {
            fuzz_touch(array->values, n);
            bytes += n;
        }
        fuzz_expect(array->dims >= 0 && array->dims <= 4, "up to four dimensions");
        fuzz_expect(i > 8 || clg_safetensors_find(file, array->name) == array, "every name once");
    }
    fuzz_expect(bytes <= size, "no more values than the file holds");
    static const char *const keys[] = {"clgan", "crc32", "step", "odd"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        const char *text = clg_safetensors_metadata(file, keys[i]);
        if (text)
            fuzz_touch(text, strlen(text));
    }
    clg_safetensors_close(&file);
}
