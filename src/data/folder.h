// A folder of pictures: every usable file below it, in an order that does not depend on the file system.
#ifndef CLG_DATA_FOLDER_H
#define CLG_DATA_FOLDER_H

#include "data/kind.h"

#include <clgan/data.h>

struct clg_folder {
    char *root;
    char **names; // relative to root, sorted by strcmp
    size_t n;
    uint64_t skipped;        // files left out after a line in the log, or counted in `others`
    struct clg_tally others; // left out: pictures of other kinds, archives, failed downloads
    char example[256];       // of them, one name
    struct clg_tally silent; // left out: plainly no pictures, as text
    uint64_t hidden;         // files and folders that are not looked at
};

// Lists all files but hidden ones and tells pictures by their content, whatever they are called. Damaged
// pictures, files that cannot be read, and pictures too small for the crop are named in the log; files of
// other kinds are counted.
int clg_folder_open(struct clg_folder *folder, const char *path, struct clg_crop crop,
                    const struct clg_log *log);
void clg_folder_close(struct clg_folder *folder); // accepts {0}

// Does the folder have this many usable pictures? Opens only as many files as it takes to know; logs nothing.
bool clg_folder_holds(const char *path, struct clg_crop crop, size_t least);

// CLG_EDATA, after a line that says what there is instead, when the folder has fewer usable pictures than
// `least`. Else a line for the files of other kinds, if there are any.
int clg_folder_need(const struct clg_folder *folder, size_t least, const struct clg_log *log);

// root/name; the caller's: free(). NULL when memory is out.
char *clg_folder_path(const struct clg_folder *folder, size_t i);

#endif
