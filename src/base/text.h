// UTF-8, character by character.
#ifndef CLG_BASE_TEXT_H
#define CLG_BASE_TEXT_H

#include <clgan/text.h>

// The length of the UTF-8 character at `text` and its code point; 0 when the bytes are not UTF-8. Not for the
// text's end.
int clg_utf8_read(const char *text, uint32_t *code);

bool clg_text_is_utf8(const char *text);

// Does a \xHH of clgan's begin here?
bool clg_text_is_escape(const char *text);

#endif
