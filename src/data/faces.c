// The built-in faces' parameters: drawn at random, and listed by name.
#include <clgan/data.h>

#include "base/random.h"

#include <stddef.h>

// Each face draws from its own run of uniform numbers.
enum { VALUES = 32 };

static const struct {
    const char *name;
    size_t offset;
} parameters[] = {
    {"skin", offsetof(struct clg_face, skin)},
    {"hair_tone", offsetof(struct clg_face, hair_tone)},
    {"hair_length", offsetof(struct clg_face, hair_length)},
    {"hair_volume", offsetof(struct clg_face, hair_volume)},
    {"eye_tone", offsetof(struct clg_face, eye_tone)},
    {"eye_open", offsetof(struct clg_face, eye_open)},
    {"brow", offsetof(struct clg_face, brow)},
    {"mouth_open", offsetof(struct clg_face, mouth_open)},
    {"smile", offsetof(struct clg_face, smile)},
    {"glasses", offsetof(struct clg_face, glasses)},
    {"beard", offsetof(struct clg_face, beard)},
    {"age", offsetof(struct clg_face, age)},
    {"yaw", offsetof(struct clg_face, yaw)},
    {"pitch", offsetof(struct clg_face, pitch)},
    {"roll", offsetof(struct clg_face, roll)},
    {"light_x", offsetof(struct clg_face, light_x)},
    {"light_y", offsetof(struct clg_face, light_y)},
    {"light", offsetof(struct clg_face, light)},
    {"background_r", offsetof(struct clg_face, background_r)},
    {"background_g", offsetof(struct clg_face, background_g)},
    {"background_b", offsetof(struct clg_face, background_b)},
};

const char *clg_face_parameter(const struct clg_face *face, int i, float *value)
{
    if (i < 0 || (size_t)i >= sizeof parameters / sizeof *parameters)
        return NULL;
    *value = *(const float *)((const char *)face + parameters[i].offset);
    return parameters[i].name;
}

static float between(float low, float high, float u)
{
    return low + (high - low) * u;
}

// -1..1, mostly near 0.
static float tent(float u, float v)
{
    return u + v - 1;
}

// Dark skin mostly comes with dark hair and eyes; every combination remains possible.
static void tones_draw(struct clg_face *face, const float *u)
{
    face->skin = u[0];
    float reach = face->skin < 0.45f ? 1.0f : face->skin < 0.65f ? 0.6f : 0.3f;
    face->hair_tone = u[1] * (u[2] < 0.06f ? 1.0f : reach);
    face->eye_tone = u[3] * (u[4] < 0.06f ? 1.0f : reach);
}

static void expression_draw(struct clg_face *face, const float *u)
{
    face->eye_open = between(0.35f, 1.0f, u[0]);
    face->brow = u[1];
    face->smile = u[2] < 0.7f ? between(0.1f, 1.0f, u[3]) : between(-0.6f, 0.1f, u[3]);
    face->mouth_open = u[4] < 0.5f ? 0.0f : u[5];
}

static void pose_draw(struct clg_face *face, const float *u)
{
    face->yaw = tent(u[0], u[1]);
    face->pitch = tent(u[2], u[3]);
    face->roll = tent(u[4], u[5]);
}

static void light_draw(struct clg_face *face, const float *u)
{
    face->light_x = between(-1, 1, u[0]);
    face->light_y = between(-1, 0.2f, u[1]);
    face->light = between(0.25f, 0.9f, u[2]);
    float bright = between(0.3f, 0.85f, u[3]);
    face->background_r = between(bright, u[4], 0.4f);
    face->background_g = between(bright, u[5], 0.4f);
    face->background_b = between(bright, u[6], 0.4f);
}

struct clg_face clg_face_random(uint64_t seed, uint64_t index)
{
    float u[VALUES];
    clg_random_uniform(seed, CLG_STREAM_FACE, index * VALUES, VALUES, u);
    struct clg_face face = {0};
    tones_draw(&face, u);
    expression_draw(&face, u + 5);
    pose_draw(&face, u + 11);
    light_draw(&face, u + 17);
    face.age = u[24];
    face.hair_length = u[25];
    face.hair_volume = u[26];
    if (face.hair_length < 0.05f && face.age < 0.4f) // the young are rarely bald
        face.hair_length += 0.1f;
    face.glasses = u[27] < 0.2f;
    face.beard = u[28] < 0.4f && face.age > 0.28f && face.hair_length < 0.5f;
    return face;
}
