// clgan interpolate: walks through the latent space (Radford et al. 2015, section 6.1).
#include "cli/noise.h"
#include "cli/sheet.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct interpolate_options {
    const char *model, *seeds, *z, *grid, *out, *animation, *npy, *z_out;
    uint64_t seed;
    int frames;
    float fps;
    bool loop, linear, json;
};

#define AT(field) offsetof(struct interpolate_options, field)
static const struct clg_option interpolate_table[] = {
    {"model", CLG_OPTION_PATH, AT(model), 0, 0, NULL, "FILE",
     "the checkpoint: model.safetensors of `clgan train`"},
    {"seeds", CLG_OPTION_TEXT, AT(seeds), 0, 0, NULL, "LIST",
     "points to visit: numbers of --seed's noise vectors, \"3,8,12-15\""},
    {"seed", CLG_OPTION_UINT64, AT(seed), 0, 0, NULL, "N", "names the noise vectors, as in `clgan generate`"},
    {"z", CLG_OPTION_PATH, AT(z), 0, 0, NULL, "FILE",
     "points to visit: the rows of this .npy, float32 [n][z]"},
    {"frames", CLG_OPTION_INT, AT(frames), 2, 100000, NULL, "N",
     "pictures from one point to the next, including both"},
    {"loop", CLG_OPTION_BOOL, AT(loop), 0, 0, NULL, NULL, "return to the first point at the end"},
    {"linear", CLG_OPTION_BOOL, AT(linear), 0, 0, NULL, NULL, "go straight instead of along great circles"},
    {"grid", CLG_OPTION_PATH, AT(grid), 0, 0, NULL, "FILE",
     "write one picture, a row for each stretch between two points (.png or .jpg)"},
    {"animation", CLG_OPTION_PATH, AT(animation), 0, 0, NULL, "FILE", "write an animated PNG"},
    {"fps", CLG_OPTION_FLOAT, AT(fps), 0.1, 100, NULL, "X", "frames per second of the animation"},
    {"out", CLG_OPTION_PATH, AT(out), 0, 0, NULL, "DIR", "write separate pictures: DIR/frame-00007.png"},
    {"npy", CLG_OPTION_PATH, AT(npy), 0, 0, NULL, "FILE",
     "write float32 [n][height][width][channels], -1..1"},
    {"z-out", CLG_OPTION_PATH, AT(z_out), 0, 0, NULL, "FILE", "write the path's noise, as .npy"},
    {"json", CLG_OPTION_BOOL, AT(json), 0, 0, NULL, NULL, "print one line of JSON instead of words"},
    {0},
};

struct walk {
    const struct interpolate_options *o;
    const struct clg_log *log;
    struct clg_gan_params gan;
    int points, stretches, frames;
    float *at, *z, *pictures; // at: the points
    uint8_t *pixels;
    double mean_change, most_change; // rms difference between consecutive frames
};

// --- the path ----------------------------------------------------------------------------------
static int points_by_number(struct walk *w)
{
    uint64_t *numbers;
    const char *end, *wrong = cli_numbers_read(w->o->seeds, &end, &numbers, &w->points);
    if (!wrong && *end)
        wrong = "numbers go like 3,8,12-15";
    w->at = wrong ? NULL : malloc((size_t)w->points * (size_t)w->gan.z * sizeof *w->at);
    int status = 0;
    if (wrong)
        status = cli_fail(w->log, CLG_EINVAL, "--seeds %s: at \"%s\": %s", w->o->seeds, end, wrong);
    else if (!w->at)
        status = cli_fail(w->log, CLG_ENOMEM, "out of memory for %d noise vectors", w->points);
    else
        cli_noise_numbered(&w->gan, w->o->seed, numbers, w->points, w->at);
    free(numbers);
    return status;
}

static int path_make(struct walk *w)
{
    const struct interpolate_options *o = w->o;
    int status = o->z ? cli_noise_load(o->z, &w->gan, &w->at, &w->points, w->log) : points_by_number(w);
    if (status)
        return status;
    if (w->points < 2)
        return cli_fail(w->log, CLG_EINVAL,
                        "a walk needs at least two points: give more with --seeds or --z");
    w->stretches = w->points - (o->loop ? 0 : 1);
    const int64_t frames = (int64_t)w->stretches * (o->frames - 1) + (o->loop ? 0 : 1);
    if (frames > 1000000)
        return cli_fail(w->log, CLG_EINVAL, "%lld pictures are too many: take fewer --frames",
                        (long long)frames);
    w->frames = (int)frames;
    w->z = malloc((size_t)frames * (size_t)w->gan.z * sizeof *w->z);
    if (!w->z)
        return cli_fail(w->log, CLG_ENOMEM, "out of memory for %d noise vectors", w->frames);
    const enum clg_path_kind kind = o->linear ? CLG_PATH_LINEAR : CLG_PATH_SPHERICAL;
    return clg_z_path(kind, w->at, w->points, w->gan.z, o->loop, w->frames, w->z);
}

static void changes_measure(struct walk *w)
{
    const size_t one = cli_sheet_one(&w->gan);
    double sum = 0;
    const int steps = w->frames - (w->o->loop ? 0 : 1);
    for (int i = 0; i < steps; i++) {
        const float *a = w->pictures + (size_t)i * one,
                    *b = w->pictures + (size_t)((i + 1) % w->frames) * one;
        double squares = 0;
        for (size_t j = 0; j < one; j++)
            squares += ((double)b[j] - a[j]) * ((double)b[j] - a[j]);
        const double change = sqrt(squares / (double)one);
        sum += change;
        w->most_change = fmax(w->most_change, change);
    }
    w->mean_change = sum / steps;
}

// --- files -------------------------------------------------------------------------------------
// A row begins and ends with a point, so each inner point appears twice.
static int grid_save(const struct walk *w)
{
    const size_t one = cli_sheet_one(&w->gan);
    const int across = w->o->frames, tiles = w->stretches * across;
    uint8_t *rows = malloc((size_t)tiles * one);
    if (!rows)
        return cli_fail(w->log, CLG_ENOMEM, "out of memory for a grid of %d pictures", tiles);
    for (int i = 0; i < tiles; i++) {
        const int frame = i / across * (across - 1) + i % across;
        memcpy(rows + (size_t)i * one, w->pixels + (size_t)(frame % w->frames) * one, one);
    }
    int status = cli_sheet_save(w->o->grid, &w->gan, rows, tiles, across, w->log);
    free(rows);
    return status;
}

static int save(const struct walk *w)
{
    const struct interpolate_options *o = w->o;
    const int64_t pictures[] = {w->frames, w->gan.size, w->gan.size, w->gan.channels};
    const int64_t noise[] = {w->frames, w->gan.z};
    int status = o->out ? cli_folder_create(o->out, w->log) : 0;
    if (!status && o->out)
        status = cli_sheet_save_each(o->out, "frame", "png", 0, &w->gan, w->pixels, w->frames, w->log);
    if (!status && o->grid)
        status = grid_save(w);
    if (!status && o->animation)
        status = clg_picture_animate(o->animation, w->pixels, w->frames, w->gan.size, w->gan.size,
                                     w->gan.channels, (double)o->fps, w->log);
    if (!status && o->npy)
        status = clg_npy_save(o->npy, w->pictures, pictures, 4, w->log);
    if (!status && o->z_out)
        status = clg_npy_save(o->z_out, w->z, noise, 2, w->log);
    return status;
}

// --- results -----------------------------------------------------------------------------------
static int print_json(const struct walk *w)
{
    const struct interpolate_options *o = w->o;
    cJSON *all = cJSON_CreateObject();
    cJSON_AddStringToObject(all, "model", o->model);
    cJSON_AddStringToObject(all, "path", o->linear ? "linear" : "spherical");
    cJSON_AddBoolToObject(all, "loop", o->loop);
    cJSON_AddNumberToObject(all, "points", w->points);
    cJSON_AddNumberToObject(all, "stretches", w->stretches);
    cJSON_AddNumberToObject(all, "frames", w->frames);
    cJSON_AddNumberToObject(all, "mean_change", w->mean_change);
    cJSON_AddNumberToObject(all, "most_change", w->most_change);
    int status = cli_json_print(all, false, w->log);
    cJSON_Delete(all);
    return status;
}

static int tell(const struct walk *w)
{
    const struct interpolate_options *o = w->o;
    if (o->json)
        return print_json(w);
    const struct {
        const char *path, *what;
    } files[] = {{o->out, "separate pictures"},
                 {o->grid, "a grid"},
                 {o->animation, "an animation"},
                 {o->npy, "numbers"},
                 {o->z_out, "their noise"}};
    printf(
        "%d pictures from %d points, %s%s; pixels (-1..1) change by %.3f rms from one to the next, at most "
        "%.3f\n",
        w->frames, w->points, o->linear ? "straight" : "along great circles", o->loop ? ", a loop" : "",
        w->mean_change, w->most_change);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        if (files[i].path)
            printf("%s: %s\n", files[i].what, cli_shown(files[i].path));
    return 0;
}

// The model's params, the path, where the pictures go.
static int prepare(struct cli_run *run, void *state)
{
    struct walk *w = state;
    const struct interpolate_options *o = w->o;
    const char *const files[] = {o->animation, o->npy, o->z_out};
    int64_t step;
    w->log = &run->log;
    int status = clg_checkpoint_params(o->model, &w->gan, &step, w->log);
    if (!status)
        status = path_make(w);
    if (!status && o->grid)
        status = cli_picture_check(o->grid, w->log);
    for (size_t i = 0; i < sizeof files / sizeof *files && !status; i++)
        status = files[i] ? cli_file_check(files[i], w->log) : 0;
    if (!status && o->out)
        status = cli_folder_check(o->out, w->log);
    return status;
}

static int interpolate(struct cli_run *run, void *state)
{
    struct walk *w = state;
    struct clg_gan *gan = NULL;
    int status = clg_gan_load(&gan, run->device, w->o->model, 0);
    if (!status)
        status = cli_sheet_generate(gan, w->z, w->frames, &w->pictures, &run->progress, w->log);
    if (!status) {
        changes_measure(w);
        status = cli_sheet_pixels(&w->gan, w->pictures, w->frames, &w->pixels, w->log);
    }
    if (!status)
        status = save(w);
    if (!status)
        status = tell(w);
    clg_gan_free(&gan);
    return status;
}

static void release(void *state)
{
    struct walk *w = state;
    free(w->at);
    free(w->z);
    free(w->pictures);
    free(w->pixels);
}

static int check(struct cli_run *run, void *state)
{
    const struct interpolate_options *o = ((struct walk *)state)->o;
    if (!o->model)
        return cli_usage_error("interpolate", "no model: give --model FILE");
    if (!o->seeds == !o->z)
        return cli_usage_error("interpolate", "between what? give --seeds LIST or --z FILE");
    if (o->z && cli_was_given(&run->given, "seed"))
        return cli_usage_error("interpolate", "--z and --seed both name the noise: give one of them");
    if (cli_was_given(&run->given, "fps") && !o->animation)
        return cli_usage_error("interpolate", "--fps needs --animation FILE");
    if (!o->out && !o->grid && !o->animation && !o->npy && !o->z_out && !o->json)
        return cli_usage_error("interpolate", "no output: give --grid FILE, --animation FILE, --out DIR, "
                                              "--npy FILE, --z-out FILE or --json");
    return CLI_RUN;
}

int cmd_interpolate(int argc, char **argv)
{
    struct interpolate_options options = {.frames = 10, .fps = 12};
    struct walk w = {.o = &options};
    const struct cli_options tables[] = {{"Options", interpolate_table, &options}, {0}};
    const struct cli_command command = {
        .usage = "clgan interpolate --model FILE (--seeds LIST | --z FILE) (--grid FILE | --animation FILE | "
                 "...)",
        .about =
            "Walks through the latent space from point to point and draws the path. If the model has learned its\n"
            "pictures rather than memorised them, each step changes them a little. The path follows great\n"
            "circles and so keeps the length that noise has; a straight line passes closer to 0.",
        .examples =
            "  clgan interpolate --model m.safetensors --seeds 3,8,21 --grid walk.png\n"
            "  clgan interpolate --model m.safetensors --seeds 0-7 --frames 24 --loop --animation loop.png\n"
            "  clgan interpolate --model m.safetensors --z ends.npy --linear --out frames\n",
        .options = tables,
        .check = check,
        .prepare = prepare,
        .body = interpolate,
        .release = release,
    };
    return cli_run(&command, argc, argv, &w);
}
