// Doctor: is a device to be trusted? Everything that clgan computes with is tried on it, and what is found is
// told row by row: for a bug report, or before a long run.
#ifndef CLGAN_DOCTOR_H
#define CLGAN_DOCTOR_H

#include <clgan/device.h>

#ifdef __cplusplus
extern "C" {
#endif

enum clg_doctor_area {
    CLG_DOCTOR_QUIRK,       // what drivers do their own way
    CLG_DOCTOR_CORRECTNESS, // operations, and every variant of the convolution, against float64
    CLG_DOCTOR_DETERMINISM, // the same again is the same, bit for bit
    CLG_DOCTOR_BANDWIDTH,   // as clg_device_peaks
    CLG_DOCTOR_MEMORY,      // the largest allocation
};
CLG_API const char *clg_doctor_area_name(enum clg_doctor_area area); // "quirks", "correctness", ...

// One finding; the texts are valid during the call.
struct clg_doctor_row {
    enum clg_doctor_area area;
    const char *name;  // "conv=winograd forward", "batch norm gradient": the operation, its variant
    const char *shape; // as in clg_tune_row, or ""
    bool ok;           // false: a failure
    // correctness: the error in the results' rms, and the worst that is taken for right; infinity: not a
    // number, or written to a wrong place; NaN, in any area: the device failed before there was a value
    double value, limit;
    const char *text; // what was found, in words; of a failure also how to go on
};
// Called from the caller's thread.
typedef void clg_doctor_fn(void *user, const struct clg_doctor_row *row);

struct clg_doctor_params {
    bool all;   // every parameter list on every shape; on CPUs CLBlast too, which compiles for minutes
    bool quick; // a part of the shapes, a shorter look at the rest
    clg_doctor_fn *row;        // each finding
    clg_progress_fn *progress; // what is tried next; may be NULL
    void *user;
};
CLG_API struct clg_doctor_params clg_doctor_params_default(void);

// Tries everything; *failures counts the rows that are not ok. Lines that the library would log meanwhile are
// in the rows instead. When the device stops answering, a row says so and the rest is left out: that is no
// error of this function. Takes a minute or so, and much of the device's memory for a moment.
CLG_API int clg_device_doctor(struct clg_device *device, const struct clg_doctor_params *params,
                              int *failures);

// How many OpenCL extensions the device has; and the ICD loader's name, version and OpenCL version in words:
// "OpenCL ICD Loader 2.3.1, OpenCL 3.0 (OCL Icd free software)", or that it does not tell.
CLG_API int clg_device_extensions(const struct clg_device *device);
CLG_API void clg_loader_text(char *text, size_t size);

#ifdef __cplusplus
}
#endif
#endif
