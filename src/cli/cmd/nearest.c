// clgan nearest: the training pictures nearest to what a model draws, to see whether it has memorised them.
#include "cli/cmd/nearest.h"

#include "cli/sheet.h"

#include <stdlib.h>
#include <string.h>

enum { PIXELS, FEATURES, BOTH };

#define AT(field) offsetof(struct nearest_options, field)
static const struct clg_option nearest_table[] = {
    {"model", CLG_OPTION_PATH, AT(model), 0, 0, NULL, "FILE",
     "the checkpoint: model.safetensors of `clgan train`"},
    {"data", CLG_OPTION_PATH, AT(data), 0, 0, NULL, "DIR", "the pictures that it was trained on"},
    {"n", CLG_OPTION_INT, AT(n), 1, 10000, NULL, "N", "samples to draw"},
    {"seed", CLG_OPTION_UINT64, AT(seed), 0, 0, NULL, "N", "selects them, as in `clgan generate`"},
    {"pictures", CLG_OPTION_PATH, AT(pictures), 0, 0, NULL, "DIR", "use these pictures instead of samples"},
    {"k", CLG_OPTION_INT, AT(k), 1, 100, NULL, "N", "neighbours of each sample"},
    {"by", CLG_OPTION_CHOICE, AT(by), 0, 0, "pixels|features|both", NULL,
     "what to compare: pixels, the discriminator's features, or both"},
    {"crop", CLG_OPTION_TEXT, AT(crop), 0, 0, NULL, "none|center|WxH+X+Y", CLI_CROP_HELP},
    {"flip", CLG_OPTION_BOOL, AT(flip), 0, 0, NULL, NULL,
     "also compare mirror images; the default for a model trained with --flip"},
    {"grid", CLG_OPTION_PATH, AT(grid), 0, 0, NULL, "FILE",
     "sheet (.png or .jpg): a sample, its neighbours by pixels, those by features"},
    {"json", CLG_OPTION_BOOL, AT(json), 0, 0, NULL, NULL, "all neighbours and distances as one line of JSON"},
    {0},
};

// --- samples -----------------------------------------------------------------------------------
static int draw_samples(struct nearest *n)
{
    n->samples = n->options.n;
    float *z = malloc((size_t)n->samples * (size_t)n->params.z * sizeof *z);
    if (!z)
        return cli_fail(&n->log, CLG_ENOMEM, "out of memory for %d samples", n->samples);
    clg_gan_noise(&n->params, n->options.seed, 0, n->samples, z);
    int status = cli_sheet_generate(n->gan, z, n->samples, &n->values, n->progress, &n->log);
    free(z);
    return status;
}

static int load_samples(struct nearest *n)
{
    int status = cli_data_open(&n->own, n->options.pictures, n->crop, &n->log);
    if (status)
        return status;
    n->samples = clg_pictures_count(n->own);
    n->values = malloc((size_t)n->samples * cli_sheet_one(&n->params) * sizeof *n->values);
    if (!n->values)
        return cli_fail(&n->log, CLG_ENOMEM, "out of memory for %d samples", n->samples);
    return clg_pictures_values(n->own, NULL, n->samples, n->params.size, n->params.channels, n->values);
}

// --- the search --------------------------------------------------------------------------------
static void report_progress(void *user, const char *what, size_t done, size_t total)
{
    const struct nearest *n = user;
    (void)what;
    cli_progress_count(n->progress, "searching", (int)done, (int)total, n->began);
}

static int search(struct nearest *n)
{
    const struct nearest_options *o = &n->options;
    const struct clg_memorisation_params params = {.pictures = n->training,
                                                   .pixels = o->by != FEATURES,
                                                   .features = o->by != PIXELS,
                                                   .flip = o->flip,
                                                   .k = o->k,
                                                   .progress = report_progress,
                                                   .user = n};
    n->began = cli_seconds();
    int status = clg_memorisation_search(&n->found, n->gan, n->values, n->samples, &params);
    cli_progress_end(n->progress, false);
    return status;
}

static int nearest(struct cli_run *run, void *state)
{
    struct nearest *n = state;
    const struct nearest_options *o = &n->options;
    int status = clg_gan_load(&n->gan, run->device, o->model, 0);
    if (!status && !o->pictures)
        status = draw_samples(n);
    if (!status)
        status = search(n);
    if (!status && o->grid)
        status = nearest_sheet(n);
    return status ? status : nearest_report(n);
}

static void release(void *state)
{
    struct nearest *n = state;
    clg_memorisation_free(&n->found);
    free(n->values);
    cli_data_close(&n->own, n->options.pictures, &n->log);
    cli_data_close(&n->training, n->options.data, &n->log);
    clg_gan_free(&n->gan);
}

// Sets crop and flip as the model was trained where the options are not given.
static int as_trained(struct nearest *n, bool flip_given)
{
    struct nearest_options *o = &n->options;
    int status = cli_crop_choose(o->crop, o->model, &n->crop, &n->log);
    char *text = NULL;
    if (!status && !flip_given) {
        status = clg_checkpoint_metadata(o->model, "train.flip", &text, &n->log);
        o->flip = text && !strcmp(text, "true");
    }
    free(text);
    return status;
}

// The model's params, the pictures, where the sheet goes.
static int prepare(struct cli_run *run, void *state)
{
    struct nearest *n = state;
    const struct nearest_options *o = &n->options;
    int64_t step;
    int status = clg_checkpoint_params(o->model, &n->params, &step, &n->log);
    if (!status && o->grid)
        status = cli_picture_check(o->grid, &n->log);
    if (!status)
        status = as_trained(n, cli_was_given(&run->given, "flip"));
    if (!status)
        status = cli_data_open(&n->training, o->data, n->crop, &n->log);
    return status || !o->pictures ? status : load_samples(n);
}

static int check(struct cli_run *run, void *state)
{
    struct nearest *n = state;
    const struct nearest_options *o = &n->options;
    n->progress = &run->progress;
    n->log = run->log;
    if (!o->model)
        return cli_usage_error("nearest", "no model: give --model FILE");
    if (!o->data)
        return cli_usage_error("nearest", "no training pictures: give --data DIR");
    if (!o->grid && !o->json)
        return cli_usage_error("nearest", "no output: give --grid FILE.png, or --json for the numbers alone");
    if (o->pictures && (cli_was_given(&run->given, "n") || cli_was_given(&run->given, "seed")))
        return cli_usage_error("nearest", "--pictures replaces the samples: leave out --n and --seed");
    return CLI_RUN;
}

int cmd_nearest(int argc, char **argv)
{
    struct nearest n = {.options = {.n = 8, .k = 5, .by = BOTH, .seed = 1}};
    const struct cli_options tables[] = {{"Options", nearest_table, &n.options}, {0}};
    const struct cli_command command = {
        .usage = "clgan nearest --model FILE --data DIR --grid FILE.png [--n N] [--seed N] [--k N] ...",
        .about =
            "Has the model memorised its training pictures? Finds the training pictures nearest to each sample,\n"
            "by pixels and by the discriminator's features. Compare the distances with those between training\n"
            "pictures: a copy lies far below them, a new picture about as far. (By pixels, smooth pictures are\n"
            "close to everything.) Look at the sheet too: similar faces are not necessarily copies.",
        .examples =
            "  clgan nearest --model runs/mine/model.safetensors --data ~/pictures --grid nearest.png\n"
            "  clgan nearest --model runs/mine/model.safetensors --data ~/pictures --n 64 --by features "
            "--json\n"
            "  clgan nearest --model runs/mine/model.safetensors --data ~/pictures --pictures mine --grid "
            "like.png\n",
        .options = tables,
        .aliases = (const struct cli_alias[]){{"out", "grid"}, {0}},
        .check = check,
        .prepare = prepare,
        .body = nearest,
        .release = release,
    };
    return cli_run(&command, argc, argv, &n);
}
