// Expressions on noise: "smiling woman - neutral woman + 0.5*3,8,12-15".
#ifndef CLG_CLI_EXPRESSION_H
#define CLG_CLI_EXPRESSION_H

#include <stddef.h>
#include <stdint.h>

enum { CLI_TERMS = 16 };

enum cli_term_kind {
    CLI_TERM_NUMBERS, // "3,8,12-15": noise vectors of the seed
    CLI_TERM_FILE,    // "faces.npy", or "faces.npy[0-2]": its rows
    CLI_TERM_CLASS,   // any other word or words, or 'anything in single quotes'
};
struct cli_term {
    double scale; // with the sign before it
    enum cli_term_kind kind;
    char *name;        // the numbers as written, the file, or the class
    uint64_t *numbers; // of NUMBERS, or rows of FILE: NULL for all
    int n;
};
struct cli_expression {
    struct cli_term term[CLI_TERMS];
    int n; // at least 1
};

// Terms with signs between, which have a space on both sides ("3-9" is a range). Each may have a scale:
// "0.5*". 0; or CLG_EINVAL or CLG_ENOMEM with what is wrong, and where, in wrong.
int cli_expression_parse(struct cli_expression *expression, const char *text, char *wrong, size_t size);
void cli_expression_free(struct cli_expression *expression);

#endif
