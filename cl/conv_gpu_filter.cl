// Filter gradients for GPUs: an implicit matrix product, x gathered on the fly.
//
//   rows: taps and channels of x, columns: channels of dy, depth: pixels of dy, cut into parts
//
// Every part has a dw of its own; parts_sum (reduce.cl) adds them in a fixed order. Constants: the tile's
// (common.cl). Sizes are arguments: one program serves many layers.

#define QUADS (BM / VI) // vectors of a pixel in the slice
#define A_SLOTS SLOTS(DEPTH * QUADS)

// The tile's rows of x at DEPTH pixels.
void patches_fetch(vi *a, __global const float *x, __local const int4 *rows, __local const int4 *pixels,
                   const int h, const int w)
{
#pragma unroll
    for (int i = 0; i < A_SLOTS; i++) {
        const int slot = get_local_id(0) + i * GROUP;
        const int4 row = rows[slot % QUADS * VI], pixel = pixels[slot / QUADS];
        a[i] = inside(row, pixel, h, w) ? *(__global const vi *)(x + row.x + pixel.x) : (vi)(0.0f);
    }
}

void patches_put(__local float *tile, const vi *a)
{
#pragma unroll
    for (int i = 0; i < A_SLOTS; i++) {
        const int slot = get_local_id(0) + i * GROUP;
        *(__local vi *)(tile + slot / QUADS * LDA + slot % QUADS * VI) = a[i];
    }
}

// global: {tiles from tile0 on, columns first; parts of `pixels_each` pixels, a multiple of DEPTH}
__kernel __attribute__((reqd_work_group_size(GROUP, 1, 1))) void conv_gpu_filter(
    __global const float *x_, ulong x0, __global const float *dy_, ulong dy0, __global float *dw_, ulong dw0, int n,
    int h, int w, int c, int oh, int ow, int k, int kr, int ks, int stride, int pad, int pixels_each, int tile0)
{
    __local float a_tile[DEPTH * LDA] ALIGNED, b_tile[DEPTH * LDB] ALIGNED;
    __local int4 rows[BM];      // {offset, y, x of the tap; offset in dw}
    __local int4 pixels[DEPTH]; // {offset, y, x of the pixel's input place at tap 0}
    const int id = get_local_id(0), across = (k + BN - 1) / BN, tile = tile0 + get_group_id(0);
    const int column = tile % across * BN, row0 = tile / across * BM;
    for (int m = id; m < BM; m += GROUP) {
        const struct digits tap = digits_of(row0 + m, ks, c);
        place_put(&rows[m], tap.h < kr, (tap.h * w + tap.m) * c + tap.l, tap.h, tap.m, (row0 + m) * k);
    }

    // The part's pixels, counted from its first image on.
    const ulong first = get_group_id(1) * (ulong)pixels_each, image = first / ((ulong)oh * ow);
    const int count = min((ulong)pixels_each, (ulong)n * oh * ow - first);
    __global const float *x = AT(x) + image * h * w * c, *dy = AT(dy) + first * k;
    const struct digits step = digits_of(DEPTH, oh, ow);
    struct digits place = digits_of((int)(first - image * oh * ow) + id % DEPTH, oh, ow);
    float4 acc[TM][TN / 4];
#pragma unroll
    for (int i = 0; i < TM; i++)
#pragma unroll
        for (int j = 0; j < TN / 4; j++)
            acc[i][j] = 0.0f;
    vi a[A_SLOTS];
    vo b[ROWS_SLOTS];
    // While a slice is multiplied the next one is on its way: the first is fetched in the round before it.
    for (int d = -DEPTH; d < count; d += DEPTH) {
        const int next = d + DEPTH;
        if (id < DEPTH) {
            const int y = place.m * stride - pad, xx = place.l * stride - pad;
            place_put(&pixels[id], next + id < count, ((place.h * h + y) * w + xx) * c, y, xx, 0);
        }
        place = digits_add(place, step, oh, ow);
        barrier(CLK_LOCAL_MEM_FENCE);
        if (next < count) {
            patches_fetch(a, x, rows, pixels, h, w);
            rows_fetch(b, dy, next, count, column, k);
        }
        if (d >= 0)
            tile_multiply(acc, a_tile, b_tile);
        barrier(CLK_LOCAL_MEM_FENCE);
        if (next < count) {
            patches_put(a_tile, a);
            rows_put(b_tile, b);
        }
    }
    tile_store(AT(dw) + get_group_id(1) * (ulong)(kr * ks * c) * k, acc, rows, column, k);
}
