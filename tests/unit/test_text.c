// Text on its way out: always UTF-8, and names can be read back, whatever bytes they consist of.
#include "files_fixture.h"

#include <cjson/cJSON.h>
#include <clgan/svm.h>
#include <clgan/text.h>

#include "base/text.h"
#include "data/safetensors.h"

static void expect_form(const char *name, enum clg_text_form form, const char *expected)
{
    char text[512];
    size_t length = clg_text_to_utf8(name, form, text, sizeof text);
    assert_string_equal(text, expected);
    assert_int_equal(length, strlen(expected));
    assert_true(clg_text_is_utf8(text));
}

static void test_forms(void **state)
{
    (void)state;
    expect_form("plain, \"quoted\" 50%.png", CLG_TEXT_LINE, "plain, \"quoted\" 50%.png");
    expect_form("caf\xc3\xa9 \xf0\x9f\x98\x80", CLG_TEXT_LINE, "caf\xc3\xa9 \xf0\x9f\x98\x80");
    expect_form("caf\xe9.png", CLG_TEXT_NAME, "caf\\xE9.png");
    expect_form("cut \xe2\x82", CLG_TEXT_NAME, "cut \\xE2\\x82");
    expect_form("long \xc0\xaf surrogate \xed\xb3\xa9 far \xf4\x90\x80\x80", CLG_TEXT_NAME,
                "long \\xC0\\xAF surrogate \\xED\\xB3\\xA9 far \\xF4\\x90\\x80\\x80");
    expect_form("a\\b\\xe9\\xE9", CLG_TEXT_NAME, "a\\b\\xe9\\x5CxE9");
    expect_form("two\nlines\t\x1b[1m", CLG_TEXT_NAME, "two\nlines\t\x1b[1m");
    expect_form("two\nlines\t\x1b[1m", CLG_TEXT_LINE, "two\\x0Alines\\x09\\x1B[1m");
    expect_form("csi \xc2\x9b separator \xe2\x80\xa8 del \x7f", CLG_TEXT_MESSAGE,
                "csi \\xC2\\x9B separator \\xE2\\x80\\xA8 del \\x7F");
    expect_form("two\nlines\t\x1b \\xE9", CLG_TEXT_MESSAGES, "two\nlines\t\\x1B \\xE9");
}

// What is cut off ends between characters, and the length is that of the whole.
static void test_room(void **state)
{
    (void)state;
    static const char name[] = "ab\xe9\xc3\xa9";
    static const char *const cut[] = {"", "", "a", "ab", "ab", "ab", "ab", "ab\\xE9", "ab\\xE9"};
    for (size_t size = 0; size < sizeof cut / sizeof *cut; size++) {
        char text[16] = "untouched";
        assert_int_equal(clg_text_to_utf8(name, CLG_TEXT_NAME, text, size), 8);
        assert_string_equal(text, size ? cut[size] : "untouched");
    }
    assert_int_equal(clg_text_to_utf8(name, CLG_TEXT_NAME, NULL, 0), 8);
}

static void round_trip(const char *name)
{
    char text[512], json[512];
    for (int form = CLG_TEXT_NAME; form <= CLG_TEXT_LINE; form++) {
        clg_text_to_utf8(name, (enum clg_text_form)form, text, sizeof text);
        assert_true(clg_text_is_utf8(text));
        clg_text_from_utf8(text);
        assert_string_equal(text, name);
    }
    cJSON *string = cJSON_CreateString(name);
    char *raw = cJSON_PrintUnformatted(string);
    clg_text_to_json(raw, json, sizeof json);
    assert_true(clg_text_is_utf8(json));
    clg_text_from_json(json);
    assert_string_equal(json, raw);
    cJSON *parsed = cJSON_Parse(json);
    assert_string_equal(cJSON_GetStringValue(parsed), name);
    cJSON_Delete(parsed);
    cJSON_free(raw);
    cJSON_Delete(string);
}

// Every text of two bytes, and many long ones of the bytes that matter.
static void test_round_trips(void **state)
{
    (void)state;
    static const char odd[] = "\\x5CE9eEdcu8\"\n\t\x1b\x7f\xc3\xa9\xed\xb2\xf0\x9f\x98\x80\xff\x80/ ,";
    uint64_t random = 3;
    for (int a = 1; a < 256; a++)
        for (int b = 0; b < 256; b++)
            round_trip((char[]){(char)a, (char)b, 0});
    for (int i = 0; i < 100000; i++) {
        char name[33];
        uint32_t n = chance(&random) % sizeof name;
        for (uint32_t k = 0; k < n; k++)
            name[k] = odd[chance(&random) % (sizeof odd - 1)];
        name[n] = 0;
        round_trip(name);
    }
}

static void test_json(void **state)
{
    (void)state;
    char json[64];
    clg_text_to_json("[\"caf\xe9 \xc3\xa9\"]", json, sizeof json);
    assert_string_equal(json, "[\"caf\\udce9 \xc3\xa9\"]");
    // a character beyond U+FFFF as json.dumps writes it, and a backslash before what looks like an escape
    static const char other[] = "[\"\\ud83d\\udce9 \\\\udce9 \\u00e9\"]";
    memcpy(json, other, sizeof other);
    clg_text_from_json(json);
    assert_string_equal(json, other);
}

static const char *const names[] = {"caf\xe9", "\\xE9 \"quoted\",\n", "\xf0\x9f\x98\x80", "plain"};
enum { NAMES = sizeof names / sizeof *names };

static void test_metadata(void **state)
{
    const char *path = in(state, "x.safetensors");
    struct clg_metadata texts[NAMES];
    const char *const keys[NAMES] = {"a", "b", "c", "d"};
    for (int i = 0; i < NAMES; i++)
        texts[i] = (struct clg_metadata){keys[i], names[i]};
    assert_int_equal(clg_safetensors_save(path, NULL, 0, texts, NAMES, NULL), 0);
    size_t size;
    char *bytes = (char *)file_bytes(path, &size);
    bytes[size] = 0;
    assert_true(clg_text_is_utf8(bytes + 8));
    free(bytes);
    struct clg_safetensors *file;
    assert_int_equal(clg_safetensors_open(&file, path, NULL), 0);
    for (int i = 0; i < NAMES; i++)
        assert_string_equal(clg_safetensors_metadata(file, keys[i]), names[i]);
    clg_safetensors_close(&file);
}

static void test_classes(void **state)
{
    const char *path = in(state, "x.svm");
    float features[2 * NAMES];
    int labels[2 * NAMES];
    for (int i = 0; i < 2 * NAMES; i++) {
        labels[i] = i / 2;
        features[i] = (float)labels[i];
    }
    struct clg_svm_params params = clg_svm_params_default();
    struct clg_svm *svm;
    params.c = 1;
    assert_int_equal(clg_svm_train(&svm, features, 2 * NAMES, 1, labels, NAMES, names, &params), 0);
    const char *const extra[][2] = {{"model", "runs/caf\xe9"}};
    assert_int_equal(clg_svm_save(svm, path, extra, 1, NULL), 0);
    clg_svm_free(&svm);
    assert_int_equal(clg_svm_load(&svm, path, NULL), 0);
    for (int i = 0; i < NAMES; i++)
        assert_string_equal(clg_svm_name(svm, i), names[i]);
    clg_svm_free(&svm);
}

static void test_messages(void **state)
{
    (void)state;
    struct captured_log captured_log;
    struct clg_log log = capture(&captured_log);
    struct clg_safetensors *file;
    assert_int_equal(clg_safetensors_open(&file, "no/\x1b[1m\nclgan: done \xe9", &log), CLG_EIO);
    assert_non_null(strstr(captured_log.last, "no/\\x1B[1m\\x0Aclgan: done \\xE9"));
}

TEST_MAIN("text", NULL, NULL, TEST(test_forms), TEST(test_room), TEST(test_round_trips), TEST(test_json),
          TEST(test_messages), IN_FOLDER(test_metadata), IN_FOLDER(test_classes))
