// Shared by the parts of `clgan layers`.
#ifndef CLG_CLI_CMD_LAYERS_H
#define CLG_CLI_CMD_LAYERS_H

#include "cli/cli.h"

enum { LAYERS_COLUMNS = 4 }; // of the sheet

// "03-max-pool-48x48.png"
void layers_file_name(int i, const struct clg_primer_output *output, char name[64]);
// Writes every output's picture, and `sheet` with all of them, into a folder that exists.
int layers_save(const struct clg_primer_output outputs[CLG_PRIMER_STEPS], const char *folder,
                const char *sheet, const struct clg_log *log);

#endif
