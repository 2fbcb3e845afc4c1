// Recognises model files of other formats by their content.
#ifndef CLG_DATA_FOREIGN_H
#define CLG_DATA_FOREIGN_H

#include <clgan/base.h>

// True if the content is a known format other than safetensors, after a line that names the format and says
// how to convert it.
bool clg_foreign_refuse(const char *content, size_t size, const char *path, const struct clg_log *log);

#endif
