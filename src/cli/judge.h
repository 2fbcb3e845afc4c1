// A classifier of `clgan classify --save` at work on pictures that a model draws.
#ifndef CLG_CLI_JUDGE_H
#define CLG_CLI_JUDGE_H

#include "cli/cli.h"

struct cli_judge;

// Reads the file and checks that its features are ones of this model's pictures. The gan must outlive it.
int cli_judge_open(struct cli_judge **judge, const char *path, struct clg_gan *gan,
                   const struct clg_log *log);
void cli_judge_close(struct cli_judge **judge);

int cli_judge_classes(const struct cli_judge *judge);
const char *cli_judge_class(const struct cli_judge *judge, int i);
// The number of a class; or CLG_EINVAL after a line that tells which ones there are.
int cli_judge_find(const struct cli_judge *judge, const char *name);

// scores [n][classes] of pictures [n][size][size][channels], the largest is the answer.
int cli_judge_scores(struct cli_judge *judge, const float *pictures, int n, float *scores);

// Does a picture with these scores [classes] belong to the class?
bool cli_judge_is(const struct cli_judge *judge, const float *scores, int class);

#endif
