// Model files of other programs: any type and rank is read, floating-point types as floats, and files of
// other formats are called by their name.
#include "files_fixture.h"

#include "data/safetensors.h"

#include <math.h>

// A file with this header and these values behind it.
static void foreign_write(void **state, const char *header, const void *values, size_t n)
{
    uint8_t bytes[4096] = {0};
    const size_t length = strlen(header);
    bytes[0] = (uint8_t)length;
    bytes[1] = (uint8_t)(length >> 8);
    memcpy(bytes + 8, header, length);
    memcpy(bytes + 8 + length, values, n);
    file_write(in(state, "a"), bytes, 8 + length + n);
}

static void test_floats(void **state)
{
    static const uint16_t halves[] = {0x0000, 0x8000, 0x3c00, 0xc000, 0x7bff,
                                      0x0001, 0x03ff, 0x0400, 0x7c00, 0xfc00};
    static const float of_halves[] = {0,        -0.0f,           1,        -2,       65504,
                                      0x1p-24f, 1023 * 0x1p-24f, 0x1p-14f, INFINITY, -INFINITY};
    static const uint16_t bfloats[] = {0x3f80, 0xc040, 0x7f7f, 0x0001};
    static const float of_bfloats[] = {1, -3, 0x1.fep127f, 0x1p-133f};
    static const double doubles[] = {0.1, -1e300, 1e-50};
    static const float of_doubles[] = {0.1f, -INFINITY, 0};
    uint8_t values[1 + sizeof halves + sizeof bfloats + sizeof doubles];
    memcpy(values, "x", 1); // so that nothing is aligned
    memcpy(values + 1, halves, sizeof halves);
    memcpy(values + 21, bfloats, sizeof bfloats);
    memcpy(values + 29, doubles, sizeof doubles);
    foreign_write(state,
                  "{\"x\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]},"
                  "\"h\":{\"dtype\":\"F16\",\"shape\":[5,2],\"data_offsets\":[1,21]},"
                  "\"b\":{\"dtype\":\"BF16\",\"shape\":[4],\"data_offsets\":[21,29]},"
                  "\"d\":{\"dtype\":\"F64\",\"shape\":[3],\"data_offsets\":[29,53]}}",
                  values, sizeof values);
    struct clg_safetensors *file;
    assert_int_equal(clg_safetensors_open(&file, in(state, "a"), NULL), 0);
    float to[10] = {7};
    const struct clg_named_array *h = clg_safetensors_find(file, "h");
    assert_null(h->values);
    assert_string_equal(h->dtype, "F16");
    assert_true(clg_array_is_float(h) && clg_array_floats(h, to));
    assert_memory_equal(to, of_halves, sizeof of_halves);
    assert_true(clg_array_floats(clg_safetensors_find(file, "b"), to));
    assert_memory_equal(to, of_bfloats, sizeof of_bfloats);
    assert_true(clg_array_floats(clg_safetensors_find(file, "d"), to));
    assert_memory_equal(to, of_doubles, sizeof of_doubles);
    to[0] = 7;
    assert_false(clg_array_floats(clg_safetensors_find(file, "x"), to));
    assert_true(to[0] == 7);
    clg_safetensors_close(&file);
}

// Nobody asks for them, so they may be of any kind.
static void test_any_type_and_rank(void **state)
{
    static const float values[8] = {0, 1, 2, 3, 4, 5, 6, 7};
    foreign_write(state,
                  "{\"video\":{\"dtype\":\"F32\",\"shape\":[1,2,1,1,2],\"data_offsets\":[0,16]},"
                  "\"eight\":{\"dtype\":\"F8_E8M0\",\"shape\":[1,1,1,1,1,1,1,4],\"data_offsets\":[16,20]},"
                  "\"four\":{\"dtype\":\"F4\",\"shape\":[8],\"data_offsets\":[20,24]},"
                  "\"flag\":{\"dtype\":\"BOOL\",\"shape\":[2,2],\"data_offsets\":[24,28]},"
                  "\"short\":{\"dtype\":\"U16\",\"shape\":[2],\"data_offsets\":[28,32]}}",
                  values, sizeof values);
    struct clg_safetensors *file;
    assert_int_equal(clg_safetensors_open(&file, in(state, "a"), NULL), 0);
    const struct clg_named_array *video = clg_safetensors_find(file, "video");
    assert_int_equal(video->dims, 5);
    assert_null(video->values);
    assert_int_equal(video->size, 16);
    assert_int_equal(clg_safetensors_find(file, "eight")->dims, 8);
    for (int i = 1; i < clg_safetensors_count(file); i++)
        assert_false(clg_array_is_float(clg_safetensors_at(file, i)));
    clg_safetensors_close(&file);
}

// The first bytes of a file, and what the message calls it and advises.
struct other {
    const char *bytes;
    size_t n;
    const char *says[3];
};
#define OTHER(bytes, ...)                                                                                    \
    {                                                                                                        \
        bytes, sizeof(bytes) - 1,                                                                            \
        {                                                                                                    \
            __VA_ARGS__                                                                                      \
        }                                                                                                    \
    }

static void test_other_formats(void **state)
{
    static const struct other others[] = {
        OTHER("PK\3\4..........................net/data.pkl....torch FloatStorage", "PyTorch file",
              "weights_only=True", "/a.safetensors\")'"),
        OTHER("\x80\2\x8a\x0al\xfc\x9c"
              "F\xf9 j\xa8P\x19.\x80\2M\xe9\3.",
              "PyTorch file", "map_location=\"cpu\""),
        OTHER("PK\3\4......net/data.pkl....ctorch.nn.modules.conv\nConv2d\n", "whole module",
              ".state_dict()"),
        OTHER("PK\3\4...net/data.pkl...net/code/__torch__.py...net/constants.pkl", "TorchScript",
              "torch.jit.load"),
        OTHER("PK\3\4..........................w.npy\x93NUMPY", "NumPy archive", "np.load"),
        OTHER("PK\3\4..........................a.txt", "zip archive", "unpack"),
        OTHER("\x80\4\x95\x10.......}.", "Python pickle", "pickle.load", "trust"),
        OTHER("\x08\x07\x12\x07pytorch\x1a\x05"
              "2.1.0:\x80\x01",
              "ONNX", "onnx.load"),
        OTHER("\x08\x08:\xa5\x30\n\x1a\n\x01x...............", "ONNX", "onnx.load"),
        OTHER("GGUF\3\0\0\0\1\0\0\0\0\0\0\0", "GGUF", "GGUFReader"),
        OTHER("\x89HDF\r\n\x1a\n\0\0\0\0", "HDF5", "h5py.File"),
        OTHER("\x93NUMPY\1\0v\0{'descr': '<f4'", "NumPy array"),
        OTHER("version https://git-lfs.github.com/spec/v1\noid sha256:", "Git LFS", "git lfs pull"),
        OTHER("<!DOCTYPE html><html><head>", "web page", "download"),
        OTHER("\x1f\x8b\x08\0\0\0\0\0\0\3", "compressed", "unpack"),
    };
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        struct captured_log captured_log;
        struct clg_log log = capture(&captured_log);
        struct clg_safetensors *file;
        file_write(in(state, "a.bin"), others[i].bytes, others[i].n);
        assert_int_equal(clg_safetensors_open(&file, in(state, "a.bin"), &log), CLG_EFORMAT);
        assert_int_equal(captured_log.lines, 1);
        for (int k = 0; k < 3 && others[i].says[k]; k++)
            if (!strstr(captured_log.last, others[i].says[k]))
                fail_msg("\"%s\" expected in: %s", others[i].says[k], captured_log.last);
    }
}

// A safetensors file that is cut, whatever its header's length begins with, is no ONNX file.
static void test_cut_is_no_other_format(void **state)
{
    struct captured_log captured_log;
    struct clg_log log = capture(&captured_log);
    struct clg_safetensors *file;
    static const char cut[] = "\x08\x07\x12\0\0\0\0\0{\"a\":{\"dtype\":\"F32\",\"shape\":";
    file_write(in(state, "a"), cut, sizeof cut - 1);
    assert_int_equal(clg_safetensors_open(&file, in(state, "a"), &log), CLG_EFORMAT);
    assert_non_null(strstr(captured_log.last, "ends inside its header"));
}

TEST_MAIN("foreign", NULL, NULL, IN_FOLDER(test_floats), IN_FOLDER(test_any_type_and_rank),
          IN_FOLDER(test_other_formats), IN_FOLDER(test_cut_is_no_other_format))
