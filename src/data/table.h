// A table as people have it: from Excel, pandas, CelebA; all its fields, with the separator found out.
#ifndef CLG_DATA_TABLE_H
#define CLG_DATA_TABLE_H

#include <clgan/base.h>

struct clg_table {
    char *text;       // owns all fields
    uint32_t *fields; // where each begins in it, row after row
    uint32_t *rows;   // [n + 1]: the first field of each
    uint32_t n, fields_n, rows_room, fields_room;
    char separator;
};

// UTF-8 or Latin-1, or UTF-16 with a byte order mark; commas, semicolons, tabs or blanks between fields,
// which may be in quotes. A first line that is a number alone, of CelebA's lists, is left out. Not empty.
int clg_table_read(struct clg_table *table, const char *path, const struct clg_log *log);
void clg_table_free(struct clg_table *table); // accepts {0}

// How many fields the row has, and one of them; NULL beyond the row's end.
uint32_t clg_table_width(const struct clg_table *table, uint32_t row);
const char *clg_table_field(const struct clg_table *table, uint32_t row, uint32_t column);

#endif
