// clgan classify: a linear classifier on the discriminator's features, trained and tested, or applied.
#include "cli/cmd/classify.h"

#define AT(field) offsetof(struct classify_options, field)
static const struct clg_option classify_table[] = {
    {"model", CLG_OPTION_PATH, AT(model), 0, 0, NULL, "FILE",
     "the checkpoint: model.safetensors of `clgan train`"},
    {"data", CLG_OPTION_PATH, AT(data), 0, 0, NULL, "DIR", "folder of pictures, searched below"},
    {"crop", CLG_OPTION_TEXT, AT(crop), 0, 0, NULL, "none|center|WxH+X+Y", CLI_CROP_HELP},
    {"json", CLG_OPTION_BOOL, AT(json), 0, 0, NULL, NULL, "results as one line of JSON"},
    {0},
};
static const struct clg_option train_table[] = {
    {"labels", CLG_OPTION_PATH, AT(labels), 0, 0, NULL, "TABLE",
     "a row for each picture (CSV, tabs, CelebA's lists); without it the folders' names are the classes"},
    {"column", CLG_OPTION_TEXT, AT(column), 0, 0, NULL, "NAME|N",
     "the labels' column, by name or number from 1 (default: the only one, or the one with the --classes)"},
    {"file-column", CLG_OPTION_TEXT, AT(file_column), 0, 0, NULL, "NAME|N",
     "the pictures' column (default: the one that names them)"},
    {"classes", CLG_OPTION_TEXT, AT(classes), 0, 0, NULL, "A,B,...",
     "only these; a column Smiling of 1 and 0, or 1 and -1, has Smiling and \"not Smiling\""},
    {"threshold", CLG_OPTION_TEXT, AT(threshold), 0, 0, NULL, "X",
     "numbers become two classes: up to X, and above"},
    {"n", CLG_OPTION_INT, AT(n), 0, 1e9, NULL, "N", "pictures of each class, chosen by the seed; 0: all"},
    {"test", CLG_OPTION_FLOAT, AT(test), 0.001, 0.9, NULL, "X", "share of each class to test on"},
    {"seed", CLG_OPTION_UINT64, AT(seed), 0, 0, NULL, "N",
     "seed of the chosen pictures, the split, the choice of C, and untrained weights"},
    {"features", CLG_OPTION_CHOICE, AT(features), 0, 0, CLI_FEATURES_CHOICES, NULL, "what to classify by"},
    {"compare", CLG_OPTION_BOOL, AT(compare), 0, 0, NULL, NULL,
     "all three kinds of features, on the same pictures"},
    {"c", CLG_OPTION_FLOAT, AT(c), 0, 1e6, NULL, "X",
     "cost of misclassification; 0: the best of 0.001, 0.01 .. 10 on a held-out fifth of the training set"},
    {"save", CLG_OPTION_PATH, AT(save), 0, 0, NULL, "FILE", "write the classifier"},
    {0},
};
static const struct clg_option apply_table[] = {
    {"classifier", CLG_OPTION_PATH, AT(classifier), 0, 0, NULL, "FILE", "a classifier that --save wrote"},
    {0},
};

static int check(struct cli_run *run, void *state)
{
    struct classify *c = state;
    const struct classify_options *o = &c->options;
    const struct cli_given *given = &run->given;
    c->run = run;
    c->progress = &run->progress;
    c->log = run->log;
    run->opens_device_later = true; // classifiers of pixels need none
    if (!o->data)
        return cli_usage_error("classify", "no pictures: give --data DIR");
    for (const struct clg_option *row = train_table; o->classifier && row->name; row++)
        if (cli_was_given(given, row->name))
            return cli_usage_error("classify", "--classifier FILE is already trained: leave out --%s",
                                   row->name);
    if (o->classifier)
        return CLI_RUN;
    if (!o->model)
        return cli_usage_error("classify", "no model: give --model FILE");
    if (o->n == 1 || o->n == 2)
        return cli_usage_error("classify", "--n %d: training and testing need at least 3 of each class",
                               o->n);
    if (o->threshold && !o->labels)
        return cli_usage_error("classify", "--threshold splits the numbers of a table: give --labels TABLE");
    return CLI_RUN;
}

int classify_check_model(struct classify *c)
{
    int64_t step;
    return clg_checkpoint_params(c->options.model, &c->params, &step, &c->log);
}

int classify_open_model(struct classify *c)
{
    int status = cli_run_open(c->run);
    return status ? status : clg_gan_load(&c->gan, c->run->device, c->options.model, 0);
}

static int classify(struct cli_run *run, void *state)
{
    struct classify *c = state;
    (void)run;
    return c->options.classifier ? classify_apply(c) : classify_train(c);
}

static void release(void *state)
{
    struct classify *c = state;
    cli_data_close(&c->pictures, c->options.data, &c->log);
    clg_gan_free(&c->gan);
}

int cmd_classify(int argc, char **argv)
{
    struct classify c = {.options = {.test = 0.2f, .seed = 1}};
    const struct cli_options tables[] = {{"Options", classify_table, &c.options},
                                         {"To train and test", train_table, &c.options},
                                         {"To apply", apply_table, &c.options},
                                         {0}};
    const struct cli_command command = {
        .usage = "clgan classify --model FILE --data DIR [--labels TABLE] [--compare] [--save FILE] ...\n"
                 "       clgan classify --classifier FILE --model FILE --data DIR",
        .about =
            "What has the discriminator learned without labels? A linear classifier (L2-SVM) on its features\n"
            "tells: it is trained on labelled pictures and tested on others (Radford et al. 2015, section 5.1).\n"
            "It can then sort pictures: --classifier prints file, class and score; scores below 1 are uncertain.\n"
            "\n"
            "--features discriminator: all its activated layers, max-pooled to 4x4. pixels: the picture itself.\n"
            "untrained: the same features with the weights that training starts from, drawn by the seed (its\n"
            "batch norms do nothing yet): what the architecture provides by itself. --compare puts them side by\n"
            "side; useful features beat both of the others. If the model was trained on this folder, it has seen\n"
            "the tested pictures, but no label.",
        .examples =
            "  clgan classify --model runs/mine/model.safetensors --data celeba --labels "
            "list_attr_celeba.txt \\\n"
            "      --column Smiling --compare\n"
            "  clgan classify --model runs/mine/model.safetensors --data faces --labels labels.csv \\\n"
            "      --column smile --threshold 0.3 --n 2000 --save smile.svm\n"
            "  clgan classify --model runs/mine/model.safetensors --data sorted     folders are the classes\n"
            "  clgan classify --classifier smile.svm --model runs/mine/model.safetensors --data new > classes.csv\n",
        .options = tables,
        .aliases = (const struct cli_alias[]){{"svm", "classifier"}, {0}},
        .check = check,
        .body = classify,
        .release = release,
    };
    return cli_run(&command, argc, argv, &c);
}
