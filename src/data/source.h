// Where the caller says the pictures are: a folder, a file, or neither.
#ifndef CLG_DATA_SOURCE_H
#define CLG_DATA_SOURCE_H

#include <clgan/base.h>

enum clg_source { CLG_SOURCE_FOLDER, CLG_SOURCE_FILE };

// Classifies `path`. Refuses what does not exist, and names that begin with builtin:; `what` as in
// clg_path_missing.
int clg_source_find(const char *what, const char *path, enum clg_source *source, const struct clg_log *log);
// CLG_EFORMAT, after a line that says what kind of file this is, and that a folder is needed.
int clg_source_no_folder(const char *path, const struct clg_log *log);

// The same, but for archives only; 0 for other files.
int clg_source_no_archive(const char *path, const struct clg_log *log);

// Is this the name of the built-in set?
bool clg_source_is_faces(const char *path);

#endif
