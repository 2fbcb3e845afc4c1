// An examination: its parts in order, their findings, and devices that stop responding.
#include "doctor/doctor.h"

#include "base/log.h"
#include "ops/ops.h"

#include <math.h>
#include <stdarg.h>
#include <string.h>

const char *clg_doctor_area_name(enum clg_doctor_area area)
{
    static const char *const names[] = {"quirks", "correctness", "determinism", "bandwidth", "memory"};
    return names[area];
}

struct clg_doctor_params clg_doctor_params_default(void)
{
    return (struct clg_doctor_params){0};
}

struct clg_log clg_doctor_log(struct clg_doctor *doc)
{
    return clg_log_capture(&doc->log, &clg_log_silent);
}

int clg_doctor_tensor(struct clg_device *d, struct clg_slab **slab, int n, struct clg_tensor *tensor)
{
    const struct clg_shape shape = {1, 1, 1, n};
    int status = clg_slab_new(slab, d, clg_slab_size(shape));
    return status ? status : clg_slab_take(*slab, shape, tensor);
}

bool clg_doctor_begin(struct clg_doctor *doc, const char *format, ...)
{
    if (doc->counting) {
        doc->total++;
        return false;
    }
    if (doc->lost)
        return false;
    char what[192];
    va_list args;
    va_start(args, format);
    vsnprintf(what, sizeof what, format, args);
    va_end(args);
    doc->log.text[0] = 0;
    if (doc->params->progress)
        doc->params->progress(doc->params->user, what, doc->done, doc->total);
    doc->done++;
    return true;
}

// Does it still do the simplest thing?
static bool device_responds(struct clg_device *d)
{
    struct clg_slab *slab = NULL;
    struct clg_tensor x;
    float value = 0;
    int status = clg_doctor_tensor(d, &slab, 1, &x);
    if (!status)
        status = clg_fill(d, x, 2);
    if (!status)
        status = clg_tensor_read(d, x, &value);
    clg_slab_free(&slab);
    return !status && value == 2;
}

static void pass_on(struct clg_doctor *doc, const struct clg_doctor_finding *finding)
{
    doc->failures += !finding->ok;
    doc->params->finding(doc->params->user, finding);
}

void clg_doctor_report(struct clg_doctor *doc, int status, struct clg_doctor_finding finding,
                       const char *format, ...)
{
    char text[1600];
    size_t used = 0;
    if (status) {
        const char *why = doc->log.text[0] ? doc->log.text : clg_error_text(status);
        used = (size_t)snprintf(text, sizeof text, "%.1023s; ", why);
        finding.ok = false;
        finding.value = NAN;
    }
    va_list args;
    va_start(args, format);
    vsnprintf(text + used, sizeof text - used, format, args);
    va_end(args);
    finding.text = text;
    finding.shape = finding.shape ? finding.shape : "";
    pass_on(doc, &finding);
    if (!status || device_responds(doc->d))
        return;
    doc->lost = true;
    finding = (struct clg_doctor_finding){.area = CLG_DOCTOR_QUIRK,
                                          .name = "device lost",
                                          .shape = "",
                                          .text = "the device no longer responds: the rest is skipped"};
    pass_on(doc, &finding);
}

static void examine(struct clg_doctor *doc)
{
    static void (*const parts[])(struct clg_doctor *) = {clg_doctor_quirks,       clg_doctor_operations,
                                                         clg_doctor_convolutions, clg_doctor_steps,
                                                         clg_doctor_bandwidth,    clg_doctor_memory};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        parts[i](doc);
}

int clg_device_doctor(struct clg_device *d, const struct clg_doctor_params *params, int *failures)
{
    struct clg_doctor doc = {.d = d, .params = params, .counting = true};
    const struct clg_log log = d->log;
    *failures = 0;
    if (!params->finding)
        return clg_fail(&d->log, CLG_EINVAL, "params.finding is NULL: there is nowhere to report to");
    d->log = clg_doctor_log(&doc);
    examine(&doc);
    doc.counting = false;
    examine(&doc);
    d->log = log;
    *failures = doc.failures;
    return 0;
}
