// A command from its options to the exit code, in the same order for all.
#include "cli/cli.h"

enum { TABLES_MAX = 8 };

// The command with the device's options added to its own.
static struct cli_command with_device_options(const struct cli_command *command, struct cli_run *run,
                                              struct cli_options tables[TABLES_MAX])
{
    struct cli_command whole = *command;
    int n = 0;
    for (; command->options[n].table && n < TABLES_MAX - 2; n++)
        tables[n] = command->options[n];
    tables[n++] = (struct cli_options){"Device", cli_device_table, &run->device_options};
    tables[n] = (struct cli_options){0};
    whole.options = tables;
    return whole;
}

int cli_run_open(struct cli_run *run)
{
    return cli_device_open(&run->device, &run->device_options, &run->progress);
}

static int run_parsed(const struct cli_command *command, struct cli_run *run, void *state)
{
    int status = command->prepare ? command->prepare(run, state) : 0;
    if (!status && !run->opens_device_later)
        status = cli_run_open(run);
    if (!status)
        status = command->body(run, state);
    cli_progress_end(&run->progress, true);
    if (!status && run->device && run->device_options.profile)
        status = clg_device_profile_print(run->device, stderr);
    return status;
}

int cli_run(const struct cli_command *command, int argc, char **argv, void *state)
{
    struct cli_options tables[TABLES_MAX];
    struct cli_run run = {.progress = cli_progress_new(), .device_options = cli_device_defaults()};
    const struct cli_command whole = with_device_options(command, &run, tables);
    int code = cli_parse(&whole, argc, argv, &run.given);
    run.log = cli_log(&run.progress, run.device_options.verbose);
    if (code == CLI_RUN && command->check)
        code = command->check(&run, state);
    if (code == CLI_RUN)
        code = cli_exit_code(run_parsed(command, &run, state));
    if (command->release)
        command->release(state);
    clg_device_close(&run.device);
    return code;
}
