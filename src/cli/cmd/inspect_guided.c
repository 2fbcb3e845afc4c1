// What features of the discriminator answer to: guided backpropagation (figure 5 of Radford et al. 2015), of
// the model and of random weights as the baseline.
#include "cli/cmd/inspect.h"

#include <stdlib.h>
#include <string.h>

enum { CHUNK = 64 }; // pictures whose maps are held at a time

struct features {
    const struct inspection *in;
    struct clg_gan *gan;
    const struct cli_pictures *pictures;
    int layer, maps, places, per;
    size_t one;       // values of a picture
    float *strongest; // [pictures][maps]: each map's largest value
};

// --- which features ----------------------------------------------------------------------------
static int strengths_measure(struct features *f)
{
    const size_t maps = (size_t)f->maps, places = (size_t)f->places;
    float *values = malloc(CHUNK * places * maps * sizeof *values);
    if (!values)
        return cli_fail(f->in->log, CLG_ENOMEM, "out of memory");
    const double began = cli_seconds();
    int status = 0;
    for (int done = 0, now; done < f->pictures->n && !status; done += now) {
        now = f->pictures->n - done < CHUNK ? f->pictures->n - done : CHUNK;
        status = clg_gan_maps(f->gan, CLG_NET_DISCRIMINATOR, f->pictures->values + (size_t)done * f->one, now,
                              f->layer, values);
        for (size_t i = 0; i < (size_t)now * maps && !status; i++)
            f->strongest[(size_t)done * maps + i] =
                cli_range_of(values + i / maps * places * maps + i % maps, places, maps).to;
        cli_progress_count(f->in->progress, "looking at pictures", done + now, f->pictures->n, began);
    }
    cli_progress_end(f->in->progress, false);
    free(values);
    return status;
}

// The `per` pictures that a map answers to most, strongest first.
static void best_pictures(const struct features *f, int map, int *best)
{
    int found = 0;
    for (int i = 0; i < f->pictures->n; i++) {
        const float value = f->strongest[(size_t)i * (size_t)f->maps + (size_t)map];
        int at = found < f->per ? found++ : f->per;
        for (; at > 0 && f->strongest[(size_t)best[at - 1] * (size_t)f->maps + (size_t)map] < value; at--)
            if (at < f->per)
                best[at] = best[at - 1];
        if (at < f->per)
            best[at] = i;
    }
}

struct feature {
    int map;
    double response; // mean over its best pictures
};

static int stronger(const void *a, const void *b)
{
    const struct feature *x = a, *y = b;
    return x->response != y->response ? (x->response < y->response ? 1 : -1) : x->map - y->map;
}

static void features_rank(const struct features *f, int *best, struct feature *ranked)
{
    for (int map = 0; map < f->maps; map++) {
        ranked[map] = (struct feature){.map = map};
        best_pictures(f, map, best);
        for (int k = 0; k < f->per; k++)
            ranked[map].response += f->strongest[(size_t)best[k] * (size_t)f->maps + (size_t)map] / f->per;
    }
    qsort(ranked, (size_t)f->maps, sizeof *ranked, stronger);
}

// --- their pictures ----------------------------------------------------------------------------
static void tell(const struct features *f, cJSON *list, const struct feature *feature, const int *best,
                 const float *strength)
{
    if (!list) {
        printf("  map %4d  mean %7.3f:", feature->map, feature->response);
        for (int k = 0; k < f->per; k++)
            printf("  %.3f %s", (double)strength[k], cli_shown(cli_pictures_name(f->pictures, best[k])));
        putchar('\n');
        return;
    }
    cJSON *object = cJSON_CreateObject();
    cJSON_AddItemToArray(list, object);
    cJSON_AddNumberToObject(object, "map", feature->map);
    cJSON *pictures = cJSON_AddArrayToObject(object, "pictures");
    for (int k = 0; k < f->per; k++) {
        cJSON *picture = cJSON_CreateObject();
        cJSON_AddItemToArray(pictures, picture);
        cJSON_AddStringToObject(picture, "name", cli_pictures_name(f->pictures, best[k]));
        cJSON_AddNumberToObject(picture, "strength", (double)strength[k]);
    }
}

// A row of the sheet: pictures, each with its gradients to the right.
static int row_make(const struct features *f, const struct feature *feature, int *best, float *pictures,
                    cJSON *list, struct cli_tiles *tiles, int at)
{
    const struct clg_gan_params *p = &f->in->params;
    const int channels = p->channels;
    const struct cli_range picture_range = {-1, 1};
    float *gradients = pictures + (size_t)f->per * f->one, *strength = gradients + (size_t)f->per * f->one;
    best_pictures(f, feature->map, best);
    for (int k = 0; k < f->per; k++)
        memcpy(pictures + (size_t)k * f->one, f->pictures->values + (size_t)best[k] * f->one,
               f->one * sizeof *pictures);
    int status = (f->in->o->saliency ? clg_gan_saliency : clg_gan_guided)(f->gan, pictures, f->per, f->layer,
                                                                          feature->map, gradients, strength);
    for (int k = 0; k < f->per && !status; k++) {
        const float *gradient = gradients + (size_t)k * f->one;
        cli_tiles_put(tiles, at + 2 * k, pictures + (size_t)k * f->one, p->size, channels, (size_t)channels,
                      picture_range);
        cli_tiles_put(tiles, at + 2 * k + 1, gradient, p->size, channels, (size_t)channels,
                      cli_range_around_zero(gradient, f->one));
    }
    if (!status)
        tell(f, list, feature, best, strength);
    return status;
}

// Rows for the n features of this gan that answer most, from tile `at` on.
static int rows_make(struct features *f, struct clg_gan *gan, const char *name, int n,
                     struct cli_tiles *tiles, int at)
{
    const size_t per = (size_t)f->per;
    struct feature *ranked = malloc((size_t)f->maps * sizeof *ranked);
    int *best = malloc((per + 1) * sizeof *best);
    float *room = malloc((2 * per * f->one + per) * sizeof *room);
    int status = ranked && best && room ? 0 : cli_fail(f->in->log, CLG_ENOMEM, "out of memory");
    f->gan = gan;
    if (!status)
        status = strengths_measure(f);
    if (!status) {
        features_rank(f, best, ranked);
        cJSON *list = f->in->json ? cJSON_AddArrayToObject(f->in->json, name) : NULL;
        if (!list)
            printf("%s weights:\n", name);
        for (int i = 0; i < n && !status; i++)
            status = row_make(f, &ranked[i], best, room, list, tiles, at + 2 * i * f->per);
    }
    free(ranked);
    free(best);
    free(room);
    return status;
}

static int random_gan(const struct inspection *in, struct clg_gan **gan)
{
    struct clg_gan_params params = in->params;
    params.ema = 0;
    params.seed = in->o->seed;
    return clg_gan_new(gan, in->device, &params);
}

static int sheet(struct features *f, const struct clg_layer_info *info)
{
    const struct inspection *in = f->in;
    const int top = in->o->top ? in->o->top : 6, n = top < info->c ? top : info->c, columns = 2 * f->per;
    struct clg_gan *baseline = NULL;
    struct cli_tiles tiles;
    int status = cli_tiles_new(&tiles, (2 * n + 1) * columns, inspect_tile(in), in->params.channels, in->log);
    if (!status)
        status = random_gan(in, &baseline);
    if (!status)
        status = rows_make(f, in->gan, "trained", n, &tiles, 0);
    if (!status)
        status = rows_make(f, baseline, "random", n, &tiles, (n + 1) * columns);
    if (!status)
        status = inspect_save(in, &tiles, columns,
                              "a feature a row: pictures, each with the gradient of the feature's strongest "
                              "place (grey: 0); below, random weights");
    cli_tiles_free(&tiles);
    clg_gan_free(&baseline);
    return status;
}

int inspect_guided(struct inspection *in)
{
    struct features f = {.in = in};
    struct cli_pictures pictures = {0};
    struct clg_layer_info info;
    int status = inspect_layer(in, CLG_NET_DISCRIMINATOR, &f.layer, &info);
    if (!status)
        status = inspect_pictures(in, in->o->n ? in->o->n : 500, &pictures);
    if (!status) {
        f.pictures = &pictures;
        f.maps = info.c;
        f.places = info.h * info.w;
        f.per = in->o->per < pictures.n ? in->o->per : pictures.n;
        f.one = (size_t)in->params.size * (size_t)in->params.size * (size_t)in->params.channels;
        f.strongest = malloc((size_t)pictures.n * (size_t)f.maps * sizeof *f.strongest);
        status = f.strongest ? 0 : cli_fail(in->log, CLG_ENOMEM, "out of memory");
    }
    if (!status && in->json) {
        cJSON_AddNumberToObject(in->json, "layer", f.layer);
        cJSON_AddStringToObject(in->json, "name", info.name);
        cJSON_AddNumberToObject(in->json, "pictures", pictures.n);
    }
    if (!status && !in->json)
        printf("layer %d, %s: %s, %d maps of %dx%d; %d pictures\n", f.layer, info.name, info.text, info.c,
               info.h, info.w, pictures.n);
    if (!status)
        status = sheet(&f, &info);
    free(f.strongest);
    cli_pictures_close(&pictures);
    return status;
}
