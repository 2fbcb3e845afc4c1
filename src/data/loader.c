// Training pictures: threads decode samples ahead of time into a ring of batches.
#include <clgan/data.h>

#include "base/file.h"
#include "base/log.h"
#include "base/process.h"
#include "base/random.h"
#include "data/folder.h"
#include "data/order.h"
#include "data/picture.h"
#include "data/source.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SLOTS = 4, THREADS_MAX = 256, SIZE_MAX_SIDE = 4096 };

// A batch being filled.
struct slot {
    uint8_t *pixels;
    int left;   // samples still to decode
    int status; // the worst status among them
};

struct clg_data {
    struct clg_data_params params;
    long process; // the process that owns the threads
    bool builtin;
    struct clg_folder folder;
    size_t sample_bytes;

    pthread_mutex_t lock; // guards everything below
    pthread_cond_t slot_ready, slot_free;
    bool stop;
    bool *broken;       // for every picture of the folder: known to be broken
    bool *warned;       // for every picture: read with a warning
    uint64_t handed;    // samples given to threads
    uint64_t delivered; // batches given to the caller
    struct slot slots[SLOTS];
    uint64_t skipped, warnings, decoded;
    double busy_s, waited_s;

    pthread_t threads[THREADS_MAX];
    int started;
};

struct clg_data_params clg_data_params_default(void)
{
    return (struct clg_data_params){
        .path = "builtin:faces",
        .size = 64,
        .channels = 3,
        .batch = 128,
        .crop = {.kind = CLG_CROP_CENTER},
        .flip = false,
        .threads = 2,
        .seed = 1,
    };
}

// --- one sample --------------------------------------------------------------------------------

// A failure's line is kept until it is known what it means.
struct heard {
    char line[1024];
};

static void hear(void *user, enum clg_log_level level, const char *line)
{
    (void)level;
    struct heard *heard = user;
    snprintf(heard->line, sizeof heard->line, "%s", line);
}

static bool picture_broken(struct clg_data *data, size_t i, bool *stop)
{
    pthread_mutex_lock(&data->lock);
    bool broken = data->broken[i];
    *stop = data->stop;
    pthread_mutex_unlock(&data->lock);
    return broken;
}

// Logs under the lock, so that the caller's log function is called by one thread at a time.
static void picture_give_up(struct clg_data *data, size_t i, const char *line)
{
    pthread_mutex_lock(&data->lock);
    if (!data->broken[i]) {
        data->broken[i] = true;
        data->skipped++;
        clg_log_line(&data->params.log, CLG_LOG_WARNING, "skipping a file: %s", line);
    }
    pthread_mutex_unlock(&data->lock);
}

// Names and counts a picture with a decoder warning once.
static void picture_warn(struct clg_data *data, size_t i, const char *path, const char *warning)
{
    pthread_mutex_lock(&data->lock);
    if (!data->warned[i]) {
        data->warned[i] = true;
        data->warnings++;
        clg_picture_warning_log(&data->params.log, CLG_LOG_INFO, path, warning);
    }
    pthread_mutex_unlock(&data->lock);
}

static int failure_report(struct clg_data *data, int status, const char *line)
{
    pthread_mutex_lock(&data->lock);
    clg_fail(&data->params.log, status, "%s", line);
    pthread_mutex_unlock(&data->lock);
    return status;
}

static int picture_load(struct clg_data *data, size_t i, uint8_t *pixels, struct heard *heard)
{
    const struct clg_data_params *p = &data->params;
    struct clg_log log = {.fn = hear, .user = heard};
    char *path = clg_folder_path(&data->folder, i);
    if (!path)
        return clg_fail(&log, CLG_ENOMEM, "out of memory reading %s", data->folder.root);
    char warning[CLG_WARNING_BYTES];
    int status = clg_picture_load_quietly(path, p->crop, p->size, p->channels, pixels, warning, &log);
    if (!status && warning[0])
        picture_warn(data, i, path, warning);
    free(path);
    return status;
}

// The first decodable picture in the epoch's order, starting at the sample's position.
static int folder_sample(struct clg_data *data, uint64_t sample, uint8_t *pixels)
{
    uint64_t n = data->folder.n, epoch = sample / n, place = sample % n;
    bool stop = false;
    for (uint64_t tried = 0; tried < n && !stop; tried++) {
        size_t i = (size_t)clg_order(data->params.seed, epoch, n, (place + tried) % n);
        if (picture_broken(data, i, &stop))
            continue;
        struct heard heard = {{0}};
        int status = picture_load(data, i, pixels, &heard);
        if (status == 0)
            return 0;
        if (status == CLG_ENOMEM)
            return failure_report(data, status, heard.line);
        picture_give_up(data, i, heard.line);
    }
    return CLG_EDATA;
}

static int face_sample(struct clg_data *data, uint64_t sample, uint8_t *pixels)
{
    const struct clg_data_params *p = &data->params;
    struct clg_face face = clg_face_random(p->seed, sample);
    if (p->channels == 3) {
        clg_face_draw(&face, p->size, pixels);
        return 0;
    }
    uint8_t *colour = malloc(3 * data->sample_bytes); // faces are drawn in colour
    if (!colour)
        return failure_report(data, CLG_ENOMEM, "out of memory drawing a face: use a smaller size");
    clg_face_draw(&face, p->size, colour);
    for (size_t i = 0; i < data->sample_bytes; i++)
        pixels[i] = clg_luma(colour[3 * i], colour[3 * i + 1], colour[3 * i + 2]);
    free(colour);
    return 0;
}

static void rows_mirror(uint8_t *pixels, int size, int channels)
{
    for (int y = 0; y < size; y++, pixels += size * channels) {
        uint8_t *left = pixels, *right = pixels + (size - 1) * channels;
        for (; left < right; left += channels, right -= channels) {
            for (int c = 0; c < channels; c++) {
                uint8_t kept = left[c];
                left[c] = right[c];
                right[c] = kept;
            }
        }
    }
}

static int sample_make(struct clg_data *data, uint64_t sample, uint8_t *pixels)
{
    const struct clg_data_params *p = &data->params;
    int status = data->builtin ? face_sample(data, sample, pixels) : folder_sample(data, sample, pixels);
    uint32_t words[4];
    clg_random_words(p->seed, CLG_STREAM_FLIP, sample, words);
    if (!status && p->flip && (words[0] & 1))
        rows_mirror(pixels, p->size, p->channels);
    return status;
}

// --- the threads -------------------------------------------------------------------------------

static void *work(void *user)
{
    struct clg_data *data = user;
    uint64_t batch = (uint64_t)data->params.batch;
    pthread_mutex_lock(&data->lock);
    for (;;) {
        while (!data->stop && data->handed >= (data->delivered + SLOTS) * batch)
            pthread_cond_wait(&data->slot_free, &data->lock);
        if (data->stop)
            break;
        uint64_t number = data->handed++;
        struct slot *slot = &data->slots[number / batch % SLOTS];
        uint8_t *pixels = slot->pixels + number % batch * data->sample_bytes;
        pthread_mutex_unlock(&data->lock);

        double begun = clg_seconds();
        int status = sample_make(data, data->params.start + number, pixels);
        double spent = clg_seconds() - begun;

        pthread_mutex_lock(&data->lock);
        data->busy_s += spent;
        data->decoded++;
        if (status)
            slot->status = status;
        if (--slot->left == 0)
            pthread_cond_signal(&data->slot_ready);
    }
    pthread_mutex_unlock(&data->lock);
    return NULL;
}

// Decoding threads block all signals, which therefore go to the caller's threads.
static int threads_start(struct clg_data *data)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int error = 0;
    while (!error && data->started < data->params.threads) {
        error = pthread_create(&data->threads[data->started], NULL, work, data);
        data->started += !error;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (error)
        return clg_fail(&data->params.log, CLG_ENOMEM, "cannot start decoding thread %d of %d: %s",
                        data->started + 1, data->params.threads, strerror(error));
    return 0;
}

// --- opening and closing -----------------------------------------------------------------------

static int params_check(const struct clg_data_params *p)
{
    if (!p->path || !*p->path)
        return clg_fail(&p->log, CLG_EINVAL, "no pictures given: name a folder or builtin:faces");
    if (p->size < 1 || p->size > SIZE_MAX_SIDE || (p->channels != 1 && p->channels != 3) || p->batch < 1 ||
        p->batch > 1 << 20)
        return clg_fail(
            &p->log, CLG_EINVAL,
            "cannot deliver batches of %d pictures of %d x %d x %d: size is 1 to %d, channels 1 or 3",
            p->batch, p->size, p->size, p->channels, SIZE_MAX_SIDE);
    if (p->threads < 1 || p->threads > THREADS_MAX)
        return clg_fail(&p->log, CLG_EINVAL, "%d decoding threads: use 1 to %d", p->threads, THREADS_MAX);
    return 0;
}

static int source_open(struct clg_data *data)
{
    const struct clg_data_params *p = &data->params;
    enum clg_source source = CLG_SOURCE_FOLDER;
    if (data->builtin)
        return 0;
    int status = clg_source_find("picture folder ", p->path, &source, &p->log);
    if (!status && source != CLG_SOURCE_FOLDER)
        status = clg_source_no_folder(p->path, &p->log);
    if (!status)
        status = clg_folder_open(&data->folder, p->path, p->crop, &p->log);
    if (!status)
        status = clg_folder_need(&data->folder, (size_t)p->batch, &p->log);
    if (status)
        return status;
    data->skipped = data->folder.skipped;
    if (data->folder.n > UINT32_MAX)
        return clg_fail(&p->log, CLG_EINVAL, "%s holds more than 2^32 pictures: split it", p->path);
    return 0;
}

static int memory_get(struct clg_data *data)
{
    size_t batch_bytes = data->sample_bytes * (size_t)data->params.batch;
    bool ok = data->builtin || ((data->broken = calloc(data->folder.n, sizeof *data->broken)) &&
                                (data->warned = calloc(data->folder.n, sizeof *data->warned)));
    for (int i = 0; i < SLOTS && ok; i++) {
        data->slots[i].left = data->params.batch;
        ok = (data->slots[i].pixels = malloc(batch_bytes)) != NULL;
    }
    return ok ? 0
              : clg_fail(&data->params.log, CLG_ENOMEM,
                         "out of memory for %d batches of %zu bytes: use a smaller batch", SLOTS,
                         batch_bytes);
}

int clg_data_open(struct clg_data **out, const struct clg_data_params *params)
{
    *out = NULL;
    int status = params_check(params);
    if (status)
        return status;
    struct clg_data *data = calloc(1, sizeof *data);
    if (!data)
        return clg_fail(&params->log, CLG_ENOMEM, "out of memory opening %s", params->path);
    data->params = *params;
    data->process = clg_process_id();
    data->builtin = clg_source_is_faces(params->path);
    data->sample_bytes = (size_t)params->size * (size_t)params->size * (size_t)params->channels;
    pthread_mutex_init(&data->lock, NULL);
    pthread_cond_init(&data->slot_ready, NULL);
    pthread_cond_init(&data->slot_free, NULL);
    status = source_open(data);
    if (!status)
        status = memory_get(data);
    data->params.path = NULL; // the caller's string may be freed
    if (!status)
        status = threads_start(data);
    if (status)
        clg_data_close(&data);
    *out = data;
    return status;
}

void clg_data_close(struct clg_data **address)
{
    struct clg_data *data = *address;
    *address = NULL;
    if (!data || clg_process_is_child(data->process))
        return;
    pthread_mutex_lock(&data->lock);
    data->stop = true;
    pthread_cond_broadcast(&data->slot_free);
    pthread_mutex_unlock(&data->lock);
    for (int i = 0; i < data->started; i++)
        pthread_join(data->threads[i], NULL);
    pthread_cond_destroy(&data->slot_free);
    pthread_cond_destroy(&data->slot_ready);
    pthread_mutex_destroy(&data->lock);
    for (int i = 0; i < SLOTS; i++)
        free(data->slots[i].pixels);
    free(data->broken);
    free(data->warned);
    clg_folder_close(&data->folder);
    free(data);
}

// --- delivery ----------------------------------------------------------------------------------

int clg_data_next(struct clg_data *data, uint8_t *pixels)
{
    if (clg_process_is_child(data->process))
        return clg_process_refuse(&data->params.log, CLG_EINVAL, "the data set");
    int batch = data->params.batch;
    pthread_mutex_lock(&data->lock);
    struct slot *slot = &data->slots[data->delivered % SLOTS];
    double begun = clg_seconds();
    while (slot->left > 0)
        pthread_cond_wait(&data->slot_ready, &data->lock);
    data->waited_s += clg_seconds() - begun;
    int status = slot->status;
    pthread_mutex_unlock(&data->lock);

    if (status == CLG_EDATA)
        return clg_fail(&data->params.log, status, "all %zu pictures of %s are broken: nothing to train on",
                        data->folder.n, data->folder.root);
    if (status) // logged when it happened; the batch stays, so that every later call returns the same
        return status;
    memcpy(pixels, slot->pixels, data->sample_bytes * (size_t)batch);

    pthread_mutex_lock(&data->lock);
    slot->left = batch;
    data->delivered++;
    pthread_cond_broadcast(&data->slot_free);
    pthread_mutex_unlock(&data->lock);
    return 0;
}

void clg_data_info(struct clg_data *data, struct clg_data_info *info)
{
    *info = (struct clg_data_info){.pictures = data->folder.n};
    if (clg_process_is_child(data->process))
        return; // another thread may have held the lock when the process was forked
    pthread_mutex_lock(&data->lock);
    *info = (struct clg_data_info){
        .pictures = data->folder.n,
        .skipped = data->skipped,
        .warned = data->warnings,
        .images_per_s = data->busy_s > 0 ? (double)data->decoded / data->busy_s * data->params.threads : 0,
        .waited_s = data->waited_s,
    };
    pthread_mutex_unlock(&data->lock);
}
