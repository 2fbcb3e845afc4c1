// Pictures from noise, and logits from pictures: inference-mode batch norm, always in passes of
// CLG_GENERATE_BATCH, so that a result depends on its own input alone.
#include "gan/gan.h"

#include "base/log.h"

#include <stdlib.h>
#include <string.h>

static int body(void *user)
{
    struct clg_inference *inference = user;
    return clg_plan_forward(inference->plan, inference->input);
}

static size_t per_item(struct clg_shape shape)
{
    return clg_shape_count(shape) / (size_t)shape.n;
}

static int inference_new(struct clg_inference **out, struct clg_net *net)
{
    struct clg_inference *inference = *out = calloc(1, sizeof *inference);
    if (!inference)
        return clg_fail(&net->log, CLG_ENOMEM, "out of memory");
    struct clg_shape shape = net->input;
    shape.n = CLG_GENERATE_BATCH;
    int status = clg_slab_new(&inference->slab, net->device, clg_slab_room(shape));
    if (!status)
        status = clg_slab_take(inference->slab, shape, &inference->input);
    if (!status)
        status = clg_plan_new(&inference->plan, net, CLG_GENERATE_BATCH, CLG_PLAN_INFER, 0);
    if (!status) {
        inference->host_in = calloc(clg_shape_count(shape), sizeof(float));
        inference->host_out = malloc(clg_shape_count(clg_plan_output(inference->plan).shape) * sizeof(float));
        if (!inference->host_in || !inference->host_out)
            status = clg_fail(&net->log, CLG_ENOMEM, "out of memory");
    }
    if (!status)
        status = clg_record(net->device, body, inference, &inference->list);
    if (status)
        clg_inference_free(out);
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

// n items through the net; the last pass is filled up with zeros.
static int infer(struct clg_device *d, struct clg_inference *inference, const float *in, int n, float *out)
{
    const struct clg_tensor output = clg_plan_output(inference->plan);
    const size_t in_each = per_item(inference->input.shape), out_each = per_item(output.shape);
    for (int first = 0; first < n; first += CLG_GENERATE_BATCH) {
        size_t items = (size_t)(n - first < CLG_GENERATE_BATCH ? n - first : CLG_GENERATE_BATCH);
        memset(inference->host_in, 0, CLG_GENERATE_BATCH * in_each * sizeof(float));
        memcpy(inference->host_in, in + (size_t)first * in_each, items * in_each * sizeof(float));
        int status = clg_tensor_write_later(d, inference->input, inference->host_in,
                                            CLG_GENERATE_BATCH * in_each * sizeof(float));
        if (!status)
            status = clg_list_run(d, inference->list);
        if (!status)
            status = clg_tensor_read(d, output, inference->host_out);
        if (status)
            return status;
        memcpy(out + (size_t)first * out_each, inference->host_out, items * out_each * sizeof(float));
    }
    return 0;
}

int clg_gan_generate(struct clg_gan *gan, const float *z, int n, float *pictures)
{
    if (n < 1)
        return n == 0 ? 0 : clg_fail(&gan->log, CLG_EINVAL, "cannot generate %d pictures", n);
    struct clg_net *net = gan->average ? gan->average : gan->g.net;
    int status = gan->generate ? 0 : inference_new(&gan->generate, net);
    return status ? status : infer(gan->device, gan->generate, z, n, pictures);
}

int clg_gan_discriminate(struct clg_gan *gan, const float *pictures, int n, float *logits)
{
    if (n < 1)
        return n == 0 ? 0 : clg_fail(&gan->log, CLG_EINVAL, "cannot judge %d pictures", n);
    int status = gan->discriminate ? 0 : inference_new(&gan->discriminate, gan->d.net);
    return status ? status : infer(gan->device, gan->discriminate, pictures, n, logits);
}
