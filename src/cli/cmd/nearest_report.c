// Reports the nearest training pictures: as a sheet, a table or JSON.
#include "cli/cmd/nearest.h"

#include "cli/sheet.h"

#include <cjson/cJSON.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

// What was compared: a name, and what a distance is multiplied by to print it.
struct space {
    const char *name;
    const struct clg_neighbours *found;
    double unit;
};
enum { SPACES = 2 };

// The spaces that were compared; returns how many.
static int list_spaces(const struct nearest *n, struct space spaces[SPACES])
{
    int count = 0;
    if (n->found->pixels.index)
        spaces[count++] =
            (struct space){"pixels", &n->found->pixels, 127.5}; // grey levels, not values in -1..1
    if (n->found->features.index)
        spaces[count++] = (struct space){"features", &n->found->features, 1};
    return count;
}

// --- the sheet ---------------------------------------------------------------------------------
static void mirror_pixels(uint8_t *pixels, int side, int channels)
{
    for (int y = 0; y < side; y++, pixels += side * channels)
        for (int x = 0; x < side / 2; x++)
            for (int c = 0; c < channels; c++) {
                uint8_t *left = pixels + x * channels + c, *right = pixels + (side - 1 - x) * channels + c;
                const uint8_t value = *left;
                *left = *right;
                *right = value;
            }
}

// One row: the sample, and in each space a gap and its neighbours.
static int draw_row(const struct nearest *n, const struct space *spaces, int spaces_n, int sample, size_t one,
                    uint8_t *tiles)
{
    const int k = n->options.k;
    int status = 0;
    clg_picture_pixels(n->values + (size_t)sample * one, one, tiles);
    for (int s = 0; s < spaces_n; s++) {
        uint8_t *tile = tiles + (size_t)(2 + s * (k + 1)) * one;
        for (int p = sample * k; p < (sample + 1) * k && !status; p++, tile += one) {
            const int *index = &spaces[s].found->index[p];
            if (*index < 0)
                break;
            status = clg_pictures_load(n->training, index, 1, n->params.size, n->params.channels, tile);
            if (spaces[s].found->mirrored[p])
                mirror_pixels(tile, n->params.size, n->params.channels);
        }
    }
    return status;
}

int nearest_sheet(const struct nearest *n)
{
    const size_t one = cli_sheet_one(&n->params);
    struct space spaces[SPACES];
    const int spaces_n = list_spaces(n, spaces);
    const int columns = 1 + spaces_n * (n->options.k + 1), tiles = n->samples * columns;
    uint8_t *pixels = malloc((size_t)tiles * one);
    int status =
        pixels ? 0 : cli_fail(&n->log, CLG_ENOMEM, "out of memory for a sheet of %d rows", n->samples);
    if (!status)
        memset(pixels, CLI_SHEET_BLANK, (size_t)tiles * one);
    for (int i = 0; i < n->samples && !status; i++)
        status = draw_row(n, spaces, spaces_n, i, one, pixels + (size_t)i * (size_t)columns * one);
    if (!status)
        status = cli_sheet_save(n->options.grid, &n->params, pixels, tiles, columns, &n->log);
    free(pixels);
    return status;
}

// --- text --------------------------------------------------------------------------------------
static void print_space(const struct nearest *n, const struct space *space)
{
    const struct clg_neighbours *found = space->found;
    const int k = n->options.k;
    const bool pixels = found == &n->found->pixels;
    printf("\nby %s, rms difference%s\n", space->name, pixels ? " in grey levels (0 to 255)" : "");
    for (int i = 0; i < n->samples; i++) {
        char number[32];
        snprintf(number, sizeof number, "sample %d", i);
        const int nearest = found->index[i * k]; // -1: nothing can be compared with NaN
        printf("  %-24s %8.4g  %s%s\n", n->own ? cli_shown(clg_pictures_name(n->own, i)) : number,
               space->unit * (double)found->distance[i * k],
               nearest < 0 ? "none" : cli_shown(clg_pictures_name(n->training, nearest)),
               found->mirrored[i * k] ? " (mirrored)" : "");
    }
    printf("  %-24s %8.4g\n", "smallest", space->unit * found->smallest);
    printf("  %-24s %8.4g  from a training picture to the nearest other one, median of %d\n", "for scale",
           space->unit * found->median, n->found->scale);
    printf("  %-24s %8.4g  5 %% of those are nearer than this, and %d of %d samples\n", "",
           space->unit * found->near, found->nearer, n->samples);
}

// --- JSON --------------------------------------------------------------------------------------
static cJSON *neighbours_json(const struct nearest *n, const struct space *space, int sample)
{
    cJSON *list = cJSON_CreateArray();
    const int k = n->options.k;
    for (int p = sample * k; p < (sample + 1) * k && space->found->index[p] >= 0; p++) {
        cJSON *neighbour = cJSON_CreateObject();
        cJSON_AddStringToObject(neighbour, "file", clg_pictures_name(n->training, space->found->index[p]));
        cJSON_AddBoolToObject(neighbour, "mirrored", space->found->mirrored[p]);
        cJSON_AddNumberToObject(neighbour, "distance", space->unit * (double)space->found->distance[p]);
        cJSON_AddItemToArray(list, neighbour);
    }
    return list;
}

static cJSON *space_json(const struct space *space)
{
    cJSON *json = cJSON_CreateObject();
    cJSON_AddNumberToObject(json, "smallest", space->unit * space->found->smallest);
    cJSON_AddNumberToObject(json, "training_median", space->unit * space->found->median);
    cJSON_AddNumberToObject(json, "training_near", space->unit * space->found->near);
    cJSON_AddNumberToObject(json, "nearer", space->found->nearer);
    return json;
}

static int report_json(const struct nearest *n, const struct space *spaces, int spaces_n)
{
    cJSON *json = cJSON_CreateObject(), *samples = cJSON_AddArrayToObject(json, "samples");
    cJSON_AddNumberToObject(json, "training_pictures", n->found->training);
    for (int s = 0; s < spaces_n; s++)
        cJSON_AddItemToObject(json, spaces[s].name, space_json(&spaces[s]));
    for (int i = 0; i < n->samples; i++) {
        cJSON *sample = cJSON_CreateObject();
        if (n->own)
            cJSON_AddStringToObject(sample, "file", clg_pictures_name(n->own, i));
        else
            cJSON_AddNumberToObject(sample, "number", i);
        for (int s = 0; s < spaces_n; s++)
            cJSON_AddItemToObject(sample, spaces[s].name, neighbours_json(n, &spaces[s], i));
        cJSON_AddItemToArray(samples, sample);
    }
    int status = cli_json_print(json, false, &n->log);
    cJSON_Delete(json);
    return status;
}

int nearest_report(const struct nearest *n)
{
    struct space spaces[SPACES];
    const int spaces_n = list_spaces(n, spaces);
    if (n->options.json)
        return report_json(n, spaces, spaces_n);
    printf("%d samples among %d pictures of %s%s\n", n->samples, n->found->training,
           cli_shown(n->options.data), n->options.flip ? " and their mirror images" : "");
    for (int s = 0; s < spaces_n; s++)
        print_space(n, &spaces[s]);
    if (n->options.grid)
        printf("\nthe samples and their neighbours: %s\n", cli_shown(n->options.grid));
    return 0;
}
