// A face in the making: its shapes so far, its colours, and where its head is.
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
    float wide, long_nose, jaw, part; // what tells people apart, -1..1, from the parameters
    float old, young;                 // 0..1
    const struct clg_shape *head;     // the outline, for clipping
};

// A point of the head on the picture. wide: how much narrower (or wider) things look there because the head
// is turned.
struct clg_spot {
    float x, y, wide;
};

// u, v: -1..1 from the left to the right rim and from the top to the chin, on a ball; out: how far above
// the skin.
struct clg_spot clg_scene_spot(const struct clg_scene *scene, float u, float v, float out);

// Adds a shape in front of all others and returns it, to clip by.
const struct clg_shape *clg_scene_add(struct clg_scene *scene, struct clg_shape shape,
                                      struct clg_colour colour, float alpha);
// The same for a shape given relative to the head: x, y in units of the picture from the spot, turned with
// the head.
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
