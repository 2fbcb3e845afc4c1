// clgan devices: the OpenCL devices here, and which one --device selects.
#include "cli/cli.h"

#include <cjson/cJSON.h>
#include <inttypes.h>
#include <stdlib.h>

struct devices_options {
    const char *device;
    bool json;
};

// The devices and drivers of this machine.
struct machine {
    struct clg_device_info *devices;
    struct clg_driver *drivers;
    int device_count, driver_count;
};

#define AT(field) offsetof(struct devices_options, field)
static const struct clg_option devices_table[] = {
    {"device", CLG_OPTION_TEXT, AT(device), 0, 0, NULL, "SPEC",
     "show which one this selects: auto, gpu, cpu, N, P:D or a part of the name (default: $CLGAN_DEVICE)"},
    {"json", CLG_OPTION_BOOL, AT(json), 0, 0, NULL, NULL, "print everything as JSON"},
    {0},
};

// The device that a spec selects, and why.
struct choice {
    const char *spec;
    int at; // position, or negative
    char why[1024];
};

static struct choice choose(const struct clg_device_info *list, int count, const char *spec)
{
    struct choice c = {.spec = spec};
    c.at = clg_devices_select(list, count, spec, c.why, sizeof c.why);
    return c;
}

// --- JSON --------------------------------------------------------------------------------------
static cJSON *device_json(const struct clg_device_info *d)
{
    static const char *const types[] = {"gpu", "cpu", "other"};
    char uuid[40];
    cJSON *o = cJSON_CreateObject();
    cJSON_AddNumberToObject(o, "index", d->index);
    cJSON_AddNumberToObject(o, "platform", d->platform);
    cJSON_AddNumberToObject(o, "device", d->device);
    cJSON_AddStringToObject(o, "name", d->name);
    cJSON_AddStringToObject(o, "vendor", d->vendor);
    cJSON_AddStringToObject(o, "driver", d->driver);
    cJSON_AddStringToObject(o, "version", d->version);
    cJSON_AddStringToObject(o, "platform_name", d->platform_name);
    cJSON_AddStringToObject(o, "type", types[d->type]);
    cJSON_AddNumberToObject(o, "compute_units", d->compute_units);
    cJSON_AddNumberToObject(o, "memory", (double)d->memory);
    cJSON_AddNumberToObject(o, "max_allocation", (double)d->max_allocation);
    cJSON_AddNumberToObject(o, "local_memory", (double)d->local_memory);
    cJSON_AddNumberToObject(o, "max_work_group", (double)d->max_work_group);
    cJSON_AddBoolToObject(o, "fp16", d->fp16);
    cJSON_AddBoolToObject(o, "fp64", d->fp64);
    cJSON_AddBoolToObject(o, "available", d->available);
    snprintf(uuid, sizeof uuid, "%016" PRIx64 "%016" PRIx64, d->uuid[0], d->uuid[1]);
    cJSON_AddStringToObject(o, "uuid", d->uuid[0] || d->uuid[1] ? uuid : "");
    return o;
}

static void add_choice(cJSON *object, const char *name, const struct clg_device_info *list,
                       const struct choice *choice)
{
    cJSON *o = cJSON_AddObjectToObject(object, name);
    cJSON_AddStringToObject(o, "spec", choice->spec);
    if (choice->at >= 0)
        cJSON_AddNumberToObject(o, "index", list[choice->at].index);
    else
        cJSON_AddNullToObject(o, "index");
    cJSON_AddStringToObject(o, "why", choice->why);
}

static int print_json(const struct machine *m, const struct choice *by_itself, const struct choice *asked)
{
    cJSON *all = cJSON_CreateObject(), *devices = cJSON_AddArrayToObject(all, "devices");
    for (int i = 0; i < m->device_count; i++)
        cJSON_AddItemToArray(devices, device_json(&m->devices[i]));
    add_choice(all, "auto", m->devices, by_itself);
    add_choice(all, "selected", m->devices, asked);
    cli_drivers_json(all, m->drivers, m->driver_count);
    const struct clg_log log = cli_log(NULL, false);
    int status = cli_json_print(all, true, &log);
    cJSON_Delete(all);
    return status;
}

// --- text --------------------------------------------------------------------------------------
static void print_choice(const struct clg_device_info *list, const struct choice *choice)
{
    if (choice->at >= 0)
        printf("%s takes %d, %s: %s\n", choice->spec, list[choice->at].index, list[choice->at].name,
               choice->why);
}

static int show(const struct machine *m, const struct devices_options *options)
{
    const struct clg_device_info *list = m->devices;
    const int count = m->device_count;
    bool has_spec = options->device && *options->device;
    struct choice by_itself = choose(list, count, "auto");
    struct choice asked = choose(list, count, has_spec ? options->device : "auto");
    int status = asked.at < 0 ? CLG_ENODEV : 0;
    if (options->json) {
        int printed = print_json(m, &by_itself, &asked);
        status = printed ? printed : status;
    } else if (count) {
        cli_devices_print(list, count, asked.at, stdout);
        putchar('\n');
        print_choice(list, &by_itself);
        if (has_spec)
            print_choice(list, &asked);
    }
    if (!count)
        fputs(clg_devices_advice(), stderr);
    else if (asked.at < 0)
        fprintf(stderr, "clgan: %s\n", asked.why);
    return status;
}

int cmd_devices(int argc, char **argv)
{
    struct devices_options options = {.device = getenv("CLGAN_DEVICE")};
    const struct cli_options tables[] = {{"Options", devices_table, &options}, {0}};
    const struct cli_command command = {
        .usage = "clgan devices [--device SPEC] [--json]",
        .about =
            "Lists the OpenCL devices, which one clgan selects, and why. A device that two platforms expose is\n"
            "listed once. If there is no device, or SPEC matches none, it says what to do and exits with code 2.\n"
            "Each driver is first loaded in a separate process: one that crashes there is named and left out.",
        .examples = "  clgan devices\n  clgan devices --device gpu\n  clgan devices --json\n",
        .options = tables,
    };
    int code = cli_parse(&command, argc, argv, NULL);
    if (code != CLI_RUN)
        return code;
    struct clg_log log = cli_log(NULL, false);
    struct machine m = {0};
    int status = clg_drivers_list(&m.drivers, &m.driver_count, &log);
    if (!status)
        status = clg_devices_list(&m.devices, &m.device_count, &log);
    if (!status) {
        cli_drivers_warn(m.drivers, m.driver_count, &log);
        status = show(&m, &options);
    }
    clg_devices_free(&m.devices);
    clg_drivers_free(&m.drivers);
    return cli_exit_code(status);
}
