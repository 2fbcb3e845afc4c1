// Tables as text: records of fields with a separator between them, read in place (RFC 4180).
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
    CLG_CSV_END,    // none: the text is over
    CLG_CSV_BROKEN, // none: a quote is not closed, or text follows a closed one
};

// Text that ends in a 0 byte and will be written to. The separator is a comma, a semicolon, a tab, or ' ':
// then any number of blanks and tabs stands between two fields.
struct clg_csv clg_csv_begin(char *text, char separator);

// The next field: without its quotes, or without the blanks around it when it had none. Lines end in \n,
// \r\n or \r; those that are empty are passed over.
enum clg_csv_result clg_csv_next(struct clg_csv *csv, const char **field);

#endif
