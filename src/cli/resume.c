// Going on with a run: what its checkpoint tells, and the command that does it.
#include "cli/resume.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

// --- its folder --------------------------------------------------------------------------------
static bool is_file(const char *path)
{
    struct stat info;
    return !stat(path, &info) && S_ISREG(info.st_mode);
}

int cli_resume_folder(const char *named, char *folder, const struct clg_log *log)
{
    static const char model[] = "model.safetensors";
    const char *slash = strrchr(named, '/'), *name = slash ? slash + 1 : named;
    size_t length = strlen(named);
    if (length >= PATH_MAX)
        return cli_fail(log, CLG_EIO, "the folder's name is too long: %.60s...", named);
    strcpy(folder, named);
    if (!is_file(named)) {
        while (length > 1 && folder[length - 1] == '/')
            folder[--length] = 0;
        return 0;
    }
    if (strcmp(name, model))
        return cli_fail(
            log, CLG_EINVAL,
            "--resume goes on with the folder of a run, from the %s in it; a new run can start with the "
            "weights of %s by --init",
            model, named);
    folder[name - named] = 0;
    if (!slash)
        strcpy(folder, ".");
    else if (slash > named)
        folder[slash - named] = 0;
    return 0;
}

// --- its model ---------------------------------------------------------------------------------
static void warn(const struct clg_option *row, const struct clg_gan_params *asked,
                 const struct clg_gan_params *is, const struct clg_log *log)
{
    char now[256], kept[256];
    clg_option_get(row, asked, now, sizeof now);
    clg_option_get(row, is, kept, sizeof kept);
    if (strcmp(now, kept))
        cli_warn(log, "--%s %s: a run that goes on keeps its %.100s", row->name, now, kept);
}

int cli_resume_model(const char *folder, struct clg_gan_params *gan, int64_t *step,
                     const struct cli_given *given, const struct clg_log *log)
{
    char path[PATH_MAX];
    struct clg_gan_params is;
    if (snprintf(path, sizeof path, "%s/model.safetensors", folder) >= (int)sizeof path)
        return cli_fail(log, CLG_EIO, "the folder's name is too long: %.60s...", folder);
    int status = clg_checkpoint_params(path, &is, step, log);
    if (!status && *step < 0)
        status =
            cli_fail(log, CLG_EFORMAT,
                     "%s is no checkpoint of clgan's, but weights of another program: start a run from them "
                     "with train --init",
                     path);
    if (status)
        return status;
    for (const struct clg_option *row = clg_gan_options; row->name; row++)
        if (cli_was_given(given, row->name))
            warn(row, gan, &is, log);
    *gan = is;
    return 0;
}

// --- the command -------------------------------------------------------------------------------
// A byte between quotes: of '...', or (escaped) of $'...', where bytes are written as \HHH, octal.
static void print_letter(FILE *file, unsigned char letter, bool escaped)
{
    bool printable = letter >= ' ' && letter < 0x7f && letter != '\\' && letter != '\'';
    if (escaped && !printable)
        fprintf(file, "\\%03o", letter);
    else if (letter == '\'')
        fputs("'\\''", file);
    else
        fputc(letter, file);
}

// One word for a shell.
static void print_word(FILE *file, const char *word)
{
    const char *plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./:=+,-@%";
    if (*word && word[strspn(word, plain)] == 0) {
        fprintf(file, " %s", word);
        return;
    }
    bool escaped = strcmp(word, cli_shown(word)) != 0;
    fputs(escaped ? " $'" : " '", file);
    for (; *word; word++)
        print_letter(file, (unsigned char)*word, escaped);
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
