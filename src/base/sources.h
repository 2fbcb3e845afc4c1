// Files that the library carries, from tables that embed.py generates.
#ifndef CLG_BASE_SOURCES_H
#define CLG_BASE_SOURCES_H

struct clg_source {
    const char *name; // "element.cl"
    const char *text;
};
extern const struct clg_source clg_sources[];      // cl/*.cl; ends with {0}
extern const struct clg_source clg_page_sources[]; // src/report/page.css and page.js

#endif
