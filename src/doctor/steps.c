// Determinism: a small model trained twice, and the same pictures generated together and one by one.
#include "doctor/doctor.h"

#include "base/log.h"
#include "base/random.h"

#include <clgan/gan.h>

#include <stdlib.h>
#include <string.h>

enum { PICTURES = 7 };

static struct clg_gan_params model(void)
{
    struct clg_gan_params p = clg_gan_params_default();
    p.size = 16, p.z = 20, p.ngf = 32, p.ndf = 32, p.batch = 16;
    return p;
}

static size_t picture_size(const struct clg_gan_params *p)
{
    return (size_t)p->size * (size_t)p->size * (size_t)p->channels;
}

// Values of the gan's i-th tensor.
static size_t count_of(struct clg_gan *gan, int i)
{
    struct clg_tensor_info info = {0};
    size_t count = 1;
    clg_gan_tensor(gan, i, &info);
    for (int k = 0; k < info.dims; k++)
        count *= (size_t)info.shape[k];
    return count;
}

// A run's outcome: all weights, and some pictures generated together and one by one. One block.
struct outcome {
    float *weights, *together, *alone;
    size_t n; // weights
};

static int outcome_read(struct clg_gan *gan, struct outcome *o)
{
    const struct clg_gan_params p = *clg_gan_params_of(gan);
    const size_t each = picture_size(&p);
    float z[PICTURES * 20], *at;
    for (int i = 0; i < clg_gan_tensors(gan); i++)
        o->n += count_of(gan, i);
    at = o->weights = malloc((o->n + 2 * PICTURES * each) * sizeof *o->weights);
    if (!at)
        return CLG_ENOMEM;
    o->together = o->weights + o->n;
    o->alone = o->together + PICTURES * each;
    int status = 0;
    for (int i = 0; i < clg_gan_tensors(gan) && !status; i++) {
        status = clg_gan_tensor_read(gan, i, at);
        at += count_of(gan, i);
    }
    clg_gan_noise(&p, 5, 0, PICTURES, z);
    if (!status)
        status = clg_gan_generate(gan, z, PICTURES, o->together);
    for (int i = 0; i < PICTURES && !status; i++)
        status = clg_gan_generate(gan, z + i * p.z, 1, o->alone + (size_t)i * each);
    return status;
}

static int train(struct clg_device *d, int steps, struct outcome *o)
{
    const struct clg_gan_params p = model();
    const size_t bytes = (size_t)p.batch * picture_size(&p);
    struct clg_gan *gan;
    struct clg_gan_metrics metrics;
    int status = clg_gan_new(&gan, d, &p);
    uint8_t *real = malloc(bytes);
    if (!status && !real)
        status = clg_fail(&d->log, CLG_ENOMEM, "out of memory");
    for (int step = 0; step < steps && !status; step++) {
        uint32_t words[4];
        for (size_t i = 0; i < bytes; i++) {
            if (i % 16 == 0)
                clg_random_words(9, CLG_STREAM_ORDER, (uint64_t)step * bytes + i, words);
            real[i] = (uint8_t)(words[i % 16 / 4] >> 8 * (i % 4));
        }
        status = clg_gan_step(gan, real, &metrics);
    }
    if (!status)
        status = outcome_read(gan, o);
    free(real);
    clg_gan_free(&gan);
    return status;
}

static int differing(const float *a, const float *b, size_t n)
{
    int count = 0;
    for (size_t i = 0; i < n; i++)
        count += memcmp(&a[i], &b[i], sizeof *a) != 0;
    return count;
}

static struct clg_doctor_finding finding_of(const char *name, const char *shape, int differing)
{
    return (struct clg_doctor_finding){.area = CLG_DOCTOR_DETERMINISM,
                                       .name = name,
                                       .shape = shape,
                                       .ok = differing == 0,
                                       .value = differing};
}

static void weights_report(struct clg_doctor *doc, const char *shape, int differ, size_t n)
{
    const struct clg_doctor_finding finding = finding_of("training steps", shape, differ);
    if (differ)
        clg_doctor_report(
            doc, 0, finding,
            "%d of %zu weights differ between two equal runs: runs on this device cannot be reproduced, "
            "nor resumed exactly",
            differ, n);
    else
        clg_doctor_report(doc, 0, finding, "all %zu weights of two equal runs are the same, bit for bit", n);
}

static void pictures_report(struct clg_doctor *doc, const struct outcome *a, const struct outcome *b)
{
    const struct clg_gan_params p = model();
    const size_t n = PICTURES * picture_size(&p);
    const int differ = differing(a->together, a->alone, n) + differing(a->together, b->together, n);
    const struct clg_doctor_finding finding = finding_of("pictures", "7 together, one by one, again", differ);
    if (differ)
        clg_doctor_report(doc, 0, finding, "%d values differ: a picture depends on more than its z", differ);
    else
        clg_doctor_report(doc, 0, finding, "each is the same, generated alone or with others");
}

void clg_doctor_steps(struct clg_doctor *doc)
{
    const int steps = doc->params->quick ? 2 : 5;
    char shape[64];
    if (!clg_doctor_begin(doc, "%d training steps, twice", steps))
        return;
    struct outcome a = {0}, b = {0};
    snprintf(shape, sizeof shape, "16x16x3, batch %d, %d steps", model().batch, steps);
    int status = train(doc->d, steps, &a);
    if (!status)
        status = train(doc->d, steps, &b);
    if (status) {
        clg_doctor_report(doc, status, finding_of("training steps", shape, 0),
                          "a small model cannot be trained");
    } else {
        weights_report(doc, shape, differing(a.weights, b.weights, a.n), a.n);
        pictures_report(doc, &a, &b);
    }
    free(a.weights), free(b.weights);
}
