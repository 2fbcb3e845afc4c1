// clgan data: writes the built-in faces as picture files, with their parameters as labels.
#include "cli/cli.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct data_options {
    const char *out;
    int n, size;
    uint64_t seed;
    int format; // index into endings
};

static const char *const endings[] = {"png", "jpg"};

#define DATA(field) offsetof(struct data_options, field)
static const struct clg_option data_table[] = {
    {"out", CLG_OPTION_PATH, DATA(out), 0, 0, NULL, "DIR", "where to write; created if missing"},
    {"n", CLG_OPTION_INT, DATA(n), 1, 10000000, NULL, "N", "how many faces"},
    {"size", CLG_OPTION_INT, DATA(size), 8, 2048, NULL, "N", "side of the square pictures, 8 to 2048"},
    {"seed", CLG_OPTION_UINT64, DATA(seed), 0, 0, NULL, "N",
     "which faces: face number i of a seed is always the same"},
    {"format", CLG_OPTION_CHOICE, DATA(format), 0, 0, "png|jpg", NULL, "kind of file"},
    {0},
};

static void heading_write(FILE *labels)
{
    struct clg_face face = clg_face_random(0, 0);
    float value;
    const char *name;
    fputs("file", labels);
    for (int i = 0; (name = clg_face_parameter(&face, i, &value)); i++)
        fprintf(labels, ",%s", name);
    fputc('\n', labels);
}

static void label_write(FILE *labels, const char *file, const struct clg_face *face)
{
    float value;
    fputs(file, labels);
    for (int i = 0; clg_face_parameter(face, i, &value); i++)
        fprintf(labels, ",%.9g", (double)value);
    fputc('\n', labels);
}

// Writes the pictures, and a line of labels for each.
static int faces_write(const struct data_options *o, FILE *labels, struct cli_progress *progress,
                       const struct clg_log *log)
{
    size_t side = (size_t)o->size, room = strlen(o->out) + 32;
    uint8_t *pixels = malloc(side * side * 3);
    char *path = malloc(room);
    int status = pixels && path ? 0 : cli_fail(log, CLG_ENOMEM, "out of memory: use a smaller --size");
    heading_write(labels);
    for (int i = 0; i < o->n && !status; i++) {
        struct clg_face face = clg_face_random(o->seed, (uint64_t)i);
        char file[24];
        snprintf(file, sizeof file, "%06d.%s", i, endings[o->format]);
        snprintf(path, room, "%s/%s", o->out, file);
        clg_face_draw(&face, o->size, pixels);
        status = clg_picture_save(path, pixels, o->size, o->size, 3, log);
        label_write(labels, file, &face);
        cli_progress_line(progress, false, "drawing: %d of %d faces", i + 1, o->n);
    }
    free(path);
    free(pixels);
    return status;
}

// labels.csv gets its name only once all pictures are written.
static int set_write(const struct data_options *o, struct cli_progress *progress, const struct clg_log *log)
{
    int status = cli_folder_create(o->out, log);
    if (status)
        return status;
    size_t room = strlen(o->out) + 32;
    char *path = malloc(2 * room);
    if (!path)
        return cli_fail(log, CLG_ENOMEM, "out of memory");
    char *temporary = path + room;
    snprintf(path, room, "%s/labels.csv", o->out);
    snprintf(temporary, room, "%s/labels.csv.part", o->out);
    FILE *labels = fopen(temporary, "w");
    if (labels) {
        status = faces_write(o, labels, progress, log);
        bool kept = !ferror(labels);
        kept = (fclose(labels) == 0) && kept;
        if (!status && (!kept || rename(temporary, path)))
            status = cli_fail(log, CLG_EIO, "cannot write %s: %s", path, strerror(errno));
        if (status)
            remove(temporary);
    } else {
        status = cli_fail(log, CLG_EIO, "cannot write %s: %s", path, strerror(errno));
    }
    free(path);
    return status;
}

int cmd_data(int argc, char **argv)
{
    struct data_options options = {.n = 100, .size = 64, .seed = 1};
    const struct cli_options tables[] = {{"Options", data_table, &options}, {0}};
    const struct cli_command command = {
        .usage = "clgan data --out DIR [--n N] [--size N] [--seed N] [--format png|jpg]",
        .about = "Writes the built-in faces as picture files, and labels.csv: one line per file with every\n"
                 "parameter of the face (pose, expression, hair, light, ...). They are the faces that\n"
                 "clgan train --data builtin:faces uses.",
        .examples = "  clgan data --out faces --n 20000\n  clgan data --out big --size 256 --format jpg\n",
        .options = tables,
    };
    int code = cli_parse(&command, argc, argv, NULL);
    if (code != CLI_RUN)
        return code;
    if (!options.out || !*options.out)
        return cli_usage_error(argv[0], "--out DIR is missing: where should the pictures go?");
    struct cli_progress progress = cli_progress_new();
    struct clg_log log = cli_log(&progress, false);
    int status = set_write(&options, &progress, &log);
    cli_progress_end(&progress, false);
    if (!status)
        printf("%d faces of %d x %d and labels.csv in %s\n", options.n, options.size, options.size,
               cli_shown(options.out));
    return cli_exit_code(status);
}
