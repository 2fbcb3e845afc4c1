// What a run leaves behind: out/model.safetensors, metrics.csv, samples/, report.html.
#include "run/output.h"

#include "base/file.h"
#include "base/locale.h"
#include "base/log.h"
#include "device/device.h"
#include "gan/gan.h"
#include "run/ready.h"
#include "report/report.h"
#include "gan/texts.h"

#include <clgan/options.h>
#include <dirent.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { GRID = 64, PATH = 4096, REPORT_GRIDS = 24 };
static const char csv_header[] =
    "step,epoch,loss_d,loss_g,d_real,d_fake_before,d_fake_after,images_per_s,seconds\n";

struct clg_output {
    struct clg_log log;
    struct clg_device *device;
    struct clg_gan_params model;
    struct clg_train_params train;
    char folder[PATH - 64];
    char data[PATH]; // of train, as an absolute path: the run may be resumed from another folder
    FILE *metrics;
    double start;
    float *z; // of the sample grid: the same GRID vectors in every grid
};

static void path_in(const struct clg_output *o, const char *name, char *path)
{
    snprintf(path, PATH, "%s/%s", o->folder, name);
}

// Removes an earlier run's files that a new run would not overwrite: its samples and numbered checkpoints.
static void samples_remove(const struct clg_output *o, const char *subfolder, const char *prefix)
{
    char folder[PATH], path[PATH + 300];
    path_in(o, subfolder, folder);
    DIR *dir = opendir(folder);
    for (struct dirent *e; dir && (e = readdir(dir));)
        if (strncmp(e->d_name, prefix, strlen(prefix)) == 0) {
            snprintf(path, sizeof path, "%s/%s", folder, e->d_name);
            unlink(path);
        }
    if (dir)
        closedir(dir);
}

// Unfinished files of an earlier run that was killed; the lock on the folder excludes a running one.
static void parts_remove(const struct clg_output *o)
{
    static const char *const prefixes[] = {"model", "metrics.csv", "report.html"};
    char samples[PATH];
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++)
        clg_file_remove_parts(o->folder, prefixes[i]);
    path_in(o, "samples", samples);
    clg_file_remove_parts(samples, "step-");
}

static int folder_start(struct clg_output *o)
{
    char path[PATH];
    parts_remove(o);
    path_in(o, "model.safetensors", path);
    if (!o->train.resume && clg_file_exists(path)) {
        int status = clg_out_check(&o->train, &o->log);
        if (status)
            return status;
        unlink(path);
        samples_remove(o, "samples", "step-");
        samples_remove(o, ".", "model-");
    }
    path_in(o, "samples", path);
    return clg_folder_create(path, &o->log);
}

// Rewrites metrics.csv with its rows up to `step`.
static int metrics_rewrite(struct clg_output *o, int64_t step)
{
    char path[PATH], *old = NULL;
    size_t size;
    struct clg_file file;
    path_in(o, "metrics.csv", path);
    if (step > 0 && clg_file_exists(path)) {
        int status = clg_file_read(path, (size_t)1 << 32, &old, &size, &o->log);
        if (status)
            return status;
    }
    int status = clg_file_create(&file, path, &o->log);
    if (!status) {
        fputs(csv_header, file.stream);
        for (char *line = old ? strchr(old, '\n') : NULL; line && line[1]; line = strchr(line + 1, '\n')) {
            char *end = strchr(line + 1, '\n'); // a line cut short by a crash is dropped
            if (end && strtoll(line + 1, NULL, 10) <= step)
                fwrite(line + 1, 1, (size_t)(end - line), file.stream);
        }
        status = clg_file_commit(&file, &o->log);
    }
    free(old);
    if (!status && !(o->metrics = fopen(path, "a")))
        status = clg_fail(&o->log, CLG_EIO, "cannot write %s", path);
    return status;
}

int clg_output_open(struct clg_output **output, struct clg_device *device, struct clg_gan *gan,
                    const struct clg_train_params *params)
{
    struct clg_output *o = *output = calloc(1, sizeof *o);
    if (!o)
        return clg_fail(&device->log, CLG_ENOMEM, "out of memory");
    o->log = device->log;
    o->device = device;
    o->model = *clg_gan_params_of(gan);
    o->train = *params;
    if (clg_data_is_folder(params->data)) {
        clg_path_absolute(params->data, o->data, sizeof o->data);
        o->train.data = o->data;
    }
    o->start = clg_seconds();
    const char *folder = params->resume ? params->resume : params->out;
    if (strlen(folder) >= sizeof o->folder)
        return clg_fail(&o->log, CLG_EINVAL, "the output folder's name is too long");
    snprintf(o->folder, sizeof o->folder, "%s", folder);
    o->z = malloc(GRID * (size_t)o->model.z * sizeof *o->z);
    if (!o->z)
        return clg_fail(&o->log, CLG_ENOMEM, "out of memory");
    clg_gan_noise(&o->model, o->model.seed, 0, GRID, o->z);
    int status = folder_start(o);
    return status ? status : metrics_rewrite(o, params->resume ? clg_gan_step_count(gan) : 0);
}

void clg_output_close(struct clg_output **output)
{
    if (!*output)
        return;
    if ((*output)->metrics)
        fclose((*output)->metrics);
    free((*output)->z);
    free(*output);
    *output = NULL;
}

int clg_output_metrics(struct clg_output *o, const struct clg_train_status *s)
{
    const struct clg_gan_metrics *m = &s->metrics;
    struct clg_locale locale = clg_locale_enter();
    int written = fprintf(o->metrics, "%" PRId64 ",%.4f,%.6f,%.6f,%.6f,%.6f,%.6f,%.2f,%.3f\n", s->step,
                          s->epoch, m->loss_d, m->loss_g, m->d_real, m->d_fake_before, m->d_fake_after,
                          s->images_per_s, clg_seconds() - o->start);
    clg_locale_leave(locale);
    if (written < 0 || fflush(o->metrics))
        return clg_fail(&o->log, CLG_EIO, "cannot write %s/metrics.csv", o->folder);
    return 0;
}

int clg_output_sample(struct clg_output *o, struct clg_gan *gan)
{
    const size_t values = GRID * clg_gan_picture_values(&o->model);
    int w = 0, h = 0, status = clg_picture_grid_size(GRID, o->model.size, 8, &w, &h);
    float *pictures = malloc(values * sizeof *pictures);
    uint8_t *bytes = malloc(values), *grid = malloc((size_t)w * (size_t)h * (size_t)o->model.channels);
    char name[64], path[PATH];
    if (!pictures || !bytes || !grid)
        status = clg_fail(&o->log, CLG_ENOMEM, "out of memory for the sample grid");
    if (!status)
        status = clg_gan_generate(gan, o->z, GRID, pictures);
    if (!status) {
        clg_picture_pixels(pictures, values, bytes);
        clg_picture_grid(bytes, GRID, o->model.size, o->model.channels, 8, grid);
        snprintf(name, sizeof name, "samples/step-%" PRId64 ".png", clg_gan_step_count(gan));
        path_in(o, name, path);
        status = clg_picture_save(path, grid, w, h, o->model.channels, &o->log);
    }
    free(pictures), free(bytes), free(grid);
    return status;
}

// Removes the oldest model-N.safetensors until `keep` are left.
static void checkpoints_thin(const struct clg_output *o)
{
    for (;;) {
        DIR *dir = opendir(o->folder);
        int64_t lowest = -1, count = 0;
        for (struct dirent *e; dir && (e = readdir(dir));) {
            int64_t step;
            int used = 0;
            if (sscanf(e->d_name, "model-%" SCNd64 ".safetensors%n", &step, &used) == 1 && used &&
                !e->d_name[used]) {
                lowest = lowest < 0 || step < lowest ? step : lowest;
                count++;
            }
        }
        if (dir)
            closedir(dir);
        if (count <= o->train.keep)
            return;
        char name[64], path[PATH];
        snprintf(name, sizeof name, "model-%06" PRId64 ".safetensors", lowest);
        path_in(o, name, path);
        if (unlink(path))
            return;
    }
}

// The run's own options as texts for a checkpoint, without where it is and how it started: the same run in
// another folder, or resumed, gives the same bytes.
static int checkpoint_texts(const struct clg_output *o, struct clg_texts *texts)
{
    struct clg_train_params train = o->train;
    train.out = train.resume = train.init = NULL;
    train.overwrite = false;
    return clg_texts_add_options(texts, clg_train_options, &train, "train.");
}

static int checkpoint_write(struct clg_output *o, struct clg_gan *gan, const char *const (*extra)[2], int n)
{
    char path[PATH], numbered[PATH], name[64];
    path_in(o, "model.safetensors", path);
    fsync(fileno(o->metrics)); // the rows of its steps are on the disk before a checkpoint is
    int status = clg_gan_save(gan, path, extra, n);
    if (!status && o->train.keep > 0) {
        snprintf(name, sizeof name, "model-%06" PRId64 ".safetensors", clg_gan_step_count(gan));
        path_in(o, name, numbered);
        unlink(numbered);
        if (link(path, numbered)) // the same file under a second name; where links fail, written again
            status = clg_gan_save(gan, numbered, extra, n);
        checkpoints_thin(o);
    }
    return status;
}

int clg_output_save(struct clg_output *o, struct clg_gan *gan)
{
    struct clg_texts texts = {0};
    int status = checkpoint_texts(o, &texts);
    const char *(*extra)[2] = status ? NULL : malloc(((size_t)texts.n + 1) * sizeof *extra);
    for (int i = 0; extra && i < texts.n; i++) {
        extra[i][0] = texts.list[i].key;
        extra[i][1] = texts.list[i].value;
    }
    if (extra)
        status = checkpoint_write(o, gan, (const char *const(*)[2])extra, texts.n);
    else
        status = clg_fail(&o->log, CLG_ENOMEM, "out of memory for a checkpoint");
    free(extra);
    clg_texts_free(&texts);
    return status;
}

static int report_texts(const struct clg_output *o, struct clg_texts *texts)
{
    const struct clg_device_info *d = clg_device_info(o->device);
    char device[1024];
    snprintf(device, sizeof device, "%s (%s, driver %s)", d->name, d->version, d->driver);
    int status = clg_texts_add(texts, "device", device);
    if (!status)
        status = clg_texts_add_options(texts, clg_gan_options, &o->model, "");
    return status ? status : clg_texts_add_options(texts, clg_train_options, &o->train, "");
}

int clg_output_report(struct clg_output *o)
{
    struct clg_texts texts = {0};
    int status = report_texts(o, &texts);
    struct clg_report_setting *settings = status ? NULL : malloc(((size_t)texts.n + 1) * sizeof *settings);
    for (int i = 0; settings && i < texts.n; i++)
        settings[i] = (struct clg_report_setting){texts.list[i].key, texts.list[i].value};
    char title[PATH];
    snprintf(title, sizeof title, "clgan: %s", o->folder);
    if (settings)
        status = clg_report_write(o->folder, title, settings, texts.n, REPORT_GRIDS, &o->log);
    else
        status = clg_fail(&o->log, CLG_ENOMEM, "out of memory for the report");
    free(settings);
    clg_texts_free(&texts);
    return status;
}
