// A small painter: line by line, blends each shape over the part of the line inside its bounds.
#include "data/shapes.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

enum { LINE = 256, SHAPES_MAX = 128 }; // pixels painted at once: a line or a part of it

// A shape's precomputed constants for one picture size.
struct prepared {
    const struct clg_shape *shape;
    float cosine, sine, edge;
    float left, right, top, bottom; // bounds
};

// A point in the shape's own axes.
struct local {
    float x, y;
};

static float clamp01(float v)
{
    return v < 0 ? 0 : v > 1 ? 1 : v;
}

// The covered part of a pixel `inward` of an edge of that width.
static float ramp(float inward, float edge)
{
    return clamp01(0.5f + inward / edge);
}

static struct prepared prepare(const struct clg_shape *s, float pixel)
{
    struct prepared p = {.shape = s, .cosine = cosf(s->turn), .sine = sinf(s->turn)};
    p.edge = s->soft > pixel ? s->soft : pixel;
    float height = s->kind == CLG_SHAPE_OVAL ? s->ry : fmaxf(fabsf(s->upper), fabsf(s->lower));
    float margin = p.edge + s->ring;
    float half_w = fabsf(p.cosine) * s->rx + fabsf(p.sine) * height + margin;
    float half_h = fabsf(p.sine) * s->rx + fabsf(p.cosine) * height + margin;
    p.left = s->x - half_w;
    p.right = s->x + half_w;
    p.top = s->y - half_h;
    p.bottom = s->y + half_h;
    return p;
}

static struct local to_local(const struct prepared *p, float x, float y)
{
    float dx = x - p->shape->x, dy = y - p->shape->y;
    return (struct local){p->cosine * dx + p->sine * dy, p->cosine * dy - p->sine * dx};
}

// Distance is approximated by value over gradient of the implicit equation: exact on the edge, where it
// matters.
static float oval_coverage(const struct prepared *p, struct local at)
{
    const struct clg_shape *s = p->shape;
    float v = at.y / s->ry;
    float rx = v > 0 ? s->rx * (1 - s->taper * v * v) : s->rx;
    if (rx < 0.02f * s->rx)
        rx = 0.02f * s->rx;
    float u = at.x / rx, uu = u * u, vv = v * v;
    float value = sqrtf(s->squared ? sqrtf(uu * uu + vv * vv) : uu + vv);
    // A lower bound of the distance to the edge, which settles most pixels.
    float away = fabsf(1 - value) * (rx < s->ry ? rx : s->ry);
    if (away >= 0.5f * (p->edge + s->ring))
        return s->ring == 0 && value < 1 ? 1 : 0;
    float slope_u = (s->squared ? u * uu : u) / rx, slope_v = (s->squared ? v * vv : v) / s->ry;
    float scale = s->squared ? value * value * value : value;
    float gradient = sqrtf(slope_u * slope_u + slope_v * slope_v);
    float inward = gradient > 0 ? (1 - value) * scale / gradient : fminf(rx, s->ry);
    if (s->ring > 0)
        return ramp(inward + 0.5f * s->ring, p->edge) - ramp(inward - 0.5f * s->ring, p->edge);
    return ramp(inward, p->edge);
}

static float lens_coverage(const struct prepared *p, struct local at)
{
    const struct clg_shape *s = p->shape;
    float u = at.x / s->rx, uu = u * u;
    if (uu >= 1)
        return 0;
    float height = s->squared ? 1 - uu * uu : 1 - uu;
    float slope = (s->squared ? -4 * u * uu : -2 * u) / s->rx;
    float du = slope * s->upper, dl = slope * s->lower;
    float upper = (at.y - s->upper * height) / sqrtf(1 + du * du);
    float lower = (s->lower * height - at.y) / sqrtf(1 + dl * dl);
    float both = ramp(upper, p->edge) + ramp(lower, p->edge) - 1; // thinner than a pixel: cover in proportion
    return both > 0 ? both : 0;
}

static float coverage(const struct prepared *p, float x, float y)
{
    if (x < p->left || x > p->right || y < p->top || y > p->bottom)
        return 0;
    struct local at = to_local(p, x, y);
    return p->shape->kind == CLG_SHAPE_OVAL ? oval_coverage(p, at) : lens_coverage(p, at);
}

// The relative change of colour at a point.
static float shade(const struct prepared *p, float x, float y)
{
    const struct clg_shape *s = p->shape;
    struct local at = to_local(p, x, y);
    float height = s->kind == CLG_SHAPE_OVAL ? s->ry : fmaxf(fabsf(s->upper), fabsf(s->lower));
    float u = at.x / s->rx, v = height > 0 ? at.y / height : 0;
    return 1 + s->shade_x * u + s->shade_y * v - s->shade_r * (u * u + v * v);
}

// One shape over `n` pixels from column `first`; line [n][3]
static void line_paint(const struct prepared *p, const struct prepared *inside,
                       const struct prepared *outside, float y, int first, int n, float pixel, float *line)
{
    const struct clg_shape *s = p->shape;
    float begin = (p->left + 1) / pixel - 0.5f, end = (p->right + 1) / pixel + 0.5f;
    int from = begin > (float)first ? (int)begin : first;
    int to = end < (float)(first + n) ? (int)end + 1 : first + n;
    to = to > first + n ? first + n : to;
    bool shaded = s->shade_x != 0 || s->shade_y != 0 || s->shade_r != 0;
    for (int i = from; i < to; i++) {
        float x = ((float)i + 0.5f) * pixel - 1;
        float a = s->alpha * coverage(p, x, y);
        if (a > 0 && inside)
            a *= coverage(inside, x, y);
        if (a > 0 && outside)
            a *= 1 - coverage(outside, x, y);
        if (a <= 0)
            continue;
        float light = shaded ? shade(p, x, y) : 1;
        float *pixel_rgb = line + 3 * (i - first);
        for (int c = 0; c < 3; c++)
            pixel_rgb[c] += a * (clamp01(s->rgb[c] * light) - pixel_rgb[c]);
    }
}

void clg_shapes_draw(const struct clg_shape *shapes, int n, int size, uint8_t *pixels)
{
    float pixel = 2.0f / (float)size, line[3 * LINE];
    struct prepared all[SHAPES_MAX], inside[SHAPES_MAX], outside[SHAPES_MAX];
    n = n < SHAPES_MAX ? n : SHAPES_MAX;
    for (int k = 0; k < n; k++) {
        all[k] = prepare(&shapes[k], pixel);
        if (shapes[k].inside)
            inside[k] = prepare(shapes[k].inside, pixel);
        if (shapes[k].outside)
            outside[k] = prepare(shapes[k].outside, pixel);
    }
    for (int row = 0; row < size; row++) {
        float y = ((float)row + 0.5f) * pixel - 1;
        for (int first = 0; first < size; first += LINE) {
            int width = size - first < LINE ? size - first : LINE;
            memset(line, 0, (size_t)width * 3 * sizeof *line);
            for (int k = 0; k < n; k++)
                if (y >= all[k].top && y <= all[k].bottom)
                    line_paint(&all[k], shapes[k].inside ? &inside[k] : NULL,
                               shapes[k].outside ? &outside[k] : NULL, y, first, width, pixel, line);
            for (int i = 0; i < 3 * width; i++)
                *pixels++ = (uint8_t)(clamp01(line[i]) * 255 + 0.5f);
        }
    }
}
