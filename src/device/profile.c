// Where the time goes: the account of every kernel, from OpenCL events.
#include "device/profile.h"

#include "base/log.h"

#include <stdlib.h>
#include <string.h>

enum { PENDING_MAX = 2048 };

struct pending {
    cl_event event;
    int row;
    double flops, bytes;
};

struct clg_profile {
    struct clg_profile_row *rows;
    int n;
    struct pending pending[PENDING_MAX];
    int pending_n;
};

int clg_profile_new(struct clg_device *d)
{
    d->profile = calloc(1, sizeof *d->profile);
    return d->profile ? 0 : clg_fail(&d->log, CLG_ENOMEM, "out of memory for the profile");
}

static void settle(struct clg_profile *p)
{
    for (int i = 0; i < p->pending_n; i++) {
        struct pending *e = &p->pending[i];
        struct clg_profile_row *row = &p->rows[e->row];
        cl_ulong start = 0, end = 0;
        clWaitForEvents(1, &e->event);
        clGetEventProfilingInfo(e->event, CL_PROFILING_COMMAND_START, sizeof start, &start, NULL);
        clGetEventProfilingInfo(e->event, CL_PROFILING_COMMAND_END, sizeof end, &end, NULL);
        clReleaseEvent(e->event);
        row->calls++;
        row->seconds += end > start ? 1e-9 * (double)(end - start) : 0;
        row->flops += e->flops;
        row->bytes += e->bytes;
    }
    p->pending_n = 0;
}

void clg_profile_free(struct clg_device *d)
{
    if (!d->profile)
        return;
    settle(d->profile);
    free(d->profile->rows);
    free(d->profile);
    d->profile = NULL;
}

static int row_of(struct clg_profile *p, const char *name)
{
    for (int i = 0; i < p->n; i++)
        if (strcmp(p->rows[i].name, name) == 0)
            return i;
    struct clg_profile_row *rows = realloc(p->rows, (size_t)(p->n + 1) * sizeof *rows);
    if (!rows)
        return -1;
    p->rows = rows;
    rows[p->n] = (struct clg_profile_row){0};
    snprintf(rows[p->n].name, sizeof rows[p->n].name, "%s", name);
    return p->n++;
}

void clg_profile_add(struct clg_device *d, const char *name, cl_event event, double flops, double bytes)
{
    struct clg_profile *p = d->profile;
    if (p->pending_n == PENDING_MAX)
        settle(p);
    int row = row_of(p, name);
    if (row < 0) {
        clReleaseEvent(event);
        return;
    }
    p->pending[p->pending_n++] = (struct pending){event, row, flops, bytes};
}

static int longer(const void *a, const void *b)
{
    const struct clg_profile_row *x = a, *y = b;
    return x->seconds < y->seconds ? 1 : x->seconds > y->seconds ? -1 : strcmp(x->name, y->name);
}

int clg_device_profile(struct clg_device *d, struct clg_profile_row **rows, int *count)
{
    *rows = NULL;
    *count = 0;
    if (!d->profile)
        return clg_fail(&d->log, CLG_EINVAL, "the device was opened without profile");
    int status = clg_device_finish(d);
    if (status && clg_device_inherited(d))
        return status;
    settle(d->profile);
    size_t bytes = (size_t)d->profile->n * sizeof **rows;
    *rows = malloc(bytes + 1);
    if (!*rows)
        return clg_fail(&d->log, CLG_ENOMEM, "out of memory for the profile");
    if (bytes)
        memcpy(*rows, d->profile->rows, bytes);
    *count = d->profile->n;
    qsort(*rows, (size_t)*count, sizeof **rows, longer);
    return status;
}

int clg_device_profile_print(struct clg_device *d, FILE *file)
{
    struct clg_profile_row *rows;
    int n;
    int status = clg_device_profile(d, &rows, &n);
    if (!rows)
        return status;
    double total = 0;
    for (int i = 0; i < n; i++)
        total += rows[i].seconds;
    fprintf(file, "%-32s %8s %11s %7s %9s %8s\n", "kernel", "calls", "total ms", "share", "GFLOP/s", "GB/s");
    for (int i = 0; i < n; i++) {
        double s = rows[i].seconds > 0 ? rows[i].seconds : 1e-12;
        fprintf(file, "%-32s %8llu %11.2f %6.1f%% %9.1f %8.1f\n", rows[i].name,
                (unsigned long long)rows[i].calls, 1e3 * rows[i].seconds,
                total > 0 ? 100 * rows[i].seconds / total : 0, 1e-9 * rows[i].flops / s,
                1e-9 * rows[i].bytes / s);
    }
    fprintf(file, "%-32s %8s %11.2f\n", "all kernels", "", 1e3 * total);
    free(rows);
    return status;
}
