// A training run: the loop, and what it leaves in the output folder.
#include <clgan/train.h>

#include "base/file.h"
#include "base/lock.h"
#include "base/log.h"
#include "device/device.h"
#include "gan/gan.h"
#include "run/output.h"
#include "run/ready.h"
#include "run/watchdog.h"

#include <clgan/options.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { RATE_STEPS = 20, SLOW_SECONDS = 5, RETRY_SECONDS = 10 }; // the last two in seconds

struct run {
    struct clg_device *device;
    const struct clg_train_params *params;
    struct clg_batches batches; // data's, or the caller's
    struct clg_gan_params model;
    struct clg_gan *gan;
    struct clg_data *data;     // NULL with the caller's batches
    struct clg_output *output; // NULL: nothing is written
    uint8_t *pictures;         // of one batch
    int64_t target;            // steps to reach
    double times[RATE_STEPS];  // when the last steps ended
    int64_t sampled, saved;    // at which step last
    bool save_failed;          // the last checkpoint could not be written
    bool write_failed;         // something less important; warned about once
    struct clg_lock lock;      // of the output folder
    struct clg_watchdog *watch;
    struct clg_train_status status;
};

static int gan_open(struct run *r, const struct clg_gan_params *model)
{
    const struct clg_train_params *p = r->params;
    char path[4096];
    int status;
    if (p->resume) {
        snprintf(path, sizeof path, "%s/model.safetensors", p->resume);
        status = clg_checkpoint_load(&r->gan, r->device, path, clg_train_options);
    } else {
        status = clg_gan_training_fits(r->device, model);
        if (!status)
            status = clg_gan_new(&r->gan, r->device, model);
        if (!status && p->init)
            status = clg_gan_init_from(r->gan, p->init);
    }
    if (!status)
        r->model = *clg_gan_params_of(r->gan);
    return status;
}

static int data_next(void *user, uint8_t *pictures)
{
    return clg_data_next(user, pictures);
}

static int data_open(struct run *r)
{
    const struct clg_train_params *p = r->params;
    struct clg_data_params data = clg_data_params_default();
    data.path = p->data;
    data.size = r->model.size;
    data.channels = r->model.channels;
    data.batch = r->model.batch;
    data.crop = p->crop;
    data.flip = p->flip;
    data.threads = p->threads;
    data.seed = r->model.seed;
    data.start = (uint64_t)clg_gan_step_count(r->gan) * (uint64_t)r->model.batch;
    data.log = r->device->log;
    int status = clg_data_open(&r->data, &data);
    if (status)
        return status;
    struct clg_data_info info;
    clg_data_info(r->data, &info);
    r->batches = (struct clg_batches){.next = data_next, .user = r->data, .pictures = info.pictures};
    return 0;
}

// Where the pictures come from: the caller's batches, or data.
static int batches_open(struct run *r, const struct clg_batches *batches)
{
    r->pictures = malloc((size_t)r->model.batch * clg_gan_picture_values(&r->model));
    if (!r->pictures)
        return clg_fail(&r->device->log, CLG_ENOMEM, "out of memory for a batch of pictures");
    if (!batches)
        return data_open(r);
    r->batches = *batches;
    return 0;
}

// As given, or passes over the pictures; 0: neither, or the pictures never end.
static int64_t steps_asked(const struct run *r)
{
    const struct clg_train_params *p = r->params;
    const uint64_t pictures = r->batches.pictures * (uint64_t)p->epochs;
    return p->steps ? p->steps
                    : (int64_t)((pictures + (uint64_t)r->model.batch - 1) / (uint64_t)r->model.batch);
}

static int target_find(struct run *r)
{
    const int64_t step = clg_gan_step_count(r->gan);
    bool complete;
    r->target = steps_asked(r);
    int status = clg_target_check(r->params, r->target, step, &complete, &r->device->log);
    if (complete)
        r->saved = step;
    return status;
}

// Of a file that the run can do without: failing to write it (a full disk) costs one warning.
static int tolerate_io_error(struct run *r, int status, const char *what)
{
    if (status == CLG_EIO && !r->write_failed)
        clg_log_line(
            &r->device->log, CLG_LOG_WARNING,
            "training continues without %s; is the disk full? Two failed checkpoints in a row end it", what);
    r->write_failed = status == CLG_EIO;
    return status == CLG_EIO ? 0 : status;
}

static int samples_write(struct run *r)
{
    r->sampled = clg_gan_step_count(r->gan);
    return tolerate_io_error(r, clg_output_sample(r->output, r->gan), "these samples");
}

// One failed checkpoint is tolerated; two in a row end the run.
static int checkpoint_save(struct run *r)
{
    int status = clg_output_save(r->output, r->gan);
    const bool again = r->save_failed;
    r->save_failed = status == CLG_EIO;
    if (!status)
        r->saved = clg_gan_step_count(r->gan);
    if (status != CLG_EIO || again)
        return status;
    clg_log_line(
        &r->device->log, CLG_LOG_WARNING,
        "training continues without this checkpoint: free some space before the next one, at step %lld",
        (long long)(r->status.step + r->params->save_every));
    return 0;
}

// There is no next checkpoint after the last one, so it is tried again a little later.
static int checkpoint_save_last(struct run *r)
{
    int status = clg_output_save(r->output, r->gan);
    if (status != CLG_EIO)
        return status;
    clg_log_line(&r->device->log, CLG_LOG_WARNING, "trying the last checkpoint again in %d s", RETRY_SECONDS);
    sleep(RETRY_SECONDS);
    return clg_output_save(r->output, r->gan);
}

static int step_do(struct run *r)
{
    clg_watchdog_turn(r->watch, (long long)clg_gan_step_count(r->gan) + 1);
    int status = r->batches.next(r->batches.user, r->pictures);
    if (!status)
        status = clg_gan_step(r->gan, r->pictures, &r->status.metrics);
    clg_watchdog_pause(r->watch);
    return status;
}

static void status_update(struct run *r, int64_t first)
{
    struct clg_train_status *s = &r->status;
    struct clg_data_info info = {0};
    if (r->data)
        clg_data_info(r->data, &info);
    s->step = clg_gan_step_count(r->gan);
    s->steps = r->target;
    s->epoch = r->batches.pictures ? (double)s->step * r->model.batch / (double)r->batches.pictures : 0;
    // The rate leaves out the first step of this run, which may compile kernels.
    const int64_t done = s->step - first, span = done - 1 < RATE_STEPS - 1 ? done - 1 : RATE_STEPS - 1;
    r->times[done % RATE_STEPS] = clg_seconds();
    const double seconds = r->times[done % RATE_STEPS] - r->times[(done - span) % RATE_STEPS];
    s->images_per_s = seconds > 0 ? (double)span * r->model.batch / seconds : 0;
    s->eta_s = s->images_per_s > 0 ? (double)(s->steps - s->step) * r->model.batch / s->images_per_s : -1;
    s->loader_images_per_s = info.images_per_s;
    s->loader_waited_s = info.waited_s;
    s->skipped_pictures = info.skipped;
    s->warned_pictures = info.warned;
}

static bool due(int64_t step, int every)
{
    return every > 0 && step % every == 0;
}

// After a loss that is not finite.
static void report_last_checkpoint(const struct run *r)
{
    const bool kept = r->saved >= 0 || r->params->resume;
    clg_log_line(&r->device->log, CLG_LOG_ERROR, "%s",
                 kept ? "model.safetensors is the last good checkpoint: resume the run from it"
                      : "no checkpoint was due yet: set a smaller save-every");
}

// What a step leaves in the output folder.
static int step_write(struct run *r)
{
    int status = tolerate_io_error(r, clg_output_metrics(r->output, &r->status), "this row of metrics.csv");
    if (!status && due(r->status.step, r->params->sample_every))
        status = samples_write(r);
    if (!status && due(r->status.step, r->params->save_every))
        status = checkpoint_save(r);
    return status;
}

static int steps_do(struct run *r, clg_train_fn *step, void *user)
{
    const int64_t first = clg_gan_step_count(r->gan);
    bool stop = false;
    int status = 0;
    r->watch = clg_watchdog_start("step", SLOW_SECONDS, &r->device->log);
    while (!status && !stop && clg_gan_step_count(r->gan) < r->target) {
        status = step_do(r);
        if (status)
            break;
        status_update(r, first);
        if (r->output)
            status = step_write(r);
        stop = step && step(user, &r->status);
    }
    clg_watchdog_stop(&r->watch);
    return status;
}

// What is left to write after the last step, or after one that failed.
static int run_finish(struct run *r, int status)
{
    if (!r->output)
        return status;
    if (!status && r->sampled != clg_gan_step_count(r->gan))
        status = samples_write(r);
    if (!status && r->saved != clg_gan_step_count(r->gan))
        status = checkpoint_save_last(r);
    if (status == CLG_ENUMERIC)
        report_last_checkpoint(r);
    const int reported = clg_output_report(r->output);
    return status ? status : tolerate_io_error(r, reported, "report.html");
}

static int folder_lock(struct run *r)
{
    const struct clg_train_params *p = r->params;
    const struct clg_log *log = &r->device->log;
    int status = p->resume ? 0 : clg_folder_create(p->out, log);
    return status ? status : clg_lock_take(&r->lock, p->resume ? p->resume : p->out, log);
}

static int run_open(struct run *r, const struct clg_gan_params *gan, const struct clg_batches *batches)
{
    const struct clg_train_params *p = r->params;
    int status = p->resume ? folder_lock(r) : 0; // before its checkpoint is read
    if (!status)
        status = gan_open(r, gan);
    if (!status)
        status = batches_open(r, batches);
    if (!status)
        status = target_find(r);
    if (!status && !p->resume)
        status = folder_lock(r);
    if (!status)
        status = clg_output_open(&r->output, r->device, r->gan, p);
    return status ? status : clg_gan_prepare(r->gan);
}

static struct clg_train_params params_with(const struct clg_train_params *params,
                                           const struct clg_batches *batches)
{
    struct clg_train_params p = *params;
    if (batches)
        p.data = CLG_DATA_BATCHES;
    return p;
}

static void run_close(struct run *r)
{
    clg_output_close(&r->output);
    clg_data_close(&r->data);
    clg_lock_free(&r->lock);
    free(r->pictures);
}

int clg_train(struct clg_device *device, const struct clg_gan_params *gan,
              const struct clg_train_params *params, const struct clg_batches *batches, clg_train_fn *step,
              void *user)
{
    const struct clg_train_params run = params_with(params, batches);
    struct run r = {.device = device, .params = &run, .sampled = -1, .saved = -1, .lock = CLG_LOCK_NONE};
    int status = run_open(&r, gan, batches);
    if (!status)
        status = run_finish(&r, steps_do(&r, step, user));
    run_close(&r);
    clg_gan_free(&r.gan);
    return status;
}

// As clg_train's, but for a gan that is there, and steps that count from where it is.
static int gan_run_open(struct run *r, struct clg_train_params *params, const struct clg_batches *batches)
{
    const bool writes = params->out || params->resume;
    int status = writes ? folder_lock(r) : 0;
    if (!status)
        status = batches_open(r, batches);
    if (!status) {
        bool complete;
        const int64_t more = steps_asked(r), step = clg_gan_step_count(r->gan);
        params->steps = r->target = more ? step + more : 0;
        status = clg_target_check(params, r->target, step, &complete, &r->device->log);
    }
    if (!status && writes)
        status = clg_output_open(&r->output, r->device, r->gan, params);
    return status ? status : clg_gan_prepare(r->gan);
}

int clg_train_gan(struct clg_gan *gan, const struct clg_train_params *params,
                  const struct clg_batches *batches, clg_train_fn *step, void *user)
{
    struct clg_train_params here = params_with(params, batches);
    struct run r = {.device = gan->device, .params = &here, .gan = gan, .model = gan->params};
    r.sampled = r.saved = -1;
    r.lock = CLG_LOCK_NONE;
    here.init = NULL;
    int status = gan_run_open(&r, &here, batches);
    if (!status)
        status = run_finish(&r, steps_do(&r, step, user));
    run_close(&r);
    return status;
}
