// What the data floor knows of an open set of pictures beyond <clgan/pictures.h>.
#ifndef CLG_DATA_PICTURES_H
#define CLG_DATA_PICTURES_H

#include <clgan/pictures.h>

// The folder that the pictures' names are relative to, as it was given.
const char *clg_pictures_folder(const struct clg_pictures *pictures);

#endif
