// Labels of pictures: from a table or from the names of their folders.
#include "data/labels.h"

#include "base/locale.h"
#include "base/log.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

int clg_label_memory(const struct clg_label_values *v)
{
    return clg_fail(v->log, CLG_ENOMEM, "out of memory for the labels of %d pictures", v->n);
}

static int folders_read(struct clg_label_values *v)
{
    v->column = strdup("folder");
    if (!v->column)
        return clg_label_memory(v);
    for (int i = 0; i < v->n; i++) {
        const char *name = clg_pictures_name(v->pictures, i), *slash = strchr(name, '/');
        if (!slash)
            return clg_fail(
                v->log, CLG_EDATA,
                "%s is in no folder that could be its label: put the pictures of each class into a "
                "folder of its own, or give a table",
                name);
        v->of[i] = strndup(name, (size_t)(slash - name));
        if (!v->of[i])
            return clg_label_memory(v);
    }
    return 0;
}

static int params_check(const struct clg_labels_params *params)
{
    if (params->threshold_set && (params->classes || !isfinite(params->threshold)))
        return clg_fail(
            &params->log, CLG_EINVAL,
            "a threshold must be finite and makes two classes itself: do not also choose classes");
    const char *column = params->column ? params->column : params->file_column;
    if (column && !params->csv)
        return clg_fail(&params->log, CLG_EINVAL, "the column \"%s\" of which table? Name its file too",
                        column);
    return 0;
}

int clg_labels_read(struct clg_labels **labels, const struct clg_pictures *pictures,
                    const struct clg_labels_params *params)
{
    *labels = NULL;
    int status = params_check(params);
    if (status)
        return status;
    struct clg_label_values v = {
        .pictures = pictures, .params = params, .log = &params->log, .n = clg_pictures_count(pictures)};
    v.of = calloc((size_t)v.n, sizeof *v.of);
    if (!v.of)
        return clg_label_memory(&v);
    struct clg_locale locale = clg_locale_enter(); // numbers have a point
    struct clg_label_table *table = NULL;
    status = params->csv ? clg_label_table_read(&table, &v) : folders_read(&v);
    if (!status)
        status = clg_labels_classify(labels, &v);
    if (!status && table)
        clg_label_table_tell(table);
    clg_label_table_close(&table);
    clg_locale_leave(locale);
    for (int i = 0; i < v.n; i++)
        free(v.of[i]);
    free(v.of);
    free(v.column);
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
