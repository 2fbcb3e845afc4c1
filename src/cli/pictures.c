// Pictures of a file or folder as a model's nets take them.
#include "cli/pictures.h"

#include "cli/features.h"

#include <stdlib.h>

int cli_pictures_crop(const char *model, struct clg_crop *crop, const struct clg_log *log)
{
    char *text = NULL;
    int status = clg_checkpoint_metadata(model, "train.crop", &text, log);
    if (!status && text && clg_crop_parse(text, crop))
        status = cli_fail(log, CLG_EFORMAT, "%s was trained on pictures cropped as \"%s\": give --crop",
                          model, text);
    free(text);
    return status;
}

static int values_load(struct cli_pictures *p, const struct clg_gan_params *params, const struct clg_log *log)
{
    const size_t one = (size_t)params->size * (size_t)params->size * (size_t)params->channels;
    int *which = malloc((size_t)p->n * sizeof *which);
    p->values = malloc((size_t)p->n * one * sizeof *p->values);
    int status = 0;
    if (!which || !p->values)
        status = cli_fail(log, CLG_ENOMEM, "out of memory for %d pictures: take fewer", p->n);
    for (int i = 0; i < p->n && !status; i++)
        which[i] = p->first + i;
    if (!status)
        status = clg_pictures_values(p->all, which, p->n, params->size, params->channels, p->values);
    free(which);
    return status;
}

int cli_pictures_open(struct cli_pictures *p, const char *path, struct clg_crop crop, int first, int n,
                      const struct clg_gan_params *params, const struct clg_log *log)
{
    *p = (struct cli_pictures){.first = first, .path = path, .log = log};
    int status = clg_pictures_open(&p->all, path, crop, log);
    if (status)
        return status;
    const int count = clg_pictures_count(p->all);
    if (first >= count)
        return cli_fail(log, CLG_EINVAL, "%s has %d pictures: --first can be 0 to %d", path, count,
                        count - 1);
    p->n = n < count - first ? n : count - first;
    return values_load(p, params, log);
}

void cli_pictures_close(struct cli_pictures *p)
{
    cli_data_close(&p->all, p->path, p->log);
    free(p->values);
    p->values = NULL;
}

const char *cli_pictures_name(const struct cli_pictures *p, int i)
{
    return clg_pictures_name(p->all, p->first + i);
}
