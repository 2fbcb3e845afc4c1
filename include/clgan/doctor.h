// Doctor: can a device be trusted? Tries everything that clgan computes with, and reports finding by finding: for a
// bug report, or before a long run.
#ifndef CLGAN_DOCTOR_H
#define CLGAN_DOCTOR_H

#include <clgan/device.h>

#ifdef __cplusplus
extern "C" {
#endif

enum clg_doctor_area {
    CLG_DOCTOR_QUIRK,       // where drivers differ
    CLG_DOCTOR_CORRECTNESS, // operations, and every variant of the convolution, against float64
    CLG_DOCTOR_DETERMINISM, // repeated runs are equal, bit for bit
    CLG_DOCTOR_BANDWIDTH,   // as clg_device_peaks
    CLG_DOCTOR_MEMORY,      // the largest allocation
};
CLG_API const char *clg_doctor_area_name(enum clg_doctor_area area); // "quirks", "correctness", ...

// One finding; the texts are valid during the call.
struct clg_doctor_finding {
    enum clg_doctor_area area;
    const char *name;  // "conv=winograd forward", "batch norm gradient": the operation, its variant
    const char *shape; // as in clg_tune_row, or ""
    bool ok;           // false: a failure
    // correctness: the error in units of the results' rms, and the largest that passes; infinity: NaN, or written
    // outside the result; NaN, in any area: the device failed before there was a value
    double value, limit;
    const char *text; // the finding in words; for a failure also what to do
};
// Called from the caller's thread.
typedef void clg_doctor_fn(void *user, const struct clg_doctor_finding *finding);

struct clg_doctor_params {
    bool all;                  // every config on every shape; on CPUs CLBlast too, which compiles for minutes
    bool quick;                // fewer shapes, shorter checks
    clg_doctor_fn *finding;    // each finding
    clg_progress_fn *progress; // what is tried next; may be NULL
    void *user;
};
CLG_API struct clg_doctor_params clg_doctor_params_default(void);

// Tries everything; *failures counts the findings that are not ok. What the library would log is in the findings
// instead. If the device stops responding, a finding says so and the rest is skipped; that is not an error of this
// function. Takes about a minute, and much of the device's memory for a moment.
CLG_API int clg_device_doctor(struct clg_device *device, const struct clg_doctor_params *params,
                              int *failures);

// How many OpenCL extensions the device has; and the ICD loader's name, version and OpenCL version in words:
// "OpenCL ICD Loader 2.3.1, OpenCL 3.0 (OCL Icd free software)", or that it is unknown.
CLG_API int clg_device_extensions(const struct clg_device *device);
CLG_API void clg_loader_text(char *text, size_t size);

#ifdef __cplusplus
}
#endif
#endif
