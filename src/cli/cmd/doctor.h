// What the files of `clgan doctor` share: the findings on one device.
#ifndef CLG_CLI_CMD_DOCTOR_H
#define CLG_CLI_CMD_DOCTOR_H

#include "cli/cli.h"

struct doctor_row {
    struct clg_doctor_finding row; // its texts are below
    char name[64], shape[96], *text;
};

struct doctor_findings {
    struct clg_device_info info;
    int extensions; // -1: it could not be opened
    struct doctor_row *rows;
    int n, room, failures;
    double seconds;
};

// Keeps a row; user is the struct doctor_findings.
clg_doctor_fn doctor_keep;
void doctor_free(struct doctor_findings *findings);

// The report in words: what the machine is, then a device at a time.
void doctor_print_system(const struct clg_driver *drivers, int driver_count);
void doctor_print(const struct doctor_findings *findings, bool all_rows);
// The same as JSON.
int doctor_print_json(const struct doctor_findings *findings, int n, const struct clg_driver *drivers,
                      int driver_count, const struct clg_log *log);

#endif
