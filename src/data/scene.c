// A face from its parameters: colours and pose first, then its parts from back to front.
#include "data/scene.h"

#include <math.h>

static float bound(float v, float low, float high)
{
    return v >= low ? v <= high ? v : high : low; // NaN becomes low
}

struct clg_colour clg_colour_mix(struct clg_colour a, struct clg_colour b, float t)
{
    return (struct clg_colour){a.r + (b.r - a.r) * t, a.g + (b.g - a.g) * t, a.b + (b.b - a.b) * t};
}

struct clg_colour clg_colour_scale(struct clg_colour a, float factor)
{
    return (struct clg_colour){a.r * factor, a.g * factor, a.b * factor};
}

// Interpolates between the n colours of a palette.
static struct clg_colour palette(const struct clg_colour *colours, int n, float t)
{
    float at = t * (float)(n - 1);
    int i = at < (float)(n - 2) ? (int)at : n - 2;
    return clg_colour_mix(colours[i], colours[i + 1], at - (float)i);
}

static const struct clg_colour skins[] = {
    {0.99f, 0.87f, 0.79f}, {0.95f, 0.78f, 0.66f}, {0.88f, 0.68f, 0.53f}, {0.76f, 0.55f, 0.39f},
    {0.60f, 0.40f, 0.27f}, {0.45f, 0.29f, 0.20f}, {0.32f, 0.21f, 0.15f},
};
static const struct clg_colour hairs[] = {
    {0.07f, 0.06f, 0.07f}, {0.16f, 0.10f, 0.08f}, {0.30f, 0.18f, 0.11f}, {0.45f, 0.27f, 0.14f},
    {0.58f, 0.26f, 0.12f}, {0.72f, 0.52f, 0.28f}, {0.90f, 0.76f, 0.48f},
};
static const struct clg_colour irises[] = {
    {0.18f, 0.10f, 0.06f}, {0.36f, 0.20f, 0.09f}, {0.48f, 0.35f, 0.15f},
    {0.32f, 0.47f, 0.26f}, {0.24f, 0.46f, 0.68f}, {0.48f, 0.58f, 0.66f},
};

static struct clg_face face_bounded(const struct clg_face *face)
{
    struct clg_face f = *face;
    float *const unit[] = {&f.skin,     &f.hair_tone, &f.hair_length,  &f.hair_volume,  &f.eye_tone,
                           &f.eye_open, &f.brow,      &f.mouth_open,   &f.glasses,      &f.beard,
                           &f.age,      &f.light,     &f.background_r, &f.background_g, &f.background_b};
    float *const sign[] = {&f.smile, &f.yaw, &f.pitch, &f.roll, &f.light_x, &f.light_y};
    for (size_t i = 0; i < sizeof unit / sizeof *unit; i++)
        *unit[i] = bound(*unit[i], 0, 1);
    for (size_t i = 0; i < sizeof sign / sizeof *sign; i++)
        *sign[i] = bound(*sign[i], -1, 1);
    return f;
}

// People differ in more than their parameters: smooth functions of those that are constant for a person.
static void person_make(struct clg_scene *s)
{
    const struct clg_face *f = &s->face;
    s->wide = sinf(9.1f * f->brow + 3.3f * f->skin + 1.0f);
    s->long_nose = sinf(7.7f * f->eye_tone + 5.1f * f->brow);
    s->jaw = sinf(6.3f * f->hair_volume + 4.7f * f->eye_tone + 2.0f);
    s->part = sinf(12.0f * f->hair_volume + 3.0f * f->hair_tone);
    s->old = bound((f->age - 0.5f) / 0.5f, 0, 1);
    s->young = bound((0.3f - f->age) / 0.3f, 0, 1);
    float grey = bound((f->age - 0.68f) / 0.25f, 0, 1);
    s->skin = palette(skins, 7, f->skin);
    s->hair = clg_colour_mix(palette(hairs, 7, f->hair_tone), (struct clg_colour){0.80f, 0.79f, 0.78f},
                             0.85f * grey);
    s->iris = palette(irises, 6, f->eye_tone);
    float rosy = 0.5f + 0.5f * sinf(5.0f * f->hair_length + 3.0f * f->brow);
    s->lips = clg_colour_mix(s->skin, (struct clg_colour){0.72f, 0.22f, 0.24f}, 0.40f + 0.25f * rosy);
    s->lips = clg_colour_scale(s->lips, 0.92f);
    float hue = 6.28f * (1.7f * f->brow + 1.3f * f->hair_volume);
    struct clg_colour vivid = {0.45f + 0.33f * sinf(hue), 0.42f + 0.26f * sinf(hue + 2.1f),
                               0.48f + 0.33f * sinf(hue + 4.2f)};
    float tone = 0.48f + 0.40f * sinf(2.3f * hue); // from nearly black to nearly white
    s->clothes =
        clg_colour_mix(vivid, (struct clg_colour){tone, tone, 1.04f * tone}, 0.5f + 0.5f * sinf(1.4f * hue));
}

static void pose_make(struct clg_scene *s)
{
    float yaw = 0.36f * s->face.yaw, pitch = 0.24f * s->face.pitch;
    s->yaw_c = cosf(yaw);
    s->yaw_s = sinf(yaw);
    s->pitch_c = cosf(pitch);
    s->pitch_s = sinf(pitch);
    s->roll = 0.16f * s->face.roll;
    s->roll_c = cosf(s->roll);
    s->roll_s = sinf(s->roll);
    s->half_w = 0.475f + 0.018f * s->wide + 0.012f * s->young;
    s->half_h = 0.625f - 0.015f * s->wide - 0.035f * s->young;
}

static struct clg_spot turned(const struct clg_scene *s, float x, float y, float wide)
{
    const float neck = 0.45f; // the head leans about this point
    float dy = y - neck;
    return (struct clg_spot){s->roll_c * x - s->roll_s * dy, s->roll_s * x + s->roll_c * dy + neck - 0.03f,
                             wide};
}

struct clg_spot clg_scene_spot(const struct clg_scene *s, float u, float v, float out)
{
    float rest = 1 - u * u - 0.55f * v * v;
    float depth = sqrtf(rest > 0.06f ? rest : 0.06f);
    float x = u * s->yaw_c + (depth + out) * s->yaw_s;
    float y = v * s->pitch_c + 0.6f * (depth + out) * s->pitch_s;
    float wide = s->yaw_c - s->yaw_s * u / depth;
    return turned(s, s->half_w * x, s->half_h * y, bound(wide, 0.55f, 1.25f));
}

const struct clg_shape *clg_scene_add(struct clg_scene *s, struct clg_shape shape, struct clg_colour colour,
                                      float alpha)
{
    if (s->n == CLG_SCENE_SHAPES)
        return &s->shapes[s->n - 1];
    shape.rgb[0] = colour.r;
    shape.rgb[1] = colour.g;
    shape.rgb[2] = colour.b;
    shape.alpha = alpha;
    s->shapes[s->n] = shape;
    return &s->shapes[s->n++];
}

const struct clg_shape *clg_scene_add_at(struct clg_scene *s, struct clg_spot spot, struct clg_shape shape,
                                         struct clg_colour colour, float alpha)
{
    float x = shape.x * spot.wide, y = shape.y;
    shape.x = spot.x + s->roll_c * x - s->roll_s * y;
    shape.y = spot.y + s->roll_s * x + s->roll_c * y;
    shape.rx *= spot.wide;
    shape.turn += s->roll;
    return clg_scene_add(s, shape, colour, alpha);
}

static void background_add(struct clg_scene *s)
{
    const struct clg_face *f = &s->face;
    struct clg_colour colour = {f->background_r, f->background_g, f->background_b};
    struct clg_shape all = {.kind = CLG_SHAPE_OVAL,
                            .rx = 3,
                            .ry = 3,
                            .shade_x = 0.5f * f->light_x * f->light,
                            .shade_y = 0.35f * f->light_y * f->light + 0.15f,
                            .shade_r = 0.7f};
    clg_scene_add(s, all, colour, 1);
    struct clg_shape glow = {
        .kind = CLG_SHAPE_OVAL, .x = 0.4f * f->light_x, .y = -0.3f, .rx = 0.75f, .ry = 0.75f, .soft = 0.9f};
    clg_scene_add(s, glow, clg_colour_mix(colour, (struct clg_colour){1, 1, 1}, 0.4f), 0.45f);
}

void clg_face_draw(const struct clg_face *face, int size, uint8_t *pixels)
{
    struct clg_scene s;
    s.n = 0;
    s.face = face_bounded(face);
    person_make(&s);
    pose_make(&s);
    background_add(&s);
    clg_scene_hair_behind(&s);
    clg_scene_body(&s);
    clg_scene_head(&s);
    clg_scene_beard(&s);
    clg_scene_features(&s);
    clg_scene_hair_front(&s);
    clg_scene_glasses(&s);
    clg_shapes_draw(s.shapes, s.n, size, pixels);
}
