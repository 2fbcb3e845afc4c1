// What `clgan doctor` prints: a report to paste into a bug report, or JSON.
#include "cli/cmd/doctor.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

enum { AREAS = CLG_DOCTOR_MEMORY + 1 };

// --- findings ----------------------------------------------------------------------------------
void doctor_keep(void *user, const struct clg_doctor_finding *row)
{
    struct doctor_findings *f = user;
    f->failures += !row->ok;
    if (f->n == f->room) {
        const int room = f->room ? 2 * f->room : 128;
        struct doctor_row *rows = realloc(f->rows, (size_t)room * sizeof *rows);
        if (!rows)
            return; // it is counted
        f->rows = rows;
        f->room = room;
    }
    struct doctor_row *kept = &f->rows[f->n++];
    kept->row = *row;
    snprintf(kept->name, sizeof kept->name, "%s", row->name);
    snprintf(kept->shape, sizeof kept->shape, "%s", row->shape);
    kept->text = strdup(row->text);
}

void doctor_free(struct doctor_findings *f)
{
    for (int i = 0; i < f->n; i++)
        free(f->rows[i].text);
    free(f->rows);
    f->rows = NULL;
    f->n = f->room = 0;
}

// --- the machine -------------------------------------------------------------------------------
// PRETTY_NAME of os-release, without its quotes.
static void system_name(char *name, size_t size)
{
    char line[256];
    FILE *file = fopen("/etc/os-release", "r");
    snprintf(name, size, "unknown system");
    while (file && fgets(line, sizeof line, file)) {
        if (strncmp(line, "PRETTY_NAME=", 12))
            continue;
        const char *start = line + 12 + strspn(line + 12, "\"'");
        snprintf(name, size, "%.*s", (int)strcspn(start, "\"'\n"), start);
    }
    if (file)
        fclose(file);
}

static void system_text(char *text, size_t size)
{
    char name[128];
    struct utsname u = {0};
    system_name(name, sizeof name);
    uname(&u);
    snprintf(text, size, "%s; %s %s %s; %ld processors", name, u.sysname, u.release, u.machine,
             sysconf(_SC_NPROCESSORS_ONLN));
}

static void print_driver(const struct clg_driver *d)
{
    if (!d->ok)
        printf("FAILED      driver %s (%s)\n            %s; it is left out: reinstall or remove it\n",
               d->file, d->library, d->text);
    else
        printf("drivers     %s (%s)%s%s\n", d->file, d->library, d->text[0] ? ": " : "", d->text);
}

void doctor_print_system(const struct clg_driver *drivers, int driver_count)
{
    char text[512];
    printf("clgan       %s, doctor\n", clg_version());
    system_text(text, sizeof text);
    printf("system      %s\n", text);
    clg_loader_text(text, sizeof text);
    printf("loader      %s\n", text);
    for (int i = 0; i < driver_count; i++)
        print_driver(&drivers[i]);
}

// --- in words ----------------------------------------------------------------------------------
static void print_device(const struct doctor_findings *f)
{
    static const char *const types[] = {"GPU", "CPU", "other"};
    const struct clg_device_info *d = &f->info;
    char memory[16], piece[16], local[16];
    printf("\ndevice      %d (%d:%d) %s\n", d->index, d->platform, d->device, d->name);
    printf("platform    %s; %s\n", d->platform_name, d->version);
    printf("driver      %s; %s\n", d->driver, d->vendor);
    printf("facts       %s, %u units, %s, %s in one piece, %s local, work-groups of %zu", types[d->type],
           d->compute_units, cli_bytes_text(d->memory, memory), cli_bytes_text(d->max_allocation, piece),
           cli_bytes_text(d->local_memory, local), d->max_work_group);
    if (f->extensions >= 0)
        printf(", %d extensions", f->extensions);
    puts("");
}

// "conv=gpu forward of 4x16x16x64 ...: off by 0.1, allowed 2e-05": one line.
static void print_row(const struct doctor_row *r)
{
    printf("%s%s%s", r->name, r->shape[0] ? ", " : "", r->shape);
    if (r->row.area != CLG_DOCTOR_CORRECTNESS)
        return;
    if (isnan(r->row.value))
        printf(": cannot be computed");
    else if (isfinite(r->row.value))
        printf(": error %.2g, %.2g is allowed", r->row.value, r->row.limit);
    else
        printf(": not a number, or written where nothing belongs");
}

// What is said of several in a row is said once.
static void print_failures(const struct doctor_findings *f)
{
    for (int i = 0, next; i < f->n; i = next) {
        next = i + 1;
        if (f->rows[i].row.ok)
            continue;
        printf("FAILED      ");
        print_row(&f->rows[i]);
        puts("");
        while (next < f->n && f->rows[next].row.ok)
            next++;
        if (next == f->n || strcmp(f->rows[next].text, f->rows[i].text))
            printf("            %s\n", f->rows[i].text);
    }
}

// The variant that a row is about, or what all other operations are called.
static void group_of(const struct doctor_row *r, char group[64])
{
    const bool variant = !strncmp(r->name, "conv=", 5);
    snprintf(group, 64, "%.*s", variant ? (int)strcspn(r->name, " ") : 64, variant ? r->name : "operations");
}

// How many of each variant's trials are right, and how near they come to the limit.
static void print_groups(const struct doctor_findings *f)
{
    char group[64], other[64];
    for (int i = 0; i < f->n; i++) {
        int before = 0, n = 0, right = 0;
        double nearest = 0;
        group_of(&f->rows[i], group);
        for (int k = 0; k < f->n; k++) {
            const struct clg_doctor_finding *row = &f->rows[k].row;
            group_of(&f->rows[k], other);
            if (row->area != CLG_DOCTOR_CORRECTNESS || strcmp(group, other))
                continue;
            before += k < i;
            n++;
            right += row->ok;
            if (row->ok && row->limit > 0)
                nearest = fmax(nearest, row->value / row->limit);
        }
        if (f->rows[i].row.area == CLG_DOCTOR_CORRECTNESS && !before)
            printf("            %-14s %d of %d right, their errors up to %.2g of what is allowed\n", group,
                   right, n, nearest);
    }
}

static void print_area(const struct doctor_findings *f, enum clg_doctor_area area, bool all_rows)
{
    int n = 0, right = 0;
    for (int i = 0; i < f->n; i++) {
        n += f->rows[i].row.area == area;
        right += f->rows[i].row.area == area && f->rows[i].row.ok;
    }
    if (!n)
        return;
    printf("%-11s %d of %d well\n", clg_doctor_area_name(area), right, n);
    if (area == CLG_DOCTOR_CORRECTNESS)
        print_groups(f);
    for (int i = 0; i < f->n; i++) {
        const struct doctor_row *r = &f->rows[i];
        if (r->row.area != area || !(all_rows || (r->row.ok && area != CLG_DOCTOR_CORRECTNESS)))
            continue;
        printf("            ");
        print_row(r);
        printf("%s%s\n", area == CLG_DOCTOR_CORRECTNESS ? " - " : ": ",
               r->row.ok ? r->text : "FAILED, see above");
    }
}

void doctor_print(const struct doctor_findings *f, bool all_rows)
{
    char duration[32];
    print_device(f);
    print_failures(f);
    for (int area = 0; area < AREAS; area++)
        print_area(f, (enum clg_doctor_area)area, all_rows);
    cli_duration_text(f->seconds, duration, sizeof duration);
    printf("total       %d findings, %d failed, in %s\n", f->n, f->failures, duration);
}

// --- JSON --------------------------------------------------------------------------------------
static void add_number(cJSON *o, const char *name, double value)
{
    if (isfinite(value))
        cJSON_AddNumberToObject(o, name, value);
    else
        cJSON_AddNullToObject(o, name);
}

static void add_row(cJSON *rows, const struct doctor_row *r)
{
    cJSON *o = cJSON_CreateObject();
    cJSON_AddStringToObject(o, "area", clg_doctor_area_name(r->row.area));
    cJSON_AddStringToObject(o, "name", r->name);
    cJSON_AddStringToObject(o, "shape", r->shape);
    cJSON_AddBoolToObject(o, "ok", r->row.ok);
    add_number(o, "value", r->row.value);
    add_number(o, "limit", r->row.limit);
    cJSON_AddStringToObject(o, "text", r->text);
    cJSON_AddItemToArray(rows, o);
}

static void add_device(cJSON *devices, const struct doctor_findings *f)
{
    cJSON *o = cJSON_CreateObject();
    cJSON_AddNumberToObject(o, "index", f->info.index);
    cJSON_AddStringToObject(o, "name", f->info.name);
    cJSON_AddStringToObject(o, "platform", f->info.platform_name);
    cJSON_AddStringToObject(o, "version", f->info.version);
    cJSON_AddStringToObject(o, "driver", f->info.driver);
    cJSON_AddStringToObject(o, "vendor", f->info.vendor);
    cJSON_AddNumberToObject(o, "extensions", f->extensions);
    cJSON_AddNumberToObject(o, "failures", f->failures);
    add_number(o, "seconds", round(10 * f->seconds) / 10);
    cJSON *rows = cJSON_AddArrayToObject(o, "findings");
    for (int i = 0; i < f->n; i++)
        add_row(rows, &f->rows[i]);
    cJSON_AddItemToArray(devices, o);
}

int doctor_print_json(const struct doctor_findings *findings, int n, const struct clg_driver *drivers,
                      int driver_count, const struct clg_log *log)
{
    char text[512];
    cJSON *all = cJSON_CreateObject();
    cJSON_AddStringToObject(all, "clgan", clg_version());
    system_text(text, sizeof text);
    cJSON_AddStringToObject(all, "system", text);
    clg_loader_text(text, sizeof text);
    cJSON_AddStringToObject(all, "loader", text);
    cli_drivers_json(all, drivers, driver_count);
    cJSON *devices = cJSON_AddArrayToObject(all, "devices");
    for (int i = 0; i < n; i++)
        add_device(devices, &findings[i]);
    int status = cli_json_print(all, true, log);
    cJSON_Delete(all);
    return status;
}
