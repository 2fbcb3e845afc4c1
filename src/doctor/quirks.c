// Where drivers differ: reported limits and what works, special numbers, timers, binaries.
#include "doctor/doctor.h"

#include "base/file.h"
#include "base/log.h"
#include "device/profile.h"
#include "device/program.h"
#include "ops/ops.h"

#include <math.h>
#include <stdlib.h>

static struct clg_doctor_finding quirk(const char *name, bool ok, double value, double limit)
{
    return (struct clg_doctor_finding){
        .area = CLG_DOCTOR_QUIRK, .name = name, .ok = ok, .value = value, .limit = limit};
}

// --- work-groups and local memory --------------------------------------------------------------
enum { GROUPS = 3 };

// Work-groups of `size` items that pass each other `each` numbers through local memory. *right: all arrived.
static int exchange(struct clg_device *d, size_t size, size_t each, bool *right)
{
    struct clg_slab *slab = NULL;
    struct clg_tensor counts;
    const size_t items = GROUPS * size;
    float *host = calloc(items, sizeof *host);
    int status = host ? clg_doctor_tensor(d, &slab, (int)items, &counts)
                      : clg_fail(&d->log, CLG_ENOMEM, "out of memory");
    const struct clg_launch l = {
        .file = "doctor.cl", .kernel = "doctor_exchange", .global = {items}, .local = {size}};
    if (!status) {
        const struct clg_arg args[] = {
            CLG_T(counts), CLG_I(each), {.kind = CLG_ARG_LOCAL, .bytes = size * each * sizeof(cl_int)}};
        status = clg_launch(d, &l, CLG_ARGS(args));
    }
    if (!status)
        status = clg_tensor_read(d, counts, host);
    *right = true;
    for (size_t i = 0; i < items && !status; i++)
        *right &= host[i] == (float)each;
    clg_slab_free(&slab);
    free(host);
    return status;
}

static void groups_examine(struct clg_doctor *doc)
{
    const size_t reported = doc->d->info.max_work_group;
    if (!clg_doctor_begin(doc, "work-groups of %zu", reported))
        return;
    bool right;
    int status = exchange(doc->d, reported, 1, &right);
    clg_doctor_report(
        doc, status,
        quirk("work-group limit", right, right && !status ? (double)reported : 0, (double)reported),
        status || !right ? "work-groups of %zu do not work although the device reports them"
                         : "work-groups of %zu work, as reported",
        reported);
}

// If the reported size fails, searches for the first smaller size that works.
static void local_memory_examine(struct clg_doctor *doc)
{
    const size_t reported = (size_t)doc->d->info.local_memory, size = (size_t)doc->d->work_group,
                 finding = size * sizeof(cl_int);
    if (!clg_doctor_begin(doc, "%zu bytes of local memory", reported))
        return;
    size_t each = reported / finding;
    bool right;
    int status = exchange(doc->d, size, each, &right);
    const bool all = !status && right;
    while (!(right && !status) && each > 1) {
        each -= each > 8 ? each / 8 : 1;
        status = exchange(doc->d, size, each, &right);
    }
    const size_t usable = right && !status ? each * finding : 0;
    const struct clg_doctor_finding found = quirk("local memory", all, (double)usable, (double)reported);
    if (all)
        clg_doctor_report(doc, 0, found, "all %zu bytes reported can be used", reported);
    else
        clg_doctor_report(doc, 0, found, "%zu bytes are reported, about %zu are usable%s%s", reported, usable,
                          doc->log.text[0] ? ": " : "", doc->log.text);
}

// --- special numbers ---------------------------------------------------------------------------
enum { ANSWERS = 6, SPECIALS = 7, PAIRS = SPECIALS * SPECIALS + 2 };
#define TINY 1e-39f // a denormal

// Every special number with every other; then two pairs whose results are denormal, of normal and
// denormal numbers.
static void pairs_make(float *a, float *b)
{
    const float special_examine[SPECIALS] = {NAN, INFINITY, -INFINITY, 0, 1, -1, 3e38f};
    for (int i = 0; i < SPECIALS * SPECIALS; i++)
        a[i] = special_examine[i / SPECIALS], b[i] = special_examine[i % SPECIALS];
    a[PAIRS - 2] = 1e-20f, b[PAIRS - 2] = 1e-19f;
    a[PAIRS - 1] = TINY, b[PAIRS - 1] = 2;
}

static int special_run(struct clg_device *d, const char *options, const float *a, const float *b, float *out)
{
    struct clg_slab *slabs[3] = {0};
    struct clg_tensor ta, tb, to;
    int status = clg_doctor_tensor(d, &slabs[0], PAIRS, &ta);
    if (!status)
        status = clg_doctor_tensor(d, &slabs[1], PAIRS, &tb);
    if (!status)
        status = clg_doctor_tensor(d, &slabs[2], ANSWERS * PAIRS, &to);
    if (!status)
        status = clg_tensor_write(d, ta, a);
    if (!status)
        status = clg_tensor_write(d, tb, b);
    if (!status) {
        const struct clg_launch l = {
            .file = "doctor.cl", .kernel = "doctor_special", .options = options, .global = {PAIRS}};
        const struct clg_arg args[] = {CLG_T(ta), CLG_T(tb), CLG_T(to), CLG_I(PAIRS)};
        status = clg_launch(d, &l, CLG_ARGS(args));
    }
    if (!status)
        status = clg_tensor_read(d, to, out);
    for (int i = 0; i < 3; i++)
        clg_slab_free(&slabs[i]);
    return status;
}

// Denormals may count as zeros, and a quotient has a few roundings.
static bool same(float is, float expected)
{
    if (isnan(is) || isnan(expected) || isinf(is) || isinf(expected))
        return (isnan(is) && isnan(expected)) || is == expected;
    return fabs((double)is - expected) <= 1e-6 * fabs((double)expected) + 1.2e-38;
}

// The first answer that is not IEEE 754's; -1: none.
static int first_wrong(const float *a, const float *b, const float *out, float *expected)
{
    for (int i = 0; i < ANSWERS * SPECIALS * SPECIALS; i++) {
        const float x = a[i / ANSWERS], y = b[i / ANSWERS];
        const float device_responds[ANSWERS] = {x + y,
                                                x - y,
                                                x * y,
                                                x / y,
                                                isnan(x)   ? 1.0f
                                                : isinf(x) ? 2.0f
                                                           : 0.0f,
                                                (x > y ? 1.0f : 0.0f) + (isnan(x) ? 2.0f : 0.0f)};
        *expected = device_responds[i % ANSWERS];
        if (!same(out[i], *expected))
            return i;
    }
    return -1;
}

static void special_report(struct clg_doctor *doc, const float *a, const float *b, const float *out)
{
    static const char *const signs[ANSWERS] = {"+", "-", "*", "/", "(class of the first)", ">"};
    float expected;
    const int wrong = first_wrong(a, b, out, &expected);
    if (wrong < 0)
        clg_doctor_report(doc, 0, quirk("NaN and infinity", true, 0, 0),
                          "survive kernels, as IEEE 754 demands");
    else
        clg_doctor_report(
            doc, 0, quirk("NaN and infinity", false, 1, 0),
            "%g %s %g gives %g, not %g: the driver prefers speed to correctness; a failing training "
            "may go unnoticed",
            (double)a[wrong / ANSWERS], signs[wrong % ANSWERS], (double)b[wrong / ANSWERS],
            (double)out[wrong], (double)expected);
}

static void denormal_report(struct clg_doctor *doc, const float *out)
{
    const bool made = out[ANSWERS * (PAIRS - 2) + 2] != 0, taken = out[ANSWERS * (PAIRS - 1) + 2] != 0,
               reported = clg_device_keeps_denormals(doc->d);
    clg_doctor_report(
        doc, 0, quirk("denormals", true, made + taken, 2 * reported),
        "as results they are %s, as operands %s; the device reports that it %s (clgan does not need them)",
        made ? "kept" : "zero", taken ? "taken" : "zero", reported ? "has them" : "has none");
}

static void special_examine(struct clg_doctor *doc)
{
    float a[PAIRS], b[PAIRS], out[ANSWERS * PAIRS];
    if (!clg_doctor_begin(doc, "NaN, infinity and denormals"))
        return;
    pairs_make(a, b);
    int status = special_run(doc->d, NULL, a, b, out);
    if (status) {
        clg_doctor_report(doc, status, quirk("NaN and infinity", false, 0, 0), "they cannot be tested");
        return;
    }
    special_report(doc, a, b, out);
    denormal_report(doc, out);
}

// --- binaries ----------------------------------------------------------------------------------
// A program made from its own binary computes the same.
static void reload_examine(struct clg_doctor *doc)
{
    static const char options[] = " -DRELOADED"; // a program of its own
    struct clg_device *d = doc->d;
    struct clg_program *program;
    float a[PAIRS], b[PAIRS], first[ANSWERS * PAIRS], second[ANSWERS * PAIRS];
    double seconds = 0;
    bool same_results = true;
    if (!clg_doctor_begin(doc, "compiled kernels, reloaded"))
        return;
    pairs_make(a, b);
    int status = special_run(d, NULL, a, b, first);
    if (!status)
        status = clg_program_get(d, "doctor.cl", options, &program);
    if (!status)
        status = clg_program_build(d, program);
    if (!status) {
        seconds = clg_seconds();
        status = clg_program_reload(d, program);
        seconds = clg_seconds() - seconds;
    }
    if (!status)
        status = special_run(d, options, a, b, second);
    for (int i = 0; i < ANSWERS * PAIRS && !status; i++)
        same_results &= first[i] == second[i] || (isnan(first[i]) && isnan(second[i]));
    const struct clg_doctor_finding finding = quirk("kernel binaries", same_results, 1e3 * seconds, 0);
    if (status || !same_results)
        clg_doctor_report(doc, status, finding,
                          "a kernel made from its binary differs from the compiled one: open the "
                          "device without a cache folder (--no-cache)");
    else
        clg_doctor_report(doc, 0, finding, "reload and compute the same (%.0f ms)%s", 1e3 * seconds,
                          d->caches_itself ? "; not used here, as the driver keeps its own" : "");
}

// --- timers ------------------------------------------------------------------------------------
// The time of some fills of a vector, by the device's timers and the host's.
static int fills_time(struct clg_device *d, double *device, double *host)
{
    enum { FLOATS = 1 << 22, FILLS = 8 };
    struct clg_slab *slab = NULL;
    struct clg_tensor x;
    struct clg_profile_row *rows = NULL;
    int count = 0, status = clg_doctor_tensor(d, &slab, FLOATS, &x);
    if (!status)
        status = clg_fill(d, x, 1); // compiles
    if (!status)
        status = clg_device_finish(d);
    clg_profile_free(d);
    if (!status)
        status = clg_profile_new(d);
    const double begun = clg_seconds();
    for (int i = 0; i < FILLS && !status; i++)
        status = clg_fill(d, x, 1);
    if (!status)
        status = clg_device_profile(d, &rows, &count);
    *host = clg_seconds() - begun;
    *device = count ? rows[0].seconds : 0;
    free(rows);
    clg_slab_free(&slab);
    return status;
}

static void timers_examine(struct clg_doctor *doc)
{
    char select[32];
    struct clg_device *d = NULL;
    struct clg_device_params params = doc->d->params;
    double device = 0, host = 0;
    if (!clg_doctor_begin(doc, "profiling timers"))
        return;
    snprintf(select, sizeof select, "%d:%d", doc->d->info.platform, doc->d->info.device);
    params.select = select;
    params.kernels_dir = doc->d->kernels_dir;
    params.cache_dir = doc->d->cache_dir;
    params.tuning_dir = params.variants = NULL;
    params.profile = true;
    params.log = clg_doctor_log(doc);
    int status = clg_device_open(&d, &params);
    if (!status)
        status = fills_time(d, &device, &host);
    clg_device_close(&d);
    const bool ok = device > 0 && device <= 1.05 * host + 1e-3;
    clg_doctor_report(doc, status, quirk("profiling timers", ok, 1e3 * device, 1e3 * host),
                      "%.3f ms by the device's timers, %.3f ms by the host's%s", 1e3 * device, 1e3 * host,
                      ok || status ? "" : ": profiles (--profile) mean nothing here");
}

void clg_doctor_quirks(struct clg_doctor *doc)
{
    groups_examine(doc);
    local_memory_examine(doc);
    special_examine(doc);
    reload_examine(doc);
    timers_examine(doc);
}
