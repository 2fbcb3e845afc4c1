// Matches names in a table with pictures by their longest common path suffix. Pictures are sorted by reversed
// path, so the best matches for a name are its neighbours.
#include "data/match.h"

#include "base/log.h"
#include "data/pictures.h"
#include "data/recode.h"

#include <clgan/text.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

// How the last components of two paths are compared, and the folders before them.
enum way { EXACT, CASELESS, STEM, WAYS }; // STEM: without the extension

struct clg_matcher {
    const struct clg_pictures *pictures;
    char *folder;     // absolute
    int *order[WAYS]; // all pictures, by reversed path
    int n;
};

// --- parts of paths ----------------------------------------------------------------------------
struct part {
    const char *begin, *end;
};

static struct part part_of(const char *path)
{
    return (struct part){path, path + strlen(path)};
}

static bool is_one(struct part name, const char *text)
{
    size_t n = strlen(text);
    return (size_t)(name.end - name.begin) == n && !memcmp(name.begin, text, n);
}

// Removes the last component of the path; false if there is none left.
static bool last_take(struct part *path, struct part *name)
{
    do {
        while (path->end > path->begin && path->end[-1] == '/')
            path->end--;
        name->begin = name->end = path->end;
        while (name->begin > path->begin && name->begin[-1] != '/')
            name->begin--;
        path->end = name->begin;
    } while (is_one(*name, "."));
    return name->end > name->begin;
}

static struct part stem_of(struct part name)
{
    static const char *const endings[] = {".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp"};
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        size_t n = strlen(endings[i]);
        if ((size_t)(name.end - name.begin) > n && !strncasecmp(name.end - n, endings[i], n))
            return (struct part){name.begin, name.end - n};
    }
    return name;
}

bool clg_match_has_ending(const char *name)
{
    struct part whole = part_of(name);
    return stem_of(whole).end != whole.end;
}

static int compare_names(struct part a, struct part b, enum way way)
{
    size_t n = (size_t)(a.end - a.begin), m = (size_t)(b.end - b.begin), both = n < m ? n : m;
    int order = way == CASELESS ? strncasecmp(a.begin, b.begin, both) : memcmp(a.begin, b.begin, both);
    return order ? order : (n > m) - (n < m);
}

// Compares reversed paths; *shared: how many components agree, counted from the end.
static int compare(struct part a, struct part b, enum way way, int *shared)
{
    struct part x, y;
    for (*shared = 0;; ++*shared) {
        bool has_x = last_take(&a, &x), has_y = last_take(&b, &y);
        if (!has_x || !has_y)
            return has_x - has_y;
        bool stems = way == STEM && *shared == 0;
        int order = stems ? compare_names(stem_of(x), stem_of(y), way) : compare_names(x, y, way);
        if (order)
            return order;
    }
}

static int names_count(struct part path)
{
    struct part name;
    int n = 0;
    while (last_take(&path, &name))
        n++;
    return n;
}

// The path without its last `n` components.
static struct part without_last(struct part path, int n)
{
    struct part name;
    while (n-- > 0)
        last_take(&path, &name);
    return path;
}

// --- the order of pictures ---------------------------------------------------------------------
struct ordering {
    const struct clg_pictures *pictures;
    enum way way;
};

static int by_reversed_path(const void *a, const void *b, void *user)
{
    const struct ordering *o = user;
    const int i = *(const int *)a, j = *(const int *)b;
    int shared, order = compare(part_of(clg_pictures_name(o->pictures, i)),
                                part_of(clg_pictures_name(o->pictures, j)), o->way, &shared);
    return order ? order : i - j;
}

int clg_matcher_new(struct clg_matcher **matcher, const struct clg_pictures *pictures,
                    const struct clg_log *log)
{
    struct clg_matcher *m = *matcher = calloc(1, sizeof *m);
    bool memory = m != NULL;
    if (m) {
        m->pictures = pictures;
        m->n = clg_pictures_count(pictures);
        m->folder = realpath(clg_pictures_folder(pictures), NULL); // NULL: it only helps
    }
    for (int way = 0; way < WAYS && memory; way++) {
        struct ordering ordering = {pictures, (enum way)way};
        int *order = m->order[way] = malloc((size_t)m->n * sizeof *order);
        memory = order != NULL;
        for (int i = 0; i < m->n && memory; i++)
            order[i] = i;
        if (memory)
            qsort_r(order, (size_t)m->n, sizeof *order, by_reversed_path, &ordering);
    }
    if (memory)
        return 0;
    clg_matcher_free(matcher);
    return clg_fail(log, CLG_ENOMEM, "out of memory for the names of pictures");
}

void clg_matcher_free(struct clg_matcher **matcher)
{
    if (!*matcher)
        return;
    for (int way = 0; way < WAYS; way++)
        free((*matcher)->order[way]);
    free((*matcher)->folder);
    free(*matcher);
    *matcher = NULL;
}

int clg_matcher_pictures(const struct clg_matcher *matcher)
{
    return matcher->n;
}

// --- looking up --------------------------------------------------------------------------------
static struct part picture_at(const struct clg_matcher *m, enum way way, int place)
{
    return part_of(clg_pictures_name(m->pictures, m->order[way][place]));
}

// The first position whose picture does not sort before the path.
static int place_of(const struct clg_matcher *m, enum way way, struct part path)
{
    int from = 0, to = m->n, shared;
    while (from < to) {
        int middle = from + (to - from) / 2;
        if (compare(picture_at(m, way, middle), path, way, &shared) < 0)
            from = middle + 1;
        else
            to = middle;
    }
    return from;
}

static int shared_at(const struct clg_matcher *m, enum way way, int place, struct part path)
{
    int shared = 0;
    if (place >= 0 && place < m->n)
        compare(picture_at(m, way, place), path, way, &shared);
    return shared;
}

// How many more components agree beyond the picture's relative path: those of the common folder.
static int shared_beyond(const struct clg_matcher *m, struct part path)
{
    int shared = 0;
    if (m->folder)
        compare(part_of(m->folder), path, EXACT, &shared);
    return shared;
}

// The picture at `place` shares `shared` components with the path, more than those before it; do others too?
static struct clg_found judge(const struct clg_matcher *m, enum way way, int place, struct part path,
                              int shared)
{
    struct clg_found found = {CLG_MATCH_LOOSE, m->order[way][place], 0, shared};
    int names = names_count(picture_at(m, way, place));
    bool all_of_picture = names == shared, all_of_path = names_count(path) == shared;
    bool next_too = shared_at(m, way, place + 1, path) == shared;
    bool next_equal = next_too && names_count(picture_at(m, way, place + 1)) == names;
    if (next_too && (!all_of_picture || next_equal)) {
        found.how = all_of_path || all_of_picture ? CLG_MATCH_SEVERAL : CLG_MATCH_NONE;
        found.other = m->order[way][place + 1];
    } else if (all_of_picture || all_of_path) {
        found.how = CLG_MATCH_SURE;
    }
    if (all_of_picture)
        found.shared += shared_beyond(m, without_last(path, shared));
    return found;
}

static struct clg_found find(const struct clg_matcher *m, enum way way, const char *name)
{
    struct part path = part_of(name);
    int place = place_of(m, way, path), shared = shared_at(m, way, place, path);
    int before = shared_at(m, way, place - 1, path);
    shared = before > shared ? before : shared;
    if (!shared)
        return (struct clg_found){CLG_MATCH_NONE};
    struct part rest = without_last(path, shared);
    place = place_of(m, way, (struct part){rest.end, path.end}); // the shortest of those that share as much
    return judge(m, way, place, path, shared);
}

static struct clg_found find_in(const struct clg_matcher *m, enum way way, const char *name)
{
    struct clg_found found = find(m, way, name);
    if (way == CASELESS && found.how != CLG_MATCH_NONE)
        found.how = CLG_MATCH_CASE;
    if (way == STEM && found.how == CLG_MATCH_SURE && clg_match_has_ending(name))
        found.how = CLG_MATCH_LOOSE;
    return found;
}

// --- names in other notations ------------------------------------------------------------------
enum reading { UNESCAPED = 1, RECODED = 2, SLASHES = 4, READINGS = 8 };

static void slashes_turn(char *name)
{
    for (; *name; name++)
        if (*name == '\\')
            *name = '/';
}

// The name read in this notation, to be freed; NULL if that gives nothing new.
static char *reading_of(const char *name, int reading)
{
    char *text = strdup(name);
    if (text && reading & UNESCAPED)
        clg_text_from_utf8(text);
    bool changed = text && (!(reading & UNESCAPED) || strcmp(text, name) != 0);
    if (changed && reading & RECODED) {
        char *recoded = clg_recode_latin(text);
        recoded = recoded ? recoded : clg_recode_to_latin(text);
        free(text);
        text = recoded;
        changed = text != NULL;
    }
    if (changed && reading & SLASHES) {
        changed = strchr(text, '\\') != NULL;
        slashes_turn(text);
    }
    if (changed)
        return text;
    free(text);
    return NULL;
}

struct clg_found clg_match(const struct clg_matcher *m, const char *name)
{
    struct clg_found found = {CLG_MATCH_NONE};
    for (int way = 0; way < WAYS; way++) {
        found = find_in(m, (enum way)way, name);
        for (int reading = 1; reading < READINGS && found.how == CLG_MATCH_NONE; reading++) {
            char *text = reading_of(name, reading);
            if (text)
                found = find_in(m, (enum way)way, text);
            free(text);
        }
        if (found.how != CLG_MATCH_NONE)
            break;
    }
    return found;
}
