// Bandwidth, and memory: is the largest allocation reported really there, up to its last byte?
#include "doctor/doctor.h"

#include "ops/ops.h"

#include <math.h>
#include <string.h>
#include <unistd.h>

// --- bandwidth ---------------------------------------------------------------------------------
static void rate_report(struct clg_doctor *doc, int status, const char *name, double rate, const char *format)
{
    const struct clg_doctor_finding finding = {
        .area = CLG_DOCTOR_BANDWIDTH, .name = name, .ok = rate > 0 && isfinite(rate), .value = rate};
    clg_doctor_report(doc, status, finding, "%.4g %s", rate, format);
}

void clg_doctor_bandwidth(struct clg_doctor *doc)
{
    struct clg_peaks peaks = {0};
    if (!clg_doctor_begin(doc, "bandwidth"))
        return;
    int status = clg_device_peaks(doc->d, &peaks);
    rate_report(doc, status, "multiply-adds", 1e-9 * peaks.flops, "GFLOP/s in float32 multiply-adds");
    if (!status)
        rate_report(doc, status, "memory", 1e-9 * peaks.bytes, "GB/s through the device's memory");
}

// --- memory ------------------------------------------------------------------------------------
enum { LENGTH = 64, POSITIONS_MAX = 40 };
static const size_t every = (size_t)1 << 30; // floats: 2^32 bytes

// The positions written to: the ends of the memory, and across each multiple of 2^32 bytes. Their number.
static int positions_of(size_t floats, size_t positions[POSITIONS_MAX])
{
    int n = 0;
    positions[n++] = 0;
    for (size_t at = every; at + LENGTH < floats && n < POSITIONS_MAX - 1; at += every)
        positions[n++] = at - LENGTH / 2;
    positions[n++] = floats - LENGTH;
    return n;
}

static struct clg_tensor part_at(struct clg_tensor whole, size_t at)
{
    whole.offset = at;
    whole.shape = (struct clg_shape){1, 1, 1, LENGTH};
    return whole;
}

static void pattern(float values[LENGTH], int part)
{
    for (int i = 0; i < LENGTH; i++)
        values[i] = (float)(1000 * (part + 1) + i);
}

// Writes to all positions, by the host or by a kernel from `small`, then reads all by the other. *wrong counts
// positions.
static int write_and_read(struct clg_device *d, struct clg_tensor whole, struct clg_tensor small,
                          const size_t *positions, int n, bool by_host, int *wrong)
{
    float values[LENGTH], is[LENGTH];
    int status = 0;
    for (int i = 0; i < n && !status; i++) {
        const struct clg_tensor part = part_at(whole, positions[i]);
        pattern(values, by_host ? i : n - i);
        status = clg_tensor_write(d, by_host ? part : small, values);
        if (!status && !by_host)
            status = clg_copy(d, small, part);
    }
    for (int i = 0; i < n && !status; i++) {
        const struct clg_tensor part = part_at(whole, positions[i]);
        if (by_host)
            status = clg_copy(d, part, small);
        if (!status)
            status = clg_tensor_read(d, by_host ? small : part, is);
        pattern(values, by_host ? i : n - i);
        *wrong += !status && memcmp(is, values, sizeof is) != 0;
    }
    return status;
}

static int try_size(struct clg_device *d, size_t floats, int *n, int *wrong)
{
    struct clg_slab *slab = NULL, *small_slab = NULL;
    struct clg_tensor small;
    size_t positions[POSITIONS_MAX];
    *wrong = 0;
    *n = positions_of(floats, positions);
    int status = clg_doctor_tensor(d, &small_slab, LENGTH, &small);
    if (!status)
        status = clg_slab_new(&slab, d, floats);
    for (int by_host = 1; by_host >= 0 && !status; by_host--)
        status = write_and_read(d, clg_slab_all(slab), small, positions, *n, by_host, wrong);
    clg_slab_free(&slab);
    clg_slab_free(&small_slab);
    return status;
}

// On a CPU at most half of the host's free memory.
static double bytes_of(const struct clg_device *d)
{
    const double reported = (double)d->info.max_allocation;
    const long pages = sysconf(_SC_AVPHYS_PAGES), page = sysconf(_SC_PAGESIZE);
    return d->info.type == CLG_DEVICE_CPU && pages > 0 ? fmin(reported, 0.5 * (double)pages * (double)page)
                                                       : reported;
}

void clg_doctor_memory(struct clg_doctor *doc)
{
    enum { TRIES = 3 }; // each with half as much
    const double wanted = bytes_of(doc->d), gib = 1 << 30;
    if (!clg_doctor_begin(doc, "%.1f GiB of memory in one piece", wanted / gib))
        return;
    double bytes = wanted;
    int n = 0, wrong = 0, status = 0;
    for (int i = 0; i < TRIES; i++) {
        status = try_size(doc->d, (size_t)bytes / sizeof(float) / LENGTH * LENGTH, &n, &wrong);
        if (!status || i == TRIES - 1)
            break;
        bytes /= 2;
    }
    const struct clg_doctor_finding finding = {.area = CLG_DOCTOR_MEMORY,
                                               .name = "largest allocation",
                                               .ok = !wrong && bytes >= wanted / 2,
                                               .value = bytes / gib,
                                               .limit = wanted / gib};
    if (status)
        clg_doctor_report(doc, status, finding,
                          "not even %.2f GiB of %.2f can be used: are other programs using it?", bytes / gib,
                          wanted / gib);
    else if (wrong)
        clg_doctor_report(doc, 0, finding,
                          "%d of %d positions in %.2f GiB do not keep what is written to them", wrong, 2 * n,
                          bytes / gib);
    else
        clg_doctor_report(doc, 0, finding,
                          "%.2f GiB in one piece, of %.2f reported, keep what is written to %d positions",
                          bytes / gib, (double)doc->d->info.max_allocation / gib, n);
}
