// Order statistics of small samples.
#include "base/stats.h"

#include <stdlib.h>

static int compare_doubles(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

void clg_sort_doubles(double *values, int n)
{
    qsort(values, (size_t)n, sizeof *values, compare_doubles);
}

double clg_median(double *values, int n)
{
    clg_sort_doubles(values, n);
    return (values[(n - 1) / 2] + values[n / 2]) / 2;
}
