// The tuning table as a text file: a header that names the device, then a line for each shape.
//   forward 128x32x32x64 k128 4x4/2+1  winograd 0   12.300 ms  699.1 GF/s  error 1.2e-06
//   clblast 2
#include "tune/table.h"

#include "base/file.h"
#include "base/hash.h"
#include "base/locale.h"
#include "base/log.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { FILE_MAX = 1 << 20, HEADER = 640, NAME = 32, SIDE_MAX = 1 << 20, KERNEL_MAX = 4096 };

// --- whose file it is --------------------------------------------------------------------------

// The first line: what the times depend on. Tables of other versions of clgan are not used: a config's number may
// mean something else there.
static void header_of(const struct clg_device *d, char text[HEADER])
{
    snprintf(text, HEADER, "# clgan %s, tuned on %s; %s; %s; driver %s; %u units\n", clg_version(),
             d->info.name, d->info.platform_name, d->info.version, d->info.driver, d->info.compute_units);
}

// The device's name, without characters that are unsafe in file names, and a hash of device and driver.
bool clg_tuning_path(const struct clg_device *d, char *path, size_t size)
{
    char name[41], header[HEADER];
    size_t n = 0;
    for (const char *p = d->info.name; *p && n < sizeof name - 1; p++) {
        if (isascii((unsigned char)*p) && isalnum((unsigned char)*p))
            name[n++] = *p;
        else if (n && name[n - 1] != '-')
            name[n++] = '-';
    }
    name[n] = 0;
    header_of(d, header);
    const char *device = strchr(header, ','); // without the version: a new version rewrites the file
    int length = !d->tuning_dir ? -1
                                : snprintf(path, size, "%s/%s%s%08" PRIx32 ".txt", d->tuning_dir, name,
                                           n && name[n - 1] != '-' ? "-" : "",
                                           (uint32_t)clg_hash_text(CLG_HASH_START, device));
    return length > 0 && (size_t)length < size;
}

// --- lines -------------------------------------------------------------------------------------

static const struct clg_conv_variant *variant_named(const struct clg_conv_variant *const *variants,
                                                    const char *name)
{
    for (; *variants; variants++)
        if (strcmp((*variants)->name, name) == 0)
            return *variants;
    return NULL;
}

static bool fits_int(struct clg_shape shape)
{
    return (double)shape.n * shape.h * shape.w * shape.c <= INT32_MAX;
}

// Shapes in range: the variants' plans count in int.
static bool sides_are_sound(const struct clg_tuning_entry *e)
{
    const struct clg_conv *c = &e->conv;
    const int sides[] = {e->n, e->h, e->w, e->c, e->k}, kernel[] = {c->r, c->s, c->stride};
    for (size_t i = 0; i < sizeof sides / sizeof *sides; i++)
        if (sides[i] < 1 || sides[i] > SIDE_MAX)
            return false;
    for (size_t i = 0; i < sizeof kernel / sizeof *kernel; i++)
        if (kernel[i] < 1 || kernel[i] > KERNEL_MAX)
            return false;
    if (c->pad < 0 || c->pad >= c->r || c->pad >= c->s)
        return false;
    const struct clg_conv_job job = clg_tuning_job(e);
    return job.y.shape.h > 0 && job.y.shape.w > 0 && fits_int(job.x.shape) && fits_int(job.w.shape) &&
           fits_int(job.y.shape);
}

// NULL, or why the line cannot be used.
static const char *line_parse(struct clg_device *d, const struct clg_conv_variant *const *variants,
                              const char *line, struct clg_tuning_entry *e)
{
    char pass[NAME], variant[NAME];
    double gflops;
    int end = 0;
    *e = (struct clg_tuning_entry){0};
    sscanf(line, "%31s %9dx%9dx%9dx%9d k%9d %9dx%9d/%9d+%9d %31s %9d %lf ms %lf GF/s error %lf%n", pass,
           &e->n, &e->h, &e->w, &e->c, &e->k, &e->conv.r, &e->conv.s, &e->conv.stride, &e->conv.pad, variant,
           &e->config, &e->ms, &gflops, &e->error, &end);
    if (!end || line[end] || !(e->ms >= 0))
        return "malformed";
    int at = 0;
    while (at < 3 && strcmp(pass, clg_conv_pass_names[at]) != 0)
        at++;
    e->pass = (enum clg_conv_pass)at;
    if (at == 3 || !sides_are_sound(e))
        return "no such convolution";
    e->variant = variant_named(variants, variant);
    if (!e->variant)
        return "no such variant";
    if (e->config < 0 || e->config > e->variant->configs)
        return "the variant has no such config";
    const struct clg_conv_job job = clg_tuning_job(e);
    return e->variant->fits(d, &job) ? NULL : "the variant does not fit";
}

static bool clblast_parse(const char *line, int *list)
{
    int end = 0;
    return sscanf(line, "clblast %9d%n", list, &end) == 1 && end && !line[end] && *list >= 0 &&
           *list <= clg_gemm_lists;
}

static void line_print(FILE *file, const struct clg_tuning_entry *e)
{
    char shape[96];
    const struct clg_conv_job job = clg_tuning_job(e);
    clg_conv_shape_text(&job, shape, sizeof shape);
    fprintf(file, "%s %s  %s %d  %.4f ms  %.1f GF/s  error %.2g\n", clg_conv_pass_names[e->pass], shape,
            e->variant->name, e->config, e->ms, e->ms > 0 ? clg_conv_flops(&job) / e->ms * 1e-6 : 0.0,
            e->error);
}

// --- the file ----------------------------------------------------------------------------------

static int lines_read(struct clg_device *d, const struct clg_conv_variant *const *variants, const char *path,
                      char *text)
{
    int status = 0, number = 1; // the header
    char *rest, *line = strtok_r(text, "\n", &rest);
    for (; line && !status; line = strtok_r(NULL, "\n", &rest)) {
        struct clg_tuning_entry entry;
        number++;
        int list;
        if (clblast_parse(line, &list)) {
            d->ops->tuning->clblast_list = list;
            continue;
        }
        const char *why = line_parse(d, variants, line, &entry);
        if (why)
            clg_log_line(&d->log, CLG_LOG_INFO, "line %d of %s is skipped: %s", number, path, why);
        else
            status = clg_tuning_put(d, &entry);
    }
    return status;
}

int clg_tuning_load(struct clg_device *d, const struct clg_conv_variant *const *variants)
{
    char path[4096], header[HEADER], *text;
    size_t size;
    free(d->ops->tuning);
    d->ops->tuning = calloc(1, sizeof *d->ops->tuning);
    if (!d->ops->tuning)
        return clg_fail(&d->log, CLG_ENOMEM, "out of memory for the tuning table");
    if (!clg_tuning_path(d, path, sizeof path) || !clg_file_exists(path) ||
        clg_file_read(path, FILE_MAX, &text, &size, &clg_log_silent))
        return 0;
    header_of(d, header);
    int status = 0;
    if (strncmp(text, header, strlen(header)) == 0) {
        struct clg_locale locale = clg_locale_enter();
        status = lines_read(d, variants, path, text + strlen(header));
        clg_locale_leave(locale);
        clg_log_line(&d->log, CLG_LOG_INFO, "tuned convolutions: %d, from %s", d->ops->tuning->n, path);
    } else {
        clg_log_line(&d->log, CLG_LOG_INFO,
                     "%s is not used: it is of another version of clgan or of the driver", path);
    }
    free(text);
    return status;
}

static int file_write(struct clg_device *d, const char *path)
{
    char header[HEADER];
    struct clg_file file;
    int status = clg_folder_create(d->tuning_dir, &d->log);
    if (!status)
        status = clg_file_create(&file, path, &d->log);
    if (status)
        return status;
    header_of(d, header);
    fputs(header, file.stream);
    struct clg_locale locale = clg_locale_enter();
    if (d->ops->tuning->clblast_list)
        fprintf(file.stream, "clblast %d\n", d->ops->tuning->clblast_list);
    for (int i = 0; i < d->ops->tuning->n; i++)
        line_print(file.stream, &d->ops->tuning->entries[i]);
    clg_locale_leave(locale);
    return clg_file_commit(&file, &d->log);
}

int clg_tuning_keep(struct clg_device *d, const struct clg_conv_variant *const *variants,
                    const struct clg_tuning_entry *entries, int n, int clblast_list)
{
    char path[4096];
    const bool has_file = clg_tuning_path(d, path, sizeof path);
    const struct clg_log loud = d->log;
    d->log = clg_log_silent; // problems were reported when the table was first loaded
    int status = has_file || !d->ops->tuning ? clg_tuning_load(d, variants) : 0;
    d->log = loud;
    for (int i = 0; i < n && !status; i++)
        status = clg_tuning_put(d, &entries[i]);
    if (status)
        return status;
    d->ops->tuning->clblast_list = clblast_list;
    return has_file ? file_write(d, path) : 0;
}
