// The result of an expression as pictures: its neighbourhood, its terms, and the same sum of pixels (figure 7
// of Radford et al. 2015).
#include "cli/cmd/arithmetic.h"

#include "cli/sheet.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

enum { AROUND = 9, SHOWN = 3, ROWS = SHOWN + 1 };

// Pictures [..][size][size][channels] as pixels, and the noise of the neighbourhood.
struct views {
    size_t one;
    float *z, *around;           // [AROUND][z]; [AROUND]
    uint8_t *near, *means, *sum; // [AROUND]; of each term's mean vector; the sum of the members' pixels
    uint8_t *members[CLI_TERMS]; // [members]
};

// --- making them -------------------------------------------------------------------------------
static int draw(struct arithmetic *a, const float *z, int n, float **pictures, uint8_t **pixels)
{
    int status = cli_sheet_generate(a->gan, z, n, pictures, a->progress, &a->log);
    return status ? status : cli_sheet_pixels(&a->params, *pictures, n, pixels, &a->log);
}

// A term's members, whose mean picture times the scale joins the sum.
static int members_draw(struct arithmetic *a, int term, struct views *v, float *sum)
{
    const struct arithmetic_members *m = &a->members[term];
    const float share = (float)(a->expression.term[term].scale / m->n);
    float *pictures = NULL;
    int status = draw(a, m->z, m->n, &pictures, &v->members[term]);
    for (size_t i = 0; i < (size_t)m->n * v->one && !status; i++)
        sum[i % v->one] += share * pictures[i];
    free(pictures);
    return status;
}

static int terms_draw(struct arithmetic *a, struct views *v)
{
    const int terms = a->expression.n;
    const size_t length = (size_t)a->params.z;
    float *means = malloc((size_t)terms * length * sizeof *means), *pictures = NULL;
    float *sum = calloc(v->one, sizeof *sum);
    int status = means && sum ? 0 : cli_fail(&a->log, CLG_ENOMEM, "out of memory for pictures");
    for (int i = 0; i < terms && !status; i++) {
        memcpy(means + (size_t)i * length, a->members[i].mean, length * sizeof *means);
        status = members_draw(a, i, v, sum);
    }
    if (!status)
        status = draw(a, means, terms, &pictures, &v->means);
    if (!status)
        status = cli_sheet_pixels(&a->params, sum, 1, &v->sum, &a->log);
    free(means);
    free(pictures);
    free(sum);
    return status;
}

static int views_make(struct arithmetic *a, struct views *v)
{
    *v = (struct views){.one = cli_sheet_one(&a->params)};
    v->z = malloc((size_t)AROUND * (size_t)a->params.z * sizeof *v->z);
    if (!v->z)
        return cli_fail(&a->log, CLG_ENOMEM, "out of memory for noise vectors");
    clg_z_neighbours(a->z, a->params.z, AROUND, (double)a->o->scale, a->o->seed, v->z);
    int status = draw(a, v->z, AROUND, &v->around, &v->near);
    return status ? status : terms_draw(a, v);
}

static void views_free(struct views *v)
{
    free(v->z);
    free(v->around);
    free(v->near);
    free(v->means);
    free(v->sum);
    for (int i = 0; i < CLI_TERMS; i++)
        free(v->members[i]);
}

// --- files -------------------------------------------------------------------------------------
// Every term is a column, its mean vector's picture at the bottom; then the 3x3 neighbourhood with the result
// in the middle; then the sum of pixels.
static int sheet_save(const struct arithmetic *a, const struct views *v)
{
    const int terms = a->expression.n, near = terms + 1, sum = near + 4, columns = sum + 1;
    const size_t one = v->one;
    uint8_t *tiles = malloc((size_t)(ROWS * columns) * one);
    if (!tiles)
        return cli_fail(&a->log, CLG_ENOMEM, "out of memory for the sheet");
    memset(tiles, CLI_SHEET_BLANK, (size_t)(ROWS * columns) * one);
    for (int i = 0; i < terms; i++) {
        for (int row = 0; row < SHOWN && row < a->members[i].n; row++)
            memcpy(tiles + (size_t)(row * columns + i) * one, v->members[i] + (size_t)row * one, one);
        memcpy(tiles + (size_t)(SHOWN * columns + i) * one, v->means + (size_t)i * one, one);
    }
    static const int places[AROUND] = {4, 0, 1, 2, 3, 5, 6, 7, 8}; // the result in the middle
    for (int i = 0; i < AROUND; i++)
        memcpy(tiles + (size_t)(places[i] / 3 * columns + near + places[i] % 3) * one,
               v->near + (size_t)i * one, one);
    memcpy(tiles + (size_t)(columns + sum) * one, v->sum, one);
    int status = cli_sheet_save(a->o->grid, &a->params, tiles, ROWS * columns, columns, &a->log);
    free(tiles);
    return status;
}

static int save_each(const struct arithmetic *a, const struct views *v)
{
    const struct {
        const char *name;
        const uint8_t *pixels;
        int n;
    } sets[] = {{"result", v->near, AROUND}, {"mean", v->means, a->expression.n}, {"pixels", v->sum, 1}};
    int status = cli_folder_create(a->o->out, &a->log);
    for (size_t i = 0; i < sizeof sets / sizeof *sets && !status; i++)
        status = cli_sheet_save_each(a->o->out, sets[i].name, "png", 0, &a->params, sets[i].pixels, sets[i].n,
                                     &a->log);
    return status;
}

static int save(const struct arithmetic *a, const struct views *v)
{
    const struct arithmetic_options *o = a->o;
    const int64_t pictures[] = {AROUND, a->params.size, a->params.size, a->params.channels},
                  noise[] = {1, a->params.z};
    int status = o->grid ? sheet_save(a, v) : 0;
    if (!status && o->out)
        status = save_each(a, v);
    if (!status && o->npy)
        status = clg_npy_save(o->npy, v->around, pictures, 4, &a->log);
    if (!status && o->z_out)
        status = clg_npy_save(o->z_out, a->z, noise, 2, &a->log);
    return status;
}

// --- results -----------------------------------------------------------------------------------
static int scores_tell(struct arithmetic *a, const struct views *v)
{
    if (!a->judge)
        return 0;
    const int classes = cli_judge_classes(a->judge);
    float *scores = malloc((size_t)classes * sizeof *scores);
    int status = scores ? cli_judge_scores(a->judge, v->around, 1, scores)
                        : cli_fail(&a->log, CLG_ENOMEM, "out of memory");
    cJSON *list = a->json && !status ? cJSON_AddObjectToObject(a->json, "scores") : NULL;
    for (int i = 0; i < classes && !status; i++) {
        if (a->json)
            cJSON_AddNumberToObject(list, cli_judge_class(a->judge, i), scores[i]);
        else
            printf("score of the result as \"%s\": %.3f\n", cli_shown(cli_judge_class(a->judge, i)),
                   scores[i]);
    }
    free(scores);
    return status;
}

int arithmetic_result(struct arithmetic *a)
{
    struct views views;
    int status = views_make(a, &views);
    if (!status)
        status = save(a, &views);
    if (!status)
        status = scores_tell(a, &views);
    views_free(&views);
    if (status || a->json)
        return status;
    if (a->o->grid)
        printf("sheet: %s (a column for each term, its mean below; the result among its neighbours; "
               "the same sum of pixels)\n",
               cli_shown(a->o->grid));
    if (a->o->out)
        printf("separate pictures: %s\n", cli_shown(a->o->out));
    if (a->o->npy)
        printf("the result and its neighbours as numbers: %s\n", cli_shown(a->o->npy));
    if (a->o->z_out)
        printf("the result's noise: %s\n", cli_shown(a->o->z_out));
    return 0;
}
