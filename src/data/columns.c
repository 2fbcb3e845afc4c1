// The columns of a table: whether it has a heading, which column names the pictures, which holds the labels.
#include "data/columns.h"

#include "base/log.h"
#include "data/list.h"
#include "data/recode.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// The table under examination.
struct layout {
    const struct clg_table *table;
    const struct clg_matcher *matcher;
    const struct clg_labels_params *params;
    uint32_t first, width; // the first row after the heading; columns
    uint32_t shift;        // 1: the heading has no name for the first column, the files
};
enum { NOT_THERE = UINT32_MAX >> 1 };

static bool is_number(const char *text)
{
    char *end;
    strtod(text, &end);
    return end != text && !*end;
}

// --- the heading -------------------------------------------------------------------------------
// The first row is not a heading if it names a picture or holds only numbers.
static bool has_heading(const struct layout *layout)
{
    const uint32_t width = clg_table_width(layout->table, 0);
    uint32_t numbers = 0;
    for (uint32_t i = 0; i < width; i++) {
        const char *field = clg_table_field(layout->table, 0, i);
        bool digits = strpbrk(field, "0123456789") != NULL;
        if (clg_match_has_ending(field))
            return false;
        if (digits && clg_match(layout->matcher, field).how == CLG_MATCH_SURE)
            return false;
        numbers += is_number(field);
    }
    return numbers < width;
}

// Headings written by CelebA and R omit the column of the files.
static bool leaves_out_files(const struct layout *layout)
{
    if (layout->table->n < 2 || clg_table_width(layout->table, 1) != clg_table_width(layout->table, 0) + 1)
        return false;
    const char *file = clg_table_field(layout->table, 1, 0);
    const char *last = clg_table_field(layout->table, 1, clg_table_width(layout->table, 0));
    bool is_file = clg_match_has_ending(file) || clg_match(layout->matcher, file).how >= CLG_MATCH_LOOSE;
    return *last && (is_file || layout->table->separator == ' ');
}

static void heading_read(struct layout *layout)
{
    layout->first = has_heading(layout) ? 1 : 0;
    layout->shift = layout->first && leaves_out_files(layout) ? 1 : 0;
    layout->width = clg_table_width(layout->table, 0) + layout->shift;
}

// The name in the heading, "" without one.
static const char *name_of(const struct layout *layout, uint32_t column)
{
    if (!layout->first || column < layout->shift)
        return "";
    return clg_table_field(layout->table, 0, column - layout->shift);
}

// The column's name in messages, to be freed; NULL: out of memory.
static char *name_copy(const struct layout *layout, uint32_t column)
{
    const char *name = name_of(layout, column);
    char *recoded = clg_recode_latin(name), number[32];
    snprintf(number, sizeof number, "column %u", column + 1);
    return recoded ? recoded : strdup(*name ? name : number);
}

// "file, mood"; a column without a name appears as its number and first value: "2 (happy)".
static void list_add(const struct layout *layout, uint32_t column, struct clg_list *list)
{
    const char *name = name_of(layout, column);
    const char *value =
        layout->first < layout->table->n ? clg_table_field(layout->table, layout->first, column) : NULL;
    char *recoded = clg_recode_latin(name), text[64];
    snprintf(text, sizeof text, "%u (%.40s)", column + 1, value ? value : "");
    clg_list_add(list, recoded ? recoded : *name ? name : text);
    free(recoded);
}

// --- columns that are asked for ----------------------------------------------------------------
static bool is_named(const struct layout *layout, uint32_t column, const char *wanted)
{
    const char *name = name_of(layout, column);
    char *recoded = clg_recode_latin(name);
    bool same = *name && (!strcmp(name, wanted) || (recoded && !strcmp(recoded, wanted)));
    free(recoded);
    return same;
}

// The column with this name, or with this number counted from 1, or NOT_THERE. *several: the name is not
// unique.
static uint32_t column_find(const struct layout *layout, const char *wanted, bool *several)
{
    uint32_t found = NOT_THERE;
    *several = false;
    for (uint32_t i = 0; i < layout->width; i++) {
        if (!is_named(layout, i, wanted))
            continue;
        *several = found != NOT_THERE;
        if (*several)
            return NOT_THERE;
        found = i;
    }
    if (found != NOT_THERE || !*wanted || wanted[strspn(wanted, "0123456789")])
        return found;
    unsigned long number = strtoul(wanted, NULL, 10);
    return number >= 1 && number <= layout->width ? (uint32_t)number - 1 : NOT_THERE;
}

// `not`: a column to leave out of the list.
static int column_ask(const struct layout *layout, const char *wanted, uint32_t not, uint32_t *column)
{
    struct clg_list list = {0};
    bool several;
    *column = column_find(layout, wanted, &several);
    if (*column != NOT_THERE && *column != not )
        return 0;
    for (uint32_t i = 0; i < layout->width; i++)
        if (i != not )
            list_add(layout, i, &list);
    if (several)
        return clg_fail(&layout->params->log, CLG_EINVAL,
                        "%s has several columns called \"%s\": give a number instead, counted from 1",
                        layout->params->csv, wanted);
    return clg_fail(&layout->params->log, CLG_EDATA, "%s has no column \"%s\"; it has %s",
                    layout->params->csv, wanted, clg_list_text(&list));
}

// --- the column of the files -------------------------------------------------------------------
// pandas writes its index, whole numbers, as a first column without a name.
static bool is_index(const struct layout *layout, uint32_t column)
{
    const char *name = name_of(layout, column);
    if (column > 0 || !layout->first || layout->shift || layout->width < 3)
        return false;
    if (*name && strncmp(name, "Unnamed: ", 9))
        return false;
    for (uint32_t row = layout->first; row < layout->table->n; row++) {
        const char *value = clg_table_field(layout->table, row, column);
        bool zeros = value && value[0] == '0' && value[1];
        if (!value || !*value || zeros || value[strspn(value, "0123456789")])
            return false;
    }
    return true;
}

// Does one of the first rows have a picture's name in this column?
static bool has_endings(const struct layout *layout, uint32_t column)
{
    enum { LOOK = 10 };
    for (uint32_t row = layout->first; row < layout->table->n && row < layout->first + LOOK; row++) {
        const char *value = clg_table_field(layout->table, row, column);
        if (value && clg_match_has_ending(value))
            return true;
    }
    return false;
}

// How many different pictures the column names in a sample of the rows; -1: out of memory.
static int pictures_named(const struct layout *layout, uint32_t column, int pictures)
{
    enum { SAMPLE = 2000 };
    const uint32_t rows = layout->table->n - layout->first, step = rows / SAMPLE + 1;
    bool *seen = calloc((size_t)pictures, sizeof *seen);
    int n = 0;
    if (!seen)
        return -1;
    for (uint32_t row = layout->first; row < layout->table->n; row += step) {
        const char *value = clg_table_field(layout->table, row, column);
        struct clg_found found = {CLG_MATCH_NONE};
        if (value && *value)
            found = clg_match(layout->matcher, value);
        if (found.how >= CLG_MATCH_LOOSE && !seen[found.picture]) {
            seen[found.picture] = true;
            n++;
        }
    }
    free(seen);
    return n;
}

static int several_files(const struct layout *layout, const bool *candidates)
{
    struct clg_list list = {0};
    for (uint32_t i = 0; i < layout->width; i++)
        if (candidates[i])
            list_add(layout, i, &list);
    return clg_fail(&layout->params->log, CLG_EINVAL,
                    "%s has several columns that name pictures: %s; say which one (--file-column)",
                    layout->params->csv, clg_list_text(&list));
}

// The candidate that names the most pictures; a tie is an error. The first one if none names any.
static int file_vote(const struct layout *layout, int pictures, bool *candidates, uint32_t *column)
{
    int best = 0, second = 0;
    *column = NOT_THERE;
    for (uint32_t i = 0; i < layout->width; i++) {
        int n = candidates[i] ? pictures_named(layout, i, pictures) : 0;
        if (n < 0)
            return clg_fail(&layout->params->log, CLG_ENOMEM, "out of memory for %s", layout->params->csv);
        if (*column == NOT_THERE && candidates[i])
            *column = i;
        if (n > best) {
            *column = i;
            second = best;
            best = n;
        } else if (n > second) {
            second = n;
        }
        candidates[i] = n > 0;
    }
    return best && best < 2 * second ? several_files(layout, candidates) : 0;
}

static int file_find(const struct layout *layout, int pictures, uint32_t *column)
{
    bool *candidates = calloc(layout->width, sizeof *candidates);
    uint32_t ending = 0;
    if (!candidates)
        return clg_fail(&layout->params->log, CLG_ENOMEM, "out of memory for %s", layout->params->csv);
    for (uint32_t i = 0; i < layout->width; i++) {
        candidates[i] = has_endings(layout, i);
        ending += candidates[i];
        *column = candidates[i] ? i : *column;
    }
    for (uint32_t i = 0; i < layout->width && !ending; i++)
        candidates[i] = !is_index(layout, i);
    int status = ending == 1 ? 0 : file_vote(layout, pictures, candidates, column);
    free(candidates);
    return status;
}

// --- the column of the labels ------------------------------------------------------------------
static bool has_value(const struct layout *layout, uint32_t column, const char *wanted, size_t length)
{
    for (uint32_t row = layout->first; row < layout->table->n; row++) {
        const char *value = clg_table_field(layout->table, row, column);
        if (value && strlen(value) == length && !memcmp(value, wanted, length))
            return true;
    }
    return false;
}

// Does the column have all requested classes?
static bool has_classes(const struct layout *layout, uint32_t column)
{
    for (const char *p = layout->params->classes; p;) {
        p += strspn(p, " ");
        size_t length = strcspn(p, ",");
        if (!has_value(layout, column, p, length))
            return false;
        p = p[length] ? p + length + 1 : NULL;
    }
    return true;
}

// The only column besides the files and an index; of several, the only one with the requested classes.
static int label_find(const struct layout *layout, uint32_t file, uint32_t *column)
{
    struct clg_list list = {0};
    uint32_t n = 0, only = 0, fitting = 0;
    for (uint32_t i = 0; i < layout->width; i++) {
        if (i == file || is_index(layout, i))
            continue;
        list_add(layout, i, &list);
        only = i;
        n++;
        if (layout->params->classes && has_classes(layout, i)) {
            *column = i;
            fitting++;
        }
    }
    if (n == 1)
        *column = only;
    if (n == 1 || fitting == 1)
        return 0;
    if (!n)
        return clg_fail(
            &layout->params->log, CLG_EFORMAT,
            "%s has no column besides \"%s\": separate columns by commas, semicolons, tabs or spaces",
            layout->params->csv, clg_table_field(layout->table, 0, 0));
    return clg_fail(&layout->params->log, CLG_EINVAL, "%s has several columns: %s; say which one (--column)",
                    layout->params->csv, clg_list_text(&list));
}

int clg_columns_choose(struct clg_columns *columns, const struct clg_table *table,
                       const struct clg_matcher *matcher, const struct clg_labels_params *params)
{
    struct layout layout = {.table = table, .matcher = matcher, .params = params};
    *columns = (struct clg_columns){0};
    heading_read(&layout);
    int status = params->file_column ? column_ask(&layout, params->file_column, NOT_THERE, &columns->file)
                                     : file_find(&layout, clg_matcher_pictures(matcher), &columns->file);
    if (!status)
        status = params->column ? column_ask(&layout, params->column, columns->file, &columns->label)
                                : label_find(&layout, columns->file, &columns->label);
    if (status)
        return status;
    columns->first = layout.first;
    columns->named = *name_of(&layout, columns->label) != 0;
    columns->name = name_copy(&layout, columns->label);
    return columns->name ? 0 : clg_fail(&params->log, CLG_ENOMEM, "out of memory for %s", params->csv);
}

void clg_columns_free(struct clg_columns *columns)
{
    free(columns->name);
    *columns = (struct clg_columns){0};
}
