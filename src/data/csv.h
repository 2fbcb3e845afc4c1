// Tables as text: records of separated fields, parsed in place (RFC 4180).
#ifndef CLG_DATA_CSV_H
#define CLG_DATA_CSV_H

#include <stdbool.h>

// Text being read; the fields given stay valid as long as it.
struct clg_csv {
    char *next;     // where the next field begins
    bool inside;    // it belongs to the record of the last one
    int line, read; // the line that the last field began in, from 1; that of `next`
    char separator;
};

enum clg_csv_result {
    CLG_CSV_FIELD,  // more of the record follows
    CLG_CSV_LAST,   // the record's last field
    CLG_CSV_END,    // end of the text
    CLG_CSV_BROKEN, // error: an unclosed quote, or text after a closed one
};

// The text ends in a 0 byte and is modified. The separator is a comma, a semicolon, a tab, or ' ' for any
// run of spaces and tabs.
struct clg_csv clg_csv_begin(char *text, char separator);

// The next field: unquoted, or trimmed if it had no quotes. Lines end in \n, \r\n or \r; empty ones are
// skipped.
enum clg_csv_result clg_csv_next(struct clg_csv *csv, const char **field);

#endif
