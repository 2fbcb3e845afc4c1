// The output folder as one self-contained page: tiles, sample grids, curves and settings.
#include "report/report.h"

#include "base/file.h"
#include "base/locale.h"
#include "base/log.h"
#include "base/sources.h"
#include "report/chart.h"
#include "report/history.h"
#include "report/xml.h"

#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { STYLE, SCRIPT }; // of clg_page_sources
static const size_t sample_limit = (size_t)256 << 20;

// --- samples/step-N.png ----------------------------------------------------------------------

struct samples {
    long long *steps;
    size_t n;
};

static int compare_steps(const void *a, const void *b)
{
    long long x = *(const long long *)a, y = *(const long long *)b;
    return (x > y) - (x < y);
}

// "step-N.png" to N; -1 for other names.
static long long sample_step(const char *name)
{
    char *after;
    if (strncmp(name, "step-", 5) || name[5] < '0' || name[5] > '9')
        return -1;
    errno = 0;
    long long step = strtoll(name + 5, &after, 10);
    return errno || strcmp(after, ".png") ? -1 : step;
}

static int samples_add(struct samples *samples, size_t *capacity, long long step)
{
    if (samples->n == *capacity) {
        size_t more = *capacity ? 2 * *capacity : 64;
        long long *steps = realloc(samples->steps, more * sizeof *steps);
        if (!steps)
            return CLG_ENOMEM;
        samples->steps = steps;
        *capacity = more;
    }
    samples->steps[samples->n++] = step;
    return 0;
}

// Keeps at most `most`, evenly chosen, the first and the last among them (of one: the last).
static void samples_choose(struct samples *samples, int max_grids)
{
    size_t n = samples->n, keep = max_grids > 0 ? (size_t)max_grids : 0;
    if (n <= keep)
        return;
    for (size_t i = 0; i + 1 < keep; i++)
        samples->steps[i] = samples->steps[i * (n - 1) / (keep - 1)];
    if (keep)
        samples->steps[keep - 1] = samples->steps[n - 1];
    samples->n = keep;
}

static int samples_find(struct samples *samples, const char *out, int max_grids, const struct clg_log *log)
{
    *samples = (struct samples){0};
    char path[4096];
    snprintf(path, sizeof path, "%s/samples", out);
    DIR *folder = opendir(path);
    if (!folder)
        return errno == ENOENT ? 0
                               : clg_fail(log, CLG_EIO, "cannot read folder %s: %s", path, strerror(errno));
    size_t capacity = 0;
    int status = 0;
    for (struct dirent *entry; !status && (entry = readdir(folder));)
        if (sample_step(entry->d_name) >= 0)
            status = samples_add(samples, &capacity, sample_step(entry->d_name));
    closedir(folder);
    if (status)
        return clg_fail(log, status, "out of memory listing %s", path);
    if (samples->n)
        qsort(samples->steps, samples->n, sizeof *samples->steps, compare_steps);
    samples_choose(samples, max_grids);
    return 0;
}

static void base64_write(FILE *file, const unsigned char *bytes, size_t size)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < size; i += 3) {
        uint32_t three = (uint32_t)bytes[i] << 16;
        three |= i + 1 < size ? (uint32_t)bytes[i + 1] << 8 : 0;
        three |= i + 2 < size ? bytes[i + 2] : 0;
        char four[4] = {digits[three >> 18], digits[three >> 12 & 63], digits[three >> 6 & 63],
                        digits[three & 63]};
        if (i + 2 >= size)
            four[3] = '=';
        if (i + 1 >= size)
            four[2] = '=';
        fwrite(four, 1, 4, file);
    }
}

// <img> with the grid's bytes inside.
static int sample_write(FILE *file, const char *out, long long step, const char *attributes,
                        const struct clg_log *log)
{
    char path[4096], *bytes;
    size_t size;
    snprintf(path, sizeof path, "%s/samples/step-%lld.png", out, step);
    int status = clg_file_read(path, sample_limit, &bytes, &size, log);
    if (status)
        return status;
    fprintf(file, "<img %salt=\"step %lld\" src=\"data:image/png;base64,", attributes, step);
    base64_write(file, (const unsigned char *)bytes, size);
    fputs("\"/>", file);
    free(bytes);
    return 0;
}

static int samples_write(FILE *file, const char *out, const struct samples *samples,
                         const struct clg_log *log)
{
    if (!samples->n) {
        fputs("<section class=\"card hero\"><p class=\"soft\">No sample grids yet.</p></section>\n", file);
        return 0;
    }
    long long last = samples->steps[samples->n - 1];
    fputs("<section class=\"card hero\">", file);
    int status = sample_write(file, out, last, "id=\"hero\" ", log);
    fprintf(file,
            "<div class=\"scrub\"><button id=\"play\" type=\"button\">Play</button><input id=\"range\" "
            "type=\"range\" "
            "min=\"0\" max=\"0\" value=\"0\" aria-label=\"sample grid\"/><output id=\"step\">step "
            "%lld</output></div>"
            "</section>\n<div class=\"grids\" id=\"grids\">",
            last);
    for (size_t i = 0; !status && i + 1 < samples->n; i++) {
        fputs("<figure class=\"card\">", file);
        status = sample_write(file, out, samples->steps[i], "", log);
        fprintf(file, "<figcaption>step %lld</figcaption></figure>\n", samples->steps[i]);
    }
    fputs("</div>\n", file);
    return status;
}

// --- the page --------------------------------------------------------------------------------

static void tile_write(FILE *file, const char *value, const char *name)
{
    fprintf(file, "<div class=\"card tile\"><b>%s</b><span>%s</span></div>\n", value, name);
}

static void duration_text(double seconds, char *text, size_t size)
{
    long long s = seconds < 1e12 ? llround(seconds) : 0;
    if (s >= 3600)
        snprintf(text, size, "%lld h %02lld min", s / 3600, s / 60 % 60);
    else if (s >= 60)
        snprintf(text, size, "%lld min %02lld s", s / 60, s % 60);
    else
        snprintf(text, size, "%lld s", s);
}

static void tiles_write(FILE *file, const struct clg_history *history)
{
    if (!history->n)
        return;
    static const struct {
        enum clg_history_column column;
        const char *format, *name;
    } recent[] = {
        {CLG_HISTORY_IMAGES_PER_S, "%.4g", "images/s, lately"},
        {CLG_HISTORY_LOSS_D, "%.3f", "loss of D, lately"},
        {CLG_HISTORY_LOSS_G, "%.3f", "loss of G, lately"},
        {CLG_HISTORY_D_REAL, "%.3f", "D(x), lately"},
        {CLG_HISTORY_D_FAKE_AFTER, "%.3f", "D(G(z)), lately"},
    };
    char text[64];
    fputs("<section class=\"tiles\">", file);
    snprintf(text, sizeof text, "%.0f", history->columns[CLG_HISTORY_STEP][history->n - 1]);
    tile_write(file, text, "steps");
    if (history->columns[CLG_HISTORY_EPOCH][history->n - 1] > 0) {
        snprintf(text, sizeof text, "%.4g", history->columns[CLG_HISTORY_EPOCH][history->n - 1]);
        tile_write(file, text, "epochs");
    }
    duration_text(clg_history_seconds(history), text, sizeof text);
    tile_write(file, text, "of training");
    for (size_t i = 0; i < sizeof recent / sizeof *recent; i++) {
        double value = clg_history_recent(history, recent[i].column);
        snprintf(text, sizeof text, isfinite(value) ? recent[i].format : "-", value);
        tile_write(file, text, recent[i].name);
    }
    fputs("</section>\n", file);
}

static void charts_write(FILE *file, const struct clg_history *history)
{
    double *const *columns = history->columns;
    const struct clg_chart_series losses[] = {{"discriminator", columns[CLG_HISTORY_LOSS_D]},
                                              {"generator", columns[CLG_HISTORY_LOSS_G]}};
    const struct clg_chart_series answers[] = {{"D(x)", columns[CLG_HISTORY_D_REAL]},
                                               {"D(G(z)) before", columns[CLG_HISTORY_D_FAKE_BEFORE]},
                                               {"after", columns[CLG_HISTORY_D_FAKE_AFTER]}};
    const struct clg_chart_series speed[] = {{"images/s", columns[CLG_HISTORY_IMAGES_PER_S]}};
    const struct clg_chart charts[] = {
        {.title = "Loss",
         .note = "of each step; thick: smoothed",
         .series = losses,
         .series_n = 2,
         .wide = true},
        {.title = "Discriminator", .note = "1: real", .series = answers, .series_n = 3, .unit = true},
        {.title = "Speed", .note = "", .series = speed, .series_n = 1},
    };
    fputs("<h2>Curves</h2>\n<div class=\"charts\">", file);
    for (size_t i = 0; i < sizeof charts / sizeof *charts; i++)
        clg_chart_write(file, &charts[i], columns[CLG_HISTORY_STEP], history->n);
    fputs("</div>\n", file);
}

static void settings_write(FILE *file, const struct clg_report_setting *settings, int n)
{
    if (n <= 0)
        return;
    fputs("<h2>Settings</h2>\n<dl class=\"card pairs\">", file);
    for (int i = 0; i < n; i++) {
        fputs("<div><dt>", file);
        clg_xml_text(file, settings[i].name);
        fputs("</dt><dd>", file);
        clg_xml_text(file, settings[i].value ? settings[i].value : "");
        fputs("</dd></div>\n", file);
    }
    fputs("</dl>\n", file);
}

static void head_write(FILE *file, const char *title, const struct clg_report_setting *settings, int n)
{
    fputs("<!DOCTYPE html>\n<html lang=\"en\" xmlns=\"http://www.w3.org/1999/xhtml\"><head><meta "
          "charset=\"utf-8\"/>"
          "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"/>\n<title>",
          file);
    clg_xml_text(file, title);
    fputs("</title>\n<style>\n", file);
    fputs(clg_page_sources[STYLE].text, file);
    fputs("</style></head><body><main>\n<h1>", file);
    clg_xml_text(file, title);
    fputs("</h1>\n", file);
    for (int i = 0; i < n; i++) {
        if (!strcasecmp(settings[i].name, "device") && settings[i].value) {
            fputs("<p class=\"soft device\">on ", file);
            clg_xml_text(file, settings[i].value);
            fputs("</p>\n", file);
        }
    }
}

static void foot_write(FILE *file)
{
    fprintf(file,
            "<p class=\"soft\"><small>Written by clgan %s. The page needs no network.</small></p>\n"
            "</main><dialog id=\"zoom\"><img alt=\"\"/></dialog>\n<script>\n",
            clg_version());
    fputs(clg_page_sources[SCRIPT].text, file);
    fputs("</script></body></html>\n", file);
}

int clg_report_write(const char *out, const char *title, const struct clg_report_setting *settings, int n,
                     int grids, const struct clg_log *log)
{
    char path[4096];
    if (snprintf(path, sizeof path, "%s/report.html", out) >= (int)sizeof path - 64)
        return clg_fail(log, CLG_EINVAL, "the output folder's path is too long: %.80s...", out);
    struct clg_locale locale = clg_locale_enter();
    struct clg_history history = {0};
    struct samples samples = {0};
    struct clg_file file = {0};
    int status = clg_history_read(&history, out, log);
    status = status ? status : samples_find(&samples, out, grids, log);
    status = status ? status : clg_file_create(&file, path, log);
    if (!status) {
        head_write(file.stream, title, settings, n);
        tiles_write(file.stream, &history);
        status = samples_write(file.stream, out, &samples, log);
        charts_write(file.stream, &history);
        settings_write(file.stream, settings, n);
        foot_write(file.stream);
    }
    if (status)
        clg_file_abort(&file);
    else
        status = clg_file_commit(&file, log);
    clg_history_free(&history);
    free(samples.steps);
    clg_locale_leave(locale);
    return status;
}
