// The classifier's file: the features and the model it was trained on, and opening the same ones again.
#include "cli/cmd/classify.h"
#include "cli/fingerprint.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

// The options of the model that the features depend on.
static const char *const info[] = {"size", "channels", "ndf", "seed"};
enum { FACTS = sizeof info / sizeof *info };

int classify_save(struct classify *c, enum cli_features kind, struct clg_gan *gan, const struct clg_svm *svm)
{
    struct clg_gan_params params = *clg_gan_params_of(gan);
    struct clg_train_params train = {.crop = c->crop};
    char values[FACTS][64], crop[64], weights[CLI_FINGERPRINT] = "";
    const char *extra[FACTS + 5][2];
    int n = 0;
    for (; n < FACTS; n++) {
        clg_option_get(clg_option_find(clg_gan_options, info[n]), &params, values[n], sizeof values[n]);
        extra[n][0] = info[n];
        extra[n][1] = values[n];
    }
    clg_option_get(clg_option_find(clg_train_options, "crop"), &train, crop, sizeof crop);
    int status = kind == CLI_FEATURES_PIXELS ? 0 : cli_fingerprint(gan, weights, &c->log);
    if (status)
        return status;
    const char *const more[][2] = {{"features", cli_features_names[kind]},
                                   {"crop", crop},
                                   {"model", c->options.model},
                                   {"discriminator", weights}};
    for (size_t i = 0; i < sizeof more / sizeof *more; i++, n++) {
        extra[n][0] = more[i][0];
        extra[n][1] = more[i][1];
    }
    return clg_svm_save(svm, c->options.save, (const char *const(*)[2])extra, n, &c->log);
}

// --- opening it --------------------------------------------------------------------------------
// What the file records.
struct told {
    enum cli_features kind;
    struct clg_gan_params params; // size, channels, ndf and seed alone
    char *crop, *model, *weights;
};

static void told_free(struct told *told)
{
    free(told->crop);
    free(told->model);
    free(told->weights);
}

static int text_read(const struct classify *c, const char *key, char **text)
{
    int status = clg_checkpoint_metadata(c->options.classifier, key, text, &c->log);
    if (!status && !*text)
        status =
            cli_fail(&c->log, CLG_EFORMAT, "%s does not record its %s: write it with clgan classify --save",
                     c->options.classifier, key);
    return status;
}

static int kind_read(const struct classify *c, enum cli_features *kind)
{
    char *text;
    int status = text_read(c, "features", &text), k = 0;
    while (!status && k < CLI_FEATURES_KINDS && strcmp(text, cli_features_names[k]))
        k++;
    if (k == CLI_FEATURES_KINDS)
        status = cli_fail(&c->log, CLG_EFORMAT, "%s takes features of an unknown kind: %.100s",
                          c->options.classifier, text);
    *kind = (enum cli_features)k;
    free(text);
    return status;
}

static int told_read(const struct classify *c, struct told *told)
{
    int status = kind_read(c, &told->kind);
    for (int i = 0; i < FACTS && !status; i++) {
        char *text;
        status = text_read(c, info[i], &text);
        if (!status &&
            clg_option_set(clg_option_find(clg_gan_options, info[i]), &told->params, text, &c->log))
            status = CLG_EFORMAT;
        free(text);
    }
    if (!status)
        status = text_read(c, "crop", &told->crop);
    if (!status)
        status = text_read(c, "model", &told->model);
    if (!status)
        status = text_read(c, "discriminator", &told->weights);
    return status;
}

static int weights_check(const struct classify *c, const struct told *told)
{
    char weights[CLI_FINGERPRINT];
    int status = cli_fingerprint(c->gan, weights, &c->log);
    if (!status && strcmp(weights, told->weights))
        status =
            cli_fail(&c->log, CLG_EFORMAT,
                     "%s takes features of another discriminator than %s: of %s as it was then; give that "
                     "--model, or train a classifier on this one",
                     c->options.classifier, c->options.model, told->model);
    return status;
}

static int model_open(struct classify *c, const struct told *told)
{
    const struct clg_gan_params *wants = &told->params, *has = &c->params;
    if (!c->options.model)
        return cli_fail(&c->log, CLG_EINVAL,
                        "%s takes %s features: give --model FILE (it was trained with %s)",
                        c->options.classifier, cli_features_names[told->kind], told->model);
    int status = classify_check_model(c);
    if (status)
        return status;
    if (wants->size != has->size || wants->channels != has->channels || wants->ndf != has->ndf)
        return cli_fail(
            &c->log, CLG_EFORMAT,
            "%s takes features of a model of %dx%dx%d pictures with ndf %d; %s is of %dx%dx%d, ndf %d",
            c->options.classifier, wants->size, wants->size, wants->channels, wants->ndf, c->options.model,
            has->size, has->size, has->channels, has->ndf);
    status = classify_open_model(c);
    if (!status && told->kind == CLI_FEATURES_UNTRAINED) {
        struct clg_gan *fresh;
        status = classify_untrained(c, wants->seed, &fresh);
        clg_gan_free(&c->gan);
        c->gan = fresh;
    }
    return status ? status : weights_check(c, told);
}

static int source_open(struct classify *c, const struct told *told, const struct clg_svm *svm,
                       struct cli_features_source *source)
{
    if (cli_features_count(told->kind, &told->params) != clg_svm_count(svm))
        return cli_fail(&c->log, CLG_EFORMAT, "%s is damaged: %" PRId64 " weights for %" PRId64 " features",
                        c->options.classifier, clg_svm_count(svm),
                        cli_features_count(told->kind, &told->params));
    const char *crop = c->options.crop ? c->options.crop : told->crop;
    int status = cli_crop_choose(crop, NULL, &c->crop, &c->log);
    if (!status)
        status = cli_data_open(&c->pictures, c->options.data, c->crop, &c->log);
    if (!status && told->kind != CLI_FEATURES_PIXELS)
        status = model_open(c, told);
    source->params = told->params;
    source->gan = c->gan;
    return status;
}

int classify_load(struct classify *c, struct clg_svm **svm, struct cli_features_source *source)
{
    struct told told = {.params = clg_gan_params_default()};
    *source = (struct cli_features_source){.progress = c->progress, .log = &c->log};
    int status = clg_svm_load(svm, c->options.classifier, &c->log);
    if (!status)
        status = told_read(c, &told);
    if (!status)
        status = source_open(c, &told, *svm, source);
    told_free(&told);
    return status;
}
