// Files that appear whole or not at all, and whole files read into memory.
#ifndef CLG_BASE_FILE_H
#define CLG_BASE_FILE_H

#include <clgan/base.h>
#include <stdio.h>
#include <sys/stat.h>

// A file being written under a temporary name beside `path`. commit syncs and renames it; abort removes it.
struct clg_file {
    FILE *stream;
    char *path, *temporary;
};
int clg_file_create(struct clg_file *file, const char *path, const struct clg_log *log);
int clg_file_commit(struct clg_file *file, const struct clg_log *log); // closes in any case
void clg_file_abort(struct clg_file *file); // closes and removes; harmless when closed

// Removes what killed processes left of files with names from `prefix` on that they were writing to `folder`.
void clg_file_remove_parts(const char *folder, const char *prefix);

// Opens a regular file for reading; the caller closes it. *facts is its stat. Refuses anything else, such as a
// named pipe, without waiting for it. Negative: an error.
int clg_file_open(const char *path, struct stat *info, const struct clg_log *log);
size_t clg_file_prefix(int fd, void *bytes, size_t n); // its first bytes, up to n: how many there are

// The whole file, one 0 byte added behind it; the caller's: free(). More than `limit` bytes is CLG_EFORMAT.
int clg_file_read(const char *path, size_t limit, char **content, size_t *size, const struct clg_log *log);

// The whole file as read-only memory, paged in as it is touched. Empty files are CLG_EFORMAT.
int clg_file_map(const char *path, const char **content, size_t *size, const struct clg_log *log);
void clg_file_unmap(const char **content, size_t size); // NULL is fine

// The path from the root, without "./" and double or trailing slashes; links in it stay. As it is, when it is
// too long.
void clg_path_absolute(const char *path, char *absolute, size_t size);

bool clg_file_exists(const char *path);
int clg_file_remove(const char *path, const struct clg_log *log);

// Creates a folder and its parents; one that exists is fine.
int clg_folder_create(const char *path, const struct clg_log *log);

// Seconds on a clock that never goes back.
double clg_seconds(void);

#endif
