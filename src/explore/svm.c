// Trains the linear SVM: standardises the features and fits one plane per class with liblinear (Fan et al.
// 2008). Its Newton method draws no random numbers, and each cost starts from the solution for the previous
// one.
#include "explore/svm.h"

#include "base/log.h"
#include "data/order.h"

#include <inttypes.h>
#include <limits.h>
#include <linear.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double grid[] = {1e-3, 1e-2, 1e-1, 1, 10};
enum { GRID = sizeof grid / sizeof *grid, HELD_OUT = 5 }; // a fifth
static const double EPS = 1e-4;                           // relative to the gradient's length at 0

// A training set in liblinear's format, and the standardisation that it has gone through.
struct job {
    const struct clg_svm_params *params;
    const int *labels;
    int n, classes;
    int64_t count;
    double *mean, *scale;       // [count]
    struct feature_node *nodes; // [n][count + 2]: values, the bias's 1, the end mark
    bool *held;                 // [n]
    // For one problem at a time:
    struct feature_node **rows; // [n]
    double *signs;              // [n]
    double *w;                  // [planes][count + 1], the bias last
    size_t done, total;
};

static int planes_of(int classes)
{
    return classes > 2 ? classes : 1;
}

// --- checks ------------------------------------------------------------------------------------
static int labels_check(const struct job *job, const char *const *names)
{
    const struct clg_log *log = &job->params->log;
    int *sizes = calloc((size_t)job->classes, sizeof *sizes);
    if (!sizes)
        return clg_fail(log, CLG_ENOMEM, "out of memory for %d classes", job->classes);
    int status = 0;
    for (int i = 0; i < job->n && !status; i++)
        if (job->labels[i] < 0 || job->labels[i] >= job->classes)
            status = clg_fail(log, CLG_EINVAL, "label %d is %d: there are classes 0 to %d", i, job->labels[i],
                              job->classes - 1);
        else
            sizes[job->labels[i]]++;
    for (int k = 0; k < job->classes && !status; k++)
        if (sizes[k] < 2)
            status = clg_fail(log, CLG_EDATA, "class \"%s\" has %s: a classifier needs two of each", names[k],
                              sizes[k] ? "one example" : "no example");
    free(sizes);
    return status;
}

static int check(const struct job *job, const float *features, const char *const *names)
{
    const struct clg_log *log = &job->params->log;
    if (job->classes < 2)
        return clg_fail(log, CLG_EDATA, "a classifier needs at least two classes: there is %s",
                        job->classes == 1 ? "one" : "none");
    if (job->n < 1 || job->count < 1 || job->count > INT_MAX - 2)
        return clg_fail(log, CLG_EINVAL, "cannot train on %d examples of %" PRId64 " features", job->n,
                        job->count);
    if (!(job->params->c >= 0 && job->params->c <= 1e9))
        return clg_fail(log, CLG_EINVAL, "the cost C is %g: it must be above 0, or 0 to find a good one",
                        job->params->c);
    for (int i = 0; i < job->n; i++)
        for (int64_t j = 0; j < job->count; j++)
            if (!isfinite(features[(int64_t)i * job->count + j]))
                return clg_fail(log, CLG_EDATA, "feature %" PRId64 " of example %d is not a finite number", j,
                                i);
    return labels_check(job, names);
}

// --- the training set --------------------------------------------------------------------------
// With variance 1 / count an example's mean squared length is 1, so that C means the same for any count and
// the bias's 1 is of the same size.
static void standardise(struct job *job, const float *features)
{
    const int64_t count = job->count;
    memset(job->mean, 0, (size_t)count * sizeof *job->mean);
    memset(job->scale, 0, (size_t)count * sizeof *job->scale);
    for (int i = 0; i < job->n; i++)
        for (int64_t j = 0; j < count; j++)
            job->mean[j] += features[i * count + j];
    for (int64_t j = 0; j < count; j++)
        job->mean[j] /= job->n;
    for (int i = 0; i < job->n; i++)
        for (int64_t j = 0; j < count; j++) {
            const double d = features[i * count + j] - job->mean[j];
            job->scale[j] += d * d;
        }
    for (int64_t j = 0; j < count; j++) {
        const double variance = job->scale[j] / job->n, mean = job->mean[j];
        const bool constant = variance <= 1e-12 * mean * mean; // mere float32 rounding
        job->scale[j] = constant ? 0 : 1 / sqrt(variance * (double)count);
    }
}

static void nodes_fill(struct job *job, const float *features)
{
    const int64_t count = job->count;
    for (int i = 0; i < job->n; i++) {
        struct feature_node *row = job->nodes + i * (count + 2);
        for (int64_t j = 0; j < count; j++) {
            row[j].index = (int)j + 1;
            row[j].value = (features[i * count + j] - job->mean[j]) * job->scale[j];
        }
        row[count] = (struct feature_node){(int)count + 1, 1};
        row[count + 1] = (struct feature_node){-1, 0};
    }
}

// Holds out a fifth of each class, at least one example.
static int held_out_choose(struct job *job)
{
    int *members = malloc((size_t)job->n * sizeof *members);
    if (!members)
        return clg_fail(&job->params->log, CLG_ENOMEM, "out of memory for %d examples", job->n);
    for (int k = 0; k < job->classes; k++) {
        int size = 0;
        for (int i = 0; i < job->n; i++)
            if (job->labels[i] == k)
                members[size++] = i;
        const int take = size < 2 * HELD_OUT ? 1 : size / HELD_OUT;
        for (int i = 0; i < take; i++)
            job->held[members[clg_order(job->params->seed, (uint64_t)k, (uint64_t)size, (uint64_t)i)]] = true;
    }
    free(members);
    return 0;
}

static int job_new(struct job *job, const float *features)
{
    const size_t n = (size_t)job->n, count = (size_t)job->count;
    const size_t each = (count + 2) * sizeof *job->nodes;
    job->mean = malloc(count * sizeof *job->mean);
    job->scale = malloc(count * sizeof *job->scale);
    job->nodes = each <= SIZE_MAX / n ? malloc(n * each) : NULL;
    job->held = calloc(n, sizeof *job->held);
    job->rows = malloc(n * sizeof *job->rows);
    job->signs = malloc(n * sizeof *job->signs);
    job->w = calloc((size_t)planes_of(job->classes) * (count + 1), sizeof *job->w);
    if (!job->mean || !job->scale || !job->nodes || !job->held || !job->rows || !job->signs || !job->w)
        return clg_fail(
            &job->params->log, CLG_ENOMEM,
            "training on %d examples of %" PRId64
            " features needs another %.1f MiB of memory, which is not available: use fewer examples",
            job->n, job->count, (double)n * (double)each / (1 << 20));
    standardise(job, features);
    nodes_fill(job, features);
    return held_out_choose(job);
}

static void job_free(struct job *job)
{
    free(job->mean);
    free(job->scale);
    free(job->nodes);
    free(job->held);
    free(job->rows);
    free(job->signs);
    free(job->w);
}

// --- planes ------------------------------------------------------------------------------------
static void say_nothing(const char *text)
{
    (void)text;
}

// Fits the plane of class k against the rest, starting from w [count + 1], the solution for the previous
// cost.
static int plane_train(struct job *job, double c, bool all, int k, double *w)
{
    int n = 0;
    for (int i = 0; i < job->n; i++) {
        if (!all && job->held[i])
            continue;
        job->rows[n] = job->nodes + i * (job->count + 2);
        job->signs[n++] = job->labels[i] == k ? 1 : -1;
    }
    const int size = (int)job->count + 1;
    const struct problem problem = {.l = n, .n = size, .y = job->signs, .x = job->rows, .bias = 1};
    const struct parameter parameter = {.solver_type = L2R_L2LOSS_SVC, .eps = EPS, .C = c, .init_sol = w};
    set_print_string_function(say_nothing);
    struct model *model = train(&problem, &parameter);
    if (!model)
        return clg_fail(&job->params->log, CLG_ENOMEM, "liblinear trained no model");
    memcpy(w, model->w, (size_t)size * sizeof *w); // for the label 1, which comes before -1
    free_and_destroy_model(&model);
    job->done++;
    if (job->params->progress)
        job->params->progress(job->params->user, "planes trained", job->done, job->total);
    return 0;
}

static int planes_train(struct job *job, double c, bool all)
{
    int status = 0;
    for (int k = 0; k < planes_of(job->classes) && !status; k++)
        status = plane_train(job, c, all, k, job->w + k * (job->count + 1));
    return status;
}

static double height(const struct job *job, int i, int plane)
{
    const struct feature_node *row = job->nodes + i * (job->count + 2);
    const double *w = job->w + plane * (job->count + 1);
    double sum = 0;
    for (int64_t j = 0; j <= job->count; j++)
        sum += w[j] * row[j].value;
    return sum;
}

static int answer(const struct job *job, int i)
{
    if (job->classes == 2)
        return height(job, i, 0) >= 0 ? 0 : 1;
    int best = 0;
    double most = -INFINITY;
    for (int k = 0; k < job->classes; k++) {
        const double h = height(job, i, k);
        if (h > most) {
            most = h;
            best = k;
        }
    }
    return best;
}

// Chooses the cost whose planes, trained on the rest, classify most held-out examples correctly; the smallest
// of equals.
static int cost_choose(struct job *job, double *c)
{
    int most = -1;
    for (int g = 0; g < GRID; g++) {
        int status = planes_train(job, grid[g], false), right = 0;
        if (status)
            return status;
        for (int i = 0; i < job->n; i++)
            right += job->held[i] && answer(job, i) == job->labels[i];
        clg_log_line(&job->params->log, CLG_LOG_INFO, "C %g: %d held-out examples right", grid[g], right);
        if (right > most) {
            most = right;
            *c = grid[g];
        }
    }
    memset(job->w, 0, (size_t)planes_of(job->classes) * (size_t)(job->count + 1) * sizeof *job->w);
    return 0;
}

// Stores weights for features that are not standardised. The bias is computed from the rounded weights.
static void keep(const struct job *job, struct clg_svm *svm)
{
    for (int k = 0; k < planes_of(job->classes); k++) {
        const double *w = job->w + k * (job->count + 1);
        float *weight = svm->weight + k * job->count;
        double bias = w[job->count];
        for (int64_t j = 0; j < job->count; j++) {
            weight[j] = (float)(w[j] * job->scale[j]);
            bias -= weight[j] * job->mean[j];
        }
        svm->bias[k] = (float)bias;
    }
    if (job->classes > 2)
        return;
    for (int64_t j = 0; j < job->count; j++)
        svm->weight[job->count + j] = -svm->weight[j];
    svm->bias[1] = -svm->bias[0];
}

struct clg_svm_params clg_svm_params_default(void)
{
    return (struct clg_svm_params){.seed = 1};
}

int clg_svm_train(struct clg_svm **svm, const float *features, int n, int64_t count, const int *labels,
                  int classes, const char *const *names, const struct clg_svm_params *params)
{
    *svm = NULL;
    struct job job = {.params = params, .labels = labels, .n = n, .classes = classes, .count = count};
    double c = params->c;
    int status = check(&job, features, names);
    if (status)
        return status;
    job.total = (size_t)planes_of(classes) * (c > 0 ? 1 : GRID + 1);
    status = job_new(&job, features);
    if (!status && c == 0)
        status = cost_choose(&job, &c);
    if (!status)
        status = planes_train(&job, c, true);
    if (!status)
        status = clg_svm_new(svm, classes, count, names, &params->log);
    if (!status) {
        (*svm)->c = c;
        keep(&job, *svm);
    }
    job_free(&job);
    return status;
}
