// Inside recorded lists: launch.c adds to them, list.c replays them, list_ops.c times their operations.
#ifndef CLG_DEVICE_LIST_H
#define CLG_DEVICE_LIST_H

#include "device/launch.h"

// A prepared launch: a kernel with its arguments set, or a host call with a copy of its arguments.
struct clg_entry {
    const char *name;
    cl_kernel kernel;
    clg_call_fn *call;
    void *args;
    int dims;
    size_t global[3], local[3];
    bool local_given;
    bool in_place; // reads and writes the same tensor: running it again does not give the same again
    int op;        // index in the list's ops; -1: none
    double flops, bytes;
};

struct clg_list {
    struct clg_entry *entries;
    int n, capacity;
    long process; // that owns the kernels
    bool ran;     // at least once: drivers that compile at a kernel's first launch have done so
    struct clg_op_time *ops;
    int ops_n;
    bool op_open; // launches belong to the last of ops
};

// Enqueues it, and adds its time to the profile.
int clg_entry_run(struct clg_device *d, const struct clg_entry *e);
// Adds it to the list that is being recorded.
int clg_entry_add(struct clg_device *d, const struct clg_entry *e);

#endif
