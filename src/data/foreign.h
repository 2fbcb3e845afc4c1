// Model files of other formats, told by their content.
#ifndef CLG_DATA_FOREIGN_H
#define CLG_DATA_FOREIGN_H

#include <clgan/base.h>

// When the content is that of a known format other than safetensors: logs one line that names it and says how
// to convert it, and returns true.
bool clg_foreign_refuse(const char *content, size_t size, const char *path, const struct clg_log *log);

#endif
