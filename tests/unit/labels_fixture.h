// What the tests of labels share: pictures in a folder, and what reading their labels gives and logs.
#ifndef CLG_TESTS_LABELS_FIXTURE_H
#define CLG_TESTS_LABELS_FIXTURE_H

#include "files_fixture.h"

#include <sys/stat.h>

#include <clgan/pictures.h>

static inline struct clg_pictures *pictures_make(void **state, const char *const *files, int n)
{
    const struct clg_crop center = {.kind = CLG_CROP_CENTER};
    const uint8_t pixels[4 * 4 * 3] = {0};
    struct clg_pictures *pictures;
    for (int i = 0; i < n; i++) {
        char folder[512];
        snprintf(folder, sizeof folder, "%s", in(state, files[i]));
        for (char *slash = folder + strlen(*state); (slash = strchr(slash + 1, '/'));) {
            *slash = 0;
            mkdir(folder, 0777);
            *slash = '/';
        }
        assert_int_equal(clg_picture_save(in(state, files[i]), pixels, 4, 4, 3, NULL), 0);
    }
    assert_int_equal(clg_pictures_open(&pictures, *state, center, NULL), 0);
    assert_int_equal(clg_pictures_count(pictures), n);
    return pictures;
}

// The labels as one text: "happy,sad:0,1,-1,0".
static inline const char *labels_text(const struct clg_labels *labels)
{
    static char text[512];
    size_t used = 0;
    for (int k = 0; k < labels->classes; k++)
        used += (size_t)snprintf(text + used, sizeof text - used, "%s%s", k ? "," : "", labels->names[k]);
    for (int i = 0; i < labels->n; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "%c%d", i ? ',' : ':', labels->of[i]);
    return text;
}

// Every line, with its level in front.
struct log_text {
    int lines;
    char text[4096];
};

static inline void log_append(void *user, enum clg_log_level level, const char *line)
{
    struct log_text *log_text = user;
    size_t used = strlen(log_text->text);
    log_text->lines++;
    snprintf(log_text->text + used, sizeof log_text->text - used, "%d: %s\n", (int)level, line);
}

// What is read, with a warning that holds `says` or (NULL) without any; or refused with one line that holds
// it.
static inline void expect(const struct clg_pictures *pictures, struct clg_labels_params params,
                          const char *what, const char *labels_expected, int status_expected,
                          const char *says)
{
    struct clg_labels *labels = (struct clg_labels *)&params;
    struct log_text log_text = {0};
    const char *wanted = labels_expected ? labels_expected : "none";
    params.log = (struct clg_log){log_append, &log_text};
    int status = clg_labels_read(&labels, pictures, &params);
    if (status != status_expected)
        fail_msg("%s: status %d, expected %d; said: %s", what, status, status_expected, log_text.text);
    if (says ? !strstr(log_text.text, says) : log_text.lines != 0)
        fail_msg("%s: \"%s\" expected, said: %s", what, says ? says : "nothing", log_text.text);
    if (status && (labels || log_text.lines != 1))
        fail_msg("%s: one line expected, said: %s", what, log_text.text);
    if (!status && labels->n != clg_pictures_count(pictures))
        fail_msg("%s: %d labels", what, labels->n);
    if (!status && strcmp(labels_text(labels), wanted) != 0)
        fail_msg("%s: labels %s, expected %s", what, labels_text(labels), wanted);
    clg_labels_free(&labels);
    assert_null(labels);
}

// The same for a table of that content.
static inline void expect_table(void **state, const struct clg_pictures *pictures, const void *content,
                                size_t n, struct clg_labels_params params, const char *labels, int status,
                                const char *says)
{
    char path[512];
    snprintf(path, sizeof path, "%s", in(state, "labels.csv"));
    file_write(path, content, n);
    params.csv = path;
    expect(pictures, params, (const char *)content, labels, status, says);
}

#endif
