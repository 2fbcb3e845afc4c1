// Going on with a run: what its checkpoint tells, and the command that does it.
#ifndef CLG_CLI_RESUME_H
#define CLG_CLI_RESUME_H

#include "cli/cli.h"

// The folder of the run that --resume names: itself, or that of its model.safetensors. CLG_EIO or CLG_EINVAL
// after a line that says what to give. `folder` has PATH_MAX bytes.
int cli_resume_folder(const char *named, char *folder, const struct clg_log *log);

// Sets the model's options as the run in `folder` has them, with a warning where the command line says
// otherwise, and *step to where it stands. CLG_EIO or CLG_EFORMAT when its checkpoint cannot be read.
int cli_resume_model(const char *folder, struct clg_gan_params *gan, int64_t *step,
                     const struct cli_given *given, const struct clg_log *log);

// The command that goes on with the run in `folder` on the same device.
void cli_resume_print(FILE *file, const char *folder, const struct cli_device_options *where);

#endif
