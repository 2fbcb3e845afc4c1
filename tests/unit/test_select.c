// Which device a text means, on made-up lists; and which devices of two platforms are one.
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "main.h"

#include "device/devices.h"

static const uint64_t GIB = UINT64_C(1) << 30;

static struct clg_device_info fake(int index, int platform, int device, const char *name,
                                   enum clg_device_type type, unsigned units, uint64_t memory)
{
    struct clg_device_info d = {.index = index,
                                .platform = platform,
                                .device = device,
                                .type = type,
                                .compute_units = units,
                                .memory = memory,
                                .available = true};
    snprintf(d.name, sizeof d.name, "%s", name);
    snprintf(d.platform_name, sizeof d.platform_name, "Platform %d", platform);
    snprintf(d.version, sizeof d.version, "OpenCL 3.0 fake");
    return d;
}

enum { TURTLE, BIG, SMALL, BOARD, POCL, N };

// A machine with a bit of everything; the CPU comes first, as with many loaders.
static void machine(struct clg_device_info list[N])
{
    list[TURTLE] = fake(0, 0, 0, "Intel(R) Xeon(R) CPU @ 2.50GHz", CLG_DEVICE_CPU, 64, 500 * GIB);
    list[BIG] = fake(1, 1, 0, "NVIDIA GeForce RTX 3090", CLG_DEVICE_GPU, 82, 24 * GIB);
    list[SMALL] = fake(2, 1, 1, "NVIDIA GeForce RTX 3060", CLG_DEVICE_GPU, 28, 12 * GIB);
    list[BOARD] = fake(3, 3, 0, "Alveo U200", CLG_DEVICE_OTHER, 1, 64 * GIB);
    list[POCL] = fake(4, 4, 2, "pthread-Intel(R) Xeon(R) CPU @ 2.50GHz", CLG_DEVICE_CPU, 64, 400 * GIB);
    snprintf(list[POCL].platform_name, sizeof list[POCL].platform_name, "Portable Computing Language");
}

// Fails with the whole story.
static void expect_at(const char *file, int line, const struct clg_device_info *list, int count,
                      const char *spec, int want, const char *word)
{
    char why[1024];
    memset(why, '#', sizeof why);
    int got = clg_devices_select(list, count, spec, why, sizeof why);
    if (got == want && memchr(why, 0, sizeof why) && why[0] && strstr(why, word))
        return;
    print_error("spec \"%s\": wanted %d and the word \"%s\", got %d and \"%.200s\"\n", spec ? spec : "(null)",
                want, word, got, why);
    _fail(file, line);
}
#define EXPECT(list, count, spec, want, word) expect_at(__FILE__, __LINE__, list, count, spec, want, word)

static void test_empty(void **state)
{
    (void)state;
    const char *const specs[] = {NULL, "", "auto", "gpu", "cpu", "0", "0:0", "x"};
    for (size_t i = 0; i < sizeof specs / sizeof *specs; i++)
        EXPECT(NULL, 0, specs[i], CLG_ENODEV, "no OpenCL device");
}

static void test_auto(void **state)
{
    (void)state;
    struct clg_device_info list[N];
    machine(list);
    EXPECT(list, N, NULL, BIG, "2 GPUs");
    EXPECT(list, N, "", BIG, "2 GPUs");
    EXPECT(list, N, "auto", BIG, "2 GPUs");
    EXPECT(list, N, "AUTO", BIG, "2 GPUs");
    list[BIG].available = false;
    EXPECT(list, N, "auto", SMALL, "only usable GPU");
    list[SMALL].available = false;
    EXPECT(list, N, "auto", BOARD, "no usable GPU");
    list[BOARD].available = false;
    EXPECT(list, N, "auto", POCL, "PoCL");
    EXPECT(list, 1, "auto", TURTLE, "only usable CPU");
    list[POCL].available = list[TURTLE].available = false;
    EXPECT(list, N, "auto", CLG_ENODEV, "none of the 5");
}

static void test_auto_power(void **state)
{
    (void)state;
    struct clg_device_info list[3] = {
        fake(0, 0, 0, "many units", CLG_DEVICE_GPU, 100, 4 * GIB),
        fake(1, 0, 1, "more of both together", CLG_DEVICE_GPU, 50, 16 * GIB),
        fake(2, 0, 2, "much memory", CLG_DEVICE_GPU, 4, 64 * GIB),
    };
    EXPECT(list, 3, "auto", 1, "best of 3 GPUs");
    EXPECT(list, 3, "gpu", 1, "best of 3 GPUs");
    list[0].memory = 8 * GIB; // a tie: the first
    EXPECT(list, 3, "auto", 0, "best of 3 GPUs");
}

static void test_cpu(void **state)
{
    (void)state;
    struct clg_device_info list[N];
    machine(list);
    EXPECT(list, N, "cpu", POCL, "PoCL goes before");
    EXPECT(list, N, "Cpu", POCL, "PoCL goes before");
    list[POCL].compute_units = 32; // half of the machine
    EXPECT(list, N, "cpu", TURTLE, "best of 2 CPUs");
    list[POCL].compute_units = 65;
    EXPECT(list, N, "cpu", POCL, "best of 2 CPUs");
    list[POCL].available = false;
    EXPECT(list, N, "cpu", TURTLE, "only usable CPU");
    list[TURTLE].available = false;
    EXPECT(list, N, "cpu", CLG_ENODEV, "no usable CPU");
}

static void test_gpu(void **state)
{
    (void)state;
    struct clg_device_info list[N];
    machine(list);
    EXPECT(list, N, "GPU", BIG, "2 GPUs");
    EXPECT(list + BOARD, 2, "gpu", CLG_ENODEV, "no usable GPU");
    list[BIG].available = list[SMALL].available = false;
    EXPECT(list, N, "gpu", CLG_ENODEV, "no usable GPU");
}

static void test_index(void **state)
{
    (void)state;
    struct clg_device_info list[N];
    machine(list);
    for (int i = 0; i < N; i++) {
        char spec[8];
        snprintf(spec, sizeof spec, "%d", i);
        EXPECT(list, N, spec, i, "index");
    }
    EXPECT(list, N, "02", SMALL, "index");
    EXPECT(list, N, "5", CLG_ENODEV, "from 0 to 4");
    EXPECT(list, N, "99999999999999999999", CLG_ENODEV, "from 0 to 4");
    EXPECT(list, N, "2147483647", CLG_ENODEV, "from 0 to 4");
    EXPECT(list + 1, 2, "1", 0, "index"); // positions are not indices
    list[2].available = false;
    EXPECT(list, N, "2", CLG_ENODEV, "not available");
}

// A number alone is an index, never a part of a name; with more of the name it is a name.
static void test_numbers_in_names(void **state)
{
    (void)state;
    struct clg_device_info list[N];
    machine(list);
    EXPECT(list, N, "3090", CLG_ENODEV, "\"NVIDIA GeForce RTX 3090\" by its name");
    EXPECT(list, N, "x 3090", BIG, "name");
    EXPECT(list, N, "RTX 3060", SMALL, "name");
    EXPECT(list, N, "2.50", CLG_ENODEV, "matches 2");
}

static void test_pair(void **state)
{
    (void)state;
    struct clg_device_info list[N];
    machine(list);
    EXPECT(list, N, "0:0", TURTLE, "platform");
    EXPECT(list, N, "1:1", SMALL, "platform");
    EXPECT(list, N, "4:2", POCL, "platform");
    EXPECT(list, N, "1:2", CLG_ENODEV, "4:2");
    EXPECT(list, N, "2:0", CLG_ENODEV, "4:2");
    EXPECT(list, N, "99999999999:0", CLG_ENODEV, "4:2");
    const char *const odd[] = {":", "1:", ":1", "1:1:1", "1: 1", "-1", "1:-1", "+1", "0x1", "1.0"};
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++)
        EXPECT(list, N, odd[i], CLG_ENODEV, "in its name");
    list[SMALL].available = false;
    EXPECT(list, N, "1:1", CLG_ENODEV, "not available");
}

static void test_name(void **state)
{
    (void)state;
    struct clg_device_info list[N];
    machine(list);
    EXPECT(list, N, "alveo", BOARD, "name");
    EXPECT(list, N, "ALVEO u", BOARD, "name");
    EXPECT(list, N, "rtx", CLG_ENODEV, "1 \"NVIDIA GeForce RTX 3090\", 2 \"NVIDIA GeForce RTX 3060\"");
    EXPECT(list, N, "radeon", CLG_ENODEV, "no device has \"radeon\"");
    EXPECT(list, N, "platform", CLG_ENODEV, "in its name"); // the name alone counts
    EXPECT(list, N, "%s%n", CLG_ENODEV, "%s%n");
    EXPECT(list, N, "pthread", POCL, "name");
    EXPECT(list, N, "xeon", CLG_ENODEV, "matches 2");
    EXPECT(list, N, "intel(r) xeon(r) cpu @ 2.50GHz", TURTLE, "name"); // whole before part
    list[BIG].available = false;
    EXPECT(list, N, "rtx", SMALL, "name"); // one of the two can be used
    EXPECT(list, N, "3090 ", CLG_ENODEV, "in its name");
    EXPECT(list, N, "x 3090", CLG_ENODEV, "not available");
}

static void test_twins(void **state)
{
    (void)state;
    struct clg_device_info list[2] = {fake(0, 0, 0, "gfx90a", CLG_DEVICE_GPU, 104, 64 * GIB),
                                      fake(1, 0, 1, "gfx90a", CLG_DEVICE_GPU, 104, 64 * GIB)};
    EXPECT(list, 2, "auto", 0, "best of 2");
    EXPECT(list, 2, "gfx90a", CLG_ENODEV, "by its index");
    list[0].available = list[1].available = false;
    EXPECT(list, 2, "gfx90a", CLG_ENODEV, "by its index");
}

// The reason fits any room, also none.
static void test_why_room(void **state)
{
    (void)state;
    struct clg_device_info list[N];
    machine(list);
    assert_int_equal(clg_devices_select(list, N, "auto", NULL, 0), BIG);
    assert_int_equal(clg_devices_select(list, N, "rtx", NULL, 10), CLG_ENODEV);
    char untouched = '#';
    assert_int_equal(clg_devices_select(list, N, "rtx", &untouched, 0), CLG_ENODEV);
    assert_int_equal(untouched, '#');
    for (size_t room = 1; room < 120; room++) {
        char *why = malloc(room); // the sanitizer sees a byte too many
        assert_non_null(why);
        memset(why, '#', room);
        assert_int_equal(clg_devices_select(list, N, "rtx", why, room), CLG_ENODEV);
        assert_non_null(memchr(why, 0, room));
        free(why);
    }
}

static void test_same(void **state)
{
    (void)state;
    struct clg_device_info a = fake(0, 0, 0, "RTX", CLG_DEVICE_GPU, 82, GIB);
    struct clg_device_info b = fake(1, 1, 0, "RTX", CLG_DEVICE_GPU, 82, GIB);
    struct clg_device_identity none = {0}, first = {.has_uuid = true, .uuid = {1, 2}};
    struct clg_device_identity second = {.has_uuid = true, .uuid = {1, 3}};
    struct clg_device_identity bus = {.has_pci = true, .bus = 3, .slot = 1};
    struct clg_device_identity full = {.has_pci = true, .has_domain = true, .domain = 1, .bus = 3, .slot = 1};
    struct clg_device_identity other = {
        .has_pci = true, .has_domain = true, .domain = 2, .bus = 3, .slot = 1};
    assert_false(clg_devices_same(&a, &none, &b, &none)); // equal names tell nothing
    assert_true(clg_devices_same(&a, &first, &b, &first));
    assert_false(clg_devices_same(&a, &first, &b, &second));
    assert_false(clg_devices_same(&a, &first, &b, &none));
    assert_false(clg_devices_same(&a, &first, &b, &bus)); // nothing in common to compare
    assert_true(clg_devices_same(&a, &bus, &b, &full));
    assert_false(clg_devices_same(&a, &full, &b, &other));
    b.platform = 0;
    assert_false(clg_devices_same(&a, &first, &b, &first)); // a platform shows a device once
    b.platform = 1;
    b.type = CLG_DEVICE_CPU;
    assert_false(clg_devices_same(&a, &first, &b, &first));
    a.type = CLG_DEVICE_CPU; // two CPU platforms are a choice ...
    assert_false(clg_devices_same(&a, &first, &b, &first));
    snprintf(b.platform_name, sizeof b.platform_name, "%s", a.platform_name); // ... one platform twice is not
    assert_true(clg_devices_same(&a, &none, &b, &none));
}

static void test_identity_text(void **state)
{
    (void)state;
    assert_true(clg_device_extension("cl_khr_fp16", "cl_khr_fp16"));
    assert_true(clg_device_extension("a cl_khr_fp16x cl_khr_fp16 b", "cl_khr_fp16"));
    assert_false(clg_device_extension("cl_khr_fp16x xcl_khr_fp16", "cl_khr_fp16"));
    assert_false(clg_device_extension("", "cl_khr_fp16"));
    assert_false(clg_device_extension(NULL, "cl_khr_fp16"));
    uint64_t id[2] = {0, 0};
    clg_device_publish(&(struct clg_device_identity){0}, id);
    assert_true(id[0] == 0 && id[1] == 0);
    clg_device_publish(&(struct clg_device_identity){.has_pci = true}, id);
    assert_true(id[1] != 0);
}

// The real list, whatever this machine has: indices count from 0, names are there, auto finds one if any is
// usable.
static void test_list(void **state)
{
    (void)state;
    struct clg_device_info *list;
    int count;
    assert_int_equal(clg_devices_list(&list, &count, NULL), 0);
    for (int i = 0; i < count; i++) {
        assert_int_equal(list[i].index, i);
        assert_true(list[i].name[0] && list[i].version[0] && list[i].compute_units > 0 && list[i].memory > 0);
        cl_platform_id platform;
        cl_device_id device;
        assert_int_equal(clg_devices_find(&list[i], &platform, &device, NULL), 0);
    }
    int at = clg_devices_select(list, count, NULL, NULL, 0);
    assert_true(at < 0 || list[at].available);
    clg_devices_free(&list);
    assert_null(list);
    assert_non_null(strstr(clg_devices_advice(), "pocl-opencl-icd"));
}

TEST_MAIN("select", NULL, NULL, TEST(test_empty), TEST(test_auto), TEST(test_auto_power), TEST(test_cpu),
          TEST(test_gpu), TEST(test_index), TEST(test_numbers_in_names), TEST(test_pair), TEST(test_name),
          TEST(test_twins), TEST(test_why_room), TEST(test_same), TEST(test_identity_text), TEST(test_list))
