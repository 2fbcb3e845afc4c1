// Inside the doctor: one examination, and its parts.
#ifndef CLG_DOCTOR_DOCTOR_H
#define CLG_DOCTOR_DOCTOR_H

#include <clgan/doctor.h>

#include "base/log.h"
#include "device/device.h"

struct clg_doctor {
    struct clg_device *d;
    const struct clg_doctor_params *params;
    bool counting;      // a first time through all parts: how many trials are there?
    bool lost;          // the device no longer answers
    size_t total, done; // trials
    int failures;
    struct clg_log_capture log; // the first error since the trial began
};

// Begins a trial, named for the progress; false: it is left out.
bool clg_doctor_begin(struct clg_doctor *doc, const char *format, ...) CLG_PRINTF(2, 3);
// Its finding. A status that is not 0 makes it a failure, whose text is what the library said, then `format`.
void clg_doctor_tell(struct clg_doctor *doc, int status, struct clg_doctor_row row, const char *format, ...)
    CLG_PRINTF(4, 5);
// For a device of its own: what it logs goes to the trial.
struct clg_log clg_doctor_log(struct clg_doctor *doc);

// A small tensor of its own slab.
int clg_doctor_tensor(struct clg_device *d, struct clg_slab **slab, int n, struct clg_tensor *tensor);

void clg_doctor_quirks(struct clg_doctor *doc);
void clg_doctor_operations(struct clg_doctor *doc);
void clg_doctor_convolutions(struct clg_doctor *doc);
void clg_doctor_steps(struct clg_doctor *doc);
void clg_doctor_bandwidth(struct clg_doctor *doc);
void clg_doctor_memory(struct clg_doctor *doc);

#endif
