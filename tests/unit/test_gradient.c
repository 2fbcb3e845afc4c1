// Every kind of layer, and nets of them: gradients against central differences of sum(output * random
// weights).
#include "ops_fixture.h"

#include "nn/net.h"

// Inputs: normal; away from 0 (kinks at 0); two far clusters (kinks after normalisation); far from each other
// (maxima).
enum spread { NORMAL, AWAY, CLUSTERS, SPACED };

struct gradient_case {
    const char *name;
    void (*build)(struct clg_net *net);
    struct clg_shape input; // with the batch
    enum spread spread;
    float step;
    double limit; // of |analytic - numeric| / rms(numeric)
};

static void add(struct clg_net *net, struct clg_layer layer)
{
    assert_true(clg_net_add(net, layer) >= 0);
}

static struct clg_layer with_bias(struct clg_layer layer)
{
    layer.conv.bias = true;
    return layer;
}

static struct clg_layer from(struct clg_layer layer, int input)
{
    layer.inputs[0] = input;
    return layer;
}

// --- single layers ---------------------------------

static void build_conv(struct clg_net *net)
{
    struct clg_layer layer = with_bias(clg_layer_conv("conv", 4, 3, 2, 1));
    layer.conv.conv.s = 2;
    add(net, layer);
}

static void build_transpose(struct clg_net *net)
{
    add(net, with_bias(clg_layer_conv_transpose("transpose", 3, 4, 2, 1)));
}

static void build_norm(struct clg_net *net)
{
    add(net, clg_layer_norm("norm", (struct clg_act){CLG_ACT_NONE, 0}));
}

static void build_norm_relu(struct clg_net *net)
{
    add(net, clg_layer_norm("norm", (struct clg_act){CLG_ACT_RELU, 0}));
}

static void build_norm_leaky(struct clg_net *net)
{
    add(net, clg_layer_norm("norm", (struct clg_act){CLG_ACT_LEAKY_RELU, 0.2f}));
}

static void build_none(struct clg_net *net)
{
    add(net, clg_layer_act("act", (struct clg_act){CLG_ACT_NONE, 0}));
}

static void build_relu(struct clg_net *net)
{
    add(net, clg_layer_act("act", (struct clg_act){CLG_ACT_RELU, 0}));
}

static void build_leaky(struct clg_net *net)
{
    add(net, clg_layer_act("act", (struct clg_act){CLG_ACT_LEAKY_RELU, 0.2f}));
}

static void build_tanh(struct clg_net *net)
{
    add(net, clg_layer_act("act", (struct clg_act){CLG_ACT_TANH, 0}));
}

static void build_sigmoid(struct clg_net *net)
{
    add(net, clg_layer_act("act", (struct clg_act){CLG_ACT_SIGMOID, 0}));
}

static void build_max(struct clg_net *net)
{
    add(net, clg_layer_pool("pool", (struct clg_pool){CLG_POOL_MAX, 3, 2}));
}

static void build_average(struct clg_net *net)
{
    add(net, clg_layer_pool("pool", (struct clg_pool){CLG_POOL_AVERAGE, 2, 1}));
}

static void build_dense(struct clg_net *net)
{
    add(net, clg_layer_dense("dense", 7));
}

static void build_reshape(struct clg_net *net)
{
    add(net, clg_layer_reshape("reshape", 3, 2, 4));
}

// --- nets ---------------------------------

static void build_chain(struct clg_net *net)
{
    add(net, clg_layer_conv("down", 5, 4, 2, 1));
    add(net, clg_layer_norm("norm", (struct clg_act){CLG_ACT_NONE, 0}));
    add(net, clg_layer_act("tanh", (struct clg_act){CLG_ACT_TANH, 0}));
    add(net, clg_layer_reshape("flat", 1, 1, 45));
    add(net, clg_layer_dense("dense", 16));
    add(net, clg_layer_reshape("square", 2, 2, 4));
    add(net, clg_layer_act("sigmoid", (struct clg_act){CLG_ACT_SIGMOID, 0}));
    add(net, with_bias(clg_layer_conv_transpose("up", 3, 3, 2, 1)));
    add(net, clg_layer_pool("pool", (struct clg_pool){CLG_POOL_AVERAGE, 2, 1}));
    add(net, clg_layer_act("last", (struct clg_act){CLG_ACT_TANH, 0}));
}

// One layer feeds two activations (neither may write over it); three outputs are joined: gradients add up.
static void build_fork(struct clg_net *net)
{
    add(net, with_bias(clg_layer_conv("stem", 4, 3, 1, 1)));
    add(net, clg_layer_act("tanh", (struct clg_act){CLG_ACT_TANH, 0}));
    add(net, clg_layer_conv("left", 3, 1, 1, 0));
    add(net, from(clg_layer_act("right", (struct clg_act){CLG_ACT_SIGMOID, 0}), 0));
    struct clg_layer join = clg_layer_concat("join", 2, 3);
    join.inputs[join.inputs_n++] = 1;
    add(net, join);
    add(net, clg_layer_conv("top", 2, 3, 2, 1));
}

// Three consumers: an activation that may not work in place, and two joins, the last at the far end.
static void build_skip(struct clg_net *net)
{
    add(net, clg_layer_conv("stem", 3, 3, 1, 1));
    add(net, clg_layer_act("one", (struct clg_act){CLG_ACT_TANH, 0}));
    add(net, clg_layer_conv("two", 4, 3, 1, 1));
    add(net, clg_layer_concat("near", 2, 0));
    add(net, clg_layer_conv("mix", 2, 1, 1, 0));
    add(net, clg_layer_concat("far", 4, 0));
    add(net, clg_layer_act("last", (struct clg_act){CLG_ACT_SIGMOID, 0}));
}

// Two layers that are both joined twice: one join has to add to two gradients.
static void build_crossing(struct clg_net *net)
{
    add(net, clg_layer_conv("stem", 4, 1, 1, 0));
    add(net, clg_layer_conv("a", 2, 1, 1, 0));
    add(net, from(clg_layer_conv("b", 3, 1, 1, 0), 0));
    add(net, clg_layer_concat("ab", 1, 2));
    add(net, clg_layer_concat("ba", 2, 1));
    add(net, clg_layer_concat("all", 3, 4));
    add(net, clg_layer_conv("top", 2, 3, 1, 1));
}

// Linear layers: any step is exact, so a large one; smooth ones: a small one.
static const struct gradient_case cases[] = {
    {"conv 3x2 / 2", build_conv, {2, 5, 7, 3}, NORMAL, 0.5f, 1e-5},
    {"conv transpose 4x4 / 2", build_transpose, {2, 3, 4, 5}, NORMAL, 0.5f, 1e-5},
    {"norm", build_norm, {3, 2, 3, 5}, NORMAL, 0.02f, 5e-4},
    {"norm + ReLU", build_norm_relu, {3, 2, 3, 5}, CLUSTERS, 0.02f, 5e-4},
    {"norm + LeakyReLU", build_norm_leaky, {3, 2, 3, 5}, CLUSTERS, 0.02f, 5e-4},
    {"no activation", build_none, {2, 3, 1, 7}, NORMAL, 0.1f, 1e-5},
    {"ReLU", build_relu, {2, 3, 1, 7}, AWAY, 0.1f, 1e-5},
    {"LeakyReLU", build_leaky, {2, 3, 1, 7}, AWAY, 0.1f, 1e-5},
    {"tanh", build_tanh, {2, 3, 1, 7}, NORMAL, 0.02f, 5e-4},
    {"sigmoid", build_sigmoid, {2, 3, 1, 7}, NORMAL, 0.02f, 5e-4},
    {"max pool", build_max, {2, 5, 7, 3}, SPACED, 0.02f, 5e-4},
    {"average pool", build_average, {2, 5, 4, 3}, NORMAL, 0.5f, 1e-5},
    {"dense", build_dense, {3, 2, 2, 3}, NORMAL, 0.5f, 1e-5},
    {"reshape", build_reshape, {2, 2, 3, 4}, NORMAL, 0.5f, 1e-5},
    {"a chain of all", build_chain, {3, 6, 7, 2}, NORMAL, 0.02f, 3e-3},
    {"a fork", build_fork, {2, 5, 4, 3}, NORMAL, 0.02f, 1e-3},
    {"skips", build_skip, {2, 4, 3, 2}, NORMAL, 0.02f, 5e-4},
    {"crossing joins", build_crossing, {2, 4, 3, 2}, NORMAL, 0.02f, 5e-4},
};

// --- the loss and its gradients ---------------------------------

enum { SAMPLES = 50 };

struct setup {
    const struct gradient_case *c;
    struct clg_net *net;
    struct clg_plan *plan;
    struct clg_tensor x, dx;
    float *hx, *r; // input and the loss's weights, on the host
    size_t n, out_n;
};

static float *input_of(const struct gradient_case *c, size_t n)
{
    float *x = host_normal(50, n, 0, 1);
    for (size_t i = 0; i < n; i++) {
        float sign = x[i] < 0 ? -1.0f : 1.0f;
        if (c->spread == AWAY)
            x[i] += 0.3f * sign;
        else if (c->spread == CLUSTERS)
            x[i] = 0.2f * x[i] + (i / 5 % 2 ? 1.0f : -1.0f);
        else if (c->spread == SPACED)
            x[i] = 0.1f * ((float)(i * 7919 % n) - 0.5f * (float)n);
    }
    return x;
}

static void params_fill(struct clg_net *net)
{
    for (int i = 0; i < net->params_n; i++) {
        struct clg_param *p = &net->params[i];
        bool centred = p->spec.init == CLG_INIT_ZERO || p->spec.init == CLG_INIT_NORMAL;
        float spread = p->spec.init == CLG_INIT_NORMAL ? 0.4f : 0.1f;
        float *values =
            host_normal(60 + (uint64_t)i, clg_shape_count(p->spec.shape), centred ? 0 : 1, spread);
        assert_int_equal(clg_tensor_write(net->device, p->value, values), 0);
        free(values);
    }
}

static struct setup setup_new(const struct gradient_case *c, int want)
{
    struct setup s = {.c = c, .n = clg_shape_count(c->input)};
    const struct clg_log log = {0};
    assert_int_equal(clg_net_new(&s.net, test_device(), c->input, &log), 0);
    c->build(s.net);
    assert_int_equal(clg_net_finish(s.net, true), 0);
    params_fill(s.net);
    assert_int_equal(clg_plan_new(&s.plan, s.net, c->input.n, CLG_PLAN_TRAIN, want), 0);
    s.hx = input_of(c, s.n);
    s.x = test_poisoned(c->input), s.dx = test_poisoned(c->input);
    assert_int_equal(clg_tensor_write(test_device(), s.x, s.hx), 0);
    s.out_n = clg_shape_count(clg_plan_output(s.plan).shape);
    s.r = host_normal(51, s.out_n, 0, 1);
    return s;
}

static void setup_free(struct setup *s)
{
    clg_plan_free(&s->plan);
    clg_net_free(&s->net);
    free(s->hx), free(s->r);
    test_free_all();
}

static double loss(struct setup *s)
{
    double sum = 0;
    assert_int_equal(clg_plan_forward(s->plan, s->x), 0);
    float *y = test_read(clg_plan_output(s->plan));
    for (size_t i = 0; i < s->out_n; i++)
        sum += (double)y[i] * s->r[i];
    free(y);
    return sum;
}

static void backward(struct setup *s, int want, bool accumulate, struct clg_tensor dx)
{
    assert_int_equal(clg_plan_forward(s->plan, s->x), 0);
    assert_int_equal(clg_tensor_write(test_device(), clg_plan_output_grad(s->plan), s->r), 0);
    assert_int_equal(clg_plan_backward(s->plan, s->x, want, accumulate, dx), 0);
}

// Which values of n are compared: all of a few, else SAMPLES of them, all over.
static size_t samples_of(size_t n)
{
    return n < SAMPLES ? n : SAMPLES;
}

static size_t sample(size_t j, size_t n)
{
    return n < SAMPLES ? j : j * 7919 % n; // a prime larger than any n here
}

// The loss with one value of a tensor moved; *moved: by how much, as float32 has it.
static double loss_at(struct setup *s, struct clg_tensor t, float *values, size_t at, float by, double *moved)
{
    const float old = values[at];
    values[at] = old + by;
    *moved = (double)values[at] - (double)old;
    assert_int_equal(clg_tensor_write(test_device(), t, values), 0);
    values[at] = old;
    return loss(s);
}

// The loss's slope along the sampled values of a tensor, by central differences over h and 2 h that cancel
// the third derivative; the tensor is as before at the end.
static double *differences(struct setup *s, struct clg_tensor t)
{
    size_t n = clg_shape_count(t.shape);
    float *values = test_read(t);
    double *slopes = host_zeros(samples_of(n));
    for (size_t j = 0; j < samples_of(n); j++) {
        double f[4], moved[4];
        for (int k = 0; k < 4; k++)
            f[k] = loss_at(s, t, values, sample(j, n), (float)(k < 2 ? 1 : 2) * (k % 2 ? -1 : 1) * s->c->step,
                           &moved[k]);
        slopes[j] = (4 * (f[0] - f[1]) / (moved[0] - moved[1]) - (f[2] - f[3]) / (moved[2] - moved[3])) / 3;
    }
    assert_int_equal(clg_tensor_write(test_device(), t, values), 0);
    free(values);
    return slopes;
}

// expected is of the sampled values.
static void compare(struct setup *s, const char *of, struct clg_tensor gradient, const double *expected,
                    double limit)
{
    char what[160];
    size_t n = clg_shape_count(gradient.shape);
    snprintf(what, sizeof what, "%s: gradient of %s", s->c->name, of);
    float *is = test_read(gradient), *picked = malloc(samples_of(n) * sizeof *picked);
    for (size_t j = 0; j < samples_of(n); j++)
        picked[j] = is[sample(j, n)];
    test_close(what, picked, expected, samples_of(n), limit);
    free(is), free(picked);
}

// Once set, once added to itself.
static void check_values(struct setup *s)
{
    const struct clg_tensor none = {0};
    double *dx = differences(s, s->x), *dp[CLG_LAYERS_MAX] = {0};
    for (int i = 0; i < s->net->params_n; i++)
        if (s->net->params[i].spec.trainable)
            dp[i] = differences(s, s->net->params[i].value);
    assert_int_equal(clg_fill(test_device(), clg_slab_all(s->net->grads), NAN), 0);
    for (int round = 0; round < 2; round++) {
        backward(s, CLG_GRAD_PARAMS | (round ? 0 : CLG_GRAD_INPUT), round, round ? none : s->dx);
        if (!round)
            compare(s, "the input", s->dx, dx, s->c->limit);
        for (int i = 0; i < s->net->params_n; i++) {
            if (!dp[i])
                continue;
            for (size_t j = 0; round && j < samples_of(clg_shape_count(s->net->params[i].spec.shape)); j++)
                dp[i][j] *= 2;
            compare(s, s->net->params[i].name, s->net->params[i].grad, dp[i], s->c->limit);
        }
    }
    for (int i = 0; i < s->net->params_n; i++)
        free(dp[i]);
    free(dx);
}

// What is not wanted stays as it is; what is wanted is the same, bit by bit, whatever else is.
static void check_wants(struct setup *s)
{
    struct clg_device *d = test_device();
    const bool has = clg_slab_all(s->net->grads).shape.c > 0;
    const struct clg_tensor grads = clg_slab_all(s->net->grads), none = {0};
    backward(s, CLG_GRAD_PARAMS | CLG_GRAD_INPUT, false, s->dx);
    float *dx = test_read(s->dx), *dp = has ? test_read(grads) : NULL;
    assert_int_equal(clg_fill(d, grads, NAN), 0);
    assert_int_equal(clg_fill(d, s->dx, NAN), 0);
    backward(s, CLG_GRAD_INPUT, false, s->dx);
    float *again = test_read(s->dx);
    same_bits(s->c->name, again, dx, s->n);
    free(again);
    if (has)
        tensor_all_nan("parameter gradients that nobody wanted", grads);
    assert_int_equal(clg_fill(d, s->dx, NAN), 0);
    backward(s, CLG_GRAD_PARAMS, false, s->dx);
    tensor_all_nan("an input gradient that nobody wanted", s->dx);
    backward(s, CLG_GRAD_PARAMS, false, none);
    for (int i = 0; i < s->net->params_n; i++) {
        const struct clg_param *p = &s->net->params[i];
        if (!p->spec.trainable)
            continue;
        again = test_read(p->grad);
        same_bits(p->name, again, dp + p->grad.offset, clg_shape_count(p->grad.shape));
        free(again);
    }
    free(dx), free(dp);
}

static void test_gradient(void **state)
{
    struct setup s = setup_new(*state, CLG_GRAD_PARAMS | CLG_GRAD_INPUT);
    check_values(&s);
    check_wants(&s);
    setup_free(&s);
}

// The net's input goes to two layers: parameters' gradients are right, the input's is refused.
static void build_two_inputs(struct clg_net *net)
{
    add(net, clg_layer_conv("left", 3, 3, 1, 1));
    add(net, from(clg_layer_conv("right", 2, 1, 1, 0), CLG_NET_INPUT));
    add(net, clg_layer_concat("join", 0, 1));
    add(net, clg_layer_concat("again", 2, CLG_NET_INPUT));
    add(net, clg_layer_act("last", (struct clg_act){CLG_ACT_TANH, 0}));
}

static void test_shared_input(void **state)
{
    (void)state;
    static const struct gradient_case c = {
        "an input taken three times", build_two_inputs, {2, 4, 3, 2}, NORMAL, 0.02f, 2e-3};
    struct setup s = setup_new(&c, CLG_GRAD_PARAMS | CLG_GRAD_INPUT);
    struct captured log = {0};
    backward(&s, CLG_GRAD_PARAMS, false, (struct clg_tensor){0});
    for (int i = 0; i < s.net->params_n; i++) {
        double *expected = differences(&s, s.net->params[i].value);
        compare(&s, s.net->params[i].name, s.net->params[i].grad, expected, c.limit);
        free(expected);
    }
    s.net->log = (struct clg_log){captured_line, &log};
    REFUSED(&log, clg_plan_backward(s.plan, s.x, CLG_GRAD_INPUT, false, s.dx));
    setup_free(&s);
}

int main(int argc, char **argv)
{
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    struct CMUnitTest tests[COUNT(cases) + 1];
    for (size_t i = 0; i < COUNT(cases); i++)
        tests[i] = (struct CMUnitTest){cases[i].name, test_gradient, NULL, NULL, (void *)&cases[i]};
    tests[COUNT(cases)] = (struct CMUnitTest)TEST(test_shared_input);
    return _cmocka_run_group_tests("gradient", tests, COUNT(tests), NULL, test_device_teardown);
}
