// Names as UTF-8 and back: see <clgan/text.h>.
#include "base/text.h"

#include <stdio.h>
#include <string.h>

enum { LONGEST = 4 * 4 }; // bytes that one character can become: \xHH for each of its own

// How many bytes a character has that begins with this one; 0 for bytes that none begins with.
static int character_length(unsigned char first)
{
    if (first < 0x80)
        return 1;
    if (first >> 5 == 6)
        return 2;
    if (first >> 4 == 14)
        return 3;
    return first >> 3 == 30 ? 4 : 0;
}

int clg_utf8_read(const char *text, uint32_t *code)
{
    static const uint32_t least[5] = {0, 0, 0x80, 0x800, 0x10000}; // smaller ones have shorter forms
    const unsigned char *p = (const unsigned char *)text;
    int n = character_length(p[0]);
    if (!n)
        return 0;
    *code = n == 1 ? p[0] : p[0] & (0x7fu >> n);
    for (int i = 1; i < n; i++) {
        if (p[i] >> 6 != 2)
            return 0; // also at the end of the text
        *code = *code << 6 | (p[i] & 0x3fu);
    }
    bool surrogate = *code >= 0xd800 && *code <= 0xdfff;
    return *code >= least[n] && *code <= 0x10ffff && !surrogate ? n : 0;
}

bool clg_text_is_utf8(const char *text)
{
    uint32_t code;
    while (*text) {
        int n = clg_utf8_read(text, &code);
        if (!n)
            return false;
        text += n;
    }
    return true;
}

static int hex_digit(char c)
{
    static const char digits[] = "0123456789ABCDEF";
    const char *at = c ? strchr(digits, c) : NULL;
    return at ? (int)(at - digits) : -1;
}

bool clg_text_is_escape(const char *text)
{
    return text[0] == '\\' && text[1] == 'x' && hex_digit(text[2]) >= 0 && hex_digit(text[3]) >= 0;
}

// C0, DEL, C1, and Unicode's line and paragraph separators.
static bool is_control(uint32_t code)
{
    return code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0x2028 || code == 0x2029;
}

static bool stays(const char *text, uint32_t code, enum clg_text_form form)
{
    if (form == CLG_TEXT_NAME)
        return !clg_text_is_escape(text);
    if (form == CLG_TEXT_LINE)
        return !is_control(code) && !clg_text_is_escape(text);
    if (form == CLG_TEXT_MESSAGES && (code == '\n' || code == '\t'))
        return true;
    return !is_control(code);
}

// What is written, as far as there is room; `length` counts on.
struct output {
    char *to;
    size_t size, length;
    bool full;
};

static void put(struct output *output, const char *bytes, size_t n)
{
    output->full = output->full || output->length + n >= output->size;
    if (!output->full)
        memcpy(output->to + output->length, bytes, n);
    output->length += n;
    if (!output->full)
        output->to[output->length] = 0;
}

static struct output output_begin(char *to, size_t size)
{
    if (size)
        to[0] = 0;
    return (struct output){.to = to, .size = size};
}

size_t clg_text_to_utf8(const char *text, enum clg_text_form form, char *to, size_t size)
{
    struct output output = output_begin(to, size);
    while (*text) {
        uint32_t code = 0;
        int n = clg_utf8_read(text, &code);
        if (n && stays(text, code, form)) {
            put(&output, text, (size_t)n);
            text += n;
            continue;
        }
        char escapes[LONGEST + 1];
        n = n ? n : 1;
        for (int i = 0; i < n; i++)
            snprintf(escapes + 4 * i, 5, "\\x%02X", (unsigned char)text[i]);
        put(&output, escapes, 4 * (size_t)n);
        text += n;
    }
    return output.length;
}

void clg_text_from_utf8(char *text)
{
    char *to = text;
    while (*text) {
        if (clg_text_is_escape(text) && (hex_digit(text[2]) || hex_digit(text[3]))) {
            *to++ = (char)(hex_digit(text[2]) << 4 | hex_digit(text[3]));
            text += 4;
        } else {
            *to++ = *text++;
        }
    }
    *to = 0;
}

size_t clg_text_to_json(const char *json, char *to, size_t size)
{
    struct output output = output_begin(to, size);
    while (*json) {
        uint32_t code;
        char escape[8];
        int n = clg_utf8_read(json, &code);
        if (n) {
            put(&output, json, (size_t)n);
        } else {
            n = 1;
            snprintf(escape, sizeof escape, "\\udc%02x", (unsigned char)*json);
            put(&output, escape, strlen(escape));
        }
        json += n;
    }
    return output.length;
}

// The code unit of a \uHHHH escape, or 0 if the text does not begin with one.
static unsigned unicode_escape(const char *json)
{
    unsigned value = 0;
    if (json[0] != '\\' || json[1] != 'u')
        return 0;
    for (int i = 2; i < 6; i++) {
        char c = json[i] >= 'a' && json[i] <= 'f' ? (char)(json[i] - 'a' + 'A') : json[i];
        if (hex_digit(c) < 0)
            return 0;
        value = value << 4 | (unsigned)hex_digit(c);
    }
    return value;
}

void clg_text_from_json(char *json)
{
    char *to = json;
    while (*json) {
        unsigned code = unicode_escape(json);
        size_t n = *json == '\\' && json[1] ? 2 : 1;
        if (code >= 0xdc80 && code <= 0xdcff) {
            *to++ = (char)(code & 0xff);
            json += 6;
            continue;
        }
        if (code >= 0xd800 && code < 0xdc00 && unicode_escape(json + 6) >= 0xdc00)
            n = 12; // a pair: a character beyond U+FFFF
        memmove(to, json, n);
        to += n;
        json += n;
    }
    *to = 0;
}
