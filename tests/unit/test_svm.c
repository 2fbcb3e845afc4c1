// The linear SVM: its planes against the condition of the best ones, its choice of C, its file, its refusals.
#include "files_fixture.h"

#include "data/safetensors.h"

#include <clgan/gan.h>
#include <clgan/svm.h>
#include <math.h>
#include <sys/resource.h>
#include <time.h>

static const char *const names[] = {"happiness", "neutral", "a \"quoted\" \xc3\xa9"};

// Examples of classes whose centres lie `apart`, in features of awkward scales and offsets; one is constant.
struct set {
    int n, count, classes;
    float *x;
    int *labels;
};

static double normal(uint64_t *random)
{
    double sum = -6;
    for (int i = 0; i < 12; i++)
        sum += chance(random) / 2147483648.0;
    return sum;
}

static struct set set_make(int n, int count, int classes, double apart, uint64_t seed)
{
    struct set s = {n, count, classes, malloc((size_t)(n * count) * sizeof *s.x),
                    malloc((size_t)n * sizeof *s.labels)};
    for (int i = 0; i < n; i++) {
        s.labels[i] =
            i < 2 * classes ? i % classes : (int)(chance(&seed) % 4) % classes; // the first more often
        for (int j = 0; j < count; j++) {
            const double centre = j % classes == s.labels[i] ? apart : 0, scale = pow(10, j % 7 - 3);
            s.x[i * count + j] = (float)(j == 3 ? 0.1 : scale * (centre + normal(&seed) + j % 5));
        }
    }
    return s;
}

static void set_free(struct set *s)
{
    free(s->x);
    free(s->labels);
}

static struct clg_svm *train(const struct set *s, double c)
{
    struct clg_svm_params params = clg_svm_params_default();
    struct clg_svm *svm;
    params.c = c;
    assert_int_equal(clg_svm_train(&svm, s->x, s->n, s->count, s->labels, s->classes, names, &params), 0);
    assert_int_equal(clg_svm_classes(svm), s->classes);
    assert_int_equal(clg_svm_count(svm), s->count);
    return svm;
}

static double accuracy(const struct clg_svm *svm, const struct set *s)
{
    float *scores = malloc((size_t)(s->n * s->classes) * sizeof *scores);
    int right = 0;
    clg_svm_scores(svm, s->x, s->n, scores);
    for (int i = 0; i < s->n; i++) {
        int best = 0;
        for (int k = 1; k < s->classes; k++)
            best = scores[i * s->classes + k] > scores[i * s->classes + best] ? k : best;
        right += best == s->labels[i];
    }
    free(scores);
    return (double)right / s->n;
}

// --- the best planes ---------------------------------------------------------------------------
// In float64, from the file's weights: class k's plane on standardised features. The objective is strongly
// convex with modulus 1, so that it lies at most |gradient|^2 / 2 above its least value.
static void plane_check(const struct set *s, double c, const float *weight, double bias, int k)
{
    const int n = s->n, count = s->count;
    double *z = malloc((size_t)(n * count) * sizeof *z), *w = calloc((size_t)count, sizeof *w);
    double *gradient = calloc((size_t)count + 1, sizeof *gradient), b = bias, objective = 0, square = 0;
    for (int j = 0; j < count; j++) {
        double mean = 0, variance = 0;
        for (int i = 0; i < n; i++)
            mean += (double)s->x[i * count + j] / n;
        for (int i = 0; i < n; i++)
            variance += pow(s->x[i * count + j] - mean, 2) / n;
        const double deviation = sqrt(variance * count);
        if (j == 3) // the constant one
            assert_true(weight[j] == 0);
        for (int i = 0; i < n; i++)
            z[i * count + j] = j == 3 ? 0 : (s->x[i * count + j] - mean) / deviation;
        w[j] = gradient[j] = j == 3 ? 0 : weight[j] * deviation;
        b += weight[j] * mean;
        objective += w[j] * w[j] / 2;
    }
    objective += b * b / 2;
    gradient[count] = b;
    for (int i = 0; i < n; i++) {
        const double y = s->labels[i] == k ? 1 : -1;
        double f = b;
        for (int j = 0; j < count; j++)
            f += w[j] * z[i * count + j];
        const double short_of = fmax(0, 1 - y * f);
        objective += c * short_of * short_of;
        for (int j = 0; j < count; j++)
            gradient[j] -= 2 * c * short_of * y * z[i * count + j];
        gradient[count] -= 2 * c * short_of * y;
    }
    for (int j = 0; j <= count; j++)
        square += gradient[j] * gradient[j];
    if (!(square / 2 <= 1e-4 * objective))
        fail_msg("%d x %d, %d classes, C %g, class %d: up to %.3g above the best, of %.6g", n, count,
                 s->classes, c, k, square / 2, objective);
    free(z);
    free(w);
    free(gradient);
}

static void planes_check(void **state, const struct set *s, double c)
{
    struct clg_svm *svm = train(s, c);
    assert_true(clg_svm_c(svm) == c);
    assert_int_equal(clg_svm_save(svm, in(state, "svm"), NULL, 0, NULL), 0);
    struct clg_safetensors *file;
    assert_int_equal(clg_safetensors_open(&file, in(state, "svm"), NULL), 0);
    const float *weight = clg_safetensors_find(file, "weight")->values;
    const float *bias = clg_safetensors_find(file, "bias")->values;
    float *scores = malloc((size_t)(s->n * s->classes) * sizeof *scores);
    clg_svm_scores(svm, s->x, s->n, scores);
    for (int k = 0; k < s->classes; k++) {
        plane_check(s, c, weight + k * s->count, bias[k], k);
        for (int i = 0; i < s->n; i++) {
            double sum = bias[k], size = fabs(sum);
            for (int j = 0; j < s->count; j++) {
                const double part = (double)weight[k * s->count + j] * s->x[i * s->count + j];
                sum += part;
                size += fabs(part);
            }
            if (!(fabs(scores[i * s->classes + k] - sum) <= 1e-7 * size))
                fail_msg("example %d: score %d is %.9g, not %.9g", i, k, scores[i * s->classes + k], sum);
            if (s->classes == 2)
                assert_true(scores[2 * i] == -scores[2 * i + 1]);
        }
    }
    free(scores);
    clg_safetensors_close(&file);
    clg_svm_free(&svm);
    assert_null(svm);
}

static void test_planes_are_the_best_ones(void **state)
{
    static const int sizes[][3] = {{80, 11, 2}, {30, 200, 2}, {300, 5, 2}, {90, 23, 3}, {6, 4, 3}};
    static const double costs[] = {1e-3, 0.3, 30};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        for (size_t c = 0; c < sizeof costs / sizeof *costs; c++) {
            struct set s = set_make(sizes[i][0], sizes[i][1], sizes[i][2], 0.7, i + 1);
            planes_check(state, &s, costs[c]);
            set_free(&s);
        }
}

static void test_answers(void **state)
{
    (void)state;
    for (int classes = 2; classes <= 3; classes++) {
        struct set apart = set_make(150, 12, classes, 6, 3), other = set_make(150, 12, classes, 6, 4);
        struct set noise = set_make(150, 12, classes, 0, 5), fresh = set_make(600, 12, classes, 0, 6);
        struct clg_svm *svm = train(&apart, 0);
        assert_true(accuracy(svm, &apart) == 1);
        if (accuracy(svm, &other) < 0.98)
            fail_msg("%d classes far apart: only %g right", classes, accuracy(svm, &other));
        clg_svm_free(&svm);
        svm = train(&noise, 10);
        if (accuracy(svm, &fresh) > 0.6)
            fail_msg("%d classes that are the same: %g right", classes, accuracy(svm, &fresh));
        clg_svm_free(&svm);
        set_free(&apart);
        set_free(&other);
        set_free(&noise);
        set_free(&fresh);
    }
}

// --- the choice of C ---------------------------------------------------------------------------
struct choice {
    int lines, best;
    double c;
};

static void hear_choice(void *user, enum clg_log_level level, const char *line)
{
    struct choice *choice = user;
    double c;
    int right;
    if (level == CLG_LOG_INFO && sscanf(line, "C %lf: %d of", &c, &right) == 2) {
        choice->lines++;
        if (right > choice->best) {
            choice->best = right;
            choice->c = c;
        }
    }
}

static void count_planes(void *user, const char *what, size_t done, size_t total)
{
    assert_string_equal(what, "planes trained");
    assert_int_equal(done, ++*(size_t *)user);
    assert_true(done <= total && total == 18); // five costs and the last, of three planes
}

static void test_c_is_chosen_on_a_fifth(void **state)
{
    struct set s = set_make(200, 30, 3, 0.8, 7);
    struct choice choice = {.best = -1};
    size_t planes = 0;
    struct clg_svm_params params = clg_svm_params_default();
    params.log = (struct clg_log){hear_choice, &choice};
    params.progress = count_planes;
    params.user = &planes;
    struct clg_svm *svm, *again, *given;
    assert_int_equal(clg_svm_train(&svm, s.x, s.n, s.count, s.labels, s.classes, names, &params), 0);
    assert_int_equal(choice.lines, 5);
    assert_int_equal(planes, 18);
    assert_true(clg_svm_c(svm) == choice.c);
    assert_true(choice.best > 20 && choice.best < 40); // of 40: hard enough to tell costs apart
    again = train(&s, 0);
    given = train(&s, choice.c);
    struct clg_svm *const all[] = {svm, again, given};
    for (int i = 0; i < 3; i++) // bit for bit, and from an all-new start
        assert_int_equal(clg_svm_save(all[i], in(state, (const char *[]){"a", "b", "c"}[i]), NULL, 0, NULL),
                         0);
    size_t n[3];
    uint8_t *bytes[3] = {file_bytes(in(state, "a"), &n[0]), file_bytes(in(state, "b"), &n[1]),
                         file_bytes(in(state, "c"), &n[2])};
    for (int i = 1; i < 3; i++) {
        assert_int_equal(n[i], n[0]);
        assert_memory_equal(bytes[i], bytes[0], n[0]);
    }
    for (int i = 0; i < 3; i++)
        free(bytes[i]);
    clg_svm_free(&svm);
    clg_svm_free(&again);
    clg_svm_free(&given);
    set_free(&s);
}

// --- the file ----------------------------------------------------------------------------------
static void test_file_round_trip(void **state)
{
    struct set s = set_make(60, 9, 3, 1, 8);
    struct clg_svm *svm = train(&s, 1), *back;
    const char *const extra[][2] = {{"features", "pixels"}, {"size", "64"}};
    assert_int_equal(clg_svm_save(svm, in(state, "svm"), extra, 2, NULL), 0);
    assert_int_equal(clg_svm_load(&back, in(state, "svm"), NULL), 0);
    assert_int_equal(clg_svm_classes(back), 3);
    assert_int_equal(clg_svm_count(back), 9);
    assert_true(clg_svm_c(back) == 1);
    for (int i = 0; i < 3; i++)
        assert_string_equal(clg_svm_name(back, i), names[i]);
    assert_null(clg_svm_name(back, 3));
    assert_null(clg_svm_name(back, -1));
    float scores[2][180];
    clg_svm_scores(svm, s.x, s.n, scores[0]);
    clg_svm_scores(back, s.x, s.n, scores[1]);
    assert_memory_equal(scores[0], scores[1], sizeof scores[0]);
    char *text;
    assert_int_equal(clg_checkpoint_metadata(in(state, "svm"), "features", &text, NULL), 0);
    assert_string_equal(text, "pixels");
    free(text);
    clg_svm_free(&svm);
    clg_svm_free(&back);
    set_free(&s);
}

static void file_refused(void **state, const char *classes, int64_t rows, int64_t biases, float value)
{
    float values[12] = {0};
    values[7] = value;
    const struct clg_named_array arrays[] = {{"weight", {rows, 12 / rows}, 2, values},
                                             {"bias", {biases}, 1, values}};
    const struct clg_metadata metadata[] = {{"classes", classes}};
    struct captured_log captured_log;
    struct clg_log log = capture(&captured_log);
    struct clg_svm *svm;
    assert_int_equal(clg_safetensors_save(in(state, "f"), arrays, 2, metadata, classes ? 1 : 0, NULL), 0);
    const bool good = classes && !strcmp(classes, "[\"a\",\"b\"]") && rows == 2 && biases == 2 && value == 0;
    const int status = clg_svm_load(&svm, in(state, "f"), &log);
    if (status != (good ? 0 : CLG_EFORMAT) || captured_log.lines != !good || (svm != NULL) != good)
        fail_msg("classes %s, %d rows, %d biases, %g: status %d, %s", classes ? classes : "none", (int)rows,
                 (int)biases, (double)value, status, captured_log.last);
    clg_svm_free(&svm);
}

static void test_files_of_other_kinds(void **state)
{
    file_refused(state, "[\"a\",\"b\"]", 2, 2, 0); // the one that is good
    file_refused(state, NULL, 2, 2, 0);
    file_refused(state, "[\"a\",\"b\"]", 3, 2, 0);
    file_refused(state, "[\"a\",\"b\"]", 2, 3, 0);
    file_refused(state, "[\"a\",\"b\"]", 2, 2, NAN);
    static const char *const classes[] = {"", "[", "{}", "[]", "[\"a\"]", "[\"a\",2]", "[\"a\",\"b\",\"c\"]",
                                          "7"};
    for (size_t i = 0; i < sizeof classes / sizeof *classes; i++)
        file_refused(state, classes[i], 2, 2, 0);
    float values[6] = {0};
    const struct clg_named_array weight = {"weight", {2, 3}, 2, values};
    const struct clg_metadata metadata = {"classes", "[\"a\",\"b\"]"};
    struct captured_log captured_log;
    struct clg_log log = capture(&captured_log);
    struct clg_svm *svm;
    assert_int_equal(clg_safetensors_save(in(state, "f"), &weight, 1, &metadata, 1, NULL), 0);
    assert_int_equal(clg_svm_load(&svm, in(state, "f"), &log), CLG_EFORMAT);
    assert_int_equal(clg_npy_save(in(state, "f"), values, (const int64_t[]){6}, 1, NULL), 0);
    assert_int_equal(clg_svm_load(&svm, in(state, "f"), &log), CLG_EFORMAT);
    assert_int_equal(clg_svm_load(&svm, in(state, "nowhere"), &log), CLG_EIO);
    assert_int_equal(captured_log.lines, 3);
    assert_null(svm);
}

// Reading takes time that grows with the file, not with its square.
static void test_many_classes(void **state)
{
    enum { MANY = 100000 };
    float *values = calloc(MANY, sizeof *values);
    char *texts = malloc(MANY * 4 + 2);
    assert_true(values && texts);
    size_t n = 0;
    for (int i = 0; i < MANY; i++)
        n += (size_t)sprintf(texts + n, "%c\"%c\"", i ? ',' : '[', 'a' + i % 26);
    strcpy(texts + n, "]");
    const struct clg_named_array arrays[] = {{"weight", {MANY, 1}, 2, values}, {"bias", {MANY}, 1, values}};
    const struct clg_metadata metadata = {"classes", texts};
    assert_int_equal(clg_safetensors_save(in(state, "f"), arrays, 2, &metadata, 1, NULL), 0);
    struct clg_svm *svm;
    const clock_t begun = clock();
    assert_int_equal(clg_svm_load(&svm, in(state, "f"), NULL), 0);
    const double seconds = (double)(clock() - begun) / CLOCKS_PER_SEC;
    if (seconds > 4)
        fail_msg("%d classes took %.1f s to read", MANY, seconds);
    assert_string_equal(clg_svm_name(svm, 27), "b");
    clg_svm_free(&svm);
    free(texts);
    free(values);
}

static void test_changed_bits(void **state)
{
    struct set s = set_make(20, 4, 2, 1, 9);
    struct clg_svm *svm = train(&s, 1);
    assert_int_equal(clg_svm_save(svm, in(state, "svm"), NULL, 0, NULL), 0);
    clg_svm_free(&svm);
    set_free(&s);
    size_t n;
    uint8_t *bytes = file_bytes(in(state, "svm"), &n);
    struct captured_log captured_log;
    struct clg_log log = capture(&captured_log);
    for (size_t at = 0; at < n; at += 3) {
        bytes[at] ^= 1 << at % 8;
        file_write(in(state, "svm"), bytes, n);
        assert_int_equal(clg_svm_load(&svm, in(state, "svm"), &log), CLG_EFORMAT);
        bytes[at] ^= 1 << at % 8;
    }
    free(bytes);
}

// --- refusals ----------------------------------------------------------------------------------
static void refused(const struct set *s, double c, int expected, const char *says)
{
    struct captured_log captured_log;
    struct clg_svm_params params = clg_svm_params_default();
    struct clg_svm *svm;
    params.c = c;
    params.log = capture(&captured_log);
    const int status = clg_svm_train(&svm, s->x, s->n, s->count, s->labels, s->classes, names, &params);
    if (status != expected || svm || captured_log.lines != 1 || !strstr(captured_log.last, says))
        fail_msg("status %d, not %d; %d lines: %s", status, expected, captured_log.lines, captured_log.last);
}

static void test_refusals(void **state)
{
    (void)state;
    struct set s = set_make(40, 6, 2, 1, 10), one = s;
    one.classes = 1;
    refused(&one, 1, CLG_EDATA, "two classes");
    refused(&s, -1, CLG_EINVAL, "C is -1");
    refused(&s, NAN, CLG_EINVAL, "C is");
    one = s;
    one.n = 0;
    refused(&one, 1, CLG_EINVAL, "0 examples");
    one = s;
    one.n = 3; // 0, 1, 0
    refused(&one, 1, CLG_EDATA, "\"neutral\" has one example");
    one.n = 1;
    refused(&one, 1, CLG_EDATA, "\"happiness\" has one example");
    one = s;
    one.classes = 3;
    refused(&one, 1, CLG_EDATA, "has no example");
    static const float bad[] = {NAN, INFINITY, -INFINITY};
    for (int i = 0; i < 3; i++) {
        const float kept = s.x[17];
        s.x[17] = bad[i];
        refused(&s, 1, CLG_EDATA, "feature 5 of example 2 is not a finite number");
        s.x[17] = kept;
    }
    s.labels[5] = 2;
    refused(&s, 1, CLG_EINVAL, "label 5 is 2");
    set_free(&s);
}

static void test_memory_that_is_short_is_told(void **state)
{
    (void)state;
    struct set s = set_make(1000, 2000, 2, 1, 11);
    struct rlimit before, tight;
    long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (!file) {
        set_free(&s);
        print_message("no /proc here, which tells how much memory is taken: test skipped\n");
        skip();
    }
    assert_int_equal(fscanf(file, "%ld", &pages), 1);
    fclose(file);
    assert_int_equal(getrlimit(RLIMIT_AS, &before), 0);
    tight = before;
    tight.rlim_cur = (rlim_t)pages * (rlim_t)sysconf(_SC_PAGESIZE) + ((rlim_t)16 << 20); // 32 MiB are needed
    assert_int_equal(setrlimit(RLIMIT_AS, &tight), 0);
    refused(&s, 1, CLG_ENOMEM, "30.5 MiB");
    assert_int_equal(setrlimit(RLIMIT_AS, &before), 0);
    set_free(&s);
}

TEST_MAIN("svm", NULL, NULL, IN_FOLDER(test_planes_are_the_best_ones), IN_FOLDER(test_answers),
          IN_FOLDER(test_c_is_chosen_on_a_fifth), IN_FOLDER(test_file_round_trip),
          IN_FOLDER(test_files_of_other_kinds), IN_FOLDER(test_many_classes), IN_FOLDER(test_changed_bits),
          IN_FOLDER(test_refusals), IN_FOLDER(test_memory_that_is_short_is_told))
