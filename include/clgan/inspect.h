// Inspecting nets: their filters, which feature maps respond to what, and what the generator's feature maps
// draw. Zeiler and Fergus 2014; Radford, Metz and Chintala 2015, section 6. Pictures are float32
// [n][size][size][channels] in -1..1. All of these wait for the device.
#ifndef CLGAN_INSPECT_H
#define CLGAN_INSPECT_H

#include <clgan/explore.h>

#ifdef __cplusplus
extern "C" {
#endif

// --- filters -----------------------------------------------------------------------------------
// The filters next to the pictures, as pictures: those of D's first convolution or of G's last one (of the
// averaged generator if there is one). info: the tensor's name in checkpoints, and the shape
// [n][side][side][channels] of filters, which may be NULL to ask for the shape alone.
CLG_API int clg_gan_filters(struct clg_gan *gan, enum clg_net_kind net, struct clg_tensor_info *info,
                            float *filters);

// --- which feature maps respond ----------------------------------------------------------------
struct clg_map_stats {
    int map;
    double rms;
    float min, max;
};
// stats [c] of one input's feature maps [h][w][c], by falling rms; equal ones by number.
CLG_API void clg_maps_rank(const float *maps, int h, int w, int c, struct clg_map_stats *stats);

struct clg_feature {
    int map;
    double response; // mean over its best pictures
};
// Ranks the c feature maps of D's layer by how strongly they respond. A map's response to a picture is its
// largest value there; its rank is the mean over the `best_n` pictures it responds to most. features [c],
// strongest first, equal ones by number; best [c][best_n]: the pictures of features[i], strongest first,
// equal ones by number. CLG_EINVAL unless 1 <= best_n <= n. progress may be NULL; it counts pictures.
CLG_API int clg_gan_rank_features(struct clg_gan *gan, const float *pictures, int n, int layer, int best_n,
                                  struct clg_feature *features, int *best, clg_progress_fn *progress,
                                  void *user);

// --- what the generator's feature maps draw ----------------------------------------------------
// Pictures of z [n][z] with all feature maps, and without the maps_n listed ones of a layer (section 6.3.1).
// rms (may be NULL): of the difference. CLG_EINVAL when a map or the layer does not exist.
CLG_API int clg_gan_ablate_maps(struct clg_gan *gan, const float *z, int n, int layer, const int *maps,
                                int maps_n, float *with, float *without, double *rms);

// scores [n][classes] of pictures; the largest of a row names the picture's class. Returns 0, or a negative
// error code, which ends the search.
typedef int clg_scores_fn(void *user, const float *pictures, int n, float *scores);

struct clg_class_search {
    int layer;           // of the generator
    int classes, target; // as in the scores; which class to search for
    clg_scores_fn *scores;
    void *scores_user;
    int n;                // samples of the class to search with, >= 1; up to as many others check the result
    int maps_max;         // feature maps to take, >= 1
    uint64_t seed, first; // of the samples
    clg_progress_fn *progress; // may be NULL; counts feature maps
    void *user;
};
struct clg_map_effect {
    int map;
    double drop; // of the class's mean score without this map
};
struct clg_class_score {
    double mean;  // score of the class
    double share; // of the samples that still belong to it, 0..1
};
struct clg_class_maps {
    int n;                                 // maps taken: those with the largest drops above 0; may be 0
    struct clg_map_effect *effects;        // [maps of the layer], largest drop first, equal ones by number
    int samples, checks;                   // samples of the class that the drops come from; others
    float *z;                              // [samples + checks][z]
    struct clg_class_score before;         // of the samples
    struct clg_class_score with_all;       // of the checks, with all maps
    struct clg_class_score without;        // without the n taken ones
    struct clg_class_score without_others; // without n of the rest, spread evenly
};
// Finds the feature maps that draw a class: those whose ablation lowers its score most. Draws samples of the
// seed until 2 n belong to the class, or 32 n are drawn (fewer than 2 members: CLG_EINVAL). Free with
// clg_class_maps_free.
CLG_API int clg_class_maps_find(struct clg_class_maps **found, struct clg_gan *gan,
                                const struct clg_class_search *search);
CLG_API void clg_class_maps_free(struct clg_class_maps **found);

#ifdef __cplusplus
}
#endif
#endif
