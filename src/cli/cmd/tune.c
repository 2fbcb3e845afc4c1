// clgan tune: tries the variants of each convolution of a model, and keeps the fastest for later commands.
#include "cli/cli.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdlib.h>

struct tune_options {
    float time;
    bool all, json, reset;
};

#define AT(field) offsetof(struct tune_options, field)
static const struct clg_option tune_table[] = {
    {"time", CLG_OPTION_FLOAT, AT(time), 1, 1e6, NULL, "SECONDS", "stop then, with the best so far"},
    {"all", CLG_OPTION_BOOL, AT(all), 0, 0, NULL, NULL,
     "on CPUs too: CLBlast's products, which take minutes to compile there"},
    {"json", CLG_OPTION_BOOL, AT(json), 0, 0, NULL, NULL, "the result as JSON"},
    {"reset", CLG_OPTION_BOOL, AT(reset), 0, 0, NULL, NULL, "forget what was found for this device, and end"},
    {0},
};

static void on_progress(void *user, const struct clg_tune_status *s)
{
    char eta[32], speed[32] = "";
    cli_duration_text(s->eta_s, eta, sizeof eta);
    if (s->gflops > 0)
        snprintf(speed, sizeof speed, "  %.4g GF/s", s->gflops);
    cli_progress_line(user, false, "tuning %d/%d  %s %s  %s%s  ETA %s", s->done + 1, s->convolutions,
                      s->operation, s->shape, s->variant, speed, eta);
}

// --- the result --------------------------------------------------------------------------------
struct result {
    struct clg_tune_result *rows;
    int n;
    char *file;
};

struct totals {
    double untuned, best; // ms of a step's convolutions
    int measured, untried, refused;
};

static struct totals totals_of(const struct result *r)
{
    struct totals t = {0};
    for (int i = 0; i < r->n; i++) {
        const struct clg_tune_result *row = &r->rows[i];
        t.untried += row->untried > 0;
        t.refused += row->refused;
        if (row->untuned.ms > 0 && row->best.ms > 0) {
            t.untuned += row->uses * row->untuned.ms;
            t.best += row->uses * row->best.ms;
            t.measured++;
        }
    }
    return t;
}

static void ms_text(double ms, char text[16])
{
    if (ms > 0)
        snprintf(text, 16, "%.*f", ms < 10 ? 3 : ms < 100 ? 2 : 1, ms);
    else
        snprintf(text, 16, "-");
}

static void print_row(const struct clg_tune_result *row)
{
    char untuned[16], best[16], gain[16] = "-";
    ms_text(row->untuned.ms, untuned);
    ms_text(row->best.ms, best);
    if (row->untuned.ms > 0 && row->best.ms > 0)
        snprintf(gain, sizeof gain, "%.2f", row->untuned.ms / row->best.ms);
    printf("%-16s %-34s %4d  %-12s %9s  %-12s %9s %6s %8.1f\n", row->operation, row->shape, row->uses,
           row->untuned.variant, untuned, row->best.variant, best, gain, row->gflops);
}

static void print_table(const struct result *r)
{
    const struct totals t = totals_of(r);
    printf("%-16s %-34s %4s  %-12s %9s  %-12s %9s %6s %8s\n", "operation", "shape", "uses", "rule", "ms",
           "best", "ms", "gain", "GF/s");
    for (int i = 0; i < r->n; i++)
        print_row(&r->rows[i]);
    printf("\nconvolutions of a training step: %.1f ms by the rules, %.1f ms as tuned", t.untuned, t.best);
    printf(t.measured < r->n ? " (%d of %d measured)\n" : "\n", t.measured, r->n);
    if (t.untried)
        printf("time was up before everything was tried for %d of %d convolutions: --time gives more\n",
               t.untried, r->n);
    if (t.refused)
        printf("left out as they do not work here: %d (see the warnings)\n", t.refused);
    printf("kept in %s\n", cli_shown(r->file));
}

// --- JSON --------------------------------------------------------------------------------------
static double rounded(double value)
{
    return round(value * 1e4) / 1e4;
}

static void add_choice(cJSON *o, const char *name, const struct clg_tune_config *config)
{
    cJSON *c = cJSON_AddObjectToObject(o, name);
    cJSON_AddStringToObject(c, "variant", config->variant);
    if (config->ms > 0)
        cJSON_AddNumberToObject(c, "ms", rounded(config->ms));
    else
        cJSON_AddNullToObject(c, "ms");
}

static int print_json(struct clg_device *device, const struct result *r)
{
    const struct totals t = totals_of(r);
    cJSON *all = cJSON_CreateObject();
    cJSON_AddStringToObject(all, "clgan", clg_version());
    cJSON_AddStringToObject(all, "device", clg_device_info(device)->name);
    cJSON_AddStringToObject(all, "file", r->file);
    cJSON_AddNumberToObject(all, "rule_ms", rounded(t.untuned));
    cJSON_AddNumberToObject(all, "best_ms", rounded(t.best));
    cJSON *list = cJSON_AddArrayToObject(all, "convolutions");
    for (int i = 0; i < r->n; i++) {
        const struct clg_tune_result *row = &r->rows[i];
        cJSON *o = cJSON_CreateObject();
        cJSON_AddStringToObject(o, "operation", row->operation);
        cJSON_AddStringToObject(o, "shape", row->shape);
        cJSON_AddNumberToObject(o, "uses", row->uses);
        add_choice(o, "rule", &row->untuned);
        add_choice(o, "best", &row->best);
        cJSON_AddNumberToObject(o, "gflops", rounded(row->gflops));
        cJSON_AddNumberToObject(o, "error", row->error);
        cJSON_AddNumberToObject(o, "tried", row->tried);
        cJSON_AddNumberToObject(o, "refused", row->refused);
        cJSON_AddNumberToObject(o, "untried", row->untried);
        cJSON_AddItemToArray(list, o);
    }
    const struct clg_log log = cli_log(NULL, false);
    int status = cli_json_print(all, true, &log);
    cJSON_Delete(all);
    return status;
}

// --- the command -------------------------------------------------------------------------------
static int forget(struct clg_device *device, const char *file)
{
    bool was_there;
    int status = clg_tuning_forget(device, &was_there);
    if (!status)
        printf(was_there ? "removed %s\n" : "nothing was kept: there is no %s\n", cli_shown(file));
    return status;
}

struct tuning {
    struct tune_options options;
    struct clg_gan_params gan;
};

static int check(struct cli_run *run, void *state)
{
    (void)state;
    if (run->device_options.no_tuning)
        return cli_usage_error("tune", "--no-tuning ignores what this command finds: leave it out");
    return CLI_RUN;
}

static int prepare(struct cli_run *run, void *state)
{
    const struct tuning *t = state;
    return t->options.reset ? 0 : clg_gan_params_check(&t->gan, &run->log);
}

static int tune(struct cli_run *run, void *state)
{
    const struct tuning *t = state;
    const struct tune_options *o = &t->options;
    struct clg_device *device = run->device;
    struct result result = {.file = clg_tuning_file(device)};
    struct clg_tune_params params = clg_tune_params_default();
    params.seconds = (double)o->time;
    params.all = o->all;
    params.progress = on_progress;
    params.user = &run->progress;
    int status = 0;
    if (!result.file)
        status = cli_fail(&run->log, CLG_EINVAL, "no place to keep the result: set XDG_CACHE_HOME or HOME");
    else if (o->reset)
        status = forget(device, result.file);
    else
        status = clg_gan_tune(device, &t->gan, &params, &result.rows, &result.n);
    cli_progress_end(&run->progress, false);
    if (!status && o->json && !o->reset)
        status = print_json(device, &result);
    else if (!status && !o->reset)
        print_table(&result);
    free(result.rows);
    free(result.file);
    return status;
}

int cmd_tune(int argc, char **argv)
{
    struct tuning t = {.options = {.time = (float)clg_tune_params_default().seconds},
                       .gan = clg_gan_params_default()};
    const struct cli_options tables[] = {
        {"Options", tune_table, &t.options}, {"Model", clg_gan_options, &t.gan}, {0}};
    const struct cli_command command = {
        .usage = "clgan tune [--time SECONDS] [--batch N] [--size N] [--device SPEC] ...\n"
                 "       clgan tune --reset [--device SPEC]",
        .about = "Tries the ways there are to compute each convolution of a model on this device, checks\n"
                 "each against the plain one, and keeps the fastest in a file that every command takes up.\n"
                 "Other models' convolutions found earlier stay. gain is rule / best.",
        .examples = "  clgan tune\n  clgan tune --size 32 --ngf 48 --ndf 24 --batch 64 --time 60\n"
                    "  clgan tune --device gpu --time 300 --json\n  clgan tune --reset\n",
        .options = tables,
        .check = check,
        .prepare = prepare,
        .body = tune,
    };
    return cli_run(&command, argc, argv, &t);
}
