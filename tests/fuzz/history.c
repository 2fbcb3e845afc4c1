// A run's metrics.csv: every row that is taken has a step, and can be drawn.
#include "fuzz.h"

#include "base/locale.h"
#include "report/chart.h"
#include "report/history.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void fuzz_seeds(void)
{
    static const char header[] =
        "step,epoch,loss_d,loss_g,d_real,d_fake_before,d_fake_after,images_per_s,seconds\n";
    static char text[16384];
    size_t n = (size_t)snprintf(text, sizeof text, "%s", header);
    fuzz_seed(text, 0);
    fuzz_seed(text, n);
    for (int i = 1; i <= 3; i++)
        n += (size_t)snprintf(text + n, sizeof text - n, "%d,0.0123,1.4,%s,0.5,0.25,0.125,101.25,%d.5\n", i,
                              i == 2 ? "nan" : "0.75", i);
    fuzz_seed(text, n);
    fuzz_seed(text, n - 9); // torn
    for (int i = 4; i <= 200; i++)
        n += (size_t)snprintf(text + n, sizeof text - n, "%d,%d,1e3,-inf,0,1,0.5,9,%d\r\n", 1000 * i, i / 10,
                              i % 50);
    fuzz_seed(text, n);
}

static FILE *nowhere;

static void nowhere_close(void)
{
    fclose(nowhere);
}

static void draw(const struct clg_history *history)
{
    double *const *columns = history->columns;
    const struct clg_chart_series series[] = {{"discriminator", columns[CLG_HISTORY_LOSS_D]},
                                              {"generator", columns[CLG_HISTORY_LOSS_G]}};
    clg_chart_write(nowhere,
                    &(struct clg_chart){.title = "Loss", .note = "", .series = series, .series_n = 2},
                    columns[CLG_HISTORY_STEP], history->n);
}

void fuzz_one(const uint8_t *data, size_t size)
{
    (void)data;
    struct clg_history history;
    fuzz_allow(0);
    if (!nowhere) {
        FILE *present = fopen(fuzz_in_folder("metrics.csv"), "wb"); // its content is the input
        nowhere = fopen("/dev/null", "wb");
        fuzz_expect(present && nowhere && !fclose(present), "files to begin with");
        atexit(nowhere_close);
    }
    fuzz_allow((size + 2) * CLG_HISTORY_COLUMNS * sizeof(double) + 4096); // a line can be one byte
    struct clg_locale locale = clg_locale_enter();
    if (!clg_history_read(&history, fuzz_folder(), &fuzz_log)) {
        for (size_t i = 0; i < history.n; i++)
            fuzz_expect(history.columns[CLG_HISTORY_STEP][i] >= 0, "steps from 0 on");
        for (int c = 0; c < CLG_HISTORY_COLUMNS && history.n; c++)
            fuzz_touch(history.columns[c], history.n * sizeof(double));
        fuzz_expect(!isinf(clg_history_recent(&history, CLG_HISTORY_LOSS_D)), "a finite mean or none");
        fuzz_expect(clg_history_seconds(&history) >= 0 || history.n, "no time without steps");
        draw(&history);
    }
    clg_history_free(&history);
    clg_locale_leave(locale);
}
