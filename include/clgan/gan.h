// The DCGAN (Radford, Metz and Chintala 2015): a generator, a discriminator, and the adversarial step.
#ifndef CLGAN_GAN_H
#define CLGAN_GAN_H

#include <clgan/tune.h>

#ifdef __cplusplus
extern "C" {
#endif

enum clg_z_dist { CLG_Z_NORMAL, CLG_Z_UNIFORM }; // N(0, 1), or uniform on [-1, 1) as in the paper

struct clg_gan_params {
    int size;     // 16, 32, 64, 128 or 256: square pictures
    int channels; // 1 or 3
    int z;        // length of the noise vector
    int ngf, ndf; // feature maps of the widest picture-side layer, per net
    int batch;
    int z_dist;                  // enum clg_z_dist
    uint64_t seed;               // weights and noise
    float lr, beta1, beta2, eps; // Adam; the paper: 2e-4, 0.5, 0.999
    float ema; // 0: off; else decay of an averaged copy of the generator, which generation then uses
};
// 64x64x3, z 100, ngf = ndf = 64, batch 128, the paper's Adam.
CLG_API struct clg_gan_params clg_gan_params_default(void);
// Values of one picture: size x size x channels.
static inline size_t clg_gan_picture_values(const struct clg_gan_params *params)
{
    return (size_t)params->size * (size_t)params->size * (size_t)params->channels;
}
// CLG_EINVAL after a line that names the first option out of range, and its range.
CLG_API int clg_gan_params_check(const struct clg_gan_params *params, const struct clg_log *log);

struct clg_gan;

// Fresh weights: N(0, 0.02), batch-norm gains N(1, 0.02), from the seed. CLG_EINVAL as clg_gan_params_check.
CLG_API int clg_gan_new(struct clg_gan **gan, struct clg_device *device, const struct clg_gan_params *params);
CLG_API void clg_gan_free(struct clg_gan **gan);
CLG_API const struct clg_gan_params *clg_gan_params_of(const struct clg_gan *gan); // valid as long as the gan
CLG_API int64_t clg_gan_step_count(const struct clg_gan *gan);                     // training steps done
// Trainable parameters of the two nets.
CLG_API void clg_gan_parameters(const struct clg_gan *gan, int64_t *generator, int64_t *discriminator);

// Allocates and compiles everything that a training step needs, with progress; without this call the first
// step does. Afterwards clg_device_memory says how much training takes.
CLG_API int clg_gan_prepare(struct clg_gan *gan);

// Means over the batch, measured during the step, as in PyTorch's example.
struct clg_gan_metrics {
    double loss_d, loss_g;              // loss_d: real + fake
    double d_real;                      // D(x): mean probability on real pictures
    double d_fake_before, d_fake_after; // D(G(z)) before and after D's update
    double gradient_d, gradient_g;      // Euclidean norms of the nets' gradients
};

// One training step: D on real, D on fake, D's Adam; then G against the new D, G's Adam. real
// [batch][size][size] [channels], 0..255. Waits for the end of the step. A loss or gradient that is not
// finite: CLG_ENUMERIC after a line that names the net and the layer; that net's weights stay as they were.
CLG_API int clg_gan_step(struct clg_gan *gan, const uint8_t *real, struct clg_gan_metrics *metrics);
// The same with explicit inputs: real in -1..1 [batch][size][size][channels], z [batch][z].
CLG_API int clg_gan_step_with(struct clg_gan *gan, const float *real, const float *z,
                              struct clg_gan_metrics *metrics);

// z [n][params.z]: the noise vectors of a seed from number `first` on; the same on every machine and device.
CLG_API void clg_gan_noise(const struct clg_gan_params *params, uint64_t seed, uint64_t first, int n,
                           float *z);

// Pictures of n noise vectors, inference-mode batch norm: pictures [n][size][size][channels] in -1..1. Each
// depends on its own z alone, bit for bit, whatever n.
CLG_API int clg_gan_generate(struct clg_gan *gan, const float *z, int n, float *pictures);
// Logits of the discriminator (inference-mode batch norm): pictures as above, logits [n].
CLG_API int clg_gan_discriminate(struct clg_gan *gan, const float *pictures, int n, float *logits);

// One safetensors file: nets under PyTorch's names and layout (netG.main.0.weight ...), Adam's moments,
// counters, and the params with `extra` (n pairs key, value; may be NULL) as text metadata. Written whole or
// not at all. Pairs that a gan was loaded with, and options of later versions, are written again. A key that
// is an option's name: CLG_EINVAL.
CLG_API int clg_gan_save(struct clg_gan *gan, const char *path, const char *const (*extra)[2], int n);
// A checkpoint of clg_gan_save: continues bit for bit. batch > 0 replaces the checkpoint's batch size. An
// option that is missing in the checkpoint (of an earlier version) has its default; a format of a later
// version is CLG_EFORMAT. Another program's weights: a fresh gan of the sizes that follow from their shapes,
// then as clg_gan_init_from.
CLG_API int clg_gan_load(struct clg_gan **gan, struct clg_device *device, const char *path, int batch);
// Weights and batch-norm statistics alone, from any safetensors file that holds one or both nets of PyTorch's
// DCGAN example as F32, F64, F16 or BF16: netG.main.0.weight, also generator., G., gen. and the like, inside
// wrappers (module., _orig_mod., model., state_dict.); a net without a name is recognised by its layers. A bias
// before batch norm goes into its running mean. A tensor of a net that has no place: CLG_EFORMAT with its
// name; what belongs to neither net is left out with a warning. A net that is absent stays. When it fails,
// the gan is as before, unless the device failed.
CLG_API int clg_gan_init_from(struct clg_gan *gan, const char *path);
// The params that a checkpoint was saved with, and its step count. For another program's weights *steps is -1,
// size, channels, z, ngf and ndf follow from the shapes, and the others have their defaults.
CLG_API int clg_checkpoint_params(const char *path, struct clg_gan_params *params, int64_t *steps,
                                  const struct clg_log *log);
// A metadata value of a safetensors file, to be freed with free(). *value is NULL when the key is absent.
CLG_API int clg_checkpoint_metadata(const char *path, const char *key, char **value,
                                    const struct clg_log *log);

// Every parameter and running statistic of the two nets by its name in checkpoints ("netG.main.0.weight";
// "averageG.": the averaged generator) and in PyTorch's layout.
CLG_API int clg_gan_tensors(const struct clg_gan *gan); // their number
struct clg_tensor_info {
    char name[64];
    int64_t shape[4];
    int dims;
};
CLG_API int clg_gan_tensor(const struct clg_gan *gan, int i, struct clg_tensor_info *info);
CLG_API int clg_gan_tensor_read(struct clg_gan *gan, int i, float *values);
CLG_API int clg_gan_tensor_write(struct clg_gan *gan, int i, const float *values);

// Times all variants for each convolution of training and generating with these params, and keeps the fastest
// in the device's tuning file, which devices read when they are opened. Each is checked against the plain one
// first; one that fails costs a warning. To be called before any gan is made on this device. The rows
// are the caller's: free().
CLG_API int clg_gan_tune(struct clg_device *device, const struct clg_gan_params *gan,
                         const struct clg_tune_params *params, struct clg_tune_result **rows, int *count);

// The operations of a training step as it is recorded, each with how often the step runs it, in the order of
// their first run. samples > 0: each is run alone, repeatedly, and timed so many times; the nets' weights are
// then worth nothing. progress may be NULL. The operations are the caller's: free().
CLG_API int clg_gan_step_ops(struct clg_gan *gan, int samples, clg_progress_fn *progress, void *user,
                             struct clg_op_time **ops, int *count);

// The model as a table: layer, kernel/stride/pad, output shape, parameters, MMACs per picture,
// memory; totals.
CLG_API int clg_gan_describe(const struct clg_gan_params *params, FILE *file, const struct clg_log *log);
// The paper's figure 1 of it: both nets as stacks of feature maps.
CLG_API int clg_gan_describe_svg(const struct clg_gan_params *params, const char *path,
                                 const struct clg_log *log);
// Millions of multiply-accumulates of one forward pass for one picture.
CLG_API void clg_gan_cost(const struct clg_gan_params *params, double *generator, double *discriminator);
// Device memory that training takes without the operations' scratch, in bytes (0 on invalid params).
CLG_API uint64_t clg_gan_memory(const struct clg_gan_params *params);

#ifdef __cplusplus
}
#endif
#endif
