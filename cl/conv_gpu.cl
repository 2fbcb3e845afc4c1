// Forward and backward-data for GPUs: implicit matrix products, patches gathered on the fly.
//
//   rows: pixels of `out`, columns: its channels, depth: taps and channels of `in`
//   forward:       in = x, out = y, one phase; every tap is summed over
//   backward-data: in = dy, out = dx; output rows py + stride * t (and columns likewise) are a phase. It takes
//                  the taps r = first + stride * j alone, from the input rows t + corner - j: a dense small
//                  convolution, so that there are no zeros to multiply with and nothing to scatter.
//
// Constants: BACKWARD, and the tile's (common.cl). Sizes are arguments: one program serves many layers.

#define QUADS (DEPTH / VI) // vectors of a row's slice; GROUP is a multiple: an item always has the same depth
#define A_SLOTS SLOTS(BM * QUADS)
#if BACKWARD
#define KERNEL conv_gpu_data
#define B_SLOTS SLOTS(BN * QUADS)
typedef vi vb;
#else
#define KERNEL conv_gpu_forward
#define B_SLOTS ROWS_SLOTS
typedef vo vb;
#endif

// One direction of a phase.
struct phase {
    int count, taps, first, corner; // rows of out, its taps, the first tap, the input row of t = 0 at tap 0
};

struct phase phase_of(const int p, const int outs, const int kernel_size, const int stride, const int pad)
{
#if BACKWARD
    const int first = (p + pad) % stride;
    const struct phase phase = {(outs - p + stride - 1) / stride, (kernel_size - first + stride - 1) / stride,
                                first, (p + pad) / stride};
#else
    const struct phase phase = {outs, kernel_size, 0, -pad};
#endif
    return phase;
}

// DEPTH values of each row of the tile: an item has those at `tap`, {offset, y, x, ...} from the row's place.
void patches_fetch(vi *a, __global const float *in, __local const int4 *rows, const int4 tap, const int ih,
                   const int iw)
{
#pragma unroll
    for (int i = 0; i < A_SLOTS; i++) {
        const int4 row = rows[(get_local_id(0) + i * GROUP) / QUADS];
        a[i] = inside(row, tap, ih, iw) ? *(__global const vi *)(in + row.x + tap.x) : (vi)(0.0f);
    }
}

// The vector along the depth to a column of the tile.
void across_put(__local float *to, const vi v, const int step)
{
#if VI == 4
    to[0] = v.x;
    to[step] = v.y;
    to[2 * step] = v.z;
    to[3 * step] = v.w;
#else
    to[0] = v;
#endif
}

void patches_put(__local float *tile, const vi *a)
{
#pragma unroll
    for (int i = 0; i < A_SLOTS; i++) {
        const int slot = get_local_id(0) + i * GROUP;
        across_put(tile + slot % QUADS * VI * LDA + slot / QUADS, a[i], LDA);
    }
}

#if BACKWARD
// The weights of columns [column, column + BN), which lie `ci` apart, at the depth of `tap`.
void columns_fetch(vi *b, __global const float *w, const int4 tap, const int column, const int columns,
                   const int ci)
{
#pragma unroll
    for (int i = 0; i < B_SLOTS; i++) {
        const int slot = get_local_id(0) + i * GROUP, at = column + slot / QUADS;
        const bool real = HAS(slot, BN * QUADS) && at < columns && tap.w >= 0;
        b[i] = real ? *(__global const vi *)(w + tap.w + at * ci) : (vi)(0.0f);
    }
}

void columns_put(__local float *tile, const vi *b)
{
#pragma unroll
    for (int i = 0; i < B_SLOTS; i++) {
        const int slot = get_local_id(0) + i * GROUP;
        if (HAS(slot, BN * QUADS))
            across_put(tile + slot % QUADS * VI * LDB + slot / QUADS, b[i], LDB);
    }
}
#endif

// global: {tiles, columns first; phases; parts of `slices` slices of the depth, each with its own `out`}
__kernel __attribute__((reqd_work_group_size(GROUP, 1, 1))) void KERNEL(__global const float *in_, ulong in0,
    __global const float *w_, ulong w0, __global float *out_, ulong out0, int n, int ih, int iw, int ci,
    int outh, int outw, int co, int kr, int ks, int stride, int pad, int slices)
{
    __local float a_tile[DEPTH * LDA] ALIGNED, b_tile[DEPTH * LDB] ALIGNED;
    __local int4 rows[BM]; // {offset, y, x of the input place of tap 0; offset in out}
    const int id = get_local_id(0), across = (co + BN - 1) / BN;
    const int column = get_group_id(0) % across * BN, row0 = get_group_id(0) / across * BM;
    const int step_in = BACKWARD ? 1 : stride, step_out = BACKWARD ? stride : 1;
    const int py = get_group_id(1) / step_out, px = get_group_id(1) % step_out;
    const struct phase y = phase_of(py, outh, kr, stride, pad), x = phase_of(px, outw, ks, stride, pad);
    const int count = n * y.count * x.count; // phases differ in it: some groups have no rows at all
    for (int m = id; m < BM; m += GROUP) {
        const struct digits t = digits_of(row0 + m, max(y.count, 1), max(x.count, 1));
        const int iy = step_in * t.m + y.corner, ix = step_in * t.l + x.corner;
        const int oy = step_out * t.m + py, ox = step_out * t.l + px;
        place_put(&rows[m], row0 + m < count, ((t.h * ih + iy) * iw + ix) * ci, iy, ix,
                  ((t.h * outh + oy) * outw + ox) * co);
    }
    barrier(CLK_LOCAL_MEM_FENCE);

    __global const float *in = AT(in), *w = AT(w);
    const int taps_x = max(x.taps, 1), depth = row0 < count ? y.taps * x.taps * ci : 0;
    const int from = get_group_id(2) * slices, end = min(from + slices, (depth + DEPTH - 1) / DEPTH);
    const struct digits step = digits_of(DEPTH, taps_x, ci);
    int d = from * DEPTH + id % QUADS * VI;
    struct digits place = digits_of(d, taps_x, ci); // tap row, tap column, channel
    float4 acc[TM][TN / 4];
#pragma unroll
    for (int i = 0; i < TM; i++)
#pragma unroll
        for (int j = 0; j < TN / 4; j++)
            acc[i][j] = 0.0f;
    vi a[A_SLOTS];
    vb b[B_SLOTS];
    // While a slice is multiplied the next one is on its way: slice `from` is fetched in the round before it.
    for (int slice = from - 1; slice < end; slice++) {
        if (slice + 1 < end) {
#if BACKWARD
            const int r = y.first + stride * place.h, s = x.first + stride * place.m;
            const int at = place.l - (place.h * iw + place.m) * ci, at_w = (r * ks + s) * co * ci + place.l;
            const int4 tap = d < depth ? (int4)(at, -place.h, -place.m, at_w) : (int4)(0, OUTSIDE, OUTSIDE, -1);
            columns_fetch(b, w, tap, column, co, ci);
#else
            const int at = place.l + (place.h * iw + place.m) * ci;
            const int4 tap = d < depth ? (int4)(at, place.h, place.m, 0) : (int4)(0, OUTSIDE, OUTSIDE, 0);
            rows_fetch(b, w, (slice + 1) * DEPTH, depth, column, co);
#endif
            patches_fetch(a, in, rows, tap, ih, iw);
            place = digits_add(place, step, taps_x, ci);
            d += DEPTH;
        }
        if (slice >= from)
            tile_multiply(acc, a_tile, b_tile);
        barrier(CLK_LOCAL_MEM_FENCE);
        if (slice + 1 < end) {
            patches_put(a_tile, a);
#if BACKWARD
            columns_put(b_tile, b);
#else
            rows_put(b_tile, b);
#endif
        }
        barrier(CLK_LOCAL_MEM_FENCE);
    }
    tile_store(AT(out) + get_group_id(2) * (ulong)(n * outh * outw) * co, acc, rows, column, co);
}
