// Nets: layers in an array, each naming its inputs by index (a chain by default, a DAG where needed),
// with their parameters; and plans: a net laid out in memory for one batch size, that enqueues forward
// and backward.
//
// A net knows shapes without the batch; a plan adds it. Several plans may share a net. One thread at a time.
#ifndef CLG_NN_NET_H
#define CLG_NN_NET_H

#include <clgan/ops.h>

enum { CLG_LAYERS_MAX = 64, CLG_LAYER_INPUTS_MAX = 4, CLG_LAYER_PARAMS_MAX = 4, CLG_LAYER_SELFTESTS_MAX = 8 };
enum { CLG_NET_INPUT = -1 }; // as a layer's input: the net's own input
enum { CLG_PREVIOUS = -2 };  // as a layer's input: the layer before (the default)

// How a parameter is initialised, and its layout in files.
enum clg_init { CLG_INIT_NORMAL, CLG_INIT_GAIN, CLG_INIT_ZERO, CLG_INIT_ONE }; // N(0, 0.02), N(1, 0.02), 0, 1
enum clg_layout {
    CLG_LAYOUT_VECTOR, // [c]
    CLG_LAYOUT_CONV,   // here [r][s][c][k], outside [k][c][r][s] (PyTorch, both kinds of convolution)
    CLG_LAYOUT_DENSE,  // here [in][out], outside [out][in]
};

struct clg_param_spec {
    const char *name; // "weight"
    struct clg_shape shape;
    enum clg_init init;
    enum clg_layout layout;
    bool trainable; // else a running statistic
};

struct clg_layer;
struct clg_plan;

// What a plan is for.
enum clg_plan_mode {
    CLG_PLAN_INFER,    // forward with batch norm's running statistics; an output's memory is reused when all
                       // layers that read it have run
    CLG_PLAN_TRAIN,    // forward with the batch's statistics, and backward
    CLG_PLAN_KEEP_ALL, // forward as INFER, but every layer's output stays readable, and gradients go back from
                       // any layer to the input, not to parameters
};

// What backward should compute.
enum clg_grad { CLG_GRAD_PARAMS = 1, CLG_GRAD_INPUT = 2 };

// One layer's tensors in a plan, for forward and backward.
struct clg_pass {
    struct clg_device *device;
    const struct clg_layer *layer;
    struct clg_tensor in[CLG_LAYER_INPUTS_MAX], out;
    struct clg_tensor din[CLG_LAYER_INPUTS_MAX], dout; // backward; din[i].buffer NULL: not needed
    struct clg_tensor value[CLG_LAYER_PARAMS_MAX],
        grad[CLG_LAYER_PARAMS_MAX]; // grad's buffer NULL: not needed
    struct clg_tensor saved[2];     // `saved` vectors of the type, kept from forward to backward
    bool training, accumulate;
    bool guided; // backward: only positive gradients pass activations (clg_plan_backward_from)
};

// Where a layer may write over what it reads: out over in[0] in inference, in training, din[0] over dout.
enum clg_in_place { CLG_IN_PLACE_INFER = 1, CLG_IN_PLACE_TRAIN = 2, CLG_IN_PLACE_GRADIENT = 4 };

// A kind of layer. docs/adding.md lists what a new one needs.
struct clg_layer_type {
    const char *name;
    // The output's shape (n passed through), or CLG_EINVAL after a line that names the layer and the sizes.
    int (*shape)(const struct clg_layer *layer, const struct clg_shape *in, int n, struct clg_shape *out,
                 const struct clg_log *log);
    int (*params)(const struct clg_layer *layer, const struct clg_shape *in,
                  struct clg_param_spec *specs); // count
    int (*forward)(const struct clg_pass *pass);
    int (*backward)(const struct clg_pass *pass);
    // Names of the self-tests (selftest/selftest.h) of the operations that it uses in such a plan, but for
    // convolutions; their number, at most CLG_LAYER_SELFTESTS_MAX.
    int (*selftests)(const struct clg_layer *layer, enum clg_plan_mode mode, const char **names);
    double (*macs)(const struct clg_layer *layer, const struct clg_shape *in,
                   struct clg_shape out);                                 // per picture
    void (*text)(const struct clg_layer *layer, char *text, size_t size); // "conv 4x4 / 2, pad 1"
    int inputs_max;                                                       // 0 means 1
    bool needs_input, needs_output;                                       // in backward
    int in_place;                                                         // enum clg_in_place, by bits
    int saved; // vectors of the input's channel count
};

struct clg_layer {
    const struct clg_layer_type *type;
    char name[32];
    int inputs[CLG_LAYER_INPUTS_MAX], inputs_n;
    union { // one member per kind
        struct {
            struct clg_conv conv;
            int channels; // of the output
            bool bias;
        } conv; // conv, conv_transpose
        struct {
            float eps, momentum;
            struct clg_act act;
        } norm;
        struct clg_act act;
        struct clg_pool pool;
        struct {
            int features;
            bool bias;
        } dense;
        struct clg_shape reshape; // n ignored
    };
};

// Layers to add; the input is the layer before until `inputs` says otherwise.
struct clg_layer clg_layer_conv(const char *name, int channels, int kernel, int stride, int pad);
struct clg_layer clg_layer_conv_transpose(const char *name, int channels, int kernel, int stride, int pad);
struct clg_layer clg_layer_norm(const char *name, struct clg_act act); // eps 1e-5, momentum 0.1
struct clg_layer clg_layer_act(const char *name, struct clg_act act);
struct clg_layer clg_layer_pool(const char *name, struct clg_pool pool);
struct clg_layer clg_layer_dense(const char *name, int features);
struct clg_layer clg_layer_reshape(const char *name, int h, int w, int c);
struct clg_layer clg_layer_concat(const char *name, int a, int b); // of layers a and b, by channels

struct clg_param {
    char name[48]; // "main.0.weight"
    int layer;
    struct clg_param_spec spec;
    struct clg_tensor value, grad; // in the net's slabs; grad only where trainable and the net trains
};

struct clg_net {
    struct clg_device *device; // NULL: shapes and parameters only, no memory
    struct clg_log log;
    struct clg_layer layers[CLG_LAYERS_MAX];
    struct clg_shape shapes[CLG_LAYERS_MAX]; // outputs, n = 1
    int n;
    struct clg_shape input; // n = 1
    struct clg_param params[CLG_LAYERS_MAX * CLG_LAYER_PARAMS_MAX];
    int params_n;
    struct clg_slab *values, *grads, *stats; // trainable values, their gradients, running statistics
};

// An empty net; then clg_net_add for each layer, then clg_net_finish. device NULL: shapes only, no memory.
int clg_net_new(struct clg_net **net, struct clg_device *device, struct clg_shape input,
                const struct clg_log *log);
int clg_net_add(struct clg_net *net, struct clg_layer layer); // its index, or an error
int clg_net_finish(struct clg_net *net, bool trains);         // allocates parameters, contents undefined
void clg_net_free(struct clg_net **net);

// Fresh values from (seed, stream); first: of the normal numbers, moved on by the count used.
int clg_net_init(struct clg_net *net, uint64_t seed, uint64_t *first);
int64_t clg_net_parameters(const struct clg_net *net); // trainable
double clg_net_macs(const struct clg_net *net);        // of a forward pass, per picture
// The shape of layer i's k-th input, n = 1.
struct clg_shape clg_net_input_shape(const struct clg_net *net, int layer, int k);
int clg_net_input_index(const struct clg_net *net, int layer, int k); // CLG_NET_INPUT or a layer

// A parameter's values in the outside layout, count floats, either way; shape[] is the outside one.
int clg_param_read(struct clg_net *net, const struct clg_param *param, struct clg_tensor tensor,
                   float *values);
int clg_param_write(struct clg_net *net, const struct clg_param *param, struct clg_tensor tensor,
                    const float *values);
int clg_param_outside_shape(const struct clg_param *param, int64_t shape[4]); // dims

// --- plans -------------------------------------------------------------------------------------
// A plan is a net laid out in device memory for one batch size and mode: where every activation and gradient lives.
// Tensors that are never needed at the same time share memory. It enqueues (or records) the passes.
// grads: for TRAIN, which of CLG_GRAD_PARAMS and CLG_GRAD_INPUT backward may be asked for.
int clg_plan_new(struct clg_plan **plan, struct clg_net *net, int batch, enum clg_plan_mode mode, int grads);
void clg_plan_free(struct clg_plan **plan);
// The floats that a plan would take; allocates nothing.
int64_t clg_plan_floats(struct clg_net *net, int batch, enum clg_plan_mode mode, int grads);

// Enqueues (or records). input [batch][h][w][c]; the output stays valid until the next forward.
int clg_plan_forward(struct clg_plan *plan, struct clg_tensor input);
struct clg_tensor clg_plan_output(const struct clg_plan *plan);
struct clg_tensor clg_plan_output_grad(const struct clg_plan *plan); // to be filled before backward
// After forward with the same input. dinput: where the input's gradient goes (buffer NULL: not needed).
// accumulate: parameter gradients are added to.
int clg_plan_backward(struct clg_plan *plan, struct clg_tensor input, int grads, bool accumulate,
                      struct clg_tensor dinput);

// Of a KEEP_ALL plan: a layer's output after forward, and its gradient, to be filled before backward_from.
struct clg_tensor clg_plan_layer(const struct clg_plan *plan, int layer);
struct clg_tensor clg_plan_layer_grad(const struct clg_plan *plan, int layer);
// Forward of layers `from` to the last; those before have run. So a layer's output can be changed in between.
int clg_plan_forward_from(struct clg_plan *plan, struct clg_tensor input, int from);
// Backward from a layer's output gradient to the input's, of the forward with the same input. guided: every
// activation lets only positive gradients through, where its output is positive.
int clg_plan_backward_from(struct clg_plan *plan, struct clg_tensor input, int layer, bool guided,
                           struct clg_tensor dinput);

// --- pass_check.c -------------------------------------------------------------------------------
// Runs the self-tests of the layers of some nets on one device, then those named in `others` (ends in NULL; may
// be NULL). To be called first in the body of what is recorded. An error when one fails.
int clg_pass_check(const struct clg_net *const *nets, int n, enum clg_plan_mode mode,
                   const char *const *others);
// The names of a layer's self-tests, then NULL; their number.
int clg_layer_selftests(const struct clg_layer *layer, enum clg_plan_mode mode,
                        const char *names[CLG_LAYER_SELFTESTS_MAX + 1]);

#endif
