// The tuning table and the tuner: the file and its broken lines, which entry is taken, and candidates that
// are wrong, made up here.
#include "ops_fixture.h"

#include "base/file.h"
#include "base/log.h"
#include "device/program.h"
#include "tune/table.h"
#include "tune/tune.h"

#include <unistd.h>

// --- made-up variants ---------------------------------

static int calls, last_choice; // of any of them

static bool fits_always(struct clg_device *d, const struct clg_conv_job *job)
{
    (void)d, (void)job;
    return true;
}

static bool fits_large(struct clg_device *d, const struct clg_conv_job *job)
{
    (void)d;
    return job->x.shape.n >= 8;
}

static int run_right(struct clg_device *d, const struct clg_conv_job *job)
{
    calls++;
    last_choice = job->config;
    return clg_conv_plain.run(d, job);
}

static struct clg_tensor result_of(const struct clg_conv_job *j)
{
    return j->pass == CLG_CONV_FORWARD ? j->y : j->pass == CLG_CONV_BACKWARD_DATA ? j->x : j->w;
}

static int run_wrong(struct clg_device *d, const struct clg_conv_job *job)
{
    int status = run_right(d, job);
    return status ? status : clg_scale(d, 1.001f, result_of(job));
}

// Leaves the last image, or the last tap of a filter, as it was.
static int run_short(struct clg_device *d, const struct clg_conv_job *job)
{
    struct clg_conv_job most = *job;
    most.x.shape.n--;
    most.y.shape.n--;
    return run_right(d, &most);
}

static int run_no_sum(struct clg_device *d, const struct clg_conv_job *job)
{
    struct clg_conv_job plain = *job;
    plain.accumulate = false;
    return run_right(d, &plain);
}

static int run_failing(struct clg_device *d, const struct clg_conv_job *job)
{
    (void)job;
    return clg_fail(&d->log, CLG_EDEVICE, "out of luck\nand of more");
}

// Does not compile.
static int run_broken(struct clg_device *d, const struct clg_conv_job *job)
{
    struct clg_launch l = {
        .file = "element.cl", .kernel = "fill", .options = " -DVF=nonsense", .global = {1}, .local = {1}};
    struct clg_arg args[] = {CLG_T(job->x)};
    return clg_launch(d, &l, CLG_ARGS(args));
}

static const struct clg_conv_variant right = {"right", true, 3, fits_always, run_right},
                                     rough = {"rough", false, 0, fits_always, run_right},
                                     large = {"large", true, 0, fits_large, run_right},
                                     wrong = {"wrong", true, 0, fits_always, run_wrong},
                                     incomplete = {"incomplete", true, 0, fits_always, run_short},
                                     no_sum = {"no-sum", true, 0, fits_always, run_no_sum},
                                     failing = {"failing", true, 0, fits_always, run_failing},
                                     broken = {"broken", true, 0, fits_always, run_broken};
static const struct clg_conv_variant *const made_up[] = {&clg_conv_plain, &right, &rough, &large, NULL};

// --- the file ---------------------------------

static struct captured log_;

static struct clg_device *open_tuned(void)
{
    return opened((struct clg_device_params){.tuning_dir = test_folder}, &log_);
}

static struct clg_tuning_entry entry(enum clg_conv_pass pass, int n, const struct clg_conv_variant *variant,
                                     int config, double ms)
{
    return (struct clg_tuning_entry){.pass = pass,
                                     .conv = {4, 4, 2, 1},
                                     .n = n,
                                     .h = 8,
                                     .w = 6,
                                     .c = 3,
                                     .k = 5,
                                     .variant = variant,
                                     .config = config,
                                     .ms = ms,
                                     .error = 1.5e-6};
}

static void same_entry(const struct clg_tuning_entry *is, const struct clg_tuning_entry *e)
{
    if (is->pass != e->pass || is->n != e->n || is->h != e->h || is->w != e->w || is->c != e->c ||
        is->k != e->k || memcmp(&is->conv, &e->conv, sizeof e->conv) || is->variant != e->variant ||
        is->config != e->config || fabs(is->ms - e->ms) > 1e-4 || fabs(is->error - e->error) > 1e-8)
        fail_msg("pass %d n%d %dx%dx%d k%d %s %d, %g ms, error %g; expected pass %d n%d %s %d, %g ms",
                 is->pass, is->n, is->h, is->w, is->c, is->k, is->variant->name, is->config, is->ms,
                 is->error, e->pass, e->n, e->variant->name, e->config, e->ms);
}

static void test_round_trip(void **state)
{
    (void)state;
    const struct clg_tuning_entry kept[] = {entry(CLG_CONV_FORWARD, 4, &right, 2, 0.125),
                                            entry(CLG_CONV_BACKWARD_DATA, 4, &rough, 0, 3),
                                            entry(CLG_CONV_BACKWARD_FILTER, 64, &clg_conv_plain, 0, 4321.5)};
    const struct clg_tuning_entry later[] = {
        entry(CLG_CONV_FORWARD, 4, &clg_conv_plain, 0, 0.1), // replaces
        entry(CLG_CONV_BACKWARD_DATA, 4, &right, 1, 3.5),    // exact, besides
        entry(CLG_CONV_FORWARD, 8, &right, 3, 1)};
    struct clg_device *d = open_tuned();
    assert_int_equal(clg_tuning_keep(d, made_up, kept, 3, 0), 0);
    clg_device_close(&d);
    d = open_tuned();
    assert_int_equal(clg_tuning_load(d, made_up), 0);
    assert_int_equal(d->ops->tuning->n, 3);
    for (int i = 0; i < 3; i++)
        same_entry(&d->ops->tuning->entries[i], &kept[i]);
    assert_int_equal(clg_tuning_keep(d, made_up, later, 3, clg_gemm_lists), 0);
    clg_device_close(&d);
    d = open_tuned();
    assert_int_equal(clg_tuning_load(d, made_up), 0);
    assert_int_equal(d->ops->tuning->n, 5);
    assert_int_equal(d->ops->tuning->clblast_list, clg_gemm_lists);
    same_entry(&d->ops->tuning->entries[0], &later[0]);
    for (int i = 1; i < 3; i++) {
        same_entry(&d->ops->tuning->entries[i], &kept[i]);
        same_entry(&d->ops->tuning->entries[i + 2], &later[i]);
    }
    bool was_there;
    assert_int_equal(clg_tuning_forget(d, &was_there), 0);
    assert_true(was_there);
    assert_int_equal(clg_tuning_forget(d, &was_there), 0);
    assert_false(was_there);
    assert_int_equal(log_.errors, 0);
    clg_device_close(&d);
}

static void write_file(const char *path, const char *header, const char *text)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    fprintf(file, "%s%s", header, text);
    fclose(file);
}

// Loads a file of this text behind the right first line: so many entries, and no line in the log is an error.
static void check_lines(struct clg_device *d, const char *path, const char *header, const char *text, int n)
{
    write_file(path, header, text);
    assert_int_equal(clg_tuning_load(d, made_up), 0);
    if (d->ops->tuning->n != n || log_.errors)
        fail_msg("%d entries, %d errors, expected %d and none, from\n%s%s\n%s", d->ops->tuning->n,
                 log_.errors, n, header, text, log_.text);
}

static void test_broken_lines(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "forward",
        "forward 4x8x6x3 k5 4x4/2+1  right 2  1.0 ms  1.0 GF/s",
        "forward 4x8x6x3 k5 4x4/2+1  right 2  1.0 ms  1.0 GF/s  error 1e-6 and more",
        "forward 4x8x6x3 k5 4x4/2+1  unknown 0  1.0 ms  1.0 GF/s  error 1e-6",
        "forward 4x8x6x3 k5 4x4/2+1  right 4  1.0 ms  1.0 GF/s  error 1e-6",
        "forward 4x8x6x3 k5 4x4/2+1  right -1  1.0 ms  1.0 GF/s  error 1e-6",
        "forward 4x8x6x3 k5 4x4/2+1  large 0  1.0 ms  1.0 GF/s  error 1e-6",
        "forward 4x8x6x3 k5 4x4/2+1  right 2  nan ms  1.0 GF/s  error 1e-6",
        "sideways 4x8x6x3 k5 4x4/2+1  right 2  1.0 ms  1.0 GF/s  error 1e-6",
        "forward 0x8x6x3 k5 4x4/2+1  right 2  1.0 ms  1.0 GF/s  error 1e-6",
        "forward 4x8x6x3 k5 4x4/0+1  right 2  1.0 ms  1.0 GF/s  error 1e-6",
        "forward 4x8x6x3 k5 4x4/2+4  right 2  1.0 ms  1.0 GF/s  error 1e-6",
        "forward 4x1x1x3 k5 9x9/2+1  right 2  1.0 ms  1.0 GF/s  error 1e-6",
        "forward 99999999999x8x6x3 k5 4x4/2+1  right 2  1.0 ms  1.0 GF/s  error 1e-6",
        "forward 999999999x8x6x3 k5 4x4/2+1  right 2  1.0 ms  1.0 GF/s  error 1e-6",
        "forward 1x1048576x1048576x1 k1 4x4/2+1  right 2  1.0 ms  1.0 GF/s  error 1e-6", // 2^40 values
        "forward 1x8x6x3 k5 4x4/1048576+1  right 2  1.0 ms  1.0 GF/s  error 1e-6",
        "forward 1x4096x4096x128 k5 4096x4096/1+0  right 2  1.0 ms  1.0 GF/s  error 1e-6",
        "clblast 99",
        "\xff\x01 %s%n",
    };
    static const char good[] = "forward 4x8x6x3 k5 4x4/2+1  right 2  1.0 ms  1.0 GF/s  error 1e-6\n";
    struct clg_device *d = open_tuned();
    char path[4096], *header, text[512];
    size_t size;
    assert_int_equal(clg_tuning_keep(d, made_up, NULL, 0, 0), 0);
    assert_true(clg_tuning_path(d, path, sizeof path));
    assert_int_equal(clg_file_read(path, 4096, &header, &size, &d->log), 0);
    for (size_t i = 0; i < COUNT(bad); i++) {
        log_ = (struct captured){0};
        snprintf(text, sizeof text, "%s\n%s", bad[i], good);
        check_lines(d, path, header, text, 1);
        if (*bad[i])
            captured_has(&log_, "line 2");
    }
    check_lines(d, path, header, good, 1);
    check_lines(d, path, "", good, 0);
    check_lines(d, path, "# clgan 0.0.0, tuned on something else\n", good, 0);
    check_lines(d, path, "", "", 0);
    unlink(path);
    assert_int_equal(clg_folder_create(path, &d->log), 0);
    assert_int_equal(clg_tuning_load(d, made_up), 0);
    assert_int_equal(d->ops->tuning->n + log_.errors, 0);
    rmdir(path);
    free(header);
    clg_device_close(&d);
}

// --- which entry ---------------------------------

static struct clg_conv_job job_of(enum clg_conv_pass pass, int n)
{
    const struct clg_tuning_entry e = entry(pass, n, &right, 0, 1);
    return clg_tuning_job(&e);
}

static void check_found(struct clg_device *d, int n, const struct clg_conv_variant *variant, int config)
{
    const struct clg_conv_job job = job_of(CLG_CONV_FORWARD, n);
    const struct clg_tuning_entry *e = clg_tuning_find(d, &job);
    if (!e || e->variant != variant || e->config != config)
        fail_msg("batch %d: %s %d, expected %s %d", n, e ? e->variant->name : "nothing", e ? e->config : 0,
                 variant->name, config);
}

static void put(struct clg_device *d, struct clg_tuning_entry e)
{
    assert_int_equal(clg_tuning_put(d, &e), 0);
}

static void test_nearest_batch(void **state)
{
    (void)state;
    struct clg_device *d = opened((struct clg_device_params){0}, &log_);
    const struct clg_conv_job forward = job_of(CLG_CONV_FORWARD, 4);
    assert_null(clg_tuning_find(d, &forward));
    put(d, entry(CLG_CONV_BACKWARD_DATA, 4, &right, 3, 1));
    assert_null(clg_tuning_find(d, &forward));
    put(d, entry(CLG_CONV_FORWARD, 64, &clg_conv_plain, 0, 1));
    put(d, entry(CLG_CONV_FORWARD, 4, &right, 1, 1));
    put(d, entry(CLG_CONV_FORWARD, 32, &large, 0, 1));
    check_found(d, 1, &right, 1);
    check_found(d, 4, &right, 1);
    check_found(d, 7, &right, 1);  // nearer to 32 in no sense
    check_found(d, 20, &large, 0); // 32 / 20 < 20 / 4
    check_found(d, 32, &large, 0);
    check_found(d, 50, &clg_conv_plain, 0);
    check_found(d, 1000, &clg_conv_plain, 0);
    d->ops->tuned_batch = 4; // as in generation: the same for every batch
    check_found(d, 1, &right, 1);
    check_found(d, 64, &right, 1);
    d->ops->tuned_batch = 0;
    struct clg_conv_job other = forward;
    other.x.shape.h++;
    assert_null(clg_tuning_find(d, &other));
    clg_device_close(&d);
}

static void test_exact(void **state)
{
    (void)state;
    for (int exact = 0; exact < 2; exact++) {
        struct clg_device *d = opened((struct clg_device_params){.exact = exact}, &log_);
        put(d, entry(CLG_CONV_FORWARD, 4, &rough, 0, 1));
        const struct clg_conv_job job = job_of(CLG_CONV_FORWARD, 4);
        if (exact)
            assert_null(clg_tuning_find(d, &job));
        put(d, entry(CLG_CONV_FORWARD, 4, &right, 2, 1.5));
        assert_int_equal(d->ops->tuning->n, 2);
        check_found(d, 4, exact ? &right : &rough, exact ? 2 : 0);
        clg_device_close(&d);
    }
}

// One forward through the public call; what it came to.
static void check_taken(const char *forced, bool exact, const struct clg_conv_variant *tuned, int config,
                        int expected_calls)
{
    struct clg_device *d = opened((struct clg_device_params){.variants = forced, .exact = exact}, &log_);
    const struct clg_conv_job job = job_of(CLG_CONV_FORWARD, 4);
    struct clg_slab *slab;
    struct clg_tensor x, w, y;
    put(d, entry(CLG_CONV_FORWARD, 4, tuned, config, 1));
    assert_int_equal(clg_slab_new(&slab, d, 8192), 0);
    assert_int_equal(clg_slab_take(slab, job.x.shape, &x) | clg_slab_take(slab, job.w.shape, &w) |
                         clg_slab_take(slab, job.y.shape, &y),
                     0);
    assert_int_equal(clg_conv_forward(d, job.conv, x, w, y), 0); // the first one is checked too: two calls
    calls = 0;
    last_choice = -1;
    assert_int_equal(clg_conv_forward(d, job.conv, x, w, y), 0);
    if (calls != expected_calls || (calls && last_choice != config))
        fail_msg("forced %s, exact %d, tuned %s %d: %d calls, choice %d", forced ? forced : "nothing", exact,
                 tuned->name, config, calls, last_choice);
    clg_slab_free(&slab);
    clg_device_close(&d);
}

static void test_taken(void **state)
{
    (void)state;
    check_taken(NULL, false, &right, 2, 1);
    check_taken(NULL, true, &right, 2, 1);
    check_taken("conv=plain", false, &right, 2, 0);
    check_taken(NULL, false, &rough, 0, 1);
    check_taken(NULL, true, &rough, 0, 0);
    check_taken(NULL, false, &large, 0, 0); // does not fit: the rule
}

// --- the tuner ---------------------------------

static void tune_one(struct clg_device *d, const struct clg_conv_variant *const *rows,
                     enum clg_conv_pass pass, int n, double seconds, struct clg_tune_result *row)
{
    struct clg_tune_params params = clg_tune_params_default();
    struct clg_tune_job job = {.job = job_of(pass, n), .result.uses = 1};
    params.seconds = seconds;
    assert_int_equal(clg_tune(d, rows, &job, 1, &params), 0);
    *row = job.result;
}

static void test_refused(void **state)
{
    (void)state;
    static const struct clg_conv_variant *const bad[] = {&wrong, &incomplete, &no_sum, &failing, &broken};
    for (size_t i = 0; i < COUNT(bad); i++)
        for (int pass = 0; pass < 3; pass++) {
            const struct clg_conv_variant *const rows[] = {&clg_conv_plain, bad[i], NULL};
            struct clg_device *d = open_tuned();
            struct clg_tune_result row;
            const int expected = bad[i] != &no_sum || pass == CLG_CONV_BACKWARD_FILTER;
            tune_one(d, rows, (enum clg_conv_pass)pass, 7, 60, &row);
            if (row.refused != expected || log_.errors || log_.lines != expected ||
                (expected && !strncmp(row.best.variant, bad[i]->name, strlen(bad[i]->name))))
                fail_msg("%s, pass %d: %d refused, the best is %s; log: %s", bad[i]->name, pass, row.refused,
                         row.best.variant, log_.text);
            assert_true(row.best.ms > 0 && row.untuned.ms > 0 && row.error <= 1e-5);
            clg_programs_build_all(d);
            for (const struct clg_program *p = d->programs; p; p = p->next)
                assert_non_null(p->program); // nothing broken is left
            clg_device_close(&d);
        }
}

static void test_found_is_taken(void **state)
{
    (void)state;
    struct clg_device *d = open_tuned();
    struct clg_tune_result row;
    tune_one(d, made_up, CLG_CONV_FORWARD, 9, 60, &row);
    if (row.tried < 3 || row.refused || row.untried)
        fail_msg("%d tried, %d refused, %d not tried: %s", row.tried, row.refused, row.untried, log_.text);
    const struct clg_conv_job job = job_of(CLG_CONV_FORWARD, 9);
    const struct clg_tuning_entry *e = clg_tuning_find(d, &job);
    assert_non_null(e);
    if (strncmp(row.best.variant, e->variant->name, strlen(e->variant->name)) || row.best.ms != e->ms)
        fail_msg("the row says %s, %g ms; the table %s, %g ms", row.best.variant, row.best.ms,
                 e->variant->name, e->ms);
    assert_int_equal(clg_tuning_forget(d, NULL), 0);
    clg_device_close(&d);
}

static void test_no_time(void **state)
{
    (void)state;
    struct clg_device *d = open_tuned();
    struct clg_tune_result row;
    calls = 0;
    tune_one(d, made_up, CLG_CONV_FORWARD, 9, 0, &row);
    if (calls || row.tried || !row.untried || row.best.ms > 0 ||
        strcmp(row.best.variant, row.untuned.variant))
        fail_msg("%d calls, %d tried, %d not tried, best %s", calls, row.tried, row.untried,
                 row.best.variant);
    clg_device_close(&d);
}

// Fails when a test left a file behind.
static int folder_remove_empty(void **state)
{
    (void)state;
    return rmdir(test_folder);
}

TEST_MAIN("tuning", test_folder_setup, folder_remove_empty, TEST(test_round_trip), TEST(test_broken_lines),
          TEST(test_nearest_batch), TEST(test_exact), TEST(test_taken), TEST(test_refused),
          TEST(test_found_is_taken), TEST(test_no_time))
