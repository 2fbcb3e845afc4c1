// The .cl files that the library carries (generated table).
#ifndef CLG_DEVICE_SOURCES_H
#define CLG_DEVICE_SOURCES_H

struct clg_source {
    const char *name; // "conv.cl"
    const char *text;
};
extern const struct clg_source clg_sources[]; // ends in {0}

#endif
