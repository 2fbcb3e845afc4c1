// Internals of an open set of pictures, beyond <clgan/pictures.h>.
#ifndef CLG_DATA_PICTURES_H
#define CLG_DATA_PICTURES_H

#include <clgan/pictures.h>

// The folder that the names are relative to, as the caller gave it.
const char *clg_pictures_folder(const struct clg_pictures *pictures);

#endif
