// report.html and the figure: whole and well formed, whatever the run's files hold.
#include "report/figure.h"
#include "report/report.h"

#include "base/file.h"

#include <dirent.h>
#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "files_fixture.h"

enum { PATH = 512 };

static const char csv_header[] =
    "step,epoch,loss_d,loss_g,d_real,d_fake_before,d_fake_after,images_per_s,seconds\n";

static void text_write(const char *folder, const char *name, const char *content)
{
    char path[PATH];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    fputs(content, file);
    assert_int_equal(fclose(file), 0);
}

static char *file_content(const char *folder, const char *name)
{
    char path[PATH], *text;
    size_t size;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    assert_int_equal(clg_file_read(path, (size_t)1 << 28, &text, &size, NULL), 0);
    assert_int_equal(strlen(text), size);
    return text;
}

static void metrics_write(const char *folder, int rows)
{
    char path[PATH];
    snprintf(path, sizeof path, "%s/metrics.csv", folder);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    fputs(csv_header, file);
    for (int i = 1; i <= rows; i++)
        fprintf(file, "%d,%g,%g,%g,0.7,0.3,0.2,120.5,%g\n", i, i / 100.0, 0.5 + 1.0 / i, 2 + sin(i / 99.0),
                i * 0.25);
    assert_int_equal(fclose(file), 0);
}

static void samples_write(const char *folder, int count)
{
    char path[PATH];
    snprintf(path, sizeof path, "%s/samples", folder);
    assert_int_equal(clg_folder_create(path, NULL), 0);
    for (int i = 1; i <= count; i++) {
        char name[64], content[64];
        snprintf(name, sizeof name, "samples/step-%d.png", i * 100);
        snprintf(content, sizeof content, "grid %d", i);
        text_write(folder, name, content);
    }
    text_write(folder, "samples/step-7.png.abc", "half written");
    text_write(folder, "samples/notes.png", "not a grid");
}

// --- what well formed means --------------------------------------------------------------------

static size_t count_of(const char *text, const char *part)
{
    size_t n = 0;
    for (; (text = strstr(text, part)); text += strlen(part))
        n++;
    return n;
}

// Where a tag that starts at `p` ends; attribute values are in double quotes and free of '<'.
static const char *tag_end(const char *p)
{
    for (bool quoted = false; *p; p++) {
        if (*p == '"')
            quoted = !quoted;
        assert_true(!quoted || *p != '<');
        if (!quoted && *p == '>')
            return p;
    }
    fail_msg("a tag does not end");
    return p;
}

// Every tag closes, in order, and every & begins one of our entities.
static void assert_well_formed(const char *text)
{
    char open[32][16];
    int depth = 0;
    for (const char *p = strchr(text, '<'); p; p = strchr(p, '<')) {
        const char *end = tag_end(p + 1);
        bool closing = p[1] == '/';
        int length = (int)strcspn(p + 1 + closing, " />\n");
        assert_true(length < 16 && depth < 31);
        if (closing) {
            if (!depth || strncmp(open[depth - 1], p + 2, (size_t)length) || open[depth - 1][length])
                fail_msg("</%.*s> closes <%s>", length, p + 2, depth ? open[depth - 1] : "");
            depth--;
        } else if (p[1] != '!' && p[1] != '?' && end[-1] != '/') {
            snprintf(open[depth++], sizeof *open, "%.*s", length, p + 1);
        }
        p = end;
    }
    assert_int_equal(depth, 0);
    size_t entities = count_of(text, "&amp;") + count_of(text, "&lt;") + count_of(text, "&gt;") +
                      count_of(text, "&quot;") + count_of(text, "&#39;");
    assert_int_equal(count_of(text, "&"), entities);
    assert_null(strstr(text, "nan"));
    assert_null(strstr(text, "inf,"));
}

static char *report_of(const char *folder, const struct clg_report_setting *settings, int n, int grids)
{
    assert_int_equal(clg_report_write(folder, "a title", settings, n, grids, NULL), 0);
    char *page = file_content(folder, "report.html");
    assert_well_formed(page);
    assert_null(strstr(page, "src=\"http")); // needs no network
    assert_null(strstr(page, "url("));
    return page;
}

// --- the report --------------------------------------------------------------------------------

static void test_nothing_yet(void **state)
{
    char *page = report_of(*state, NULL, 0, 12);
    assert_int_equal(count_of(page, "no steps recorded yet"), 3);
    assert_non_null(strstr(page, "No sample grids yet"));
    free(page);
    metrics_write(*state, 0); // the header line alone
    page = report_of(*state, NULL, 0, 12);
    assert_int_equal(count_of(page, "no steps recorded yet"), 3);
    free(page);
}

static void test_few_rows(void **state)
{
    for (int rows = 1; rows <= 2; rows++) {
        metrics_write(*state, rows);
        char *page = report_of(*state, NULL, 0, 12);
        assert_null(strstr(page, "no steps recorded yet"));
        assert_non_null(strstr(page, rows == 1 ? "<b>1</b><span>steps" : "<b>2</b><span>steps"));
        free(page);
    }
}

// The number of points of the first line drawn.
static size_t points_of_first_line(const char *page)
{
    const char *from = strstr(page, " d=\"M");
    assert_non_null(from);
    size_t n = 0;
    for (const char *p = from + 4; *p != '"'; p++)
        n += *p == 'M' || *p == 'L';
    return n;
}

static void test_many_rows(void **state)
{
    static const int rows[] = {599, 600, 601, 50000};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        metrics_write(*state, rows[i]);
        char *page = report_of(*state, NULL, 0, 12);
        size_t points = points_of_first_line(page), expected = rows[i] < 600 ? (size_t)rows[i] : 600;
        if (points != expected || strlen(page) > 400000)
            fail_msg("%d rows: %zu points, %zu expected; page of %zu bytes", rows[i], points, expected,
                     strlen(page));
        free(page);
    }
}

static void test_bad_rows_are_left_out(void **state)
{
    char text[1024];
    snprintf(text, sizeof text, "%s%s", csv_header,
             "1,0,1,1,.5,.5,.5,100,1\r\n2,0,nan,inf,.5,.5,.5,100,2\n-3,0,1,1,1,1,1,1,1\nx\n\n"
             "4,0,1,1,.5,.5,.5,100,3,9\n1e300,0,1,1,1,1,1,1,1\n5,0,-1e300,1,.5,.5,.5,100,4\n6,0,1,1,.5,.");
    text_write(*state, "metrics.csv", text);
    char *page = report_of(*state, NULL, 0, 12);
    assert_non_null(strstr(page, "<b>5</b><span>steps"));
    free(page);
    text_write(*state, "metrics.csv", "something else\n");
    assert_int_equal(clg_report_write(*state, "t", NULL, 0, 12, NULL), CLG_EFORMAT);
}

static void test_hostile_text(void **state)
{
    static const char hostile[] =
        "<script>alert('1')</script> & \"q\" \x01\x1b \xff\xc0\xaf \xe2\x82 \xed\xa0\x80 \xc3\xa9";
    const struct clg_report_setting settings[] = {{hostile, hostile}, {"Device", hostile}, {"empty", NULL}};
    assert_int_equal(clg_report_write(*state, hostile, settings, 3, 12, NULL), 0);
    char *page = file_content(*state, "report.html");
    assert_well_formed(page);
    assert_null(strstr(page, "<script>alert"));
    const char *escaped = "&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt; &amp; &quot;q&quot; \\x01\\x1B "
                          "\\xFF\\xC0\\xAF \\xE2\\x82 \\xED\\xA0\\x80 \xc3\xa9";
    assert_int_equal(count_of(page, escaped), 6); // title, h1, device line, name, two values
    for (const char *p = page; *p; p++)
        assert_true((unsigned char)*p >= 0x20 || *p == '\n');
    assert_null(strchr(page, '\xff'));
    assert_null(strstr(page, "\xed\xa0"));
    assert_int_equal(count_of(page, "\xc3\xa9"), 6);
    free(page);
}

static void test_grids_are_chosen(void **state)
{
    samples_write(*state, 10);
    static const struct {
        int grids;
        size_t shown;
    } cases[] = {{0, 0}, {1, 1}, {2, 2}, {4, 4}, {10, 10}, {99, 10}, {-1, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *page = report_of(*state, NULL, 0, cases[i].grids);
        if (count_of(page, "data:image/png") != cases[i].shown)
            fail_msg("grids %d: %zu shown", cases[i].grids, count_of(page, "data:image/png"));
        if (cases[i].shown)
            assert_non_null(strstr(
                page, "<img id=\"hero\" alt=\"step 1000\" src=\"data:image/png;base64,Z3JpZCAxMA==\""));
        if (cases[i].shown > 1)
            assert_non_null(strstr(page, "<img alt=\"step 100\" src=\"data:image/png;base64,Z3JpZCAx\""));
        const char *second = strstr(page, "alt=\"step 400\""), *third = strstr(page, "alt=\"step 700\"");
        if (cases[i].shown == 4)
            assert_true(second && third && second < third);
        free(page);
    }
}

// A program with decimal commas gets the same page.
static void test_locale(void **state)
{
    if (!setlocale(LC_ALL, "de_DE.UTF-8"))
        setlocale(LC_ALL, "C");
    metrics_write(*state, 0);
    char text[512];
    snprintf(text, sizeof text, "%s1,0,1.5,1,.5,.5,.5,100.25,1\n2,0,1.5,1,.5,.5,.5,100.25,2\n", csv_header);
    text_write(*state, "metrics.csv", text);
    char *page = report_of(*state, NULL, 0, 12);
    setlocale(LC_ALL, "C");
    assert_non_null(strstr(page, "<b>1.500</b>"));
    free(page);
}

static void test_out_is_missing(void **state)
{
    char path[PATH];
    snprintf(path, sizeof path, "%s/absent", (char *)*state);
    assert_int_equal(clg_report_write(path, "t", NULL, 0, 12, NULL), CLG_EIO);
}

// --- the figure --------------------------------------------------------------------------------

static void test_figure(void **state)
{
    static const struct clg_figure_stage stages[] = {
        {1, 1, 100, "z <100>", ""},
        {4, 4, 512, "512 @ 4x4", "convT 4x4, BN, ReLU & \"more\""},
        {64, 64, 3, "3 @ 64x64", ",, tanh ,"},
        {256, 256, 1, "1 @ 256x256", "conv 3x3"},
        {1, 1, 1, "", ""},
    };
    const struct clg_figure_net nets[] = {
        {"Generator <G>", stages, 5}, {"Nothing", stages, 0}, {"One", stages, 1}};
    char path[PATH];
    snprintf(path, sizeof path, "%s/figure.svg", (char *)*state);
    for (int n = 0; n <= 3; n++) {
        assert_int_equal(clg_figure_save(path, nets, n, NULL), 0);
        char *figure = file_content(*state, "figure.svg");
        assert_well_formed(figure);
        assert_non_null(strstr(figure, "<svg xmlns=\"http://www.w3.org/2000/svg\""));
        if (n)
            assert_non_null(strstr(figure, "Generator &lt;G&gt;"));
        if (n)
            assert_non_null(strstr(figure, "ReLU &amp; &quot;more&quot;"));
        assert_int_equal(count_of(figure, "class=\"beam\""), n ? 4 : 0);
        free(figure);
    }
    assert_int_equal(clg_figure_save("absent/figure.svg", nets, 1, NULL), CLG_EIO);
}

TEST_MAIN("report", NULL, NULL, IN_FOLDER(test_nothing_yet), IN_FOLDER(test_few_rows),
          IN_FOLDER(test_many_rows), IN_FOLDER(test_bad_rows_are_left_out), IN_FOLDER(test_hostile_text),
          IN_FOLDER(test_grids_are_chosen), IN_FOLDER(test_locale), IN_FOLDER(test_out_is_missing),
          IN_FOLDER(test_figure))
