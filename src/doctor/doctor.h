// Inside the doctor: one examination, and its parts.
#ifndef CLG_DOCTOR_DOCTOR_H
#define CLG_DOCTOR_DOCTOR_H

#include <clgan/doctor.h>

#include "base/log.h"
#include "device/device.h"

struct clg_doctor {
    struct clg_device *d;
    const struct clg_doctor_params *params;
    bool counting;      // a first pass over all parts, to count the trials
    bool lost;          // the device no longer answers
    size_t total, done; // trials
    int failures;
    struct clg_log_capture log; // the first error since the trial began
};

// Begins a trial, named for the progress; false: skip it.
bool clg_doctor_begin(struct clg_doctor *doc, const char *format, ...) CLG_PRINTF(2, 3);
// Reports its finding. A status other than 0 makes it a failure: its text is the library's error, then `format`.
void clg_doctor_report(struct clg_doctor *doc, int status, struct clg_doctor_finding finding,
                       const char *format, ...) CLG_PRINTF(4, 5);
// A log for another device opened by a trial.
struct clg_log clg_doctor_log(struct clg_doctor *doc);

// A small tensor in a slab of its own.
int clg_doctor_tensor(struct clg_device *d, struct clg_slab **slab, int n, struct clg_tensor *tensor);

void clg_doctor_quirks(struct clg_doctor *doc);
void clg_doctor_operations(struct clg_doctor *doc);
void clg_doctor_convolutions(struct clg_doctor *doc);
void clg_doctor_steps(struct clg_doctor *doc);
void clg_doctor_bandwidth(struct clg_doctor *doc);
void clg_doctor_memory(struct clg_doctor *doc);

#endif
