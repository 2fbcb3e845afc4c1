// Labels of pictures: from a table or from the names of their folders; as they are, some of them, or numbers
// on two sides of a threshold.
#include <clgan/pictures.h>

#include "base/file.h"
#include "base/locale.h"
#include "base/log.h"
#include "data/csv.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_LIMIT ((size_t)1 << 30)

// One text for every picture, which becomes its class.
struct values {
    const struct clg_pictures *pictures;
    const struct clg_labels_params *params;
    const struct clg_log *log;
    const char *column; // what they are called: "expression", "folder"
    char *text;         // of the table, where the column's name is
    char **of;          // [n]
    int n;
};

static int out_of_memory(const struct values *v)
{
    return clg_fail(v->log, CLG_ENOMEM, "out of memory for the labels of %d pictures", v->n);
}

// Names in one line, for messages; the first ones where there are many.
struct list {
    char text[256];
    int left_out;
};

static void list_add(struct list *list, const char *name)
{
    size_t used = strlen(list->text), room = sizeof list->text - used;
    if (list->left_out || strlen(name) + sizeof ", , ..." > room)
        list->left_out++;
    else
        snprintf(list->text + used, room, "%s%s", used ? ", " : "", name);
}

static const char *list_text(struct list *list)
{
    if (list->left_out)
        memcpy(list->text + strlen(list->text), ", ...", sizeof ", ..."); // list_add kept room
    return list->text;
}

// --- folders -----------------------------------------------------------------------------------
static int folders_read(struct values *v)
{
    v->column = "folder";
    for (int i = 0; i < v->n; i++) {
        const char *name = clg_pictures_name(v->pictures, i), *slash = strchr(name, '/');
        if (!slash)
            return clg_fail(
                v->log, CLG_EDATA,
                "%s lies in no folder that could be its label: put the pictures of each class into a "
                "folder of its own, or give a table",
                name);
        v->of[i] = strndup(name, (size_t)(slash - name));
        if (!v->of[i])
            return out_of_memory(v);
    }
    return 0;
}

// --- tables ------------------------------------------------------------------------------------
struct record {
    const char *file, *value; // NULL: too short
};

static int table_broken(const struct values *v, const struct clg_csv *csv)
{
    return clg_fail(v->log, CLG_EFORMAT, "%s, line %d: a quote is not closed, or text follows a closed one",
                    v->params->csv, csv->line);
}

static enum clg_csv_result record_next(struct clg_csv *csv, int column, struct record *record)
{
    *record = (struct record){0};
    for (int i = 0;; i++) {
        const char *field;
        enum clg_csv_result result = clg_csv_next(csv, &field);
        if (result == CLG_CSV_END || result == CLG_CSV_BROKEN)
            return result;
        if (i == 0)
            record->file = field;
        if (i == column)
            record->value = field;
        if (result == CLG_CSV_LAST)
            return result;
    }
}

// Which column of the heading is asked for.
static int heading_read(struct values *v, struct clg_csv *csv, int *column)
{
    const char *wanted = v->params->column, *field;
    struct list columns = {0};
    enum clg_csv_result result = CLG_CSV_FIELD;
    *column = 0;
    for (int i = 0; result == CLG_CSV_FIELD; i++) {
        result = clg_csv_next(csv, &field);
        if (result == CLG_CSV_BROKEN)
            return table_broken(v, csv);
        if (result == CLG_CSV_END)
            return clg_fail(v->log, CLG_EFORMAT,
                            "%s is empty: it takes a heading line, then a file's name and "
                            "its labels on each",
                            v->params->csv);
        if (i == 0)
            continue; // the files' names
        list_add(&columns, field);
        if (!*column && (!wanted || !strcmp(field, wanted))) {
            *column = i;
            v->column = field;
        }
    }
    if (*column)
        return 0;
    if (!*columns.text)
        return clg_fail(v->log, CLG_EFORMAT, "%s has no column beside \"%s\": commas part the columns",
                        v->params->csv, field);
    return clg_fail(v->log, CLG_EDATA, "%s has no column \"%s\"; it has %s", v->params->csv, wanted,
                    list_text(&columns));
}

// The picture with this name, or -1.
static int picture_find(const struct clg_pictures *pictures, const char *name)
{
    int from = 0, to = clg_pictures_count(pictures);
    while (from < to) {
        int middle = from + (to - from) / 2, order = strcmp(name, clg_pictures_name(pictures, middle));
        if (order == 0)
            return middle;
        if (order < 0)
            to = middle;
        else
            from = middle + 1;
    }
    return -1;
}

static int record_take(struct values *v, const struct record *record)
{
    const char *file = record->file;
    while (!strncmp(file, "./", 2))
        file += 2;
    int i = picture_find(v->pictures, file);
    if (i < 0 || !record->value || !*record->value)
        return 0;
    if (v->of[i] && strcmp(v->of[i], record->value) != 0)
        return clg_fail(v->log, CLG_EFORMAT, "%s gives %s of %s twice: %s and %s", v->params->csv, v->column,
                        file, v->of[i], record->value);
    if (!v->of[i])
        v->of[i] = strdup(record->value);
    return v->of[i] ? 0 : out_of_memory(v);
}

static int unlabelled_refuse(const struct values *v, const char *example)
{
    int missing = 0, first = 0;
    for (int i = v->n - 1; i >= 0; i--) {
        if (!v->of[i]) {
            missing++;
            first = i;
        }
    }
    if (!missing)
        return 0;
    return clg_fail(v->log, CLG_EDATA,
                    "%s has no %s for %d of %d pictures, as for %s; it begins with the file \"%s\"",
                    v->params->csv, v->column, missing, v->n, clg_pictures_name(v->pictures, first), example);
}

static int records_read(struct values *v, struct clg_csv *csv, int column)
{
    const char *example = "";
    struct record record;
    enum clg_csv_result result;
    while ((result = record_next(csv, column, &record)) == CLG_CSV_LAST) {
        example = *example ? example : record.file;
        int status = record_take(v, &record);
        if (status)
            return status;
    }
    return result == CLG_CSV_BROKEN ? table_broken(v, csv) : unlabelled_refuse(v, example);
}

static int table_read(struct values *v)
{
    size_t size;
    int column, status = clg_file_read(v->params->csv, FILE_LIMIT, &v->text, &size, v->log);
    if (status)
        return status;
    if (strlen(v->text) != size)
        return clg_fail(v->log, CLG_EFORMAT, "%s is no text: it has a byte of 0", v->params->csv);
    struct clg_csv csv = clg_csv_begin(v->text);
    status = heading_read(v, &csv, &column);
    return status ? status : records_read(v, &csv, column);
}

// --- classes -----------------------------------------------------------------------------------
// Adds a class; its name is copied.
static int class_add(struct clg_labels *labels, const struct values *v, const char *name, size_t length)
{
    char *copy = strndup(name, length);
    if (!copy)
        return out_of_memory(v);
    labels->names[labels->classes++] = copy;
    return 0;
}

static bool number_read(const char *text, double *number)
{
    char *end;
    *number = strtod(text, &end);
    return end != text && !*end && isfinite(*number);
}

// Two classes of numbers: up to the threshold, and above.
static int classes_part(struct clg_labels *labels, const struct values *v)
{
    int wrong = 0, example = 0;
    for (int i = 0; i < v->n; i++) {
        double number;
        if (number_read(v->of[i], &number))
            labels->of[i] = number > v->params->threshold;
        else if (!wrong++)
            example = i;
    }
    if (wrong)
        return clg_fail(
            v->log, CLG_EFORMAT,
            "%s is no number for %d of %d pictures, as \"%s\" of %s: a threshold parts numbers only",
            v->column, wrong, v->n, v->of[example], clg_pictures_name(v->pictures, example));
    for (int side = 0; side < 2; side++) {
        char number[32];
        snprintf(number, sizeof number, "%.9g", v->params->threshold);
        size_t size = strlen(v->column) + sizeof number + 8;
        char *name = malloc(size);
        if (!name)
            return out_of_memory(v);
        snprintf(name, size, "%s %s %s", v->column, side ? ">" : "<=", number);
        int status = class_add(labels, v, name, size);
        free(name);
        if (status)
            return status;
    }
    return 0;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

// Every value that there is, once, sorted.
static int classes_find(struct clg_labels *labels, const struct values *v)
{
    char **sorted = malloc((size_t)v->n * sizeof *sorted);
    if (!sorted)
        return out_of_memory(v);
    memcpy(sorted, v->of, (size_t)v->n * sizeof *sorted);
    qsort(sorted, (size_t)v->n, sizeof *sorted, by_text);
    int status = 0;
    for (int i = 0; i < v->n && !status; i++)
        if (i == 0 || strcmp(sorted[i], sorted[i - 1]) != 0)
            status = class_add(labels, v, sorted[i], strlen(sorted[i]));
    free(sorted);
    for (int i = 0; i < v->n && !status; i++) {
        char **class =
            bsearch(&v->of[i], labels->names, (size_t)labels->classes, sizeof *labels->names, by_text);
        labels->of[i] = (int)(class - labels->names);
    }
    return status;
}

// Which class these letters name; one that is not taken yet (place < 0).
static int class_choose(const struct clg_labels *labels, const struct values *v, const char *name,
                        size_t length, const int *place, int *chosen)
{
    struct list known = {0};
    for (int k = 0; k < labels->classes; k++) {
        if (strlen(labels->names[k]) == length && !strncmp(labels->names[k], name, length)) {
            *chosen = k;
            return place[k] < 0 ? 0
                                : clg_fail(v->log, CLG_EINVAL, "the class \"%s\" is asked for twice",
                                           labels->names[k]);
        }
        list_add(&known, labels->names[k]);
    }
    return clg_fail(v->log, CLG_EDATA, "no picture is of the class \"%.*s\" (%s); there are %s", (int)length,
                    name, v->column, list_text(&known));
}

// Only the classes that are asked for stay, in that order.
static int classes_keep(struct clg_labels *labels, const struct values *v)
{
    char **names = calloc((size_t)labels->classes, sizeof *names);
    int *place = malloc((size_t)labels->classes * sizeof *place); // the new number of each, or -1
    int kept = 0, k, status = names && place ? 0 : out_of_memory(v);
    for (k = 0; k < labels->classes && !status; k++)
        place[k] = -1;
    for (const char *p = v->params->classes; p && !status;) {
        p += strspn(p, " ");
        size_t length = strcspn(p, ",");
        status = class_choose(labels, v, p, length, place, &k);
        if (!status) {
            place[k] = kept;
            names[kept++] = labels->names[k];
        }
        p = p[length] ? p + length + 1 : NULL;
    }
    if (!status) {
        for (int i = 0; i < labels->n; i++)
            labels->of[i] = place[labels->of[i]];
        for (k = 0; k < labels->classes; k++)
            if (place[k] < 0)
                free(labels->names[k]);
        memcpy(labels->names, names, (size_t)kept * sizeof *names);
        labels->classes = kept;
    }
    free(place);
    free(names);
    return status;
}

// --- all of it ---------------------------------------------------------------------------------
static int labels_make(struct clg_labels **made, const struct values *v)
{
    struct clg_labels *labels = calloc(1, sizeof *labels);
    if (labels) {
        labels->n = v->n;
        labels->of = malloc((size_t)v->n * sizeof *labels->of);
        labels->names = malloc((size_t)(v->n + 1) * sizeof *labels->names); // a threshold makes two of one
    }
    int status = labels && labels->of && labels->names ? 0 : out_of_memory(v);
    if (!status && v->params->threshold_set)
        status = classes_part(labels, v);
    else if (!status)
        status = classes_find(labels, v);
    if (!status && v->params->classes)
        status = classes_keep(labels, v);
    if (status)
        clg_labels_free(&labels);
    *made = labels;
    return status;
}

int clg_labels_read(struct clg_labels **labels, const struct clg_pictures *pictures,
                    const struct clg_labels_params *params)
{
    *labels = NULL;
    if (params->threshold_set && (params->classes || !isfinite(params->threshold)))
        return clg_fail(
            &params->log, CLG_EINVAL,
            "a threshold is a finite number and makes two classes: leave the choice of classes out");
    if (params->column && !params->csv)
        return clg_fail(&params->log, CLG_EINVAL, "the column \"%s\" of which table? Name its file too",
                        params->column);
    struct values v = {
        .pictures = pictures, .params = params, .log = &params->log, .n = clg_pictures_count(pictures)};
    v.of = calloc((size_t)v.n, sizeof *v.of);
    struct clg_locale locale = clg_locale_enter(); // numbers have a point
    int status = !v.of ? out_of_memory(&v) : params->csv ? table_read(&v) : folders_read(&v);
    if (!status)
        status = labels_make(labels, &v);
    clg_locale_leave(locale);
    for (int i = 0; v.of && i < v.n; i++)
        free(v.of[i]);
    free(v.of);
    free(v.text);
    return status;
}

void clg_labels_free(struct clg_labels **labels)
{
    if (!*labels)
        return;
    for (int k = 0; k < (*labels)->classes; k++)
        free((*labels)->names[k]);
    free((*labels)->names);
    free((*labels)->of);
    free(*labels);
    *labels = NULL;
}
