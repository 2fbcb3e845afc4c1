// A forked child of a process that computes: every use is an error with one line, and nothing hangs.
#include "support.h"

#include <clgan/clgan.h>

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SECONDS = 60 }; // that a child may take before it counts as hung

// --- a log that is counted ---------------------------------------------------------------------
static int lines, good_lines; // said; that name the way out

static void count(void *user, enum clg_log_level level, const char *line)
{
    (void)user, (void)level;
    lines++;
    good_lines += strstr(line, "multiprocessing.set_start_method(\"spawn\")") != NULL;
}
static const struct clg_log counted = {count, NULL};

static int wrong; // calls that did not fail with the code and one line

static void refused(const char *what, int status, int expected)
{
    if (status != expected || lines != 1 || good_lines != 1) {
        fprintf(stderr, "%s: gave %d, %d lines, %d of them good\n", what, status, lines, good_lines);
        wrong++;
    }
    lines = good_lines = 0;
}

// --- what the parent has -----------------------------------------------------------------------
static struct clg_device *device;
static struct clg_gan *gan;
static struct clg_slab *slab;
static struct clg_tensor tensor;
static struct clg_data *data;
static uint8_t batch[4 * 16 * 16 * 3];

static struct clg_gan_params model(void)
{
    struct clg_gan_params p = clg_gan_params_default();
    p.size = 16;
    p.ngf = p.ndf = 4;
    p.z = 8;
    p.batch = 4;
    return p;
}

static int open_all(void **state)
{
    (void)state;
    struct clg_device_params params = clg_device_params_default();
    const struct clg_gan_params m = model();
    struct clg_data_params d = clg_data_params_default();
    struct clg_gan_metrics metrics;
    params.select = getenv("CLGAN_DEVICE");
    params.log = d.log = counted;
    params.profile = true;
    d.size = 16;
    d.batch = 4;
    assert_int_equal(clg_device_open(&device, &params), 0);
    assert_int_equal(clg_gan_new(&gan, device, &m), 0);
    assert_int_equal(clg_data_open(&data, &d), 0);
    assert_int_equal(clg_data_next(data, batch), 0);
    assert_int_equal(clg_gan_step(gan, batch, &metrics), 0);
    assert_int_equal(clg_slab_new(&slab, device, 64), 0);
    assert_int_equal(clg_slab_take(slab, (struct clg_shape){1, 1, 1, 64}, &tensor), 0);
    lines = good_lines = 0;
    return 0;
}

static int close_all(void **state)
{
    (void)state;
    clg_slab_free(&slab);
    clg_gan_free(&gan);
    clg_device_close(&device);
    clg_data_close(&data);
    return 0;
}

// Runs `body` in a forked child; what it returns must be 0. It leaves by exit, through the drivers' own ends.
static void in_child(int (*body)(void))
{
    fflush(NULL);
    const pid_t child = fork();
    if (!child) {
        alarm(SECONDS);
        exit(body());
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    if (WIFSIGNALED(status))
        fail_msg("the child was ended by signal %d%s", WTERMSIG(status),
                 WTERMSIG(status) == SIGALRM ? ": it hung" : "");
    assert_int_equal(WEXITSTATUS(status), 0);
}

// --- the tests ---------------------------------------------------------------------------------
static int use_inherited(void)
{
    float values[64] = {0}, pictures[16 * 16 * 3];
    struct clg_gan_metrics metrics;
    struct clg_gan *other;
    struct clg_slab *more;
    struct clg_peaks peaks;
    struct clg_profile_row *rows;
    int n;
    const struct clg_gan_params m = model();
    struct clg_train_params train = clg_train_params_default();
    train.out = "/nonexistent/of-a-child";
    train.steps = 1;
    refused("write", clg_tensor_write(device, tensor, values), CLG_EDEVICE);
    refused("read", clg_tensor_read(device, tensor, values), CLG_EDEVICE);
    refused("fill", clg_fill(device, tensor, 1), CLG_EDEVICE);
    refused("finish", clg_device_finish(device), CLG_EDEVICE);
    refused("slab", clg_slab_new(&more, device, 64), CLG_EDEVICE);
    refused("peaks", clg_device_peaks(device, &peaks), CLG_EDEVICE);
    refused("profile", clg_device_profile(device, &rows, &n), CLG_EDEVICE);
    refused("step", clg_gan_step(gan, batch, &metrics), CLG_EDEVICE);
    refused("generate", clg_gan_generate(gan, values, 1, pictures), CLG_EDEVICE);
    refused("save", clg_gan_save(gan, "/tmp/clgan-never", NULL, 0), CLG_EDEVICE);
    refused("new", clg_gan_new(&other, device, &m), CLG_EDEVICE);
    refused("train", clg_train(device, &m, &train, NULL, NULL, NULL), CLG_EDEVICE);
    refused("next", clg_data_next(data, batch), CLG_EINVAL);
    return wrong;
}

static void inherited_objects_are_refused(void **state)
{
    (void)state;
    in_child(use_inherited);
}

static int open_again(void)
{
    struct clg_device_params params = clg_device_params_default();
    struct clg_device *second;
    struct clg_device_info *list;
    int n;
    params.log = counted;
    refused("open", clg_device_open(&second, &params), CLG_EDEVICE);
    refused("list", clg_devices_list(&list, &n, &counted), CLG_EDEVICE);
    return wrong;
}

static void a_device_cannot_be_opened_anew(void **state)
{
    (void)state;
    in_child(open_again);
}

static int free_all(void)
{
    struct clg_data_info info;
    clg_data_info(data, &info);
    close_all(NULL);
    return lines || slab || gan || device || data;
}

static void freeing_inherited_objects_says_nothing(void **state)
{
    (void)state;
    in_child(free_all);
}

// The pictures' loader needs no driver: a child may have its own.
static int load_in_child(void)
{
    struct clg_data_params params = clg_data_params_default();
    struct clg_data *own;
    params.size = 16;
    params.batch = 4;
    int status = clg_data_open(&own, &params);
    if (!status)
        status = clg_data_next(own, batch);
    clg_data_close(&own);
    return status;
}

static void a_child_may_open_data_of_its_own(void **state)
{
    (void)state;
    in_child(load_in_child);
}

static void the_parent_goes_on(void **state)
{
    (void)state;
    struct clg_gan_metrics metrics;
    assert_int_equal(clg_data_next(data, batch), 0);
    assert_int_equal(clg_gan_step(gan, batch, &metrics), 0);
}

TEST_MAIN("fork", open_all, close_all, TEST(inherited_objects_are_refused),
          TEST(a_device_cannot_be_opened_anew), TEST(freeing_inherited_objects_says_nothing),
          TEST(a_child_may_open_data_of_its_own), TEST(the_parent_goes_on))
