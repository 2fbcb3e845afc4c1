// What commands write: JSON, folders.
#include "cli/cli.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int cli_json_print(const struct cJSON *document, bool lines, const struct clg_log *log)
{
    char *raw = lines ? cJSON_Print(document) : cJSON_PrintUnformatted(document);
    size_t size = raw ? clg_text_to_json(raw, NULL, 0) + 1 : 0;
    char *text = raw ? malloc(size) : NULL;
    if (text) {
        clg_text_to_json(raw, text, size);
        puts(text);
    }
    free(text);
    cJSON_free(raw);
    return text ? 0 : cli_fail(log, CLG_ENOMEM, "out of memory for the results");
}

static const char *in_form(const char *name, enum clg_text_form form)
{
    enum { KEPT = 16 };
    static char *kept[KEPT];
    static int next;
    char **text = &kept[next++ % KEPT];
    size_t size = clg_text_to_utf8(name, form, NULL, 0) + 1;
    free(*text);
    *text = malloc(size);
    if (!*text)
        return "(out of memory)";
    clg_text_to_utf8(name, form, *text, size);
    return *text;
}

const char *cli_shown(const char *name)
{
    return in_form(name, CLG_TEXT_MESSAGE);
}

const char *cli_line(const char *name)
{
    return in_form(name, CLG_TEXT_LINE);
}

void cli_csv_print(const char *name, FILE *file)
{
    const char *text = in_form(name, CLG_TEXT_NAME);
    bool quoted = text[strcspn(text, ",\"\r\n")] || *text == ' ' || (*text && text[strlen(text) - 1] == ' ');
    if (!quoted) {
        fputs(text, file);
        return;
    }
    putc('"', file);
    for (; *text; text++)
        fprintf(file, *text == '"' ? "\"\"" : "%c", *text);
    putc('"', file);
}

static bool is_folder(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

int cli_folder_create(const char *path, const struct clg_log *log)
{
    char *part = strdup(path);
    int error = !part ? ENOMEM : *part ? 0 : ENOENT;
    for (char *end = part; !error && end;) {
        end = strchr(end + 1, '/');
        if (end)
            *end = 0;
        if (mkdir(part, 0777) && !is_folder(part))
            error = errno == EEXIST ? ENOTDIR : errno;
        if (end)
            *end = '/';
    }
    free(part);
    return error ? cli_fail(log, CLG_EIO, "cannot create the folder %s: %s", path, strerror(error)) : 0;
}
