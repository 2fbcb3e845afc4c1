// A model in words, numbers and a picture, without a device.
#include "report/figure.h"
#include "gan/gan.h"

#include "base/log.h"

#include <string.h>

struct models {
    struct clg_net *g, *d;
};

static int models_new(struct models *m, const struct clg_gan_params *p, const struct clg_log *log)
{
    *m = (struct models){0};
    int status = clg_gan_params_check(p, log);
    if (!status)
        status = clg_model_generator(&m->g, NULL, p, log);
    return status ? status : clg_model_discriminator(&m->d, NULL, p, log);
}

static void models_free(struct models *m)
{
    clg_net_free(&m->g);
    clg_net_free(&m->d);
}

static int64_t layer_parameters(const struct clg_net *net, int layer)
{
    int64_t count = 0;
    for (int i = 0; i < net->params_n; i++)
        if (net->params[i].layer == layer && net->params[i].spec.trainable)
            count += (int64_t)clg_shape_count(net->params[i].spec.shape);
    return count;
}

static double layer_mmacs(const struct clg_net *net, int i)
{
    struct clg_shape in = clg_net_input_shape(net, i, 0);
    const struct clg_layer_type *type = net->layers[i].type;
    return type->macs ? 1e-6 * type->macs(&net->layers[i], &in, net->shapes[i]) : 0;
}

// KiB of a layer's output for one picture.
static double output_kib(struct clg_shape s)
{
    return (double)clg_shape_count(s) * sizeof(float) / 1024;
}

static void table(const char *title, const struct clg_net *net, FILE *file)
{
    char text[96], shape[48];
    fprintf(file, "%s\n  %-9s %-30s %-14s %11s %9s %9s\n", title, "layer", "", "output", "parameters",
            "MMACs", "KiB");
    snprintf(shape, sizeof shape, "%d x %d x %d", net->input.h, net->input.w, net->input.c);
    fprintf(file, "  %-9s %-30s %-14s\n", "", "input", shape);
    for (int i = 0; i < net->n; i++) {
        const struct clg_shape s = net->shapes[i];
        net->layers[i].type->text(&net->layers[i], text, sizeof text);
        snprintf(shape, sizeof shape, "%d x %d x %d", s.h, s.w, s.c);
        fprintf(file, "  %-9s %-30s %-14s %11lld %9.1f %9.1f\n", net->layers[i].name, text, shape,
                (long long)layer_parameters(net, i), layer_mmacs(net, i), output_kib(s));
    }
    fprintf(file, "  %-9s %-30s %-14s %11lld %9.1f\n\n", "total", "", "", (long long)clg_net_parameters(net),
            1e-6 * clg_net_macs(net));
}

int clg_gan_describe(const struct clg_gan_params *p, FILE *file, const struct clg_log *log)
{
    struct models m;
    int status = models_new(&m, p, log);
    if (!status) {
        table("generator: z to picture", m.g, file);
        table("discriminator: picture to logit", m.d, file);
        double g = 1e-6 * clg_net_macs(m.g), d = 1e-6 * clg_net_macs(m.d);
        fprintf(file, "a training step at batch %d: %.1f GFLOP, %.2f GiB of device memory\n", p->batch,
                2e-3 * p->batch * (8 * d + 3 * g), (double)clg_gan_memory(p) / 1073741824.0);
        fprintf(file, "MMACs and KiB are for one picture, forward; picture sides x channels\n");
    }
    models_free(&m);
    return status;
}

void clg_gan_cost(const struct clg_gan_params *p, double *generator, double *discriminator)
{
    struct models m;
    *generator = *discriminator = 0;
    if (!models_new(&m, p, &clg_log_silent)) {
        *generator = 1e-6 * clg_net_macs(m.g);
        *discriminator = 1e-6 * clg_net_macs(m.d);
    }
    models_free(&m);
}

// Values, gradients, two moments, and the averaged generator.
static int64_t weights_floats(const struct models *m, const struct clg_gan_params *p)
{
    const int64_t g = clg_net_parameters(m->g), d = clg_net_parameters(m->d);
    return 4 * (g + d) + (p->ema > 0 ? g : 0);
}

uint64_t clg_gan_weights_memory(const struct clg_gan_params *p)
{
    struct models m;
    const int64_t floats = models_new(&m, p, &clg_log_silent) ? 0 : weights_floats(&m, p);
    models_free(&m);
    return (uint64_t)floats * sizeof(float);
}

uint64_t clg_gan_memory(const struct clg_gan_params *p)
{
    struct models m;
    int64_t floats = 0;
    if (!models_new(&m, p, &clg_log_silent)) {
        const int64_t pictures = p->batch * (int64_t)clg_gan_picture_values(p);
        floats = weights_floats(&m, p);
        floats += clg_plan_floats(m.g, p->batch, CLG_PLAN_TRAIN, CLG_GRAD_PARAMS);
        floats += clg_plan_floats(m.d, p->batch, CLG_PLAN_TRAIN, CLG_GRAD_PARAMS | CLG_GRAD_INPUT);
        floats += pictures + pictures / 4 + (int64_t)p->batch * p->z;
    }
    models_free(&m);
    return (uint64_t)floats * sizeof(float);
}

// --- the figure --------------------------------------------------------------------------------

// The stages of a net: its input, then each layer that changes the map's shape, with what follows it joined
// to its words.
static int stages_of(const struct clg_net *net, struct clg_figure_stage *stages)
{
    int n = 1;
    stages[0] = (struct clg_figure_stage){net->input.h, net->input.w, net->input.c, "", ""};
    for (int i = 0; i < net->n; i++) {
        char text[48];
        struct clg_shape s = net->shapes[i];
        net->layers[i].type->text(&net->layers[i], text, sizeof text);
        if (!net->layers[i].type->macs) {
            size_t used = strlen(stages[n - 1].op);
            snprintf(stages[n - 1].op + used, sizeof stages[n - 1].op - used, ", %s", text);
            continue;
        }
        stages[n] = (struct clg_figure_stage){s.h, s.w, s.c, "", ""};
        snprintf(stages[n].op, sizeof stages[n].op, "%s", text);
        n++;
    }
    for (int i = 0; i < n; i++)
        snprintf(stages[i].maps, sizeof stages[i].maps, "%d @ %dx%d", stages[i].c, stages[i].h, stages[i].w);
    return n;
}

int clg_gan_describe_svg(const struct clg_gan_params *p, const char *path, const struct clg_log *log)
{
    struct models m;
    struct clg_figure_stage g[CLG_LAYERS_MAX + 1], d[CLG_LAYERS_MAX + 1];
    int status = models_new(&m, p, log);
    if (!status) {
        int g_n = stages_of(m.g, g), d_n = stages_of(m.d, d);
        snprintf(g[0].maps, sizeof g[0].maps, "z: %d numbers", p->z);
        snprintf(g[g_n - 1].maps, sizeof g[0].maps, "picture %dx%dx%d", p->size, p->size, p->channels);
        snprintf(d[0].maps, sizeof d[0].maps, "picture %dx%dx%d", p->size, p->size, p->channels);
        snprintf(d[d_n - 1].maps, sizeof d[0].maps, "real or fake");
        const struct clg_figure_net nets[] = {{"Generator", g, g_n}, {"Discriminator", d, d_n}};
        status = clg_figure_save(path, nets, 2, log);
    }
    models_free(&m);
    return status;
}
