// From a picture back to z: gradient descent through the generator, from several starts at once.
#include "explore/project.h"

#include "base/log.h"
#include "explore/net_probe.h"
#include "gan/noise.h"
#include "ops/ops.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const float BETA1 = 0.9f, BETA2 = 0.999f, EPS = 1e-8f;
enum { STARTS_MAX = 64, STEPS_MAX = 1000000 };

struct clg_project_params clg_project_params_default(void)
{
    return (struct clg_project_params){.steps = 300, .starts = 2, .lr = 0.3f, .prior = 1e-3f, .seed = 1};
}

// --- on the device -----------------------------------------------------------------------------
static size_t row_values(struct clg_tensor t)
{
    return clg_shape_count(t.shape) / (size_t)t.shape.n;
}

// Writes the mask for every row and channel, multiplied by the loss's factor: 2 / sum of weights.
static int write_weights(struct clg_projection *p, const float *weight)
{
    const size_t channels = (size_t)p->weight.shape.c, pixels = row_values(p->weight) / channels;
    float *values = malloc(clg_shape_count(p->weight.shape) * sizeof *values);
    if (!values)
        return clg_fail(&p->net->log, CLG_ENOMEM, "out of memory");
    double sum = 0;
    for (size_t i = 0; i < pixels; i++)
        sum += (double)channels * (weight ? weight[i] : 1);
    for (size_t row = 0, at = 0; row < (size_t)p->rows; row++)
        for (size_t i = 0; i < pixels; i++)
            for (size_t c = 0; c < channels; c++)
                values[at++] = (float)(2 * (weight ? weight[i] : 1) / sum);
    int status = clg_tensor_write(p->net->device, p->weight, values);
    free(values);
    return status;
}

int clg_projection_gradient(struct clg_projection *p)
{
    struct clg_device *d = p->net->device;
    const int last = p->net->n - 1;
    const struct clg_tensor difference = clg_plan_layer_grad(p->plan, last);
    d->ops->tuned_batch = CLG_INFERENCE_TUNED;
    int status = clg_plan_forward(p->plan, p->z);
    if (!status)
        status = clg_copy(d, clg_plan_layer(p->plan, last), difference);
    if (!status)
        status = clg_axpy(d, -1, p->target, difference);
    if (!status)
        status = clg_multiply(d, p->weight, difference);
    if (!status)
        status = clg_plan_backward_from(p->plan, p->z, last, false, p->dz);
    d->ops->tuned_batch = 0;
    return status ? status : clg_axpy(d, 2 * p->prior / (float)p->z.shape.c, p->z, p->dz);
}

const char *const clg_projection_selftests[] = {"copy", "axpy", "multiply", "Adam", NULL};

static int step_body(void *user)
{
    struct clg_projection *p = user;
    const struct clg_net *const net = p->net;
    int status = clg_pass_check(&net, 1, CLG_PLAN_KEEP_ALL, clg_projection_selftests);
    if (!status)
        status = clg_projection_gradient(p);
    return status ? status : clg_adam(p->net->device, BETA1, BETA2, EPS, p->rates, p->dz, p->z, p->m, p->v);
}

static int allocate_tensors(struct clg_projection *p)
{
    struct clg_shape z = p->net->input, picture = p->net->shapes[p->net->n - 1];
    const struct clg_shape rates = {1, 1, 1, 2};
    z.n = picture.n = p->rows;
    const struct {
        struct clg_tensor *tensor;
        struct clg_shape shape;
    } parts[] = {{&p->z, z},        {&p->dz, z},           {&p->m, z},
                 {&p->v, z},        {&p->target, picture}, {&p->weight, picture},
                 {&p->rates, rates}};
    enum { PARTS = sizeof parts / sizeof *parts };
    size_t size = 0;
    for (int i = 0; i < PARTS; i++)
        size += clg_slab_size(parts[i].shape);
    int status = clg_slab_new(&p->slab, p->net->device, size);
    for (int i = 0; i < PARTS && !status; i++)
        status = clg_slab_take(p->slab, parts[i].shape, parts[i].tensor);
    return status;
}

int clg_projection_new(struct clg_projection **out, struct clg_gan *gan, int rows, const float *weight,
                       float prior)
{
    struct clg_projection *p = *out = calloc(1, sizeof *p);
    if (!p)
        return clg_fail(&gan->log, CLG_ENOMEM, "out of memory");
    p->net = clg_net_probe_net(gan, CLG_NET_GENERATOR);
    p->rows = rows;
    p->prior = prior;
    int status = allocate_tensors(p);
    if (!status)
        status = clg_plan_new(&p->plan, p->net, rows, CLG_PLAN_KEEP_ALL, CLG_GRAD_INPUT);
    if (!status)
        status = write_weights(p, weight);
    if (!status)
        status = clg_record(gan->device, step_body, p, &p->list);
    if (status)
        clg_projection_free(out);
    return status;
}

void clg_projection_free(struct clg_projection **projection)
{
    if (!*projection)
        return;
    clg_list_free(&(*projection)->list);
    clg_plan_free(&(*projection)->plan);
    clg_slab_free(&(*projection)->slab);
    free(*projection);
    *projection = NULL;
}

// --- a run -------------------------------------------------------------------------------------
// Host state for projecting n pictures, `together` of them in each pass.
struct run {
    struct clg_gan *gan;
    const struct clg_project_params *params;
    const float *mask;
    int n, together;
    size_t one;                      // values per picture
    float *noise;                    // initial z [starts][z], the same for every picture
    float *rates;                    // Adam's [steps][2]: the learning rate falls along a cosine
    float *targets, *z_rows, *found; // of a pass's rows
};

static void schedule_rates(const struct run *run)
{
    const int steps = run->params->steps;
    const double pi = acos(-1.0);
    for (int i = 0; i < steps; i++) {
        const double lr = run->params->lr * 0.5 * (1 + cos(pi * i / steps));
        run->rates[2 * i] = (float)(lr / (1 - pow(BETA1, i + 1)));
        run->rates[2 * i + 1] = (float)(1 / sqrt(1 - pow(BETA2, i + 1)));
    }
}

// How many pictures share a pass: enough rows for speed, few enough for memory.
static int pictures_together(const struct clg_gan_params *gan, int starts, int n)
{
    const int side = gan->size < 64 ? 64 : gan->size, rows = 64 * 64 * 64 / (side * side);
    const int max = rows > starts ? rows / starts : 1;
    return n < max ? n : max;
}

static int allocate_run(struct run *run)
{
    const struct clg_gan_params *p = &run->gan->params;
    const struct clg_project_params *params = run->params;
    const size_t rows = (size_t)run->together * (size_t)params->starts, z = (size_t)p->z;
    run->noise = malloc((size_t)params->starts * z * sizeof *run->noise);
    run->rates = malloc(2 * (size_t)params->steps * sizeof *run->rates);
    run->z_rows = malloc(rows * z * sizeof *run->z_rows);
    run->targets = malloc(rows * run->one * sizeof *run->targets);
    run->found = malloc(rows * run->one * sizeof *run->found);
    if (!run->noise || !run->rates || !run->z_rows || !run->targets || !run->found)
        return clg_fail(&run->gan->log, CLG_ENOMEM, "out of memory for projecting");
    clg_noise_draw(p, params->seed, CLG_STREAM_PROJECTION, 0, params->starts, run->noise);
    schedule_rates(run);
    return 0;
}

static void free_run(struct run *run)
{
    free(run->noise);
    free(run->rates);
    free(run->z_rows);
    free(run->targets);
    free(run->found);
}

// Writes targets and initial z of a pass; rows after the last picture repeat it.
static int write_rows(struct run *run, struct clg_projection *p, const float *pictures, int n)
{
    const size_t starts = (size_t)run->params->starts, z = row_values(p->z);
    for (size_t row = 0; row < (size_t)p->rows; row++) {
        const size_t picture = row / starts < (size_t)n ? row / starts : (size_t)n - 1;
        memcpy(run->targets + row * run->one, pictures + picture * run->one, run->one * sizeof(float));
        memcpy(run->z_rows + row * z, run->noise + row % starts * z, z * sizeof(float));
    }
    struct clg_device *d = run->gan->device;
    int status = clg_tensor_write(d, p->target, run->targets);
    if (!status)
        status = clg_tensor_write(d, p->z, run->z_rows);
    if (!status)
        status = clg_fill(d, p->m, 0);
    return status ? status : clg_fill(d, p->v, 0);
}

static int descend(struct run *run, struct clg_projection *p, int done, int n)
{
    const struct clg_project_params *params = run->params;
    const size_t steps = (size_t)params->steps;
    int status = 0;
    for (size_t i = 0; i < steps && !status; i++) {
        status = clg_tensor_write_later(run->gan->device, p->rates, run->rates + 2 * i, 2 * sizeof(float));
        if (!status)
            status = clg_list_run(run->gan->device, p->list);
        if (!status)
            status = clg_device_finish(run->gan->device);
        if (params->progress && !status)
            params->progress(params->user, "steps", (size_t)done * steps + (i + 1) * (size_t)n,
                             (size_t)run->n * steps);
    }
    return status;
}

// Copies the z, picture and PSNR of the best start for each of the pass's n pictures. done: pictures before
// them.
static int take_best(struct run *run, int done, int n, float *z, float *found, double *psnr)
{
    const struct clg_gan_params *p = &run->gan->params;
    const size_t starts = (size_t)run->params->starts, length = (size_t)p->z;
    int status = clg_gan_generate(run->gan, run->z_rows, n * (int)starts, run->found);
    for (size_t i = 0; i < (size_t)n && !status; i++) {
        size_t best = i * starts;
        double highest = -INFINITY;
        for (size_t row = i * starts; row < (i + 1) * starts; row++) {
            const double value = clg_mask_psnr(run->mask, false, p->size, p->channels,
                                               run->found + row * run->one, run->targets + row * run->one);
            best = value > highest ? row : best;
            highest = value > highest ? value : highest;
        }
        if (highest == -INFINITY)
            return clg_fail(
                &run->gan->log, CLG_ENUMERIC,
                "picture %zu: the generator's pictures are not finite; try a smaller learning rate "
                "or another checkpoint",
                (size_t)done + i);
        memcpy(z + i * length, run->z_rows + best * length, length * sizeof *z);
        if (found)
            memcpy(found + i * run->one, run->found + best * run->one, run->one * sizeof *found);
        if (psnr)
            psnr[i] = highest;
    }
    return status;
}

static int run_passes(struct run *run, struct clg_projection *p, const float *pictures, float *z,
                      float *found, double *psnr)
{
    const size_t length = (size_t)run->gan->params.z;
    int status = 0;
    for (int done = 0, n; done < run->n && !status; done += n) {
        n = run->n - done < run->together ? run->n - done : run->together;
        status = write_rows(run, p, pictures + (size_t)done * run->one, n);
        if (!status)
            status = descend(run, p, done, n);
        if (!status)
            status = clg_tensor_read(run->gan->device, p->z, run->z_rows);
        if (!status)
            status = take_best(run, done, n, z + (size_t)done * length,
                               found ? found + (size_t)done * run->one : NULL, psnr ? psnr + done : NULL);
    }
    return status;
}

static int check_params(const struct clg_gan *gan, const struct clg_project_params *p, int n)
{
    if (n < 1)
        return clg_fail(&gan->log, CLG_EINVAL, "cannot project %d pictures", n);
    if (p->steps < 1 || p->steps > STEPS_MAX || p->starts < 1 || p->starts > STARTS_MAX)
        return clg_fail(&gan->log, CLG_EINVAL,
                        "projection: %d steps from %d starts; use 1 to %d steps and 1 to %d starts", p->steps,
                        p->starts, STEPS_MAX, STARTS_MAX);
    if (!(p->lr > 0 && p->lr <= 100) || !(p->prior >= 0 && p->prior <= 1000))
        return clg_fail(
            &gan->log, CLG_EINVAL,
            "projection: the learning rate must be over 0 and at most 100, the prior's weight 0 to "
            "1000; they are %g and %g",
            (double)p->lr, (double)p->prior);
    return 0;
}

static int check_values(const struct run *run, const float *pictures)
{
    const struct clg_gan *gan = run->gan;
    const size_t pixels = (size_t)gan->params.size * (size_t)gan->params.size;
    bool any = !run->mask;
    for (size_t i = 0; i < pixels && run->mask; i++) {
        if (!(run->mask[i] >= 0 && run->mask[i] <= 1))
            return clg_fail(&gan->log, CLG_EINVAL, "the mask's weights must be 0 to 1; number %zu is %g", i,
                            (double)run->mask[i]);
        any |= run->mask[i] > 0;
    }
    if (!any)
        return clg_fail(&gan->log, CLG_EINVAL, "the mask hides every pixel: nothing is left to match");
    for (size_t i = 0; i < (size_t)run->n * run->one; i++)
        if (!isfinite(pictures[i]))
            return clg_fail(&gan->log, CLG_EINVAL, "picture %zu has a value that is not finite",
                            i / run->one);
    return 0;
}

int clg_gan_project(struct clg_gan *gan, const float *pictures, const float *mask, int n,
                    const struct clg_project_params *params, float *z, float *found, double *psnr)
{
    const struct clg_gan_params *p = &gan->params;
    struct run run = {.gan = gan, .params = params, .mask = mask, .n = n, .one = clg_picture_count(gan)};
    struct clg_projection *projection = NULL;
    int status = check_params(gan, params, n);
    if (!status)
        status = check_values(&run, pictures);
    if (!status) {
        run.together = pictures_together(p, params->starts, n);
        status = allocate_run(&run);
    }
    if (!status)
        status = clg_projection_new(&projection, gan, run.together * params->starts, mask, params->prior);
    if (!status)
        status = run_passes(&run, projection, pictures, z, found, psnr);
    clg_projection_free(&projection);
    free_run(&run);
    return status;
}
