// Labels from a table: matches each row to a picture and reports what does not fit.
#include "data/columns.h"
#include "data/labels.h"
#include "data/pictures.h"
#include "data/recode.h"

#include "base/log.h"

#include <clgan/text.h>

#include <stdlib.h>
#include <string.h>

// Rows of one kind: the number, and the first one.
struct rows {
    int n;
    const char *name; // its name for the picture
    struct clg_found found;
};

struct clg_label_table {
    struct clg_label_values *v;
    struct clg_table table;
    struct clg_matcher *matcher;
    struct clg_columns columns;
    struct clg_found *by; // [pictures]: how the row with the label was matched
    const char **names;   // [pictures]: that row's name for the picture
    struct rows of[CLG_MATCH_SURE + 1];
};

static void rows_count(struct rows *rows, const char *name, struct clg_found found)
{
    if (!rows->n++) {
        rows->name = name;
        rows->found = found;
    }
}

static const char *picture_name(const struct clg_label_table *r, int i)
{
    return clg_pictures_name(r->v->pictures, i);
}

// --- rows --------------------------------------------------------------------------------------
static bool is_better(const struct clg_found *a, const struct clg_found *b)
{
    return a->how != b->how ? a->how > b->how : a->shared > b->shared;
}

// A label decoded, to be freed: Latin-1 becomes UTF-8, and clgan's own escapes become the bytes they stand
// for.
static char *label_of(const char *value)
{
    char *label = clg_recode_latin(value);
    if (label)
        return label;
    label = strdup(value);
    if (label)
        clg_text_from_utf8(label);
    return label;
}

// Sets the label; "" for a contradicted one.
static int label_set(struct clg_label_table *r, struct clg_found found, const char *name, char *label)
{
    free(r->v->of[found.picture]);
    r->v->of[found.picture] = label;
    r->by[found.picture] = found;
    r->names[found.picture] = name;
    return label ? 0 : clg_label_memory(r->v);
}

static int label_twice(const struct clg_label_table *r, int picture, const char *name, const char *label)
{
    return clg_fail(r->v->log, CLG_EFORMAT, "%s gives the %s of %s twice: %s as \"%s\" and %s as \"%s\"",
                    r->v->params->csv, r->v->column, picture_name(r, picture), r->v->of[picture],
                    r->names[picture], label, name);
}

// Adds a row for a picture that may already have a label. The row that matches more of the path wins; on a
// tie both must agree, or, if neither match is certain, neither counts.
static int label_take(struct clg_label_table *r, struct clg_found found, const char *name, const char *value)
{
    const struct clg_found *before = &r->by[found.picture];
    char *label = label_of(value), *old = r->v->of[found.picture];
    if (!label)
        return clg_label_memory(r->v);
    if (!old || is_better(&found, before))
        return label_set(r, found, name, label);
    bool contradicted = !is_better(before, &found) && strcmp(old, label) != 0;
    int status = 0;
    if (contradicted && found.how == CLG_MATCH_LOOSE)
        status = label_set(r, found, name, strdup(""));
    else if (contradicted)
        status = label_twice(r, found.picture, name, label);
    free(label);
    return status;
}

static int row_take(struct clg_label_table *r, uint32_t row)
{
    const char *name = clg_table_field(&r->table, row, r->columns.file);
    const char *value = clg_table_field(&r->table, row, r->columns.label);
    if (!name || !*name)
        return 0;
    struct clg_found found = clg_match(r->matcher, name);
    rows_count(&r->of[found.how], name, found);
    bool counts = found.how >= CLG_MATCH_LOOSE && value && *value;
    return counts ? label_take(r, found, name, value) : 0;
}

// --- reports -----------------------------------------------------------------------------------
// Pictures without a label: the number, and the first one.
static int unlabelled_count(const struct clg_label_table *r, int *first)
{
    int n = 0;
    for (int i = r->v->n - 1; i >= 0; i--) {
        if (!r->v->of[i]) {
            n++;
            *first = i;
        }
    }
    return n;
}

static int nothing_fits(const struct clg_label_table *r)
{
    const char *table = r->v->params->csv, *column = r->v->column;
    const struct rows *several = &r->of[CLG_MATCH_SEVERAL], *cases = &r->of[CLG_MATCH_CASE];
    if (cases->n)
        return clg_fail(
            r->v->log, CLG_EDATA,
            "%s has no %s for any of %d pictures: its \"%s\" and the picture %s differ by upper and lower "
            "case alone",
            table, column, r->v->n, cases->name, picture_name(r, cases->found.picture));
    if (several->n)
        return clg_fail(
            r->v->log, CLG_EDATA,
            "%s has no %s for any of %d pictures: its \"%s\" could be %s or %s; give the folder too", table,
            column, r->v->n, several->name, picture_name(r, several->found.picture),
            picture_name(r, several->found.other));
    const char *first =
        r->columns.first < r->table.n ? clg_table_field(&r->table, r->columns.first, r->columns.file) : NULL;
    return clg_fail(
        r->v->log, CLG_EDATA,
        "%s has no %s for any of %d pictures, as %s; it begins with the file \"%s\" (--file-column says "
        "which column has the files)",
        table, column, r->v->n, picture_name(r, 0), first ? first : "");
}

static void rows_warn(const struct clg_label_table *r)
{
    const char *table = r->v->params->csv;
    const int all = (int)(r->table.n - r->columns.first);
    const struct rows *none = &r->of[CLG_MATCH_NONE], *several = &r->of[CLG_MATCH_SEVERAL],
                      *cases = &r->of[CLG_MATCH_CASE], *loose = &r->of[CLG_MATCH_LOOSE];
    if (none->n)
        clg_log_line(r->v->log, CLG_LOG_WARNING,
                     "%s: %d of %d rows are of pictures that are not in %s, as \"%s\"", table, none->n, all,
                     clg_pictures_folder(r->v->pictures), none->name);
    if (several->n)
        clg_log_line(
            r->v->log, CLG_LOG_WARNING,
            "%s: %d of %d rows could mean several pictures, as \"%s\" %s or %s; they are left out: give the "
            "folder too",
            table, several->n, all, several->name, picture_name(r, several->found.picture),
            picture_name(r, several->found.other));
    if (cases->n)
        clg_log_line(
            r->v->log, CLG_LOG_WARNING,
            "%s: %d of %d rows are left out as they differ from a picture's name by upper and lower case "
            "alone, as \"%s\" and %s",
            table, cases->n, all, cases->name, picture_name(r, cases->found.picture));
    if (loose->n)
        clg_log_line(
            r->v->log, CLG_LOG_WARNING,
            "%s: %d of %d rows have another folder or ending than the picture that they are taken for, as "
            "\"%s\" for %s",
            table, loose->n, all, loose->name, picture_name(r, loose->found.picture));
}

void clg_label_table_tell(const struct clg_label_table *r)
{
    int first = 0, missing = unlabelled_count(r, &first);
    rows_warn(r);
    if (missing)
        clg_log_line(r->v->log, CLG_LOG_WARNING,
                     "%s has no %s for %d of %d pictures, as %s; they are left out", r->v->params->csv,
                     r->v->column, missing, r->v->n, picture_name(r, first));
}

// --- all of it ---------------------------------------------------------------------------------
// Labels that two rows contradict, which have been "" so far.
static void contradicted_drop(struct clg_label_table *r)
{
    for (int i = 0; i < r->v->n; i++) {
        if (r->v->of[i] && !*r->v->of[i]) {
            free(r->v->of[i]);
            r->v->of[i] = NULL;
        }
    }
}

static int table_open(struct clg_label_table *r)
{
    int status = clg_table_read(&r->table, r->v->params->csv, r->v->log);
    if (!status)
        status = clg_matcher_new(&r->matcher, r->v->pictures, r->v->log);
    if (!status)
        status = clg_columns_choose(&r->columns, &r->table, r->matcher, r->v->params);
    if (status)
        return status;
    r->v->named = r->columns.named;
    r->v->column = strdup(r->columns.name);
    r->by = calloc((size_t)r->v->n, sizeof *r->by);
    r->names = calloc((size_t)r->v->n, sizeof *r->names);
    return r->v->column && r->by && r->names ? 0 : clg_label_memory(r->v);
}

int clg_label_table_read(struct clg_label_table **table, struct clg_label_values *v)
{
    struct clg_label_table *r = *table = calloc(1, sizeof *r);
    int first;
    if (!r)
        return clg_label_memory(v);
    r->v = v;
    int status = table_open(r);
    for (uint32_t row = r->columns.first; row < r->table.n && !status; row++)
        status = row_take(r, row);
    if (status)
        return status;
    contradicted_drop(r);
    return unlabelled_count(r, &first) == v->n ? nothing_fits(r) : 0;
}

void clg_label_table_close(struct clg_label_table **table)
{
    struct clg_label_table *r = *table;
    if (!r)
        return;
    free(r->by);
    free(r->names);
    clg_columns_free(&r->columns);
    clg_matcher_free(&r->matcher);
    clg_table_free(&r->table);
    free(r);
    *table = NULL;
}
