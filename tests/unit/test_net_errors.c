// What nets and plans refuse, and the words they use: the layer's name and the sizes.
#include "ops_fixture.h"

#include "nn/net.h"

static const struct clg_act relu = {CLG_ACT_RELU, 0}, tanh_act = {CLG_ACT_TANH, 0};
static struct captured captured;

// A net on a device or not (describing only), its log captured; input 6x5x3, then "first": conv to 6x5x4.
static struct clg_net *net_new(struct clg_device *device)
{
    struct clg_net *net;
    const struct clg_log log = {captured_line, &captured};
    captured = (struct captured){0};
    assert_int_equal(clg_net_new(&net, device, (struct clg_shape){1, 6, 5, 3}, &log), 0);
    assert_int_equal(clg_net_add(net, clg_layer_conv("first", 4, 3, 1, 1)), 0);
    return net;
}

// The layer is refused with one line that has these words, and the net is as before.
static void refuse(struct clg_layer layer, const char *const words[3])
{
    struct clg_net *net = net_new(NULL);
    const int params = net->params_n;
    int status = clg_net_add(net, layer);
    if (status != CLG_EINVAL || captured.errors != 1 || net->n != 1 || net->params_n != params)
        fail_msg("%s %s: status %d, %d layers, %d lines: %s", layer.type->name, layer.name, status, net->n,
                 captured.errors, captured.text);
    for (int i = 0; i < 3 && words[i]; i++)
        captured_has(&captured, words[i]);
    assert_int_equal(clg_net_add(net, clg_layer_act("after", relu)), 1);
    clg_net_free(&net);
}
#define WORDS(...) ((const char *const[3]){__VA_ARGS__})

static struct clg_layer concat_of(int a, int b)
{
    return clg_layer_concat("join", a, b);
}

static void test_shapes(void **state)
{
    (void)state;
    refuse(clg_layer_conv("big", 4, 7, 1, 0), WORDS("big", "7x7", "6x5"));
    refuse(clg_layer_conv_transpose("thin", 4, 2, 1, 4), WORDS("thin", "padding 4", "6x5"));
    refuse(clg_layer_pool("wide", (struct clg_pool){CLG_POOL_MAX, 6, 1}), WORDS("wide", "6x6", "6x5"));
    refuse(clg_layer_pool("none", (struct clg_pool){CLG_POOL_MAX, 0, 1}), WORDS("none", "0x0", "6x5"));
    refuse(clg_layer_pool("still", (struct clg_pool){CLG_POOL_AVERAGE, 2, 0}),
           WORDS("still", "2x2 / 0", "6x5"));
    refuse(clg_layer_reshape("odd", 7, 17, 1), WORDS("odd", "7x17x1", "6x5x4"));
    refuse(clg_layer_reshape("negative", -6, -5, 4), WORDS("negative", "6x5x4"));
}

static void test_joined_shapes(void **state)
{
    (void)state;
    struct clg_net *net = net_new(NULL);
    assert_int_equal(clg_net_add(net, clg_layer_conv("half", 2, 4, 2, 1)), 1);
    assert_int_equal(clg_net_add(net, clg_layer_concat("mismatch", 0, 1)), CLG_EINVAL);
    assert_int_equal(captured.errors, 1);
    captured_has(&captured, "mismatch");
    captured_has(&captured, "6x5");
    captured_has(&captured, "3x2");
    clg_net_free(&net);
}

static void test_inputs(void **state)
{
    (void)state;
    struct clg_layer self = clg_layer_act("self", relu), far = self, none = self;
    self.inputs[0] = 1, far.inputs[0] = 9, far.name[0] = 'F', none.inputs[0] = -3;
    refuse(self, WORDS("self", "1"));
    refuse(far, WORDS("Felf", "9"));
    refuse(none, WORDS("self", "-3"));
    refuse(concat_of(0, 0), WORDS("join", "0", "twice"));
    refuse(concat_of(CLG_PREVIOUS, 0), WORDS("join", "0", "twice"));
    refuse(concat_of(CLG_NET_INPUT, CLG_NET_INPUT), WORDS("join", "twice"));
}

// From 1 to CLG_LAYER_INPUTS_MAX of them; and one only, where the kind takes one.
static void test_input_counts(void **state)
{
    (void)state;
    struct clg_layer none = concat_of(0, CLG_NET_INPUT), many = none, two = clg_layer_act("two", relu);
    none.inputs_n = 0, many.inputs_n = CLG_LAYER_INPUTS_MAX + 1;
    two.inputs_n = 2, two.inputs[1] = CLG_NET_INPUT;
    refuse(none, WORDS("join"));
    refuse(many, WORDS("join"));
    refuse(two, WORDS("two"));
}

static void test_too_many(void **state)
{
    (void)state;
    struct clg_net *net = net_new(NULL);
    for (int i = 1; i < CLG_LAYERS_MAX; i++)
        assert_int_equal(clg_net_add(net, clg_layer_act("more", relu)), i);
    REFUSED(&captured, clg_net_add(net, clg_layer_act("last straw", relu)));
    assert_int_equal(net->n, CLG_LAYERS_MAX);
    clg_net_free(&net);
}

// Kernels, strides and paddings that the operations would refuse are refused where the layer is still known
// by name.
static void test_conv_numbers(void **state)
{
    (void)state;
    refuse(clg_layer_conv("padded", 4, 3, 1, 3), WORDS("padded", "padding 3"));
    refuse(clg_layer_conv("drawn", 4, 3, 1, -1), WORDS("drawn", "padding -1"));
    refuse(clg_layer_conv_transpose("lifted", 4, 3, 1, 3), WORDS("lifted", "padding 3"));
}

static void test_conv_kernel(void **state)
{
    (void)state;
    refuse(clg_layer_conv("empty", 4, 0, 1, 0), WORDS("empty", "0x0"));
    refuse(clg_layer_conv_transpose("hollow", 4, 0, 2, 0), WORDS("hollow", "0x0"));
}

static void test_conv_stride(void **state)
{
    (void)state;
    refuse(clg_layer_conv_transpose("stuck", 4, 3, 0, 1), WORDS("stuck"));
    refuse(clg_layer_conv("frozen", 4, 3, 0, 1), WORDS("frozen"));
}

static void test_no_channels(void **state)
{
    (void)state;
    refuse(clg_layer_conv("nothing", 0, 3, 1, 1), WORDS("nothing"));
    refuse(clg_layer_conv_transpose("less", -1, 3, 1, 1), WORDS("less"));
    refuse(clg_layer_dense("void", 0), WORDS("void"));
}

// Norms take ReLU and LeakyReLU on top only (clg_norm_train refuses others, too late).
static void test_norm_on_top(void **state)
{
    (void)state;
    refuse(clg_layer_norm("topped", tanh_act), WORDS("topped"));
}

// A layer that nobody takes, and that is not the last, has no gradient for backward to start from.
static void test_dead_layer(void **state)
{
    (void)state;
    struct clg_net *net = net_new(test_device());
    struct clg_layer last = clg_layer_conv("last", 4, 3, 1, 1);
    last.inputs[0] = 0;
    assert_int_equal(clg_net_add(net, clg_layer_conv("forgotten", 4, 3, 1, 1)), 1);
    assert_int_equal(clg_net_add(net, last), 2);
    int status = clg_net_finish(net, true);
    if (status != CLG_EINVAL || captured.errors != 1)
        fail_msg("finishing a net with an unused layer: status %d, %d lines: %s", status, captured.errors,
                 captured.text);
    captured_has(&captured, "forgotten");
    clg_net_free(&net);
}

static void test_batch(void **state)
{
    (void)state;
    struct clg_net *net = net_new(test_device());
    struct clg_plan *plan = (struct clg_plan *)net;
    assert_int_equal(clg_net_finish(net, true), 0);
    for (int batch = -1; batch <= 0; batch++) {
        REFUSED(&captured, clg_plan_new(&plan, net, batch, CLG_PLAN_TRAIN, CLG_GRAD_PARAMS));
        assert_null(plan);
    }
    clg_net_free(&net);
}

static void test_forward(void **state)
{
    (void)state;
    struct clg_net *net = net_new(test_device());
    struct clg_plan *plan;
    assert_int_equal(clg_net_finish(net, false), 0);
    assert_int_equal(clg_plan_new(&plan, net, 2, CLG_PLAN_INFER, 0), 0);
    const struct clg_shape good = {2, 6, 5, 3},
                           bad[] = {{1, 6, 5, 3}, {3, 6, 5, 3}, {2, 5, 6, 3}, {2, 6, 5, 4}, {2, 1, 1, 90}};
    assert_int_equal(clg_plan_forward(plan, test_random(good, 1, NULL)), 0);
    for (size_t i = 0; i < COUNT(bad); i++) {
        char sizes[64];
        struct clg_tensor x = test_random(bad[i], 1, NULL);
        snprintf(sizes, sizeof sizes, "[%d][%d][%d][%d]", bad[i].n, bad[i].h, bad[i].w, bad[i].c);
        assert_int_equal(clg_plan_forward(plan, x), CLG_EINVAL);
        assert_int_equal(captured.errors, 1);
        captured_has(&captured, sizes);
        captured_has(&captured, "[2][6][5][3]");
        captured = (struct captured){0};
    }
    clg_plan_free(&plan);
    clg_net_free(&net);
    test_free_all();
}

static void test_backward(void **state)
{
    (void)state;
    struct clg_net *net = net_new(test_device());
    struct clg_plan *infer, *params, *both;
    assert_int_equal(clg_net_finish(net, true), 0);
    assert_int_equal(clg_plan_new(&infer, net, 2, CLG_PLAN_INFER, 0), 0);
    assert_int_equal(clg_plan_new(&params, net, 2, CLG_PLAN_TRAIN, CLG_GRAD_PARAMS), 0);
    assert_int_equal(clg_plan_new(&both, net, 2, CLG_PLAN_TRAIN, CLG_GRAD_PARAMS | CLG_GRAD_INPUT), 0);
    struct clg_tensor x = test_random((struct clg_shape){2, 6, 5, 3}, 1, NULL), dx = test_poisoned(x.shape),
                      other = dx;
    other.shape.h--;
    assert_int_equal(clg_plan_forward(params, x), 0);
    assert_int_equal(clg_plan_forward(both, x), 0);
    assert_int_equal(clg_fill(net->device, clg_plan_output_grad(params), 1), 0);
    assert_int_equal(clg_fill(net->device, clg_plan_output_grad(both), 1), 0);
    REFUSED(&captured, clg_plan_backward(infer, x, CLG_GRAD_PARAMS, false, dx));
    REFUSED(&captured, clg_plan_backward(params, x, CLG_GRAD_INPUT, false, dx));
    REFUSED(&captured, clg_plan_backward(params, x, CLG_GRAD_PARAMS | CLG_GRAD_INPUT, false, dx));
    tensor_all_nan("a refused input gradient", dx);
    struct captured device_log;
    struct clg_log old = quiet(&device_log);
    int status = clg_plan_backward(both, x, CLG_GRAD_INPUT, false, other);
    loud_again(old);
    if (status != CLG_EINVAL || device_log.errors + captured.errors != 1)
        fail_msg("an input gradient of another shape: status %d: %s%s", status, device_log.text,
                 captured.text);
    clg_plan_free(&infer), clg_plan_free(&params), clg_plan_free(&both);
    clg_net_free(&net);
    test_free_all();
}

TEST_MAIN("net errors", NULL, test_device_teardown, TEST(test_shapes), TEST(test_joined_shapes),
          TEST(test_inputs), TEST(test_input_counts), TEST(test_too_many), TEST(test_conv_numbers),
          TEST(test_conv_kernel), TEST(test_conv_stride), TEST(test_no_channels), TEST(test_norm_on_top),
          TEST(test_dead_layer), TEST(test_batch), TEST(test_forward), TEST(test_backward))
