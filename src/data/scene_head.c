// The body, the head's skin with its light and age, and the face's features.
#include "data/scene.h"

#include <math.h>

static const struct clg_colour white = {1, 1, 1}, black = {0.05f, 0.03f, 0.03f};

static struct clg_shape oval(float x, float y, float rx, float ry, float soft)
{
    return (struct clg_shape){.kind = CLG_SHAPE_OVAL, .x = x, .y = y, .rx = rx, .ry = ry, .soft = soft};
}

static struct clg_shape lens(float x, float y, float rx, float upper, float lower)
{
    return (struct clg_shape){
        .kind = CLG_SHAPE_LENS, .x = x, .y = y, .rx = rx, .upper = upper, .lower = lower};
}

static struct clg_shape with_turn(struct clg_shape shape, float turn)
{
    shape.turn = turn;
    return shape;
}

static struct clg_shape with_inside(struct clg_shape shape, const struct clg_shape *inside)
{
    shape.inside = inside;
    return shape;
}

static struct clg_shape with_light(const struct clg_scene *s, struct clg_shape shape, float x, float y,
                                   float rim)
{
    shape.shade_x = x * s->face.light_x * s->face.light;
    shape.shade_y = y * s->face.light_y * s->face.light;
    shape.shade_r = rim;
    return shape;
}

// A darker, warmer skin, for creases and shadows.
static struct clg_colour shadow_of(struct clg_colour skin)
{
    return (struct clg_colour){skin.r * 0.66f, skin.g * 0.54f, skin.b * 0.50f};
}

void clg_scene_body(struct clg_scene *s)
{
    struct clg_colour neck = clg_colour_scale(s->skin, 0.86f);
    float broad = 0.90f + 0.06f * s->wide - 0.12f * s->young, x = 0.25f * s->roll;
    struct clg_shape shoulders = oval(0, 1.42f, broad, 0.66f, 0);
    shoulders.squared = s->jaw > 0;
    clg_scene_add(s, with_light(s, shoulders, 0.25f, 0.1f, 0.22f), s->clothes, 1);
    clg_scene_add(s, oval(x, 0.80f, 0.285f, 0.17f, 0), clg_colour_scale(s->clothes, 0.72f), 1);
    clg_scene_add(s, oval(x, 0.78f, 0.25f, 0.15f, 0), neck, 1);
    struct clg_shape column = oval(x, 0.62f, 0.205f + 0.015f * s->wide - 0.03f * s->young, 0.30f, 0);
    column.squared = 1;
    const struct clg_shape *column_drawn = clg_scene_add(s, with_light(s, column, 0.22f, 0, 0.10f), neck, 1);
    struct clg_spot chin = clg_scene_spot(s, 0, 0.86f, 0);
    struct clg_shape shadow = oval(chin.x, chin.y + 0.08f, 0.27f, 0.17f, 0.12f);
    clg_scene_add(s, with_inside(shadow, column_drawn), shadow_of(s->skin), 0.60f);
}

static void ears_add(struct clg_scene *s)
{
    for (int side = -1; side <= 1; side += 2) {
        float u = 0.99f * (float)side;
        struct clg_spot spot = clg_scene_spot(s, u, 0.06f, -0.35f);
        spot.wide = 1;
        struct clg_shape ear = with_turn(oval(0, 0, 0.075f, 0.135f, 0), 0.16f * (float)side);
        clg_scene_add_at(s, spot, with_light(s, ear, 0.2f, 0.1f, 0.15f), clg_colour_scale(s->skin, 0.93f), 1);
        struct clg_shape hollow =
            with_turn(oval(0.012f * (float)side, 0, 0.035f, 0.08f, 0.05f), 0.16f * (float)side);
        clg_scene_add_at(s, spot, hollow, shadow_of(s->skin), 0.5f);
    }
}

static void lines_add(struct clg_scene *s)
{
    struct clg_colour crease = shadow_of(s->skin);
    float depth = 0.10f + 0.50f * s->old + 0.22f * (s->face.smile > 0 ? s->face.smile : 0);
    for (int side = -1; side <= 1; side += 2) {
        float w = (float)side;
        struct clg_spot fold = clg_scene_spot(s, 0.36f * w, 0.44f, 0);
        clg_scene_add_at(s, fold, with_turn(lens(0, 0, 0.10f, -0.018f, -0.002f), w * 1.05f), crease, depth);
        struct clg_spot bag = clg_scene_spot(s, 0.41f * w, 0.14f, 0);
        clg_scene_add_at(s, bag, lens(0, 0, 0.085f, 0.012f, 0.030f), crease, 0.10f + 0.45f * s->old);
        if (s->old > 0.15f) {
            struct clg_spot corner = clg_scene_spot(s, 0.74f, 0.0f, 0);
            corner = side > 0 ? corner : clg_scene_spot(s, -0.74f, 0.0f, 0);
            for (int k = -1; k <= 1; k++)
                clg_scene_add_at(
                    s, corner,
                    with_turn(lens(0, 0.022f * (float)k, 0.035f, -0.006f, 0.006f), 0.35f * w * (float)k),
                    crease, 0.5f * s->old);
        }
    }
    for (int k = 0; k < 3 && s->old > 0.1f; k++) {
        struct clg_spot brow = clg_scene_spot(s, 0, -0.42f - 0.10f * (float)k, 0);
        clg_scene_add_at(s, brow, lens(0, 0, 0.20f - 0.02f * (float)k, -0.016f, -0.002f), crease,
                         0.5f * s->old);
    }
}

void clg_scene_head(struct clg_scene *s)
{
    ears_add(s);
    struct clg_spot centre = clg_scene_spot(s, 0, 0, -0.86f);
    centre.wide = 1;
    struct clg_shape head = oval(0, 0, s->half_w, s->half_h, 0);
    head.taper = 0.27f - 0.07f * s->jaw - 0.05f * s->young;
    s->head = clg_scene_add_at(s, centre, with_light(s, head, 0.26f, 0.16f, 0.11f), s->skin, 1);
    struct clg_colour blush = clg_colour_mix(s->skin, (struct clg_colour){0.86f, 0.28f, 0.26f}, 0.5f);
    for (int side = -1; side <= 1; side += 2) {
        struct clg_spot cheek = clg_scene_spot(s, 0.52f * (float)side, 0.36f, 0);
        clg_scene_add_at(s, cheek, with_inside(oval(0, 0, 0.10f, 0.09f, 0.16f), s->head), blush,
                         0.30f + 0.15f * s->young);
    }
    struct clg_spot front = clg_scene_spot(s, 0.30f * s->face.light_x, -0.5f, 0);
    clg_scene_add_at(s, front, with_inside(oval(0, 0, 0.17f, 0.13f, 0.24f), s->head), white,
                     0.16f * s->face.light);
    struct clg_spot chin = clg_scene_spot(s, 0, 0.84f, 0);
    clg_scene_add_at(s, chin, oval(0, 0, 0.08f, 0.05f, 0.10f), white, 0.08f);
    clg_scene_add_at(s, chin, lens(0, -0.065f, 0.075f, 0.0f, 0.030f), shadow_of(s->skin), 0.28f);
    lines_add(s);
}

static void nose_add(struct clg_scene *s)
{
    struct clg_colour dark = shadow_of(s->skin);
    float tip_v = 0.33f + 0.03f * s->long_nose - 0.04f * s->young,
          broad = 1 + 0.15f * s->wide + 0.18f * s->face.skin;
    float light = s->face.light_x >= 0 ? 1.0f : -1.0f;
    struct clg_spot bridge = clg_scene_spot(s, 0, 0.12f, 0.10f), tip = clg_scene_spot(s, 0, tip_v, 0.24f);
    struct clg_spot base = clg_scene_spot(s, 0, tip_v + 0.055f, 0.14f);
    tip.wide = base.wide = 1;
    clg_scene_add_at(s, bridge, oval(-0.036f * light, 0.015f, 0.022f, 0.14f, 0.05f), dark,
                     0.20f + 0.16f * s->face.light);
    clg_scene_add_at(s, tip, oval(0, -0.002f, 0.062f * broad, 0.052f, 0.06f),
                     clg_colour_mix(s->skin, dark, 0.30f), 0.55f);
    for (int side = -1; side <= 1; side += 2) {
        float w = (float)side;
        clg_scene_add_at(s, base, oval(0.060f * broad * w, -0.006f, 0.026f, 0.026f, 0.02f),
                         clg_colour_mix(s->skin, dark, 0.55f), 0.7f);
        clg_scene_add_at(s, base,
                         with_turn(oval(0.030f * broad * w, 0.014f, 0.019f, 0.010f, 0.012f), -0.3f * w),
                         clg_colour_scale(dark, 0.5f), 0.85f);
    }
    clg_scene_add_at(s, base, lens(0, 0.018f, 0.07f * broad, 0.002f, 0.016f), dark, 0.7f);
    clg_scene_add_at(s, tip, oval(0.012f * light, -0.022f, 0.024f, 0.026f, 0.035f), white,
                     0.16f + 0.22f * s->face.light);
    clg_scene_add_at(s, bridge, oval(0.006f * light, -0.01f, 0.012f, 0.11f, 0.025f), white,
                     0.06f + 0.14f * s->face.light);
}

static void eye_add(struct clg_scene *s, float side)
{
    const struct clg_face *f = &s->face;
    float v = -0.03f + 0.04f * s->young, spread = 0.42f + 0.02f * s->wide;
    struct clg_spot spot = clg_scene_spot(s, spread * side, v, 0);
    float half = 0.098f + 0.008f * s->young, squint = f->smile > 0 ? 0.18f * f->smile : 0;
    float open = (0.034f + 0.036f * f->eye_open + 0.008f * s->young) * (1 - squint);
    float slant = -0.06f * side * (1 + s->long_nose);
    struct clg_colour rim = clg_colour_mix(shadow_of(s->skin), black, 0.72f);
    struct clg_colour pale = clg_colour_scale(clg_colour_mix(white, s->skin, 0.10f), 0.96f);

    clg_scene_add_at(s, spot, oval(0, -0.012f, 1.25f * half, 0.085f, 0.09f), shadow_of(s->skin), 0.34f);
    struct clg_shape opening = with_turn(lens(0, 0, half, -open, 0.72f * open), slant);
    const struct clg_shape *eye = clg_scene_add_at(s, spot, opening, pale, 1);
    float gaze = -0.018f * f->yaw, down = 0.008f * f->pitch - 0.004f;
    struct clg_shape iris = oval(gaze, -down, 0.050f, 0.050f, 0);
    iris.rx /= spot.wide; // round however the head is turned
    clg_scene_add_at(s, spot, with_inside(iris, eye), clg_colour_scale(s->iris, 0.55f), 1);
    iris.rx *= 0.80f;
    iris.ry *= 0.80f;
    iris.shade_y = 0.35f;
    clg_scene_add_at(s, spot, with_inside(iris, eye), s->iris, 1);
    iris.shade_y = 0;
    iris.rx *= 0.52f;
    iris.ry *= 0.52f;
    clg_scene_add_at(s, spot, with_inside(iris, eye), black, 1);
    clg_scene_add_at(s, spot, with_inside(with_turn(lens(0, 0, half, -open, -0.55f * open), slant), eye),
                     black, 0.35f);
    float glint = f->light_x > 0 ? 0.016f : -0.016f;
    clg_scene_add_at(s, spot, oval(gaze + glint, -0.018f, 0.013f, 0.013f, 0), white, 0.95f);
    clg_scene_add_at(s, spot,
                     with_turn(lens(0.008f * side, 0, 1.10f * half, -open - 0.022f, -open + 0.004f), slant),
                     rim, 0.95f);
    clg_scene_add_at(s, spot, with_turn(lens(0, 0.002f, half, 0.66f * open, 0.66f * open + 0.013f), slant),
                     rim, 0.45f);
    clg_scene_add_at(s, spot,
                     with_turn(lens(0, -0.010f, 1.05f * half, -open - 0.046f, -open - 0.034f), slant),
                     shadow_of(s->skin), 0.6f);
}

static void brow_add(struct clg_scene *s, float side)
{
    const struct clg_face *f = &s->face;
    float lift = 0.05f * f->mouth_open + 0.03f * f->eye_open, v = -0.25f - lift + 0.04f * s->young;
    struct clg_spot spot = clg_scene_spot(s, 0.43f * side, v, 0.03f);
    float thick = 0.014f + 0.026f * f->brow;
    float tilt = side * (0.10f - 0.14f * (f->smile < 0 ? f->smile : 0.3f * f->smile));
    struct clg_colour colour = clg_colour_mix(clg_colour_scale(s->hair, 0.72f), shadow_of(s->skin), 0.22f);
    struct clg_shape brow = with_turn(lens(0, 0.02f, 0.135f, -0.050f - thick, -0.050f + 0.6f * thick), tilt);
    brow.squared = 1;
    brow.soft = 0.012f;
    clg_scene_add_at(s, spot, brow, colour, 0.92f);
}

static void mouth_add(struct clg_scene *s)
{
    const struct clg_face *f = &s->face;
    float smile = f->smile,
          half = 0.145f + 0.035f * (smile > 0 ? smile : 0) - 0.02f * f->mouth_open + 0.008f * s->wide;
    float bend = 0.048f * smile, gap = 0.075f * f->mouth_open;
    float top = bend - 0.30f * gap - 0.005f, bottom = bend + gap + 0.005f;
    float upper = 0.026f - 0.006f * s->old, lower = 0.034f - 0.008f * s->old;
    struct clg_spot spot = clg_scene_spot(s, 0, 0.60f - 0.02f * s->young, 0.05f);
    float y = -0.35f * bend; // the corners rise more than the middle sinks
    clg_scene_add_at(s, spot, oval(0, y + bottom + 0.050f, 0.09f, 0.018f, 0.04f), shadow_of(s->skin), 0.40f);
    clg_scene_add_at(s, spot, lens(0, y, half, top - upper, top + 0.006f), clg_colour_scale(s->lips, 0.88f),
                     1);
    clg_scene_add_at(s, spot, lens(0, y, 0.96f * half, bottom - 0.006f, bottom + lower), s->lips, 1);
    clg_scene_add_at(s, spot, oval(0, y + bottom + 0.5f * lower, 0.05f, 0.008f, 0.02f), white, 0.22f);
    struct clg_colour inner = clg_colour_mix(black, (struct clg_colour){0.45f, 0.08f, 0.08f}, 0.45f);
    const struct clg_shape *opening = clg_scene_add_at(s, spot, lens(0, y, half, top, bottom), inner, 0.95f);
    if (gap > 0.012f) {
        float teeth = bend + 0.004f + 0.35f * gap;
        clg_scene_add_at(s, spot, with_inside(lens(0, y, 0.9f * half, top - 0.02f, teeth), opening),
                         (struct clg_colour){0.97f, 0.95f, 0.91f}, 1);
        clg_scene_add_at(s, spot,
                         with_inside(oval(0, y + bottom + 0.01f, 0.6f * half, 0.4f * gap, 0.01f), opening),
                         (struct clg_colour){0.80f, 0.36f, 0.36f}, 0.8f);
    }
    for (int side = -1; side <= 1; side += 2)
        clg_scene_add_at(s, spot, oval(half * 1.02f * (float)side, y + 0.002f, 0.014f, 0.016f, 0.02f),
                         shadow_of(s->skin), 0.6f);
}

void clg_scene_features(struct clg_scene *s)
{
    nose_add(s);
    mouth_add(s);
    for (int side = -1; side <= 1; side += 2) {
        eye_add(s, (float)side);
        brow_add(s, (float)side);
    }
}
