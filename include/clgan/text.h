// Text that leaves clgan is UTF-8, whatever bytes the names of files and classes consist of. This is the one
// place that says how.
//
// Inside, a name is the bytes that the system, a table or the caller gave. On its way out,
// - in JSON, a byte that is not UTF-8 becomes "\udc80" to "\udcff". That is what Python's os.fsdecode makes
//   of it, so json.loads gives a name that open() takes;
// - in CSV, HTML, SVG, lists of names, the metadata of safetensors files, and messages it becomes \xHH, with
//   two capital hexadecimal digits. Where a name has a backslash that would be read as one of these, the
//   backslash becomes \x5C. So every name can be read back.
// - Lists, which have one name a line, and messages write control characters as \xHH, too.
#ifndef CLGAN_TEXT_H
#define CLGAN_TEXT_H

#include <clgan/base.h>

#ifdef __cplusplus
extern "C" {
#endif

enum clg_text_form {
    CLG_TEXT_NAME,     // can be read back; control characters stay: CSV, metadata
    CLG_TEXT_LINE,     // can be read back and has no control characters: one name a line
    CLG_TEXT_MESSAGE,  // for people: no control characters, backslashes stay; doing it twice changes nothing
    CLG_TEXT_MESSAGES, // the same for several lines: line breaks and tabs stay
};

// Writes `text` as UTF-8 to `to`, at most `size` bytes with the 0 byte at its end, never a part of a
// character or of an escape. Returns the length that the whole has, as snprintf does. `to` may be NULL when
// size is 0.
CLG_API size_t clg_text_to_utf8(const char *text, enum clg_text_form form, char *to, size_t size);

// The bytes that CLG_TEXT_NAME or CLG_TEXT_LINE made this of, in its place.
CLG_API void clg_text_from_utf8(char *text);

// The same for a whole JSON document whose strings hold raw bytes, as cJSON prints it; and back, in its
// place, for a program that does not take "\udc80", as cJSON does not.
CLG_API size_t clg_text_to_json(const char *json, char *to, size_t size);
CLG_API void clg_text_from_json(char *json);

#ifdef __cplusplus
}
#endif
#endif
