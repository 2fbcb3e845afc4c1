// Tables as text, read in place: every field loses its quotes and gets a 0 byte behind it.
#include "data/csv.h"

#include <string.h>

static const char BLANKS[] = " \t", LINE_ENDS[] = "\r\n", FIELD_ENDS[] = ",\r\n";

struct clg_csv clg_csv_begin(char *text)
{
    return (struct clg_csv){.next = text + (strncmp(text, "\xef\xbb\xbf", 3) ? 0 : 3), .read = 1};
}

static char *line_pass(struct clg_csv *csv, char *end)
{
    csv->read++;
    return end + (end[0] == '\r' && end[1] == '\n' ? 2 : 1);
}

static void empty_lines_pass(struct clg_csv *csv)
{
    char *p = csv->next + strspn(csv->next, BLANKS);
    while (*p && strchr(LINE_ENDS, *p)) {
        p = line_pass(csv, p);
        csv->next = p;
        p += strspn(p, BLANKS);
    }
    if (!*p)
        csv->next = p;
}

// From behind the opening quote to behind the closing one, or NULL. *field_end: where the text, moved over
// the doubled quotes, ends.
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

static char *plain_pass(char *from, char **field_end)
{
    char *end = from + strcspn(from, FIELD_ENDS);
    for (*field_end = end; *field_end > from && strchr(BLANKS, (*field_end)[-1]);)
        --*field_end;
    return end;
}

enum clg_csv_result clg_csv_next(struct clg_csv *csv, const char **field)
{
    if (!csv->inside)
        empty_lines_pass(csv);
    csv->line = csv->read;
    char *start = csv->next + strspn(csv->next, BLANKS), *field_end;
    if (!csv->inside && !*start)
        return CLG_CSV_END;
    bool quoted = *start == '"';
    start += quoted;
    char *end = quoted ? quoted_pass(csv, start, &field_end) : plain_pass(start, &field_end);
    if (quoted && end)
        end += strspn(end, BLANKS);
    if (!end || (*end && !strchr(FIELD_ENDS, *end)))
        return CLG_CSV_BROKEN;
    csv->inside = *end == ',';
    csv->next = csv->inside || !*end ? end + csv->inside : line_pass(csv, end);
    *field_end = 0;
    *field = start;
    return csv->inside ? CLG_CSV_FIELD : CLG_CSV_LAST;
}
