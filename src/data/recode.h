// Converts text in other encodings to UTF-8.
#ifndef CLG_DATA_RECODE_H
#define CLG_DATA_RECODE_H

#include <clgan/base.h>

// Text that begins with a byte order mark: UTF-16 becomes UTF-8 in newly allocated memory (the old text is
// freed), and the mark is removed. Other text is left alone. `path` is for the message.
// CLG_EFORMAT, CLG_ENOMEM.
int clg_recode_file(char **text, size_t *size, const char *path, const struct clg_log *log);

// Latin-1 text (Windows code page 1252) as UTF-8, to be freed. NULL if the text is UTF-8 already, is not
// valid in that code page either, or memory runs out.
char *clg_recode_latin(const char *text);

// UTF-8 as Latin-1, to be freed. NULL if the text is ASCII, not UTF-8, or has letters outside Latin-1.
char *clg_recode_to_latin(const char *text);

#endif
