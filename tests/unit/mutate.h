// Kernels made wrong on purpose, in a folder that a device reads them from.
#ifndef CLGAN_TESTS_MUTATE_H
#define CLGAN_TESTS_MUTATE_H

#include "ops_fixture.h"

#include "base/sources.h"

// A change to a .cl file that makes it wrong without stopping it: the first `from` becomes `to`.
struct defect {
    const char *file, *from, *to;
};

static inline void defect_write(const char *folder, const struct defect *defect)
{
    char path[256];
    const struct clg_source *s = clg_sources;
    while (s->name && strcmp(s->name, defect->file))
        s++;
    const char *at = s->name ? strstr(s->text, defect->from) : NULL;
    if (!at)
        fail_msg("%s has no \"%s\" to change", defect->file, defect->from);
    snprintf(path, sizeof path, "%s/%s", folder, defect->file);
    FILE *file = fopen(path, "w");
    fprintf(file, "%.*s%s%s", (int)(at - s->text), s->text, defect->to, at + strlen(defect->from));
    fclose(file);
}

static inline void folder_clear(const char *folder)
{
    char command[128];
    snprintf(command, sizeof command, "rm -rf %s/*", folder);
    assert_int_equal(system(command), 0);
}

#endif
