// A run's metrics.csv read back, column by column.
#include "report/history.h"

#include "base/file.h"
#include "base/log.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const size_t size_limit = (size_t)1 << 30;

// One line into row n; false when it is not nine numbers: a run that was killed may leave a torn last line.
static bool row_read(struct clg_history *history, const char *line, const char *end)
{
    for (int c = 0; c < CLG_HISTORY_COLUMNS; c++) {
        char *after;
        double value = strtod(line, &after);
        bool last = c == CLG_HISTORY_COLUMNS - 1;
        if (after == line || after > end || (!last && *after != ',') ||
            (last && after != end && *after != '\r'))
            return false;
        history->columns[c][history->n] = fabs(value) < 1e30 ? value : NAN;
        line = after + 1;
    }
    double step = history->columns[CLG_HISTORY_STEP][history->n];
    return step >= 0 && step < 1e15;
}

static int rows_read(struct clg_history *history, const char *path, const char *text,
                     const struct clg_log *log)
{
    size_t lines = 1, bad = 0;
    for (const char *p = text; (p = strchr(p, '\n')); p++)
        lines++;
    double *values = malloc(lines * CLG_HISTORY_COLUMNS * sizeof *values);
    if (!values)
        return clg_fail(log, CLG_ENOMEM, "out of memory reading %s (%zu lines)", path, lines);
    for (int c = 0; c < CLG_HISTORY_COLUMNS; c++)
        history->columns[c] = values + (size_t)c * lines;
    for (const char *line = strchr(text, '\n'); line && line[1]; line = strchr(line + 1, '\n')) {
        if (row_read(history, line + 1, line + 1 + strcspn(line + 1, "\n")))
            history->n++;
        else
            bad++;
    }
    if (bad)
        clg_log_line(log, CLG_LOG_WARNING, "%s: %zu lines are not nine numbers; the report leaves them out",
                     path, bad);
    return 0;
}

int clg_history_read(struct clg_history *history, const char *out, const struct clg_log *log)
{
    *history = (struct clg_history){0};
    char path[4096], *text;
    size_t size;
    snprintf(path, sizeof path, "%s/metrics.csv", out);
    if (!clg_file_exists(path))
        return 0;
    int status = clg_file_read(path, size_limit, &text, &size, log);
    if (status)
        return status;
    if (size && strncmp(text, "step,", 5))
        status = clg_fail(log, CLG_EFORMAT,
                          "%s: its first line should begin with \"step,\"; move the file away", path);
    else
        status = rows_read(history, path, text, log);
    free(text);
    return status;
}

void clg_history_free(struct clg_history *history)
{
    free(history->columns[0]);
    *history = (struct clg_history){0};
}

double clg_history_recent(const struct clg_history *history, enum clg_history_column column)
{
    double sum = 0;
    size_t used = 0, first = history->n - (history->n + 19) / 20;
    for (size_t i = first; i < history->n; i++) {
        double value = history->columns[column][i];
        sum += isfinite(value) ? value : 0;
        used += isfinite(value);
    }
    return used ? sum / (double)used : NAN;
}

double clg_history_seconds(const struct clg_history *history)
{
    double total = 0, before = 0;
    for (size_t i = 0; i < history->n; i++) {
        double now = history->columns[CLG_HISTORY_SECONDS][i];
        if (isfinite(now)) {
            total += now >= before ? now - before : now;
            before = now;
        }
    }
    return total;
}
