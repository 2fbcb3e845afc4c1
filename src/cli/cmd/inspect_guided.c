// What features of the discriminator respond to: guided backpropagation (figure 5 of Radford et al. 2015) for
// the model and, as a baseline, for random weights.
#include "cli/cmd/inspect.h"
#include "cli/sheet.h"

#include <stdlib.h>
#include <string.h>

struct features {
    const struct inspection *in;
    const struct cli_pictures *pictures;
    int layer, best_n;
    size_t one;                 // values of a picture
    struct clg_feature *ranked; // [maps of the layer]
    int *best;                  // [maps][best_n]
    float *sheet;               // pictures [best_n], their gradients [best_n], and strengths [best_n]
    double began;
};

static void report_progress(void *user, const char *what, size_t done, size_t total)
{
    const struct features *f = user;
    (void)what;
    cli_progress_count(f->in->progress, "looking at pictures", (int)done, (int)total, f->began);
}

static void print_feature(const struct features *f, cJSON *list, const struct clg_feature *feature,
                          const int *best, const float *strength)
{
    if (!list) {
        printf("  map %4d  mean %7.3f:", feature->map, feature->response);
        for (int k = 0; k < f->best_n; k++)
            printf("  %.3f %s", (double)strength[k], cli_shown(cli_pictures_name(f->pictures, best[k])));
        putchar('\n');
        return;
    }
    cJSON *object = cJSON_CreateObject();
    cJSON_AddItemToArray(list, object);
    cJSON_AddNumberToObject(object, "map", feature->map);
    cJSON *pictures = cJSON_AddArrayToObject(object, "pictures");
    for (int k = 0; k < f->best_n; k++) {
        cJSON *picture = cJSON_CreateObject();
        cJSON_AddItemToArray(pictures, picture);
        cJSON_AddStringToObject(picture, "name", cli_pictures_name(f->pictures, best[k]));
        cJSON_AddNumberToObject(picture, "strength", (double)strength[k]);
    }
}

// Draws a row of the sheet, starting at tile `at`: pictures, each with its gradient to the right.
static int draw_row(const struct features *f, struct clg_gan *gan, int i, cJSON *list,
                    struct cli_tiles *tiles, int at)
{
    const struct clg_gan_params *p = &f->in->params;
    const struct clg_feature *feature = &f->ranked[i];
    const int *best = f->best + (size_t)i * (size_t)f->best_n;
    const size_t pixels = (size_t)f->best_n * f->one, step = (size_t)p->channels;
    float *pictures = f->sheet, *gradients = pictures + pixels, *strength = gradients + pixels;
    for (int k = 0; k < f->best_n; k++)
        memcpy(pictures + (size_t)k * f->one, f->pictures->values + (size_t)best[k] * f->one,
               f->one * sizeof *pictures);
    int status = (f->in->o->saliency ? clg_gan_saliency : clg_gan_guided)(gan, pictures, f->best_n, f->layer,
                                                                          feature->map, gradients, strength);
    for (int k = 0; k < f->best_n && !status; k++) {
        const float *picture = pictures + (size_t)k * f->one, *gradient = gradients + (size_t)k * f->one;
        cli_tiles_put(tiles, at + 2 * k, picture, p->size, p->channels, step, (struct cli_range){-1, 1});
        cli_tiles_put(tiles, at + 2 * k + 1, gradient, p->size, p->channels, step,
                      cli_range_around_zero(gradient, f->one));
    }
    if (!status)
        print_feature(f, list, feature, best, strength);
    return status;
}

// Draws a row for each of this gan's n features that respond most, starting at tile `at`.
static int draw_features(struct features *f, struct clg_gan *gan, const char *name, int n,
                         struct cli_tiles *tiles, int at)
{
    f->began = cli_seconds();
    int status = clg_gan_rank_features(gan, f->pictures->values, f->pictures->n, f->layer, f->best_n,
                                       f->ranked, f->best, report_progress, f);
    cli_progress_end(f->in->progress, false);
    if (status)
        return status;
    cJSON *list = f->in->json ? cJSON_AddArrayToObject(f->in->json, name) : NULL;
    if (!list)
        printf("%s weights:\n", name);
    for (int i = 0; i < n && !status; i++)
        status = draw_row(f, gan, i, list, tiles, at + 2 * i * f->best_n);
    return status;
}

static int random_gan(const struct inspection *in, struct clg_gan **gan)
{
    struct clg_gan_params params = in->params;
    params.ema = 0;
    params.seed = in->o->seed;
    return clg_gan_new(gan, in->device, &params);
}

static int draw_sheet(struct features *f, int maps)
{
    const struct inspection *in = f->in;
    const int top = in->o->top ? in->o->top : 6, n = top < maps ? top : maps, columns = 2 * f->best_n;
    struct clg_gan *baseline = NULL;
    struct cli_tiles tiles;
    int status = cli_tiles_new(&tiles, (2 * n + 1) * columns, inspect_tile(in), in->params.channels, in->log);
    if (!status)
        status = random_gan(in, &baseline);
    if (!status)
        status = draw_features(f, in->gan, "trained", n, &tiles, 0);
    if (!status)
        status = draw_features(f, baseline, "random", n, &tiles, (n + 1) * columns);
    if (!status)
        status = inspect_save(in, &tiles, columns,
                              "one feature per row: pictures, each with the gradient of the feature's "
                              "strongest position (grey: 0); below: random weights");
    cli_tiles_free(&tiles);
    clg_gan_free(&baseline);
    return status;
}

static int allocate_features(struct features *f, int maps)
{
    const size_t best_n = (size_t)f->best_n;
    f->ranked = malloc((size_t)maps * sizeof *f->ranked);
    f->best = malloc((size_t)maps * best_n * sizeof *f->best);
    f->sheet = malloc((2 * best_n * f->one + best_n) * sizeof *f->sheet);
    return f->ranked && f->best && f->sheet ? 0 : cli_fail(f->in->log, CLG_ENOMEM, "out of memory");
}

int inspect_guided(struct inspection *in)
{
    struct cli_pictures pictures = {0};
    struct features f = {.in = in, .pictures = &pictures, .one = cli_sheet_one(&in->params)};
    struct clg_layer_info info;
    int status = inspect_layer(in, CLG_NET_DISCRIMINATOR, &f.layer, &info);
    if (!status)
        status = inspect_pictures(in, in->o->n ? in->o->n : 500, &pictures);
    if (!status) {
        f.best_n = in->o->per < pictures.n ? in->o->per : pictures.n;
        status = allocate_features(&f, info.c);
    }
    if (!status) {
        inspect_print_layer(in, f.layer, &info, "pictures", pictures.n);
        status = draw_sheet(&f, info.c);
    }
    free(f.ranked);
    free(f.best);
    free(f.sheet);
    cli_pictures_close(&pictures);
    return status;
}
