// Direct convolution for CPU devices: one work-item a group, register tiles of TP pixels x LB lanes.
//
// Forward and backward-data are the same sum over the taps j of a small dense convolution
//   out[STEP_OUT * t + phase] += in[STEP_IN * t + OFFSET(phase) + DIR * j] * w[tap j of the phase]
//   forward:       STEP_IN = STRIDE, STEP_OUT = 1, one phase,     taps r = j,                       DIR = +1
//   backward-data: STEP_IN = 1, STEP_OUT = STRIDE, STRIDE phases, taps r = first(phase) + STRIDE j, DIR = -1
// in each of the two directions. A group copies its part of the input, borders as zeros, into a box in local
// memory, so that the loops have neither conditions nor misses in the address translation, and reads packed
// weights in a stream.
//
// Constants from the host: R, S, STRIDE, PAD; CI, CO: channels summed over, and channels in lanes; IH, IW,
// OUTH, OUTW: the sides of in and out; BACKWARD; NV: vectors per lane block; TP = TPI * TPY * TPX pixels per
// tile (images, rows, columns); IMAGES, TROWS, TCOLS: images, t rows and t columns of a box; BOX_Y, BOX_X: the
// input place of its corner at t = 0; BH, BW: its sides.

#if BACKWARD
#define STEP_IN 1
#define STEP_OUT STRIDE
#define DIR (-1)
#else
#define STEP_IN STRIDE
#define STEP_OUT 1
#define DIR 1
#endif
#define FIRST_TAP(phase) (BACKWARD ? ((phase) + PAD) % STRIDE : 0)
#define TAP_STEP (BACKWARD ? STRIDE : 1)
#define OFFSET(phase) (BACKWARD ? ((phase) + PAD) / STRIDE : -PAD)

#define BLOCKS ((CO + LB - 1) / LB)
#define ROW (BW * CI)
#define IMAGE (BH * ROW)

// Weights [R][S][C][K] to [BLOCKS][R][S][CI][LB], missing lanes as zeros.
__kernel __attribute__((reqd_work_group_size(1, 1, 1))) void conv_cpu_pack(__global const float *w_, ulong w0,
                                                                           __global float *packed_, ulong packed0)
{
    const int tap = get_global_id(0), block = get_global_id(1);
    __global const float *w = AT(w) + (ulong)tap * CI * CO;
    __global float *to = AT(packed) + ((ulong)block * R * S + tap) * CI * LB;
    const int lanes = min(LB, CO - block * LB);
    for (int ci = 0; ci < CI; ci++) {
        for (int l = 0; l < LB; l++) {
            const int co = block * LB + l;
            to[ci * LB + l] = l >= lanes ? 0.0f : BACKWARD ? w[co * CI + ci] : w[ci * CO + co];
        }
    }
}

// Copies n floats; n is a constant.
void copy_floats(__local float *to, __global const float *from, const int n)
{
    int i = 0;
    for (; i + VF <= n; i += VF)
        STOREV(LOADV(from + i), to + i);
    for (; i < n; i++)
        to[i] = from[i];
}

void zero_floats(__local float *to, const int n)
{
    int i = 0;
    for (; i + VF <= n; i += VF)
        STOREV((fv)0.0f, to + i);
    for (; i < n; i++)
        to[i] = 0.0f;
}

// The box of images [image, image + IMAGES) whose first t row is t0.
void fill_box(__local float *box, __global const float *in, const int image, const int t0, const int n)
{
    for (int i = 0; i < IMAGES; i++) {
        for (int by = 0; by < BH; by++) {
            const int y = STEP_IN * t0 + BOX_Y + by;
            __local float *to = box + i * IMAGE + by * ROW;
            if (image + i >= n || y < 0 || y >= IH) {
                zero_floats(to, ROW);
                continue;
            }
            __global const float *from = in + ((ulong)(image + i) * IH + y) * IW * CI;
            for (int bx = 0; bx < BW; bx++) {
                const int x = BOX_X + bx;
                if (x < 0 || x >= IW)
                    zero_floats(to + bx * CI, CI);
                else
                    copy_floats(to + bx * CI, from + x * CI, CI);
            }
        }
    }
}

// Where pixel p of a tile stands in the box, from the tile's first.
#define PIXEL(p) ((p) / (TPY * TPX) * IMAGE + (p) / TPX % TPY * STEP_IN * ROW + (p) % TPX * STEP_IN * CI)

// acc += the products of so many channels of one tap.
#define TAP_SUM(acc, in, w, channels)                                                                             \
    for (int ci = 0; ci < (channels); ci++) {                                                                     \
        fv wv[NV];                                                                                                \
        _Pragma("unroll") for (int v = 0; v < NV; v++) wv[v] = LOADV((w) + ci * LB + v * VF);                     \
        _Pragma("unroll") for (int p = 0; p < TP; p++)                                                            \
        {                                                                                                         \
            const fv x = (in)[PIXEL(p) + ci];                                                                     \
            _Pragma("unroll") for (int v = 0; v < NV; v++) acc[p][v] += x * wv[v];                                \
        }                                                                                                         \
    }

// The same by way of partial sums where the whole would be long; short ones are not worth it.
#if R * S * CI > 8 * SUM_DEPTH
#define TAP_ADD(acc, in, w)                                                                                       \
    for (int from = 0; from < CI; from += 2 * SUM_DEPTH) {                                                        \
        fv part[TP][NV];                                                                                          \
        TILE(p, v) part[p][v] = 0.0f;                                                                             \
        TAP_SUM(part, (in) + from, (w) + from * LB, min(2 * SUM_DEPTH, CI - from))                                \
        TILE(p, v) acc[p][v] += part[p][v];                                                                       \
    }
#else
#define TAP_ADD(acc, in, w) TAP_SUM(acc, in, w, CI)
#endif

// Adds to acc the taps of one phase.
#define TILE_SUM(acc, box, weights, py, px, ty, tx)                                                               \
    for (int j = 0, r = FIRST_TAP(py); r < R; r += TAP_STEP, j++) {                                               \
        const int row = STEP_IN * (ty) + OFFSET(py) + DIR * j - BOX_Y;                                            \
        for (int l = 0, s = FIRST_TAP(px); s < S; s += TAP_STEP, l++) {                                           \
            const int column = STEP_IN * (tx) + OFFSET(px) + DIR * l - BOX_X;                                     \
            __local const float *in = (box) + row * ROW + column * CI;                                            \
            __global const float *w = (weights) + (r * S + s) * CI * LB;                                          \
            TAP_ADD(acc, in, w)                                                                                   \
        }                                                                                                         \
    }

// global: {box of images, strip of t rows, share of the lane blocks}
__kernel __attribute__((reqd_work_group_size(1, 1, 1))) void conv_cpu(__global const float *in_, ulong in0,
                                                                      __global const float *packed_, ulong packed0,
                                                                      __global float *out_, ulong out0, int n)
{
    __local float box[IMAGES * IMAGE];
    const int image = get_global_id(0) * IMAGES, t0 = get_global_id(1) * TROWS;
    const int first = get_global_id(2) * BLOCKS / get_global_size(2);
    const int end = (get_global_id(2) + 1) * BLOCKS / get_global_size(2);
    __global float *out = AT(out);
    fill_box(box, AT(in), image, t0, n);
    for (int block = first; block < end; block++) {
        __global const float *weights = AT(packed) + (ulong)block * R * S * CI * LB;
        const int lanes = min(LB, CO - block * LB);
        for (int phase = 0; phase < STEP_OUT * STEP_OUT; phase++) {
            const int py = phase / STEP_OUT, px = phase % STEP_OUT;
            for (int ti = 0; ti < IMAGES; ti += TPI)
                for (int ty = 0; ty < TROWS; ty += TPY)
                    for (int tx = 0; tx < TCOLS; tx += TPX) {
                        fv acc[TP][NV];
                        TILE(p, v) acc[p][v] = 0.0f;
                        TILE_SUM(acc, box + ti * IMAGE, weights, py, px, ty, tx)
#pragma unroll
                        for (int p = 0; p < TP; p++) {
                            const int i = image + ti + p / (TPY * TPX);
                            const int y = STEP_OUT * (t0 + ty + p / TPX % TPY) + py;
                            const int x = STEP_OUT * (tx + p % TPX) + px;
                            if (i < n && y < OUTH && x < OUTW)
                                store_lanes(out + (((ulong)i * OUTH + y) * OUTW + x) * CO + block * LB, acc[p],
                                            lanes);
                        }
                    }
        }
    }
}
