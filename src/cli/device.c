// The options that every computing command has for its device, and opening it.
#include "cli/cli.h"

#include <cjson/cJSON.h>
#include <limits.h>
#include <stdlib.h>

#define AT(field) offsetof(struct cli_device_options, field)
const struct clg_option cli_device_table[] = {
    {"device", CLG_OPTION_TEXT, AT(device), 0, 0, NULL, "SPEC",
     "auto, gpu, cpu, N or P:D of `clgan devices`, or a part of the name (default: $CLGAN_DEVICE)"},
    {"variant", CLG_OPTION_TEXT, AT(variant), 0, 0, NULL, "LIST",
     "force variants of operations: conv=plain,..."},
    {"kernels", CLG_OPTION_PATH, AT(kernels), 0, 0, NULL, "DIR", "read .cl files from this folder first"},
    {"exact", CLG_OPTION_BOOL, AT(exact), 0, 0, NULL, NULL,
     "convolutions by direct sums only, without Winograd: slower, a few bits more exact"},
    {"no-cache", CLG_OPTION_BOOL, AT(no_cache), 0, 0, NULL, NULL, "compile kernels anew, keep none on disk"},
    {"no-tuning", CLG_OPTION_BOOL, AT(no_tuning), 0, 0, NULL, NULL,
     "take the built-in rules, not what `clgan tune` found"},
    {"profile", CLG_OPTION_BOOL, AT(profile), 0, 0, NULL, NULL,
     "time every kernel, print a table at the end"},
    {"verbose", CLG_OPTION_BOOL, AT(verbose), 0, 0, NULL, NULL, "say more"},
    {0},
};

struct cli_device_options cli_device_defaults(void)
{
    return (struct cli_device_options){.device = getenv("CLGAN_DEVICE")};
}

const char *cli_bytes_text(uint64_t bytes, char text[16])
{
    double g = (double)bytes / (1 << 30);
    if (g >= 1)
        snprintf(text, 16, "%.1f GiB", g);
    else if (bytes >= 1 << 20)
        snprintf(text, 16, "%.0f MiB", (double)bytes / (1 << 20));
    else
        snprintf(text, 16, "%.0f KiB", (double)bytes / (1 << 10));
    return text;
}

void cli_devices_print(const struct clg_device_info *list, int count, int marked, FILE *file)
{
    static const char *const types[] = {"GPU", "CPU", "other"};
    fprintf(file, "     N   P:D  type   units     memory  max alloc      local  group  fp16  fp64  name\n");
    for (int i = 0; i < count; i++) {
        const struct clg_device_info *d = &list[i];
        char memory[16], allocation[16], local[16], pair[24];
        snprintf(pair, sizeof pair, "%d:%d", d->platform, d->device);
        fprintf(file, "%s %3d %5s  %-5s %6u %10s %10s %10s %6zu  %-4s  %-4s  %s%s\n",
                i == marked ? "->" : "  ", d->index, pair, types[d->type], d->compute_units,
                cli_bytes_text(d->memory, memory), cli_bytes_text(d->max_allocation, allocation),
                cli_bytes_text(d->local_memory, local), d->max_work_group, d->fp16 ? "yes" : "no",
                d->fp64 ? "yes" : "no", d->name, d->available ? "" : "  (not usable)");
        fprintf(file, "              %s; %s; driver %s; %s\n", d->version, d->platform_name, d->driver,
                d->vendor);
    }
}

int cli_drivers_warn(const struct clg_driver *list, int count, const struct clg_log *log)
{
    int left_out = 0;
    for (int i = 0; i < count; i++) {
        left_out += !list[i].ok;
        if (list[i].text[0])
            cli_warn(log, "the OpenCL driver %s (%s) %s: %s; reinstall or remove it", list[i].file,
                     list[i].library, list[i].ok ? "shows no device" : "is left out", list[i].text);
    }
    return left_out;
}

void cli_drivers_json(cJSON *object, const struct clg_driver *list, int count)
{
    cJSON *all = cJSON_AddArrayToObject(object, "drivers");
    for (int i = 0; i < count; i++) {
        cJSON *o = cJSON_CreateObject();
        cJSON_AddStringToObject(o, "file", list[i].file);
        cJSON_AddStringToObject(o, "library", list[i].library);
        cJSON_AddBoolToObject(o, "ok", list[i].ok);
        cJSON_AddStringToObject(o, "text", list[i].text);
        cJSON_AddItemToArray(all, o);
    }
}

static void list_devices(void)
{
    struct clg_log log = cli_log(NULL, false);
    struct clg_device_info *list;
    int count;
    if (clg_devices_list(&list, &count, &log))
        return;
    if (count)
        cli_devices_print(list, count, -1, stderr);
    else
        fputs(clg_devices_advice(), stderr);
    clg_devices_free(&list);
}

int cli_device_open_quietly(struct clg_device **device, const struct cli_device_options *options,
                            struct cli_progress *progress, const struct clg_log *log)
{
    char cache[PATH_MAX], tuning[PATH_MAX];
    struct clg_device_params params = clg_device_params_default();
    params.select = options->device;
    params.kernels_dir = options->kernels;
    params.cache_dir = options->no_cache ? NULL : clg_cache_folder("", cache, sizeof cache, log);
    params.tuning_dir = options->no_tuning ? NULL : clg_cache_folder("/tuning", tuning, sizeof tuning, log);
    params.variants = options->variant;
    params.exact = options->exact;
    params.profile = options->profile;
    params.log = *log;
    params.progress = cli_compile_progress;
    params.progress_user = progress;
    return clg_device_open(device, &params);
}

int cli_device_open(struct clg_device **device, const struct cli_device_options *options,
                    struct cli_progress *progress)
{
    const struct clg_log log = cli_log(progress, options->verbose);
    int status = clg_variants_valid(options->variant, &log);
    if (!status)
        status = cli_device_open_quietly(device, options, progress, &log);
    if (status == CLG_ENODEV)
        list_devices();
    return status;
}
