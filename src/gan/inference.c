// Pictures from noise, and logits from pictures: inference-mode batch norm, in passes of a few fixed sizes,
// where each result depends on its own input alone.
#include "gan/gan.h"

#include "base/log.h"
#include "selftest/selftest.h"

#include <stdlib.h>
#include <string.h>

static int inference_body(void *user)
{
    struct clg_inference *inference = user;
    struct clg_device *d = inference->device;
    int status = clg_pass_check(&inference->net, 1, CLG_PLAN_INFER, NULL);
    d->ops->tuned_batch = CLG_INFERENCE_TUNED;
    if (!status)
        status = clg_plan_forward(inference->plan, inference->input);
    d->ops->tuned_batch = 0;
    return status;
}

static size_t per_item(struct clg_shape shape)
{
    return clg_shape_count(shape) / (size_t)shape.n;
}

static int inference_new(struct clg_inference **out, struct clg_net *net, int batch)
{
    struct clg_inference *inference = *out = calloc(1, sizeof *inference);
    if (!inference)
        return clg_fail(&net->log, CLG_ENOMEM, "out of memory");
    struct clg_shape shape = net->input;
    inference->device = net->device;
    inference->net = net;
    shape.n = inference->batch = batch;
    int status = clg_slab_new(&inference->slab, net->device, clg_slab_size(shape));
    if (!status)
        status = clg_slab_take(inference->slab, shape, &inference->input);
    if (!status)
        status = clg_plan_new(&inference->plan, net, batch, CLG_PLAN_INFER, 0);
    if (!status) {
        inference->host_in = calloc(clg_shape_count(shape), sizeof(float));
        inference->host_out = malloc(clg_shape_count(clg_plan_output(inference->plan).shape) * sizeof(float));
        if (!inference->host_in || !inference->host_out)
            status = clg_fail(&net->log, CLG_ENOMEM, "out of memory");
    }
    if (status)
        clg_inference_free(out);
    return status;
}

static int inference_record(struct clg_inference **inference, struct clg_net *net, int batch)
{
    int status = inference_new(inference, net, batch);
    if (!status)
        status = clg_record(net->device, inference_body, *inference, &(*inference)->list);
    if (status)
        clg_inference_free(inference);
    return status;
}

void clg_inference_free(struct clg_inference **inference)
{
    if (!*inference)
        return;
    clg_list_free(&(*inference)->list);
    clg_plan_free(&(*inference)->plan);
    clg_slab_free(&(*inference)->slab);
    free((*inference)->host_in);
    free((*inference)->host_out);
    free(*inference);
    *inference = NULL;
}

// One pass of at most its batch of items; the rest of the batch is zero padding.
static int pass_run(struct clg_device *d, struct clg_inference *inference, const float *in, int n, float *out)
{
    const struct clg_tensor output = clg_plan_output(inference->plan);
    const size_t in_each = per_item(inference->input.shape), out_each = per_item(output.shape);
    const size_t floats = (size_t)inference->batch * in_each, given = (size_t)n * in_each;
    memcpy(inference->host_in, in, given * sizeof(float));
    memset(inference->host_in + given, 0, (floats - given) * sizeof(float));
    int status = clg_tensor_write_later(d, inference->input, inference->host_in, floats * sizeof(float));
    if (!status)
        status = clg_list_run(d, inference->list);
    if (!status)
        status = clg_tensor_read(d, output, inference->host_out);
    if (!status)
        memcpy(out, inference->host_out, (size_t)n * out_each * sizeof(float));
    return status;
}

static const int sizes[CLG_INFERENCE_SIZES] = {64, 16, 1};

// Which size of pass to use next when n items are left: the largest that they fill, but a few share a pass
// that is not full.
static int size_for(int n)
{
    int i = 0;
    while (sizes[i] > n)
        i++;
    return n > 1 && sizes[i] == 1 ? i - 1 : i;
}

// n items through the net.
static int infer(struct clg_inference **inference, struct clg_net *net, const float *in, int n, float *out)
{
    for (int first = 0, items; first < n; first += items) {
        const int size = size_for(n - first);
        items = n - first < sizes[size] ? n - first : sizes[size];
        int status = inference[size] ? 0 : inference_record(&inference[size], net, sizes[size]);
        if (status)
            return status;
        const size_t in_each = per_item(inference[size]->input.shape),
                     out_each = per_item(clg_plan_output(inference[size]->plan).shape);
        status = pass_run(net->device, inference[size], in + (size_t)first * in_each, items,
                          out + (size_t)first * out_each);
        if (status)
            return status;
    }
    return 0;
}

int clg_generation_collect_convs(struct clg_gan *gan)
{
    struct clg_inference *inference;
    int status = inference_new(&inference, gan->g.net, CLG_INFERENCE_TUNED);
    if (!status)
        status = clg_collect(gan->device, inference_body, inference);
    clg_inference_free(&inference);
    return status;
}

int clg_gan_generate(struct clg_gan *gan, const float *z, int n, float *pictures)
{
    if (n < 0)
        return clg_fail(&gan->log, CLG_EINVAL, "cannot generate %d pictures", n);
    return infer(gan->generate, gan->average ? gan->average : gan->g.net, z, n, pictures);
}

int clg_gan_discriminate(struct clg_gan *gan, const float *pictures, int n, float *logits)
{
    if (n < 0)
        return clg_fail(&gan->log, CLG_EINVAL, "cannot discriminate %d pictures", n);
    return infer(gan->discriminate, gan->d.net, pictures, n, logits);
}
