// What the commands share: options from several tables, the device they ask for, progress, exit codes.
#ifndef CLG_CLI_CLI_H
#define CLG_CLI_CLI_H

#include <clgan/clgan.h>
#include <stdarg.h>

// --- commands: argv[0] is the command's name; they return the exit code ------------------------
int cmd_devices(int argc, char **argv);
int cmd_describe(int argc, char **argv);
int cmd_train(int argc, char **argv);
int cmd_generate(int argc, char **argv);
int cmd_data(int argc, char **argv);
int cmd_layers(int argc, char **argv);
int cmd_bench(int argc, char **argv);
int cmd_tune(int argc, char **argv);
int cmd_interpolate(int argc, char **argv);
int cmd_arithmetic(int argc, char **argv);
int cmd_project(int argc, char **argv);
int cmd_inspect(int argc, char **argv);
int cmd_features(int argc, char **argv);
int cmd_classify(int argc, char **argv);
int cmd_nearest(int argc, char **argv);
int cmd_doctor(int argc, char **argv);

enum {
    CLI_OK = 0,
    CLI_FAILURE = 1, // a number is not finite, or anything else
    CLI_USAGE = 2,   // an option is wrong, or there is no such device
    CLI_DEVICE = 3,  // the device fails, a kernel does not compile, memory is short
    CLI_DATA = 4,    // a file or folder cannot be read or written, or has unexpected content
    CLI_RUN = -1,    // cli_parse: go on, the command is well formed
};
// The exit code for a CLG_E... code.
int cli_exit_code(int status);

// --- arguments ---------------------------------------------------------------------------------
struct cli_run;
// One table of options over one struct, with a title for --help.
struct cli_options {
    const char *title;
    const struct clg_option *table;
    void *params;
};
// A former name of an option, which still works.
struct cli_alias {
    const char *former, *name;
};

struct cli_command {
    const char *usage;                 // "clgan train --data DIR [options]"
    const char *about;                 // a line or two
    const char *examples;              // lines, or NULL
    const struct cli_options *options; // ends in {0}
    const char **word;                 // where the one word that is no option goes; NULL: there is none
    const char *word_name;             // what it is called when it is missing: "PICTURE"
    bool word_is_path;
    const struct cli_alias *aliases; // former names of options, ends in {0}; may be NULL
    // For cli_run; state is the command's own.
    int (*check)(struct cli_run *run, void *state);   // do the options fit together? CLI_RUN, or an exit code
    int (*prepare)(struct cli_run *run, void *state); // all that needs no device; may be NULL
    int (*body)(struct cli_run *run, void *state);
    void (*release)(void *state); // called in any case, before the device is closed; may be NULL
};
// What was on the command line.
struct cli_given {
    const struct clg_option *option[64];
    int n;
};
// Sets the options' fields from argv[1..]: --name value, --name=value, --name and --no-name for a bool; and
// the word, which must be there. Prints --help, or what is wrong with a hint at the nearest name. CLI_RUN, or
// the exit code to end with. `given` may be NULL.
int cli_parse(const struct cli_command *command, int argc, char **argv, struct cli_given *given);
bool cli_was_given(const struct cli_given *given, const char *name);
// Complains in one line that ends in a hint at --help; returns CLI_USAGE.
int cli_usage_error(const char *command, const char *format, ...) CLG_PRINTF(2, 3);

// How many letters to insert, remove, replace or swap to turn one word into the other.
int cli_word_distance(const char *a, const char *b);
// Is the word at `distance` near enough to be what was meant?
bool cli_word_near(const char *meant, int distance);

// --- progress ----------------------------------------------------------------------------------
// One line on stderr that is rewritten on a terminal; elsewhere a plain line every few seconds.
struct cli_progress {
    bool terminal, shown;
    double last; // when a line was last written, in seconds
};
struct cli_progress cli_progress_new(void);
// now: write it however recent the last one is.
void cli_progress_line(struct cli_progress *progress, bool now, const char *format, ...) CLG_PRINTF(3, 4);
// The same for a count: "judging 64/2000  812/s  ETA 0:03". start: cli_seconds() when it began.
void cli_progress_count(struct cli_progress *progress, const char *what, int done, int total, double start);
// Ends the line (keep) or takes it away.
void cli_progress_end(struct cli_progress *progress, bool keep);
// For clg_device_params: kernels being compiled. user is the struct cli_progress.
clg_progress_fn cli_compile_progress;
// Library lines on stderr without disturbing the progress line (may be NULL); information only when verbose.
struct clg_log cli_log(struct cli_progress *progress, bool verbose);
// A formatted message as one line of UTF-8 (<clgan/text.h>), whatever names are in it.
void cli_message(char *message, size_t size, const char *format, va_list args);
// To hand to what may fail unheard.
extern const struct clg_log cli_log_silent;
// Logs an error and returns its code.
int cli_fail(const struct clg_log *log, int status, const char *format, ...) CLG_PRINTF(3, 4);
void cli_warn(const struct clg_log *log, const char *format, ...) CLG_PRINTF(2, 3);
// "1:23" or "2:01:23".
void cli_duration_text(double seconds, char *text, size_t size);
// Seconds on a clock that never goes back.
double cli_seconds(void);

// --- devices -----------------------------------------------------------------------------------
struct cli_device_options {
    const char *device, *kernels, *variant;
    bool exact, no_cache, no_tuning, profile, verbose;
};
extern const struct clg_option cli_device_table[];
// --device from CLGAN_DEVICE.
struct cli_device_options cli_device_defaults(void);
// Opens it; when none or several match, lists what there is.
int cli_device_open(struct clg_device **device, const struct cli_device_options *options,
                    struct cli_progress *progress);
// The same with another log, and without the list.
int cli_device_open_quietly(struct clg_device **device, const struct cli_device_options *options,
                            struct cli_progress *progress, const struct clg_log *log);
// "21.5 GiB", into text, which is returned.
const char *cli_bytes_text(uint64_t bytes, char text[16]);
// One line for each device; `marked` (a position, or -1) is pointed at.
void cli_devices_print(const struct clg_device_info *list, int count, int marked, FILE *file);

// Warns of drivers that are left out or cannot be loaded; returns how many are left out.
int cli_drivers_warn(const struct clg_driver *list, int count, const struct clg_log *log);
// Adds them as the array "drivers".
struct cJSON;
void cli_drivers_json(struct cJSON *object, const struct clg_driver *list, int count);

// --- running a command (run.c) -----------------------------------------------------------------
struct cli_run {
    struct cli_given given;
    struct cli_device_options device_options;
    struct clg_log log;
    struct cli_progress progress;
    struct clg_device *device;
    bool opens_device_later; // set by check or prepare: the body calls cli_run_open where it needs the device
};
// Parses, with the device's options after the command's, checks, prepares, opens the device, runs the body, ends
// the progress line, prints the profile on stderr, releases, and closes the device. Returns the exit code.
int cli_run(const struct cli_command *command, int argc, char **argv, void *state);
int cli_run_open(struct cli_run *run);

// --- output ------------------------------------------------------------------------------------
// Prints a document, whose texts may be any bytes, on stdout, on several lines or one. 0, or CLG_ENOMEM after
// a line in the log.
int cli_json_print(const struct cJSON *document, bool lines, const struct clg_log *log);
// A name or path to show to people, and as a line of a list (<clgan/text.h>). Valid until 16 calls later.
const char *cli_shown(const char *name);
const char *cli_line(const char *name);
// A name as a field of CSV, in quotes where it needs them.
void cli_csv_print(const char *name, FILE *file);

// --- who reads it (reader.c) --------------------------------------------------------------------
// First of all: looks at stdout and stderr, and opens what is closed of them as /dev/null.
void cli_reader_begin(void);
// Has stdout or stderr lost its reader: a pipe's other end, a terminal? (Not a terminal where SIGHUP
// is ignored.)
bool cli_reader_gone(void);
// fflush(stdout), which notes when it fails.
void cli_output_flush(void);
// Why stdout could not be written: an errno, or -1 for unknown. 0: it could, or its reader is gone.
int cli_output_error(void);

// --- paths and pictures (paths.c, output.c) -----------------------------------------------------
// "~/x" and "~user/x" with the home in the place of ~; others as they are. Valid to the program's end.
// Options of type CLG_OPTION_PATH have gone through it.
const char *cli_path(const char *text);
bool cli_same_folder(const char *a, const char *b); // however they are spelled
// Can the folder be written to, or be made? The file be written; a picture, which its name's end tells? 0 or
// CLG_EIO (a picture's name: CLG_EINVAL), after one line in the log. To be asked before a device is opened.
int cli_folder_check(const char *path, const struct clg_log *log);
int cli_file_check(const char *path, const struct clg_log *log);
int cli_picture_check(const char *path, const struct clg_log *log);
// The first of "name", "name-2", "name-3" ... that is not there, or empty. False: it is too long.
bool cli_folder_unused(const char *name, char *path, size_t size);
// Creates a folder and its parents. 0 or CLG_EIO, after one line in the log.
int cli_folder_create(const char *path, const struct clg_log *log);

#endif
