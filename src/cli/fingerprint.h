// Which discriminator it is: features of other weights mean other things.
#ifndef CLG_CLI_FINGERPRINT_H
#define CLG_CLI_FINGERPRINT_H

#include "cli/cli.h"

enum { CLI_FINGERPRINT = 17 };
// 16 hexadecimal digits of D's weights and running statistics.
int cli_fingerprint(struct clg_gan *gan, char text[CLI_FINGERPRINT], const struct clg_log *log);

#endif
