// Reports a classifier's test: accuracies with confidence intervals, and which classes it confuses.
#include "cli/cmd/classify.h"

#include <cjson/cJSON.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

// The 95 % confidence interval of a share observed as `right` of n (Wilson 1927: sound for small and extreme
// counts too).
static void interval_of(int right, int n, double *low, double *high)
{
    const double z = 1.959964, p = (double)right / n, z2 = z * z / n;
    const double middle = (p + z2 / 2) / (1 + z2), half = z / (1 + z2) * sqrt(p * (1 - p) / n + z2 / 4 / n);
    *low = right ? fmax(0, middle - half) : 0;
    *high = right < n ? fmin(1, middle + half) : 1;
}

static int most(const int *values, int n)
{
    int best = 0;
    for (int i = 0; i < n; i++)
        best = values[i] > best ? values[i] : best;
    return best;
}

// --- text --------------------------------------------------------------------------------------
static void print_split(const struct classify *c, const struct clg_labels *labels,
                        const struct classify_split *split)
{
    printf("%d pictures to train on, %d others to test on (--seed %" PRIu64 ")\n", split->train, split->test,
           c->options.seed);
    for (int k = 0; k < split->classes; k++)
        printf("  %-20s %6d + %d\n", cli_shown(labels->names[k]), split->sizes[k] - split->tests[k],
               split->tests[k]);
}

static void print_accuracies(const struct classify_split *split, const struct classify_result *results, int n)
{
    printf("\n%-14s %8s %7s %14s %9s   %s\n", "features", "count", "C", "right", "accuracy", "95 % interval");
    for (int i = 0; i < n; i++) {
        const struct classify_result *r = &results[i];
        double low, high;
        char right[32];
        interval_of(r->right, split->test, &low, &high);
        snprintf(right, sizeof right, "%d of %d", r->right, split->test);
        printf("%-14s %8" PRId64 " %7g %14s %7.1f %%   %.1f to %.1f %%\n", cli_features_names[r->kind],
               r->count, r->c, right, 100.0 * r->right / split->test, 100 * low, 100 * high);
    }
    printf("%-14s %8s %7s %14s %7.1f %%\n", "most frequent", "", "", "",
           100.0 * most(split->tests, split->classes) / split->test);
}

// Counts where the first result and each other differ: the pictures are the same, so chance matters less than
// in the intervals.
static void print_pairs(const struct classify_split *split, const struct classify_result *results, int n)
{
    for (int i = 1; i < n; i++) {
        int first = 0, other = 0;
        for (int j = 0; j < split->test; j++) {
            first += results[0].hits[j] && !results[i].hits[j];
            other += !results[0].hits[j] && results[i].hits[j];
        }
        printf("%s%s alone is right on %d pictures, %s alone on %d\n", i == 1 ? "\n" : "",
               cli_features_names[results[0].kind], first, cli_features_names[results[i].kind], other);
    }
}

static int longer(int width, const char *name)
{
    int length = (int)strlen(name);
    return length > width ? length : width;
}

static void print_confusion(const struct clg_labels *labels, const struct classify_split *split,
                            const struct classify_result *r)
{
    const int classes = split->classes;
    int width = 6;
    for (int k = 0; k < classes; k++)
        width = longer(width, cli_shown(labels->names[k]));
    printf("\n%s: actual class (down) and predicted class (across)\n%-*s", cli_features_names[r->kind], width,
           "");
    for (int k = 0; k < classes; k++)
        printf("  %*s", width, cli_shown(labels->names[k]));
    printf("     right\n");
    for (int i = 0; i < classes; i++) {
        printf("%-*s", width, cli_shown(labels->names[i]));
        for (int k = 0; k < classes; k++)
            printf("  %*d", width, r->confusion[i * classes + k]);
        printf("  %6.1f %%\n", 100.0 * r->confusion[i * classes + i] / split->tests[i]);
    }
}

// --- JSON --------------------------------------------------------------------------------------
static cJSON *class_json(const struct clg_labels *labels, const struct classify_split *split, int k)
{
    cJSON *json = cJSON_CreateObject();
    cJSON_AddStringToObject(json, "name", labels->names[k]);
    cJSON_AddNumberToObject(json, "train", split->sizes[k] - split->tests[k]);
    cJSON_AddNumberToObject(json, "test", split->tests[k]);
    return json;
}

static cJSON *result_json(const struct classify_split *split, const struct classify_result *r)
{
    double interval[2];
    interval_of(r->right, split->test, &interval[0], &interval[1]);
    cJSON *json = cJSON_CreateObject(), *confusion = cJSON_CreateArray();
    cJSON_AddStringToObject(json, "features", cli_features_names[r->kind]);
    cJSON_AddNumberToObject(json, "count", (double)r->count);
    cJSON_AddNumberToObject(json, "c", r->c);
    cJSON_AddNumberToObject(json, "right", r->right);
    cJSON_AddNumberToObject(json, "accuracy", (double)r->right / split->test);
    cJSON_AddItemToObject(json, "interval", cJSON_CreateDoubleArray(interval, 2));
    cJSON_AddNumberToObject(json, "train_accuracy", (double)r->train_right / split->train);
    for (int i = 0; i < split->classes; i++)
        cJSON_AddItemToArray(confusion,
                             cJSON_CreateIntArray(r->confusion + i * split->classes, split->classes));
    cJSON_AddItemToObject(json, "confusion", confusion);
    return json;
}

static int report_json(const struct classify *c, const struct clg_labels *labels,
                       const struct classify_split *split, const struct classify_result *results, int n)
{
    cJSON *json = cJSON_CreateObject(), *classes = cJSON_CreateArray(), *list = cJSON_CreateArray();
    for (int k = 0; k < split->classes; k++)
        cJSON_AddItemToArray(classes, class_json(labels, split, k));
    for (int i = 0; i < n; i++)
        cJSON_AddItemToArray(list, result_json(split, &results[i]));
    cJSON_AddItemToObject(json, "classes", classes);
    cJSON_AddNumberToObject(json, "train", split->train);
    cJSON_AddNumberToObject(json, "test", split->test);
    cJSON_AddNumberToObject(json, "most_frequent", (double)most(split->tests, split->classes) / split->test);
    cJSON_AddItemToObject(json, "results", list);
    if (c->options.save)
        cJSON_AddStringToObject(json, "saved", c->options.save);
    int status = cli_json_print(json, false, &c->log);
    cJSON_Delete(json);
    return status;
}

int classify_report(const struct classify *c, const struct clg_labels *labels,
                    const struct classify_split *split, const struct classify_result *results, int n)
{
    if (c->options.json)
        return report_json(c, labels, split, results, n);
    print_split(c, labels, split);
    print_accuracies(split, results, n);
    print_pairs(split, results, n);
    print_confusion(labels, split, &results[0]);
    if (c->options.save)
        printf("\nclassifier on %s: %s\n", cli_features_names[c->options.features],
               cli_shown(c->options.save));
    return 0;
}
