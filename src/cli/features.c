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

struct reading {
    const struct cli_features_source *source;
    double began;
};

static void report_progress(void *user, const char *what, size_t done, size_t total)
{
    const struct reading *r = user;
    (void)what;
    if (total > CHUNK)
        cli_progress_count(r->source->progress, r->source->gan ? "features" : "pixels", (int)done, (int)total,
                           r->began);
}

int cli_features_read(const struct cli_features_source *s, const int *which, int n, float *rows)
{
    struct reading reading = {s, cli_seconds()};
    const size_t one = cli_sheet_one(&s->params);
    int status = 0;
    if (s->gan)
        status = clg_gan_features_of(s->gan, s->pictures, which, n, rows, report_progress, &reading);
    for (int done = 0, now; !s->gan && done < n && !status; done += now) {
        now = n - done < CHUNK ? n - done : CHUNK;
        status = clg_pictures_values(s->pictures, which + done, now, s->params.size, s->params.channels,
                                     rows + (size_t)done * one);
        if (!status)
            report_progress(&reading, NULL, (size_t)(done + now), (size_t)n);
    }
    cli_progress_end(s->progress, false);
    return status;
}
