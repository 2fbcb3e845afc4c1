// clgan project: finds the noise whose picture is nearest to a given one, and completes pictures with it.
#include "cli/cli.h"
#include "cli/pictures.h"
#include "cli/sheet.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct project_options {
    const char *model, *data, *mask, *out, *grid, *z_out;
    struct clg_crop crop;
    int n, first, columns;
    bool json;
};

enum { PICTURES = 10000 };

#define AT(field) offsetof(struct project_options, field)
static const struct clg_option project_table[] = {
    {"model", CLG_OPTION_PATH, AT(model), 0, 0, NULL, "FILE",
     "the checkpoint: model.safetensors of `clgan train`"},
    {"data", CLG_OPTION_PATH, AT(data), 0, 0, NULL, "PATH", "a picture, or a folder of them"},
    {"crop", CLG_OPTION_CROP, AT(crop), 0, 0, NULL, "HOW",
     "center, none (squeeze) or WxH+X+Y; left out: as the model was trained, else"},
    {"n", CLG_OPTION_INT, AT(n), 1, PICTURES, NULL, "N", "pictures of the folder, at most"},
    {"first", CLG_OPTION_INT, AT(first), 0, 1e9, NULL, "N", "number of the first one, by name, from 0"},
    {"mask", CLG_OPTION_PATH, AT(mask), 0, 0, NULL, "MASK",
     "complete what it hides: " CLG_MASKS ", or a picture of the model's size, white where known"},
    {"grid", CLG_OPTION_PATH, AT(grid), 0, 0, NULL, "FILE",
     "write a sheet: the pictures and below what was found (.png or .jpg)"},
    {"columns", CLG_OPTION_INT, AT(columns), 1, 1000, NULL, "N", "pictures in a row of the sheet"},
    {"out", CLG_OPTION_PATH, AT(out), 0, 0, NULL, "DIR", "write what was found: DIR/found-00007.png"},
    {"z-out", CLG_OPTION_PATH, AT(z_out), 0, 0, NULL, "FILE",
     "write the noise as .npy, for `clgan generate --z`"},
    {"json", CLG_OPTION_BOOL, AT(json), 0, 0, NULL, NULL, "print one line of JSON instead of words"},
    {0},
};

#define SEARCH(field) offsetof(struct clg_project_params, field)
static const struct clg_option search_table[] = {
    {"steps", CLG_OPTION_INT, SEARCH(steps), 1, 100000, NULL, "N", "Adam steps in z; more come closer"},
    {"starts", CLG_OPTION_INT, SEARCH(starts), 1, 64, NULL, "N",
     "attempts per picture; the best one is kept"},
    {"lr", CLG_OPTION_FLOAT, SEARCH(lr), 1e-6, 100, NULL, "X",
     "Adam's learning rate, which falls to 0 along a cosine"},
    {"prior", CLG_OPTION_FLOAT, SEARCH(prior), 0, 1000, NULL, "X",
     "weight of mean(z^2) relative to the pixels' mean squared error; 0.01 may complete "
     "masked pictures better"},
    {"seed", CLG_OPTION_UINT64, SEARCH(seed), 0, 0, NULL, "N", "selects the starts, and --mask random"},
    {0},
};

struct projection {
    struct project_options *o;
    struct clg_project_params search;
    const struct clg_log *log;
    struct cli_progress *progress;
    struct clg_gan_params gan;
    struct cli_pictures pictures;
    size_t one;
    int n;
    float *mask; // NULL: every pixel is known
    float *z, *found;
    double *psnr, *hidden; // of the known pixels, and of the hidden ones
    double seconds, start;
};

// --- searching ---------------------------------------------------------------------------------
static void report_progress(void *user, const char *what, size_t done, size_t total)
{
    struct projection *p = user;
    (void)what;
    if (p->start > 0)
        cli_progress_count(p->progress, "projecting: steps", (int)done, (int)total, p->start);
    else
        p->start = cli_seconds(); // the first step also compiles kernels: measure the rate from its end
}

static int search(struct projection *p, struct clg_gan *gan)
{
    const size_t n = (size_t)p->n;
    p->z = malloc(n * (size_t)p->gan.z * sizeof *p->z);
    p->found = malloc(n * p->one * sizeof *p->found);
    p->psnr = malloc(2 * n * sizeof *p->psnr);
    if (!p->z || !p->found || !p->psnr)
        return cli_fail(p->log, CLG_ENOMEM, "out of memory for %d pictures: take fewer with --n", p->n);
    p->hidden = p->psnr + n;
    const double began = cli_seconds();
    p->search.progress = report_progress;
    p->search.user = p;
    int status = clg_gan_project(gan, p->pictures.values, p->mask, p->n, &p->search, p->z, p->found, p->psnr);
    p->seconds = cli_seconds() - began;
    cli_progress_end(p->progress, false);
    for (size_t i = 0; i < n && p->mask && !status; i++)
        p->hidden[i] = clg_mask_psnr(p->mask, true, p->gan.size, p->gan.channels, p->found + i * p->one,
                                     p->pictures.values + i * p->one);
    return status;
}

// --- pictures ----------------------------------------------------------------------------------
enum row { ORIGINAL, MASKED, COMPLETED, FOUND };

static void tile_make(const struct projection *p, enum row row, int i, float *tile)
{
    const float *picture = p->pictures.values + (size_t)i * p->one, *found = p->found + (size_t)i * p->one;
    memcpy(tile, row == FOUND ? found : picture, p->one * sizeof *tile);
    if (row == MASKED || row == COMPLETED)
        clg_mask_blend(p->mask, p->gan.size, p->gan.channels, row == COMPLETED ? found : NULL, tile);
}

// The sheet is `columns` pictures wide; below each row of pictures come the rows made from them.
static int save_sheet(const struct projection *p, int columns)
{
    static const enum row plain[] = {ORIGINAL, FOUND}, masked[] = {ORIGINAL, MASKED, COMPLETED, FOUND};
    const enum row *rows = p->mask ? masked : plain;
    const int rows_n = p->mask ? 4 : 2, bands = (p->n + columns - 1) / columns;
    const int tiles = bands * rows_n * columns;
    uint8_t *pixels = malloc((size_t)tiles * p->one);
    float *tile = malloc(p->one * sizeof *tile);
    int status = pixels && tile ? 0 : cli_fail(p->log, CLG_ENOMEM, "out of memory for the sheet");
    for (int t = 0; t < tiles && !status; t++) {
        const int i = t / (rows_n * columns) * columns + t % columns;
        uint8_t *to = pixels + (size_t)t * p->one;
        memset(to, CLI_SHEET_BLANK, p->one);
        if (i >= p->n)
            continue;
        tile_make(p, rows[t / columns % rows_n], i, tile);
        clg_picture_pixels(tile, p->one, to);
    }
    if (!status)
        status = cli_sheet_save(p->o->grid, &p->gan, pixels, tiles, columns, p->log);
    free(pixels);
    free(tile);
    return status;
}

// Saves what was found, with the known pixels blended in.
static int save_each(const struct projection *p)
{
    uint8_t *pixels = malloc((size_t)p->n * p->one);
    float *tile = malloc(p->one * sizeof *tile);
    int status = pixels && tile ? cli_folder_create(p->o->out, p->log)
                                : cli_fail(p->log, CLG_ENOMEM, "out of memory for the pictures");
    for (int i = 0; i < p->n && !status; i++) {
        tile_make(p, p->mask ? COMPLETED : FOUND, i, tile);
        clg_picture_pixels(tile, p->one, pixels + (size_t)i * p->one);
    }
    if (!status)
        status = cli_sheet_save_each(p->o->out, "found", "png", (uint64_t)p->o->first, &p->gan, pixels, p->n,
                                     p->log);
    free(pixels);
    free(tile);
    return status;
}

static int save_results(const struct projection *p)
{
    const struct project_options *o = p->o;
    const int64_t shape[] = {p->n, p->gan.z};
    int status = o->grid ? save_sheet(p, p->n < o->columns ? p->n : o->columns) : 0;
    if (!status && o->out)
        status = save_each(p);
    if (!status && o->z_out)
        status = clg_npy_save(o->z_out, p->z, shape, 2, p->log);
    return status;
}

// --- numbers -----------------------------------------------------------------------------------
struct summary {
    double mean, median, min, max;
};

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static int summarise(const double *values, int n, struct summary *s, const struct clg_log *log)
{
    double *sorted = malloc((size_t)n * sizeof *sorted), sum = 0;
    if (!sorted)
        return cli_fail(log, CLG_ENOMEM, "out of memory");
    memcpy(sorted, values, (size_t)n * sizeof *sorted);
    qsort(sorted, (size_t)n, sizeof *sorted, by_value);
    for (int i = 0; i < n; i++)
        sum += sorted[i];
    *s = (struct summary){sum / n, (sorted[(n - 1) / 2] + sorted[n / 2]) / 2, sorted[0], sorted[n - 1]};
    free(sorted);
    return 0;
}

static void print_summary(const char *what, const struct summary *s)
{
    printf("PSNR%s: mean %.2f dB, median %.2f, %.2f to %.2f\n", what, s->mean, s->median, s->min, s->max);
}

static int print_words(const struct projection *p, const struct summary *known, const struct summary *hidden)
{
    const struct project_options *o = p->o;
    for (int i = 0; i < p->n; i++) {
        printf("%6.2f dB", p->psnr[i]);
        if (p->mask)
            printf("  hidden %6.2f dB", p->hidden[i]);
        printf("  %s\n", cli_shown(cli_pictures_name(&p->pictures, i)));
    }
    printf("%d %s, %d steps from %d starts each, %.1f s\n", p->n, p->n == 1 ? "picture" : "pictures",
           p->search.steps, p->search.starts, p->seconds);
    print_summary(p->mask ? " of known pixels" : "", known);
    if (p->mask)
        print_summary(" of hidden pixels", hidden);
    if (o->grid)
        printf("sheet: %s (%s)\n", cli_shown(o->grid),
               p->mask ? "rows: picture, what is known of it, completed, what the generator drew"
                       : "rows: picture, what the generator drew");
    if (o->out)
        printf("pictures in %s\n", cli_shown(o->out));
    if (o->z_out)
        printf("their noise: %s\n", cli_shown(o->z_out));
    return 0;
}

static double rounded(double value)
{
    return round(value * 1e4) / 1e4;
}

static void add_summary(cJSON *json, const char *name, const struct summary *s)
{
    cJSON *object = cJSON_AddObjectToObject(json, name);
    cJSON_AddNumberToObject(object, "mean", rounded(s->mean));
    cJSON_AddNumberToObject(object, "median", rounded(s->median));
    cJSON_AddNumberToObject(object, "min", rounded(s->min));
    cJSON_AddNumberToObject(object, "max", rounded(s->max));
}

static int print_json(const struct projection *p, const struct summary *known, const struct summary *hidden)
{
    cJSON *json = cJSON_CreateObject(), *list = cJSON_AddArrayToObject(json, "pictures");
    for (int i = 0; i < p->n; i++) {
        cJSON *picture = cJSON_CreateObject();
        cJSON_AddItemToArray(list, picture);
        cJSON_AddStringToObject(picture, "name", cli_pictures_name(&p->pictures, i));
        cJSON_AddNumberToObject(picture, "psnr", rounded(p->psnr[i]));
        if (p->mask)
            cJSON_AddNumberToObject(picture, "psnr_hidden", rounded(p->hidden[i]));
    }
    add_summary(json, "psnr", known);
    if (p->mask)
        add_summary(json, "psnr_hidden", hidden);
    cJSON_AddNumberToObject(json, "steps", p->search.steps);
    cJSON_AddNumberToObject(json, "starts", p->search.starts);
    cJSON_AddNumberToObject(json, "seconds", rounded(p->seconds));
    int status = cli_json_print(json, false, p->log);
    cJSON_Delete(json);
    return status;
}

static int print_result(const struct projection *p)
{
    struct summary known, hidden = {0};
    int status = summarise(p->psnr, p->n, &known, p->log);
    if (!status && p->mask)
        status = summarise(p->hidden, p->n, &hidden, p->log);
    if (status)
        return status;
    return (p->o->json ? print_json : print_words)(p, &known, &hidden);
}

// --- the command -------------------------------------------------------------------------------
static int mask_make(struct projection *p)
{
    p->mask = malloc((size_t)p->gan.size * (size_t)p->gan.size * sizeof *p->mask);
    if (!p->mask)
        return cli_fail(p->log, CLG_ENOMEM, "out of memory for a mask");
    return clg_mask_make(p->o->mask, p->gan.size, p->search.seed, p->mask, p->log);
}

// The model's params, the mask and the pictures, where the results go.
static int prepare(struct cli_run *run, void *state)
{
    struct projection *p = state;
    struct project_options *o = p->o;
    int64_t step;
    p->log = &run->log;
    p->progress = &run->progress;
    int status = clg_checkpoint_params(o->model, &p->gan, &step, p->log);
    if (!status) {
        p->one = cli_sheet_one(&p->gan);
        status = o->mask ? mask_make(p) : 0;
    }
    if (!status && !cli_was_given(&run->given, "crop"))
        status = cli_pictures_crop(o->model, &o->crop, p->log);
    if (!status)
        status = cli_pictures_open(&p->pictures, o->data, o->crop, o->first, o->n, &p->gan, p->log);
    p->n = p->pictures.n;
    if (!status && o->grid)
        status = cli_picture_check(o->grid, p->log);
    if (!status && o->z_out)
        status = cli_file_check(o->z_out, p->log);
    if (!status && o->out)
        status = cli_folder_check(o->out, p->log);
    return status;
}

static int project(struct cli_run *run, void *state)
{
    struct projection *p = state;
    struct clg_gan *gan = NULL;
    int status = clg_gan_load(&gan, run->device, p->o->model, 0);
    if (!status)
        status = search(p, gan);
    if (!status)
        status = save_results(p);
    if (!status)
        status = print_result(p);
    clg_gan_free(&gan);
    return status;
}

static void release(void *state)
{
    struct projection *p = state;
    cli_pictures_close(&p->pictures);
    free(p->mask);
    free(p->z);
    free(p->found);
    free(p->psnr);
}

static int check(struct cli_run *run, void *state)
{
    const struct project_options *o = ((struct projection *)state)->o;
    (void)run;
    if (!o->model)
        return cli_usage_error("project", "no model: give --model FILE");
    if (!o->data)
        return cli_usage_error("project", "no pictures: give --data FILE or DIR");
    if (!o->out && !o->grid && !o->z_out && !o->json)
        return cli_usage_error("project", "no output: give --grid FILE, --out DIR, --z-out FILE or --json");
    return CLI_RUN;
}

int cmd_project(int argc, char **argv)
{
    struct project_options options = {.n = 16, .columns = 8};
    struct projection p = {.o = &options, .search = clg_project_params_default()};
    const struct cli_options tables[] = {
        {"Options", project_table, &options}, {"Search", search_table, &p.search}, {0}};
    const struct cli_command command = {
        .usage = "clgan project --model FILE --data FILE|DIR (--grid FILE | --out DIR | --z-out FILE) ...",
        .about =
            "Finds the noise whose picture comes closest to a given one, by gradient descent through the\n"
            "generator, and reports how close: the PSNR in dB, higher is better. What the generator has not\n"
            "learned cannot be matched. With --mask only the known pixels are matched, and the generator\n"
            "completes the picture.",
        .examples = "  clgan project --model m.safetensors --data face.jpg --grid found.png\n"
                    "  clgan project --model m.safetensors --data faces --n 8 --mask center --grid "
                    "completed.png\n"
                    "  clgan project --model m.safetensors --data me.jpg --z-out me.npy --steps 1000\n",
        .options = tables,
        .aliases = (const struct cli_alias[]){{"picture", "data"}, {0}},
        .check = check,
        .prepare = prepare,
        .body = project,
        .release = release,
    };
    return cli_run(&command, argc, argv, &p);
}
