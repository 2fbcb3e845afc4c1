// The metadata of checkpoints: the format's version, the options, the step count, and the caller's texts.
//
// How checkpoints stay readable: an option that is missing in one has its default, one that this version does
// not know is kept and written again. The format's version is raised only by a change that an older reader
// would get wrong.
#include "gan/checkpoint.h"

#include "base/log.h"
#include "gan/gan.h"

#include <clgan/options.h>

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { FORMAT = 1 }; // files without this text are older and read the same
static const char format_key[] = "clgan.format", notes_key[] = "clgan.notes", train_prefix[] = "train.";

bool clg_checkpoint_is_own(const struct clg_safetensors *file)
{
    return clg_safetensors_metadata(file, "clgan") != NULL;
}

// "1" and "1.7" are read, "2" is not.
static int format_check(const struct clg_safetensors *file, const char *path, const struct clg_log *log)
{
    const char *text = clg_safetensors_metadata(file, format_key);
    const char *version = clg_safetensors_metadata(file, "clgan");
    char *end = NULL;
    errno = 0;
    const long format = text ? strtol(text, &end, 10) : FORMAT;
    if (text && (errno || end == text || (*end && *end != '.') || format < 1))
        return clg_fail(log, CLG_EFORMAT, "%s is damaged: its format is \"%.60s\"", path, text);
    if (format <= FORMAT)
        return 0;
    return clg_fail(log, CLG_EFORMAT,
                    "%s has format %.60s, written by clgan %.60s; this is clgan " CLG_VERSION
                    ", which reads formats up to %d: take a newer clgan",
                    path, text, version ? version : "of a later version", FORMAT);
}

int clg_checkpoint_open(struct clg_safetensors **file, const char *path, const struct clg_log *log)
{
    int status = clg_safetensors_open(file, path, log);
    if (!status)
        status = clg_safetensors_check(*file, path, log);
    if (!status)
        status = format_check(*file, path, log);
    if (status)
        clg_safetensors_close(file);
    return status;
}

// --- reading -----------------------------------------------------------------------------------
static int steps_read(const struct clg_safetensors *file, const char *path, int64_t *steps,
                      const struct clg_log *log)
{
    const char *text = clg_safetensors_metadata(file, "step");
    char *end = NULL;
    errno = 0;
    *steps = text ? strtoll(text, &end, 10) : -1;
    if (!text)
        return clg_fail(
            log, CLG_EFORMAT,
            "%s is not a clgan checkpoint: it has no step (training can start from another program's weights "
            "with init)",
            path);
    if (errno || end == text || *end || *steps < 0)
        return clg_fail(log, CLG_EFORMAT, "%s is damaged: its step is \"%.60s\"", path, text);
    return 0;
}

int clg_checkpoint_read(const struct clg_safetensors *file, const char *path, struct clg_gan_params *params,
                        int64_t *steps, const struct clg_log *log)
{
    int status = steps_read(file, path, steps, log);
    *params = clg_gan_params_default();
    for (const struct clg_option *o = clg_gan_options; o->name && !status; o++) {
        const char *text = clg_safetensors_metadata(file, o->name);
        if (text && clg_option_set(o, params, text, &clg_log_silent))
            status = clg_fail(log, CLG_EFORMAT,
                              "%s is damaged or from another version of clgan: its %s is \"%.60s\"", path,
                              o->name, text);
    }
    return status;
}

// An option of a run, which whoever saves the run passes as an extra text.
static bool is_train(const char *key)
{
    return strncmp(key, train_prefix, sizeof train_prefix - 1) == 0;
}

// --- what this version does not know -----------------------------------------------------------
// Does this version write the text itself?
static bool is_written(const char *key, const struct clg_option *run_options)
{
    static const char *const others[] = {"clgan", "crc32", format_key, notes_key, "step", "format"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (strcmp(key, others[i]) == 0)
            return true;
    if (is_train(key))
        return run_options && clg_option_find(run_options, key + sizeof train_prefix - 1);
    return clg_option_find(clg_gan_options, key) != NULL;
}

// Is the key one of the lines of `notes`?
static bool is_note(const char *notes, const char *key)
{
    const size_t length = strlen(key);
    while (notes && *notes) {
        const char *end = strchr(notes, '\n');
        const size_t line = end ? (size_t)(end - notes) : strlen(notes);
        if (line == length && memcmp(notes, key, length) == 0)
            return true;
        notes = end ? end + 1 : NULL;
    }
    return false;
}

// Names up to five unknown options. with_run: those of the run are unknown too, and not just unchecked.
static void unknown_warn(const struct clg_texts *options, bool with_run, const char *path,
                         const struct clg_log *log)
{
    char names[256] = "";
    size_t used = 0;
    int n = 0;
    for (int i = 0; i < options->n; i++) {
        const char *key = options->list[i].key;
        if (is_train(key) && !with_run)
            continue;
        if (n < 5)
            used += (size_t)snprintf(names + used, sizeof names - used, "%s%.40s", n ? ", " : "", key);
        n++;
    }
    if (n)
        clg_log_line(log, CLG_LOG_WARNING,
                     "%s has options that clgan " CLG_VERSION
                     " does not know and does not use: %s%s; they are kept",
                     path, names, n > 5 ? " ..." : "");
}

int clg_checkpoint_carry(const struct clg_safetensors *file, const char *path,
                         const struct clg_option *run_options, struct clg_carried_texts *carried,
                         const struct clg_log *log)
{
    int n, status = 0;
    const struct clg_metadata *texts = clg_safetensors_texts(file, &n);
    const char *notes = clg_safetensors_metadata(file, notes_key);
    for (int i = 0; i < n && !status; i++)
        if (!is_written(texts[i].key, run_options))
            status = clg_texts_add(is_note(notes, texts[i].key) ? &carried->notes : &carried->options,
                                   texts[i].key, texts[i].value);
    if (status)
        return clg_fail(log, status, "out of memory reading %s", path);
    unknown_warn(&carried->options, run_options != NULL, path, log);
    return 0;
}

// --- writing -----------------------------------------------------------------------------------
static int add_carried(struct clg_texts *t, const struct clg_texts *carried)
{
    int status = 0;
    for (int i = 0; i < carried->n && !status; i++)
        if (!clg_texts_find(t, carried->list[i].key)) // else it has been given anew
            status = clg_texts_add(t, carried->list[i].key, carried->list[i].value);
    return status;
}

// Adds the caller's pairs.
static int add_extra(struct clg_texts *t, const char *const (*extra)[2], int n, const struct clg_log *log)
{
    int status = 0;
    for (int i = 0; i < n && !status; i++) {
        if (!is_train(extra[i][0]) && is_written(extra[i][0], NULL))
            return clg_fail(log, CLG_EINVAL,
                            "the key \"%s\" of a checkpoint is reserved for clgan: choose another name",
                            extra[i][0]);
        status = clg_texts_add(t, extra[i][0], extra[i][1]);
    }
    return status ? clg_fail(log, status, "out of memory for a checkpoint") : 0;
}

static bool has_key(const char *const (*extra)[2], int n, const char *key)
{
    for (int i = 0; i < n; i++)
        if (strcmp(extra[i][0], key) == 0)
            return true;
    return false;
}

// The keys of texts that are not clgan options, one per line; free() it.
static char *notes_list(const struct clg_texts *carried, const char *const (*extra)[2], int n)
{
    char *list = NULL;
    size_t size;
    FILE *stream = open_memstream(&list, &size);
    if (!stream)
        return NULL;
    for (int i = 0; i < n; i++)
        if (!is_train(extra[i][0]))
            fprintf(stream, "%s\n", extra[i][0]);
    for (int i = 0; i < carried->n; i++)
        if (!has_key(extra, n, carried->list[i].key))
            fprintf(stream, "%s\n", carried->list[i].key);
    if (fclose(stream) == 0)
        return list;
    free(list);
    return NULL;
}

// The texts that are not the caller's.
static int add_own(struct clg_texts *t, const struct clg_gan *gan, const char *notes)
{
    char format[16], step[32];
    snprintf(format, sizeof format, "%d", FORMAT);
    snprintf(step, sizeof step, "%" PRId64, gan->steps);
    int status = clg_texts_add(t, format_key, format);
    if (!status)
        status = clg_texts_add_options(t, clg_gan_options, &gan->params, "");
    if (!status)
        status = clg_texts_add(t, "step", step);
    if (!status)
        status = clg_texts_add(t, "format", "pt");
    if (!status && *notes)
        status = clg_texts_add(t, notes_key, notes);
    return status;
}

int clg_checkpoint_texts(struct clg_texts *t, const struct clg_gan *gan, const char *const (*extra)[2], int n)
{
    *t = (struct clg_texts){0};
    char *notes = notes_list(&gan->carried.notes, extra, n);
    int status = notes ? add_own(t, gan, notes) : CLG_ENOMEM;
    free(notes);
    if (status)
        return clg_fail(&gan->log, status, "out of memory for a checkpoint");
    status = add_extra(t, extra, n, &gan->log);
    if (status)
        return status;
    status = add_carried(t, &gan->carried.options);
    if (!status)
        status = add_carried(t, &gan->carried.notes);
    return status ? clg_fail(&gan->log, status, "out of memory for a checkpoint") : 0;
}
