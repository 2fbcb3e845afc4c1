// clgan arithmetic: sums of noise vectors and what they mean (Radford et al. 2015, section 6.3.2).
#include "cli/cmd/arithmetic.h"
#include "cli/noise.h"

#include <cjson/cJSON.h>
#include <stdlib.h>

#define AT(field) offsetof(struct arithmetic_options, field)
static const struct clg_option arithmetic_table[] = {
    {"model", CLG_OPTION_PATH, AT(model), 0, 0, NULL, "FILE",
     "the checkpoint: model.safetensors of `clgan train`"},
    {"seed", CLG_OPTION_UINT64, AT(seed), 0, 0, NULL, "N", "names the noise vectors, as in `clgan generate`"},
    {"classifier", CLG_OPTION_PATH, AT(classifier), 0, 0, NULL, "FILE",
     "the classifier whose class names can be terms (`clgan classify --save`)"},
    {"pool", CLG_OPTION_INT, AT(pool), 1, 10000000, NULL, "N",
     "samples of the seed that --classifier searches for classes"},
    {"take", CLG_OPTION_INT, AT(take), 0, 10000000, NULL, "N",
     "how many of a class's highest scores make its mean; 0: all, the default with --apply"},
    {"scale", CLG_OPTION_FLOAT, AT(scale), 0, 100, NULL, "X",
     "spread of the result's neighbours: uniform noise in -X..X"},
    {"grid", CLG_OPTION_PATH, AT(grid), 0, 0, NULL, "FILE", "write the sheet (.png or .jpg)"},
    {"out", CLG_OPTION_PATH, AT(out), 0, 0, NULL, "DIR", "write separate pictures"},
    {"npy", CLG_OPTION_PATH, AT(npy), 0, 0, NULL, "FILE",
     "write the result and its 8 neighbours, or what --apply drew: float32 pictures"},
    {"z-out", CLG_OPTION_PATH, AT(z_out), 0, 0, NULL, "FILE",
     "write the result, or the samples that --apply changed, as .npy for `clgan generate --z`"},
    {"apply", CLG_OPTION_INT, AT(apply), 1, 1000000, NULL, "N",
     "add the result to N samples that no term contains, and report how their scores change"},
    {"apply-to", CLG_OPTION_TEXT, AT(apply_to), 0, 0, NULL, "CLASS", "only to samples of this class"},
    {"target", CLG_OPTION_TEXT, AT(target), 0, 0, NULL, "CLASS",
     "the class whose score should rise (default: the first one added)"},
    {"measure-by", CLG_OPTION_PATH, AT(measure_by), 0, 0, NULL, "FILE",
     "another classifier to measure with, one that did not choose the terms (default: --classifier)"},
    {"json", CLG_OPTION_BOOL, AT(json), 0, 0, NULL, NULL, "print one line of JSON instead of words"},
    {0},
};

enum { LISTED = 100 }; // members in JSON; of a class, the highest scores

// --- the terms, in JSON and in words -----------------------------------------------------------
static void term_add_json(const struct arithmetic *a, int i, cJSON *list)
{
    static const char *const kinds[] = {"numbers", "file", "class"};
    const struct cli_term *term = &a->expression.term[i];
    const struct arithmetic_members *m = &a->members[i];
    cJSON *o = cJSON_CreateObject();
    cJSON_AddItemToArray(list, o);
    cJSON_AddStringToObject(o, "name", term->name);
    cJSON_AddStringToObject(o, "kind", kinds[term->kind]);
    cJSON_AddNumberToObject(o, "scale", term->scale);
    cJSON_AddNumberToObject(o, "members", m->n);
    cJSON_AddNumberToObject(o, "norm", arithmetic_norm(a, m->mean));
    const int listed = m->n < LISTED ? m->n : LISTED;
    cJSON *numbers = m->numbers ? cJSON_AddArrayToObject(o, "numbers") : NULL;
    cJSON *scores = m->scores ? cJSON_AddArrayToObject(o, "scores") : NULL;
    for (int j = 0; numbers && j < listed; j++)
        cJSON_AddItemToArray(numbers, cJSON_CreateNumber((double)m->numbers[j]));
    for (int j = 0; scores && j < listed; j++)
        cJSON_AddItemToArray(scores, cJSON_CreateNumber((double)m->scores[j]));
}

static void terms_tell(struct arithmetic *a)
{
    cJSON *list = NULL;
    if (a->json) {
        cJSON_AddStringToObject(a->json, "model", a->o->model);
        cJSON_AddStringToObject(a->json, "expression", a->o->text);
        cJSON_AddNumberToObject(a->json, "norm", arithmetic_norm(a, a->z));
        list = cJSON_AddArrayToObject(a->json, "terms");
    }
    for (int i = 0; i < a->expression.n; i++) {
        const struct arithmetic_members *m = &a->members[i];
        if (list) {
            term_add_json(a, i, list);
            continue;
        }
        printf("%+g * %s: the mean of %d, |z| %.2f", a->expression.term[i].scale,
               cli_shown(a->expression.term[i].name), m->n, arithmetic_norm(a, m->mean));
        if (m->scores)
            printf(", scores %.3f to %.3f", (double)m->scores[0], (double)m->scores[m->n - 1]);
        putchar('\n');
    }
    if (!list)
        printf("in all: |z| %.2f\n", arithmetic_norm(a, a->z));
}

// --- the command -------------------------------------------------------------------------------
static int judges_open(struct arithmetic *a)
{
    int status = a->o->classifier ? cli_judge_open(&a->by, a->o->classifier, a->gan, &a->log) : 0;
    a->judge = a->by;
    if (!status && a->o->measure_by) {
        a->judge = NULL;
        status = cli_judge_open(&a->judge, a->o->measure_by, a->gan, &a->log);
    }
    return status;
}

static void release(void *state)
{
    struct arithmetic *a = state;
    if (a->judge != a->by)
        cli_judge_close(&a->judge);
    cli_judge_close(&a->by);
    for (int i = 0; i < a->expression.n; i++) {
        free(a->members[i].z);
        free(a->members[i].mean);
        free(a->members[i].numbers);
        free(a->members[i].scores);
    }
    free(a->z);
    clg_gan_free(&a->gan);
    cJSON_Delete(a->json);
    cli_expression_free(&a->expression);
}

static int classifier_check(const struct arithmetic *a, const char *path)
{
    struct clg_svm *svm = NULL;
    int status = path ? clg_svm_load(&svm, path, &a->log) : 0;
    clg_svm_free(&svm);
    return status;
}

static int noise_check(const struct arithmetic *a, const char *path)
{
    float *z = NULL;
    int rows, status = cli_noise_load(cli_path(path), &a->params, &z, &rows, &a->log);
    free(z);
    return status;
}

// The model's params, the files that are read, and those that will be written.
static int prepare(struct cli_run *run, void *state)
{
    struct arithmetic *a = state;
    (void)run;
    const struct arithmetic_options *o = a->o;
    int64_t step;
    int status = clg_checkpoint_params(o->model, &a->params, &step, &a->log);
    if (!status)
        status = classifier_check(a, o->classifier);
    if (!status)
        status = classifier_check(a, o->measure_by);
    for (int i = 0; i < a->expression.n && !status; i++)
        if (a->expression.term[i].kind == CLI_TERM_FILE)
            status = noise_check(a, a->expression.term[i].name);
    if (!status && o->grid)
        status = cli_picture_check(o->grid, &a->log);
    if (!status && o->npy)
        status = cli_file_check(o->npy, &a->log);
    if (!status && o->z_out)
        status = cli_file_check(o->z_out, &a->log);
    if (!status && o->out)
        status = cli_folder_check(o->out, &a->log);
    return status;
}

static int arithmetic(struct cli_run *run, void *state)
{
    struct arithmetic *a = state;
    int status = clg_gan_load(&a->gan, run->device, a->o->model, 0);
    if (!status)
        status = judges_open(a);
    if (!status)
        status = arithmetic_terms(a);
    if (!status) {
        a->json = a->o->json ? cJSON_CreateObject() : NULL;
        terms_tell(a);
        status = a->o->apply ? arithmetic_apply(a) : arithmetic_result(a);
    }
    if (!status && a->json)
        status = cli_json_print(a->json, false, &a->log);
    return status;
}

static int options_check(const struct arithmetic_options *o, const struct cli_given *given,
                         const struct cli_expression *expression)
{
    if (!o->model)
        return cli_usage_error("arithmetic", "no model: give --model FILE");
    for (int i = 0; i < expression->n; i++)
        if (expression->term[i].kind == CLI_TERM_CLASS && !o->classifier)
            return cli_usage_error(
                "arithmetic",
                "\"%s\" is neither numbers nor a .npy file: a class needs --classifier FILE; signs "
                "need a space on both sides",
                expression->term[i].name);
    if (o->apply && !o->classifier && !o->measure_by)
        return cli_usage_error("arithmetic",
                               "--apply measures with a classifier: give --classifier or --measure-by FILE");
    if (!o->apply && (o->apply_to || o->target))
        return cli_usage_error("arithmetic", "--%s needs --apply N", o->apply_to ? "apply-to" : "target");
    if (o->apply && cli_was_given(given, "scale"))
        return cli_usage_error("arithmetic", "--apply draws no neighbours: leave out --scale");
    if (!o->out && !o->grid && !o->npy && !o->z_out && !o->json && !o->apply)
        return cli_usage_error("arithmetic",
                               "no output: give --grid FILE, --out DIR, --npy FILE, --z-out FILE "
                               "or --json");
    return CLI_RUN;
}

static int check(struct cli_run *run, void *state)
{
    struct arithmetic *a = state;
    char wrong[512];
    a->log = run->log;
    a->progress = &run->progress;
    // The highest scores make the best pictures, but whatever else raises them biases the direction.
    if (a->o->apply && !cli_was_given(&run->given, "take"))
        a->o->take = 0;
    if (cli_expression_parse(&a->expression, a->o->text, wrong, sizeof wrong))
        return cli_usage_error("arithmetic", "the expression %s", wrong);
    return options_check(a->o, &run->given, &a->expression);
}

int cmd_arithmetic(int argc, char **argv)
{
    struct arithmetic_options options = {.pool = 2000, .take = 100, .scale = 0.25f};
    struct arithmetic a = {.o = &options};
    const struct cli_options tables[] = {{"Options", arithmetic_table, &options}, {0}};
    const struct cli_command command = {
        .usage = "clgan arithmetic \"A - B + C\" --model FILE [--classifier FILE] (--grid FILE | ...)",
        .about =
            "Adds and subtracts means of noise vectors and draws the result: smiling woman - neutral woman +\n"
            "neutral man. A term is a list of numbers of --seed's vectors (12,15,19 or 3-9), the rows of a file\n"
            "(faces.npy, faces.npy[0-2]), or a class of the --classifier; it may be scaled (0.5*3-9). Signs\n"
            "have a space on both sides; 'quotes' keep a class name together. The sheet has a column for each\n"
            "term, with the picture of its mean vector at the bottom; the result among eight neighbours; and the\n"
            "same sum of pixels, which does not work.\n"
            "With --apply N the result, a direction like happy - neutral, is added to N other samples.",
        .examples =
            "  clgan arithmetic \"12,15,19 - 3-5 + 7,8,9\" --model m.safetensors --grid sheet.png\n"
            "  clgan arithmetic \"happy - neutral\" --model m.safetensors --classifier mood.safetensors \\\n"
            "      --apply 200 --apply-to neutral --measure-by pixels.safetensors --grid happier.png\n",
        .options = tables,
        .aliases = (const struct cli_alias[]){{"by", "classifier"}, {"judge", "measure-by"}, {0}},
        .word = &options.text,
        .word_name = "EXPRESSION",
        .check = check,
        .prepare = prepare,
        .body = arithmetic,
        .release = release,
    };
    return cli_run(&command, argc, argv, &a);
}
