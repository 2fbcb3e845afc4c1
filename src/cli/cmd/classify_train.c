// clgan classify: training on labelled pictures, and a test on others.
#include "cli/cmd/classify.h"

#include <stdlib.h>
#include <string.h>

static void planes_progress(void *user, const char *what, size_t done, size_t total)
{
    (void)what;
    cli_progress_line(user, false, "training: plane %zu of %zu", done, total);
}

int classify_untrained(struct classify *c, uint64_t seed, struct clg_gan **gan)
{
    struct clg_gan_params params = c->params;
    params.seed = seed;
    return clg_gan_new(gan, c->run->device, &params);
}

static int largest(const float *scores, int n)
{
    int best = 0;
    for (int k = 1; k < n; k++)
        best = scores[k] > scores[best] ? k : best;
    return best;
}

// Compares the answers for all pictures of the split with their classes.
static int judge(const struct classify *c, const struct classify_split *split, const struct clg_svm *svm,
                 const float *rows, struct classify_result *r)
{
    const int all = split->train + split->test, classes = split->classes;
    float *scores = malloc((size_t)all * (size_t)classes * sizeof *scores);
    r->confusion = calloc((size_t)classes * (size_t)classes, sizeof *r->confusion);
    r->hits = calloc((size_t)split->test, sizeof *r->hits);
    if (!scores || !r->confusion || !r->hits) {
        free(scores);
        return cli_fail(&c->log, CLG_ENOMEM, "out of memory for %d answers", all);
    }
    clg_svm_scores(svm, rows, all, scores);
    for (int i = 0; i < all; i++) {
        const int is = split->of[i], answer = largest(scores + (size_t)i * (size_t)classes, classes);
        if (i < split->train) {
            r->train_right += answer == is;
            continue;
        }
        r->confusion[is * classes + answer]++;
        r->hits[i - split->train] = answer == is;
        r->right += answer == is;
    }
    free(scores);
    return 0;
}

static int learn(const struct classify *c, const struct clg_labels *labels,
                 const struct classify_split *split, const float *rows, int64_t count, struct clg_svm **svm)
{
    struct clg_svm_params params = clg_svm_params_default();
    params.c = (double)c->options.c;
    params.seed = c->options.seed;
    params.log = c->log;
    params.progress = planes_progress;
    params.user = c->progress;
    int status = clg_svm_train(svm, rows, split->train, count, split->of, split->classes,
                               (const char *const *)labels->names, &params);
    cli_progress_end(c->progress, false);
    return status;
}

// Computes features of one kind, trains a classifier on them, and tests it.
static int run(struct classify *c, const struct clg_labels *labels, const struct classify_split *split,
               enum cli_features kind, struct classify_result *r)
{
    const int all = split->train + split->test;
    struct clg_gan *fresh = NULL;
    struct clg_svm *svm = NULL;
    r->kind = kind;
    r->count = cli_features_count(kind, &c->params);
    const double bytes = (double)all * (double)r->count * sizeof(float);
    float *rows = malloc((size_t)all * (size_t)r->count * sizeof *rows);
    int status =
        rows ? 0
             : cli_fail(&c->log, CLG_ENOMEM,
                        "features of %d pictures need %.1f GiB of memory, training on them four times "
                        "that: take fewer with --n",
                        all, bytes / (1 << 30));
    if (!status && kind == CLI_FEATURES_UNTRAINED)
        status = classify_untrained(c, c->options.seed, &fresh);
    if (!status) {
        struct cli_features_source source = {c->pictures, c->params, fresh ? fresh : c->gan, c->progress,
                                             &c->log};
        source.gan = kind == CLI_FEATURES_PIXELS ? NULL : source.gan;
        status = cli_features_read(&source, split->which, all, rows);
    }
    if (!status)
        status = learn(c, labels, split, rows, r->count, &svm);
    if (!status) {
        r->c = clg_svm_c(svm);
        status = judge(c, split, svm, rows, r);
    }
    if (!status && c->options.save && (int)kind == c->options.features)
        status = classify_save(c, kind, fresh ? fresh : c->gan, svm);
    clg_svm_free(&svm);
    clg_gan_free(&fresh);
    free(rows);
    return status;
}

// The kinds of features to compare, that of --features first.
static int kinds_of(const struct classify_options *o, enum cli_features kinds[CLI_FEATURES_KINDS])
{
    int n = 0;
    kinds[n++] = (enum cli_features)o->features;
    for (int k = 0; k < CLI_FEATURES_KINDS && o->compare; k++)
        if (k != o->features)
            kinds[n++] = (enum cli_features)k;
    return n;
}

static int runs(struct classify *c, const struct clg_labels *labels, const struct classify_split *split)
{
    enum cli_features kinds[CLI_FEATURES_KINDS];
    struct classify_result results[CLI_FEATURES_KINDS] = {0};
    const int n = kinds_of(&c->options, kinds);
    int status = 0;
    for (int i = 0; i < n && !status; i++)
        status = run(c, labels, split, kinds[i], &results[i]);
    if (!status)
        status = classify_report(c, labels, split, results, n);
    for (int i = 0; i < n; i++) {
        free(results[i].confusion);
        free(results[i].hits);
    }
    return status;
}

static int labels_open(const struct classify *c, struct clg_labels **labels)
{
    const struct classify_options *o = &c->options;
    struct clg_labels_params params = {.csv = o->labels,
                                       .column = o->column,
                                       .file_column = o->file_column,
                                       .classes = o->classes,
                                       .log = c->log};
    if (o->threshold) {
        char *end;
        params.threshold_set = true;
        params.threshold = strtod(o->threshold, &end);
        if (end == o->threshold || *end)
            return cli_fail(&c->log, CLG_EINVAL, "--threshold %s: must be a number", o->threshold);
    }
    return clg_labels_read(labels, c->pictures, &params);
}

int classify_train(struct classify *c)
{
    const struct classify_options *o = &c->options;
    struct clg_labels *labels = NULL;
    struct classify_split split = {0};
    int status = classify_check_model(c);
    if (!status && o->save)
        status = cli_file_check(o->save, &c->log);
    if (!status)
        status = cli_crop_choose(o->crop, o->model, &c->crop, &c->log);
    if (!status)
        status = cli_data_open(&c->pictures, o->data, c->crop, &c->log);
    if (!status)
        status = labels_open(c, &labels);
    if (!status)
        status = classify_split_make(&split, labels, o->n, (double)o->test, o->seed, &c->log);
    if (!status)
        status = classify_open_model(c);
    if (!status)
        status = runs(c, labels, &split);
    classify_split_free(&split);
    clg_labels_free(&labels);
    return status;
}
