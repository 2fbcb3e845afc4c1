// Shared by the parts of `clgan arithmetic`.
#ifndef CLG_CLI_CMD_ARITHMETIC_H
#define CLG_CLI_CMD_ARITHMETIC_H

#include "cli/expression.h"
#include "cli/judge.h"

struct arithmetic_options {
    const char *text; // the expression
    const char *model, *classifier, *measure_by, *target, *apply_to, *grid, *out, *npy, *z_out;
    uint64_t seed;
    int pool, take, apply;
    float scale;
    bool json;
};

// The noise vectors behind a term.
struct arithmetic_members {
    int n, class;      // class: of the classifier, or -1
    float *z, *mean;   // [n][z], [z]
    uint64_t *numbers; // [n] of the seed, or rows of a file (NULL: all)
    float *scores;     // [n] of a class
};

struct arithmetic {
    struct arithmetic_options *o;
    struct clg_log log;
    struct cli_progress *progress;
    struct clg_gan *gan;
    struct clg_gan_params params;
    struct cli_judge *by, *judge; // NULL where not asked for; `judge` may be `by` itself
    struct cli_expression expression;
    struct arithmetic_members members[CLI_TERMS];
    uint64_t fresh; // samples numbered from here on belong to no term
    float *z;       // the result
    struct cJSON *json;
};

// arithmetic_terms.c: finds the members of all terms, and adds up.
int arithmetic_terms(struct arithmetic *a);
// arithmetic_result.c: writes pictures of the result and its neighbourhood, and prints its scores.
int arithmetic_result(struct arithmetic *a);
// arithmetic_apply.c: the result added to fresh samples, judged before and after.
int arithmetic_apply(struct arithmetic *a);

double arithmetic_norm(const struct arithmetic *a, const float *z);

#endif
