// Options as rows: text to field and back, defaults, and --help.
#include <clgan/options.h>

#include "base/locale.h"
#include "base/log.h"

#include <clgan/data.h>

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

// --- numbers, with a point for a point in every locale -----------------------------------------
// The shortest text that reads back to the same float.
static int print_float(float value, char *text, size_t size)
{
    char number[32];
    struct clg_locale locale = clg_locale_enter();
    for (int digits = 1; digits <= 9; digits++) {
        snprintf(number, sizeof number, "%.*g", digits, (double)value);
        if (strtof(number, NULL) == value)
            break;
    }
    clg_locale_leave(locale);
    return snprintf(text, size, "%s", number);
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

static int print_word(const char *words, int index, char *text, size_t size)
{
    const char *word = "";
    size_t length = 0;
    for (int i = 0; i <= index; i++)
        length = next_word(&words, &word);
    return snprintf(text, size, "%.*s", (int)length, word);
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

// --- crops -------------------------------------------------------------------------------------
// Digits only: no sign, no space.
static bool number_parse(const char **text, int *value)
{
    const char *p = *text;
    long v = 0;
    for (; *p >= '0' && *p <= '9'; p++) {
        v = v * 10 + (*p - '0');
        if (v > 1000000)
            return false;
    }
    bool any = p != *text;
    *text = p;
    *value = (int)v;
    return any;
}

static bool sign_parse(const char **text, char sign)
{
    if (**text != sign)
        return false;
    (*text)++;
    return true;
}

int clg_crop_parse(const char *text, struct clg_crop *crop)
{
    struct clg_crop c = {.kind = CLG_CROP_BOX};
    if (text && strcmp(text, "none") == 0)
        c.kind = CLG_CROP_NONE;
    else if (text && strcmp(text, "center") == 0)
        c.kind = CLG_CROP_CENTER;
    else if (!text || !number_parse(&text, &c.w) || !sign_parse(&text, 'x') || !number_parse(&text, &c.h) ||
             !sign_parse(&text, '+') || !number_parse(&text, &c.x) || !sign_parse(&text, '+') ||
             !number_parse(&text, &c.y) || *text || c.w < 1 || c.h < 1)
        return CLG_EINVAL;
    *crop = c;
    return 0;
}

static int print_crop(const struct clg_crop *crop, char *text, size_t size)
{
    if (crop->kind == CLG_CROP_BOX)
        return snprintf(text, size, "%dx%d+%d+%d", crop->w, crop->h, crop->x, crop->y);
    return snprintf(text, size, "%s", crop->kind == CLG_CROP_NONE ? "none" : "center");
}

static int print_text(const char *value, char *text, size_t size)
{
    return snprintf(text, size, "%s", value ? value : "");
}

// --- setting -----------------------------------------------------------------------------------
static int refuse(const struct clg_option *o, const char *text, const struct clg_log *log,
                  const char *allowed)
{
    return clg_fail(log, CLG_EINVAL, "%s %s: must be %s", o->name, *text ? text : "''", allowed);
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
    return clg_fail(log, CLG_EINVAL, "%s: its type %d is unknown", o->name, (int)o->type);
}

// --- getting -----------------------------------------------------------------------------------
size_t clg_option_get(const struct clg_option *o, const void *params, char *text, size_t size)
{
    const void *field = (const char *)params + o->offset;
    int length = 0;
    switch (o->type) {
    case CLG_OPTION_INT: length = snprintf(text, size, "%d", *(const int *)field); break;
    case CLG_OPTION_INT64: length = snprintf(text, size, "%" PRId64, *(const int64_t *)field); break;
    case CLG_OPTION_UINT64: length = snprintf(text, size, "%" PRIu64, *(const uint64_t *)field); break;
    case CLG_OPTION_FLOAT: length = print_float(*(const float *)field, text, size); break;
    case CLG_OPTION_BOOL: length = snprintf(text, size, "%s", *(const bool *)field ? "true" : "false"); break;
    case CLG_OPTION_PATH:
    case CLG_OPTION_TEXT: length = print_text(*(const char *const *)field, text, size); break;
    case CLG_OPTION_CHOICE: length = print_word(o->choices, *(const int *)field, text, size); break;
    case CLG_OPTION_CROP: length = print_crop(field, text, size); break;
    }
    return (size_t)length;
}

// --- tables ------------------------------------------------------------------------------------
static size_t field_size(enum clg_option_type type)
{
    switch (type) {
    case CLG_OPTION_INT:
    case CLG_OPTION_CHOICE: return sizeof(int);
    case CLG_OPTION_INT64: return sizeof(int64_t);
    case CLG_OPTION_UINT64: return sizeof(uint64_t);
    case CLG_OPTION_FLOAT: return sizeof(float);
    case CLG_OPTION_BOOL: return sizeof(bool);
    case CLG_OPTION_PATH:
    case CLG_OPTION_TEXT: return sizeof(const char *);
    case CLG_OPTION_CROP: return sizeof(struct clg_crop);
    }
    return 0;
}

void clg_options_default(const struct clg_option *table, void *params)
{
    for (const struct clg_option *o = table; o->name; o++) {
        memset((char *)params + o->offset, 0, field_size(o->type));
        if (o->default_text) {
            const int status = clg_option_set(o, params, o->default_text, NULL);
            assert(!status);
            (void)status;
        }
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
static const char *metavar_of(const struct clg_option *o)
{
    if (o->metavar)
        return o->metavar;
    return o->choices ? o->choices : "";
}

void clg_options_help(const struct clg_option *table, const void *params, FILE *file)
{
    int width = 0;
    for (const struct clg_option *o = table; o->name; o++) {
        const int length = (int)(strlen(o->name) + strlen(metavar_of(o)));
        width = length > width ? length : width;
    }
    for (const struct clg_option *o = table; o->name; o++) {
        char now[256];
        clg_option_get(o, params, now, sizeof now);
        fprintf(file, "  --%s %-*s  %s", o->name, width - (int)strlen(o->name), metavar_of(o), o->help);
        if (*now && o->type != CLG_OPTION_BOOL)
            fprintf(file, " [%s]", now);
        else if (o->type == CLG_OPTION_BOOL && !strcmp(now, "true"))
            fprintf(file, " [on; --no-%s]", o->name);
        fputc('\n', file);
    }
}
