// clgan nearest: the training pictures nearest to what a model draws, to see whether it draws them
// from memory.
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
    {"n", CLG_OPTION_INT, AT(n), 1, 10000, NULL, "N", "samples that are drawn"},
    {"seed", CLG_OPTION_UINT64, AT(seed), 0, 0, NULL, "N", "names them, as in `clgan generate`"},
    {"pictures", CLG_OPTION_PATH, AT(pictures), 0, 0, NULL, "DIR", "take these pictures instead of samples"},
    {"k", CLG_OPTION_INT, AT(k), 1, 100, NULL, "N", "neighbours of each"},
    {"by", CLG_OPTION_CHOICE, AT(by), 0, 0, "pixels|features|both", NULL,
     "what is compared: the pictures, what the discriminator sees in them, or the one and the other"},
    {"crop", CLG_OPTION_TEXT, AT(crop), 0, 0, NULL, "none|center|WxH+X+Y", CLI_CROP_HELP},
    {"flip", CLG_OPTION_BOOL, AT(flip), 0, 0, NULL, NULL,
     "look at the mirror images too; a model that was trained with --flip does it by itself"},
    {"out", CLG_OPTION_PATH, AT(out), 0, 0, NULL, "FILE",
     "sheet (.png or .jpg): a sample, its neighbours by pixels, those by features"},
    {"json", CLG_OPTION_BOOL, AT(json), 0, 0, NULL, NULL, "all neighbours and distances as one line of JSON"},
    {0},
};

// --- samples -----------------------------------------------------------------------------------
static int samples_draw(struct nearest *n)
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

static int samples_load(struct nearest *n)
{
    int status = cli_data_open(&n->own, n->options.pictures, n->crop, &n->log);
    if (status)
        return status;
    n->samples = clg_pictures_count(n->own);
    int *which = malloc((size_t)n->samples * sizeof *which);
    n->values = malloc((size_t)n->samples * cli_sheet_one(&n->params) * sizeof *n->values);
    if (!which || !n->values)
        status = cli_fail(&n->log, CLG_ENOMEM, "out of memory for %d samples", n->samples);
    for (int i = 0; i < n->samples && !status; i++)
        which[i] = i;
    if (!status)
        status = cli_data_values(n->own, which, n->samples, &n->params, n->values, &n->log);
    free(which);
    return status;
}

// --- all of it ---------------------------------------------------------------------------------
static void space_add(struct nearest *n, const char *name, enum cli_features kind)
{
    n->spaces[n->spaces_n++] =
        (struct nearest_space){.name = name, .kind = kind, .count = cli_features_count(kind, &n->params)};
}

static int nearest(struct nearest *n, struct clg_device *device)
{
    const struct nearest_options *o = &n->options;
    int status = clg_gan_load(&n->gan, device, o->model, 0);
    if (status)
        return status;
    if (o->by != FEATURES)
        space_add(n, "pixels", CLI_FEATURES_PIXELS);
    if (o->by != PIXELS)
        space_add(n, "features", CLI_FEATURES_DISCRIMINATOR);
    n->all = clg_pictures_count(n->training);
    if (!o->pictures)
        status = samples_draw(n);
    if (!status)
        status = nearest_search(n);
    if (!status && o->out)
        status = nearest_sheet(n);
    return status ? status : nearest_report(n);
}

static void nearest_free(struct nearest *n)
{
    for (int s = 0; s < n->spaces_n; s++) {
        free(n->spaces[s].queries);
        free(n->spaces[s].index);
        free(n->spaces[s].distance);
    }
    free(n->values);
    cli_data_close(&n->own, n->options.pictures, &n->log);
    cli_data_close(&n->training, n->options.data, &n->log);
    clg_gan_free(&n->gan);
}

// Crop and flip as the model was trained, where the command does not tell.
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

// All that needs no device: the model's facts, the pictures, where the sheet goes.
static int prepare(struct nearest *n, bool flip_given)
{
    const struct nearest_options *o = &n->options;
    int64_t step;
    int status = clg_checkpoint_params(o->model, &n->params, &step, &n->log);
    if (!status && o->out)
        status = cli_picture_check(o->out, &n->log);
    if (!status)
        status = as_trained(n, flip_given);
    if (!status)
        status = cli_data_open(&n->training, o->data, n->crop, &n->log);
    return status || !o->pictures ? status : samples_load(n);
}

static int check(const struct nearest_options *o, const struct cli_given *given)
{
    if (!o->model)
        return cli_usage_error("nearest", "which model? give --model FILE");
    if (!o->data)
        return cli_usage_error("nearest", "which training pictures? give --data DIR");
    if (!o->out && !o->json)
        return cli_usage_error("nearest", "where to? give --out FILE.png, or --json for the numbers alone");
    if (o->pictures && (cli_was_given(given, "n") || cli_was_given(given, "seed")))
        return cli_usage_error("nearest", "--pictures takes the place of samples: leave out --n and --seed");
    return CLI_RUN;
}

int cmd_nearest(int argc, char **argv)
{
    struct nearest n = {.options = {.n = 8, .k = 5, .by = BOTH, .seed = 1}};
    struct cli_device_options where = cli_device_defaults();
    const struct cli_options tables[] = {
        {"Options", nearest_table, &n.options}, {"Device", cli_device_table, &where}, {0}};
    const struct cli_command command = {
        .usage = "clgan nearest --model FILE --data DIR --out FILE.png [--n N] [--seed N] [--k N] ...",
        .about =
            "Does the model draw its training pictures from memory? For each sample, the training pictures\n"
            "nearest to it, by pixels and by the discriminator's features. Distances mean something beside "
            "those\n"
            "between training pictures: a copy lies far below them, a new picture about there. (By pixels, "
            "smooth\n"
            "pictures are nearer to everything.) Look at the sheet: faces that are alike are no copies yet.",
        .examples =
            "  clgan nearest --model runs/mine/model.safetensors --data ~/pictures --out nearest.png\n"
            "  clgan nearest --model runs/mine/model.safetensors --data ~/pictures --n 64 --by features "
            "--json\n"
            "  clgan nearest --model runs/mine/model.safetensors --data ~/pictures --pictures mine --out "
            "like.png\n",
        .options = tables,
    };
    struct cli_given given;
    int code = cli_parse(&command, argc, argv, &given);
    if (code == CLI_RUN)
        code = check(&n.options, &given);
    if (code != CLI_RUN)
        return code;
    struct cli_progress progress = cli_progress_new();
    struct clg_device *device = NULL;
    n.progress = &progress;
    n.log = cli_log(&progress, where.verbose);
    int status = prepare(&n, cli_was_given(&given, "flip"));
    if (!status)
        status = cli_device_open(&device, &where, &progress);
    if (!status)
        status = nearest(&n, device);
    cli_progress_end(&progress, true);
    if (!status && where.profile)
        status = clg_device_profile_print(device, stderr);
    nearest_free(&n);
    clg_device_close(&device);
    return cli_exit_code(status);
}
