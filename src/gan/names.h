// The names that programs give the tensors of a DCGAN.
#ifndef CLG_GAN_NAMES_H
#define CLG_GAN_NAMES_H

#include <stdbool.h>

// NEITHER: a tensor of something else. EITHER: of the one net that the file holds.
enum clg_whose { CLG_WHOSE_NEITHER, CLG_WHOSE_EITHER, CLG_WHOSE_G, CLG_WHOSE_D };

enum { CLG_PARAM_NAME_MAX = 64 };

struct clg_tensor_name {
    enum clg_whose whose;
    char param
        [CLG_PARAM_NAME_MAX]; // "main.3.weight", as the nets call it; "" when it has no number of a layer
};

// "module.netG.main.3.weight", "generator.model.3.weight" and "main.3.weight" are all main.3.weight: wrappers
// (DataParallel's, torch.compile's, Lightning's) are stripped wherever they stand.
struct clg_tensor_name clg_tensor_name_parse(const char *name);

#endif
