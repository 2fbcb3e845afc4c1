// Going on with a run: what its checkpoint tells, and the command that does it.
#include "resume.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

// --- its model ---------------------------------------------------------------------------------
static void unheard(void *user, enum clg_log_level level, const char *line)
{
    (void)user, (void)level, (void)line;
}

static int take_option(const char *path, const struct clg_option *row, struct clg_gan_params *gan,
                       const struct cli_given *given, const struct clg_log *log)
{
    char *value, now[256];
    int status = clg_checkpoint_metadata(path, row->name, &value, log);
    if (status || !value)
        return status;
    clg_option_get(row, gan, now, sizeof now);
    if (cli_was_given(given, row->name) && strcmp(now, value))
        cli_warn(log, "--%s %s: a run that goes on keeps its %.100s", row->name, now, value);
    const struct clg_log silent = {unheard, NULL};
    if (clg_option_set(row, gan, value, &silent))
        status =
            cli_fail(log, CLG_EFORMAT, "%s is damaged or of another version of clgan: its %s is \"%.60s\"",
                     path, row->name, value);
    free(value);
    return status;
}

int cli_resume_model(const char *folder, struct clg_gan_params *gan, const struct cli_given *given,
                     const struct clg_log *log)
{
    char path[PATH_MAX];
    if (snprintf(path, sizeof path, "%s/model.safetensors", folder) >= (int)sizeof path)
        return cli_fail(log, CLG_EIO, "the folder's name is too long: %.60s...", folder);
    int status = 0;
    for (const struct clg_option *row = clg_gan_options; !status && row->name; row++)
        status = take_option(path, row, gan, given, log);
    return status;
}

// --- the command -------------------------------------------------------------------------------
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

void cli_resume_print(FILE *file, const char *folder, const struct cli_device_options *where)
{
    const struct cli_device_options usual = cli_device_defaults();
    fputs("clgan train --resume", file);
    print_word(file, folder);
    for (const struct clg_option *row = cli_device_table; row->name; row++) {
        char value[4096], other[4096];
        clg_option_get(row, where, value, sizeof value);
        clg_option_get(row, &usual, other, sizeof other);
        if (!strcmp(value, other))
            continue;
        fprintf(file, " --%s", row->name);
        if (row->type != CLG_OPTION_BOOL)
            print_word(file, value);
    }
    fputc('\n', file);
}
