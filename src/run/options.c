// Options as rows: text to field and back, and the tables of the model and of a training run.
#include <clgan/options.h>

#include "base/locale.h"
#include "base/log.h"

#include <clgan/data.h>
#include <clgan/gan.h>
#include <clgan/train.h>

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

// --- the two tables ----------------------------------------------------------------------------
#define GAN(field) offsetof(struct clg_gan_params, field)
const struct clg_option clg_gan_options[] = {
    {"size", CLG_OPTION_INT, GAN(size), 16, 256, "16|32|64|128|256", NULL, "side of the square pictures"},
    {"channels", CLG_OPTION_INT, GAN(channels), 1, 3, "1|3", NULL, "grey or colour"},
    {"z", CLG_OPTION_INT, GAN(z), 1, 4096, NULL, "N", "length of the noise vector"},
    {"ngf", CLG_OPTION_INT, GAN(ngf), 1, 1024, NULL, "N",
     "the generator's width: maps of its last hidden layer"},
    {"ndf", CLG_OPTION_INT, GAN(ndf), 1, 1024, NULL, "N",
     "the discriminator's width: maps of its first layer"},
    {"batch", CLG_OPTION_INT, GAN(batch), 1, 65536, NULL, "N", "pictures per training step"},
    {"z-dist", CLG_OPTION_CHOICE, GAN(z_dist), 0, 0, "normal|uniform", NULL, "the noise's distribution"},
    {"seed", CLG_OPTION_UINT64, GAN(seed), 0, 0, NULL, "N", "names the weights and the noise"},
    {"lr", CLG_OPTION_FLOAT, GAN(lr), 1e-12, 1, NULL, "X", "Adam's learning rate"},
    {"beta1", CLG_OPTION_FLOAT, GAN(beta1), 0, 0.999999, NULL, "X", "Adam's decay of the gradients' mean"},
    {"beta2", CLG_OPTION_FLOAT, GAN(beta2), 0, 0.999999, NULL, "X", "Adam's decay of the gradients' squares"},
    {"eps", CLG_OPTION_FLOAT, GAN(eps), 1e-16, 0.1, NULL, "X", "Adam's term against division by zero"},
    {"ema", CLG_OPTION_FLOAT, GAN(ema), 0, 0.999999, NULL, "X",
     "generate from averaged weights of this decay (0.999, say); 0: off"},
    {0},
};

#define TRAIN(field) offsetof(struct clg_train_params, field)
const struct clg_option clg_train_options[] = {
    {"data", CLG_OPTION_PATH, TRAIN(data), 0, 0, NULL, "DIR",
     "folder of JPEG, PNG and WebP pictures, searched below; or builtin:faces"},
    {"out", CLG_OPTION_PATH, TRAIN(out), 0, 0, NULL, "DIR", "folder for model, samples, metrics and report"},
    {"overwrite", CLG_OPTION_BOOL, TRAIN(overwrite), 0, 0, NULL, NULL, "replace the run in the --out folder"},
    {"resume", CLG_OPTION_PATH, TRAIN(resume), 0, 0, NULL, "DIR",
     "go on with the run in this folder, with its options but for those given"},
    {"init", CLG_OPTION_PATH, TRAIN(init), 0, 0, NULL, "FILE",
     "start from the weights of this safetensors file (PyTorch's names)"},
    {"steps", CLG_OPTION_INT64, TRAIN(steps), 0, 1e12, NULL, "N",
     "train until this step; 0: as --epochs says"},
    {"epochs", CLG_OPTION_INT64, TRAIN(epochs), 0, 1e9, NULL, "N", "with --steps 0: passes over the folder"},
    {"sample-every", CLG_OPTION_INT, TRAIN(sample_every), 0, 1e9, NULL, "N",
     "steps between grids of samples; 0: only at the end"},
    {"save-every", CLG_OPTION_INT, TRAIN(save_every), 0, 1e9, NULL, "N",
     "steps between checkpoints; 0: only at the end"},
    {"keep", CLG_OPTION_INT, TRAIN(keep), 0, 1e6, NULL, "N", "earlier checkpoints to keep, named by step"},
    {"crop", CLG_OPTION_CROP, TRAIN(crop), 0, 0, NULL, "none|center|WxH+X+Y", "what of each picture is used"},
    {"flip", CLG_OPTION_BOOL, TRAIN(flip), 0, 0, NULL, NULL, "mirror half of the pictures"},
    {"threads", CLG_OPTION_INT, TRAIN(threads), 1, 256, NULL, "N", "threads that decode pictures"},
    {0},
};

// --- numbers, with a point for a point in every locale -----------------------------------------
// The shortest text that reads back to the same float.
static void print_float(float value, char *text, size_t size)
{
    struct clg_locale locale = clg_locale_enter();
    for (int digits = 1; digits <= 9; digits++) {
        snprintf(text, size, "%.*g", digits, (double)value);
        if (strtof(text, NULL) == value)
            break;
    }
    clg_locale_leave(locale);
}

static bool made_of(const char *text, const char *characters)
{
    return *text && text[strspn(text, characters)] == 0;
}

// The whole text is a finite number.
static bool parse_float(const char *text, float *value)
{
    if (!made_of(text, "0123456789+-.eE"))
        return false;
    struct clg_locale locale = clg_locale_enter();
    char *end;
    *value = strtof(text, &end);
    bool ok = !*end && end != text && isfinite(*value);
    clg_locale_leave(locale);
    return ok;
}

static bool parse_int64(const char *text, int64_t *value)
{
    if (!made_of(text + (*text == '-'), "0123456789"))
        return false;
    errno = 0;
    *value = strtoll(text, NULL, 10);
    return errno == 0;
}

static bool parse_uint64(const char *text, uint64_t *value)
{
    if (!made_of(text, "0123456789"))
        return false;
    errno = 0;
    *value = strtoull(text, NULL, 10);
    return errno == 0;
}

// --- one of several words ----------------------------------------------------------------------
// The next word of "a|b|c": its length, 0 after the last; *words then starts behind it.
static size_t next_word(const char **words, const char **word)
{
    *word = *words;
    size_t length = strcspn(*words, "|");
    *words += length + ((*words)[length] == '|');
    return length;
}

static int find_word(const char *words, const char *text)
{
    const char *word;
    size_t length;
    for (int i = 0; (length = next_word(&words, &word)) > 0; i++)
        if (strlen(text) == length && !memcmp(word, text, length))
            return i;
    return -1;
}

static void print_word(const char *words, int index, char *text, size_t size)
{
    const char *word = "";
    size_t length = 0;
    for (int i = 0; i <= index; i++)
        length = next_word(&words, &word);
    snprintf(text, size, "%.*s", (int)length, word);
}

// "16|32|64" as "16, 32 or 64".
static void print_choices(const char *words, char *text, size_t size)
{
    const char *word;
    size_t length, used = 0;
    const char *before = "";
    while ((length = next_word(&words, &word)) > 0 && used < size) {
        used += (size_t)snprintf(text + used, size - used, "%s%.*s", before, (int)length, word);
        before = strchr(words, '|') || !*words ? ", " : " or ";
    }
}

// --- setting -----------------------------------------------------------------------------------
static int refuse(const struct clg_option *o, const char *text, const struct clg_log *log,
                  const char *allowed)
{
    return clg_fail(log, CLG_EINVAL, "--%s %s: must be %s", o->name, *text ? text : "''", allowed);
}

static int refuse_range(const struct clg_option *o, const char *text, const struct clg_log *log)
{
    char allowed[128];
    float number;
    if (o->choices) {
        print_choices(o->choices, allowed, sizeof allowed);
    } else if (o->type == CLG_OPTION_FLOAT) {
        char min[32], max[32];
        print_float((float)o->min, min, sizeof min);
        print_float((float)o->max, max, sizeof max);
        snprintf(allowed, sizeof allowed, "%sbetween %s and %s",
                 parse_float(text, &number) ? "" : "a number ", min, max);
    } else {
        const char *kind = made_of(text + (*text == '-'), "0123456789") ? "" : "a whole number ";
        if (o->type == CLG_OPTION_UINT64)
            snprintf(allowed, sizeof allowed, "%sbetween 0 and %" PRIu64, kind, UINT64_MAX);
        else
            snprintf(allowed, sizeof allowed, "%sbetween %.0f and %.0f", kind, o->min, o->max);
    }
    return refuse(o, text, log, allowed);
}

static int set_integer(const struct clg_option *o, void *field, const char *text, const struct clg_log *log)
{
    int64_t value;
    if (!parse_int64(text, &value) || (double)value < o->min || (double)value > o->max)
        return refuse_range(o, text, log);
    char plain[32]; // without leading zeros, as the choices are written
    snprintf(plain, sizeof plain, "%" PRId64, value);
    if (o->choices && find_word(o->choices, plain) < 0)
        return refuse_range(o, text, log);
    if (o->type == CLG_OPTION_INT)
        *(int *)field = (int)value;
    else
        *(int64_t *)field = value;
    return 0;
}

static int set_uint64(const struct clg_option *o, uint64_t *field, const char *text,
                      const struct clg_log *log)
{
    uint64_t value;
    if (!parse_uint64(text, &value))
        return refuse_range(o, text, log);
    *field = value;
    return 0;
}

static int set_float(const struct clg_option *o, float *field, const char *text, const struct clg_log *log)
{
    float value;
    if (!parse_float(text, &value) || value < (float)o->min || value > (float)o->max)
        return refuse_range(o, text, log);
    *field = value;
    return 0;
}

static int set_bool(const struct clg_option *o, bool *field, const char *text, const struct clg_log *log)
{
    bool yes = find_word("true|yes|on|1", text) >= 0;
    if (!yes && find_word("false|no|off|0", text) < 0)
        return refuse(o, text, log, "true or false");
    *field = yes;
    return 0;
}

static int set_choice(const struct clg_option *o, int *field, const char *text, const struct clg_log *log)
{
    int index = find_word(o->choices, text);
    if (index < 0)
        return refuse_range(o, text, log);
    *field = index;
    return 0;
}

static int set_crop(const struct clg_option *o, struct clg_crop *field, const char *text,
                    const struct clg_log *log)
{
    struct clg_crop crop;
    if (clg_crop_parse(text, &crop))
        return refuse(o, text, log, "none, center or WxH+X+Y (a box in pixels, 178x178+0+20 say)");
    *field = crop;
    return 0;
}

int clg_option_set(const struct clg_option *o, void *params, const char *text, const struct clg_log *log)
{
    void *field = (char *)params + o->offset;
    switch (o->type) {
    case CLG_OPTION_INT:
    case CLG_OPTION_INT64: return set_integer(o, field, text, log);
    case CLG_OPTION_UINT64: return set_uint64(o, field, text, log);
    case CLG_OPTION_FLOAT: return set_float(o, field, text, log);
    case CLG_OPTION_BOOL: return set_bool(o, field, text, log);
    case CLG_OPTION_PATH:
    case CLG_OPTION_TEXT: *(const char **)field = *text ? text : NULL; return 0;
    case CLG_OPTION_CHOICE: return set_choice(o, field, text, log);
    case CLG_OPTION_CROP: return set_crop(o, field, text, log);
    }
    return clg_fail(log, CLG_EINVAL, "--%s: its type %d is unknown", o->name, (int)o->type);
}

// --- getting -----------------------------------------------------------------------------------
static void get_crop(const struct clg_crop *crop, char *text, size_t size)
{
    if (crop->kind == CLG_CROP_BOX)
        snprintf(text, size, "%dx%d+%d+%d", crop->w, crop->h, crop->x, crop->y);
    else
        snprintf(text, size, "%s", crop->kind == CLG_CROP_NONE ? "none" : "center");
}

void clg_option_get(const struct clg_option *o, const void *params, char *text, size_t size)
{
    const void *field = (const char *)params + o->offset;
    const char *string;
    switch (o->type) {
    case CLG_OPTION_INT: snprintf(text, size, "%d", *(const int *)field); break;
    case CLG_OPTION_INT64: snprintf(text, size, "%" PRId64, *(const int64_t *)field); break;
    case CLG_OPTION_UINT64: snprintf(text, size, "%" PRIu64, *(const uint64_t *)field); break;
    case CLG_OPTION_FLOAT: print_float(*(const float *)field, text, size); break;
    case CLG_OPTION_BOOL: snprintf(text, size, "%s", *(const bool *)field ? "true" : "false"); break;
    case CLG_OPTION_PATH:
    case CLG_OPTION_TEXT:
        string = *(const char *const *)field;
        snprintf(text, size, "%s", string ? string : "");
        break;
    case CLG_OPTION_CHOICE: print_word(o->choices, *(const int *)field, text, size); break;
    case CLG_OPTION_CROP: get_crop(field, text, size); break;
    }
}

const struct clg_option *clg_option_find(const struct clg_option *table, const char *name)
{
    for (; table->name; table++)
        if (!strcmp(table->name, name))
            return table;
    return NULL;
}

// --- help --------------------------------------------------------------------------------------
static const char *value_of(const struct clg_option *o)
{
    return o->value ? o->value : o->choices ? o->choices : "";
}

void clg_options_help(const struct clg_option *table, const void *params, FILE *file)
{
    int width = 0;
    for (const struct clg_option *o = table; o->name; o++) {
        int room = (int)(strlen(o->name) + strlen(value_of(o)));
        width = room > width ? room : width;
    }
    for (const struct clg_option *o = table; o->name; o++) {
        char now[256];
        clg_option_get(o, params, now, sizeof now);
        int room = width - (int)strlen(o->name);
        fprintf(file, "  --%s %-*s  %s", o->name, room, value_of(o), o->help);
        if (*now && o->type != CLG_OPTION_BOOL)
            fprintf(file, " [%s]", now);
        else if (o->type == CLG_OPTION_BOOL && !strcmp(now, "true"))
            fprintf(file, " [on; --no-%s]", o->name);
        fputc('\n', file);
    }
}
