// clgan generate: pictures of a trained model, as files, as one grid, or as numbers.
#include "cli/noise.h"
#include "cli/sheet.h"

#include <stdlib.h>
#include <string.h>

struct generate_options {
    const char *model, *out, *grid, *z, *z_out, *npy;
    int n, format, columns;
    uint64_t seed, first;
};

enum {
    CHUNK = 64, // pictures generated at a time
    PICTURES = 10000000,
};

#define AT(field) offsetof(struct generate_options, field)
static const struct clg_option generate_table[] = {
    {"model", CLG_OPTION_PATH, AT(model), 0, 0, NULL, "FILE",
     "the checkpoint: model.safetensors of `clgan train`"},
    {"n", CLG_OPTION_INT, AT(n), 1, PICTURES, NULL, "N", "pictures"},
    {"seed", CLG_OPTION_UINT64, AT(seed), 0, 0, NULL, "N",
     "names the noise vectors; the same ones everywhere"},
    {"first", CLG_OPTION_UINT64, AT(first), 0, 0, NULL, "N",
     "number of the first picture, of the seed or in the file"},
    {"out", CLG_OPTION_PATH, AT(out), 0, 0, NULL, "DIR", "write separate pictures: DIR/face-00007.png"},
    {"format", CLG_OPTION_CHOICE, AT(format), 0, 0, "png|jpg", NULL, "format of the separate pictures"},
    {"grid", CLG_OPTION_PATH, AT(grid), 0, 0, NULL, "FILE", "write all as one picture (.png or .jpg)"},
    {"columns", CLG_OPTION_INT, AT(columns), 0, 10000, NULL, "N",
     "pictures in a row of the grid; 0: about as many as rows"},
    {"npy", CLG_OPTION_PATH, AT(npy), 0, 0, NULL, "FILE",
     "write float32 [n][height][width][channels], -1..1"},
    {"z", CLG_OPTION_PATH, AT(z), 0, 0, NULL, "FILE", "read the noise from this .npy, float32 [n][z]"},
    {"z-out", CLG_OPTION_PATH, AT(z_out), 0, 0, NULL, "FILE", "write the noise used, as .npy"},
    {0},
};

// The state of a run: noise for every picture, and memory for one chunk of pictures, or for all where one
// file holds all.
struct generation {
    const struct generate_options *o;
    const struct clg_log *log;
    struct clg_gan_params gan;
    int n;
    size_t one; // values of a picture
    float *z, *floats;
    uint8_t *pixels;
};

// --- noise -------------------------------------------------------------------------------------
// Reads the file's rows from `first` on.
static int noise_from_file(struct generation *g, int *n)
{
    const struct generate_options *o = g->o;
    int rows, status = cli_noise_load(o->z, &g->gan, &g->z, &rows, g->log);
    if (status)
        return status;
    if (o->first >= (uint64_t)rows || (*n && (uint64_t)*n > (uint64_t)rows - o->first))
        return cli_fail(g->log, CLG_EINVAL, "%s has %d rows: take --first and --n within them", o->z, rows);
    *n = *n ? *n : rows - (int)o->first;
    if (*n > PICTURES)
        return cli_fail(g->log, CLG_EINVAL, "%s has %d rows: take fewer with --n", o->z, *n);
    const size_t length = (size_t)g->gan.z;
    memmove(g->z, g->z + o->first * length, (size_t)*n * length * sizeof *g->z);
    return 0;
}

static int noise_make(struct generation *g, int n)
{
    g->z = malloc((size_t)n * (size_t)g->gan.z * sizeof *g->z);
    if (!g->z)
        return cli_fail(g->log, CLG_ENOMEM, "out of memory for %d noise vectors", n);
    clg_gan_noise(&g->gan, g->o->seed, g->o->first, n, g->z);
    return 0;
}

// --- pictures ----------------------------------------------------------------------------------
static int make_room(struct generation *g, int n)
{
    int w, h;
    if (g->o->grid && clg_picture_grid_size(n, g->gan.size, g->o->columns, &w, &h))
        return cli_fail(g->log, CLG_EINVAL, "a grid of %d pictures is too large: take fewer with --n", n);
    size_t chunk = n < CHUNK ? (size_t)n : CHUNK;
    size_t floats = g->o->npy ? (size_t)n : chunk, pixels = g->o->grid ? (size_t)n : chunk;
    g->one = cli_sheet_one(&g->gan);
    g->floats = malloc(floats * g->one * sizeof *g->floats);
    g->pixels = malloc(pixels * g->one);
    if (!g->floats || !g->pixels)
        return cli_fail(g->log, CLG_ENOMEM, "out of memory for %d pictures: take fewer with --n", n);
    return 0;
}

static int save_separately(struct generation *g, const uint8_t *pixels, uint64_t first, int n)
{
    static const char *const endings[] = {"png", "jpg"};
    return cli_sheet_save_each(g->o->out, "face", endings[g->o->format], first, &g->gan, pixels, n, g->log);
}

static int generate_all(struct generation *g, struct clg_gan *gan, int n, struct cli_progress *progress)
{
    const double start = cli_seconds();
    for (int done = 0; done < n; done += CHUNK) {
        int now = n - done < CHUNK ? n - done : CHUNK;
        float *floats = g->floats + (g->o->npy ? (size_t)done * g->one : 0);
        uint8_t *pixels = g->pixels + (g->o->grid ? (size_t)done * g->one : 0);
        int status = clg_gan_generate(gan, g->z + (size_t)done * (size_t)g->gan.z, now, floats);
        if (status)
            return status;
        clg_picture_pixels(floats, (size_t)now * g->one, pixels);
        if (g->o->out && (status = save_separately(g, pixels, g->o->first + (uint64_t)done, now)))
            return status;
        if (n > CHUNK)
            cli_progress_count(progress, "generating", done + now, n, start);
    }
    cli_progress_end(progress, false);
    return 0;
}

static int save_whole(struct generation *g, int n)
{
    const struct generate_options *o = g->o;
    const int64_t pictures[] = {n, g->gan.size, g->gan.size, g->gan.channels}, noise[] = {n, g->gan.z};
    int status = o->grid ? cli_sheet_save(o->grid, &g->gan, g->pixels, n, o->columns, g->log) : 0;
    if (!status && o->npy)
        status = clg_npy_save(o->npy, g->floats, pictures, 4, g->log);
    if (!status && o->z_out)
        status = clg_npy_save(o->z_out, g->z, noise, 2, g->log);
    if (status)
        return status;
    const char *noun = n == 1 ? "picture" : "pictures";
    if (o->out)
        printf("%d %s in %s\n", n, noun, cli_shown(o->out));
    if (o->grid)
        printf("%d %s as a grid: %s\n", n, noun, cli_shown(o->grid));
    if (o->npy)
        printf("%d %s as numbers: %s\n", n, noun, cli_shown(o->npy));
    if (o->z_out)
        printf("their noise: %s\n", cli_shown(o->z_out));
    return 0;
}

// The model's params, the noise, where the pictures go.
static int prepare(struct cli_run *run, void *state)
{
    struct generation *g = state;
    const struct generate_options *o = g->o;
    int64_t step;
    g->log = &run->log;
    g->n = o->z && !cli_was_given(&run->given, "n") ? 0 : o->n; // 0: as many as the file has
    int status = clg_checkpoint_params(o->model, &g->gan, &step, g->log);
    if (!status)
        status = o->z ? noise_from_file(g, &g->n) : noise_make(g, g->n);
    if (!status)
        status = make_room(g, g->n);
    if (!status && o->grid)
        status = cli_picture_check(o->grid, g->log);
    if (!status && o->npy)
        status = cli_file_check(o->npy, g->log);
    if (!status && o->z_out)
        status = cli_file_check(o->z_out, g->log);
    if (!status && o->out)
        status = cli_folder_check(o->out, g->log);
    return status;
}

static int generate(struct cli_run *run, void *state)
{
    struct generation *g = state;
    struct clg_gan *gan = NULL;
    int status = clg_gan_load(&gan, run->device, g->o->model, 0);
    if (!status && g->o->out)
        status = cli_folder_create(g->o->out, g->log);
    if (!status)
        status = generate_all(g, gan, g->n, &run->progress);
    if (!status)
        status = save_whole(g, g->n);
    clg_gan_free(&gan);
    return status;
}

static void release(void *state)
{
    struct generation *g = state;
    free(g->z);
    free(g->floats);
    free(g->pixels);
}

static int check(struct cli_run *run, void *state)
{
    const struct generate_options *o = ((struct generation *)state)->o;
    if (!o->model)
        return cli_usage_error("generate", "no model: give --model FILE");
    if (!o->out && !o->grid && !o->npy && !o->z_out)
        return cli_usage_error("generate",
                               "no output: give --out DIR, --grid FILE, --npy FILE or --z-out FILE");
    if (o->z && cli_was_given(&run->given, "seed"))
        return cli_usage_error("generate", "--z and --seed both name the noise: give one of them");
    return CLI_RUN;
}

int cmd_generate(int argc, char **argv)
{
    struct generate_options options = {.n = 64};
    struct generation g = {.o = &options};
    const struct cli_options tables[] = {{"Options", generate_table, &options}, {0}};
    const struct cli_command command = {
        .usage = "clgan generate --model FILE (--out DIR | --grid FILE | --npy FILE) [--n N] [--seed N] ...",
        .about = "Generates pictures with a trained model. Picture number i of a seed is the same in any "
                 "call and\n"
                 "on any device, up to the device's rounding.",
        .examples = "  clgan generate --model runs/mine/model.safetensors --n 64 --seed 7 --grid faces.png\n"
                    "  clgan generate --model runs/mine/model.safetensors --n 1000 --out faces --format jpg\n"
                    "  clgan generate --model runs/mine/model.safetensors --z noise.npy --npy pictures.npy\n",
        .options = tables,
        .check = check,
        .prepare = prepare,
        .body = generate,
        .release = release,
    };
    return cli_run(&command, argc, argv, &g);
}
