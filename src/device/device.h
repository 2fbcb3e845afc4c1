// An opened device inside the library: kernels by name, one place that enqueues, recorded lists of launches.
#ifndef CLG_DEVICE_DEVICE_H
#define CLG_DEVICE_DEVICE_H

#include <clgan/tensor.h>

#include <CL/cl.h>

struct clg_buffer {
    cl_mem mem;
    size_t floats;
    void *host;       // CPU devices: the memory itself, in huge pages where the system gives them
    uint64_t version; // of watched weights: counts their changes (ops/forms.c); 0: not watched
};

// A compiled .cl file with its options. Built lazily, or all at once by clg_record.
struct clg_program {
    char *file, *options;
    cl_program program; // NULL: not built yet
    struct clg_program *next;
};

// Kernel objects for eager launches, one per (program, name).
struct clg_kernel {
    const struct clg_program *program;
    char name[64];
    cl_kernel kernel;
    struct clg_kernel *next;
};

struct clg_profile;
struct clg_tuning; // ops/tuning.h
struct clg_conv_job;
typedef void clg_collect_conv_fn(void *user, const struct clg_conv_job *job);

enum { CLG_SCRATCH_OLD = 64 };

enum clg_mode {
    CLG_MODE_RUN,     // launches are enqueued at once
    CLG_MODE_COLLECT, // launches only make their programs known
    CLG_MODE_RECORD,  // launches are kept in a list
};

struct clg_device {
    struct clg_device_info info;
    struct clg_device_params params; // strings owned below
    char *kernels_dir, *cache_dir, *tuning_dir, *variants;
    struct clg_log log;
    long process; // that opened it
    cl_context context;
    cl_device_id id;
    cl_command_queue queue;
    struct clg_program *programs;
    struct clg_kernel *kernels;
    struct clg_profile *profile; // NULL: off
    enum clg_mode mode;
    struct clg_list *recording;
    int vector;          // floats an elementwise work-item takes at once: 4, 8 or 16
    int work_group;      // of elementwise and reduction kernels
    double launch_flops; // most of one launch: half a second of a slow GPU, for the watchdogs of displays
    bool caches_itself;  // the driver keeps compiled kernels on disk, and asking it for binaries costs a
                         // compilation
    uint64_t memory, memory_peak;
    struct clg_tuning *tuning; // one block; NULL: not looked up yet
    struct clg_selftest_cache
        *checked;     // what passed its self-test (ops/checked.h); one block; NULL: not read yet
    int clblast_list; // CLBlast's parameter list (ops/gemm.c); -1: not asked yet
    int tuned_batch;  // the batch size whose tuning convolutions use; 0: their own
    // When set, it is called instead of running each convolution: the tuner learns what a model has.
    clg_collect_conv_fn *collect_conv;
    void *collect_conv_user;
    // Scratch of the operations (ops/scratch.c): the present ones, and outgrown ones that recorded launches
    // may use.
    struct clg_slab *scratch[2], *scratch_old[CLG_SCRATCH_OLD];
    size_t scratch_floats[2], scratch_wanted[2];
    int scratch_old_n;
    struct clg_form *forms; // of weights (ops/forms.c)
};

// --- after fork() (owner.c) --------------------------------------------------------------------
// Does the device belong to the parent process? Then nothing of it may be touched, nor freed.
bool clg_device_inherited(const struct clg_device *d);
int clg_device_check(const struct clg_device *d); // the same as an error

// --- launching (launch.c) ----------------------------------------------------------------------
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
struct clg_list;
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

// --- memory (memory.c) -------------------------------------------------------------------------
// Enqueues a copy to the device and returns; `host` must stay valid until clg_device_finish or a read.
int clg_tensor_write_later(struct clg_device *d, struct clg_tensor tensor, const void *host, size_t bytes);

// Lets go of the operations' scratch; no recorded list may use it any more.
void clg_scratch_free(struct clg_device *d);

// --- facts (facts.c), besides those of <clgan/doctor.h> ----------------------------------------
bool clg_device_keeps_denormals(const struct clg_device *d); // as it tells

// --- programs (program.c) ----------------------------------------------------------------------
int clg_program_get(struct clg_device *d, const char *file, const char *options,
                    struct clg_program **program);
int clg_program_build(struct clg_device *d, struct clg_program *program);
// A program in the place of one that was just built, from that one's binary: as if it came from the disk.
int clg_program_reload(struct clg_device *d, struct clg_program *program);
// The binary of a built program, the caller's: free(). NULL: the driver gives none.
unsigned char *clg_program_binary(cl_program program, size_t *size);
// Those not built yet, with progress; one that does not compile is left, to fail where it is used.
void clg_programs_build_all(struct clg_device *d);
void clg_programs_forget(struct clg_device *d); // those not built yet: unused, or they do not compile
void clg_programs_free(struct clg_device *d);

// A compiled program's place on disk (cache.c). Load: 0 and a binary, or 1: nothing usable there.
struct clg_cache_key {
    char text[1024];
    uint64_t hash[2];
};
void clg_cache_key_make(struct clg_device *d, const char *source, const char *options,
                        struct clg_cache_key *key);
int clg_cache_load(struct clg_device *d, const struct clg_cache_key *key, unsigned char **binary,
                   size_t *size);
void clg_cache_save(struct clg_device *d, const struct clg_cache_key *key, cl_program program);

// --- profile (profile.c) -----------------------------------------------------------------------
int clg_profile_new(struct clg_device *d);
void clg_profile_free(struct clg_device *d);
void clg_profile_add(struct clg_device *d, const char *name, cl_event event, double flops, double bytes);

// --- errors ------------------------------------------------------------------------------------
const char *clg_cl_text(cl_int error); // "CL_OUT_OF_RESOURCES"
// Logs "what: CL_... (-5) on <device>" and returns CLG_ENOMEM for memory errors, else CLG_EDEVICE.
int clg_cl_fail(struct clg_device *d, cl_int error, const char *format, ...) CLG_PRINTF(3, 4);

// Does the user force this variant of this operation ("conv=plain" in params.variants)?
bool clg_variant_forced(const struct clg_device *d, const char *operation, const char *name);

#endif
