// A line chart of a training run as inline SVG: thin raw lines, smoothed ones on top, round ticks.
#ifndef CLG_REPORT_CHART_H
#define CLG_REPORT_CHART_H

#include <stdbool.h>
#include <stdio.h>

enum { CLG_CHART_POINTS = 600, CLG_CHART_SERIES = 4 };

struct clg_chart_series {
    const char *name;
    const double *y; // as many as the chart's x; what is not finite leaves a gap
};
struct clg_chart {
    const char *title;
    const char *note; // one small line beside the title
    const struct clg_chart_series *series;
    int series_n; // at most CLG_CHART_SERIES; number i is drawn in the CSS colour --series-i
    bool wide;    // takes a whole row of the page, not half of one
    bool unit; // y goes from 0 to 1; else from the values, where rare peaks are cut off and the chart says so
};
// The n points lie at x (steps, ascending); more than CLG_CHART_POINTS are thinned by averaging; 0 and 1
// are fine.
void clg_chart_write(FILE *file, const struct clg_chart *chart, const double *x, size_t n);

#endif
