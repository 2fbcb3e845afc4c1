// The weights of the two nets in a safetensors file of any program.
#ifndef CLG_GAN_WEIGHTS_FILE_H
#define CLG_GAN_WEIGHTS_FILE_H

#include "data/safetensors.h"
#include "gan/names.h"
#include "nn/net.h"

#include <clgan/gan.h>

struct clg_weight {
    const struct clg_named_array *array;
    struct clg_tensor_name name; // G's, D's or neither's
    bool taken;                  // it has its place in a net
};

struct clg_weights {
    struct clg_safetensors *file;
    const char *path;
    const struct clg_log *log;
    struct clg_weight *list;
    int n;
    bool has[CLG_WHOSE_D + 1]; // G, D
};

// Opens the file and finds out what belongs to which net. CLG_EFORMAT when it holds neither net, or one
// twice. path and log stay the caller's and are needed until the close, which is due after a failure, too.
int clg_weights_open(struct clg_weights *weights, const char *path, const struct clg_log *log);
void clg_weights_close(struct clg_weights *weights);

// The tensor of a net in this place, or NULL.
struct clg_weight *clg_weights_find(const struct clg_weights *weights, enum clg_whose net, const char *param);

// Sets size, channels, z, ngf and ndf to what the file's nets have, as far as it holds them. CLG_EFORMAT
// after a line when clgan has no such model.
int clg_weights_sizes(const struct clg_weights *weights, struct clg_gan_params *params);

// "is 8x16x4x4, the model's is 8x32x4x4"
void clg_weights_shapes_text(const struct clg_named_array *array, const struct clg_param *param, char *text,
                             size_t size);
bool clg_weights_same_shape(const struct clg_named_array *array, const struct clg_param *param);

// weights_init.c: a file's nets into the gan's: nothing is written unless all of it fits.
int clg_weights_init(struct clg_gan *gan, struct clg_weights *weights);

#endif
