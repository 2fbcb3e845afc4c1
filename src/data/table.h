// A table as people have it (Excel, pandas, CelebA): all its fields; the separator is detected.
#ifndef CLG_DATA_TABLE_H
#define CLG_DATA_TABLE_H

#include <clgan/base.h>

struct clg_table {
    char *text;       // owns all fields
    uint32_t *fields; // where each begins in it, row after row
    uint32_t *rows;   // [n + 1]: the first field of each
    uint32_t n, fields_n, rows_capacity, fields_capacity;
    char separator;
};

// UTF-8 or Latin-1, or UTF-16 with a byte order mark; fields separated by commas, semicolons, tabs or spaces,
// and optionally quoted. Skips the first line if it is a lone number, as in CelebA's lists. Never empty.
int clg_table_read(struct clg_table *table, const char *path, const struct clg_log *log);
void clg_table_free(struct clg_table *table); // accepts {0}

// The number of fields in a row; one of them, or NULL past the end of the row.
uint32_t clg_table_width(const struct clg_table *table, uint32_t row);
const char *clg_table_field(const struct clg_table *table, uint32_t row, uint32_t column);

#endif
