// What commands write: JSON, folders.
#include "cli.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int cli_json_print(const struct cJSON *document, bool lines, const struct clg_log *log)
{
    char *text = lines ? cJSON_Print(document) : cJSON_PrintUnformatted(document);
    if (!text)
        return cli_fail(log, CLG_ENOMEM, "out of memory for the results");
    puts(text);
    cJSON_free(text);
    return 0;
}

static bool is_folder(const char *path)
{
    struct stat facts;
    return stat(path, &facts) == 0 && S_ISDIR(facts.st_mode);
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
