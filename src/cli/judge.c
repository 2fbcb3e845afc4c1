// A classifier of `clgan classify --save` at work on pictures that a model draws.
#include "cli/judge.h"

#include "cli/fingerprint.h"
#include "cli/sheet.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { CHUNK = 256 }; // pictures whose features are held at a time

struct cli_judge {
    struct clg_svm *svm;
    const char *path;
    struct clg_gan *gan;
    struct clg_log log;
    bool pixels;     // its features are the pictures themselves
    size_t one;      // values of a picture
    float *features; // [CHUNK][count]
};

// Features of other weights mean other things. A file that does not tell whose they are is believed.
static int weights_check(const struct cli_judge *judge)
{
    char *told, weights[CLI_FINGERPRINT];
    int status = clg_checkpoint_metadata(judge->path, "discriminator", &told, &judge->log);
    if (!status && told && !(status = cli_fingerprint(judge->gan, weights, &judge->log)) &&
        strcmp(told, weights))
        status =
            cli_fail(&judge->log, CLG_EFORMAT,
                     "%s takes features of another discriminator than this model's: train it with `clgan "
                     "classify` on this model",
                     judge->path);
    free(told);
    return status;
}

static int features_check(struct cli_judge *judge)
{
    const struct clg_gan_params params = *clg_gan_params_of(judge->gan);
    char *kind;
    int status = clg_checkpoint_metadata(judge->path, "features", &kind, &judge->log);
    if (status)
        return status;
    judge->pixels = kind && !strcmp(kind, "pixels");
    judge->one = cli_sheet_one(&params);
    const int64_t has = judge->pixels ? (int64_t)judge->one : clg_features_count(&params),
                  wants = clg_svm_count(judge->svm);
    if (!judge->pixels && (!kind || strcmp(kind, "discriminator")))
        status =
            cli_fail(&judge->log, CLG_EFORMAT, "%s: its features are \"%s\", not discriminator or pixels",
                     judge->path, kind ? kind : "unknown");
    else if (has != wants)
        status = cli_fail(&judge->log, CLG_EFORMAT,
                          "%s: it takes %" PRId64 " %s of a picture, this model gives %" PRId64
                          ": train it with `clgan classify` on this model",
                          judge->path, wants, judge->pixels ? "values" : "features", has);
    free(kind);
    return status || judge->pixels ? status : weights_check(judge);
}

int cli_judge_open(struct cli_judge **out, const char *path, struct clg_gan *gan, const struct clg_log *log)
{
    struct cli_judge *judge = *out = calloc(1, sizeof *judge);
    if (!judge)
        return cli_fail(log, CLG_ENOMEM, "out of memory");
    judge->path = path;
    judge->gan = gan;
    judge->log = *log;
    int status = clg_svm_load(&judge->svm, path, log);
    if (!status)
        status = features_check(judge);
    if (!status && !judge->pixels) {
        judge->features = malloc((size_t)CHUNK * (size_t)clg_svm_count(judge->svm) * sizeof *judge->features);
        status = judge->features ? 0 : cli_fail(log, CLG_ENOMEM, "out of memory for features");
    }
    if (status)
        cli_judge_close(out);
    return status;
}

void cli_judge_close(struct cli_judge **judge)
{
    if (!*judge)
        return;
    clg_svm_free(&(*judge)->svm);
    free((*judge)->features);
    free(*judge);
    *judge = NULL;
}

int cli_judge_classes(const struct cli_judge *judge)
{
    return clg_svm_classes(judge->svm);
}

const char *cli_judge_class(const struct cli_judge *judge, int i)
{
    return clg_svm_name(judge->svm, i);
}

int cli_judge_find(const struct cli_judge *judge, const char *name)
{
    char list[1024];
    size_t at = 0;
    for (int i = 0; i < cli_judge_classes(judge); i++) {
        const char *class = cli_judge_class(judge, i);
        if (!strcmp(class, name))
            return i;
        if (at < sizeof list)
            at += (size_t)snprintf(list + at, sizeof list - at, "%s\"%s\"", i ? ", " : "", class);
    }
    return cli_fail(&judge->log, CLG_EINVAL, "%s knows no class \"%s\"; it has %s", judge->path, name, list);
}

int cli_judge_scores(struct cli_judge *judge, const float *pictures, int n, float *scores)
{
    if (judge->pixels) {
        clg_svm_scores(judge->svm, pictures, n, scores);
        return 0;
    }
    int status = 0;
    for (int done = 0; done < n && !status; done += CHUNK) {
        int now = n - done < CHUNK ? n - done : CHUNK;
        status = clg_gan_features(judge->gan, pictures + (size_t)done * judge->one, now, judge->features);
        if (!status)
            clg_svm_scores(judge->svm, judge->features, now,
                           scores + (size_t)done * (size_t)cli_judge_classes(judge));
    }
    return status;
}

bool cli_judge_is(const struct cli_judge *judge, const float *scores, int class)
{
    for (int i = 0; i < cli_judge_classes(judge); i++)
        if (scores[i] > scores[class])
            return false;
    return true;
}
