// The training pictures nearest to samples, and how near training pictures are to each other.
#include <clgan/nearest.h>

#include "base/log.h"
#include "explore/net_probe.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    CHUNK = 64,      // training pictures in memory at a time
    SCALE_MAX = 200, // most training pictures that set the scale
    PLACES_MIN = 3,  // neighbours of each of those: itself, its mirror image and the nearest other picture
    SPACES = 2,
};

// A space in which distances are measured. Its queries are the samples, then the training pictures that set
// the scale.
struct space {
    struct clg_neighbours *found;
    bool features;
    size_t count;    // values per query
    float *queries;  // [samples + scale][count]
    int *index;      // [samples + scale][places]; from `training` on: mirror images
    float *distance; // [samples + scale][places]
};

struct search {
    struct clg_gan *gan;
    const struct clg_memorisation_params *params;
    struct clg_memorisation *found;
    struct space spaces[SPACES];
    int spaces_n, places;
    size_t picture; // values per picture
    float *values;  // [CHUNK] pictures
    float *rows;    // [CHUNK][count of the larger space]
};

static int queries_n(const struct search *s)
{
    return s->found->samples + s->found->scale;
}

// The number of the i-th training picture that sets the scale.
static int scale_picture(const struct search *s, int i)
{
    return (int)((int64_t)i * s->found->training / s->found->scale);
}

// --- pictures and rows -------------------------------------------------------------------------
static int read_training(struct search *s, const int *which, int n)
{
    const struct clg_memorisation_params *p = s->params;
    if (p->pictures)
        return clg_pictures_values(p->pictures, which, n, s->gan->params.size, s->gan->params.channels,
                                   s->values);
    for (int i = 0; i < n; i++)
        memcpy(s->values + (size_t)i * s->picture, p->values + (size_t)which[i] * s->picture,
               s->picture * sizeof *s->values);
    return 0;
}

static void mirror(float *values, int n, const struct clg_gan_params *p)
{
    const int side = p->size, channels = p->channels;
    for (int line = 0; line < n * side; line++, values += side * channels)
        for (int x = 0; x < side / 2; x++)
            for (int c = 0; c < channels; c++) {
                float *left = values + x * channels + c, *right = values + (side - 1 - x) * channels + c;
                const float value = *left;
                *left = *right;
                *right = value;
            }
}

static int compute_rows(struct search *s, const struct space *space, const float *values, int n, float *rows)
{
    if (space->features)
        return clg_gan_features(s->gan, values, n, rows);
    memcpy(rows, values, (size_t)n * s->picture * sizeof *rows);
    return 0;
}

// --- the search --------------------------------------------------------------------------------
static int make_queries(struct search *s, const float *samples)
{
    const int n = s->found->samples;
    int status = 0, which[CHUNK];
    for (int i = 0; i < s->spaces_n && !status; i++)
        status = compute_rows(s, &s->spaces[i], samples, n, s->spaces[i].queries);
    for (int done = 0, now; done < s->found->scale && !status; done += now) {
        now = s->found->scale - done < CHUNK ? s->found->scale - done : CHUNK;
        for (int i = 0; i < now; i++)
            which[i] = scale_picture(s, done + i);
        status = read_training(s, which, now);
        for (int i = 0; i < s->spaces_n && !status; i++)
            status = compute_rows(s, &s->spaces[i], s->values, now,
                                  s->spaces[i].queries + (size_t)(n + done) * s->spaces[i].count);
    }
    return status;
}

// Searches n more training pictures, numbered from `first` on.
static int search_chunk(struct search *s, int n, int first)
{
    int status = 0;
    for (int i = 0; i < s->spaces_n && !status; i++) {
        struct space *space = &s->spaces[i];
        status = compute_rows(s, space, s->values, n, s->rows);
        if (!status)
            clg_nearest(space->queries, queries_n(s), s->rows, n, (int64_t)space->count, first, s->places,
                        space->index, space->distance);
    }
    return status;
}

static int search_all(struct search *s)
{
    const int all = s->found->training;
    int status = 0, which[CHUNK];
    for (int done = 0, now; done < all && !status; done += now) {
        now = all - done < CHUNK ? all - done : CHUNK;
        for (int i = 0; i < now; i++)
            which[i] = done + i;
        status = read_training(s, which, now);
        if (!status)
            status = search_chunk(s, now, done);
        if (!status && s->params->flip) {
            mirror(s->values, now, &s->gan->params);
            status = search_chunk(s, now, all + done);
        }
        if (!status && s->params->progress)
            s->params->progress(s->params->user, "training pictures", (size_t)(done + now), (size_t)all);
    }
    return status;
}

// --- the result --------------------------------------------------------------------------------
static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

// Measures how far training pictures are from the nearest other one.
static void measure_scale(const struct search *s, const struct space *space)
{
    const int n = s->found->scale;
    double nearest[SCALE_MAX];
    for (int i = 0; i < n; i++) {
        const int *index = space->index + (s->found->samples + i) * s->places;
        const float *distance = space->distance + (s->found->samples + i) * s->places;
        nearest[i] = INFINITY;
        for (int p = s->places - 1; p >= 0; p--)
            if (index[p] >= 0 && index[p] % s->found->training != scale_picture(s, i))
                nearest[i] = (double)distance[p];
    }
    qsort(nearest, (size_t)n, sizeof *nearest, by_value);
    space->found->median = nearest[n / 2];
    space->found->near = nearest[n / 20];
}

static void take_result(const struct search *s, struct space *space)
{
    struct clg_neighbours *found = space->found;
    const int training = s->found->training, k = s->found->k;
    for (int i = 0; i < queries_n(s) * s->places; i++)
        space->distance[i] = (float)sqrt(space->distance[i] / (double)space->count);
    measure_scale(s, space);
    found->smallest = INFINITY;
    for (int i = 0; i < s->found->samples; i++) {
        const int *index = space->index + i * s->places;
        const float *distance = space->distance + i * s->places;
        for (int p = 0; p < k; p++) {
            found->index[i * k + p] = index[p] < 0 ? -1 : index[p] % training;
            found->mirrored[i * k + p] = index[p] >= training;
            found->distance[i * k + p] = distance[p];
        }
        found->smallest = fmin(found->smallest, (double)distance[0]);
        found->nearer += (double)distance[0] < found->near;
    }
}

// --- memory ------------------------------------------------------------------------------------
static int allocate_space(struct search *s, struct clg_neighbours *found, bool features)
{
    struct space *space = &s->spaces[s->spaces_n++];
    *space = (struct space){.found = found, .features = features, .count = s->picture};
    if (features)
        space->count = (size_t)clg_features_count(&s->gan->params);
    const size_t queries = (size_t)queries_n(s), all = queries * (size_t)s->places;
    const size_t results = (size_t)s->found->samples * (size_t)s->found->k;
    space->queries = malloc(queries * space->count * sizeof *space->queries);
    space->index = malloc(all * sizeof *space->index);
    space->distance = malloc(all * sizeof *space->distance);
    found->index = malloc(results * sizeof *found->index);
    found->mirrored = malloc(results * sizeof *found->mirrored);
    found->distance = malloc(results * sizeof *found->distance);
    if (!space->queries || !space->index || !space->distance || !found->index || !found->mirrored ||
        !found->distance)
        return clg_fail(&s->gan->log, CLG_ENOMEM, "out of memory for %d samples: use fewer",
                        s->found->samples);
    for (size_t i = 0; i < all; i++) {
        space->index[i] = -1;
        space->distance[i] = INFINITY;
    }
    return 0;
}

static int allocate_search(struct search *s)
{
    const struct clg_memorisation_params *p = s->params;
    int status = p->pixels ? allocate_space(s, &s->found->pixels, false) : 0;
    if (!status && p->features)
        status = allocate_space(s, &s->found->features, true);
    size_t largest = 0;
    for (int i = 0; i < s->spaces_n; i++)
        largest = s->spaces[i].count > largest ? s->spaces[i].count : largest;
    if (status)
        return status;
    s->values = malloc(CHUNK * s->picture * sizeof *s->values);
    s->rows = malloc(CHUNK * largest * sizeof *s->rows);
    return s->values && s->rows ? 0 : clg_fail(&s->gan->log, CLG_ENOMEM, "out of memory");
}

static void free_search(struct search *s)
{
    for (int i = 0; i < s->spaces_n; i++) {
        free(s->spaces[i].queries);
        free(s->spaces[i].index);
        free(s->spaces[i].distance);
    }
    free(s->values);
    free(s->rows);
}

static void free_neighbours(struct clg_neighbours *n)
{
    free(n->index);
    free(n->mirrored);
    free(n->distance);
}

void clg_memorisation_free(struct clg_memorisation **found)
{
    if (*found) {
        free_neighbours(&(*found)->pixels);
        free_neighbours(&(*found)->features);
    }
    free(*found);
    *found = NULL;
}

// --- the whole search --------------------------------------------------------------------------
struct clg_memorisation_params clg_memorisation_params_default(void)
{
    return (struct clg_memorisation_params){.pixels = true, .features = true, .k = 5};
}

static int check_search(const struct clg_gan *gan, int n, const struct clg_memorisation_params *p,
                        int training)
{
    if (n < 1 || p->k < 1)
        return clg_fail(&gan->log, CLG_EINVAL, "%d neighbours of %d samples: use at least 1 of each", p->k,
                        n);
    if (!p->pixels && !p->features)
        return clg_fail(&gan->log, CLG_EINVAL, "nothing to compare: choose pixels, features or both");
    if (training < 2)
        return clg_fail(&gan->log, CLG_EDATA, "only %s picture to compare with: use at least 2",
                        training ? "one" : "no");
    return 0;
}

int clg_memorisation_search(struct clg_memorisation **out, struct clg_gan *gan, const float *samples, int n,
                            const struct clg_memorisation_params *params)
{
    const int training = params->pictures ? clg_pictures_count(params->pictures) : params->values_n;
    struct search s = {.gan = gan, .params = params, .found = *out = calloc(1, sizeof **out)};
    int status =
        s.found ? check_search(gan, n, params, training) : clg_fail(&gan->log, CLG_ENOMEM, "out of memory");
    if (!status) {
        s.found->samples = n;
        s.found->training = training;
        s.found->k = params->k;
        s.found->scale = training < SCALE_MAX ? training : SCALE_MAX;
        s.places = params->k > PLACES_MIN ? params->k : PLACES_MIN;
        s.picture = clg_picture_count(gan);
        status = allocate_search(&s);
    }
    if (!status)
        status = make_queries(&s, samples);
    if (!status)
        status = search_all(&s);
    for (int i = 0; i < s.spaces_n && !status; i++)
        take_result(&s, &s.spaces[i]);
    free_search(&s);
    if (status)
        clg_memorisation_free(out);
    return status;
}
