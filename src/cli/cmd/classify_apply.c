// clgan classify --classifier: the classes of pictures.
#include "cli/cmd/classify.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

enum { CHUNK = 512 }; // pictures whose features are computed at once

static void answer_add(const char *name, const char *class, float score, cJSON *list)
{
    if (!list) {
        cli_csv_print(name, stdout);
        putchar(',');
        cli_csv_print(class, stdout);
        printf(",%.4g\n", (double)score);
        return;
    }
    cJSON *row = cJSON_CreateObject();
    cJSON_AddStringToObject(row, "file", name);
    cJSON_AddStringToObject(row, "class", class);
    cJSON_AddNumberToObject(row, "score", (double)score);
    cJSON_AddItemToArray(list, row);
}

static void answers_add(const struct classify *c, const struct clg_svm *svm, const float *scores, int first,
                        int n, cJSON *list)
{
    const int classes = clg_svm_classes(svm);
    for (int i = 0; i < n; i++, scores += classes) {
        int best = 0;
        for (int k = 1; k < classes; k++)
            best = scores[k] > scores[best] ? k : best;
        answer_add(clg_pictures_name(c->pictures, first + i), clg_svm_name(svm, best), scores[best], list);
    }
}

static int answer_all(const struct classify *c, const struct clg_svm *svm,
                      const struct cli_features_source *source, cJSON *list)
{
    const int all = clg_pictures_count(c->pictures), classes = clg_svm_classes(svm);
    float *rows = malloc(CHUNK * (size_t)clg_svm_count(svm) * sizeof *rows);
    float *scores = malloc(CHUNK * (size_t)classes * sizeof *scores);
    const double start = cli_seconds();
    int which[CHUNK];
    int status = rows && scores ? 0 : cli_fail(&c->log, CLG_ENOMEM, "out of memory for %d pictures", CHUNK);
    if (!list)
        printf("file,class,score\n");
    for (int done = 0, now; done < all && !status; done += now) {
        now = all - done < CHUNK ? all - done : CHUNK;
        for (int i = 0; i < now; i++)
            which[i] = done + i;
        status = cli_features_read(source, which, now, rows);
        if (status)
            break;
        clg_svm_scores(svm, rows, now, scores);
        answers_add(c, svm, scores, done, now, list);
        if (all > CHUNK)
            cli_progress_count(c->progress, "classified", done + now, all, start);
    }
    cli_progress_end(c->progress, false);
    free(rows);
    free(scores);
    return status;
}

int classify_apply(struct classify *c)
{
    struct clg_svm *svm = NULL;
    struct cli_features_source source;
    cJSON *json = NULL, *list = NULL;
    int status = classify_load(c, &svm, &source);
    if (!status && c->options.json) {
        json = cJSON_CreateObject();
        list = cJSON_AddArrayToObject(json, "pictures");
        status = list ? 0 : cli_fail(&c->log, CLG_ENOMEM, "out of memory");
    }
    if (!status) {
        source.pictures = c->pictures;
        status = answer_all(c, svm, &source, list);
    }
    if (!status && json)
        status = cli_json_print(json, false, &c->log);
    cJSON_Delete(json);
    clg_svm_free(&svm);
    return status;
}
