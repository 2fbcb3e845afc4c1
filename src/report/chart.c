// A line chart of a training run as inline SVG: thin raw lines, smoothed ones on top, round ticks.
#include "report/chart.h"

#include "report/xml.h"

#include <math.h>
#include <stdlib.h>

enum { HALF = 520, WHOLE = 1066, HEIGHT = 250, LEFT = 48, MARGIN = 14, TOP = 12, BOTTOM = 30 };

// What is drawn: every series thinned to n points that share x, and the ranges of both axes.
struct plot {
    int width, right, n, series_n; // right: of the lines
    double x[CLG_CHART_POINTS], raw[CLG_CHART_SERIES][CLG_CHART_POINTS],
        smooth[CLG_CHART_SERIES][CLG_CHART_POINTS];
    double x_min, x_max, x_tick, y_min, y_max, y_tick;
    bool cut; // values above y_max exist
};

static double mean_finite(const double *values, size_t n)
{
    double sum = 0;
    size_t used = 0;
    for (size_t i = 0; i < n; i++) {
        if (isfinite(values[i])) {
            sum += values[i];
            used++;
        }
    }
    return used ? sum / (double)used : NAN;
}

// to[n], n <= count: means of equal shares.
static void thin(const double *from, size_t count, double *to, int n)
{
    for (int i = 0; i < n; i++) {
        size_t first = count * (size_t)i / (size_t)n, end = count * (size_t)(i + 1) / (size_t)n;
        to[i] = mean_finite(from + first, end - first);
    }
}

// Means over a window of a fiftieth of the points to either side.
static void smoothen(const double *from, double *to, int n)
{
    int half = n / 50;
    for (int i = 0; i < n; i++) {
        int first = i < half ? 0 : i - half, end = i + half < n ? i + half + 1 : n;
        to[i] = isfinite(from[i]) ? mean_finite(from + first, (size_t)(end - first)) : NAN;
    }
}

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

// The distance of about `count` ticks over `span`: 1, 2 or 5 times a power of ten.
static double nice_tick(double span, int count)
{
    if (!(span > 0))
        return 1;
    double power = pow(10, floor(log10(span / count))), part = span / count / power;
    return power * (part <= 1 ? 1 : part <= 2 ? 2 : part <= 5 ? 5 : 10);
}

// Sets the y range to hold all values, unless the largest is far above nearly all others.
static void range_find(struct plot *plot)
{
    double values[CLG_CHART_SERIES * CLG_CHART_POINTS];
    int n = 0;
    for (int s = 0; s < plot->series_n; s++)
        for (int i = 0; i < plot->n; i++)
            if (isfinite(plot->raw[s][i]))
                values[n++] = plot->raw[s][i];
    if (!n)
        return;
    qsort(values, (size_t)n, sizeof *values, compare_doubles);
    double most = values[n - 1], nearly = values[(n - 1) * 98 / 100];
    plot->cut = most > 2.5 * nearly && nearly > 0;
    plot->y_min = values[0] < 0 ? values[0] : 0;
    plot->y_max = plot->cut ? 1.25 * nearly : most;
    if (!(plot->y_max > plot->y_min))
        plot->y_max = plot->y_min + 1;
}

static void plot_fill(struct plot *plot, const struct clg_chart *chart, const double *x, size_t n)
{
    plot->n = n < CLG_CHART_POINTS ? (int)n : CLG_CHART_POINTS;
    plot->series_n = chart->series_n;
    plot->width = chart->wide ? WHOLE : HALF;
    plot->right = plot->width - MARGIN;
    thin(x, n, plot->x, plot->n);
    for (int s = 0; s < chart->series_n; s++) {
        thin(chart->series[s].y, n, plot->raw[s], plot->n);
        smoothen(plot->raw[s], plot->smooth[s], plot->n);
    }
    plot->cut = false;
    plot->y_min = 0;
    plot->y_max = 1;
    if (!chart->unit)
        range_find(plot);
    plot->y_tick = nice_tick(plot->y_max - plot->y_min, 5);
    plot->y_min = plot->y_tick * floor(plot->y_min / plot->y_tick + 1e-9);
    plot->y_max = plot->y_tick * ceil(plot->y_max / plot->y_tick - 1e-9);
    plot->x_min = n ? x[0] : 0;
    plot->x_max = n ? x[n - 1] : 1;
    if (!(plot->x_max > plot->x_min))
        plot->x_max = plot->x_min + 1;
    plot->x_tick = fmax(1, nice_tick(plot->x_max - plot->x_min, plot->width / 80));
}

static double place_x(const struct plot *plot, double x)
{
    return LEFT + (x - plot->x_min) / (plot->x_max - plot->x_min) * (plot->right - LEFT);
}

static double place_y(const struct plot *plot, double y)
{
    double part = (y - plot->y_min) / (plot->y_max - plot->y_min);
    return HEIGHT - BOTTOM - fmin(fmax(part, -2), 20) * (HEIGHT - TOP - BOTTOM);
}

static void steps_label(FILE *file, double step)
{
    if (step >= 1e6)
        fprintf(file, "%.10gM", step / 1e6);
    else if (step >= 1e4)
        fprintf(file, "%.10gk", step / 1e3);
    else
        fprintf(file, "%.10g", step);
}

static void axes_write(FILE *file, const struct plot *plot)
{
    int lines = (int)floor((plot->y_max - plot->y_min) / plot->y_tick + 1e-6);
    for (int i = 0; i <= lines; i++) {
        double value = plot->y_min + i * plot->y_tick, y = place_y(plot, value);
        fprintf(file, "<line class=\"%s\" x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\"/>", i ? "grid" : "axis",
                LEFT, plot->right, y, y);
        fprintf(file, "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%.6g</text>\n", LEFT - 8, y + 4,
                fabs(value) < 1e-9 * plot->y_tick ? 0 : value);
    }
    for (double v = plot->x_tick * ceil(plot->x_min / plot->x_tick); v <= plot->x_max; v += plot->x_tick) {
        double x = place_x(plot, v);
        fprintf(
            file,
            "<line class=\"axis\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%d\" y2=\"%d\"/><text x=\"%.1f\" y=\"%d\" ", x,
            x, HEIGHT - BOTTOM, HEIGHT - BOTTOM + 4, x, HEIGHT - BOTTOM + 18);
        fputs(x > plot->right - 12 ? "text-anchor=\"end\">" : "text-anchor=\"middle\">", file);
        steps_label(file, v);
        fputs("</text>\n", file);
    }
}

// One path; a gap starts a new piece, and a piece of one point becomes a dot by its round line ends.
static void line_write(FILE *file, const struct plot *plot, const double *y, int series, const char *kind)
{
    fprintf(file, "<path class=\"%s\" style=\"stroke:var(--series-%d)\" d=\"", kind, series);
    bool inside = false;
    for (int i = 0; i < plot->n; i++) {
        if (isfinite(y[i])) {
            double px = place_x(plot, plot->x[i]), py = place_y(plot, y[i]);
            bool alone = !inside && (i + 1 == plot->n || !isfinite(y[i + 1]));
            fprintf(file, "%c%.1f,%.1f", inside ? 'L' : 'M', px, py);
            if (alone)
                fprintf(file, "L%.1f,%.1f", px, py);
        }
        inside = isfinite(y[i]);
    }
    fputs("\"/>\n", file);
}

// The smoothed values themselves, for the pointer: "step value value ...;".
static void values_write(FILE *file, const struct plot *plot)
{
    fputs(" data-values=\"", file);
    for (int i = 0; i < plot->n; i++) {
        fprintf(file, "%s%.0f", i ? ";" : "", plot->x[i]);
        for (int s = 0; s < plot->series_n; s++)
            fprintf(file, isfinite(plot->smooth[s][i]) ? " %.4g" : " -", plot->smooth[s][i]);
    }
    fputs("\"", file);
}

static void legend_write(FILE *file, const struct clg_chart *chart, bool cut)
{
    fputs("<figcaption><b>", file);
    clg_xml_text(file, chart->title);
    fputs("</b>", file);
    for (int s = 0; s < chart->series_n; s++) {
        fprintf(file, "<span class=\"key\"><i style=\"background:var(--series-%d)\"></i>", s);
        clg_xml_text(file, chart->series[s].name);
        fputs(" <output></output></span>", file);
    }
    fputs("<small>", file);
    clg_xml_text(file, chart->note);
    fputs(cut ? " Rare peaks are cut off." : "", file);
    fputs("</small></figcaption>\n", file);
}

void clg_chart_write(FILE *file, const struct clg_chart *chart, const double *x, size_t n)
{
    struct plot plot;
    plot_fill(&plot, chart, x, n);
    fprintf(file, "<figure class=\"chart%s\">", chart->wide ? " wide" : "");
    legend_write(file, chart, plot.cut);
    fprintf(file, "<svg viewBox=\"0 0 %d %d\" role=\"img\" data-left=\"%d\" data-right=\"%d\"", plot.width,
            HEIGHT, LEFT, plot.right);
    fprintf(file, " data-from=\"%.0f\" data-to=\"%.0f\"", plot.x_min, plot.x_max);
    values_write(file, &plot);
    fputs(">\n", file);
    axes_write(file, &plot);
    // A nested svg clips what leaves the plot's rectangle.
    fprintf(file, "<svg x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" viewBox=\"%d %d %d %d\">\n", LEFT,
            TOP - 4, plot.right - LEFT + 4, HEIGHT - TOP - BOTTOM + 8, LEFT, TOP - 4, plot.right - LEFT + 4,
            HEIGHT - TOP - BOTTOM + 8);
    for (int s = 0; s < plot.series_n; s++)
        line_write(file, &plot, plot.raw[s], s, "raw");
    for (int s = 0; s < plot.series_n; s++)
        line_write(file, &plot, plot.smooth[s], s, "smooth");
    fputs("</svg>\n", file);
    fprintf(file, "<line class=\"cursor\" visibility=\"hidden\" y1=\"%d\" y2=\"%d\"/>", TOP, HEIGHT - BOTTOM);
    if (!plot.n)
        fprintf(file, "<text x=\"%d\" y=\"%d\" text-anchor=\"middle\">no steps recorded yet</text>",
                (LEFT + plot.right) / 2, (TOP + HEIGHT - BOTTOM) / 2);
    fputs("</svg></figure>\n", file);
}
