// clgan: trains, samples and explores DCGANs on any OpenCL device.
#include "cli/cli.h"

#include <string.h>

static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *about;
} commands[] = {
    {"devices", cmd_devices, "the OpenCL devices there are, and which one is taken"},
    {"describe", cmd_describe, "a model as a table, or as the paper's figure"},
    {"train", cmd_train, "train a model on a folder of pictures, or on the built-in faces"},
    {"generate", cmd_generate, "pictures from a trained model"},
    {"interpolate", cmd_interpolate, "walk through the latent space between noise vectors"},
    {"arithmetic", cmd_arithmetic, "add and subtract noise vectors: happy - neutral + ..."},
    {"project", cmd_project, "the noise of a given picture, and pictures completed"},
    {"inspect", cmd_inspect, "layers, feature maps, filters, and what features answer to"},
    {"features", cmd_features, "what the discriminator sees in pictures, as numbers"},
    {"classify", cmd_classify, "a classifier on those features: train, test, sort pictures"},
    {"nearest", cmd_nearest, "the training pictures nearest to samples: memorised or not?"},
    {"data", cmd_data, "write some of the built-in faces to a folder"},
    {"layers", cmd_layers, "what convolution, pooling and deconvolution make of a picture"},
    {"bench", cmd_bench, "time the training step, its operations, generation and loading"},
    {"doctor", cmd_doctor, "try out each device, and report what is wrong with it"},
    {"tune", cmd_tune, "find and keep the fastest way to compute each convolution here"},
};
enum { COMMANDS = sizeof commands / sizeof *commands };

static void print_help(FILE *file)
{
    fputs("clgan trains, samples and explores deep convolutional GANs on any OpenCL device.\n\n"
          "usage: clgan COMMAND [options]        clgan COMMAND --help tells a command's options\n\n",
          file);
    for (int i = 0; i < COMMANDS; i++)
        fprintf(file, "  %-11s %s\n", commands[i].name, commands[i].about);
    fputs("  help        this page, or help COMMAND\n"
          "  version     the version\n\n"
          "Examples:\n"
          "  clgan devices                                            what can compute here?\n"
          "  clgan train --data builtin:faces --size 32 --steps 500 --out runs/first\n"
          "  clgan train --data ~/pictures --out runs/mine            train on your own pictures\n"
          "  clgan train --resume runs/mine                         go on after Ctrl-C\n"
          "  clgan generate --model runs/mine/model.safetensors --n 64 --grid faces.png\n"
          "  CLGAN_DEVICE=cpu clgan bench --batch 64                  choose the device\n\n"
          "Exit codes:\n"
          "  0  done\n"
          "  1  failed: a loss is not finite, stdout cannot be written, or anything not below\n"
          "  2  an option is wrong, or no such device\n"
          "  3  the device failed, a kernel does not compile, or memory is short\n"
          "  4  a file or folder cannot be read or written, or has unexpected content\n",
          file);
}

static int run_command(int argc, char **argv)
{
    for (int i = 0; i < COMMANDS; i++)
        if (!strcmp(commands[i].name, argv[0]))
            return commands[i].run(argc, argv);
    const char *nearest = NULL;
    int distance = 0;
    for (int i = 0; i < COMMANDS; i++) {
        int d = cli_word_distance(argv[0], commands[i].name);
        if (cli_word_near(commands[i].name, d) && (!nearest || d < distance)) {
            nearest = commands[i].name;
            distance = d;
        }
    }
    if (nearest)
        return cli_usage_error("", "unknown command \"%s\"; did you mean %s?", argv[0], nearest);
    return cli_usage_error("", "unknown command \"%s\"", argv[0]);
}

static bool is_one_of(const char *word, const char *a, const char *b, const char *c)
{
    return !strcmp(word, a) || !strcmp(word, b) || !strcmp(word, c);
}

static int run(int argc, char **argv)
{
    if (argc < 2) {
        print_help(stderr);
        return CLI_USAGE;
    }
    if (is_one_of(argv[1], "version", "--version", "-V")) {
        printf("clgan %s\n", clg_version());
        return CLI_OK;
    }
    if (!strcmp(argv[1], "--try-drivers")) // the library's child process
        return clg_drivers_try();
    if (!is_one_of(argv[1], "help", "--help", "-h"))
        return run_command(argc - 1, argv + 1);
    if (argc == 2 || argv[2][0] == '-') {
        print_help(stdout);
        return CLI_OK;
    }
    char ask[] = "--help";
    char *words[] = {argv[2], ask, NULL};
    return run_command(2, words);
}

int main(int argc, char **argv)
{
    cli_reader_begin();
    int code = run(argc, argv);
    const int error = cli_output_error();
    if (!error || code != CLI_OK)
        return code;
    fprintf(stderr, "clgan: cannot write the output: %s\n", error > 0 ? strerror(error) : "unknown error");
    return CLI_FAILURE;
}
