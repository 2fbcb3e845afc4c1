// clgan train: a run from pictures to a model, which Ctrl-C ends cleanly and --resume continues.
#include "cli/resume.h"
#include "cli/stop.h"

#include <dirent.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

enum { STEPS = 1000 }; // the default for the built-in faces, which never end

// --- a run -------------------------------------------------------------------------------------
struct run {
    struct clg_gan_params gan;
    struct clg_train_params train;
    struct cli_device_options where;
    struct cli_progress progress;
    struct clg_log log;
    struct clg_train_status last;
    struct cli_ignored ignored;
    char folder[PATH_MAX]; // of the run, unless the option's own text is used
};

static bool on_step(void *user, const struct clg_train_status *s)
{
    struct run *run = user;
    char epoch[32] = "", eta[32];
    bool stop = cli_stop_asked(), ends = stop || s->step >= s->steps;
    run->last = *s;
    if (s->epoch > 0)
        snprintf(epoch, sizeof epoch, "epoch %.1f  ", s->epoch);
    cli_duration_text(s->eta_s, eta, sizeof eta);
    cli_progress_line(
        &run->progress, ends, "step %lld/%lld  %sD %.2f G %.2f  D(x) %.2f D(G(z)) %.2f  %.*f img/s  ETA %s",
        (long long)s->step, (long long)s->steps, epoch, s->metrics.loss_d, s->metrics.loss_g,
        s->metrics.d_real, s->metrics.d_fake_before, s->images_per_s < 10, s->images_per_s, eta);
    return stop;
}

static void print_model(const struct clg_gan_params *gan, const struct clg_device_info *info)
{
    double generator, discriminator, gib = 1 << 30;
    clg_gan_cost(gan, &generator, &discriminator);
    double needs = (double)clg_gan_memory(gan) / gib, has = (double)info->memory / gib;
    printf("model   %dx%dx%d, z %d, ngf %d, ndf %d, batch %d: G %.4g and D %.4g MMAC per picture\n",
           gan->size, gan->size, gan->channels, gan->z, gan->ngf, gan->ndf, gan->batch, generator,
           discriminator);
    if (needs < 0.1)
        printf("memory  needs %.1f MiB of %.1f GiB\n", needs * 1024, has);
    else
        printf("memory  needs %.1f GiB of %.1f\n", needs, has);
}

static void print_plan(const struct run *run, const struct clg_device *device)
{
    const struct clg_device_info *info = clg_device_info(device);
    printf("device  %d, %s (%s)\n", info->index, info->name, info->platform_name);
    if (clg_gan_memory(&run->gan)) // 0: a model that will be refused
        print_model(&run->gan, info);
    printf("data    %s\n", cli_shown(run->train.data));
    cli_output_flush();
}

// The grid of the highest step in out/samples, whose names are step-N.png.
static bool last_grid(const char *out, char *path, size_t size)
{
    char folder[PATH_MAX];
    if (snprintf(folder, sizeof folder, "%s/samples", out) >= (int)sizeof folder)
        return false;
    DIR *dir = opendir(folder);
    long long best = -1, step;
    for (struct dirent *entry; dir && (entry = readdir(dir));) {
        int length = 0;
        if (sscanf(entry->d_name, "step-%lld.png%n", &step, &length) == 1 && length &&
            !entry->d_name[length] && step > best) {
            best = step;
            snprintf(path, size, "%s/%s", folder, entry->d_name);
        }
    }
    if (dir)
        closedir(dir);
    return best >= 0;
}

static void print_results(const struct run *run, bool stopped)
{
    const char *folder = run->train.resume ? run->train.resume : run->train.out;
    char grid[PATH_MAX + 300];
    printf("model   %s/model.safetensors (step %lld)\n", cli_shown(folder), (long long)run->last.step);
    if (last_grid(folder, grid, sizeof grid))
        printf("samples %s\n", cli_shown(grid));
    printf("report  %s/report.html\n", cli_shown(folder));
    if (run->last.skipped_pictures)
        printf("skipped files: %llu\n", (unsigned long long)run->last.skipped_pictures);
    if (run->last.warned_pictures)
        printf("pictures read with warnings: %llu (--verbose names them)\n",
               (unsigned long long)run->last.warned_pictures);
    if (stopped) {
        printf("stopped at step %lld of %lld; continue with:\n  ", (long long)run->last.step,
               (long long)run->last.steps);
        cli_resume_print(stdout, folder, &run->where);
    }
    cli_output_flush();
}

static int print_profile(const struct run *run, struct clg_device *device)
{
    fputc('\n', stderr);
    int status = clg_device_profile_print(device, stderr);
    if (!status)
        fprintf(stderr, "loader: %.0f images/s; the run waited %.2f s for it\n",
                run->last.loader_images_per_s, run->last.loader_waited_s);
    return status;
}

static int train(struct run *run)
{
    struct clg_device *device = NULL;
    int status = cli_device_open(&device, &run->where, &run->progress);
    if (status)
        return status;
    print_plan(run, device);
    cli_stop_begin(run->ignored);
    status = clg_train(device, &run->gan, &run->train, NULL, on_step, run);
    cli_progress_end(&run->progress, true);
    if (!status)
        print_results(run, cli_stop_asked() && run->last.step < run->last.steps);
    if (!status && run->where.profile)
        status = print_profile(run, device);
    clg_device_close(&device);
    return status;
}

// --- the command line --------------------------------------------------------------------------
static int check(const struct run *run, const struct cli_given *given)
{
    const struct clg_train_params *t = &run->train;
    static const char *const others[] = {"out", "init", "overwrite"};
    const bool same =
        cli_was_given(given, "out") && t->resume && t->out && cli_same_folder(t->resume, t->out);
    for (int i = same; i < 3 && t->resume; i++)
        if (cli_was_given(given, others[i]))
            return cli_usage_error("train", "--resume continues in its own folder: leave out --%s",
                                   others[i]);
    if (!t->data)
        return cli_usage_error("train", "no pictures: give --data DIR, or --data builtin:faces");
    if (!t->out)
        return cli_usage_error("train", "no output: give --out DIR");
    return CLI_RUN;
}

// Reads the run's own options, then parses the command line once more to override them.
static int take_up(struct run *run, const struct cli_command *command, int argc, char **argv,
                   struct cli_given *given, char **memory)
{
    int status = cli_resume_model(run->folder, &run->gan, &run->last.step, given, &run->log);
    if (!status)
        status = clg_train_params_of(run->folder, &run->train, memory, &run->log);
    run->train.resume = run->folder;
    if (status)
        return cli_exit_code(status);
    if (cli_was_given(given, "epochs") && !cli_was_given(given, "steps"))
        run->train.steps = 0;
    struct clg_gan_params gan = run->gan;
    int code = cli_parse(command, argc, argv, given);
    run->gan = gan;
    run->train.resume = run->folder;
    return code;
}

// Chooses what was left out and prints it in one line: steps for endless data, a new folder for the run.
static void choose(struct run *run, const struct cli_given *given)
{
    struct clg_train_params *t = &run->train;
    const bool data_given = cli_was_given(given, "data");
    const bool endless = !strncmp(t->data, "builtin:", 8);
    const bool no_steps = !cli_was_given(given, "steps") && !cli_was_given(given, "epochs");
    if (endless && no_steps)
        t->steps = STEPS;
    if (!cli_was_given(given, "out") && !t->overwrite &&
        cli_folder_unused(t->out, run->folder, sizeof run->folder))
        t->out = run->folder;
    if (data_given && cli_was_given(given, "out") && !(endless && no_steps))
        return;
    printf("chosen  ");
    if (!data_given)
        printf("the built-in faces (--data DIR uses your pictures), ");
    if (endless && no_steps)
        printf("%d steps (--steps N), ", STEPS);
    printf("folder %s%s\n", t->out, cli_was_given(given, "out") ? "" : " (--out DIR)");
    cli_output_flush();
}

// Checks the run before a device is opened.
static int ready(struct run *run, const struct cli_given *given)
{
    int status = 0;
    run->ignored = cli_stop_prepare();
    if (!run->train.resume) {
        choose(run, given);
        status = cli_folder_check(run->train.out, &run->log);
    }
    if (!status)
        status = clg_train_check(&run->gan, &run->train, &run->log);
    return status;
}

int cmd_train(int argc, char **argv)
{
    struct run run = {.gan = clg_gan_params_default(),
                      .train = clg_train_params_default(),
                      .where = cli_device_defaults(),
                      .progress = cli_progress_new()};
    const struct cli_options tables[] = {{"Training", clg_train_options, &run.train},
                                         {"Model", clg_gan_options, &run.gan},
                                         {"Device", cli_device_table, &run.where},
                                         {0}};
    const struct cli_command command = {
        .usage = "clgan train [--data DIR] [--out DIR] [--epochs N | --steps N] [--batch N] [--size N] ...\n"
                 "       clgan train --resume DIR [--steps N] ...",
        .about =
            "Trains a DCGAN. The --out folder gets model.safetensors, metrics.csv, samples/ and report.html.\n"
            "Without --data it trains on the built-in faces, without --out in a new folder runs/clgan...\n"
            "Ctrl-C finishes the step, saves, and says how to continue; so do SIGTERM, a closed terminal and a\n"
            "broken pipe.",
        .examples =
            "  clgan train --data builtin:faces --size 32 --steps 500 --out runs/first\n"
            "  clgan train --data ~/pictures --crop 178x178+20+20 --flip --epochs 25 --out runs/mine\n"
            "  clgan train --data ~/grey --channels 1 --batch 64 --steps 20000 --keep 5 --out runs/grey\n"
            "  clgan train --resume runs/grey --steps 40000\n",
        .options = tables,
    };
    struct cli_given given;
    char *memory = NULL;
    int code = cli_parse(&command, argc, argv, &given);
    run.log = cli_log(&run.progress, run.where.verbose);
    if (code == CLI_RUN && run.train.resume) {
        int status = cli_resume_folder(run.train.resume, run.folder, &run.log);
        run.train.resume = run.folder;
        code = status ? cli_exit_code(status) : CLI_RUN;
    }
    if (code == CLI_RUN)
        code = check(&run, &given);
    if (code == CLI_RUN && run.train.resume)
        code = take_up(&run, &command, argc, argv, &given, &memory);
    if (code == CLI_RUN) {
        int status = ready(&run, &given);
        code = cli_exit_code(status ? status : train(&run));
    }
    free(memory);
    return code;
}
