// Expressions on noise: terms, signs and scales from text, and where it is wrong.
#include "cli/expression.h"

#include "cli/noise.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct text {
    const char *whole, *at;
    char *wrong; // what to say
    size_t size;
};

// Letters, not bytes: UTF-8's later bytes do not count.
static int letter_number(const struct text *t)
{
    int n = 1;
    for (const char *p = t->whole; p < t->at; p++)
        n += ((unsigned char)*p & 0xC0) != 0x80;
    return n;
}

static int wrong_here(struct text *t, const char *what)
{
    if (*t->at)
        snprintf(t->wrong, t->size, "at letter %d, \"%s\": %s", letter_number(t), t->at, what);
    else
        snprintf(t->wrong, t->size, "at its end: %s", what);
    return CLG_EINVAL;
}

static void spaces_skip(struct text *t)
{
    while (*t->at == ' ' || *t->at == '\t')
        t->at++;
}

// A sign stands between spaces; the text's ends count as such.
static bool is_sign(const struct text *t, const char *p)
{
    return (*p == '+' || *p == '-') && (p == t->whole || p[-1] == ' ') && (p[1] == ' ' || !p[1]);
}

static int scale_read(struct text *t, double *scale)
{
    bool number = (*t->at >= '0' && *t->at <= '9') || *t->at == '.';
    char *end;
    double value = number ? strtod(t->at, &end) : 1;
    while (number && *end == ' ')
        end++;
    if (!number || *end != '*')
        return 0;
    if (!isfinite(value))
        return wrong_here(t, "the scale is not finite");
    *scale *= value;
    t->at = end + 1;
    spaces_skip(t);
    return 0;
}

static char *copy(const char *from, size_t length)
{
    char *text = malloc(length + 1);
    if (text) {
        memcpy(text, from, length);
        text[length] = 0;
    }
    return text;
}

static int name_keep(struct text *t, struct cli_term *term, const char *from, size_t length)
{
    if (!length)
        return wrong_here(t, "a term is missing: numbers of noise vectors, a .npy file, or a class");
    term->name = copy(from, length);
    if (term->name)
        return 0;
    snprintf(t->wrong, t->size, "out of memory");
    return CLG_ENOMEM;
}

// A list of numbers that ends where `end` is.
static int numbers_read(struct text *t, struct cli_term *term, const char *end)
{
    const char *wrong = cli_numbers_read(t->at, &t->at, &term->numbers, &term->n);
    if (!wrong && t->at != end)
        wrong = "numbers go like 3,8,12-15; signs between terms have a space on both sides";
    return wrong ? wrong_here(t, wrong) : 0;
}

// 'a class' in quotes: whatever it holds.
static int quoted_read(struct text *t, struct cli_term *term)
{
    const char *end = strchr(t->at + 1, '\'');
    if (!end)
        return wrong_here(t, "the quote does not end");
    term->kind = CLI_TERM_CLASS;
    int status = name_keep(t, term, t->at + 1, (size_t)(end - t->at - 1));
    if (status)
        return status;
    t->at = end + 1;
    spaces_skip(t);
    return *t->at && !is_sign(t, t->at) ? wrong_here(t, "a + or - with spaces around is missing") : 0;
}

// "faces.npy" or "faces.npy[0-2]", up to `end`? Then `rows` is where the list begins, or NULL.
static bool is_file(const char *from, const char *end, const char **rows)
{
    static const char ending[] = ".npy";
    const size_t length = sizeof ending - 1;
    *rows = NULL;
    const char *name_end = end;
    if (end > from && end[-1] == ']') {
        while (name_end > from && *name_end != '[')
            name_end--;
        *rows = name_end + 1;
    }
    return (size_t)(name_end - from) > length && !memcmp(name_end - length, ending, length);
}

// Do numbers begin here, and not a class like 5_o_Clock_Shadow?
static bool is_numbers(const char *from)
{
    const char *end = from + strspn(from, "0123456789");
    return end > from && *end != '_' && !isalpha((unsigned char)*end);
}

static int plain_read(struct text *t, struct cli_term *term)
{
    const char *from = t->at, *end = from, *rows;
    while (*end && !is_sign(t, end))
        end++;
    const char *next = end;
    while (end > from && (end[-1] == ' ' || end[-1] == '\t'))
        end--;
    const bool file = is_file(from, end, &rows);
    int status = name_keep(t, term, from, (size_t)((file && rows ? rows - 1 : end) - from));
    term->kind = is_numbers(from) ? CLI_TERM_NUMBERS : CLI_TERM_CLASS;
    term->kind = file ? CLI_TERM_FILE : term->kind;
    if (!status && file && rows) {
        t->at = rows;
        status = numbers_read(t, term, end - 1);
    } else if (!status && term->kind == CLI_TERM_NUMBERS) {
        status = numbers_read(t, term, end);
    }
    if (!status)
        t->at = next;
    return status;
}

// A sign, which may be missing before the first term; a scale; what is meant.
static int term_read(struct text *t, struct cli_expression *e)
{
    if (e->n == CLI_TERMS)
        return wrong_here(t, "more than 16 terms");
    struct cli_term *term = &e->term[e->n++];
    term->scale = 1;
    if (is_sign(t, t->at)) {
        term->scale = *t->at == '-' ? -1 : 1;
        t->at++;
        spaces_skip(t);
    }
    int status = scale_read(t, &term->scale);
    if (!status)
        status = *t->at == '\'' ? quoted_read(t, term) : plain_read(t, term);
    return status;
}

int cli_expression_parse(struct cli_expression *expression, const char *text, char *wrong, size_t size)
{
    struct text t = {text, text, wrong, size};
    *expression = (struct cli_expression){0};
    int status = 0;
    spaces_skip(&t);
    do
        status = term_read(&t, expression);
    while (!status && *t.at);
    if (status)
        cli_expression_free(expression);
    return status;
}

void cli_expression_free(struct cli_expression *expression)
{
    for (int i = 0; i < expression->n; i++) {
        free(expression->term[i].name);
        free(expression->term[i].numbers);
    }
    *expression = (struct cli_expression){0};
}
