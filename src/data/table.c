// Reads a table from a file: encoding, separator, fields.
#include "data/table.h"

#include "base/file.h"
#include "base/log.h"
#include "data/csv.h"
#include "data/recode.h"

#include <stdlib.h>
#include <string.h>

#define FILE_LIMIT ((size_t)1 << 30)

uint32_t clg_table_width(const struct clg_table *table, uint32_t row)
{
    return table->rows[row + 1] - table->rows[row];
}

const char *clg_table_field(const struct clg_table *table, uint32_t row, uint32_t column)
{
    return column < clg_table_width(table, row) ? table->text + table->fields[table->rows[row] + column]
                                                : NULL;
}

// --- the separator -----------------------------------------------------------------------------
// The number of fields in the next record; 0 at the end and at a broken quote.
static int record_width(struct clg_csv *csv)
{
    const char *field;
    for (int n = 1;; n++) {
        enum clg_csv_result result = clg_csv_next(csv, &field);
        if (result == CLG_CSV_LAST)
            return n;
        if (result != CLG_CSV_FIELD)
            return 0;
    }
}

// How many of the first records have the same number of fields, two or more, with this separator.
static int separator_score(char *text, char separator)
{
    enum { RECORDS = 20, WIDEST = 1000 };
    struct clg_csv csv = clg_csv_begin(text, separator);
    int same[WIDEST + 1] = {0}, best = 0;
    for (int i = 0; i < RECORDS; i++) {
        int n = record_width(&csv);
        if (!n)
            break;
        n = n < WIDEST ? n : WIDEST;
        same[n]++;
        if (n >= 2 && same[n] > best)
            best = same[n];
    }
    return best;
}

// The separator that gives the most regular table; on a tie, the one that is rarer in ordinary text.
static char separator_find(const char *text, size_t size)
{
    enum { LOOK = 1 << 15 };
    static const char separators[] = "\t;, ";
    char part[LOOK + 1];
    char best = ',';
    int best_score = 0;
    for (const char *s = separators; *s; s++) {
        size_t n = size < LOOK ? size : LOOK;
        memcpy(part, text, n);
        part[n] = 0;
        int score = separator_score(part, *s);
        if (score > best_score) {
            best = *s;
            best_score = score;
        }
    }
    return best;
}

// --- the fields --------------------------------------------------------------------------------
// Appends a number to a list; false: out of memory.
static bool number_add(uint32_t **list, uint32_t *n, uint32_t *capacity, uint32_t number)
{
    if (*n == *capacity) {
        uint32_t more = *capacity ? 2 * *capacity : 256;
        uint32_t *grown = realloc(*list, more * sizeof *grown);
        if (!grown)
            return false;
        *list = grown;
        *capacity = more;
    }
    (*list)[(*n)++] = number;
    return true;
}

// rows_n counts the rows and the end behind the last one.
static int fields_read(struct clg_table *t, const char *path, const struct clg_log *log)
{
    struct clg_csv csv = clg_csv_begin(t->text, t->separator);
    enum clg_csv_result result = CLG_CSV_LAST;
    uint32_t rows_n = 0;
    bool memory = true;
    for (const char *field; memory;) {
        if (result == CLG_CSV_LAST)
            memory = number_add(&t->rows, &rows_n, &t->rows_capacity, t->fields_n);
        result = clg_csv_next(&csv, &field);
        if (result == CLG_CSV_END || result == CLG_CSV_BROKEN)
            break;
        memory =
            memory && number_add(&t->fields, &t->fields_n, &t->fields_capacity, (uint32_t)(field - t->text));
    }
    if (!memory)
        return clg_fail(log, CLG_ENOMEM, "out of memory reading %s", path);
    if (result == CLG_CSV_BROKEN)
        return clg_fail(log, CLG_EFORMAT, "%s, line %d: a quote is not closed, or text follows a closed one",
                        path, csv.line);
    t->n = rows_n - 1;
    return 0;
}

static bool is_count(const char *field)
{
    return *field && !field[strspn(field, "0123456789")];
}

// A lone number before a table is its number of rows.
static void count_leave_out(struct clg_table *t)
{
    if (t->n < 2 || clg_table_width(t, 0) != 1 || clg_table_width(t, 1) < 2 ||
        !is_count(clg_table_field(t, 0, 0)))
        return;
    t->n--;
    memmove(t->rows, t->rows + 1, (t->n + 1) * sizeof *t->rows);
}

static int text_read(struct clg_table *t, const char *path, const struct clg_log *log)
{
    size_t size;
    int status = clg_file_read(path, FILE_LIMIT, &t->text, &size, log);
    if (!status)
        status = clg_recode_file(&t->text, &size, path, log);
    if (status)
        return status;
    if (strlen(t->text) != size)
        return clg_fail(log, CLG_EFORMAT, "%s is not text: it contains a 0 byte", path);
    t->separator = separator_find(t->text, size);
    return 0;
}

int clg_table_read(struct clg_table *table, const char *path, const struct clg_log *log)
{
    *table = (struct clg_table){0};
    int status = text_read(table, path, log);
    if (!status)
        status = fields_read(table, path, log);
    if (!status && !table->n)
        status = clg_fail(
            log, CLG_EFORMAT,
            "%s is empty: a table needs a line for each picture, with the file's name and its labels", path);
    if (!status)
        count_leave_out(table);
    if (status)
        clg_table_free(table);
    return status;
}

void clg_table_free(struct clg_table *table)
{
    free(table->text);
    free(table->fields);
    free(table->rows);
    *table = (struct clg_table){0};
}
