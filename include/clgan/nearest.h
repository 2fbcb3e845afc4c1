// Nearest neighbours, and whether a model draws its training pictures from memory.
#ifndef CLGAN_NEAREST_H
#define CLGAN_NEAREST_H

#include <clgan/gan.h>
#include <clgan/pictures.h>

#ifdef __cplusplus
extern "C" {
#endif

// The k nearest neighbours of q queries with `count` values each, in a set that comes in parts: squared
// Euclidean distance, nearest first, ties by number. Start with distance [q][k] all INFINITY and index [q][k]
// all -1; each call adds items [n][count], numbered from `first` on.
CLG_API void clg_nearest(const float *queries, int q, const float *items, int n, int64_t count, int first,
                         int k, int *index, float *distance);

// --- memorisation ------------------------------------------------------------------------------
struct clg_memorisation_params {
    const struct clg_pictures *pictures; // the training pictures: files, decoded in parts; or NULL, and then
    const float *values;                 // [values_n][size][size][channels] in -1..1
    int values_n;
    bool pixels, features;     // what to compare: pictures, D's features (clg_gan_features), or both
    bool flip;                 // compare with the training pictures' mirror images too
    int k;                     // neighbours of each sample
    clg_progress_fn *progress; // may be NULL; counts training pictures
    void *user;
};
CLG_API struct clg_memorisation_params clg_memorisation_params_default(void); // both, k 5

struct clg_neighbours {
    int *index; // [samples][k]: training pictures' numbers, nearest first; -1: no more. NULL: not compared
    bool *mirrored;  // [samples][k]: its mirror image is the neighbour
    float *distance; // [samples][k]: root mean square of the difference, INFINITY where index is -1
    double smallest; // of all samples
    double median;   // of the distances from training pictures to the nearest other one
    double near;     // 5 % of these are smaller
    int nearer;      // samples that are nearer to a training picture than `near`
};
struct clg_memorisation {
    int samples, training, k;
    int scale; // training pictures, spread over all, that median and near come from
    struct clg_neighbours pixels, features;
};
// Compares samples [n][size][size][channels] with all training pictures. Distances mean something beside
// those between training pictures: a copy is far nearer than `near`, a new picture about as far as the
// median. CLG_EDATA with fewer than 2 training pictures. Waits for the device. Free with
// clg_memorisation_free.
CLG_API int clg_memorisation_search(struct clg_memorisation **found, struct clg_gan *gan,
                                    const float *samples, int n,
                                    const struct clg_memorisation_params *params);
CLG_API void clg_memorisation_free(struct clg_memorisation **found);

#ifdef __cplusplus
}
#endif
#endif
