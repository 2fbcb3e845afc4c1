// Going on with a run: options from its checkpoint, and the command line that does it.
#ifndef CLGAN_CLI_RESUME_H
#define CLGAN_CLI_RESUME_H

#include "cli.h"

// Texts that params point at.
struct cli_kept {
    char *text[8];
    int n;
};
void cli_kept_free(struct cli_kept *kept);

// Fills in what the checkpoint at `path` tells: the model as it is (a warning where the command line says
// otherwise), and the training options that the command line left out. CLG_EIO or CLG_EFORMAT when it cannot
// be read.
int cli_resume_options(const char *path, struct clg_gan_params *gan, struct clg_train_params *train,
                       const struct cli_given *given, struct cli_kept *kept, const struct clg_log *log);

// The command that goes on with this run.
void cli_resume_print(FILE *file, const struct clg_train_params *train,
                      const struct cli_device_options *where);

#endif
