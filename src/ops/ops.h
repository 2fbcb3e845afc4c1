// Inside the operations: variants as table rows, scratch memory, and helpers that the files share.
#ifndef CLG_OPS_OPS_H
#define CLG_OPS_OPS_H

#include <clgan/ops.h>

#include "ops/conv/variants.h"
#include "ops/state.h"

// The three passes of a convolution; x and w, y in their roles of <clgan/ops.h> whatever the pass.
enum clg_conv_pass { CLG_CONV_FORWARD, CLG_CONV_BACKWARD_DATA, CLG_CONV_BACKWARD_FILTER };

struct clg_conv_job {
    enum clg_conv_pass pass;
    struct clg_conv conv;
    struct clg_tensor x, w, y; // one of them is the result
    bool accumulate;           // of the filter gradient
    int config;                // of the variant's parameter lists: 0 its own rule, 1.. what the tuner tries
};

// A variant: the same meaning for every row, another way to do it.
struct clg_conv_variant {
    const char *name;
    bool exact;  // direct sums; not Winograd, which loses a few bits
    int configs; // parameter lists for job.choice besides the rule, 0: none
    bool (*fits)(struct clg_device *d, const struct clg_conv_job *job);
    int (*run)(struct clg_device *d, const struct clg_conv_job *job);
};
#define CLG_CONV_DECLARE(name) extern const struct clg_conv_variant clg_conv_##name;
CLG_CONV_VARIANTS(CLG_CONV_DECLARE)
// All of them, plain first; ends in NULL.
extern const struct clg_conv_variant *const clg_conv_variants[];
extern const char *const clg_gemm_variants[]; // names, ends in NULL

static inline int clg_divide_up(int a, int b)
{
    return (a + b - 1) / b;
}

static inline int clg_round_up(int a, int b)
{
    return clg_divide_up(a, b) * b;
}

// Runs a job: the forced variant where it fits, else what the tuner found (ops/tuning.h), else the
// device's rule.
int clg_conv_run(struct clg_device *d, const struct clg_conv_job *job);
const struct clg_conv_variant *clg_conv_default(struct clg_device *d, const struct clg_conv_job *job);

// Are the shapes of the three tensors right? Else CLG_EINVAL after a line.
int clg_conv_job_check(struct clg_device *d, const struct clg_conv_job *job);
// A kernel as large as its map becomes a 1x1 convolution of 1x1 maps: the same memory, read as a matrix product.
struct clg_conv_job clg_conv_job_flat(struct clg_conv_job job);
// The tensor that the job writes.
struct clg_tensor *clg_conv_result(struct clg_conv_job *job);
// " -DR=4 -DS=4 ..." : the shape as constants, written to text.
void clg_conv_options(const struct clg_conv_job *job, char *text, size_t size);
// Images [first, first + n) of a tensor.
struct clg_tensor clg_images(struct clg_tensor t, int first, int n);
// 2 x multiply-adds of any of the passes, and the bytes that it must read and write.
double clg_conv_flops(const struct clg_conv_job *job);
double clg_conv_bytes(const struct clg_conv_job *job);

// CLBlast's GEMM (gemm.c): float offsets through the tensors, as clg_gemm, but without shape checks, on parts
// of tensors.
bool clg_gemm_clblast_fits(const struct clg_device *d);
int clg_gemm_clblast(struct clg_device *d, struct clg_gemm gemm, struct clg_tensor a, struct clg_tensor b,
                     struct clg_tensor c);
// CLBlast's products take their kernel parameters from list 1..clg_gemm_lists; 0 is CLBlast's own choice. It
// is one for all products of the device in this process, as another one compiles anew: the first product
// takes what the tuner found. There is no way back to CLBlast's own once a list was set.
extern const int clg_gemm_lists;
bool clg_gemm_list_fits(const struct clg_device *d, int list);
int clg_gemm_list_set(struct clg_device *d, int list);

// --- weights in another form (forms.c) ---------------------------------------------------------
// Watched weights have their changes counted: by every operation that writes elements, and by writes from the
// host. Forget before their slab is freed.
void clg_weights_watch(struct clg_tensor weights);
bool clg_weights_watched(struct clg_tensor weights);
void clg_weights_forget(struct clg_device *d, struct clg_tensor weights);
int clg_weights_changed(struct clg_device *d, struct clg_tensor weights);
// The job's watched weights in the form for its pass: `floats` floats that `make` enqueues whenever the
// weights have changed. Kept until they are forgotten.
typedef int clg_pack_fn(struct clg_device *d, const struct clg_conv_job *job, struct clg_tensor to);
int clg_packed_weights_get(struct clg_device *d, const struct clg_conv_job *job, size_t floats,
                           clg_pack_fn *make, struct clg_tensor *to);

// Scratch memory inside one operation; the next operation may overwrite it (one in-order queue). Two blocks can
// be held at once: slot 0 and 1.
int clg_scratch(struct clg_device *d, int slot, size_t floats, struct clg_tensor *tensor);
void clg_scratch_free(struct clg_device *d); // no recorded list may use it any more

// Elementwise launch: ceil(n / VF) work-items. Used by all floors above through the public operations only.
int clg_launch_elements(struct clg_device *d, const char *kernel, const char *options, size_t n,
                        const struct clg_arg *args, int args_n, double flops_each, int floats_each);

// clg_op_begin for an operation on maps, all of the shape.
int clg_op_begin_maps(struct clg_device *d, const char *name, struct clg_shape shape);

// sum = (accumulate ? sum : 0) + parts [n][sum's shape], one by one.
int clg_parts_sum(struct clg_device *d, struct clg_tensor parts, int n, struct clg_tensor sum,
                  bool accumulate);

// Bytes 0..255 on the device (packed from the tensor's start) to floats -1..1.
int clg_pixels(struct clg_device *d, struct clg_tensor bytes, struct clg_tensor x);

// The batch-norm statistics for inference: save_inv from running_var (save_mean is not used then).
int clg_norm_prepare_infer(struct clg_device *d, struct clg_norm norm);

// Is `variants` ("conv=plain,gemm=clblast") made of known names? Logs what is known when not.
int clg_variants_check(struct clg_device *d);

// Are the shapes right for the operation? Logs `what` and both shapes when not.
int clg_shape_expect(struct clg_device *d, const char *what, struct clg_shape is, struct clg_shape expected);
// The same for the numbers of values alone.
int clg_count_expect(struct clg_device *d, const char *what, struct clg_tensor is,
                     struct clg_tensor expected);

#endif
