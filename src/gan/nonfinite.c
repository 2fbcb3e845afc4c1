// Finds where a step's numbers stopped being finite. Called once, after the failure, so it may be slow.
#include "gan/gan.h"

#include "base/log.h"

#include <math.h>
#include <stdlib.h>

// False when the tensor cannot be read.
static bool has_nonfinite(struct clg_device *d, struct clg_tensor t)
{
    const size_t n = clg_shape_count(t.shape);
    float *values = malloc(n * sizeof *values);
    bool bad = false;
    if (values && !clg_tensor_read(d, t, values))
        for (size_t i = 0; i < n && !bad; i++)
            bad = !isfinite(values[i]);
    free(values);
    return bad;
}

struct location {
    const char *what, *net;
    char name[48];
};

// A parameter with such a value, or with such a gradient, starting next to the loss.
static bool parameter_find(const struct clg_net *net, bool gradient, struct location *location)
{
    for (int i = 0; i < net->params_n; i++) {
        const struct clg_param *p = &net->params[gradient ? net->params_n - 1 - i : i];
        const struct clg_tensor t = gradient ? p->grad : p->value;
        if (!p->spec.trainable || !has_nonfinite(net->device, t))
            continue;
        location->what = gradient ? "the gradient of" : "the parameter";
        snprintf(location->name, sizeof location->name, "%s", p->name);
        return true;
    }
    return false;
}

// The first layer with such an output.
static bool output_find(struct clg_net *net, int batch, struct clg_tensor input, struct location *location,
                        struct clg_plan **plan_out)
{
    struct clg_plan *plan = NULL;
    bool found = false;
    if (!clg_plan_new(&plan, net, batch, CLG_PLAN_KEEP_ALL, CLG_GRAD_INPUT) &&
        !clg_plan_forward(plan, input)) {
        for (int i = 0; i < net->n && !found; i++) {
            found = has_nonfinite(net->device, clg_plan_layer(plan, i));
            if (found)
                snprintf(location->name, sizeof location->name, "%s", net->layers[i].name);
        }
        location->what = "the output of";
    }
    *plan_out = plan;
    return found;
}

static bool nonfinite_find(struct clg_gan *gan, struct location *location)
{
    struct clg_step *s = gan->step;
    struct clg_net *nets[] = {gan->d.net, gan->g.net};
    static const char *const names[] = {"D", "G"};
    for (int i = 0; i < 2; i++) {
        location->net = names[i];
        if (parameter_find(nets[i], false, location))
            return true;
    }
    if (has_nonfinite(gan->device, s->real)) {
        *location = (struct location){.what = "a pixel of", .net = "the batch", .name = "pictures"};
        return true;
    }
    const int batch = gan->params.batch;
    struct clg_plan *of_g = NULL, *of_d = NULL, *of_real = NULL;
    location->net = "G";
    bool found = output_find(gan->g.net, batch, s->z, location, &of_g);
    location->net = found ? "G" : "D";
    found = found || (of_g && output_find(gan->d.net, batch, clg_plan_output(of_g), location, &of_d));
    found = found || output_find(gan->d.net, batch, s->real, location, &of_real);
    clg_plan_free(&of_g);
    clg_plan_free(&of_d);
    clg_plan_free(&of_real);
    for (int i = 0; i < 2 && !found; i++) {
        location->net = names[i];
        found = parameter_find(nets[i], true, location);
    }
    return found;
}

int clg_step_find_nonfinite(struct clg_gan *gan, const struct clg_gan_metrics *m)
{
    struct location location = {0};
    const long long step = (long long)gan->steps;
    if (nonfinite_find(gan, &location))
        return clg_fail(&gan->log, CLG_ENUMERIC,
                        "step %lld: %s %s's %s is not finite (loss of D %g, of G %g); a smaller lr may help",
                        step, location.what, location.net, location.name, m->loss_d, m->loss_g);
    return clg_fail(&gan->log, CLG_ENUMERIC,
                    "step %lld: loss of D %g, of G %g, gradient of D %g, of G %g; a smaller lr may help",
                    step, m->loss_d, m->loss_g, m->gradient_d, m->gradient_g);
}
