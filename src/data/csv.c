// Tables as text, parsed in place: fields lose their quotes and end in a 0 byte.
#include "data/csv.h"

#include <string.h>

static const char LINE_ENDS[] = "\r\n";

struct clg_csv clg_csv_begin(char *text, char separator)
{
    return (struct clg_csv){.next = text, .read = 1, .separator = separator};
}

// Blanks around fields; a tab may be a separator.
static const char *blanks_of(const struct clg_csv *csv)
{
    return csv->separator == '\t' ? " " : " \t";
}

static bool ends_field(const struct clg_csv *csv, char c)
{
    bool blank = csv->separator == ' ' && (c == ' ' || c == '\t');
    return !c || c == csv->separator || blank || strchr(LINE_ENDS, c);
}

static char *line_pass(struct clg_csv *csv, char *end)
{
    csv->read++;
    return end + (end[0] == '\r' && end[1] == '\n' ? 2 : 1);
}

static void empty_lines_pass(struct clg_csv *csv)
{
    const char *blanks = blanks_of(csv);
    char *p = csv->next + strspn(csv->next, blanks);
    while (*p && strchr(LINE_ENDS, *p)) {
        p = line_pass(csv, p);
        csv->next = p;
        p += strspn(p, blanks);
    }
    if (!*p)
        csv->next = p;
}

// From after the opening quote to after the closing one, or NULL. *field_end: the end of the text once doubled
// quotes have become single.
static char *quoted_pass(struct clg_csv *csv, char *from, char **field_end)
{
    char *to = from;
    for (; *from; from++) {
        if (*from == '"' && *++from != '"') {
            *field_end = to;
            return from;
        }
        csv->read += *from == '\n';
        *to++ = *from;
    }
    return NULL;
}

static char *plain_pass(const struct clg_csv *csv, char *from, char **field_end)
{
    char *end = from;
    while (!ends_field(csv, *end))
        end++;
    for (*field_end = end; *field_end > from && strchr(blanks_of(csv), (*field_end)[-1]);)
        --*field_end;
    return end;
}

// From the end of a field to the start of the next one, or to the end of the line.
static char *separator_pass(struct clg_csv *csv, char *end)
{
    if (csv->separator == ' ')
        end += strspn(end, " \t");
    csv->inside = csv->separator == ' ' ? *end && !strchr(LINE_ENDS, *end) : *end == csv->separator;
    if (csv->inside)
        return end + (csv->separator != ' ');
    return *end ? line_pass(csv, end) : end;
}

enum clg_csv_result clg_csv_next(struct clg_csv *csv, const char **field)
{
    if (!csv->inside)
        empty_lines_pass(csv);
    csv->line = csv->read;
    char *start = csv->next + strspn(csv->next, blanks_of(csv)), *field_end;
    if (!csv->inside && !*start)
        return CLG_CSV_END;
    bool quoted = *start == '"';
    start += quoted;
    char *end = quoted ? quoted_pass(csv, start, &field_end) : plain_pass(csv, start, &field_end);
    if (quoted && end && csv->separator != ' ')
        end += strspn(end, blanks_of(csv));
    if (!end || !ends_field(csv, *end))
        return CLG_CSV_BROKEN;
    csv->next = separator_pass(csv, end);
    *field_end = 0;
    *field = start;
    return csv->inside ? CLG_CSV_FIELD : CLG_CSV_LAST;
}
