// The training step. Its order, losses and sums are those of PyTorch's DCGAN example. As calls:
//
//   train_discriminator   D(real): loss->real, backward to D's weights
//                         G(z), D(G(z)): loss->fake, backward to D's weights, added
//                         Adam on D
//   train_generator       D(G(z)) by the new D: loss->generator, backward through D and G to G's weights
//                         Adam on G
//   average_update        the moving average of G
//
// It is recorded once, then replayed; the host waits once a step, for the losses.
#include "gan/gan.h"

#include "base/log.h"
#include "gan/noise.h"
#include "selftest/selftest.h"

#include <math.h>
#include <stdlib.h>

// Pairs of statistics: loss and mean probability of each pass; then |g|^2 of D and of G.
enum { STAT_REAL, STAT_FAKE, STAT_GENERATOR, STAT_GRADIENTS, STATS };
enum { RATES = 3 }; // of Adam: two of the step, and |g|^2, which must be finite for anything to change

static struct clg_tensor stat_pair(const struct clg_step *s, int which)
{
    struct clg_tensor t = s->stats;
    t.offset += (size_t)(2 * which);
    t.shape.c = 2;
    return t;
}

// One value of a small tensor.
static struct clg_tensor value_at(struct clg_tensor t, int i)
{
    t.offset += (size_t)i;
    t.shape = (struct clg_shape){1, 1, 1, 1};
    return t;
}

// Adam, unless a gradient is not finite: then the net stays as it is. |g|^2 goes to the statistics too.
static int weights_update(struct clg_gan *gan, struct clg_net_state *net, int which)
{
    const struct clg_gan_params *p = &gan->params;
    struct clg_step *s = gan->step;
    struct clg_device *d = gan->device;
    struct clg_tensor gradients = clg_slab_all(net->net->grads), square = value_at(s->rates, RATES - 1);
    struct clg_tensor rates = s->rates;
    rates.shape.c = RATES;
    int status = clg_dot(d, gradients, gradients, square);
    if (!status)
        status = clg_copy(d, square, value_at(stat_pair(s, STAT_GRADIENTS), which));
    if (status)
        return status;
    return clg_adam(d, p->beta1, p->beta2, p->eps, rates, gradients, clg_slab_all(net->net->values),
                    clg_slab_all(net->m), clg_slab_all(net->v));
}

static int average_update(struct clg_gan *gan)
{
    const struct clg_net *g = gan->g.net, *average = gan->average;
    if (!average)
        return 0;
    int status =
        clg_ema(gan->device, gan->params.ema, clg_slab_all(g->values), clg_slab_all(average->values));
    return status
               ? status
               : clg_ema(gan->device, gan->params.ema, clg_slab_all(g->stats), clg_slab_all(average->stats));
}

// D's forward pass on pictures; a loss of its logits, and the loss's gradient in D's output.
static int discriminator_loss(struct clg_gan *gan, struct clg_tensor pictures, clg_loss_fn *loss, int which)
{
    struct clg_plan *d = gan->d.plan;
    int status = clg_plan_forward(d, pictures);
    if (status)
        return status;
    return loss(gan->device, clg_plan_output(d), clg_plan_output_grad(d), stat_pair(gan->step, which));
}

// The same, and the gradients of D's weights, added to those that are there when `accumulate`.
static int discriminator_gradients(struct clg_gan *gan, struct clg_tensor pictures, clg_loss_fn *loss,
                                   int which, bool accumulate)
{
    const struct clg_tensor none = {0};
    int status = discriminator_loss(gan, pictures, loss, which);
    return status ? status : clg_plan_backward(gan->d.plan, pictures, CLG_GRAD_PARAMS, accumulate, none);
}

static int train_discriminator(struct clg_gan *gan)
{
    struct clg_step *s = gan->step;
    struct clg_plan *g = gan->g.plan;
    int status = discriminator_gradients(gan, s->real, gan->loss->real, STAT_REAL, false);
    if (!status)
        status = clg_plan_forward(g, s->z);
    if (!status)
        status = discriminator_gradients(gan, clg_plan_output(g), gan->loss->fake, STAT_FAKE, true);
    return status ? status : weights_update(gan, &gan->d, 0);
}

// The pictures are those that train_discriminator generated; D's gradient reaches G through its input.
static int train_generator(struct clg_gan *gan)
{
    const struct clg_tensor none = {0}, fake = clg_plan_output(gan->g.plan);
    struct clg_plan *g = gan->g.plan;
    int status = discriminator_loss(gan, fake, gan->loss->generator, STAT_GENERATOR);
    if (!status)
        status = clg_plan_backward(gan->d.plan, fake, CLG_GRAD_INPUT, false, clg_plan_output_grad(g));
    if (!status)
        status = clg_plan_backward(g, gan->step->z, CLG_GRAD_PARAMS, false, none);
    return status ? status : weights_update(gan, &gan->g, 1);
}

const char *const clg_step_selftests[] = {"moving average",      "copy", "pixels", "dot product",
                                          "Adam with its guard", NULL};

static int step_body(void *user)
{
    struct clg_gan *gan = user;
    const struct clg_net *const nets[] = {gan->g.net, gan->d.net};
    const char *const of_loss[] = {gan->loss->selftest, NULL};
    int status =
        clg_pass_check(nets, 2, CLG_PLAN_TRAIN, gan->average ? clg_step_selftests : clg_step_selftests + 1);
    if (!status)
        status = clg_selftests_check(gan->device, of_loss, 0);
    if (!status)
        status = train_discriminator(gan);
    if (!status)
        status = train_generator(gan);
    return status ? status : average_update(gan);
}

static int pixels_body(void *user)
{
    struct clg_gan *gan = user;
    return clg_pixels(gan->device, gan->step->bytes, gan->step->real);
}

// The step's own tensors: inputs, Adam's rates, statistics.
static int tensors_new(struct clg_gan *gan, struct clg_step *s)
{
    const struct clg_gan_params *p = &gan->params;
    const struct clg_shape z = {p->batch, 1, 1, p->z}, real = {p->batch, p->size, p->size, p->channels};
    const struct clg_shape bytes = {1, 1, 1, (int)((clg_shape_count(real) + 3) / 4)},
                           few = {1, 1, 1, 2 * STATS};
    int status =
        clg_slab_new(&s->slab, gan->device,
                     clg_slab_size(z) + clg_slab_size(real) + clg_slab_size(bytes) + 2 * clg_slab_size(few));
    if (!status)
        status = clg_slab_take(s->slab, z, &s->z);
    if (!status)
        status = clg_slab_take(s->slab, real, &s->real);
    if (!status)
        status = clg_slab_take(s->slab, bytes, &s->bytes);
    if (!status)
        status = clg_slab_take(s->slab, few, &s->rates);
    return status ? status : clg_slab_take(s->slab, few, &s->stats);
}

// The step's tensors and both plans.
static int step_new(struct clg_gan *gan)
{
    struct clg_step *s = gan->step = calloc(1, sizeof *s);
    if (s)
        s->host_z = malloc((size_t)gan->params.batch * (size_t)gan->params.z * sizeof(float));
    if (!s || !s->host_z)
        return clg_fail(&gan->log, CLG_ENOMEM, "out of memory");
    int status = clg_gan_training_fits(gan->device, &gan->params);
    if (!status)
        status = tensors_new(gan, s);
    if (!status)
        status = clg_plan_new(&gan->g.plan, gan->g.net, gan->params.batch, CLG_PLAN_TRAIN, CLG_GRAD_PARAMS);
    if (!status)
        status = clg_plan_new(&gan->d.plan, gan->d.net, gan->params.batch, CLG_PLAN_TRAIN,
                              CLG_GRAD_PARAMS | CLG_GRAD_INPUT);
    return status;
}

static void step_drop(struct clg_gan *gan)
{
    clg_step_free(&gan->step);
    clg_plan_free(&gan->g.plan);
    clg_plan_free(&gan->d.plan);
}

int clg_gan_prepare(struct clg_gan *gan)
{
    if (gan->step)
        return 0;
    int status = step_new(gan);
    if (!status)
        status = clg_record(gan->device, pixels_body, gan, &gan->step->pixels);
    if (!status)
        status = clg_record(gan->device, step_body, gan, &gan->step->list);
    if (status)
        step_drop(gan);
    return status;
}

// A step on noise, for operations to have likely values.
static int step_on_noise(struct clg_gan *gan)
{
    const size_t n = clg_shape_count(gan->step->real.shape);
    struct clg_gan_metrics metrics;
    uint8_t *real = malloc(n);
    if (!real)
        return clg_fail(&gan->log, CLG_ENOMEM, "out of memory for a batch of pictures");
    clg_random_bytes(0, n, real);
    int status = clg_gan_step(gan, real, &metrics);
    free(real);
    return status;
}

int clg_gan_step_ops(struct clg_gan *gan, int samples, clg_progress_fn *progress, void *user,
                     struct clg_op_time **ops, int *count)
{
    *ops = NULL;
    *count = 0;
    int status = clg_gan_prepare(gan);
    if (!status && samples > 0)
        status = step_on_noise(gan);
    return status ? status : clg_list_ops(gan->device, gan->step->list, samples, progress, user, ops, count);
}

int clg_step_collect_convs(struct clg_gan *gan)
{
    int status = step_new(gan);
    if (!status)
        status = clg_collect(gan->device, step_body, gan);
    step_drop(gan);
    return status;
}

void clg_step_free(struct clg_step **step)
{
    if (!*step)
        return;
    clg_list_free(&(*step)->list);
    clg_list_free(&(*step)->pixels);
    clg_slab_free(&(*step)->slab);
    free((*step)->host_z);
    free(*step);
    *step = NULL;
}

// Runs the recorded step on the z and real that are on their way to the device, and waits for the losses.
static int step_run(struct clg_gan *gan, struct clg_gan_metrics *metrics)
{
    struct clg_step *s = gan->step;
    const double t = (double)gan->steps + 1;
    s->host_rates[0] = (float)(gan->params.lr / (1 - pow(gan->params.beta1, t)));
    s->host_rates[1] = (float)(1 / sqrt(1 - pow(gan->params.beta2, t)));
    float stats[2 * STATS];
    int status = clg_tensor_write_later(gan->device, s->rates, s->host_rates, sizeof s->host_rates);
    if (!status)
        status = clg_list_run(gan->device, s->list);
    if (!status)
        status = clg_tensor_read(gan->device, s->stats, stats);
    if (status)
        return status;
    gan->steps++;
    *metrics = (struct clg_gan_metrics){.loss_d = (double)stats[2 * STAT_REAL] + stats[2 * STAT_FAKE],
                                        .loss_g = stats[2 * STAT_GENERATOR],
                                        .d_real = stats[2 * STAT_REAL + 1],
                                        .d_fake_before = stats[2 * STAT_FAKE + 1],
                                        .d_fake_after = stats[2 * STAT_GENERATOR + 1],
                                        .gradient_d = sqrt(stats[2 * STAT_GRADIENTS]),
                                        .gradient_g = sqrt(stats[2 * STAT_GRADIENTS + 1])};
    if (isfinite(metrics->loss_d + metrics->loss_g + metrics->gradient_d + metrics->gradient_g))
        return 0;
    return clg_step_find_nonfinite(gan, metrics);
}

static int send_z(struct clg_gan *gan, const float *z)
{
    return clg_tensor_write_later(gan->device, gan->step->z, z,
                                  clg_shape_count(gan->step->z.shape) * sizeof(float));
}

int clg_gan_step(struct clg_gan *gan, const uint8_t *real, struct clg_gan_metrics *metrics)
{
    int status = clg_gan_prepare(gan);
    if (status)
        return status;
    struct clg_step *s = gan->step;
    clg_noise_draw(&gan->params, gan->params.seed, CLG_STREAM_TRAINING_Z,
                   (uint64_t)gan->steps * (uint64_t)gan->params.batch, gan->params.batch, s->host_z);
    status = send_z(gan, s->host_z);
    if (!status)
        status = clg_tensor_write_later(gan->device, s->bytes, real, clg_shape_count(s->real.shape));
    if (!status)
        status = clg_list_run(gan->device, s->pixels);
    return status ? status : step_run(gan, metrics);
}

int clg_gan_step_with(struct clg_gan *gan, const float *real, const float *z, struct clg_gan_metrics *metrics)
{
    int status = clg_gan_prepare(gan);
    if (status)
        return status;
    status = send_z(gan, z);
    if (!status)
        status = clg_tensor_write_later(gan->device, gan->step->real, real,
                                        clg_shape_count(gan->step->real.shape) * sizeof(float));
    return status ? status : step_run(gan, metrics);
}
