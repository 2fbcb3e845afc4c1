// safetensors files: what opens can be read to the last value.
#include "fuzz.h"

#include "data/safetensors.h"
#include "gan/names.h"

#include <stdio.h>
#include <stdlib.h>
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
    foreign("{\"module.netG.main.0.weight\":{\"dtype\":\"BF16\",\"shape\":[2],\"data_offsets\":[0,4]},"
            "\"generator.model.3.bias\":{\"dtype\":\"F64\",\"shape\":[1],\"data_offsets\":[4,12]},"
            "\"aux\":{\"dtype\":\"F4\",\"shape\":[1,2,1,1,2],\"data_offsets\":[12,14]}}",
            14);
}

static void values_check(const struct clg_named_array *array)
{
    size_t n = sizeof(float);
    for (int k = 0; k < array->dims; k++)
        n *= (size_t)array->shape[k];
    fuzz_expect(array->dims <= CLG_ARRAY_DIMS_MAX && n == array->size, "values of this shape");
    fuzz_touch(array->values, n);
}

static void floats_check(const struct clg_named_array *array)
{
    float *floats = malloc(2 * array->size + 1); // F16 and BF16 grow to twice their size
    fuzz_expect(floats && clg_array_floats(array, floats), "floats");
    free(floats);
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
        fuzz_touch(array->bytes, array->size);
        fuzz_touch(array->dtype, strlen(array->dtype));
        bytes += array->size;
        if (array->values)
            values_check(array);
        if (clg_array_is_float(array))
            floats_check(array);
        fuzz_expect(array->dims >= 0, "a number of dimensions");
        fuzz_expect(clg_tensor_name_parse(array->name).whose <= CLG_WHOSE_D, "a net or none");
        fuzz_expect(i > 8 || clg_safetensors_find(file, array->name) == array, "every name once");
    }
    fuzz_expect(bytes <= size, "no more values than the file holds");
    int texts_n;
    const struct clg_metadata *texts = clg_safetensors_texts(file, &texts_n);
    for (int i = 0; i < texts_n; i++) {
        fuzz_touch(texts[i].key, strlen(texts[i].key));
        fuzz_touch(texts[i].value, strlen(texts[i].value));
    }
    static const char *const keys[] = {"clgan", "crc32", "step", "odd"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        const char *text = clg_safetensors_metadata(file, keys[i]);
        if (text)
            fuzz_touch(text, strlen(text));
    }
    clg_safetensors_close(&file);
}
