// Which picture a table means: by its name, by the end of a path from elsewhere, by its number.
#ifndef CLG_DATA_MATCH_H
#define CLG_DATA_MATCH_H

#include <clgan/pictures.h>

enum clg_match {
    CLG_MATCH_NONE,
    CLG_MATCH_SEVERAL, // `picture` and `other`, and perhaps more
    CLG_MATCH_CASE,    // `picture`, except for upper and lower case: not accepted
    CLG_MATCH_LOOSE,   // `picture`, although folders (train/1.png for test/1.png) or extensions differ
    CLG_MATCH_SURE,    // `picture`: one path ends in the other, or it is the picture's name without extension
};
struct clg_found {
    enum clg_match how;
    int picture, other;
    int shared; // how many path components agree: of two rows for one picture, the one with more wins
};

struct clg_matcher;
int clg_matcher_new(struct clg_matcher **matcher, const struct clg_pictures *pictures,
                    const struct clg_log *log);
void clg_matcher_free(struct clg_matcher **matcher);

int clg_matcher_pictures(const struct clg_matcher *matcher); // how many

// The picture that a table calls `name`. Understands Windows backslashes, absolute paths from other machines,
// Latin-1 names, and clgan's own escapes for odd bytes (<clgan/text.h>).
struct clg_found clg_match(const struct clg_matcher *matcher, const char *name);

// Does it end in .jpg, .jpeg or .png?
bool clg_match_has_ending(const char *name);

#endif
