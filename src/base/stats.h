// Order statistics of small samples.
#ifndef CLG_BASE_STATS_H
#define CLG_BASE_STATS_H

// Sorts ascending, in place.
void clg_sort_doubles(double *values, int n);
// The median, the mean of the middle two for even n; sorts the values. n >= 1.
double clg_median(double *values, int n);

#endif
