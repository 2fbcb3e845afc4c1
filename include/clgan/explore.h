// Exploring what the nets of a gan learned: latent space, feature maps, features, guided backpropagation.
// Radford, Metz and Chintala 2015, sections 5 and 6. Pictures are float32 [n][size][size][channels] in -1..1.
#ifndef CLGAN_EXPLORE_H
#define CLGAN_EXPLORE_H

#include <clgan/gan.h>
#include <clgan/ops.h>
#include <clgan/pictures.h>

#ifdef __cplusplus
extern "C" {
#endif

// --- latent space (no device needed) -----------------------------------------------------------
enum clg_path_kind {
    CLG_PATH_SPHERICAL, // along the great circle, the length interpolated too: stays where normal noise is
    CLG_PATH_LINEAR,
};
// z [length] at t (0..1) between a and b. Opposite or zero vectors have no great circle: then linear.
CLG_API void clg_z_between(enum clg_path_kind kind, const float *a, const float *b, int length, double t,
                           float *z);
// z [frames][length] along points [k][length], equally spaced over the k - 1 segments; with `loop` over k
// segments, where the last frame comes one step before the first. CLG_EINVAL unless k >= 2 and frames >= k
// (loop) or >= 2.
CLG_API int clg_z_path(enum clg_path_kind kind, const float *points, int k, int length, bool loop, int frames,
                       float *z);
// mean [length] of z [n][length], n >= 1. Section 6.3.2 averages three or more for each term.
CLG_API void clg_z_mean(const float *z, int n, int length, float *mean);
// z [n][length]: the centre itself, then n - 1 neighbours: the centre plus uniform noise in -scale..scale
// from the seed (the paper's figure 7: n 9, scale 0.25).
CLG_API void clg_z_neighbours(const float *centre, int length, int n, double scale, uint64_t seed, float *z);

// --- layers and their feature maps -------------------------------------------------------------
enum clg_net_kind { CLG_NET_GENERATOR, CLG_NET_DISCRIMINATOR };

struct clg_layer_info {
    char name[32];        // "main.3"
    char text[64];        // "conv 4x4 / 2, pad 1"
    int h, w, c;          // of its output
    bool activated;       // an activation, or a batch norm with a built-in one: its output serves as features
    char type[16];        // "conv", "conv transpose", "batch norm", "activation" ...
    struct clg_conv conv; // of the first two
    struct clg_act act;   // of the last two
    float eps;            // of a batch norm
};
CLG_API int clg_gan_layers(const struct clg_gan *gan, enum clg_net_kind net); // how many
// Describes layer i. CLG_EINVAL when i is out of range.
CLG_API int clg_gan_layer(const struct clg_gan *gan, enum clg_net_kind net, int i,
                          struct clg_layer_info *info);

// maps [n][h][w][c]: a layer's output, with inference-mode batch norm. The generator is the averaged one if
// there is one, as in clg_gan_generate. in: z [n][z] or pictures.
CLG_API int clg_gan_maps(struct clg_gan *gan, enum clg_net_kind net, const float *in, int n, int layer,
                         float *maps);
// Ablation: pictures of z [n][z] with feature map j of the generator's layer multiplied by scale[j] on the
// way (scale [c]); 0 removes the map (section 6.3.1, figure 6).
CLG_API int clg_gan_generate_ablated(struct clg_gan *gan, const float *z, int n, int layer,
                                     const float *scale, float *pictures);

// D's features as in section 5.1: every activated layer's output, max-pooled to 4x4, [4][4][c] each,
// concatenated. features [n][clg_features_count].
CLG_API int64_t clg_features_count(const struct clg_gan_params *params); // 0 on invalid params
CLG_API int clg_gan_features(struct clg_gan *gan, const float *pictures, int n, float *features);
// Features of files: pictures number which[0..n-1], decoded in parts. progress may be NULL; it counts pictures.
CLG_API int clg_gan_features_of(struct clg_gan *gan, const struct clg_pictures *pictures, const int *which,
                                int n, float *features, clg_progress_fn *progress, void *user);

// Guided backpropagation (Springenberg et al. 2015; figure 5 of the paper): the gradient from the strongest
// position of feature map `map` of D's layer back to each picture, where every activation passes only
// positive gradients, and only where it is active. gradients [n][size][size][channels]; strength [n] (may be
// NULL): the map's value at that position. A map that is all zero gives zero gradients.
CLG_API int clg_gan_guided(struct clg_gan *gan, const float *pictures, int n, int layer, int map,
                           float *gradients, float *strength);
// The plain gradient: d map[strongest position] / d picture.
CLG_API int clg_gan_saliency(struct clg_gan *gan, const float *pictures, int n, int layer, int map,
                             float *gradients, float *strength);

// --- projection: from a picture back to z ------------------------------------------------------
struct clg_project_params {
    int steps, starts; // Adam steps; different initial z, the best result of which counts
    float lr;          // Adam's, which falls to 0 along a cosine
    float prior;       // weight of mean(z^2) against the pixels' mean squared error: keeps z plausible
    uint64_t seed;     // of the starts
    clg_progress_fn *progress; // may be NULL; counts steps over all pictures
    void *user;
};
CLG_API struct clg_project_params clg_project_params_default(void);
// For each of n pictures, finds the z [n][z] whose picture is nearest in mean squared error, by gradient
// descent through the generator on the device. mask [size][size] (NULL: all ones) weights the pixels of all
// pictures: pixels of weight 0 are ignored, so that G invents them (Yeh et al. 2017, without their perceptual
// term). found (may be NULL): the pictures of z; psnr [n] (may be NULL): in dB over the weighted pixels, for
// a range of 2.
CLG_API int clg_gan_project(struct clg_gan *gan, const float *pictures, const float *mask, int n,
                            const struct clg_project_params *params, float *z, float *found, double *psnr);

// --- masks of projections ----------------------------------------------------------------------
// mask [size][size]: 1 where the picture is known, 0 where it is hidden. text: one of these names, which
// hides that part of the picture ("random": four in five pixels, chosen by the seed); or the path of a
// picture of size x size pixels, white where known (another size: CLG_EFORMAT).
#define CLG_MASKS "center, left, right, top, bottom, random"
CLG_API int clg_mask_make(const char *text, int size, uint64_t seed, float *mask, const struct clg_log *log);
// Where the mask hides the picture [size][size][channels], `hidden` (the same shape; NULL: white) replaces
// it.
CLG_API void clg_mask_blend(const float *mask, int size, int channels, const float *hidden, float *picture);
// PSNR in dB of pictures a and b [size][size][channels] for a range of 2, over the pixels that the mask shows
// (NULL: all), or over those that it hides. Infinite for equal pictures.
CLG_API double clg_mask_psnr(const float *mask, bool hidden, int size, int channels, const float *a,
                             const float *b);

#ifdef __cplusplus
}
#endif
#endif
