// Nets and plans: shape inference and its messages, memory shared by lifetime, inference, layouts, refusals.
#include "ops_fixture.h"

#include "nn/net.h"

static const struct clg_act relu = {CLG_ACT_RELU, 0}, leaky = {CLG_ACT_LEAKY_RELU, 0.2f},
                            tanh_act = {CLG_ACT_TANH, 0};

static struct clg_net *net_new(struct clg_shape input, const struct clg_log *log)
{
    struct clg_net *net;
    assert_int_equal(clg_net_new(&net, test_device(), input, log), 0);
    return net;
}

static void add(struct clg_net *net, struct clg_layer layer)
{
    assert_true(clg_net_add(net, layer) >= 0);
}

static void finish(struct clg_net *net, bool trains)
{
    uint64_t first = 0;
    assert_int_equal(clg_net_finish(net, trains), 0);
    assert_int_equal(clg_net_init(net, 7, &first), 0);
}

// Weights that make something of their input (those for training start at 0.02).
static void weights_grow(struct clg_net *net)
{
    for (int i = 0; i < net->params_n; i++)
        if (net->params[i].spec.init == CLG_INIT_NORMAL)
            assert_int_equal(clg_scale(net->device, 10, net->params[i].value), 0);
}

// A generator and a discriminator in one chain: 1x1x20 to 16x16x3 to one number.
static struct clg_net *chain_new(bool trains)
{
    const struct clg_log log = {0};
    struct clg_net *net = net_new((struct clg_shape){1, 1, 1, 20}, &log);
    add(net, clg_layer_conv_transpose("g0", 24, 4, 1, 0));
    add(net, clg_layer_norm("g1", relu));
    add(net, clg_layer_conv_transpose("g2", 12, 4, 2, 1));
    add(net, clg_layer_norm("g3", relu));
    add(net, clg_layer_conv_transpose("g4", 3, 4, 2, 1));
    add(net, clg_layer_act("g5", tanh_act));
    add(net, clg_layer_conv("d0", 12, 4, 2, 1));
    add(net, clg_layer_act("d1", leaky));
    add(net, clg_layer_conv("d2", 24, 4, 2, 1));
    add(net, clg_layer_norm("d3", leaky));
    add(net, clg_layer_conv("d4", 1, 4, 1, 0));
    finish(net, trains);
    weights_grow(net);
    return net;
}

// --- a chain layer by layer: every tensor has its own memory ---------------------------------

struct apart {
    struct clg_tensor out[CLG_LAYERS_MAX], grad[CLG_LAYERS_MAX], saved[CLG_LAYERS_MAX][2];
    size_t floats;
};

static struct clg_tensor apart_tensor(struct apart *a, struct clg_shape shape)
{
    a->floats += clg_slab_size(shape);
    return test_poisoned(shape);
}

static struct apart apart_new(const struct clg_net *net, int batch, bool train)
{
    struct apart a = {.floats = 0};
    for (int i = 0; i < net->n; i++) {
        struct clg_shape shape = net->shapes[i];
        shape.n = batch;
        a.out[i] = apart_tensor(&a, shape);
        if (train)
            a.grad[i] = apart_tensor(&a, shape);
        for (int k = 0; k < net->layers[i].type->saved; k++)
            a.saved[i][k] = apart_tensor(&a, (struct clg_shape){1, 1, 1, clg_net_input_shape(net, i, 0).c});
    }
    return a;
}

static struct clg_pass apart_pass(const struct apart *a, struct clg_net *net, int i, struct clg_tensor input,
                                  bool train)
{
    struct clg_pass pass = {
        .device = net->device, .layer = &net->layers[i], .out = a->out[i], .training = train};
    pass.in[0] = i ? a->out[i - 1] : input;
    pass.saved[0] = a->saved[i][0], pass.saved[1] = a->saved[i][1];
    for (int p = 0, k = 0; p < net->params_n; p++)
        if (net->params[p].layer == i) {
            pass.grad[k] = net->params[p].grad;
            pass.value[k++] = net->params[p].value;
        }
    return pass;
}

static void apart_forward(const struct apart *a, struct clg_net *net, struct clg_tensor input, bool train)
{
    for (int i = 0; i < net->n; i++) {
        struct clg_pass pass = apart_pass(a, net, i, input, train);
        assert_int_equal(pass.layer->type->forward(&pass), 0);
    }
}

static void apart_backward(const struct apart *a, struct clg_net *net, struct clg_tensor input,
                           struct clg_tensor dinput)
{
    for (int i = net->n - 1; i >= 0; i--) {
        struct clg_pass pass = apart_pass(a, net, i, input, true);
        pass.dout = a->grad[i];
        pass.din[0] = i ? a->grad[i - 1] : dinput;
        assert_int_equal(pass.layer->type->backward(&pass), 0);
    }
}

static void tensors_same(const char *what, struct clg_tensor is, struct clg_tensor expected)
{
    float *a = test_read(is), *b = test_read(expected);
    assert_true(isfinite(b[0]));
    same_bits(what, a, b, clg_shape_count(expected.shape));
    free(a), free(b);
}

// Running statistics move with every training pass: both ways start from the same.
static void stats_set(struct clg_net *net, const float *values)
{
    assert_int_equal(clg_tensor_write(net->device, clg_slab_all(net->stats), values), 0);
}

static void test_memory_training(void **state)
{
    (void)state;
    enum { BATCH = 3 };
    struct clg_device *d = test_device();
    struct clg_net *net = chain_new(true);
    struct clg_plan *plan;
    const int want = CLG_GRAD_PARAMS | CLG_GRAD_INPUT;
    const uint64_t before = clg_device_memory(d, NULL);
    assert_int_equal(clg_plan_new(&plan, net, BATCH, CLG_PLAN_TRAIN, want), 0);
    const uint64_t taken = clg_device_memory(d, NULL) - before;
    struct clg_tensor x = test_random((struct clg_shape){BATCH, 1, 1, 20}, 1, NULL),
                      dx = test_poisoned(x.shape);
    struct clg_tensor dx_apart = test_poisoned(x.shape),
                      r = test_random(clg_plan_output(plan).shape, 2, NULL);
    struct apart a = apart_new(net, BATCH, true);
    float *stats = test_read(clg_slab_all(net->stats));

    apart_forward(&a, net, x, true);
    assert_int_equal(clg_copy(d, r, a.grad[net->n - 1]), 0);
    apart_backward(&a, net, x, dx_apart);
    float *grads = test_read(clg_slab_all(net->grads)), *stats_after = test_read(clg_slab_all(net->stats));
    stats_set(net, stats);
    for (int round = 0; round < 2; round++) {
        assert_int_equal(clg_fill(d, clg_slab_all(net->grads), 0), 0);
        stats_set(net, stats);
        assert_int_equal(clg_plan_forward(plan, x), 0);
        tensors_same("one plan: output", clg_plan_output(plan), a.out[net->n - 1]);
        assert_int_equal(clg_copy(d, r, clg_plan_output_grad(plan)), 0);
        assert_int_equal(clg_plan_backward(plan, x, want, false, dx), 0);
        tensors_same("one plan: input's gradient", dx, dx_apart);
        float *is = test_read(clg_slab_all(net->grads)), *moved = test_read(clg_slab_all(net->stats));
        same_bits("one plan: parameters' gradients", is, grads, (size_t)clg_slab_all(net->grads).shape.c);
        same_bits("one plan: running statistics", moved, stats_after,
                  (size_t)clg_slab_all(net->stats).shape.c);
        free(is), free(moved);
        tensors_same("one plan: output, after backward", clg_plan_output(plan), a.out[net->n - 1]);
    }
    if (taken != 4 * (uint64_t)clg_plan_floats(net, BATCH, CLG_PLAN_TRAIN, want) || taken >= 3 * a.floats)
        fail_msg(
            "the plan takes %llu bytes, clg_plan_floats says %lld floats, apart the tensors take %zu floats",
            (unsigned long long)taken, (long long)clg_plan_floats(net, BATCH, CLG_PLAN_TRAIN, want),
            a.floats);
    free(stats), free(stats_after), free(grads);
    clg_plan_free(&plan);
    clg_net_free(&net);
    assert_true(!plan && !net);
    test_free_all();
}

static void test_memory_inference(void **state)
{
    (void)state;
    enum { BATCH = 5 };
    struct clg_net *net = chain_new(false);
    struct clg_plan *plan;
    assert_int_equal(clg_plan_new(&plan, net, BATCH, CLG_PLAN_INFER, 0), 0);
    struct clg_tensor x = test_random((struct clg_shape){BATCH, 1, 1, 20}, 1, NULL);
    struct apart a = apart_new(net, BATCH, false);
    float *stats = test_read(clg_slab_all(net->stats));
    apart_forward(&a, net, x, false);
    for (int round = 0; round < 2; round++) {
        assert_int_equal(clg_plan_forward(plan, x), 0);
        tensors_same("inference in one plan", clg_plan_output(plan), a.out[net->n - 1]);
    }
    float *after = test_read(clg_slab_all(net->stats));
    same_bits("inference leaves running statistics", after, stats, (size_t)clg_slab_all(net->stats).shape.c);
    int64_t infer = clg_plan_floats(net, BATCH, CLG_PLAN_INFER, 0);
    int64_t train = clg_plan_floats(net, BATCH, CLG_PLAN_TRAIN, CLG_GRAD_PARAMS);
    if (!(infer > 0 && 2 * infer < (int64_t)a.floats && infer < train))
        fail_msg("inference takes %lld floats, training %lld; apart the tensors take %zu", (long long)infer,
                 (long long)train, a.floats);
    free(stats), free(after);
    clg_plan_free(&plan);
    clg_net_free(&net);
    test_free_all();
}

// --- inference after training ---------------------------------

enum { C = 5, ROWS = 24 };

// running = 0.9 running + 0.1 batch, with the unbiased variance.
static void statistics_move(const float *x, double mean[C], double var[C])
{
    for (int c = 0; c < C; c++) {
        double m = 0, v = 0;
        for (int i = 0; i < ROWS; i++)
            m += x[i * C + c] / (double)ROWS;
        for (int i = 0; i < ROWS; i++)
            v += pow(x[i * C + c] - m, 2) / (ROWS - 1);
        mean[c] = 0.9 * mean[c] + 0.1 * m;
        var[c] = 0.9 * var[c] + 0.1 * v;
    }
}

// Three training passes, then inference: y = leaky(gamma (x - running mean) / sqrt(running variance + 1e-5) +
// beta).
static void test_inference(void **state)
{
    (void)state;
    const struct clg_log log = {0};
    const struct clg_shape shape = {2, 3, 4, C}, one = {1, 3, 4, C};
    struct clg_net *net = net_new(shape, &log);
    struct clg_plan *train, *infer;
    add(net, clg_layer_norm("norm", leaky));
    finish(net, true);
    assert_int_equal(clg_plan_new(&train, net, 2, CLG_PLAN_TRAIN, CLG_GRAD_PARAMS), 0);
    assert_int_equal(clg_plan_new(&infer, net, 1, CLG_PLAN_INFER, 0), 0);
    double mean[C] = {0}, var[C] = {1, 1, 1, 1, 1}, expected[12 * C];
    for (uint64_t i = 0; i < 3; i++) {
        float *x = host_normal(i, ROWS * C, 2, 3);
        struct clg_tensor t = test_poisoned(shape);
        assert_int_equal(clg_tensor_write(net->device, t, x), 0);
        assert_int_equal(clg_plan_forward(train, t), 0);
        statistics_move(x, mean, var);
        free(x);
    }
    float *x, *gamma = test_read(net->params[0].value), *beta = test_read(net->params[1].value);
    struct clg_tensor t = test_random(one, 9, &x);
    for (int i = 0; i < 12 * C; i++) {
        int c = i % C;
        double z = gamma[c] * (x[i] - mean[c]) / sqrt(var[c] + 1e-5) + beta[c];
        expected[i] = z > 0 ? z : 0.2 * z;
    }
    assert_int_equal(clg_plan_forward(infer, t), 0);
    float *y = test_read(clg_plan_output(infer));
    test_close("inference by running statistics", y, expected, 12 * C, 1e-5);
    free(x), free(y), free(gamma), free(beta);
    clg_plan_free(&train), clg_plan_free(&infer);
    clg_net_free(&net);
    test_free_all();
}

// --- two plans of one net ---------------------------------

static struct clg_tensor part_of(struct clg_tensor t, int first, int n)
{
    size_t each = clg_shape_count(t.shape) / (size_t)t.shape.n;
    t.offset += (size_t)first * each;
    t.shape.n = n;
    return t;
}

static void pass_through(struct clg_plan *plan, struct clg_tensor x, struct clg_tensor r, bool accumulate)
{
    assert_int_equal(clg_plan_forward(plan, x), 0);
    assert_int_equal(clg_copy(test_device(), r, clg_plan_output_grad(plan)), 0);
    assert_int_equal(clg_plan_backward(plan, x, CLG_GRAD_PARAMS, accumulate, (struct clg_tensor){0}), 0);
}

static double *widened(struct clg_tensor t)
{
    float *is = test_read(t);
    double *wide = host_zeros(clg_shape_count(t.shape));
    for (size_t i = 0; i < clg_shape_count(t.shape); i++)
        wide[i] = is[i];
    free(is);
    return wide;
}

// A batch of 4 gives what batches of 1 and 3 give: outputs, and gradients when added up.
static void test_two_batches(void **state)
{
    (void)state;
    const struct clg_log log = {0};
    struct clg_net *net = net_new((struct clg_shape){1, 6, 5, 3}, &log);
    add(net, clg_layer_conv("conv", 7, 3, 2, 1));
    add(net, clg_layer_act("act", tanh_act));
    add(net, clg_layer_dense("dense", 2));
    finish(net, true);
    weights_grow(net);
    static const int batches[] = {4, 1, 3};
    struct clg_plan *plans[3];
    for (int i = 0; i < 3; i++)
        assert_int_equal(clg_plan_new(&plans[i], net, batches[i], CLG_PLAN_TRAIN, CLG_GRAD_PARAMS), 0);
    struct clg_tensor x = test_random((struct clg_shape){4, 6, 5, 3}, 1, NULL);
    struct clg_tensor r = test_random((struct clg_shape){4, 1, 1, 2}, 2, NULL),
                      grads = clg_slab_all(net->grads);
    pass_through(plans[0], x, r, false);
    double *expected = widened(grads), *outputs = widened(clg_plan_output(plans[0]));
    assert_int_equal(clg_fill(net->device, grads, 0), 0);
    pass_through(plans[1], part_of(x, 0, 1), part_of(r, 0, 1), false);
    pass_through(plans[2], part_of(x, 1, 3), part_of(r, 1, 3), true);
    float *first = test_read(clg_plan_output(plans[1])), *rest = test_read(clg_plan_output(plans[2])),
          *is = test_read(grads);
    test_close("output of the first of 4", first, outputs, 2, 1e-5);
    test_close("outputs of the others", rest, outputs + 2, 6, 1e-5);
    test_close("gradients of 1 + 3 pictures", is, expected, clg_shape_count(grads.shape), 1e-5);
    free(expected), free(outputs), free(first), free(rest), free(is);
    for (int i = 0; i < 3; i++)
        clg_plan_free(&plans[i]);
    clg_net_free(&net);
    test_free_all();
}

// --- parameters ---------------------------------

// Values in the outside layout and back, for every parameter; one of each kind by its place.
static void test_layouts(void **state)
{
    (void)state;
    const struct clg_log log = {0};
    struct clg_net *net = net_new((struct clg_shape){1, 4, 5, 3}, &log);
    struct clg_layer conv = clg_layer_conv("conv", 7, 3, 1, 1);
    conv.conv.bias = true;
    add(net, conv);
    add(net, clg_layer_dense("dense", 6));
    finish(net, false);
    for (int i = 0; i < net->params_n; i++) {
        const struct clg_param *p = &net->params[i];
        size_t n = clg_shape_count(p->spec.shape), product = 1;
        int64_t shape[4];
        for (int k = clg_param_outside_shape(p, shape); k-- > 0;)
            product *= (size_t)shape[k];
        assert_int_equal(product, n);
        float *values = host_normal(3, n, 0, 1), *back = malloc(n * sizeof *back);
        assert_int_equal(clg_param_write(net, p, p->value, values), 0);
        assert_int_equal(clg_param_read(net, p, p->value, back), 0);
        same_bits(p->name, back, values, n);
        float *inside = test_read(p->value);
        if (p->spec.layout == CLG_LAYOUT_CONV) // k 5, c 2, r 1, s 0: [k][c][r][s] outside, [r][s][c][k] here
            assert_true(values[((5 * 3 + 2) * 3 + 1) * 3 + 0] == inside[((1 * 3 + 0) * 3 + 2) * 7 + 5]);
        if (p->spec.layout == CLG_LAYOUT_DENSE) // output 4 of 6, input 130 of 140
            assert_true(values[4 * 140 + 130] == inside[130 * 6 + 4]);
        free(values), free(back), free(inside);
    }
    assert_int_equal(net->params_n, 4);
    assert_string_equal(net->params[0].name, "conv.weight");
    assert_string_equal(net->params[3].name, "dense.bias");
    assert_int_equal(clg_net_parameters(net), 3 * 3 * 3 * 7 + 7 + 4 * 5 * 7 * 6 + 6);
    assert_true(clg_net_macs(net) == 4 * 5 * 3 * 7 * 9 + 140 * 6);
    clg_net_free(&net);
}

// A parameter's start, as its kind says: mean + 0.02 times the normal numbers from `first` on, or mean alone.
static void check_start(const struct clg_param *p, uint64_t seed, uint64_t first)
{
    const bool drawn = p->spec.init == CLG_INIT_NORMAL || p->spec.init == CLG_INIT_GAIN;
    const float mean = p->spec.init == CLG_INIT_GAIN || p->spec.init == CLG_INIT_ONE ? 1 : 0;
    size_t n = clg_shape_count(p->spec.shape);
    float *is = test_read(p->value), *normal = malloc(n * sizeof *normal);
    double *expected = host_zeros(n);
    clg_random_normal(seed, CLG_STREAM_WEIGHTS, first, n, normal);
    for (size_t k = 0; k < n; k++)
        expected[k] = mean + (drawn ? 0.02 * normal[k] : 0);
    test_close(p->name, is, expected, n, 1e-6);
    free(is), free(normal), free(expected);
}

// Every weight has its own numbers: the count goes on from parameter to parameter, and to the next net.
static void test_init(void **state)
{
    (void)state;
    struct clg_net *net = chain_new(false);
    uint64_t first = 1000, at = 1000;
    assert_int_equal(clg_net_init(net, 7, &first), 0);
    for (int i = 0; i < net->params_n; i++) {
        const struct clg_param *p = &net->params[i];
        check_start(p, 7, at);
        if (p->spec.init == CLG_INIT_NORMAL || p->spec.init == CLG_INIT_GAIN)
            at += clg_shape_count(p->spec.shape);
    }
    if (first != at)
        fail_msg("the count went on to %llu, expected %llu", (unsigned long long)first,
                 (unsigned long long)at);
    clg_net_free(&net);
}

TEST_MAIN("nn", NULL, test_device_teardown, TEST(test_memory_training), TEST(test_memory_inference),
          TEST(test_inference), TEST(test_two_batches), TEST(test_layouts), TEST(test_init))
