// What the tests of other programs' weights share: a file of any tensors, and gans to compare.
#ifndef CLGAN_TESTS_WEIGHTS_FIXTURE_H
#define CLGAN_TESTS_WEIGHTS_FIXTURE_H

#include "ops_fixture.h"

#include "data/safetensors.h"
#include "gan/gan.h"

#include <unistd.h>

enum { MOST = 64, VALUES_MAX = 32768 };
static char path[] = "/tmp/clgan-weights-XXXXXX";

static inline struct clg_gan_params model(void)
{
    struct clg_gan_params p = clg_gan_params_default();
    p.size = 16;
    p.ngf = p.ndf = 4;
    p.z = 8;
    p.batch = 4;
    return p;
}

static inline struct clg_gan *gan_of(struct clg_gan_params p)
{
    struct clg_gan *gan;
    assert_int_equal(clg_gan_new(&gan, test_device(), &p), 0);
    return gan;
}

static inline struct clg_gan *gan_new(uint64_t seed)
{
    struct clg_gan_params p = model();
    p.seed = seed;
    return gan_of(p);
}

// --- files -------------------------------------------------------------------------------------
// Tensors for a file.
struct tensors {
    struct clg_named_array list[MOST];
    char names[MOST][160];
    float *values[MOST];
    int n;
};

static inline size_t count_of(const struct clg_tensor_info *info)
{
    size_t n = 1;
    for (int i = 0; i < info->dims; i++)
        n *= (size_t)info->shape[i];
    return n;
}

static inline void add(struct tensors *t, const char *name, const int64_t *shape, int dims, float *values)
{
    struct clg_named_array *array = &t->list[t->n];
    snprintf(t->names[t->n], sizeof *t->names, "%s", name);
    *array = (struct clg_named_array){.name = t->names[t->n], .dims = dims, .values = values};
    memcpy(array->shape, shape, (size_t)dims * sizeof *shape);
    t->values[t->n++] = values;
}

static inline float *filled(size_t n, float first, float step)
{
    float *values = malloc(n * sizeof *values);
    for (size_t i = 0; i < n; i++)
        values[i] = first + step * (float)i;
    return values;
}

static inline void add_vector(struct tensors *t, const char *name, int n, float first, float step)
{
    const int64_t shape[] = {n};
    add(t, name, shape, 1, filled((size_t)n, first, step));
}

// The tensors of a net of the gan, "netG." say, under another prefix.
static inline void take(struct tensors *t, struct clg_gan *gan, const char *net, const char *prefix)
{
    struct clg_tensor_info info;
    for (int i = 0; i < clg_gan_tensors(gan); i++) {
        assert_int_equal(clg_gan_tensor(gan, i, &info), 0);
        if (strncmp(info.name, net, strlen(net)))
            continue;
        char name[160];
        float *values = malloc(count_of(&info) * sizeof *values);
        assert_int_equal(clg_gan_tensor_read(gan, i, values), 0);
        snprintf(name, sizeof name, "%s%s", prefix, info.name + strlen(net));
        add(t, name, info.shape, info.dims, values);
    }
}

static inline void save(struct tensors *t)
{
    // clg_safetensors_save marks its files as clgan's own; another program's have no such mark.
    assert_int_equal(clg_safetensors_save(path, t->list, t->n, NULL, 0, NULL), 0);
    FILE *file = fopen(path, "r+b");
    char header[65536];
    size_t length = fread(header, 1, sizeof header, file);
    char *mark = memmem(header, length, "\"clgan\":", 8), *sum = memmem(header, length, "\"crc32\":", 8);
    assert_true(mark && sum);
    memcpy(mark, "\"other\":", 8);
    memcpy(sum, "\"crcxx\":", 8);
    rewind(file);
    assert_int_equal(fwrite(header, 1, length, file), length);
    fclose(file);
}

static inline void release(struct tensors *t)
{
    for (int i = 0; i < t->n; i++)
        free(t->values[i]);
    t->n = 0;
}

// --- comparing ---------------------------------------------------------------------------------
static inline float *all_values(struct clg_gan *gan, size_t *n)
{
    float *values = calloc(VALUES_MAX, sizeof *values);
    struct clg_tensor_info info;
    *n = 0;
    for (int i = 0; i < clg_gan_tensors(gan); i++) {
        assert_int_equal(clg_gan_tensor(gan, i, &info), 0);
        assert_true(*n + count_of(&info) <= VALUES_MAX);
        assert_int_equal(clg_gan_tensor_read(gan, i, values + *n), 0);
        *n += count_of(&info);
    }
    return values;
}

static inline bool same_gans(struct clg_gan *a, struct clg_gan *b)
{
    size_t n, m;
    float *x = all_values(a, &n), *y = all_values(b, &m);
    const bool same = n == m && memcmp(x, y, n * sizeof *x) == 0;
    free(x);
    free(y);
    return same;
}

// The file is refused with one line that has these words, and the gan stays as it was.
static inline void refused_file(const char *const *words)
{
    struct captured log;
    struct clg_log old = quiet(&log);
    struct clg_gan *gan = gan_new(3), *before = gan_new(3);
    assert_int_equal(clg_gan_init_from(gan, path), CLG_EFORMAT);
    assert_int_equal(log.lines, 1);
    for (; *words; words++)
        captured_has(&log, *words);
    assert_true(same_gans(gan, before));
    loud_again(old);
    clg_gan_free(&gan);
    clg_gan_free(&before);
}
#define REFUSED_FILE(...) refused_file((const char *const[]){__VA_ARGS__, NULL})

// --- the file and the device -------------------------------------------------------------------
static inline int set_up(void **state)
{
    (void)state;
    const int file = mkstemp(path);
    return file < 0 || close(file);
}

static inline int tear_down(void **state)
{
    (void)state;
    test_device_close();
    return unlink(path);
}

#endif
