// clgan describe: a model as a table, or drawn like the paper's figure 1.
#include "cli/cli.h"

struct describe_options {
    const char *svg;
};

static const struct clg_option describe_table[] = {
    {"svg", CLG_OPTION_PATH, offsetof(struct describe_options, svg), 0, 0, NULL, "FILE",
     "also draw both nets as stacks of feature maps"},
    {0},
};

int cmd_describe(int argc, char **argv)
{
    struct clg_gan_params gan = clg_gan_params_default();
    struct describe_options options = {0};
    const struct cli_options tables[] = {
        {"Options", describe_table, &options}, {"Model", clg_gan_options, &gan}, {0}};
    const struct cli_command command = {
        .usage = "clgan describe [--size N] [--channels N] [--svg FILE] ...",
        .about = "Shows a model: layers, output shapes, parameters, multiply-accumulates and memory.",
        .examples = "  clgan describe\n  clgan describe --size 128 --ngf 32 --svg model.svg\n",
        .options = tables,
    };
    int code = cli_parse(&command, argc, argv, NULL);
    if (code != CLI_RUN)
        return code;
    struct clg_log log = cli_log(NULL, false);
    int status = clg_gan_describe(&gan, stdout, &log);
    if (!status && options.svg)
        status = clg_gan_describe_svg(&gan, options.svg, &log);
    return cli_exit_code(status);
}
