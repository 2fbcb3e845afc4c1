// clgan layers: a primer on convolutional nets with one picture, every result as a picture.
#include "cli/cmd/layers.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct layers_options {
    const char *picture, *out;
    int size, channels;
    bool json;
};

#define AT(field) offsetof(struct layers_options, field)
static const struct clg_option layers_table[] = {
    {"size", CLG_OPTION_INT, AT(size), 16, 512, NULL, "N",
     "side of the square cut from the middle of the picture"},
    {"channels", CLG_OPTION_INT, AT(channels), 1, 3, "1|3", NULL, "1: grey, 3: colour"},
    {"out", CLG_OPTION_PATH, AT(out), 0, 0, NULL, "DIR", "where to write the pictures; created if missing"},
    {"json", CLG_OPTION_BOOL, AT(json), 0, 0, NULL, NULL, "print the table as JSON"},
    {0},
};

static const char sheet[] = "sheet.png";

static const char *kind_text(enum clg_primer_kind kind)
{
    static const char *const texts[] = {
        "input", "convolution", "max pooling", "average pooling", "transposed convolution", "deconvolution"};
    return texts[kind];
}

// --- text --------------------------------------------------------------------------------------
static void shape_text(struct clg_shape s, char text[32])
{
    snprintf(text, 32, "%dx%dx%d", s.h, s.w, s.c);
}

static void print_step(const struct clg_primer_output *outputs, int i)
{
    const struct clg_primer_step *step = &clg_primer_steps[i];
    const struct clg_primer_output *o = &outputs[i];
    char file[64], of[12] = "", window[24] = "", in[32] = "", to[32];
    layers_file_name(i, o, file);
    shape_text(o->shape, to);
    if (step->kind != CLG_PRIMER_INPUT) {
        snprintf(of, sizeof of, "%d", step->input + 1);
        snprintf(window, sizeof window, "%dx%d / %d, pad %d", step->kernel, step->kernel, step->stride,
                 step->pad);
        shape_text(outputs[step->input].shape, in);
    }
    printf("%2d  %-21s  %2s  %-14s  %10s -> %-10s  %5.2f to %-5.2f  %s\n", i + 1, step->name, of, window, in,
           to, (double)o->min, (double)o->max, file);
    printf("    %s\n", step->text);
    if (step->compare)
        printf("    against the input: PSNR %.1f dB\n", o->psnr);
    if (step->kind == CLG_PRIMER_DECONV)
        printf("    after %d iterations its feature map matches the given one to within %.0e of it\n",
               o->report.iterations, o->report.residual);
}

static void print_table(const struct layers_options *o, const struct clg_primer_output *outputs)
{
    printf(" #  %-21s  of  %-14s  %10s    %-10s  %-14s  file in %s\n", "name", "window / stride", "shape", "",
           "values", cli_shown(o->out));
    for (int i = 0; i < CLG_PRIMER_STEPS; i++)
        print_step(outputs, i);
    printf("all on one sheet, %d in a row: %s/%s\n", LAYERS_COLUMNS, cli_shown(o->out), sheet);
}

// --- JSON --------------------------------------------------------------------------------------
static void add_shape(cJSON *to, const char *name, struct clg_shape s)
{
    const int sides[] = {s.h, s.w, s.c};
    cJSON_AddItemToObject(to, name, cJSON_CreateIntArray(sides, 3));
}

static void add_step(cJSON *list, const struct clg_primer_output *outputs, int i)
{
    const struct clg_primer_step *step = &clg_primer_steps[i];
    const struct clg_primer_output *o = &outputs[i];
    char file[64];
    layers_file_name(i, o, file);
    cJSON *row = cJSON_CreateObject();
    cJSON_AddNumberToObject(row, "number", i + 1);
    cJSON_AddStringToObject(row, "name", step->name);
    cJSON_AddStringToObject(row, "operation", kind_text(step->kind));
    cJSON_AddStringToObject(row, "does", step->text);
    if (step->kind != CLG_PRIMER_INPUT) {
        cJSON_AddNumberToObject(row, "of", step->input + 1);
        cJSON_AddNumberToObject(row, "window", step->kernel);
        cJSON_AddNumberToObject(row, "stride", step->stride);
        cJSON_AddNumberToObject(row, "pad", step->pad);
        add_shape(row, "input", outputs[step->input].shape);
    }
    add_shape(row, "output", o->shape);
    cJSON_AddNumberToObject(row, "least", (double)o->min);
    cJSON_AddNumberToObject(row, "most", (double)o->max);
    cJSON_AddStringToObject(row, "file", file);
    if (step->compare)
        cJSON_AddNumberToObject(row, "psnr", o->psnr);
    if (step->kind == CLG_PRIMER_DECONV) {
        cJSON_AddNumberToObject(row, "iterations", o->report.iterations);
        cJSON_AddNumberToObject(row, "residual", o->report.residual);
        cJSON_AddBoolToObject(row, "converged", o->report.converged);
    }
    cJSON_AddItemToArray(list, row);
}

static int print_json(const struct layers_options *o, const struct clg_primer_output *outputs,
                      const struct clg_log *log)
{
    cJSON *document = cJSON_CreateObject(), *list = cJSON_AddArrayToObject(document, "layers");
    cJSON_AddStringToObject(document, "picture", o->picture);
    cJSON_AddStringToObject(document, "out", o->out);
    cJSON_AddStringToObject(document, "sheet", sheet);
    for (int i = 0; i < CLG_PRIMER_STEPS; i++)
        add_step(list, outputs, i);
    int status = cli_json_print(document, true, log);
    cJSON_Delete(document);
    return status;
}

// --- the command -------------------------------------------------------------------------------
struct showing {
    struct layers_options o;
    uint8_t *pixels;
};

static int prepare(struct cli_run *run, void *state)
{
    struct showing *s = state;
    const struct layers_options *o = &s->o;
    const struct clg_crop crop = {.kind = CLG_CROP_CENTER};
    s->pixels = malloc((size_t)o->size * (size_t)o->size * (size_t)o->channels);
    if (!s->pixels)
        return cli_fail(&run->log, CLG_ENOMEM, "out of memory: use a smaller --size");
    int status = clg_picture_load(o->picture, crop, o->size, o->channels, s->pixels, &run->log);
    return status ? status : cli_folder_check(o->out, &run->log);
}

static void release(void *state)
{
    free(((struct showing *)state)->pixels);
}

static int layers(struct cli_run *run, void *state)
{
    const struct showing *s = state;
    const struct layers_options *o = &s->o;
    struct clg_primer_output outputs[CLG_PRIMER_STEPS] = {0};
    int status = cli_folder_create(o->out, &run->log);
    if (!status)
        status = clg_primer_run(run->device, s->pixels, o->size, o->channels, outputs);
    if (!status)
        status = layers_save(outputs, o->out, sheet, &run->log);
    cli_progress_end(&run->progress, false);
    if (!status && o->json)
        status = print_json(o, outputs, &run->log);
    else if (!status)
        print_table(o, outputs);
    clg_primer_free(outputs);
    return status;
}

int cmd_layers(int argc, char **argv)
{
    struct showing s = {.o = {.out = "layers", .size = 96, .channels = 3}};
    const struct cli_options tables[] = {{"Options", layers_table, &s.o}, {0}};
    const struct cli_command command = {
        .usage = "clgan layers PICTURE [--size N] [--channels 1|3] [--out DIR] [--json]",
        .about =
            "A primer on convolutional nets with one picture, a JPEG, PNG or WebP file. Writes what each\n"
            "layer makes of it: convolution (blur, edges, stride), pooling, transposed convolution, and\n"
            "deconvolution, which recovers the picture from its feature map. A table lists the shapes.",
        .examples = "  clgan layers me.jpg\n"
                    "  clgan layers me.jpg --channels 1 --size 256 --out grey\n",
        .options = tables,
        .word = &s.o.picture,
        .word_name = "PICTURE",
        .word_is_path = true,
        .prepare = prepare,
        .body = layers,
        .release = release,
    };
    return cli_run(&command, argc, argv, &s);
}
