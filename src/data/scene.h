// A face being built: its shapes so far, its colours, and the position of the head.
#ifndef CLG_DATA_SCENE_H
#define CLG_DATA_SCENE_H

#include <clgan/data.h>

#include "data/shapes.h"

enum { CLG_SCENE_SHAPES = 112 };

struct clg_colour {
    float r, g, b;
};

struct clg_scene {
    struct clg_face face; // with every parameter in its range
    struct clg_shape shapes[CLG_SCENE_SHAPES];
    int n;
    struct clg_colour skin, hair, iris, clothes, lips;
    float half_w, half_h; // of the head, in units of the picture
    float yaw_c, yaw_s, pitch_c, pitch_s, roll, roll_c, roll_s;
    float wide, long_nose, jaw, part; // what distinguishes people, -1..1, derived from the parameters
    float old, young;                 // 0..1
    const struct clg_shape *head;     // the outline, for clipping
};

// A point of the head, projected into the picture. wide: the foreshortening there, as the head turns.
struct clg_spot {
    float x, y, wide;
};

// u, v: -1..1 on a sphere, from the left to the right edge and from the top to the chin; out: height above
// the skin.
struct clg_spot clg_scene_spot(const struct clg_scene *scene, float u, float v, float out);

// Adds a shape in front of all others and returns it, so that others can be clipped by it.
const struct clg_shape *clg_scene_add(struct clg_scene *scene, struct clg_shape shape,
                                      struct clg_colour colour, float alpha);
// The same for a shape given relative to a spot on the head, in picture units, rotated with the head.
const struct clg_shape *clg_scene_add_at(struct clg_scene *scene, struct clg_spot spot,
                                         struct clg_shape shape, struct clg_colour colour, float alpha);

struct clg_colour clg_colour_mix(struct clg_colour a, struct clg_colour b, float t);
struct clg_colour clg_colour_scale(struct clg_colour a, float factor);

// The parts, from back to front.
void clg_scene_hair_behind(struct clg_scene *scene);
void clg_scene_body(struct clg_scene *scene);
void clg_scene_head(struct clg_scene *scene);
void clg_scene_features(struct clg_scene *scene);
void clg_scene_beard(struct clg_scene *scene);
void clg_scene_hair_front(struct clg_scene *scene);
void clg_scene_glasses(struct clg_scene *scene);

#endif
