// Hair behind the head and over the forehead, the beard, and glasses.
#include "data/scene.h"

#include <math.h>

static const struct clg_colour white = {1, 1, 1};

enum { BALD_BELOW_PERCENT = 5 };

static bool bald(const struct clg_scene *s)
{
    return s->face.hair_length * 100 < BALD_BELOW_PERCENT;
}

static struct clg_shape oval(float x, float y, float rx, float ry)
{
    return (struct clg_shape){.kind = CLG_SHAPE_OVAL, .x = x, .y = y, .rx = rx, .ry = ry};
}

static struct clg_shape lens(float x, float y, float rx, float upper, float lower)
{
    return (struct clg_shape){
        .kind = CLG_SHAPE_LENS, .x = x, .y = y, .rx = rx, .upper = upper, .lower = lower};
}

// The centre of the skull, which hardly moves when the head turns.
static struct clg_spot skull(const struct clg_scene *s)
{
    struct clg_spot spot = clg_scene_spot(s, 0, 0, -0.95f);
    spot.wide = 1;
    return spot;
}

static float long_hair(const struct clg_scene *s)
{
    float t = (s->face.hair_length - 0.35f) / 0.65f;
    return t > 0 ? t : 0;
}

void clg_scene_hair_behind(struct clg_scene *s)
{
    if (bald(s))
        return;
    float volume = s->face.hair_volume, length = long_hair(s);
    struct clg_colour back = clg_colour_scale(s->hair, 0.70f);
    struct clg_shape cap =
        oval(0, -0.10f, s->half_w + 0.02f + 0.09f * volume, s->half_h - 0.04f + 0.07f * volume);
    clg_scene_add_at(s, skull(s), cap, back, 1);
    if (length <= 0)
        return;
    float low = 0.10f + 0.95f * length; // where it ends
    float top = -0.45f, half = 0.5f * (low - top);
    struct clg_shape fall = oval(0, top + half, s->half_w + 0.05f + 0.10f * volume + 0.05f * length, half);
    fall.squared = 1;
    fall.shade_y = -0.12f;
    fall.shade_r = 0.06f;
    clg_scene_add_at(s, skull(s), fall, back, 1);
}

// Locks that hang in front of the shoulders.
static void locks_add(struct clg_scene *s)
{
    float length = long_hair(s), volume = s->face.hair_volume;
    if (length < 0.25f)
        return;
    float low = 0.10f + 0.95f * length, top = -0.30f, half = 0.5f * (low - top);
    for (int side = -1; side <= 1; side += 2) {
        float w = (float)side;
        struct clg_shape lock =
            oval(w * (s->half_w + 0.02f + 0.03f * volume), top + half, 0.085f + 0.05f * volume, half);
        lock.turn = -0.05f * w;
        lock.shade_x = -0.18f * w + 0.1f * s->face.light_x;
        lock.shade_r = 0.10f;
        clg_scene_add_at(s, skull(s), lock, clg_colour_scale(s->hair, 0.92f), 1);
    }
}

void clg_scene_hair_front(struct clg_scene *s)
{
    if (bald(s))
        return;
    const struct clg_face *f = &s->face;
    float volume = f->hair_volume, length = f->hair_length, grown = length < 0.35f ? length / 0.35f : 1;
    locks_add(s);
    // What stays free: the face below the hairline, from ear to ear.
    struct clg_spot face = clg_scene_spot(s, 0.16f * s->part, 0.0f, -0.45f);
    face.wide = 1;
    float hairline = 0.60f + 0.06f * s->old - 0.16f * grown * (0.5f + 0.5f * s->jaw);
    float free_w = s->half_w * (1.02f - 0.16f * (long_hair(s) > 0 ? 1 : 0.35f * grown));
    struct clg_shape opening = oval(0, 0.16f, free_w, s->half_h * (hairline + 0.26f));
    opening.turn = 0.30f * s->part * grown;
    opening.squared = s->jaw > 0.45f;
    const struct clg_shape *free = clg_scene_add_at(s, face, opening, white, 0);
    struct clg_shape cap = oval(0, -0.27f + 0.06f * grown, s->half_w + 0.025f + 0.085f * volume,
                                0.385f + 0.05f * grown + 0.10f * volume);
    cap.outside = free;
    // The hair's shadow on the forehead, then the hair.
    struct clg_shape shadow = cap;
    shadow.y += 0.035f;
    shadow.soft = 0.05f;
    shadow.inside = s->head;
    struct clg_shape lower = opening;
    lower.y += 0.035f;
    lower.soft = 0.06f;
    shadow.outside = clg_scene_add_at(s, face, lower, white, 0);
    clg_scene_add_at(s, skull(s), shadow, clg_colour_scale(s->skin, 0.45f), 0.40f);
    cap.shade_x = 0.22f * f->light_x * f->light;
    cap.shade_y = 0.22f * f->light_y * f->light;
    cap.shade_r = 0.12f;
    const struct clg_shape *hair = clg_scene_add_at(s, skull(s), cap, s->hair, 1);
    struct clg_shape shine = lens(0.10f * f->light_x, -0.42f - 0.05f * volume, 0.30f, -0.10f, -0.02f);
    shine.soft = 0.07f;
    shine.inside = hair;
    shine.outside = free;
    clg_scene_add_at(s, skull(s), shine, clg_colour_mix(s->hair, white, 0.35f), 0.20f + 0.35f * f->light);
}

void clg_scene_beard(struct clg_scene *s)
{
    float grown = s->face.beard;
    if (grown < 0.02f)
        return;
    struct clg_colour colour = clg_colour_mix(clg_colour_scale(s->hair, 0.85f), s->skin, 0.12f);
    struct clg_spot spot = clg_scene_spot(s, 0, 0.0f, -0.60f), lip = clg_scene_spot(s, 0, 0.47f, 0.06f);
    spot.wide = 1;
    // From below the cheeks to a little past the chin; the mouth's surroundings stay free under the lip.
    struct clg_shape cheeks = oval(0, -0.04f, (0.84f + 0.06f * s->wide) * s->half_w, 0.66f * s->half_h);
    cheeks.soft = 0.03f;
    const struct clg_shape *free = clg_scene_add_at(s, spot, cheeks, white, 0);
    struct clg_spot centre = clg_scene_spot(s, 0, 0, -0.86f);
    centre.wide = 1;
    struct clg_shape beard =
        oval(0, 0.15f, 1.0f * s->half_w, s->half_h - 0.135f + 0.05f * s->face.hair_volume);
    beard.taper = 0.24f;
    beard.outside = free;
    beard.soft = 0.025f;
    beard.shade_x = 0.2f * s->face.light_x * s->face.light;
    clg_scene_add_at(s, centre, beard, colour, 0.93f * grown);
    struct clg_shape moustache = lens(0, 0.030f, 0.165f, -0.050f, 0.012f);
    moustache.squared = 1;
    moustache.soft = 0.02f;
    clg_scene_add_at(s, lip, moustache, colour, 0.93f * grown);
}

void clg_scene_glasses(struct clg_scene *s)
{
    float worn = s->face.glasses;
    if (worn < 0.02f)
        return;
    bool round = s->part > 0;
    struct clg_colour frame =
        s->jaw > 0 ? (struct clg_colour){0.10f, 0.09f, 0.10f} : (struct clg_colour){0.42f, 0.26f, 0.14f};
    float v = -0.01f + 0.04f * s->young;
    for (int side = -1; side <= 1; side += 2) {
        float w = (float)side;
        struct clg_spot spot = clg_scene_spot(s, 0.43f * w, v, 0.08f);
        struct clg_shape glass = oval(0, 0, round ? 0.145f : 0.155f, round ? 0.135f : 0.110f);
        glass.squared = !round;
        clg_scene_add_at(s, spot, glass, white, 0.10f * worn);
        struct clg_shape glare = lens(-0.04f, -0.03f, 0.07f, -0.012f, 0.012f);
        glare.turn = -0.8f;
        clg_scene_add_at(s, spot, glare, white, 0.30f * worn);
        glass.ring = 0.026f;
        clg_scene_add_at(s, spot, glass, frame, 0.95f * worn);
        struct clg_spot temple = clg_scene_spot(s, 0.90f * w, v - 0.02f, -0.05f);
        temple.wide = 1;
        clg_scene_add_at(s, temple, lens(0, 0, 0.07f, -0.012f, 0.012f), frame, 0.9f * worn);
    }
    struct clg_spot nose = clg_scene_spot(s, 0, v - 0.03f, 0.16f);
    clg_scene_add_at(s, nose, lens(0, 0, 0.075f, -0.030f, -0.004f), frame, 0.95f * worn);
}
