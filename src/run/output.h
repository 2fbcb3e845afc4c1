// What a run leaves behind: out/model.safetensors, metrics.csv, samples/, report.html.
#ifndef CLG_RUN_OUTPUT_H
#define CLG_RUN_OUTPUT_H

#include <clgan/train.h>

struct clg_output;

// Creates params->out, or opens the folder of the run to resume. A new run clears an earlier one's folder; a
// resumed one drops the rows of metrics.csv after its checkpoint's step.
int clg_output_open(struct clg_output **output, struct clg_device *device, struct clg_gan *gan,
                    const struct clg_train_params *params);
void clg_output_close(struct clg_output **output);
int clg_output_metrics(struct clg_output *output,
                       const struct clg_train_status *status);         // a row of metrics.csv
int clg_output_sample(struct clg_output *output, struct clg_gan *gan); // samples/step-N.png
int clg_output_save(struct clg_output *output, struct clg_gan *gan); // model.safetensors, and N more by step
int clg_output_report(struct clg_output *output);                    // report.html

#endif
