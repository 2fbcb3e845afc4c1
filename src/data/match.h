// Which picture a table means: by its name, by the end of a path from elsewhere, by its number.
#ifndef CLG_DATA_MATCH_H
#define CLG_DATA_MATCH_H

#include <clgan/pictures.h>

enum clg_match {
    CLG_MATCH_NONE,
    CLG_MATCH_SEVERAL, // `picture` and `other`, and perhaps more
    CLG_MATCH_CASE,    // `picture`, were it not for upper and lower case: not taken
    CLG_MATCH_LOOSE,   // `picture`, though folders differ (train/1.png for test/1.png), or endings do
    CLG_MATCH_SURE,    // `picture`: one path ends in the other; or it is the picture's name without ending
};
struct clg_found {
    enum clg_match how;
    int picture, other;
    int shared; // how many folders and names agree: of two rows for one picture the better has more
};

struct clg_matcher;
int clg_matcher_new(struct clg_matcher **matcher, const struct clg_pictures *pictures,
                    const struct clg_log *log);
void clg_matcher_free(struct clg_matcher **matcher);

int clg_matcher_pictures(const struct clg_matcher *matcher); // how many

// The picture that a table calls `name`. Windows' backslashes, absolute paths of other machines, names in
// Latin-1 and what clgan itself writes for odd bytes (<clgan/text.h>) are understood.
struct clg_found clg_match(const struct clg_matcher *matcher, const char *name);

// Does it end as pictures do: .jpg, .jpeg or .png?
bool clg_match_has_ending(const char *name);

#endif
