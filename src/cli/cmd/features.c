// clgan features: the discriminator's features of pictures, as numbers for other programs.
#include "cli/features.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct features_options {
    const char *model, *data, *crop, *npy, *names;
    int n, first;
    bool json;
};

static const double GIB = 1 << 30, GIB_MAX = 8; // of one file, held in memory until it is written

#define AT(field) offsetof(struct features_options, field)
static const struct clg_option features_table[] = {
    {"model", CLG_OPTION_PATH, AT(model), 0, 0, NULL, "FILE",
     "the checkpoint: model.safetensors of `clgan train`"},
    {"data", CLG_OPTION_PATH, AT(data), 0, 0, NULL, "DIR",
     "folder of pictures, searched below; or one picture"},
    {"n", CLG_OPTION_INT, AT(n), 0, 1e9, NULL, "N", "how many of them, in the order of their names; 0: all"},
    {"first", CLG_OPTION_INT, AT(first), 0, 1e9, NULL, "N", "number of the first one, counted from 0"},
    {"crop", CLG_OPTION_TEXT, AT(crop), 0, 0, NULL, "none|center|WxH+X+Y", CLI_CROP_HELP},
    {"npy", CLG_OPTION_PATH, AT(npy), 0, 0, NULL, "FILE", "write the features, float32 [pictures][features]"},
    {"names", CLG_OPTION_PATH, AT(names), 0, 0, NULL, "FILE", "write the pictures' names, one line per row"},
    {"json", CLG_OPTION_BOOL, AT(json), 0, 0, NULL, NULL, "print what was written as one line of JSON"},
    {0},
};

// Writes one name a line; the file is complete or absent.
static int names_write(const struct clg_pictures *pictures, const int *which, int n, const char *path,
                       const struct clg_log *log)
{
    char part[4096];
    if (snprintf(part, sizeof part, "%s.part", path) >= (int)sizeof part)
        return cli_fail(log, CLG_EIO, "the file's name is too long: %.60s...", path);
    FILE *file = fopen(part, "w");
    bool whole = file != NULL;
    for (int i = 0; whole && i < n; i++)
        whole = fprintf(file, "%s\n", cli_line(clg_pictures_name(pictures, which[i]))) > 0;
    if (file && fclose(file))
        whole = false;
    if (whole && rename(part, path) == 0)
        return 0;
    const int error = errno;
    if (file)
        remove(part);
    return cli_fail(log, CLG_EIO, "cannot write %s: %s", path, strerror(error));
}

static int print_result(const struct features_options *o, int n, int64_t count, const struct clg_log *log)
{
    if (!o->json) {
        printf("%d x %" PRId64 " features: %s\n", n, count, cli_shown(o->npy));
        if (o->names)
            printf("their pictures: %s\n", cli_shown(o->names));
        return 0;
    }
    cJSON *json = cJSON_CreateObject();
    bool whole = json && cJSON_AddNumberToObject(json, "pictures", n) &&
                 cJSON_AddNumberToObject(json, "features", (double)count) &&
                 cJSON_AddStringToObject(json, "npy", o->npy) &&
                 (!o->names || cJSON_AddStringToObject(json, "names", o->names));
    int status = whole ? cli_json_print(json, false, log) : cli_fail(log, CLG_ENOMEM, "out of memory");
    cJSON_Delete(json);
    return status;
}

// Lists the numbers of the pictures asked for: which [n], the caller's.
static int choose_pictures(const struct features_options *o, const struct clg_pictures *pictures,
                           int64_t count, int **which, int *n, const struct clg_log *log)
{
    const int all = clg_pictures_count(pictures);
    if (o->first >= all || o->n > all - o->first)
        return cli_fail(log, CLG_EINVAL, "%s has %d pictures: take --first and --n within them", o->data,
                        all);
    *n = o->n ? o->n : all - o->first;
    const double gib = (double)*n * (double)count * sizeof(float) / GIB;
    if (gib > GIB_MAX)
        return cli_fail(
            log, CLG_EINVAL,
            "features of %d pictures are %.1f GiB, more than the %.0f GiB of one file: take parts with "
            "--first and --n",
            *n, gib, GIB_MAX);
    *which = malloc((size_t)*n * sizeof **which);
    if (!*which)
        return cli_fail(log, CLG_ENOMEM, "out of memory for %d pictures", *n);
    for (int i = 0; i < *n; i++)
        (*which)[i] = o->first + i;
    return 0;
}

struct extraction {
    const struct features_options *o;
    const struct clg_log *log;
    struct clg_gan_params params;
    struct clg_pictures *pictures;
    int *which, n; // pictures
    int64_t count; // of features
    float *rows;
};

// The model's params, the pictures, where the features go.
static int prepare(struct cli_run *run, void *state)
{
    struct extraction *e = state;
    (void)run;
    const struct features_options *o = e->o;
    struct clg_crop crop;
    int64_t step;
    int status = clg_checkpoint_params(o->model, &e->params, &step, e->log);
    if (!status)
        status = cli_file_check(o->npy, e->log);
    if (!status && o->names)
        status = cli_file_check(o->names, e->log);
    if (!status)
        status = cli_crop_choose(o->crop, o->model, &crop, e->log);
    if (!status)
        status = cli_data_open(&e->pictures, o->data, crop, e->log);
    e->count = clg_features_count(&e->params);
    if (!status)
        status = choose_pictures(o, e->pictures, e->count, &e->which, &e->n, e->log);
    if (status)
        return status;
    e->rows = malloc((size_t)e->n * (size_t)e->count * sizeof *e->rows);
    if (e->rows)
        return 0;
    return cli_fail(e->log, CLG_ENOMEM,
                    "features of %d pictures need %.1f GiB of memory: take parts with --first and --n", e->n,
                    (double)e->n * (double)e->count * sizeof *e->rows / GIB);
}

static int features(struct cli_run *run, void *state)
{
    struct extraction *e = state;
    const struct features_options *o = e->o;
    struct cli_features_source source = {
        .params = e->params, .pictures = e->pictures, .progress = &run->progress, .log = e->log};
    int status = clg_gan_load(&source.gan, run->device, o->model, 0);
    if (!status)
        status = cli_features_read(&source, e->which, e->n, e->rows);
    if (!status)
        status = clg_npy_save(o->npy, e->rows, (const int64_t[]){e->n, e->count}, 2, e->log);
    if (!status && o->names)
        status = names_write(e->pictures, e->which, e->n, o->names, e->log);
    if (!status)
        status = print_result(o, e->n, e->count, e->log);
    clg_gan_free(&source.gan);
    return status;
}

static void release(void *state)
{
    struct extraction *e = state;
    free(e->rows);
    free(e->which);
    cli_data_close(&e->pictures, e->o->data, e->log);
}

static int check(struct cli_run *run, void *state)
{
    struct extraction *e = state;
    e->log = &run->log;
    if (!e->o->model)
        return cli_usage_error("features", "no model: give --model FILE");
    if (!e->o->data)
        return cli_usage_error("features", "no pictures: give --data DIR");
    if (!e->o->npy)
        return cli_usage_error("features", "no output: give --npy FILE");
    return CLI_RUN;
}

int cmd_features(int argc, char **argv)
{
    struct features_options options = {0};
    struct extraction e = {.o = &options};
    const struct cli_options tables[] = {{"Options", features_table, &options}, {0}};
    const struct cli_command command = {
        .usage = "clgan features --model FILE --data DIR --npy FILE [--names FILE] [--n N] [--first N] ...",
        .about =
            "Writes what the discriminator sees in pictures as numbers: the outputs of all its activated\n"
            "layers, max-pooled to 4x4 and concatenated (Radford et al. 2015, section 5.1). They serve\n"
            "classifiers, clustering and search; `clgan classify` and `clgan nearest` compute them themselves.",
        .examples =
            "  clgan features --model runs/mine/model.safetensors --data ~/pictures --npy features.npy\n"
            "  clgan features --model runs/mine/model.safetensors --data ~/pictures --first 10000 --n 5000 "
            "\\\n"
            "      --npy part-3.npy --names part-3.txt\n"
            "  python3 -c 'import numpy; print(numpy.load(\"features.npy\").shape)'\n",
        .options = tables,
        .check = check,
        .prepare = prepare,
        .body = features,
        .release = release,
    };
    return cli_run(&command, argc, argv, &e);
}
