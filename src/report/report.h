// The output folder as one self-contained page: out/report.html from out/metrics.csv and out/samples/*.png.
#ifndef CLG_REPORT_REPORT_H
#define CLG_REPORT_REPORT_H

#include <clgan/base.h>

struct clg_report_setting {
    const char *name, *value;
};
// metrics.csv has the columns step,epoch,loss_d,loss_g,d_real,d_fake_before,d_fake_after,images_per_s,seconds
// with a header line. Curves of long runs are thinned; sample grids are embedded (base64) in order of step,
// at most `grids` of them, evenly chosen, first and last always.
int clg_report_write(const char *out, const char *title, const struct clg_report_setting *settings, int n,
                     int grids, const struct clg_log *log);

#endif
