// A small painter: layers of soft-edged, shaded, clipped shapes, antialiased by their distance to the edge.
#ifndef CLG_DATA_SHAPES_H
#define CLG_DATA_SHAPES_H

#include <stdint.h>

// The picture covers [-1, 1] x [-1, 1], x to the right and y downwards.
enum clg_shape_kind {
    CLG_SHAPE_OVAL, // an ellipse; squared: a rounded box; taper: narrower at its lower end; ring: its outline
                    // only
    CLG_SHAPE_LENS, // between two parabolas that meet at x = -rx and x = rx: lids, lips, strokes with fine
                    // ends
};
struct clg_shape {
    enum clg_shape_kind kind;
    float x, y;                               // centre
    float rx, ry;                             // half sizes; a lens has no ry
    float upper, lower;                       // LENS: y of the two parabolas in their middle, from the centre
    float turn;                               // radians, clockwise
    float taper, ring;                        // OVAL: 0..1; thickness of the outline, 0 for a filled one
    int squared;                              // OVAL: rounded box; LENS: blunter ends
    float soft;                               // width of the edge; never less than a pixel
    float rgb[3], alpha;                      // 0..1
    float shade_x, shade_y, shade_r;          // relative change of rgb towards the right, the bottom, the rim
    const struct clg_shape *inside, *outside; // clipped to the one, cut out by the other; or NULL
};

// Paints n shapes in order over black. pixels [size][size][3]
void clg_shapes_draw(const struct clg_shape *shapes, int n, int size, uint8_t *pixels);

#endif
