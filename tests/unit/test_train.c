// Whole training runs: what they leave behind, stopping, going on bit for bit, and what they refuse.
#include "ops_fixture.h"

#include <clgan/clgan.h>

#include "base/file.h"
#include "base/lock.h"
#include "data/safetensors.h"
#include "data/safetensors_sum.h"

#include <sys/stat.h>
#include <unistd.h>

static const struct clg_log silent_log = {0};

static const char *in_root(const char *name)
{
    static char paths[8][256];
    static int at;
    char *path = paths[at = (at + 1) % 8];
    snprintf(path, sizeof paths[0], "%s/%s", test_folder, name);
    return path;
}

static struct clg_gan_params model(void)
{
    struct clg_gan_params p = clg_gan_params_default();
    p.size = 16;
    p.ngf = p.ndf = 4;
    p.z = 8;
    p.batch = 5;
    return p;
}

static struct clg_train_params to(const char *out, int64_t steps)
{
    struct clg_train_params p = clg_train_params_default();
    p.out = out;
    p.steps = steps;
    p.sample_every = 4;
    p.save_every = 3;
    p.threads = 2;
    return p;
}

static bool stop_at(void *user, const struct clg_train_status *status)
{
    return status->step == *(int64_t *)user;
}

static int run(struct clg_train_params p, int64_t stop)
{
    struct clg_gan_params m = model();
    return clg_train(test_device(), &m, &p, NULL, stop_at, &stop);
}

static void assert_same_file(const char *a, const char *b)
{
    char *x, *y;
    size_t n, m;
    assert_int_equal(clg_file_read(a, (size_t)1 << 30, &x, &n, &silent_log), 0);
    assert_int_equal(clg_file_read(b, (size_t)1 << 30, &y, &m, &silent_log), 0);
    assert_int_equal(n, m);
    assert_memory_equal(x, y, n);
    free(x), free(y);
}

static int rows_of(const char *csv)
{
    char *text;
    size_t size;
    int rows = -1; // the header
    assert_int_equal(clg_file_read(csv, (size_t)1 << 20, &text, &size, &silent_log), 0);
    for (size_t i = 0; i < size; i++)
        rows += text[i] == '\n';
    free(text);
    return rows;
}

// Stopped at 4 of 9 and resumed: model and last grid are those of an unbroken run, metrics have each step
// once.
static void test_resume(void **state)
{
    (void)state;
    assert_int_equal(run(to(in_root("whole"), 9), -1), 0);
    assert_int_equal(run(to(in_root("broken"), 9), 4), 0);
    assert_int_equal(rows_of(in_root("broken/metrics.csv")), 4);
    assert_int_equal(run((struct clg_train_params){.resume = in_root("broken"),
                                                   .data = "builtin:faces",
                                                   .steps = 9,
                                                   .sample_every = 4,
                                                   .save_every = 3,
                                                   .threads = 1},
                         6),
                     0);
    struct clg_train_params p;
    char *memory;
    assert_int_equal(clg_train_params_of(in_root("whole"), &p, &memory, &silent_log), 0);
    assert_string_equal(p.data, "builtin:faces");
    assert_int_equal(p.steps, 9);
    assert_int_equal(p.threads, 2);
    p.resume = in_root("broken");
    assert_int_equal(run(p, -1), 0);
    free(memory);
    assert_same_file(in_root("whole/model.safetensors"), in_root("broken/model.safetensors"));
    assert_same_file(in_root("whole/samples/step-9.png"), in_root("broken/samples/step-9.png"));
    assert_int_equal(rows_of(in_root("broken/metrics.csv")), 9);
    assert_true(clg_file_exists(in_root("broken/report.html")));
}

// An earlier run is not lost by starting another over it; resuming a finished one says so.
static void test_refusals(void **state)
{
    (void)state;
    assert_int_equal(run(to(in_root("first"), 2), -1), 0);
    struct clg_train_params p = to(in_root("first"), 2);
    assert_int_equal(run(p, -1), CLG_EINVAL);
    p.overwrite = true;
    assert_int_equal(run(p, -1), 0);
    p.resume = in_root("first");
    assert_int_equal(run(p, -1), 0); // complete: nothing to train
    p.steps = 1;
    assert_int_equal(run(p, -1), CLG_EINVAL);
    p = to(in_root("none"), 0);
    assert_int_equal(run(p, -1), CLG_EINVAL); // the built-in faces have no epochs
    p.steps = 2;
    p.data = in_root("no such folder");
    assert_true(run(p, -1) < 0);
    assert_false(clg_file_exists(in_root("none")));
    p = to("/proc/clgan-cannot-be-here", 2);
    assert_int_equal(run(p, -1), CLG_EIO);
    p.resume = in_root("nothing here");
    assert_int_equal(run(p, -1), CLG_EIO);
}

static void test_keep(void **state)
{
    (void)state;
    struct clg_train_params p = to(in_root("keep"), 10);
    p.keep = 2;
    assert_int_equal(run(p, -1), 0);
    assert_true(clg_file_exists(in_root("keep/model-000010.safetensors")));
    assert_true(clg_file_exists(in_root("keep/model-000009.safetensors")));
    assert_false(clg_file_exists(in_root("keep/model-000006.safetensors")));
    assert_same_file(in_root("keep/model.safetensors"), in_root("keep/model-000010.safetensors"));
}

// A checkpoint one of whose weights is made a NaN: the run stops at its first step and leaves the file alone.
static void test_not_finite(void **state)
{
    (void)state;
    assert_int_equal(run(to(in_root("nan"), 3), -1), 0);
    const char *path = in_root("nan/model.safetensors");
    struct clg_safetensors *file;
    assert_int_equal(clg_safetensors_open(&file, path, &silent_log), 0);
    float old = clg_safetensors_find(file, "netD.main.2.weight")->values[7];
    clg_safetensors_close(&file);
    char *bytes;
    size_t size;
    assert_int_equal(clg_file_read(path, (size_t)1 << 30, &bytes, &size, &silent_log), 0);
    char *at = memmem(bytes, size, &old, sizeof old);
    assert_non_null(at);
    float nan = NAN;
    memcpy(at, &nan, sizeof nan);
    uint64_t header; // the file is as if it had been saved so, checksum and all
    uint32_t told, is;
    memcpy(&header, bytes, sizeof header);
    assert_true(clg_safetensors_sum(bytes, size, sizeof header + header, &told, &is));
    assert_int_not_equal(told, is);
    clg_safetensors_sum_write(bytes, sizeof header + header, is);
    FILE *f = fopen(path, "wb");
    assert_int_equal(fwrite(bytes, 1, size, f), size);
    fclose(f);
    f = fopen(in_root("copy"), "wb");
    assert_int_equal(fwrite(bytes, 1, size, f), size);
    fclose(f);
    free(bytes);
    struct clg_train_params p = to(NULL, 9);
    p.resume = in_root("nan");
    assert_int_equal(run(p, -1), CLG_ENUMERIC);
    assert_same_file(in_root("copy"), in_root("nan/model.safetensors"));
    assert_true(clg_file_exists(in_root("nan/report.html")));
}

// One run at a time in a folder; a lock file that a killed process left behind is no lock.
static void test_lock(void **state)
{
    (void)state;
    struct clg_lock lock;
    struct captured log;
    assert_int_equal(run(to(in_root("locked"), 2), -1), 0);
    assert_false(clg_file_exists(in_root("locked/.clgan-lock")));
    assert_int_equal(clg_lock_take(&lock, in_root("locked"), &silent_log), 0);
    struct clg_log old = quiet(&log);
    struct clg_train_params p = to(in_root("locked"), 9);
    p.overwrite = true;
    assert_int_equal(run(p, -1), CLG_EIO);
    captured_has(&log, "another run");
    assert_int_equal(log.lines, 1);
    p.resume = in_root("locked");
    assert_int_equal(run(p, -1), CLG_EIO);
    loud_again(old);
    clg_lock_free(&lock);
    clg_lock_free(&lock);
    FILE *left = fopen(in_root("locked/.clgan-lock"), "w");
    fclose(left);
    assert_int_equal(run(p, -1), 0);
}

// A run meets a disk that takes nothing for a while: at step `from` a folder stands where the checkpoint
// belongs, and the samples' folder is gone; at step `to` all is well again.
struct trouble {
    int64_t from, to;
};

static bool trouble_make(void *user, const struct clg_train_status *s)
{
    const struct trouble *t = user;
    char command[512];
    if (s->step != t->from && s->step != t->to)
        return false;
    snprintf(command, sizeof command,
             s->step == t->from ? "cd %s/full && rm -rf samples && mv -T model.safetensors kept && "
                                  "mkdir model.safetensors && touch model.safetensors/x"
                                : "cd %s/full && rm -rf model.safetensors && mkdir samples",
             test_folder);
    assert_int_equal(system(command), 0);
    return false;
}

static int run_in_trouble(int64_t from, int64_t until, struct captured *log)
{
    struct clg_gan_params m = model();
    struct clg_train_params p = to(in_root("full"), 8);
    struct trouble trouble = {from, until};
    p.overwrite = true;
    p.save_every = p.sample_every = 1;
    struct clg_log old = quiet(log);
    int status = clg_train(test_device(), &m, &p, NULL, trouble_make, &trouble);
    loud_again(old);
    return status;
}

static void test_full_disk(void **state)
{
    (void)state;
    struct captured log;
    assert_int_equal(run_in_trouble(3, 4, &log), 0); // one checkpoint and one sample are missing
    captured_has(&log, "without these samples");
    captured_has(&log, "without this checkpoint");
    assert_true(clg_file_exists(in_root("full/samples/step-8.png")));
    assert_false(clg_file_exists(in_root("full/samples/step-4.png")));
    assert_true(clg_file_exists(in_root("full/model.safetensors")));
    char command[128];
    snprintf(command, sizeof command, "rm -rf %s/full", test_folder);
    assert_int_equal(system(command), 0);
    assert_int_equal(run_in_trouble(3, 9, &log), CLG_EIO); // two in a row
    assert_int_equal(rows_of(in_root("full/metrics.csv")), 5);
    assert_true(clg_file_exists(in_root("full/kept"))); // the checkpoint of before the trouble
}

// A program's own pictures: those of the built-in faces, until `left` batches have been given.
struct supply {
    struct clg_data *data;
    int left;
};

static int supply_next(void *user, uint8_t *pictures)
{
    struct supply *s = user;
    return s->left-- > 0 ? clg_data_next(s->data, pictures) : CLG_EDATA;
}

static void supply_open(struct supply *s, struct clg_batches *batches, int left)
{
    const struct clg_gan_params m = model();
    struct clg_data_params p = clg_data_params_default();
    p.path = "builtin:faces";
    p.size = m.size;
    p.batch = m.batch;
    p.seed = m.seed;
    s->left = left;
    assert_int_equal(clg_data_open(&s->data, &p), 0);
    *batches = (struct clg_batches){.next = supply_next, .user = s, .pictures = 10};
}

static void assert_same_tensor(const char *a, const char *b, const char *name)
{
    struct clg_safetensors *x, *y;
    assert_int_equal(clg_safetensors_open(&x, a, &silent_log), 0);
    assert_int_equal(clg_safetensors_open(&y, b, &silent_log), 0);
    const struct clg_named_array *v = clg_safetensors_find(x, name), *w = clg_safetensors_find(y, name);
    assert_non_null(v);
    assert_non_null(w);
    size_t n = 1;
    for (int i = 0; i < v->dims; i++)
        n *= (size_t)v->shape[i];
    assert_memory_equal(v->values, w->values, n * sizeof *v->values);
    clg_safetensors_close(&x);
    clg_safetensors_close(&y);
}

static bool epochs_are(void *user, const struct clg_train_status *s)
{
    *(bool *)user &= s->epoch == (double)s->step * 5 / 10;
    return false;
}

// The same pictures from a callback give the same run, and the same gan without a folder.
static void test_batches(void **state)
{
    (void)state;
    const struct clg_gan_params m = model();
    struct clg_train_params p = to(in_root("callback"), 0);
    struct supply supply;
    struct clg_batches batches;
    struct clg_gan *gan;
    bool epochs = true;
    p.epochs = 3; // of 10 pictures in batches of 5: 6 steps
    assert_int_equal(run(to(in_root("folder"), 6), -1), 0);
    supply_open(&supply, &batches, 6);
    assert_int_equal(clg_train(test_device(), &m, &p, &batches, epochs_are, &epochs), 0);
    assert_true(epochs);
    clg_data_close(&supply.data);
    assert_same_tensor(in_root("folder/model.safetensors"), in_root("callback/model.safetensors"),
                       "netG.main.3.weight");
    assert_same_file(in_root("folder/samples/step-6.png"), in_root("callback/samples/step-6.png"));

    supply_open(&supply, &batches, 6);
    assert_int_equal(clg_gan_new(&gan, test_device(), &m), 0);
    p.out = NULL;
    p.steps = 4;
    assert_int_equal(clg_train_gan(gan, &p, &batches, NULL, NULL), 0);
    assert_int_equal(clg_gan_step_count(gan), 4);
    p.steps = 5;
    assert_int_equal(clg_train_gan(gan, &p, &batches, NULL, NULL), CLG_EDATA); // after two more
    assert_int_equal(clg_gan_save(gan, in_root("memory"), NULL, 0), 0);
    assert_same_tensor(in_root("folder/model.safetensors"), in_root("memory"), "netG.main.3.weight");
    clg_data_close(&supply.data);
    clg_gan_free(&gan);
}

// What a run from a callback left can be continued with pictures alone.
static void test_batches_resume(void **state)
{
    (void)state;
    const struct clg_gan_params m = model();
    struct clg_train_params p;
    struct captured log;
    struct clg_log capture = {captured_line, &log};
    char *memory;
    assert_int_equal(clg_train_params_of(in_root("callback"), &p, &memory, &silent_log), 0);
    p.resume = in_root("callback");
    p.steps = 7;
    log = (struct captured){0};
    assert_int_equal(clg_train_check(&m, &p, &capture), CLG_EINVAL);
    captured_has(&log, "came from a program");
    p.data = "builtin:faces";
    assert_int_equal(run(p, -1), 0);
    free(memory);
}

static int count_lines(const char *path)
{
    FILE *file = fopen(path, "r");
    int c, lines = 0;
    assert_non_null(file);
    while ((c = getc(file)) != EOF)
        lines += c == '\n';
    fclose(file);
    return lines;
}

// A gan in memory reads a folder, or the built-in faces, by itself; it counts its steps from where it is, and its
// run can be kept and continued in a folder.
static void test_gan_in_memory(void **state)
{
    (void)state;
    const struct clg_gan_params m = model();
    struct clg_train_params p = to(NULL, 2);
    struct clg_gan *gan;
    assert_int_equal(clg_gan_new(&gan, test_device(), &m), 0);
    assert_int_equal(clg_train_gan(gan, &p, NULL, NULL, NULL), 0);
    p.out = in_root("kept");
    assert_int_equal(clg_train_gan(gan, &p, NULL, NULL, NULL), 0);
    assert_int_equal(clg_train_gan(gan, &p, NULL, NULL, NULL), CLG_EINVAL); // an earlier run is there
    p.resume = in_root("kept");
    assert_int_equal(clg_train_gan(gan, &p, NULL, NULL, NULL), 0);
    assert_int_equal(clg_gan_step_count(gan), 6);
    assert_same_file(in_root("folder/model.safetensors"), in_root("kept/model.safetensors"));
    assert_same_file(in_root("folder/samples/step-6.png"), in_root("kept/samples/step-6.png"));
    assert_int_equal(count_lines(in_root("kept/metrics.csv")), 1 + 4); // of steps 3 to 6
    p.steps = 0;
    assert_int_equal(clg_train_gan(gan, &p, NULL, NULL, NULL), CLG_EINVAL); // built-in faces: no epochs
    clg_gan_free(&gan);
}

TEST_MAIN("train", test_folder_setup, test_folder_teardown, TEST(test_resume), TEST(test_refusals),
          TEST(test_keep), TEST(test_not_finite), TEST(test_lock), TEST(test_full_disk), TEST(test_batches),
          TEST(test_batches_resume), TEST(test_gan_in_memory))
