// Going through all training pictures once for the neighbours of samples, and of some of themselves.
#include "cli/cmd/nearest.h"

#include "cli/sheet.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    CHUNK = 64,
    SCALE = 200,
    OTHERS = 3
}; // OTHERS: a picture's own place, its mirror image's, and one more

int nearest_number(const struct nearest *n, int index, bool *mirrored)
{
    *mirrored = index >= n->all;
    return *mirrored ? index - n->all : index;
}

void nearest_mirror(float *values, int n, const struct clg_gan_params *params)
{
    const int side = params->size, channels = params->channels;
    for (int line = 0; line < n * side; line++, values += side * channels)
        for (int x = 0; x < side / 2; x++)
            for (int c = 0; c < channels; c++) {
                float *left = values + x * channels + c, *right = values + (side - 1 - x) * channels + c;
                const float value = *left;
                *left = *right;
                *right = value;
            }
}

// Which training picture is number i of those that give the scale: spread over all.
static int scale_picture(const struct nearest *n, int i)
{
    return (int)((int64_t)i * n->all / n->scale);
}

static int rows_make(struct nearest *n, const struct nearest_space *space, const float *values, int count,
                     float *rows)
{
    if (space->kind != CLI_FEATURES_PIXELS)
        return clg_gan_features(n->gan, values, count, rows);
    memcpy(rows, values, (size_t)count * (size_t)space->count * sizeof *rows);
    return 0;
}

static int space_room(struct nearest *n, struct nearest_space *space)
{
    const size_t queries = (size_t)(n->samples + n->scale), places = queries * (size_t)n->places;
    space->queries = malloc(queries * (size_t)space->count * sizeof *space->queries);
    space->index = malloc(places * sizeof *space->index);
    space->distance = malloc(places * sizeof *space->distance);
    if (!space->queries || !space->index || !space->distance)
        return cli_fail(&n->log, CLG_ENOMEM, "out of memory for %d samples: take fewer with --n", n->samples);
    for (size_t i = 0; i < places; i++) {
        space->index[i] = -1;
        space->distance[i] = INFINITY;
    }
    return 0;
}

// The samples' rows, then those of the training pictures that give the scale.
static int queries_make(struct nearest *n, struct nearest_space *space)
{
    int which[SCALE];
    for (int i = 0; i < n->scale; i++)
        which[i] = scale_picture(n, i);
    const struct cli_features_source source = {
        n->training, n->params, space->kind == CLI_FEATURES_PIXELS ? NULL : n->gan, n->progress, &n->log};
    int status = space_room(n, space);
    if (!status)
        status = rows_make(n, space, n->values, n->samples, space->queries);
    if (!status)
        status = cli_features_read(&source, which, n->scale,
                                   space->queries + (size_t)n->samples * (size_t)space->count);
    return status;
}

static int chunk_search(struct nearest *n, const float *values, int first, int now, float *rows)
{
    int status = 0;
    for (int s = 0; s < n->spaces_n && !status; s++) {
        struct nearest_space *space = &n->spaces[s];
        status = rows_make(n, space, values, now, rows);
        if (!status)
            clg_nearest(space->queries, n->samples + n->scale, rows, now, space->count, first, n->places,
                        space->index, space->distance);
    }
    return status;
}

static int all_search(struct nearest *n, float *values, float *rows)
{
    const double start = cli_seconds();
    int status = 0, which[CHUNK];
    for (int done = 0, now; done < n->all && !status; done += now) {
        now = n->all - done < CHUNK ? n->all - done : CHUNK;
        for (int i = 0; i < now; i++)
            which[i] = done + i;
        status = cli_data_values(n->training, which, now, &n->params, values, &n->log);
        if (!status)
            status = chunk_search(n, values, done, now, rows);
        if (!status && n->options.flip) {
            nearest_mirror(values, now, &n->params);
            status = chunk_search(n, values, n->all + done, now, rows);
        }
        if (n->all > CHUNK && !status)
            cli_progress_count(n->progress, "searching", done + now, n->all, start);
    }
    cli_progress_end(n->progress, false);
    return status;
}

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

// Roots of means, and how near training pictures are to each other.
static void space_finish(const struct nearest *n, struct nearest_space *space)
{
    double nearest[SCALE];
    for (int i = 0; i < (n->samples + n->scale) * n->places; i++)
        space->distance[i] = (float)sqrt(space->distance[i] / (double)space->count);
    for (int i = 0; i < n->scale; i++) {
        const int *index = space->index + (n->samples + i) * n->places;
        const float *distance = space->distance + (n->samples + i) * n->places;
        nearest[i] = INFINITY;
        for (int p = n->places - 1; p >= 0; p--) {
            bool mirrored;
            if (index[p] >= 0 && nearest_number(n, index[p], &mirrored) != scale_picture(n, i))
                nearest[i] = (double)distance[p];
        }
    }
    qsort(nearest, (size_t)n->scale, sizeof *nearest, by_value);
    space->median = nearest[n->scale / 2];
    space->near = nearest[n->scale / 20];
}

int nearest_search(struct nearest *n)
{
    if (n->all < 2)
        return cli_fail(&n->log, CLG_EDATA, "%s has one picture only: there is nothing to compare with",
                        n->options.data);
    n->scale = n->all < SCALE ? n->all : SCALE;
    n->places = n->options.k > OTHERS ? n->options.k : OTHERS;
    int64_t widest = 0;
    for (int s = 0; s < n->spaces_n; s++)
        widest = n->spaces[s].count > widest ? n->spaces[s].count : widest;
    float *values = malloc(CHUNK * cli_sheet_one(&n->params) * sizeof *values);
    float *rows = malloc(CHUNK * (size_t)widest * sizeof *rows);
    int status = values && rows ? 0 : cli_fail(&n->log, CLG_ENOMEM, "out of memory for %d pictures", CHUNK);
    for (int s = 0; s < n->spaces_n && !status; s++)
        status = queries_make(n, &n->spaces[s]);
    if (!status)
        status = all_search(n, values, rows);
    for (int s = 0; s < n->spaces_n && !status; s++)
        space_finish(n, &n->spaces[s]);
    free(values);
    free(rows);
    return status;
}
