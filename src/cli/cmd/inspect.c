// clgan inspect: what the nets of a model learned, layer by layer, as pictures.
#include "cli/cmd/inspect.h"

#include <stdlib.h>

#define AT(field) offsetof(struct inspect_options, field)
static const struct clg_option inspect_table[] = {
    {"model", CLG_OPTION_PATH, AT(model), 0, 0, NULL, "FILE",
     "the checkpoint: model.safetensors of `clgan train`"},
    {"grid", CLG_OPTION_PATH, AT(grid), 0, 0, NULL, "FILE", "where the sheet goes (.png or .jpg)"},
    {"net", CLG_OPTION_CHOICE, AT(net), 0, 0, "generator|discriminator", NULL, "whose feature maps to show"},
    {"layer", CLG_OPTION_INT, AT(layer), -1, 1000, NULL, "N",
     "layer of the net, by the list; -1: the last hidden one with an activation"},
    {"data", CLG_OPTION_PATH, AT(data), 0, 0, NULL, "PATH",
     "what the discriminator sees: a picture, or a folder of them"},
    {"crop", CLG_OPTION_CROP, AT(crop), 0, 0, NULL, "HOW",
     "center, none (squeeze) or WxH+X+Y; left out: as the model was trained, else"},
    {"seed", CLG_OPTION_UINT64, AT(seed), 0, 0, NULL, "N",
     "selects the noise of the generator's samples, and the random weights"},
    {"first", CLG_OPTION_INT, AT(first), 0, 1e9, NULL, "N", "number of the first picture or sample, from 0"},
    {"n", CLG_OPTION_INT, AT(n), 0, 100000, NULL, "N",
     "pictures to search, or samples; 0: 500 pictures, 64 samples for --find, 8 for others"},
    {"top", CLG_OPTION_INT, AT(top), 0, 100000, NULL, "N",
     "feature maps to show, the strongest; 0: all, or 6 with --guided, --saliency and --find"},
    {"common", CLG_OPTION_BOOL, AT(common), 0, 0, NULL, NULL,
     "one brightness scale for all maps instead of one for each"},
    {"json", CLG_OPTION_BOOL, AT(json), 0, 0, NULL, NULL, "print one line of JSON instead of words"},
    {0},
};

static const struct clg_option mode_table[] = {
    {"filters", CLG_OPTION_BOOL, AT(filters), 0, 0, NULL, NULL,
     "the discriminator's first filters and the generator's last"},
    {"guided", CLG_OPTION_BOOL, AT(guided), 0, 0, NULL, NULL,
     "what the discriminator's features respond to, by guided backpropagation"},
    {"saliency", CLG_OPTION_BOOL, AT(saliency), 0, 0, NULL, NULL, "the same by plain gradients"},
    {"per", CLG_OPTION_INT, AT(per), 1, 100, NULL, "N", "pictures for each feature of these"},
    {"map", CLG_OPTION_INT, AT(map), -1, 100000, NULL, "N",
     "what this map of the generator's layer draws, and samples without it"},
    {"remove", CLG_OPTION_TEXT, AT(remove), 0, 0, NULL, "LIST", "the same for several maps: 3,7,9-12"},
    {"find", CLG_OPTION_TEXT, AT(find), 0, 0, NULL, "CLASS",
     "the same for the maps whose removal lowers the score of this class most"},
    {"classifier", CLG_OPTION_PATH, AT(classifier), 0, 0, NULL, "FILE",
     "the classifier of --find (`clgan classify --save`)"},
    {0},
};

// --- shared helpers ----------------------------------------------------------------------------
static int last_hidden(const struct inspection *in, enum clg_net_kind net)
{
    struct clg_layer_info info;
    int layer = clg_gan_layers(in->gan, net) - 2;
    while (layer > 0 && (clg_gan_layer(in->gan, net, layer, &info) || !info.activated))
        layer--;
    return layer;
}

int inspect_layer(const struct inspection *in, enum clg_net_kind net, int *layer, struct clg_layer_info *info)
{
    *layer = in->o->layer >= 0 ? in->o->layer : last_hidden(in, net);
    return clg_gan_layer(in->gan, net, *layer, info);
}

int inspect_pictures(const struct inspection *in, int n, struct cli_pictures *pictures)
{
    return cli_pictures_open(pictures, in->o->data, in->o->crop, in->o->first, n, &in->params, in->log);
}

int inspect_tile(const struct inspection *in)
{
    return in->params.size < INSPECT_TILE ? INSPECT_TILE : in->params.size;
}

int inspect_columns(int n)
{
    int columns = 1;
    while (columns * columns < n)
        columns++;
    return columns;
}

void inspect_print_layer(const struct inspection *in, int layer, const struct clg_layer_info *info,
                         const char *what, int count)
{
    if (!in->json) {
        printf("layer %d, %s: %s, %d maps of %dx%d", layer, info->name, info->text, info->c, info->h,
               info->w);
        if (what)
            printf("; %d %s", count, what);
        putchar('\n');
        return;
    }
    cJSON_AddNumberToObject(in->json, "layer", layer);
    cJSON_AddStringToObject(in->json, "name", info->name);
    if (what)
        cJSON_AddNumberToObject(in->json, what, count);
}

int inspect_save(const struct inspection *in, const struct cli_tiles *tiles, int columns, const char *what)
{
    int status = cli_tiles_save(tiles, in->o->grid, columns, in->log);
    if (status)
        return status;
    if (in->json)
        cJSON_AddStringToObject(in->json, "sheet", in->o->grid);
    else
        printf("sheet: %s (%s)\n", cli_shown(in->o->grid), what);
    return 0;
}

// --- the list of layers ------------------------------------------------------------------------
static void print_layer(cJSON *list, int i, const struct clg_layer_info *info)
{
    if (!list) {
        printf("  %3d  %-8s  %-28s  %4dx%-4d %5d maps%s\n", i, info->name, info->text, info->h, info->w,
               info->c, info->activated ? "  activated" : "");
        return;
    }
    cJSON *layer = cJSON_CreateObject();
    cJSON_AddItemToArray(list, layer);
    cJSON_AddNumberToObject(layer, "index", i);
    cJSON_AddStringToObject(layer, "name", info->name);
    cJSON_AddStringToObject(layer, "text", info->text);
    cJSON_AddNumberToObject(layer, "h", info->h);
    cJSON_AddNumberToObject(layer, "w", info->w);
    cJSON_AddNumberToObject(layer, "c", info->c);
    cJSON_AddBoolToObject(layer, "activated", info->activated);
}

static int inspect_list(struct inspection *in)
{
    static const char *const names[] = {
        [CLG_NET_GENERATOR] = "generator", [CLG_NET_DISCRIMINATOR] = "discriminator"};
    for (int net = CLG_NET_GENERATOR; net <= CLG_NET_DISCRIMINATOR; net++) {
        cJSON *list = in->json ? cJSON_AddArrayToObject(in->json, names[net]) : NULL;
        if (!list)
            printf("%s:\n", names[net]);
        for (int i = 0; i < clg_gan_layers(in->gan, net); i++) {
            struct clg_layer_info info;
            int status = clg_gan_layer(in->gan, net, i, &info);
            if (status)
                return status;
            print_layer(list, i, &info);
        }
    }
    return 0;
}

// --- choosing the part -------------------------------------------------------------------------
typedef int inspect_fn(struct inspection *in);

// Checks that the options fit together: CLI_RUN, or an exit code after an error line.
static int check(struct cli_run *run, void *state)
{
    struct inspect_options *o = ((struct inspection *)state)->o;
    const struct cli_given *given = &run->given;
    const bool removes = o->remove || o->map >= 0 || o->find, net_given = cli_was_given(given, "net");
    if (!o->model)
        return cli_usage_error("inspect", "no model: give --model FILE");
    if (o->filters + o->guided + o->saliency + (o->remove != NULL) + (o->map >= 0) + (o->find != NULL) > 1)
        return cli_usage_error("inspect",
                               "--filters, --guided, --saliency, --map, --remove, --find: one at a time");
    if (!o->find != !o->classifier)
        return cli_usage_error("inspect", "--find CLASS and --classifier FILE go together");
    if ((o->guided || o->saliency) && !o->data)
        return cli_usage_error("inspect", "features of which pictures? give --data DIR");
    if (removes && net_given && o->net == CLG_NET_DISCRIMINATOR)
        return cli_usage_error("inspect", "feature maps are removed from the generator: leave out --net");
    if ((o->guided || o->saliency) && net_given && o->net == CLG_NET_GENERATOR)
        return cli_usage_error("inspect", "gradients are of the discriminator's features: leave out --net");
    if (o->data && (removes || (net_given && o->net == CLG_NET_GENERATOR)))
        return cli_usage_error("inspect", "the generator takes no --data: --seed selects its samples");
    if (!net_given)
        o->net = o->data ? CLG_NET_DISCRIMINATOR : CLG_NET_GENERATOR;
    if (!o->data && o->net == CLG_NET_DISCRIMINATOR)
        return cli_usage_error("inspect", "no pictures for the discriminator: give --data PATH");
    return CLI_RUN;
}

static inspect_fn *part_of(const struct inspect_options *o, const struct cli_given *given)
{
    if (o->filters)
        return inspect_filters;
    if (o->guided || o->saliency)
        return inspect_guided;
    if (o->remove || o->map >= 0)
        return inspect_removed;
    if (o->find)
        return inspect_found;
    if (o->data || cli_was_given(given, "net") || cli_was_given(given, "layer"))
        return inspect_maps;
    return inspect_list;
}

// The model, the pictures, the classifier, where the sheet goes.
static int prepare(struct cli_run *run, void *state)
{
    struct inspection *in = state;
    const struct cli_given *given = &run->given;
    struct inspect_options *o = in->o;
    struct clg_pictures *pictures = NULL;
    struct clg_svm *svm = NULL;
    int64_t step;
    in->log = &run->log;
    in->progress = &run->progress;
    int status = clg_checkpoint_params(o->model, &in->params, &step, in->log);
    if (!status && part_of(o, given) != inspect_list)
        status = cli_picture_check(o->grid, in->log);
    if (!status && o->data && !cli_was_given(given, "crop"))
        status = cli_pictures_crop(o->model, &o->crop, in->log);
    if (!status && o->data && clg_pictures_open(&pictures, o->data, o->crop, &cli_log_silent))
        status = clg_pictures_open(&pictures, o->data, o->crop,
                                   in->log); // reports its files here or later, not twice
    if (!status && o->classifier)
        status = clg_svm_load(&svm, o->classifier, in->log);
    clg_svm_free(&svm);
    clg_pictures_close(&pictures);
    return status;
}

static int inspect(struct cli_run *run, void *state)
{
    struct inspection *in = state;
    struct inspect_options *o = in->o;
    in->device = run->device;
    int status = clg_gan_load(&in->gan, in->device, o->model, 0);
    if (!status && o->json && !(in->json = cJSON_CreateObject()))
        status = cli_fail(in->log, CLG_ENOMEM, "out of memory");
    if (!status)
        status = part_of(o, &run->given)(in);
    if (!status && in->json)
        status = cli_json_print(in->json, false, in->log);
    cJSON_Delete(in->json);
    clg_gan_free(&in->gan);
    return status;
}

int cmd_inspect(int argc, char **argv)
{
    struct inspect_options options = {.grid = "inspect.png", .layer = -1, .map = -1, .per = 4, .seed = 1};
    struct inspection in = {.o = &options};
    const struct cli_options tables[] = {
        {"Options", inspect_table, &options}, {"Instead of feature maps", mode_table, &options}, {0}};
    const struct cli_command command = {
        .usage = "clgan inspect --model FILE [--data PATH | --net generator] [--layer N] [--grid FILE] ...",
        .about =
            "Looks into a model: without further options it lists the layers of both nets. With --data it\n"
            "draws the discriminator's feature maps of that picture, with --net generator the generator's of a\n"
            "sample. Other options draw filters, what features respond to, and what the generator's feature\n"
            "maps contribute.",
        .examples =
            "  clgan inspect --model m.safetensors\n"
            "  clgan inspect --model m.safetensors --data face.jpg --layer 3 --top 24 --grid maps.png\n"
            "  clgan inspect --model m.safetensors --guided --data faces --n 1000 --grid features.png\n"
            "  clgan inspect --model m.safetensors --remove 3,7,9 --n 10 --grid removed.png\n",
        .options = tables,
        .aliases =
            (const struct cli_alias[]){{"out", "grid"}, {"picture", "data"}, {"by", "classifier"}, {0}},
        .check = check,
        .prepare = prepare,
        .body = inspect,
    };
    return cli_run(&command, argc, argv, &in);
}
