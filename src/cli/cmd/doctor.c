// clgan doctor: is each device to be trusted? A report for a bug report, or for oneself before a long run.
#include "cli/cmd/doctor.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct doctor_options {
    const char *device, *kernels;
    bool all, quick, json, verbose;
};

#define AT(field) offsetof(struct doctor_options, field)
static const struct clg_option doctor_table[] = {
    {"device", CLG_OPTION_TEXT, AT(device), 0, 0, NULL, "SPEC",
     "this one alone: auto, gpu, cpu, N, P:D or a part of the name (default: $CLGAN_DEVICE, else every one)"},
    {"quick", CLG_OPTION_BOOL, AT(quick), 0, 0, NULL, NULL,
     "fewer shapes: seconds instead of a minute or two"},
    {"all", CLG_OPTION_BOOL, AT(all), 0, 0, NULL, NULL,
     "every parameter list on every shape; on CPUs CLBlast too, which compiles for minutes"},
    {"json", CLG_OPTION_BOOL, AT(json), 0, 0, NULL, NULL, "every finding as JSON"},
    {"kernels", CLG_OPTION_PATH, AT(kernels), 0, 0, NULL, "DIR", "read .cl files from this folder first"},
    {"verbose", CLG_OPTION_BOOL, AT(verbose), 0, 0, NULL, NULL, "list what is right, too"},
    {0},
};

// --- a driver that crashes ---------------------------------------------------------------------
// What is being tried, for the line that is then all there is to say.
static char doing[512];

static void on_crash(int number)
{
    static const char what[] = "\nclgan: the device's driver crashed the program, in ", last[] = "\n";
    ssize_t unused = write(STDERR_FILENO, what, sizeof what - 1);
    unused = write(STDERR_FILENO, doing, strlen(doing));
    unused = write(STDERR_FILENO, last, sizeof last - 1);
    (void)unused, (void)number;
    _exit(CLI_DEVICE);
}

static void crashes_catch(void)
{
    static const int numbers[] = {SIGSEGV, SIGBUS, SIGILL, SIGABRT};
    struct sigaction action = {.sa_handler = on_crash};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        sigaction(numbers[i], &action, NULL);
}

// --- one device --------------------------------------------------------------------------------
struct examination {
    struct doctor_findings *findings;
    struct cli_progress *progress;
    double began;
    char said[1024]; // why it does not open
};

static void on_progress(void *user, const char *what, size_t done, size_t total)
{
    struct examination *e = user;
    const double seconds = cli_seconds() - e->began;
    char eta[32] = "-";
    if (done > 8)
        cli_duration_text(seconds / (double)done * (double)(total - done), eta, sizeof eta);
    snprintf(doing, sizeof doing, "%s, on %s", what, e->findings->info.name);
    cli_progress_line(e->progress, false, "examining %zu/%zu  %s  ETA %s", done + 1, total, what, eta);
}

static void on_row(void *user, const struct clg_doctor_finding *row)
{
    struct examination *e = user;
    doctor_keep(e->findings, row);
}

static void hear(void *user, enum clg_log_level level, const char *line)
{
    struct examination *e = user;
    if (level == CLG_LOG_ERROR && !e->said[0])
        snprintf(e->said, sizeof e->said, "%s", line);
}

static int device_open(struct clg_device **device, struct examination *e,
                       const struct doctor_options *options)
{
    const struct clg_device_info *info = &e->findings->info;
    char pair[32];
    const struct clg_log log = {hear, e};
    snprintf(pair, sizeof pair, "%d:%d", info->platform, info->device);
    snprintf(doing, sizeof doing, "opening %s", info->name);
    const struct cli_device_options where = {.device = pair, .kernels = options->kernels, .no_tuning = true};
    return cli_device_open_quietly(device, &where, e->progress, &log);
}

// A device that cannot be opened is a finding.
static int examine(struct doctor_findings *findings, const struct doctor_options *options,
                   const struct clg_log *log, struct cli_progress *progress)
{
    struct examination e = {.findings = findings, .progress = progress, .began = cli_seconds()};
    struct clg_doctor_params params = clg_doctor_params_default();
    struct clg_device *device;
    int failures, status = device_open(&device, &e, options);
    findings->extensions = -1;
    if (status) {
        const struct clg_doctor_finding row = {
            .area = CLG_DOCTOR_QUIRK, .name = "opening the device", .shape = "", .text = e.said};
        doctor_keep(findings, &row);
        return status == CLG_EIO ? cli_fail(log, status, "%s", e.said) : 0; // --kernels of no folder
    }
    findings->extensions = clg_device_extensions(device);
    params.all = options->all;
    params.quick = options->quick;
    params.finding = on_row;
    params.progress = on_progress;
    params.user = &e;
    status = clg_device_doctor(device, &params, &failures);
    snprintf(doing, sizeof doing, "closing %s", findings->info.name);
    clg_device_close(&device);
    cli_progress_end(progress, false);
    findings->seconds = cli_seconds() - e.began;
    return status;
}

// --- all of them -------------------------------------------------------------------------------
// What there is.
struct machine {
    struct clg_device_info *devices;
    struct clg_driver *drivers;
    int device_count, driver_count;
    int crashed; // drivers that are left out
};

static int examine_some(struct doctor_findings *findings, int n, const struct machine *m,
                        const struct doctor_options *options, const struct clg_log *log,
                        struct cli_progress *progress)
{
    int status = 0;
    crashes_catch();
    if (!options->json)
        doctor_print_system(m->drivers, m->driver_count);
    for (int i = 0; i < n && !status; i++) {
        cli_output_flush(); // what is known so far, should the driver crash
        status = examine(&findings[i], options, log, progress);
        if (!status && !options->json)
            doctor_print(&findings[i], options->verbose);
    }
    if (status || !options->json)
        return status;
    return doctor_print_json(findings, n, m->drivers, m->driver_count, log);
}

// No device that was asked for: lists what there is, or says what to install.
static int refuse(const struct machine *m, int status, const char *why, const struct doctor_options *options,
                  struct cli_progress *progress)
{
    const struct clg_log log = cli_log(progress, false);
    if (m->device_count) {
        cli_devices_print(m->devices, m->device_count, -1, stderr);
        return cli_exit_code(cli_fail(&log, status, "%s", why));
    }
    if (m->crashed)
        examine_some(NULL, 0, m, options, &log, progress);
    fputs(clg_devices_advice(), stderr);
    return m->crashed ? CLI_DEVICE : cli_exit_code(status);
}

static int doctor(const struct machine *m, const struct doctor_options *options,
                  struct cli_progress *progress)
{
    const bool has_spec = options->device && *options->device;
    const struct clg_log log = cli_log(progress, false);
    char why[1024];
    int at = 0;
    if (has_spec || !m->device_count)
        at = clg_devices_select(m->devices, m->device_count, options->device, why, sizeof why);
    if (at < 0)
        return refuse(m, at, why, options, progress);
    const int n = has_spec ? 1 : m->device_count;
    int failures = m->crashed;
    struct doctor_findings *findings = calloc((size_t)n, sizeof *findings);
    if (!findings)
        return cli_exit_code(cli_fail(&log, CLG_ENOMEM, "out of memory"));
    for (int i = 0; i < n; i++)
        findings[i].info = m->devices[at + i];
    int status = examine_some(findings, n, m, options, &log, progress);
    for (int i = 0; i < n; i++) {
        failures += findings[i].failures;
        doctor_free(&findings[i]);
    }
    free(findings);
    if (status)
        return cli_exit_code(status);
    return failures ? CLI_DEVICE : CLI_OK;
}

int cmd_doctor(int argc, char **argv)
{
    struct doctor_options options = {.device = getenv("CLGAN_DEVICE")};
    const struct cli_options tables[] = {{"Options", doctor_table, &options}, {0}};
    const struct cli_command command = {
        .usage = "clgan doctor [--device SPEC] [--quick | --all] [--json]",
        .about =
            "Tries on every device what clgan computes with, and prints a report to paste into a bug\n"
            "report: every operation and every variant of the convolution against float64 sums, whether\n"
            "the same again gives the same bits, how much of the memory that is told is there, how fast it\n"
            "is, and what the driver does its own way; drivers are loaded in another process first, to\n"
            "find those that crash. The other commands leave out a variant that is\n"
            "wrong by themselves. Exit code 0: all is well; 3: something failed.",
        .examples = "  clgan doctor\n  clgan doctor --device gpu --quick\n  clgan doctor --all > report.txt\n"
                    "  clgan doctor --json | jq '.devices[].findings[] | select(.ok | not)'\n",
        .options = tables,
    };
    int code = cli_parse(&command, argc, argv, NULL);
    if (code == CLI_RUN && options.all && options.quick)
        code = cli_usage_error("doctor", "--quick and --all are opposites: leave out one");
    if (code != CLI_RUN)
        return code;
    struct cli_progress progress = cli_progress_new();
    const struct clg_log log = cli_log(&progress, false);
    if (options.kernels && access(options.kernels, R_OK | X_OK))
        return cli_exit_code(cli_fail(&log, CLG_EIO, "no folder %s to read kernels from: %s", options.kernels,
                                      strerror(errno)));
    struct machine m = {0};
    int status = clg_drivers_list(&m.drivers, &m.driver_count, &log);
    if (!status)
        status = clg_devices_list(&m.devices, &m.device_count, &log);
    m.crashed = cli_drivers_warn(m.drivers, m.driver_count, &log);
    code = status ? cli_exit_code(status) : doctor(&m, &options, &progress);
    clg_devices_free(&m.devices);
    clg_drivers_free(&m.drivers);
    return code;
}
