// The one place that enqueues: kernels with their arguments, run at once or recorded in a list and replayed.
#ifndef CLG_DEVICE_LAUNCH_H
#define CLG_DEVICE_LAUNCH_H

#include "device/memory.h"

enum clg_arg_kind { CLG_ARG_TENSOR, CLG_ARG_INT, CLG_ARG_FLOAT, CLG_ARG_LOCAL };
struct clg_arg {
    enum clg_arg_kind kind;
    struct clg_tensor tensor; // passed as two kernel arguments: the buffer and a ulong offset in floats
    cl_int i;
    cl_float f;
    size_t bytes; // of local memory
};
#define CLG_T(t)                                                                                             \
    {                                                                                                        \
        .kind = CLG_ARG_TENSOR, .tensor = (t)                                                                \
    }
#define CLG_I(v)                                                                                             \
    {                                                                                                        \
        .kind = CLG_ARG_INT, .i = (cl_int)(v)                                                                \
    }
#define CLG_F(v)                                                                                             \
    {                                                                                                        \
        .kind = CLG_ARG_FLOAT, .f = (cl_float)(v)                                                            \
    }

// An array of arguments and their number, for `args, n` below.
#define CLG_ARGS(array) (array), (int)(sizeof(array) / sizeof *(array))

struct clg_launch {
    const char *file, *kernel, *options; // options: " -DX=1 ..." or NULL
    size_t global[3], local[3];          // local[0] == 0: the driver's choice
    double flops, bytes;                 // what the mathematics needs, for the profile
};
int clg_launch(struct clg_device *d, const struct clg_launch *launch, const struct clg_arg *args, int n);

// A host function that enqueues by itself (CLBlast): called at once, or recorded with a copy of its
// arguments. The event, when wanted (not NULL), is the call's own.
typedef int clg_call_fn(struct clg_device *d, const void *args, cl_event *event);
int clg_call(struct clg_device *d, const char *name, clg_call_fn *fn, const void *args, size_t size,
             double flops, double bytes);

// --- recording ---------------------------------------------------------------------------------
// Runs `body` twice: once to learn which programs it needs, which are then built with progress, and once to keep
// its launches, with their kernels prepared. clg_list_run replays them; it looks up, compares and allocates nothing.
typedef int clg_body_fn(void *user);
int clg_record(struct clg_device *d, clg_body_fn *body, void *user, struct clg_list **list);
int clg_collect(struct clg_device *d, clg_body_fn *body, void *user); // the first of the two alone
int clg_list_run(struct clg_device *d, struct clg_list *list);
// Names the operation that the launches up to clg_op_end belong to: of one named operation at a time. Launches
// outside are operations of their own, under their kernel's name. flops and bytes 0: the sums of the launches'.
int clg_op_begin(struct clg_device *d, const struct clg_op_time *op);
void clg_op_end(struct clg_device *d);
// The distinct operations of a list, in order. samples > 0: each is run alone, repeatedly, and timed; what the
// list computes is garbage until it has been run again. The operations are the caller's: free().
int clg_list_ops(struct clg_device *d, struct clg_list *list, int samples, clg_progress_fn *progress,
                 void *user, struct clg_op_time **ops, int *count);
void clg_list_free(struct clg_list **list);

#endif
