// Where a step's numbers stopped being finite. Called once, when it has failed: it may take its time
// and wait.
#include "gan/gan.h"

#include "base/log.h"

#include <math.h>
#include <stdlib.h>

// Has the tensor a value that is not finite? Not when it cannot be read.
static bool is_bad(struct clg_device *d, struct clg_tensor t)
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

struct place {
    const char *what, *net;
    char name[48];
};

// A parameter that is bad: its own values, or its gradient, the one next to the loss first.
static bool parameter_find(const struct clg_net *net, bool gradient, struct place *place)
{
    for (int i = 0; i < net->params_n; i++) {
        const struct clg_param *p = &net->params[gradient ? net->params_n - 1 - i : i];
        const struct clg_tensor t = gradient ? p->grad : p->value;
        if (!p->spec.trainable || !is_bad(net->device, t))
            continue;
        place->what = gradient ? "the gradient of" : "the parameter";
        snprintf(place->name, sizeof place->name, "%s", p->name);
        return true;
    }
    return false;
}

// The first layer whose output is bad.
static bool output_find(struct clg_net *net, int batch, struct clg_tensor input, struct place *place,
                        struct clg_plan **kept)
{
    struct clg_plan *plan = NULL;
    bool found = false;
    if (!clg_plan_new(&plan, net, batch, CLG_PLAN_KEEP_ALL, CLG_GRAD_INPUT) &&
        !clg_plan_forward(plan, input)) {
        for (int i = 0; i < net->n && !found; i++) {
            found = is_bad(net->device, clg_plan_layer(plan, i));
            if (found)
                snprintf(place->name, sizeof place->name, "%s", net->layers[i].name);
        }
        place->what = "the output of";
    }
    *kept = plan;
    return found;
}

static bool find(struct clg_gan *gan, struct place *place)
{
    struct clg_step *s = gan->step;
    struct clg_net *nets[] = {gan->d.net, gan->g.net};
    static const char *const names[] = {"D", "G"};
    for (int i = 0; i < 2; i++) {
        place->net = names[i];
        if (parameter_find(nets[i], false, place))
            return true;
    }
    if (is_bad(gan->device, s->real)) {
        *place = (struct place){.what = "a pixel of", .net = "the batch", .name = "pictures"};
        return true;
    }
    const int batch = gan->params.batch;
    struct clg_plan *of_g = NULL, *of_d = NULL, *of_real = NULL;
    place->net = "G";
    bool found = output_find(gan->g.net, batch, s->z, place, &of_g);
    place->net = found ? "G" : "D";
    found = found || (of_g && output_find(gan->d.net, batch, clg_plan_output(of_g), place, &of_d));
    found = found || output_find(gan->d.net, batch, s->real, place, &of_real);
    clg_plan_free(&of_g);
    clg_plan_free(&of_d);
    clg_plan_free(&of_real);
    for (int i = 0; i < 2 && !found; i++) {
        place->net = names[i];
        found = parameter_find(nets[i], true, place);
    }
    return found;
}

int clg_step_find_nonfinite(struct clg_gan *gan, const struct clg_gan_metrics *m)
{
    struct place place = {0};
    const long long step = (long long)gan->steps;
    if (find(gan, &place))
        return clg_fail(&gan->log, CLG_ENUMERIC,
                        "step %lld: %s %s's %s is not finite (loss of D %g, of G %g); a smaller lr may help",
                        step, place.what, place.net, place.name, m->loss_d, m->loss_g);
    return clg_fail(&gan->log, CLG_ENUMERIC,
                    "step %lld: loss of D %g, of G %g, gradient of D %g, of G %g; a smaller lr may help",
                    step, m->loss_d, m->loss_g, m->gradient_d, m->gradient_g);
}
