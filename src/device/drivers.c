// Loading OpenCL's drivers, once for the process, without those that crash.
#include "device/drivers.h"

#include "base/file.h"
#include "base/log.h"
#include "device/caches.h"
#include "device/devices.h"
#include "device/first_kernel.h"
#include "device/probe.h"
#include "device/vendors.h"

#include <dlfcn.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SOON = 2, TIMEOUT = 20 }; // seconds

// What was found, for the whole process.
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static struct clg_driver *found;
static int found_count;
static bool loaded;

// --- remembering that all was well -------------------------------------------------------------
// Names of a file that says which state of the drivers was well. It has the other name while they are loaded:
// a process that does not live through that leaves none of the first name.
struct memory {
    char well[PATH_MAX + 32], loading[PATH_MAX + 32];
    char state[32];
};

static void memory_find(struct memory *m, const char *folder, uint64_t state)
{
    snprintf(m->well, sizeof m->well, "%s/drivers-well", folder);
    snprintf(m->loading, sizeof m->loading, "%s/drivers-loading", folder);
    snprintf(m->state, sizeof m->state, "%016" PRIx64 "\n", state);
}

static bool memory_has(const struct memory *m)
{
    char *text;
    size_t size;
    if (clg_file_read(m->well, sizeof m->state, &text, &size, &clg_log_silent))
        return false;
    const bool same = !strcmp(text, m->state);
    free(text);
    return same;
}

static void memory_write(const struct memory *m)
{
    struct clg_file file;
    if (clg_file_create(&file, m->well, &clg_log_silent))
        return;
    fputs(m->state, file.stream);
    clg_file_commit(&file, &clg_log_silent);
}

// --- trying them -------------------------------------------------------------------------------
struct trial {
    const struct clg_vendor *vendors;
    struct clg_driver *drivers; // one for each; what is not ok is left out
    bool *take;                 // room for a choice of them
    int n;
    char command[PATH_MAX];
    char parent[PATH_MAX]; // of folders with .icd files
    double timeout;
    const struct clg_log *log;
};

static bool is_well(const struct clg_probe *probe)
{
    return probe->state == CLG_PROBE_GOOD || probe->state == CLG_PROBE_UNKNOWN;
}

static int interrupted(const struct clg_log *log)
{
    return clg_fail(log, CLG_EDEVICE, "looking at the OpenCL drivers was interrupted");
}

// Starts to load those of t->take.
static void start(struct trial *t, struct clg_probe *probe, struct clg_vendors_view *view)
{
    *probe = (struct clg_probe){.state = CLG_PROBE_UNKNOWN, .told = -1, .words = -1};
    if (clg_vendors_view(view, t->vendors, t->take, t->n, t->parent, t->log))
        return;
    char **environment = clg_vendors_environment(view);
    if (environment)
        clg_probe_start(probe, t->command, environment);
    clg_vendors_environment_free(&environment);
}

// together: with other drivers, which it is well without.
static void leave_out(struct clg_driver *driver, const struct clg_probe *probe, bool together)
{
    const char *when = probe->listed ? "while it compiled a first kernel" : "while it was loaded";
    const char *others = together ? " together with the other drivers" : "";
    driver->ok = false;
    if (probe->said[0])
        snprintf(driver->text, sizeof driver->text, "it %s %s%s; it said \"%s\"", probe->what, when, others,
                 probe->said);
    else
        snprintf(driver->text, sizeof driver->text, "it %s %s%s", probe->what, when, others);
}

static void keep_note(struct clg_driver *driver, const struct clg_probe *probe, int number)
{
    char note[400];
    clg_probe_note(probe, number, note, sizeof note);
    if (note[0])
        snprintf(driver->text, sizeof driver->text, "it cannot be loaded: %s", note);
}

// Each driver alone, all at a time, beside probes[0], which has all of them and runs already or has ended.
static int try_each(struct trial *t, struct clg_probe *probes, struct clg_vendors_view *views)
{
    for (int i = 0; i < t->n; i++) {
        memset(t->take, 0, (size_t)t->n * sizeof *t->take);
        t->take[i] = true;
        start(t, &probes[1 + i], &views[i]);
    }
    clg_probes_wait(probes, t->n + 1, t->timeout);
    clg_probes_end(probes, t->n + 1, t->timeout);
    bool stopped = probes[0].state == CLG_PROBE_INTERRUPTED;
    for (int i = 0; i < t->n; i++) {
        clg_vendors_view_end(&views[i]);
        stopped = stopped || probes[1 + i].state == CLG_PROBE_INTERRUPTED;
        if (!is_well(&probes[0]) && !is_well(&probes[1 + i]))
            leave_out(&t->drivers[i], &probes[1 + i], false);
        else
            keep_note(&t->drivers[i], &probes[1 + i], 0);
    }
    return stopped ? interrupted(t->log) : 0;
}

static void try_chosen(struct trial *t, struct clg_probe *probe)
{
    struct clg_vendors_view view;
    start(t, probe, &view);
    clg_probes_wait(probe, 1, t->timeout);
    clg_probes_end(probe, 1, t->timeout);
    clg_vendors_view_end(&view);
}

// Drivers that are well alone may be at odds, with two versions of LLVM for example: one after the other
// joins those that are well together. PoCL comes last, as the others may be GPUs.
static int try_together(struct trial *t)
{
    struct clg_probe probe;
    int chosen = 0;
    for (int i = 0; i < t->n; i++) {
        t->take[i] = t->drivers[i].ok;
        chosen += t->take[i];
    }
    if (chosen < 2)
        return 0;
    try_chosen(t, &probe);
    if (is_well(&probe))
        return 0;
    memset(t->take, 0, (size_t)t->n * sizeof *t->take);
    for (int i = 0; i < 2 * t->n; i++) {
        const int at = i % t->n;
        const bool pocl = strcasestr(t->drivers[at].library, "pocl") != NULL;
        if (!t->drivers[at].ok || pocl != (i >= t->n))
            continue;
        t->take[at] = true;
        try_chosen(t, &probe);
        if (probe.state == CLG_PROBE_INTERRUPTED)
            return interrupted(t->log);
        if (is_well(&probe))
            continue;
        t->take[at] = false;
        leave_out(&t->drivers[at], &probe, true);
    }
    return 0;
}

// *as_usual: the loader may load what it finds by itself.
static int try_all(struct trial *t, struct clg_probe *probes, struct clg_vendors_view *views, bool *as_usual)
{
    clg_probe_start(&probes[0], t->command, environ);
    clg_probes_wait(probes, 1, SOON);
    if (probes[0].state == CLG_PROBE_RUNNING)
        clg_log_line(t->log, CLG_LOG_INFO, "waiting for the OpenCL drivers, up to %g s", t->timeout);
    int status = 0;
    if (!is_well(&probes[0]))
        status = try_each(t, probes, views);
    *as_usual = is_well(&probes[0]);
    for (int i = 0; i < t->n && *as_usual; i++)
        keep_note(&t->drivers[i], &probes[0], i);
    if (status || *as_usual)
        return status;
    if (t->n == 0)
        return clg_fail(t->log, CLG_EDEVICE, "OpenCL %s while it was loaded; there are no files of drivers",
                        probes[0].what);
    return try_together(t);
}

static double timeout_of_user(void)
{
    const char *text = getenv("CLGAN_DRIVER_TIMEOUT");
    char *end;
    const double seconds = text ? strtod(text, &end) : 0;
    return seconds >= 1 && seconds <= 3600 && !*end ? seconds : TIMEOUT;
}

static int try_drivers(struct trial *t, bool *as_usual)
{
    *as_usual = true;
    if (!clg_probe_command(t->command, sizeof t->command))
        return 0;
    t->timeout = timeout_of_user();
    struct clg_probe *probes = calloc((size_t)t->n + 1, sizeof *probes);
    struct clg_vendors_view *views = calloc((size_t)t->n + 1, sizeof *views);
    const int status = probes && views
                           ? try_all(t, probes, views, as_usual)
                           : clg_fail(t->log, CLG_ENOMEM, "out of memory trying OpenCL's drivers");
    free(probes);
    free(views);
    return status;
}

// --- loading them ------------------------------------------------------------------------------
// The loader reads its environment at the first call; drivers start when they are asked for devices.
static void load(void)
{
    enum { MOST = 64 };
    cl_platform_id platforms[MOST];
    cl_uint n = 0, devices;
    if (clGetPlatformIDs(MOST, platforms, &n))
        return;
    for (cl_uint i = 0; i < n && i < MOST; i++)
        clGetDeviceIDs(platforms[i], CL_DEVICE_TYPE_ALL, 0, NULL, &devices);
}

static int load_chosen(struct trial *t)
{
    struct clg_vendors_view view;
    struct clg_vendors_before before;
    for (int i = 0; i < t->n; i++)
        t->take[i] = t->drivers[i].ok;
    const int status = clg_vendors_view(&view, t->vendors, t->take, t->n, t->parent, t->log);
    if (status)
        return status;
    clg_vendors_enter(&before, &view);
    load();
    clg_vendors_leave(&before);
    clg_vendors_view_end(&view);
    return 0;
}

// Tries them, unless all is as it was when all was well; then loads them.
static int try_and_load(struct trial *t, bool anew)
{
    struct memory memory;
    if (!clg_cache_folder("", t->parent, sizeof t->parent, &clg_log_silent))
        snprintf(t->parent, sizeof t->parent, "/tmp");
    memory_find(&memory, t->parent, clg_vendors_state(t->vendors, t->n));
    bool as_usual = true;
    const int status = !anew && memory_has(&memory) ? 0 : try_drivers(t, &as_usual);
    if (status)
        return status;
    rename(memory.well, memory.loading);
    if (!as_usual)
        return load_chosen(t);
    load();
    rename(memory.loading, memory.well);
    if (!memory_has(&memory))
        memory_write(&memory);
    return 0;
}

// --- for the whole process ---------------------------------------------------------------------
static void copy_start(char *to, size_t size, const char *from)
{
    const size_t length = strnlen(from, size - 1);
    memcpy(to, from, length);
    to[length] = 0;
}

static struct clg_driver *drivers_of(const struct clg_vendor *vendors, int n)
{
    struct clg_driver *drivers = calloc((size_t)n + 1, sizeof *drivers);
    for (int i = 0; drivers && i < n; i++) {
        copy_start(drivers[i].file, sizeof drivers[i].file, vendors[i].file);
        copy_start(drivers[i].library, sizeof drivers[i].library, vendors[i].library);
        drivers[i].ok = true;
    }
    return drivers;
}

static bool needs_pocl(const struct clg_vendor *vendors, int n)
{
    for (int i = 0; i < n; i++)
        if (strcasestr(vendors[i].file, "pocl") || strcasestr(vendors[i].library, "pocl"))
            return true;
    return n == 0; // without an .icd file the loader may be PoCL itself
}

static int load_first(bool anew, const struct clg_log *log)
{
    struct clg_vendor *vendors;
    struct trial t = {.log = log};
    int status = clg_vendors_find(&vendors, &t.n, log);
    if (status)
        return status;
    t.vendors = vendors;
    t.take = calloc((size_t)t.n + 1, sizeof *t.take);
    t.drivers = drivers_of(vendors, t.n);
    if (needs_pocl(vendors, t.n))
        clg_pocl_cache_prepare(log);
    if (t.take && t.drivers)
        status = try_and_load(&t, anew);
    else
        status = clg_fail(log, CLG_ENOMEM, "out of memory listing the OpenCL drivers");
    if (!status) {
        found = t.drivers;
        found_count = t.n;
        loaded = true;
    } else {
        free(t.drivers);
    }
    free(t.take);
    free(vendors);
    return status;
}

int clg_drivers_load(const struct clg_log *log)
{
    pthread_mutex_lock(&mutex);
    const bool first = !loaded;
    const int status = first ? load_first(false, log) : 0;
    for (int i = 0; first && !status && i < found_count; i++)
        if (!found[i].ok)
            clg_log_line(log, CLG_LOG_WARNING,
                         "the OpenCL driver %s (%s) is left out: %s; reinstall or remove it", found[i].file,
                         found[i].library, found[i].text);
    pthread_mutex_unlock(&mutex);
    return status;
}

int clg_drivers_list(struct clg_driver **list, int *count, const struct clg_log *log)
{
    *list = NULL;
    *count = 0;
    int status = clg_opencl_enter(log); // before the lock, which a forked child could wait for in vain
    if (status)
        return status;
    pthread_mutex_lock(&mutex);
    if (!loaded)
        status = load_first(true, log);
    if (!status) {
        *list = malloc(((size_t)found_count + 1) * sizeof **list);
        if (*list) {
            memcpy(*list, found, (size_t)found_count * sizeof **list);
            *count = found_count;
        } else {
            status = clg_fail(log, CLG_ENOMEM, "out of memory listing the OpenCL drivers");
        }
    }
    pthread_mutex_unlock(&mutex);
    return status;
}

void clg_drivers_free(struct clg_driver **list)
{
    free(*list);
    *list = NULL;
}

int clg_drivers_try(void)
{
    struct clg_vendor *vendors;
    struct clg_device_info *list;
    int n, count;
    clg_probe_begin();
    loaded = true; // here they are tried as they are
    clg_vendors_find(&vendors, &n, &clg_log_silent);
    clg_devices_list(&list, &count, &clg_log_silent);
    clg_probe_listed();
    clg_first_kernel();
    clg_probe_finish();
    for (int i = 0; i < n; i++) // a library that is there and not loaded has no platform for this machine
        if (!dlopen(vendors[i].library, RTLD_LAZY | RTLD_LOCAL))
            clg_probe_write_note(i, dlerror());
    _exit(0);
}
