// What the nearest training pictures are: as a sheet of pictures, as a table, as JSON.
#include "cli/cmd/nearest.h"

#include "cli/sheet.h"

#include <cjson/cJSON.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

// Grey levels say more than values in -1..1.
static double shown(const struct nearest_space *space, double distance)
{
    return space->kind == CLI_FEATURES_PIXELS ? distance * 127.5 : distance;
}

static const char *name_of(const struct nearest *n, int index, bool *mirrored)
{
    return clg_pictures_name(n->training, nearest_number(n, index, mirrored));
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
static int row_draw(const struct nearest *n, int sample, size_t one, uint8_t *tiles)
{
    const int k = n->options.k;
    int status = 0;
    clg_picture_pixels(n->values + (size_t)sample * one, one, tiles);
    for (int s = 0; s < n->spaces_n; s++) {
        uint8_t *tile = tiles + (size_t)(2 + s * (k + 1)) * one;
        for (int p = 0; p < k && !status; p++, tile += one) {
            bool mirrored;
            const int index = n->spaces[s].index[sample * n->places + p];
            if (index < 0)
                continue;
            const int number = nearest_number(n, index, &mirrored);
            status = clg_pictures_load(n->training, &number, 1, n->params.size, n->params.channels, tile);
            if (mirrored)
                mirror_pixels(tile, n->params.size, n->params.channels);
        }
    }
    return status;
}

int nearest_sheet(const struct nearest *n)
{
    const size_t one = cli_sheet_one(&n->params);
    const int columns = 1 + n->spaces_n * (n->options.k + 1), tiles = n->samples * columns;
    uint8_t *pixels = malloc((size_t)tiles * one);
    int status =
        pixels ? 0 : cli_fail(&n->log, CLG_ENOMEM, "out of memory for a sheet of %d rows", n->samples);
    if (!status)
        memset(pixels, CLI_SHEET_BLANK, (size_t)tiles * one);
    for (int i = 0; i < n->samples && !status; i++)
        status = row_draw(n, i, one, pixels + (size_t)i * (size_t)columns * one);
    if (!status)
        status = cli_sheet_save(n->options.out, &n->params, pixels, tiles, columns, &n->log);
    free(pixels);
    return status;
}

// --- words -------------------------------------------------------------------------------------
// The smallest distance of all samples, and how many are nearer than training pictures are to each other.
static void summarise(const struct nearest *n, const struct nearest_space *space, double *smallest,
                      int *nearer)
{
    *smallest = (double)space->distance[0];
    *nearer = 0;
    for (int i = 0; i < n->samples; i++) {
        const double d = (double)space->distance[i * n->places];
        *smallest = d < *smallest ? d : *smallest;
        *nearer += d < space->near;
    }
}

static void print_space(const struct nearest *n, const struct nearest_space *space)
{
    double smallest;
    int nearer;
    printf("\nby %s%s\n", space->name,
           space->kind == CLI_FEATURES_PIXELS ? ", rms difference in grey levels (0 to 255)"
                                              : ", rms difference");
    for (int i = 0; i < n->samples; i++) {
        bool mirrored;
        const char *name = name_of(n, space->index[i * n->places], &mirrored);
        char number[32];
        snprintf(number, sizeof number, "sample %d", i);
        printf("  %-24s %8.4g  %s%s\n", n->own ? cli_shown(clg_pictures_name(n->own, i)) : number,
               shown(space, (double)space->distance[i * n->places]), cli_shown(name),
               mirrored ? " (mirrored)" : "");
    }
    summarise(n, space, &smallest, &nearer);
    printf("  %-24s %8.4g\n", "smallest", shown(space, smallest));
    printf("  %-24s %8.4g  from a training picture to the nearest other one, median of %d\n", "for scale",
           shown(space, space->median), n->scale);
    printf("  %-24s %8.4g  5 %% of those are nearer than this, and %d of %d samples\n", "",
           shown(space, space->near), nearer, n->samples);
}

// --- JSON --------------------------------------------------------------------------------------
static cJSON *neighbours_json(const struct nearest *n, const struct nearest_space *space, int sample)
{
    cJSON *list = cJSON_CreateArray();
    for (int p = 0; p < n->options.k; p++) {
        const int index = space->index[sample * n->places + p];
        if (index < 0)
            break;
        bool mirrored;
        cJSON *row = cJSON_CreateObject();
        cJSON_AddStringToObject(row, "file", name_of(n, index, &mirrored));
        cJSON_AddBoolToObject(row, "mirrored", mirrored);
        cJSON_AddNumberToObject(row, "distance",
                                shown(space, (double)space->distance[sample * n->places + p]));
        cJSON_AddItemToArray(list, row);
    }
    return list;
}

static cJSON *space_json(const struct nearest *n, const struct nearest_space *space)
{
    double smallest;
    int nearer;
    summarise(n, space, &smallest, &nearer);
    cJSON *json = cJSON_CreateObject();
    cJSON_AddNumberToObject(json, "smallest", shown(space, smallest));
    cJSON_AddNumberToObject(json, "training_median", shown(space, space->median));
    cJSON_AddNumberToObject(json, "training_near", shown(space, space->near));
    cJSON_AddNumberToObject(json, "nearer", nearer);
    return json;
}

static int report_json(const struct nearest *n)
{
    cJSON *json = cJSON_CreateObject(), *samples = cJSON_AddArrayToObject(json, "samples");
    cJSON_AddNumberToObject(json, "training_pictures", n->all);
    for (int s = 0; s < n->spaces_n; s++)
        cJSON_AddItemToObject(json, n->spaces[s].name, space_json(n, &n->spaces[s]));
    for (int i = 0; i < n->samples; i++) {
        cJSON *row = cJSON_CreateObject();
        if (n->own)
            cJSON_AddStringToObject(row, "file", clg_pictures_name(n->own, i));
        else
            cJSON_AddNumberToObject(row, "number", i);
        for (int s = 0; s < n->spaces_n; s++)
            cJSON_AddItemToObject(row, n->spaces[s].name, neighbours_json(n, &n->spaces[s], i));
        cJSON_AddItemToArray(samples, row);
    }
    int status = cli_json_print(json, false, &n->log);
    cJSON_Delete(json);
    return status;
}

int nearest_report(const struct nearest *n)
{
    if (n->options.json)
        return report_json(n);
    printf("%d samples among %d pictures of %s%s\n", n->samples, n->all, cli_shown(n->options.data),
           n->options.flip ? " and their mirror images" : "");
    for (int s = 0; s < n->spaces_n; s++)
        print_space(n, &n->spaces[s]);
    if (n->options.out)
        printf("\nthe samples and their neighbours: %s\n", cli_shown(n->options.out));
    return 0;
}
