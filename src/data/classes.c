// Turns labels into classes: all of them, a selection, two sides of a threshold, or an attribute that a
// picture has or lacks.
#include "data/labels.h"

#include "base/log.h"
#include "data/list.h"
#include "data/recode.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

// Adds a class; its name is copied.
static int class_add(struct clg_labels *labels, const struct clg_label_values *v, const char *name)
{
    char *copy = strdup(name);
    if (!copy)
        return clg_label_memory(v);
    labels->names[labels->classes++] = copy;
    return 0;
}

static bool number_read(const char *text, double *number)
{
    char *end;
    *number = strtod(text, &end);
    return end != text && !*end && isfinite(*number);
}

// Two classes, called no and yes here; labels->of holds 0 or 1.
static int sides_name(struct clg_labels *labels, const struct clg_label_values *v, const char *const forms[2],
                      const char *more)
{
    size_t size = strlen(v->column) + strlen(more) + 16;
    char *name = malloc(size);
    int status = name ? 0 : clg_label_memory(v);
    for (int side = 0; side < 2 && !status; side++) {
        snprintf(name, size, "%s%s%s%s", side || *more ? "" : "not ", v->column, forms[side], more);
        status = class_add(labels, v, name);
    }
    free(name);
    return status;
}

// --- a threshold -------------------------------------------------------------------------------
// Two classes of numbers: up to the threshold, and above.
static int classes_part(struct clg_labels *labels, const struct clg_label_values *v)
{
    int wrong = 0, example = 0;
    for (int i = 0; i < v->n; i++) {
        double number;
        labels->of[i] = -1;
        if (!v->of[i])
            continue;
        if (number_read(v->of[i], &number))
            labels->of[i] = number > v->params->threshold;
        else if (!wrong++)
            example = i;
    }
    if (wrong)
        return clg_fail(
            v->log, CLG_EFORMAT,
            "%s is not a number for %d of %d pictures, such as \"%s\" for %s: a threshold needs numbers",
            v->column, wrong, v->n, v->of[example], clg_pictures_name(v->pictures, example));
    static const char *const forms[2] = {" <= ", " > "};
    char number[32];
    snprintf(number, sizeof number, "%.9g", v->params->threshold);
    return sides_name(labels, v, forms, number);
}

// --- an attribute ------------------------------------------------------------------------------
// Headings that say nothing about what 0 and 1 mean below them.
static bool says_nothing(const char *heading)
{
    static const char *const words[] = {"label",    "labels", "class", "classes",
                                        "category", "target", "y",     "id"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (!strcasecmp(heading, words[i]))
            return true;
    return false;
}

// A named column of only 1 and 0, or only 1 and -1, is an attribute.
static bool is_attribute(const struct clg_label_values *v)
{
    bool ones = false, zeros = false, negatives = false;
    for (int i = 0; i < v->n; i++) {
        double number;
        if (!v->of[i])
            continue;
        if (!number_read(v->of[i], &number) || (number != 0 && fabs(number) != 1))
            return false;
        ones |= number > 0;
        zeros |= number == 0;
        negatives |= number < 0;
    }
    return v->named && ones && zeros != negatives && !says_nothing(v->column);
}

// "not Smiling" and "Smiling", in this order.
static int classes_of_attribute(struct clg_labels *labels, const struct clg_label_values *v)
{
    static const char *const forms[2] = {"", ""};
    for (int i = 0; i < v->n; i++)
        labels->of[i] = v->of[i] ? atof(v->of[i]) > 0 : -1;
    return sides_name(labels, v, forms, "");
}

// --- texts -------------------------------------------------------------------------------------
static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

// All distinct values, sorted.
static int classes_find(struct clg_labels *labels, const struct clg_label_values *v)
{
    char **sorted = malloc((size_t)v->n * sizeof *sorted);
    int known = 0, status = 0;
    if (!sorted)
        return clg_label_memory(v);
    for (int i = 0; i < v->n; i++)
        if (v->of[i])
            sorted[known++] = v->of[i];
    qsort(sorted, (size_t)known, sizeof *sorted, by_text);
    for (int i = 0; i < known && !status; i++)
        if (i == 0 || strcmp(sorted[i], sorted[i - 1]) != 0)
            status = class_add(labels, v, sorted[i]);
    free(sorted);
    for (int i = 0; i < v->n && !status; i++) {
        labels->of[i] = -1;
        if (!v->of[i])
            continue;
        char **class =
            bsearch(&v->of[i], labels->names, (size_t)labels->classes, sizeof *labels->names, by_text);
        labels->of[i] = (int)(class - labels->names);
    }
    return status;
}

// --- some of the classes -----------------------------------------------------------------------
// The class with this name, or -1.
static int class_named(const struct clg_labels *labels, const char *name)
{
    for (int k = 0; k < labels->classes; k++)
        if (!strcmp(labels->names[k], name))
            return k;
    return -1;
}

// The class of an attribute for this number in the table, or -1.
static int class_numbered(const struct clg_labels *labels, const struct clg_label_values *v, const char *text)
{
    double wanted, number;
    if (!is_attribute(v) || !number_read(text, &wanted))
        return -1;
    for (int i = 0; i < v->n; i++)
        if (v->of[i] && number_read(v->of[i], &number) && number == wanted)
            return labels->of[i];
    return -1;
}

static int class_unknown(const struct clg_labels *labels, const struct clg_label_values *v, const char *name)
{
    struct clg_list known = {0};
    for (int k = 0; k < labels->classes; k++)
        clg_list_add(&known, labels->names[k]);
    return clg_fail(v->log, CLG_EDATA, "no picture has the class \"%s\" (%s); there are %s", name, v->column,
                    clg_list_text(&known));
}

// The class called `name`, which must not have been asked for already (place >= 0).
static int class_choose(const struct clg_labels *labels, const struct clg_label_values *v, const char *name,
                        const int *place, int *chosen)
{
    char *recoded = clg_recode_latin(name);
    *chosen = class_named(labels, name);
    if (*chosen < 0 && recoded)
        *chosen = class_named(labels, recoded);
    if (*chosen < 0)
        *chosen = class_numbered(labels, v, name);
    free(recoded);
    if (*chosen < 0)
        return class_unknown(labels, v, name);
    if (place[*chosen] >= 0)
        return clg_fail(v->log, CLG_EINVAL, "the class \"%s\" is listed twice", labels->names[*chosen]);
    return 0;
}

// place [classes]: the new number of each requested class, -1 for the others.
static int places_find(const struct clg_labels *labels, const struct clg_label_values *v, int *place,
                       int *kept)
{
    int k = -1, status = 0;
    *kept = 0;
    for (const char *p = v->params->classes; p && !status;) {
        p += strspn(p, " ");
        size_t length = strcspn(p, ",");
        char *name = strndup(p, length);
        status = name ? class_choose(labels, v, name, place, &k) : clg_label_memory(v);
        if (!status)
            place[k] = (*kept)++;
        free(name);
        p = p[length] ? p + length + 1 : NULL;
    }
    return status;
}

// Keeps only the requested classes, in that order.
static int classes_keep(struct clg_labels *labels, const struct clg_label_values *v)
{
    char **names = calloc((size_t)labels->classes, sizeof *names);
    int *place = malloc((size_t)labels->classes * sizeof *place);
    int kept = 0, status = names && place ? 0 : clg_label_memory(v);
    for (int k = 0; k < labels->classes && !status; k++)
        place[k] = -1;
    if (!status)
        status = places_find(labels, v, place, &kept);
    if (!status) {
        for (int i = 0; i < labels->n; i++)
            labels->of[i] = labels->of[i] < 0 ? -1 : place[labels->of[i]];
        for (int k = 0; k < labels->classes; k++) {
            if (place[k] < 0)
                free(labels->names[k]);
            else
                names[place[k]] = labels->names[k];
        }
        memcpy(labels->names, names, (size_t)kept * sizeof *names);
        labels->classes = kept;
    }
    free(place);
    free(names);
    return status;
}

int clg_labels_classify(struct clg_labels **made, const struct clg_label_values *v)
{
    struct clg_labels *labels = *made = calloc(1, sizeof *labels);
    if (labels) {
        labels->n = v->n;
        labels->of = malloc((size_t)v->n * sizeof *labels->of);
        labels->names = malloc((size_t)(v->n + 1) * sizeof *labels->names); // a threshold makes two of one
    }
    int status = labels && labels->of && labels->names ? 0 : clg_label_memory(v);
    if (!status && v->params->threshold_set)
        status = classes_part(labels, v);
    else if (!status && is_attribute(v))
        status = classes_of_attribute(labels, v);
    else if (!status)
        status = classes_find(labels, v);
    if (!status && v->params->classes)
        status = classes_keep(labels, v);
    if (status)
        clg_labels_free(made);
    return status;
}
