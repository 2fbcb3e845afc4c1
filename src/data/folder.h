// A folder of pictures: every usable file below it, in an order that does not depend on the file system.
#ifndef CLG_DATA_FOLDER_H
#define CLG_DATA_FOLDER_H

#include <clgan/data.h>

struct clg_folder {
    char *root;
    char **names; // relative to root, sorted by strcmp
    size_t n;
    uint64_t skipped; // files with a picture's name that are none
};

// Lists .jpg, .jpeg and .png files in any case (hidden ones not) and looks at each header; files that are no
// usable picture, or too small for the crop, are named in the log and left out.
int clg_folder_open(struct clg_folder *folder, const char *path, struct clg_crop crop,
                    const struct clg_log *log);
void clg_folder_close(struct clg_folder *folder); // accepts {0}

// root/name; the caller's: free(). NULL when memory is out.
char *clg_folder_path(const struct clg_folder *folder, size_t i);

#endif
