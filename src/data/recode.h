// Text of other encodings as UTF-8.
#ifndef CLG_DATA_RECODE_H
#define CLG_DATA_RECODE_H

#include <clgan/base.h>

// A file's text that begins with a byte order mark: UTF-16 becomes UTF-8, in memory of its own (the
// old text is freed), and the mark goes. Other text stays as it is. `path` is for the message.
// CLG_EFORMAT, CLG_ENOMEM.
int clg_recode_file(char **text, size_t *size, const char *path, const struct clg_log *log);

// Text that is not UTF-8, read as Latin-1 (as Windows has it, code page 1252): UTF-8, to be freed. NULL when
// the text is UTF-8, or cannot be that either, or memory is out.
char *clg_recode_latin(const char *text);

// UTF-8 as Latin-1, to be freed. NULL when the text is ASCII, no UTF-8, or has other letters.
char *clg_recode_to_latin(const char *text);

#endif
