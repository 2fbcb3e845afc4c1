// A folder of pictures: every usable file below it, in an order that does not depend on the file system.
#ifndef CLG_DATA_FOLDER_H
#define CLG_DATA_FOLDER_H

#include "data/kind.h"

#include <clgan/data.h>

struct clg_folder {
    char *root;
    char **names; // relative to root, sorted by strcmp
    size_t n;
    uint64_t skipped;        // files skipped: one log line each, or counted in `others`
    struct clg_tally others; // skipped: unsupported pictures, archives, failed downloads
    char example[256];       // the name of one of them
    struct clg_tally silent; // skipped: not pictures at all, such as text
    uint64_t hidden;         // hidden files and folders, which are ignored
};

// Lists all files but hidden ones; the content, not the name, decides what is a picture. Damaged or
// unreadable pictures, and those too small for the crop, are named in the log; other files are counted.
int clg_folder_open(struct clg_folder *folder, const char *path, struct clg_crop crop,
                    const struct clg_log *log);
void clg_folder_close(struct clg_folder *folder); // accepts {0}

// Does the folder have this many usable pictures? Opens no more files than needed; logs nothing.
bool clg_folder_holds(const char *path, struct clg_crop crop, size_t least);

// CLG_EDATA, after a line saying what the folder has instead, if it has fewer than `least` usable pictures.
// Otherwise logs a line about other kinds of files, if there are any.
int clg_folder_need(const struct clg_folder *folder, size_t least, const struct clg_log *log);

// root/name; the caller frees it. NULL: out of memory.
char *clg_folder_path(const struct clg_folder *folder, size_t i);

#endif
