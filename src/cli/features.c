// Pictures decoded, and taken through the discriminator, a chunk at a time.
#include "cli/features.h"

#include "cli/pictures.h"
#include "cli/sheet.h"

#include <stdlib.h>
#include <string.h>

enum { CHUNK = 64 };

const char *const cli_features_names[CLI_FEATURES_KINDS] = {"discriminator", "pixels", "untrained"};

int64_t cli_features_count(enum cli_features kind, const struct clg_gan_params *params)
{
    return kind == CLI_FEATURES_PIXELS ? (int64_t)cli_sheet_one(params) : clg_features_count(params);
}

int cli_data_open(struct clg_pictures **pictures, const char *path, struct clg_crop crop,
                  const struct clg_log *log)
{
    return clg_pictures_open(pictures, path, crop, log);
}

void cli_data_close(struct clg_pictures **pictures, const char *path, const struct clg_log *log)
{
    const int n = *pictures ? clg_pictures_warned(*pictures) : 0;
    if (n)
        cli_warn(log, "%d of %d pictures of %s were read with warnings (--verbose names them)", n,
                 clg_pictures_count(*pictures), path);
    clg_pictures_close(pictures);
}

int cli_crop_choose(const char *text, const char *model, struct clg_crop *crop, const struct clg_log *log)
{
    *crop = (struct clg_crop){.kind = CLG_CROP_CENTER};
    if (text)
        return clg_crop_parse(text, crop)
                   ? cli_fail(log, CLG_EINVAL, "--crop %s: must be none, center or WxH+X+Y", text)
                   : 0;
    return model ? cli_pictures_crop(model, crop, log) : 0;
}

static int chunk_read(const struct cli_features_source *s, const int *which, int n, float *values,
                      float *rows)
{
    float *to = s->gan ? values : rows;
    int status = clg_pictures_values(s->pictures, which, n, s->params.size, s->params.channels, to);
    return status || !s->gan ? status : clg_gan_features(s->gan, values, n, rows);
}

int cli_features_read(const struct cli_features_source *s, const int *which, int n, float *rows)
{
    const enum cli_features kind = s->gan ? CLI_FEATURES_DISCRIMINATOR : CLI_FEATURES_PIXELS;
    const size_t count = (size_t)cli_features_count(kind, &s->params);
    float *values = s->gan ? malloc(CHUNK * cli_sheet_one(&s->params) * sizeof *values) : NULL;
    int status = values || !s->gan ? 0 : cli_fail(s->log, CLG_ENOMEM, "out of memory for %d pictures", CHUNK);
    const double start = cli_seconds();
    for (int done = 0, now; done < n && !status; done += now) {
        now = n - done < CHUNK ? n - done : CHUNK;
        status = chunk_read(s, which + done, now, values, rows + (size_t)done * count);
        if (n > CHUNK && !status)
            cli_progress_count(s->progress, s->gan ? "features" : "pixels", done + now, n, start);
    }
    cli_progress_end(s->progress, false);
    free(values);
    return status;
}
