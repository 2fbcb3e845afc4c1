// Converts text to and from UTF-8 with the C library's iconv.
#include "data/recode.h"

#include "base/log.h"
#include "base/text.h"

#include <errno.h>
#include <iconv.h>
#include <stdlib.h>
#include <string.h>

enum { GROWS = 3 }; // the most bytes that one byte can become

// The converted text, ending in a 0 byte; NULL with errno EILSEQ or ENOMEM.
static char *convert(const char *to, const char *from, const char *text, size_t n, size_t *size)
{
    iconv_t converter = iconv_open(to, from);
    char *result = malloc(GROWS * n + 1), *in = (char *)text, *out = result;
    size_t left = n, space = GROWS * n;
    bool opened = converter != (iconv_t)-1;
    bool complete = opened && result && iconv(converter, &in, &left, &out, &space) != (size_t)-1;
    if (opened)
        iconv_close(converter);
    if (!complete) {
        errno = result ? EILSEQ : ENOMEM;
        free(result);
        return NULL;
    }
    *out = 0;
    *size = (size_t)(out - result);
    return result;
}

int clg_recode_file(char **text, size_t *size, const char *path, const struct clg_log *log)
{
    const char *from = NULL;
    if (*size >= 3 && !memcmp(*text, "\xef\xbb\xbf", 3)) {
        *size -= 3;
        memmove(*text, *text + 3, *size + 1);
    } else if (*size >= 2 && !memcmp(*text, "\xff\xfe", 2)) {
        from = "UTF-16LE";
    } else if (*size >= 2 && !memcmp(*text, "\xfe\xff", 2)) {
        from = "UTF-16BE";
    }
    if (!from)
        return 0;
    char *result = convert("UTF-8", from, *text + 2, *size - 2, size);
    if (!result && errno == ENOMEM)
        return clg_fail(log, CLG_ENOMEM, "out of memory reading %s", path);
    if (!result)
        return clg_fail(log, CLG_EFORMAT,
                        "%s is damaged: it begins with a UTF-16 mark but is not UTF-16 text", path);
    free(*text);
    *text = result;
    return 0;
}

char *clg_recode_latin(const char *text)
{
    size_t size;
    return clg_text_is_utf8(text) ? NULL : convert("UTF-8", "WINDOWS-1252", text, strlen(text), &size);
}

char *clg_recode_to_latin(const char *text)
{
    size_t size;
    bool ascii = true;
    for (const char *p = text; *p && ascii; p++)
        ascii = (unsigned char)*p < 0x80;
    return ascii || !clg_text_is_utf8(text) ? NULL
                                            : convert("WINDOWS-1252", "UTF-8", text, strlen(text), &size);
}
