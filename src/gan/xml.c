// Text made safe for XML and HTML, whatever its bytes are.
#include "gan/xml.h"

#include <stdbool.h>
#include <stdint.h>

// The length of the UTF-8 character at `p` and its code point; 0 when the bytes are not UTF-8.
static int utf8_read(const unsigned char *p, uint32_t *code)
{
    static const uint32_t least[5] = {0, 0, 0x80, 0x800, 0x10000}; // shorter forms exist below
    int n = p[0] < 0x80 ? 1 : p[0] >> 5 == 6 ? 2 : p[0] >> 4 == 14 ? 3 : p[0] >> 3 == 30 ? 4 : 0;
    if (!n)
        return 0;
    *code = n == 1 ? p[0] : p[0] & (0x7fu >> n);
    for (int i = 1; i < n; i++) {
        if (p[i] >> 6 != 2)
            return 0; // also at the end of the text
        *code = *code << 6 | (p[i] & 0x3fu);
    }
    return *code >= least[n] ? n : 0;
}

// XML 1.0, section 2.2.
static bool xml_allows(uint32_t code)
{
    return code == '\t' || code == '\n' || code == '\r' || (code >= 0x20 && code <= 0xd7ff) ||
           (code >= 0xe000 && code <= 0xfffd) || (code >= 0x10000 && code <= 0x10ffff);
}

void clg_xml_text(FILE *file, const char *text)
{
    const unsigned char *p = (const unsigned char *)text;
    while (*p) {
        uint32_t code = 0;
        int n = utf8_read(p, &code);
        switch (n && xml_allows(code) ? code : 0) {
        case 0: fputs("\xef\xbf\xbd", file); break;
        case '&': fputs("&amp;", file); break;
        case '<': fputs("&lt;", file); break;
        case '>': fputs("&gt;", file); break;
        case '"': fputs("&quot;", file); break;
        case '\'': fputs("&#39;", file); break;
        default: fwrite(p, 1, (size_t)n, file);
        }
        p += n ? n : 1;
    }
}
