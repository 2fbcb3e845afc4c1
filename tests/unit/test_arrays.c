// .npy and safetensors files: what is written comes back, and no header, however hostile, gets through or
// does harm.
#include "files_fixture.h"

#include "base/file.h"
#include "data/safetensors.h"

#include <sys/stat.h>

// --- .npy --------------------------------------------------------------------------------------

static void test_npy_round_trip(void **state)
{
    float values[24], *back;
    for (int i = 0; i < 24; i++)
        values[i] = (float)i * -1.25e-7f;
    static const struct {
        int64_t shape[4];
        int dims, n;
    } cases[] = {{{0}, 0, 1},        {{24}, 1, 24},         {{4, 6}, 2, 24},
                 {{2, 3, 4}, 3, 24}, {{1, 2, 3, 4}, 4, 24}, {{5, 0}, 2, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t shape[4] = {-1, -1, -1, -1};
        int dims = -1;
        assert_int_equal(clg_npy_save(in(state, "a.npy"), values, cases[i].shape, cases[i].dims, NULL), 0);
        assert_int_equal(clg_npy_load(in(state, "a.npy"), &back, shape, &dims, NULL), 0);
        assert_int_equal(dims, cases[i].dims);
        assert_memory_equal(shape, cases[i].shape, (size_t)dims * sizeof *shape);
        assert_memory_equal(back, values, (size_t)cases[i].n * sizeof *values);
        free(back);
        size_t n;
        free(file_bytes(in(state, "a.npy"), &n));
        assert_int_equal((n - (size_t)cases[i].n * 4) % 64, 0); // aligned, as NumPy does
    }
    struct captured_log captured_log;
    struct clg_log log = capture(&captured_log);
    assert_int_equal(clg_npy_save(in(state, "a.npy"), values, (const int64_t[]){1, 1, 1, 1}, 5, &log),
                     CLG_EINVAL);
    assert_int_equal(clg_npy_save(in(state, "a.npy"), values, (const int64_t[]){-1}, 1, &log), CLG_EINVAL);
    assert_int_equal(clg_npy_load(in(state, "missing.npy"), &back, (int64_t[4]){0}, &(int){0}, &log),
                     CLG_EIO);
    assert_int_equal(captured_log.lines, 3);
}

// A file with this dictionary and 24 bytes of values.
static size_t npy_bytes(uint8_t *bytes, const char *dictionary)
{
    size_t n = strlen(dictionary);
    memcpy(bytes, "\x93NUMPY\1\0", 8);
    bytes[8] = (uint8_t)n;
    bytes[9] = (uint8_t)(n >> 8);
    memcpy(bytes + 10, dictionary, n);
    memset(bytes + 10 + n, 0, 24);
    return 10 + n + 24;
}

static int npy_status(void **state, const uint8_t *bytes, size_t n)
{
    float *values = (float *)&values;
    int64_t shape[4];
    int dims;
    struct captured_log captured_log;
    struct clg_log log = capture(&captured_log);
    file_write(in(state, "a.npy"), bytes, n);
    int status = clg_npy_load(in(state, "a.npy"), &values, shape, &dims, &log);
    assert_int_equal(captured_log.lines, status != 0);
    assert_true(status == 0 || values == NULL);
    free(values);
    return status;
}

static void test_npy_headers(void **state)
{
    static const char *const good[] = {
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }\n",
        "{'shape': (6,), 'fortran_order': False, 'descr': '<f4'}   \n",
        "{'descr':'<f4','fortran_order':False,'shape':(1,2,3,1)}",
    };
    static const char *const bad[] = {
        "",
        "{",
        "}",
        "{}",
        "{'descr': '<f4', 'fortran_order': False}",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (3,), }",
        "{'descr': '>f4', 'fortran_order': False, 'shape': (6,), }",
        "{'descr': '|O', 'fortran_order': False, 'shape': (3,), }",
        "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (6,), }",
        "{'descr': '<f4', 'fortran_order': True, 'shape': (2, 3), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 4), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (-6,), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (6), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (6,,), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (6 1), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (6,",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 1, 1, 1, 6), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (4294967296, 4294967296, 6), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999999999,), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (6,), 'shape': (6,), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (6,), 'more': 1, }",
        "{'descr': '<f4' 'fortran_order': False, 'shape': (6,), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (6,), } x",
    };
    uint8_t bytes[512];
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        if (npy_status(state, bytes, npy_bytes(bytes, good[i])))
            fail_msg("refused: %s", good[i]);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (npy_status(state, bytes, npy_bytes(bytes, bad[i])) != CLG_EFORMAT)
            fail_msg("accepted: %s", bad[i]);
    size_t n = npy_bytes(bytes, good[0]);
    for (size_t keep = 0; keep < n; keep++)
        assert_int_equal(npy_status(state, bytes, keep), CLG_EFORMAT);
    assert_int_equal(npy_status(state, bytes, n + 1), CLG_EFORMAT);
    bytes[6] = 2; // another version
    assert_int_equal(npy_status(state, bytes, n), CLG_EFORMAT);
}

// --- safetensors -------------------------------------------------------------------------------

static void test_safetensors_round_trip(void **state)
{
    float values[30];
    for (int i = 0; i < 30; i++)
        values[i] = (float)i / 7;
    const struct clg_named_array arrays[] = {
        {"main.0.weight", {2, 3, 1, 5}, 4, values},
        {"scalar", {0}, 0, values + 3},
        {"a \"quoted\"\\\n name \xc3\xa9", {7}, 1, values + 10},
        {"empty", {4, 0}, 2, NULL},
    };
    const struct clg_metadata metadata[] = {{"step", "12"}, {"note", "line 1\nline \"2\""}};
    assert_int_equal(clg_safetensors_save(in(state, "a"), arrays, 4, metadata, 2, NULL), 0);
    struct clg_safetensors *file;
    assert_int_equal(clg_safetensors_open(&file, in(state, "a"), NULL), 0);
    assert_int_equal(clg_safetensors_count(file), 4);
    for (int i = 0; i < 4; i++) {
        const struct clg_named_array *got = clg_safetensors_at(file, i);
        assert_ptr_equal(got, clg_safetensors_find(file, arrays[i].name));
        assert_string_equal(got->name, arrays[i].name);
        assert_int_equal(got->dims, arrays[i].dims);
        size_t n = 1;
        for (int k = 0; k < got->dims; k++) {
            assert_int_equal(got->shape[k], arrays[i].shape[k]);
            n *= (size_t)got->shape[k];
        }
        if (n)
            assert_memory_equal(got->values, arrays[i].values, n * sizeof(float));
    }
    assert_null(clg_safetensors_find(file, "main.0"));
    assert_null(clg_safetensors_at(file, 4));
    assert_string_equal(clg_safetensors_metadata(file, "step"), "12");
    assert_string_equal(clg_safetensors_metadata(file, "note"), "line 1\nline \"2\"");
    assert_null(clg_safetensors_metadata(file, "other"));
    clg_safetensors_close(&file);
    assert_null(file);

    size_t n;
    uint8_t *bytes = file_bytes(in(state, "a"), &n);
    assert_int_equal((8 + bytes[0] + 256 * bytes[1]) % 64, 0); // values lie at a multiple of 64
    free(bytes);
    assert_int_equal(clg_safetensors_save(in(state, "a"), NULL, 0, NULL, 0, NULL), 0);
    assert_int_equal(clg_safetensors_open(&file, in(state, "a"), NULL), 0);
    assert_int_equal(clg_safetensors_count(file), 0);
    assert_null(clg_safetensors_metadata(file, "step"));
    clg_safetensors_close(&file);
}

// Any one bit that changes is found: by the format's rules or by the checksum.
static void test_safetensors_flipped(void **state)
{
    float values[50];
    for (int i = 0; i < 50; i++)
        values[i] = 0.25f * (float)i - 3;
    const struct clg_named_array arrays[] = {{"main.0.weight", {2, 5, 5}, 3, values}, {"b", {2}, 1, values}};
    const struct clg_metadata metadata[] = {{"note", "a \"crc32\":\"12345678\" in a text"}};
    assert_int_equal(clg_safetensors_save(in(state, "a"), arrays, 2, metadata, 1, NULL), 0);
    struct captured_log captured_log;
    const struct clg_log log = capture(&captured_log);
    char *bytes;
    size_t size;
    struct clg_safetensors *file;
    assert_int_equal(clg_safetensors_open(&file, in(state, "a"), NULL), 0);
    assert_int_equal(clg_safetensors_check(file, "a", NULL), 0);
    clg_safetensors_close(&file);
    assert_int_equal(clg_file_read(in(state, "a"), 1 << 20, &bytes, &size, NULL), 0);
    for (size_t bit = 0; bit < 8 * size; bit++) {
        bytes[bit / 8] ^= (char)(1 << bit % 8);
        FILE *flipped = fopen(in(state, "f"), "wb");
        assert_int_equal(fwrite(bytes, 1, size, flipped), size);
        fclose(flipped);
        bytes[bit / 8] ^= (char)(1 << bit % 8);
        int status = clg_safetensors_open(&file, in(state, "f"), &log);
        if (!status)
            status = clg_safetensors_check(file, "f", &log);
        clg_safetensors_close(&file);
        if (status != CLG_EFORMAT)
            fail_msg("bit %zu of byte %zu flipped: status %d", bit % 8, bit / 8, status);
    }
    free(bytes);
}

static void test_safetensors_save_fails(void **state)
{
    float v[2] = {0};
    struct captured_log captured_log;
    struct clg_log log = capture(&captured_log);
    const struct clg_named_array twice[] = {{"a", {1}, 1, v}, {"b", {1}, 1, v}, {"a", {1}, 1, v}};
    const struct clg_named_array negative = {"a", {-1}, 1, v}, reserved = {"__metadata__", {1}, 1, v};
    assert_int_equal(clg_safetensors_save(in(state, "a"), twice, 3, NULL, 0, &log), CLG_EINVAL);
    assert_int_equal(clg_safetensors_save(in(state, "a"), &negative, 1, NULL, 0, &log), CLG_EINVAL);
    assert_int_equal(clg_safetensors_save(in(state, "a"), &reserved, 1, NULL, 0, &log), CLG_EINVAL);
    assert_int_equal(clg_safetensors_save(in(state, "no/a"), twice, 2, NULL, 0, &log), CLG_EIO);
    assert_int_equal(captured_log.lines, 4);
    assert_int_equal(access(in(state, "a"), F_OK), -1); // nothing was left behind
}

// A file with this header, of which the length says `length`, and 24 bytes of values 0, 1, 2, ...
static int safetensors_status(void **state, const char *header, uint64_t length,
                              struct clg_safetensors **file)
{
    uint8_t bytes[4096];
    size_t n = strlen(header);
    for (int i = 0; i < 8; i++)
        bytes[i] = (uint8_t)(length >> (8 * i));
    memcpy(bytes + 8, header, n);
    for (int i = 0; i < 24; i++)
        bytes[8 + n + (size_t)i] = (uint8_t)i;
    file_write(in(state, "a"), bytes, 8 + n + 24);
    struct captured_log captured_log;
    struct clg_log log = capture(&captured_log);
    int status = clg_safetensors_open(file, in(state, "a"), &log);
    if (captured_log.lines != (status != 0) || (status && *file))
        fail_msg("%d lines for status %d: %s", captured_log.lines, status, captured_log.last);
    return status;
}

static void test_safetensors_foreign(void **state)
{
    struct clg_safetensors *file;
    // Another writer's: other types, another order than the bytes', odd alignment, white space behind.
    const char *header = "{\"n\":{\"dtype\":\"I64\",\"shape\":[],\"data_offsets\":[16,24]},"
                         "\"f\":{\"data_offsets\":[3,15],\"shape\":[3],\"dtype\":\"F32\"},"
                         "\"u\":{\"dtype\":\"U8\",\"shape\":[3,1],\"data_offsets\":[0,3]},"
                         "\"t\":{\"dtype\":\"BOOL\",\"shape\":[1],\"data_offsets\":[15,16]}}   ";
    assert_int_equal(safetensors_status(state, header, strlen(header), &file), 0);
    assert_int_equal(clg_safetensors_count(file), 4);
    assert_null(clg_safetensors_find(file, "n")->values);
    assert_null(clg_safetensors_find(file, "u")->values);
    const struct clg_named_array *f = clg_safetensors_find(file, "f");
    assert_int_equal((uintptr_t)f->values % sizeof(float), 0);
    uint8_t expected[12];
    for (int i = 0; i < 12; i++)
        expected[i] = (uint8_t)(i + 3);
    assert_memory_equal(f->values, expected, 12);
    clg_safetensors_close(&file);
}

#define A "{\"a\":{\"dtype\":\"F32\",\"shape\":[6],\"data_offsets\":[0,24]}"

static void test_safetensors_headers(void **state)
{
    static const char *const bad[] = {
        "",
        "{",
        "}",
        "[]",
        "{} x",
        "null",
        " {}",
        "{}",
        A,
        A ",}",
        A "} x",
        A "}}",
        "{\"a\":1}",
        "{\"a\":{}}",
        "{\"a\":[]}",
        "{\"a\":{\"dtype\":7,\"shape\":[6],\"data_offsets\":[0,24]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":6,\"data_offsets\":[0,24]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[5],\"data_offsets\":[0,24]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[6.5],\"data_offsets\":[0,24]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[\"6\"],\"data_offsets\":[0,24]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[-6],\"data_offsets\":[0,24]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[1,1,1,1,5],\"data_offsets\":[0,24]}}",
        "{\"a\":{\"dtype\":\"F33\",\"shape\":[6],\"data_offsets\":[0,28]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[4294967296,4294967296,4294967296],\"data_offsets\":[0,24]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[1e300],\"data_offsets\":[0,24]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[6],\"data_offsets\":[0,24,24]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[6],\"data_offsets\":[0]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[6],\"data_offsets\":[24,0]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[6],\"data_offsets\":[-24,0]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[6],\"data_offsets\":[4,28]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[6],\"data_offsets\":[1e18,1000000000000000024]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[5],\"data_offsets\":[0,20]}}",    // bytes behind
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[5],\"data_offsets\":[4,24]}}",    // a gap before
        A ",\"b\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[8,12]}}",  // overlap
        A ",\"b\":{\"dtype\":\"F32\",\"shape\":[6],\"data_offsets\":[0,24]}}",  // the same bytes
        A ",\"a\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[24,24]}}", // the same name
        A ",\"__metadata__\":7}",
        A ",\"__metadata__\":{\"k\":1}}",
        A ",\"__metadata__\":{},\"__metadata__\":{}}",
    };
    struct clg_safetensors *file;
    assert_int_equal(safetensors_status(state, A "}", strlen(A "}"), &file), 0);
    clg_safetensors_close(&file);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (safetensors_status(state, bad[i], strlen(bad[i]), &file) != CLG_EFORMAT)
            fail_msg("accepted: %s", bad[i]);
    static const uint64_t lengths[] = {0, 1, 1000, 100000001, UINT64_MAX, UINT64_MAX - 7, (uint64_t)1 << 63};
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++)
        assert_int_equal(safetensors_status(state, A "}", lengths[i], &file), CLG_EFORMAT);
}

static void test_safetensors_nested_and_cut(void **state)
{
    struct clg_safetensors *file;
    char deep[3000];
    memset(deep, '[', sizeof deep);
    memcpy(deep, "{\"a\":", 5);
    deep[sizeof deep - 1] = 0;
    assert_int_equal(safetensors_status(state, deep, strlen(deep), &file), CLG_EFORMAT);
    float values[6] = {0};
    const struct clg_named_array array = {"a", {6}, 1, values};
    assert_int_equal(clg_safetensors_save(in(state, "b"), &array, 1, NULL, 0, NULL), 0);
    size_t n;
    uint8_t *bytes = file_bytes(in(state, "b"), &n);
    struct captured_log captured_log;
    struct clg_log log = capture(&captured_log);
    for (size_t keep = 0; keep < n; keep++) {
        file_write(in(state, "c"), bytes, keep);
        assert_int_equal(clg_safetensors_open(&file, in(state, "c"), &log), CLG_EFORMAT);
    }
    assert_int_equal(captured_log.lines, (int)n);
    uint64_t random = 3; // any changed byte: any answer, no harm
    for (int round = 0; round < 2000; round++) {
        size_t at = chance(&random) % n;
        uint8_t kept = bytes[at];
        bytes[at] = (uint8_t)chance(&random);
        file_write(in(state, "c"), bytes, n);
        if (clg_safetensors_open(&file, in(state, "c"), &log) == 0)
            clg_safetensors_close(&file);
        bytes[at] = kept;
    }
    free(bytes);
}

// A name from a file that goes into a message stays text: a terminal obeys none of it.
static void test_names_are_only_text(void **state)
{
    static const char header[] = "{\"\\u001b]0;x\\u0007\\r\\u007f\\nname\":{}}";
    uint8_t bytes[8 + sizeof header - 1] = {sizeof header - 1};
    struct clg_safetensors *file;
    struct captured_log captured_log;
    struct clg_log log = capture(&captured_log);
    memcpy(bytes + 8, header, sizeof header - 1);
    file_write(in(state, "a"), bytes, sizeof bytes);
    assert_int_equal(clg_safetensors_open(&file, in(state, "a"), &log), CLG_EFORMAT);
    assert_non_null(strstr(captured_log.last, "\"\\x1B]0;x\\x07\\x0D\\x7F\\x0Aname\" lacks"));
}

TEST_MAIN("arrays", NULL, NULL, IN_FOLDER(test_npy_round_trip), IN_FOLDER(test_npy_headers),
          IN_FOLDER(test_safetensors_round_trip), IN_FOLDER(test_safetensors_flipped),
          IN_FOLDER(test_safetensors_save_fails), IN_FOLDER(test_safetensors_foreign),
          IN_FOLDER(test_safetensors_headers), IN_FOLDER(test_safetensors_nested_and_cut),
          IN_FOLDER(test_names_are_only_text))
