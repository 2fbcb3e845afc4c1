// A run's metrics.csv read back, column by column.
#ifndef CLG_REPORT_HISTORY_H
#define CLG_REPORT_HISTORY_H

#include <clgan/base.h>

// In the order of the file. D_FAKE_...: D(G(z)) before and after D's update.
enum clg_history_column {
    CLG_HISTORY_STEP,
    CLG_HISTORY_EPOCH,
    CLG_HISTORY_LOSS_D,
    CLG_HISTORY_LOSS_G,
    CLG_HISTORY_D_REAL,
    CLG_HISTORY_D_FAKE_BEFORE,
    CLG_HISTORY_D_FAKE_AFTER,
    CLG_HISTORY_IMAGES_PER_S,
    CLG_HISTORY_SECONDS,
    CLG_HISTORY_COLUMNS,
};

struct clg_history {
    double *columns[CLG_HISTORY_COLUMNS]; // n long each; NAN for what is not finite, but steps always are
    size_t n;
};

// From out/metrics.csv. An absent or empty file is a run without steps yet: 0 with n == 0. Lines that are not
// nine numbers are left out with one warning; another header line is CLG_EFORMAT.
// Numbers are read in the thread's locale: see clg_locale_enter (base/locale.h).
int clg_history_read(struct clg_history *history, const char *out, const struct clg_log *log);
void clg_history_free(struct clg_history *history);

// The mean of a column over the last twentieth of the run; NAN when there is none.
double clg_history_recent(const struct clg_history *history, enum clg_history_column column);

// Time spent in all; the column starts again from 0 where a run was resumed.
double clg_history_seconds(const struct clg_history *history);

#endif
