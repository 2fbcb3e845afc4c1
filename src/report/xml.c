// Text made safe for XML and HTML, whatever its bytes are.
#include "report/xml.h"

#include "base/text.h"

// XML 1.0, section 2.2.
static bool xml_allows(uint32_t code)
{
    return code == '\t' || code == '\n' || code == '\r' || (code >= 0x20 && code <= 0xd7ff) ||
           (code >= 0xe000 && code <= 0xfffd) || (code >= 0x10000 && code <= 0x10ffff);
}

static void escapes_write(FILE *file, const char *bytes, int n)
{
    for (int i = 0; i < n; i++)
        fprintf(file, "\\x%02X", (unsigned char)bytes[i]);
}

static void character_write(FILE *file, const char *bytes, int n)
{
    switch (*bytes) {
    case '&': fputs("&amp;", file); break;
    case '<': fputs("&lt;", file); break;
    case '>': fputs("&gt;", file); break;
    case '"': fputs("&quot;", file); break;
    case '\'': fputs("&#39;", file); break;
    default: fwrite(bytes, 1, (size_t)n, file);
    }
}

void clg_xml_text(FILE *file, const char *text)
{
    while (*text) {
        uint32_t code = 0;
        int n = clg_utf8_read(text, &code);
        if (n && xml_allows(code) && !clg_text_is_escape(text))
            character_write(file, text, n);
        else
            escapes_write(file, text, n ? n : 1);
        text += n ? n : 1;
    }
}
