// Compiled kernels: the cache on disk, sound and damaged; kernels from a folder, right and broken.
#include "files_fixture.h"

#include "ops_fixture.h"

#include "base/sources.h"

#include <dirent.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { N = 103 };

// A little work in one program ("element.cl" without options) or two (with act): N values to host.
static int work(struct clg_device *d, bool act, float *host)
{
    struct clg_slab *slab;
    struct clg_tensor x, y;
    const struct clg_shape shape = {1, 1, 1, N};
    int status = clg_slab_new(&slab, d, 2 * clg_slab_size(shape));
    if (status)
        return status;
    clg_slab_take(slab, shape, &x);
    clg_slab_take(slab, shape, &y);
    for (int i = 0; i < N; i++)
        host[i] = 0.1f * (float)(i - 50);
    status = clg_tensor_write(d, x, host);
    if (!status)
        status = clg_fill(d, y, 2.5f);
    if (!status)
        status = clg_axpy(d, -0.7f, x, y);
    if (!status && act)
        status = clg_act_forward(d, (struct clg_act){CLG_ACT_TANH, 0}, y, y);
    if (!status)
        status = clg_tensor_read(d, y, host);
    clg_slab_free(&slab);
    return status;
}

static void work_check(const char *what, struct clg_device *d, bool act)
{
    float is[N];
    double expected[N];
    assert_int_equal(work(d, act, is), 0);
    for (int i = 0; i < N; i++) {
        expected[i] = 2.5 - 0.7 * 0.1 * (i - 50);
        expected[i] = act ? tanh(expected[i]) : expected[i];
    }
    test_close(what, is, expected, N, 1e-6);
}

// --- cache of compiled kernels ---------------------------------

// The .bin files of a folder: how many, and the path and facts of the last.
static int binaries(const char *folder, char *path, size_t size, struct stat *info)
{
    DIR *dir = opendir(folder);
    int n = 0;
    for (struct dirent *e; dir && (e = readdir(dir));) {
        size_t length = strlen(e->d_name);
        if (length < 4 || strcmp(e->d_name + length - 4, ".bin"))
            continue;
        snprintf(path, size, "%s/%s", folder, e->d_name);
        assert_int_equal(stat(path, info), 0);
        n++;
    }
    if (dir)
        closedir(dir);
    return n;
}

static int files_in(const char *folder)
{
    DIR *dir = opendir(folder);
    int n = 0;
    for (struct dirent *e; dir && (e = readdir(dir));)
        n += e->d_name[0] != '.';
    if (dir)
        closedir(dir);
    return n;
}

static void work_with_cache(const char *what, const char *folder, bool act)
{
    struct captured log;
    struct clg_device *d = opened((struct clg_device_params){.cache_dir = folder}, &log);
    d->caches_itself = false; // PoCL too goes through our cache here
    work_check(what, d, act);
    clg_device_close(&d);
    if (log.lines)
        fail_msg("%s: the cache should be silent, but says: %s", what, log.text);
}

static void test_cache(void **state)
{
    char path[1024];
    struct stat first, second;
    const char *folder = in(state, "new/cache");
    work_with_cache("empty cache", folder, false);
    assert_int_equal(binaries(folder, path, sizeof path, &first), 1);
    work_with_cache("full cache", folder, false);
    assert_int_equal(binaries(folder, path, sizeof path, &second), 1);
    if (second.st_ino != first.st_ino || second.st_mtim.tv_nsec != first.st_mtim.tv_nsec)
        fail_msg("the second device compiled again: %s was written twice", path);
    work_with_cache("one more program", folder, true);
    assert_int_equal(binaries(folder, path, sizeof path, &second), 2);
}

// A process of its own that computes with the cache: 0 when all was right.
static int worker(const char *folder)
{
    float is[N];
    struct captured log = {0};
    const struct clg_device_params params = {
        .select = getenv("CLGAN_DEVICE"), .cache_dir = folder, .log = {captured_line, &log}};
    struct clg_device *d;
    if (clg_device_open(&d, &params))
        return 1;
    d->caches_itself = false;
    int wrong = work(d, true, is) != 0;
    for (int i = 0; i < N && !wrong; i++)
        wrong = !(fabs(is[i] - tanh(2.5 - 0.7 * 0.1 * (i - 50))) < 1e-5);
    clg_device_close(&d);
    return wrong;
}

// Several processes fill one empty cache at once: all compute rightly, and what they leave is whole. Comes
// before this process computes: OpenCL does not live on in a forked one.
static void test_shared_cache(void **state)
{
    enum { WORKERS = 4 };
    pid_t pids[WORKERS];
    char path[1024];
    struct stat before, after;
    const char *folder = in(state, "shared");
    for (int i = 0; i < WORKERS; i++) {
        pids[i] = fork();
        assert_true(pids[i] >= 0);
        if (!pids[i])
            _exit(worker(folder));
    }
    for (int i = 0; i < WORKERS; i++) {
        int status;
        assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
        if (!WIFEXITED(status) || WEXITSTATUS(status))
            fail_msg("worker %d of %d ended with status %x", i, WORKERS, status);
    }
    assert_int_equal(binaries(folder, path, sizeof path, &before), 2);
    assert_int_equal(files_in(folder), 2);
    work_with_cache("a cache that others filled", folder, true);
    assert_int_equal(binaries(folder, path, sizeof path, &after), 2);
    if (before.st_ino != after.st_ino || before.st_mtim.tv_nsec != after.st_mtim.tv_nsec)
        fail_msg("%s was not usable", path);
}

// How a cache file is damaged: cut to a part, one byte changed, or longer.
struct damage {
    const char *what;
    double keep; // of the size
    double flip; // where a byte changes, of the size; < 0: nowhere
    int extra;   // bytes behind
};
static const struct damage damages[] = {
    {"empty", 0, -1, 0},
    {"two bytes short", 0.999, -1, 0},
    {"half", 0.5, -1, 0},
    {"only a header", 1e-9, -1, 20},
    {"a garbled mark", 1, 0, 0},
    {"a garbled body", 1, 0.7, 0},
    {"a garbled end", 1, 0.999, 0},
    {"longer", 1, -1, 7},
};

// Writes the damaged bytes, works, and expects a sound file in their place, which is then read.
static void check_damaged(const char *what, const char *folder, const char *path, const uint8_t *bytes,
                          size_t size)
{
    char other[1024];
    struct stat damaged, rebuilt, read;
    file_write(path, bytes, size);
    assert_int_equal(binaries(folder, other, sizeof other, &damaged), 1);
    work_with_cache(what, folder, false);
    assert_int_equal(binaries(folder, other, sizeof other, &rebuilt), 1);
    if (rebuilt.st_ino == damaged.st_ino && rebuilt.st_mtim.tv_nsec == damaged.st_mtim.tv_nsec)
        fail_msg("a cache file with %s was not replaced", what);
    work_with_cache(what, folder, false);
    assert_int_equal(binaries(folder, other, sizeof other, &read), 1);
    if (rebuilt.st_ino != read.st_ino || rebuilt.st_mtim.tv_nsec != read.st_mtim.tv_nsec)
        fail_msg("the file in place of one with %s was not usable either", what);
}

static void test_damaged_cache(void **state)
{
    char path[1024];
    struct stat info;
    size_t size;
    const char *folder = in(state, "cache");
    work_with_cache("empty cache", folder, false);
    assert_int_equal(binaries(folder, path, sizeof path, &info), 1);
    uint8_t *sound = file_bytes(path, &size), *bytes = calloc(1, size + 64);
    for (size_t i = 0; i < COUNT(damages); i++) {
        const struct damage *m = &damages[i];
        size_t keep = (size_t)(m->keep * (double)size);
        memcpy(bytes, sound, size);
        memset(bytes + keep, 0x5a, size + 64 - keep);
        if (m->flip >= 0)
            bytes[(size_t)(m->flip * (double)size)] ^= 0x10;
        check_damaged(m->what, folder, path, bytes, keep + (size_t)m->extra);
    }
    free(sound), free(bytes);
}

static uint64_t fnv1a(const uint8_t *bytes, size_t size)
{
    uint64_t hash = 0;
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ bytes[i]) * 0x100000001b3u;
    return hash;
}

// A file that is right in every way, but holds no program: the driver refuses it, the kernel is compiled.
static void test_senseless_binary(void **state)
{
    char path[1024];
    struct stat info;
    size_t size;
    const char *folder = in(state, "senseless");
    work_with_cache("empty cache", folder, false);
    assert_int_equal(binaries(folder, path, sizeof path, &info), 1);
    uint8_t *bytes = file_bytes(path, &size);
    uint64_t head[4]; // mark, size of the key, size and hash of the binary (src/device/cache.c)
    memcpy(head, bytes, sizeof head);
    const size_t start = sizeof head + (size_t)head[1];
    assert_true(start < size && head[2] == size - start && head[3] == fnv1a(bytes + start, size - start));
    memset(bytes + start, 'x', size - start);
    head[3] = fnv1a(bytes + start, size - start);
    memcpy(bytes, head, sizeof head);
    check_damaged("a senseless binary", folder, path, bytes, size);
    free(bytes);
}

// A cache that cannot be: the work goes on without.
static void test_impossible_cache(void **state)
{
    const char *file = in(state, "file");
    file_write(file, "x", 1);
    work_with_cache("a file as cache folder", file, false);
    work_with_cache("a cache folder below a file", in(state, "file/cache"), false);
}

// --- kernels from a folder ---------------------------------

static const char *source_of(const char *name)
{
    for (const struct clg_source *s = clg_sources; s->name; s++)
        if (strcmp(s->name, name) == 0)
            return s->text;
    fail_msg("no %s in the library", name);
    return NULL;
}

// element.cl with `from` replaced by `to`, to the folder.
static void element_write(void **state, const char *from, const char *to)
{
    const char *text = source_of("element.cl"), *at = strstr(text, from);
    assert_non_null(at);
    size_t size = strlen(text) + strlen(to) + 1;
    char *changed = malloc(size);
    snprintf(changed, size, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
    file_write(in(state, "element.cl"), changed, strlen(changed));
    free(changed);
}

static int line_of(const char *text, const char *word)
{
    int line = 1;
    for (const char *at = strstr(text, word); text < at; text++)
        line += *text == '\n';
    return line;
}

static void common_write(void **state)
{
    const char *common = source_of("common.cl");
    file_write(in(state, "common.cl"), common, strlen(common));
}

static void test_kernels_folder(void **state)
{
    struct captured log;
    element_write(state, "put(value,", "put(4.0f * value,");
    struct clg_device *d = opened((struct clg_device_params){.kernels_dir = *state}, &log);
    float is[N];
    assert_int_equal(work(d, false, is), 0);
    if (!(fabs(is[50] - 10) < 1e-5))
        fail_msg("the folder's fill gives 4 times its value: %g, expected 10", is[50]);
    clg_device_close(&d);
}

// The message says what, where, and with which options; after a repair the same device goes on.
static void test_broken_kernel(void **state)
{
    static const char word[] = "+ a * get(AT(x), i, end)";
    char place[64];
    struct captured log;
    float is[N];
    element_write(state, word, "+ a * no_such_name");
    snprintf(place, sizeof place, "element.cl:%d", line_of(source_of("element.cl"), word));
    struct clg_device *d = opened((struct clg_device_params){.kernels_dir = *state}, &log);
    int status = work(d, false, is);
    if (status != CLG_EBUILD || log.errors != 1)
        fail_msg("a broken element.cl: status %d, %d lines: %s", status, log.errors, log.text);
    const char *const words[] = {
        "element.cl does not compile", place, "no_such_name", "-cl-std=CL1.2", "-DVF=", "-DWG="};
    for (size_t i = 0; i < COUNT(words); i++)
        captured_has(&log, words[i]);
    element_write(state, word, word);
    work_check("after the repair", d, true);
    clg_device_close(&d);
}

static void test_broken_options(void **state)
{
    struct captured log;
    element_write(state, "#ifdef ACT\n", "#ifdef ACT\n#error \"broken with ACT\"\n");
    struct clg_device *d = opened((struct clg_device_params){.kernels_dir = *state}, &log);
    float is[N];
    int status = work(d, true, is);
    if (status != CLG_EBUILD || log.errors != 1)
        fail_msg("a broken element.cl with ACT: status %d, %d lines: %s", status, log.errors, log.text);
    captured_has(&log, "broken with ACT");
    captured_has(&log, " -DACT=3");
    work_check("without ACT", d, false);
    clg_device_close(&d);
}

// No folder: refused at once. A folder without the file that is needed: the library's own.
static void test_missing_kernels(void **state)
{
    struct captured log = {0};
    char missing[512];
    snprintf(missing, sizeof missing, "%s", in(state, "missing"));
    struct clg_device_params params = {
        .select = getenv("CLGAN_DEVICE"), .kernels_dir = missing, .log = {captured_line, &log}};
    struct clg_device *d = (struct clg_device *)&log;
    int status = clg_device_open(&d, &params);
    if (status != CLG_EIO || d || log.errors != 1)
        fail_msg("a missing kernels folder: status %d, %d lines: %s", status, log.errors, log.text);
    captured_has(&log, missing);
    d = opened((struct clg_device_params){.kernels_dir = *state}, &log);
    work_check("an empty kernels folder", d, true);
    clg_device_close(&d);
    common_write(state);
    d = opened((struct clg_device_params){.kernels_dir = *state}, &log);
    work_check("a folder with common.cl only", d, true);
    clg_device_close(&d);
}

TEST_MAIN("kernels", NULL, NULL, IN_FOLDER(test_shared_cache), IN_FOLDER(test_cache),
          IN_FOLDER(test_damaged_cache), IN_FOLDER(test_senseless_binary), IN_FOLDER(test_impossible_cache),
          IN_FOLDER(test_kernels_folder), IN_FOLDER(test_broken_kernel), IN_FOLDER(test_broken_options),
          IN_FOLDER(test_missing_kernels))
