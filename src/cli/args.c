// The command line: words to fields through option tables, --help, and hints at what was meant.
#include "cli/cli.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// --- options by name ---------------------------------------------------------------------------
// The present name of an option.
static const char *present_name(const struct cli_command *command, const char *name)
{
    for (const struct cli_alias *a = command->aliases; a && a->former; a++)
        if (!strcmp(a->former, name))
            return a->name;
    return name;
}

static const struct cli_options *find_option(const struct cli_command *command, const char *name,
                                             const struct clg_option **row)
{
    for (const struct cli_options *o = command->options; o->table; o++)
        if ((*row = clg_option_find(o->table, present_name(command, name))))
            return o;
    return NULL;
}

// --- near words --------------------------------------------------------------------------------
static int least(int a, int b, int c)
{
    int m = a < b ? a : b;
    return m < c ? m : c;
}

// Damerau's distance on the first letters of both (names are short).
int cli_word_distance(const char *a, const char *b)
{
    enum { LETTERS = 30 };
    int cost[LETTERS + 1][LETTERS + 1];
    int n = (int)strnlen(a, LETTERS), m = (int)strnlen(b, LETTERS);
    for (int i = 0; i <= n; i++) {
        for (int j = 0; j <= m; j++) {
            if (i == 0 || j == 0) {
                cost[i][j] = i + j;
                continue;
            }
            bool same = a[i - 1] == b[j - 1];
            cost[i][j] = least(cost[i - 1][j] + 1, cost[i][j - 1] + 1, cost[i - 1][j - 1] + !same);
            bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
            if (swapped && cost[i - 2][j - 2] + 1 < cost[i][j])
                cost[i][j] = cost[i - 2][j - 2] + 1;
        }
    }
    return cost[n][m];
}

bool cli_word_near(const char *meant, int distance)
{
    return distance <= 1 + (int)strlen(meant) / 4;
}

// Is it the beginning of the option's name, or does it end in it, as "label-column" does in "column"?
static bool is_part(const char *name, const char *option)
{
    size_t n = strlen(name), m = strlen(option);
    bool ends = n > m && name[n - m - 1] == '-' && !strcmp(name + n - m, option);
    return ends || (n > 1 && !strncmp(option, name, n));
}

static const struct clg_option *nearest_option(const struct cli_command *command, const char *name)
{
    const struct clg_option *nearest = NULL;
    int distance = 0;
    for (const struct cli_options *o = command->options; o->table; o++) {
        for (const struct clg_option *row = o->table; row->name; row++) {
            int d = is_part(name, row->name) ? 1 : cli_word_distance(name, row->name);
            if (cli_word_near(row->name, d) && (!nearest || d < distance)) {
                nearest = row;
                distance = d;
            }
        }
    }
    for (const struct cli_alias *alias = command->aliases; alias && alias->former; alias++) {
        int d = cli_word_distance(name, alias->former);
        if (cli_word_near(alias->former, d) && (!nearest || d < distance)) {
            find_option(command, alias->former, &nearest);
            distance = d;
        }
    }
    return nearest;
}

// --- help --------------------------------------------------------------------------------------
static void print_help(const struct cli_command *command)
{
    printf("usage: %s\n\n%s\n", command->usage, command->about);
    for (const struct cli_options *o = command->options; o->table; o++) {
        printf("\n%s:\n", o->title);
        clg_options_help(o->table, o->params, stdout);
    }
    if (command->examples)
        printf("\nExamples:\n%s", command->examples);
}

int cli_usage_error(const char *command, const char *format, ...)
{
    char message[4096];
    va_list args;
    va_start(args, format);
    cli_message(message, sizeof message, format, args);
    va_end(args);
    fprintf(stderr, "clgan: %s (see: clgan %s%s--help)\n", message, cli_shown(command), *command ? " " : "");
    return CLI_USAGE;
}

// --- parsing -----------------------------------------------------------------------------------
static void remember(struct cli_given *given, const struct clg_option *row)
{
    int room = (int)(sizeof given->option / sizeof *given->option);
    if (given && given->n < room && !cli_was_given(given, row->name))
        given->option[given->n++] = row;
}

bool cli_was_given(const struct cli_given *given, const char *name)
{
    for (int i = 0; i < given->n; i++)
        if (!strcmp(given->option[i]->name, name))
            return true;
    return false;
}

static int unknown_option(const struct cli_command *command, const char *self, const char *name)
{
    const struct clg_option *meant = nearest_option(command, name);
    if (meant)
        return cli_usage_error(self, "unknown option --%s; did you mean --%s?", name, meant->name);
    return cli_usage_error(self, "unknown option --%s", name);
}

// The library says "lr 9: must be ...", which is --lr here.
static void print_refusal(void *user, enum clg_log_level level, const char *line)
{
    (void)user;
    (void)level;
    fprintf(stderr, "clgan: --%s\n", line);
}

// One option, at argv[*i]; its value may be the next word.
static int parse_option(const struct cli_command *command, int argc, char **argv, int *i,
                        struct cli_given *given)
{
    char name[64];
    const char *word = argv[*i] + 2, *equals = strchr(word, '=');
    size_t length = equals ? (size_t)(equals - word) : strlen(word);
    snprintf(name, sizeof name, "%.*s", (int)(length < sizeof name ? length : sizeof name - 1), word);
    const struct clg_option *row = NULL;
    const struct cli_options *o = find_option(command, name, &row);
    const char *value = equals ? equals + 1 : NULL;
    if (!o && !strncmp(name, "no-", 3) && !equals) {
        o = find_option(command, name + 3, &row);
        o = o && row->type == CLG_OPTION_BOOL ? o : NULL;
        value = "false";
    }
    if (!o)
        return unknown_option(command, argv[0], name);
    if (!value && row->type == CLG_OPTION_BOOL)
        value = "true";
    if (!value) {
        if (*i + 1 >= argc || !strncmp(argv[*i + 1], "--", 2))
            return cli_usage_error(argv[0], "--%s needs a value: --%s %s", name, name,
                                   row->metavar ? row->metavar : row->choices);
        value = argv[++*i];
    }
    if (row->type == CLG_OPTION_PATH)
        value = cli_path(value);
    const struct clg_log log = {print_refusal, NULL};
    if (clg_option_set(row, o->params, value, &log))
        return CLI_USAGE;
    remember(given, row);
    return CLI_RUN;
}

static bool asks_for_help(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h"))
            return true;
    return false;
}

// Files behind an option's one value: the shell made them of a pattern.
static int word_refuse(const char *command, const char *word)
{
    if (access(word, F_OK) == 0)
        return cli_usage_error(
            command, "unexpected word \"%s\": for all files of a pattern, give the folder that holds them",
            word);
    return cli_usage_error(command, "unexpected word \"%s\"", word);
}

int cli_parse(const struct cli_command *command, int argc, char **argv, struct cli_given *given)
{
    struct cli_given unused;
    given = given ? given : &unused;
    *given = (struct cli_given){0};
    if (asks_for_help(argc, argv)) {
        print_help(command);
        return CLI_OK;
    }
    for (int i = 1; i < argc; i++) {
        int code = CLI_RUN;
        if (!strncmp(argv[i], "--", 2) && argv[i][2])
            code = parse_option(command, argc, argv, &i, given);
        else if (command->word && !*command->word && (argv[i][0] != '-' || !argv[i][1]))
            *command->word = command->word_is_path ? cli_path(argv[i]) : argv[i];
        else if (argv[i][0] == '-' && argv[i][1])
            code = cli_usage_error(argv[0], "unknown option %s (options are written --name)", argv[i]);
        else
            code = word_refuse(argv[0], argv[i]);
        if (code != CLI_RUN)
            return code;
    }
    if (command->word && !*command->word)
        return cli_usage_error(argv[0], "%s is missing: %s", command->word_name, command->usage);
    return CLI_RUN;
}

int cli_exit_code(int status)
{
    switch (status) {
    case CLG_OK: return CLI_OK;
    case CLG_EINVAL:
    case CLG_ENODEV: return CLI_USAGE;
    case CLG_ENOMEM:
    case CLG_EDEVICE:
    case CLG_EBUILD: return CLI_DEVICE;
    case CLG_EIO:
    case CLG_EFORMAT:
    case CLG_EDATA: return CLI_DATA;
    default: return CLI_FAILURE;
    }
}
