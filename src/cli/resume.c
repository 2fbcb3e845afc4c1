// Going on with a run: options from its checkpoint, and the command line that does it.
#include "resume.h"

#include <stdlib.h>
#include <string.h>

// --- a checkpoint's options -----------------------------------------------------------------------
// Where the run is and where it starts from are this command's to say.
static bool is_of_this_call(const char *name)
{
    return !strcmp(name, "out") || !strcmp(name, "resume") || !strcmp(name, "init");
}

// Either says how long to train; the one given now alone counts.
static bool is_length(const char *name)
{
    return !strcmp(name, "steps") || !strcmp(name, "epochs");
}

static int take_option(const char *path, const struct clg_option *row, void *params, bool fixed,
                       const struct cli_given *given, struct cli_kept *kept, const struct clg_log *log)
{
    char *value, now[1024];
    int status = clg_checkpoint_metadata(path, row->name, &value, log);
    if (status || !value)
        return status;
    bool mine = cli_was_given(given, row->name);
    clg_option_get(row, params, now, sizeof now);
    if (mine && fixed && strcmp(now, value)) {
        char line[256];
        snprintf(line, sizeof line, "--%s %.60s: a run that goes on keeps its %.60s", row->name, now, value);
        log->fn(log->user, CLG_LOG_WARNING, line);
    }
    if (!mine || fixed)
        status = clg_option_set(row, params, value, log);
    bool points = row->type == CLG_OPTION_TEXT && !mine && !status;
    if (points && kept->n < (int)(sizeof kept->text / sizeof *kept->text))
        kept->text[kept->n++] = value;
    else
        free(value);
    return status == CLG_EINVAL ? CLG_EFORMAT : status;
}

int cli_resume_options(const char *path, struct clg_gan_params *gan, struct clg_train_params *train,
                       const struct cli_given *given, struct cli_kept *kept, const struct clg_log *log)
{
    int status = 0;
    for (const struct clg_option *row = clg_gan_options; !status && row->name; row++)
        status = take_option(path, row, gan, true, given, kept, log);
    bool has_length = cli_was_given(given, "steps") || cli_was_given(given, "epochs");
    for (const struct clg_option *row = clg_train_options; !status && row->name; row++)
        if (!is_of_this_call(row->name) && !(has_length && is_length(row->name)))
            status = take_option(path, row, train, false, given, kept, log);
    return status;
}

void cli_kept_free(struct cli_kept *kept)
{
    for (int i = 0; i < kept->n; i++)
        free(kept->text[i]);
    kept->n = 0;
}

// --- the command line -----------------------------------------------------------------------------
// One word for a shell.
static void print_word(FILE *file, const char *word)
{
    const char *plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./:=+,-@%";
    if (*word && word[strspn(word, plain)] == 0) {
        fprintf(file, " %s", word);
        return;
    }
    fputs(" '", file);
    for (; *word; word++)
        fputs(*word == '\'' ? "'\\''" : (char[]){*word, 0}, file);
    fputc('\'', file);
}

// The options of a table that are not as `usual`.
static void print_options(FILE *file, const struct clg_option *table, const void *params, const void *usual)
{
    for (const struct clg_option *row = table; row->name; row++) {
        char value[4096], other[4096];
        clg_option_get(row, params, value, sizeof value);
        clg_option_get(row, usual, other, sizeof other);
        if (is_of_this_call(row->name) || !strcmp(value, other))
            continue;
        if (row->type == CLG_OPTION_BOOL) {
            fprintf(file, " --%s%s", strcmp(value, "true") ? "no-" : "", row->name);
        } else {
            fprintf(file, " --%s", row->name);
            print_word(file, value);
        }
    }
}

void cli_resume_print(FILE *file, const struct clg_train_params *train,
                      const struct cli_device_options *where)
{
    struct clg_train_params usual = clg_train_params_default();
    struct cli_device_options here = cli_device_defaults();
    usual.data = NULL; // always named
    fputs("clgan train --resume --out", file);
    print_word(file, train->out);
    print_options(file, clg_train_options, train, &usual);
    print_options(file, cli_device_table, where, &here);
    fputc('\n', file);
}
