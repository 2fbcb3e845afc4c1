// What every kernel file starts with: the vector type of elementwise work-items, the tiles of CPU and GPU kernels.
// VF: floats per work-item (4, 8 or 16), WG: work-group size; both from the host.
// Tensors arrive as a buffer and an offset in floats (x_, x0); AT() makes the pointer.
#define AT(name) (name##_ + name##0)

// CPU kernels: work-items that work alone, and register tiles of TP x NV vectors.
#define WORK __kernel __attribute__((reqd_work_group_size(1, 1, 1)))
#define TILE(p, v) _Pragma("unroll") for (int p = 0; p < TP; p++) _Pragma("unroll") for (int v = 0; v < NV; v++)

// Products that are summed in one go: long sums of floats lose bits, sums of such sums hardly any.
#define SUM_DEPTH 128

#if VF == 16
typedef float16 fv;
typedef int16 iv;
#define INTV(v) convert_int16(v)
#define FLOATV(v) convert_float16(v)
#define AS_FV(v) as_float16(v)
#define AS_IV(v) as_int16(v)
#define LOADV(p) vload16(0, p)
#define STOREV(v, p) vstore16(v, 0, p)
#elif VF == 8
typedef float8 fv;
typedef int8 iv;
#define INTV(v) convert_int8(v)
#define FLOATV(v) convert_float8(v)
#define AS_FV(v) as_float8(v)
#define AS_IV(v) as_int8(v)
#define LOADV(p) vload8(0, p)
#define STOREV(v, p) vstore8(v, 0, p)
#else
typedef float4 fv;
typedef int4 iv;
#define INTV(v) convert_int4(v)
#define FLOATV(v) convert_float4(v)
#define AS_FV(v) as_float4(v)
#define AS_IV(v) as_int4(v)
#define LOADV(p) vload4(0, p)
#define STOREV(v, p) vstore4(v, 0, p)
#endif

#ifdef NV
// A row of a CPU kernel's register tile: NV vectors, LB lanes, of which the first `lanes` are real.
#define LB (NV * VF)

void store_lanes(__global float *to, const fv *row, const int lanes)
{
    if (lanes >= LB) {
#pragma unroll
        for (int v = 0; v < NV; v++)
            STOREV(row[v], to + v * VF);
        return;
    }
    float room[LB];
#pragma unroll
    for (int v = 0; v < NV; v++)
        STOREV(row[v], room + v * VF);
    for (int l = 0; l < lanes; l++)
        to[l] = room[l];
}

void load_lanes(fv *row, __global const float *from, const int lanes)
{
    if (lanes >= LB) {
#pragma unroll
        for (int v = 0; v < NV; v++)
            row[v] = LOADV(from + v * VF);
        return;
    }
    float room[LB];
    for (int l = 0; l < LB; l++)
        room[l] = l < lanes ? from[l] : 0.0f;
#pragma unroll
    for (int v = 0; v < NV; v++)
        row[v] = LOADV(room + v * VF);
}
#endif

#ifdef TM
// A tile of a matrix product on a GPU: a work-group of WX x WY items owns BN columns and BM rows, an item TN x TM
// of these, in fours that lie WX (WY) fours apart so that neighbours read neighbouring local memory. The product
// goes through its depth in slices of DEPTH, held in local memory as [DEPTH][LDA] and [DEPTH][LDB].
// VI, VO: floats that are moved at once, 4 or 1, along the channels summed over and along the columns.
#define GROUP (WX * WY)
#define BM (WY * TM)
#define BN (WX * TN)
#define LDA (BM + 4) // the 4 spread transposed stores over the banks
#define LDB (BN + 4)
#define SLOTS(vectors) (((vectors) + GROUP - 1) / GROUP) // that an item moves of so many
#define HAS(slot, vectors) ((vectors) % GROUP == 0 || (slot) < (vectors))
#define OUTSIDE (-(1 << 30)) // a coordinate that makes a place lie outside of the map, whatever is added
#define ALIGNED __attribute__((aligned(16)))

#if VI == 4
typedef float4 vi;
#else
typedef float vi;
#endif
#if VO == 4
typedef float4 vo;
#else
typedef float vo;
#endif

#ifdef FP_FAST_FMAF // one rounding in every tile shape, so that the choice of a tile does not change a bit
#define MUL_ADD(a, b, c) fma((float4)(a), b, c)
#else
#define MUL_ADD(a, b, c) ((a) * (b) + (c))
#endif

// A number written with three digits, the lower two below `middle` and `low`.
struct digits {
    int h, m, l;
};

struct digits digits_of(const int value, const int middle, const int low)
{
    const struct digits d = {value / low / middle, value / low % middle, value % low};
    return d;
}

struct digits digits_add(const struct digits a, const struct digits b, const int middle, const int low)
{
    struct digits sum = {a.h + b.h, a.m + b.m, a.l + b.l};
    if (sum.l >= low) {
        sum.l -= low;
        sum.m++;
    }
    if (sum.m >= middle) {
        sum.m -= middle;
        sum.h++;
    }
    return sum;
}

// Writes {offset, y, x, last}, or a place outside of every map. Component by component: Intel's CPU compiler
// (2026.2) loses half of the lanes of one int4 chosen of two.
void place_put(__local int4 *to, const bool real, const int offset, const int y, const int x, const int last)
{
    to->x = real ? offset : 0;
    to->y = real ? y : OUTSIDE;
    to->z = real ? x : OUTSIDE;
    to->w = real ? last : -1;
}

// Is the place b from a inside the map? Both as {offset, y, x, ...}.
bool inside(const int4 a, const int4 b, const int height, const int width)
{
    return (uint)(a.y + b.y) < (uint)height && (uint)(a.z + b.z) < (uint)width;
}

// Columns [column, column + BN) of the rows [first, first + DEPTH) of a matrix, zeros from row `end` on; and
// these to local memory.
#define ROW_VECTORS (BN / VO)
#define ROWS_SLOTS SLOTS(DEPTH * ROW_VECTORS)
void rows_fetch(vo *b, __global const float *matrix, const int first, const int end, const int column,
                const int columns)
{
#pragma unroll
    for (int i = 0; i < ROWS_SLOTS; i++) {
        const int slot = get_local_id(0) + i * GROUP;
        const int row = first + slot / ROW_VECTORS, at = column + slot % ROW_VECTORS * VO;
        const bool real = HAS(slot, DEPTH * ROW_VECTORS) && row < end && at < columns;
        b[i] = real ? *(__global const vo *)(matrix + row * columns + at) : (vo)(0.0f);
    }
}

void rows_put(__local float *tile, const vo *b)
{
#pragma unroll
    for (int i = 0; i < ROWS_SLOTS; i++) {
        const int slot = get_local_id(0) + i * GROUP;
        if (HAS(slot, DEPTH * ROW_VECTORS))
            *(__local vo *)(tile + slot / ROW_VECTORS * LDB + slot % ROW_VECTORS * VO) = b[i];
    }
}

// acc += a slice's products.
void tile_multiply(float4 acc[TM][TN / 4], __local const float *a_tile, __local const float *b_tile)
{
    const int tx = get_local_id(0) % WX, ty = get_local_id(0) / WX;
#pragma unroll 4
    for (int d = 0; d < DEPTH; d++) {
        float4 b[TN / 4];
#pragma unroll
        for (int j = 0; j < TN / 4; j++)
            b[j] = *(__local const float4 *)(b_tile + d * LDB + (j * WX + tx) * 4);
#pragma unroll
        for (int i = 0; i < TM; i += 4) {
            const float4 a = *(__local const float4 *)(a_tile + d * LDA + (i / 4 * WY + ty) * 4);
#pragma unroll
            for (int j = 0; j < TN / 4; j++) {
                acc[i][j] = MUL_ADD(a.x, b[j], acc[i][j]);
                acc[i + 1][j] = MUL_ADD(a.y, b[j], acc[i + 1][j]);
                acc[i + 2][j] = MUL_ADD(a.z, b[j], acc[i + 2][j]);
                acc[i + 3][j] = MUL_ADD(a.w, b[j], acc[i + 3][j]);
            }
        }
    }
}

// Row m of the tile goes to out + rows[m].w, where that is not negative.
void tile_store(__global float *out, float4 acc[TM][TN / 4], __local const int4 *rows, const int column,
                const int columns)
{
    const int tx = get_local_id(0) % WX, ty = get_local_id(0) / WX;
#pragma unroll
    for (int i = 0; i < TM; i++) {
        const int start = rows[(i / 4 * WY + ty) * 4 + i % 4].w;
        if (start < 0)
            continue;
#pragma unroll
        for (int j = 0; j < TN / 4; j++) {
            const int at = column + (j * WX + tx) * 4;
            __global float *to = out + start + at;
#if VO == 4
            if (at < columns)
                *(__global float4 *)to = acc[i][j];
#else
            if (at < columns)
                to[0] = acc[i][j].x;
            if (at + 1 < columns)
                to[1] = acc[i][j].y;
            if (at + 2 < columns)
                to[2] = acc[i][j].z;
            if (at + 3 < columns)
                to[3] = acc[i][j].w;
#endif
        }
    }
}
#endif

// Activations; the numbers are enum clg_act_kind's.
#define ACT_NONE 0
#define ACT_RELU 1
#define ACT_LEAKY_RELU 2
#define ACT_TANH 3
#define ACT_SIGMOID 4

// Adds the WG values of a work-group pairwise; the sum comes back to all.
float group_sum(float value, __local float *room)
{
    const int id = get_local_id(0);
    room[id] = value;
    for (int half_size = WG / 2; half_size > 0; half_size /= 2) {
        barrier(CLK_LOCAL_MEM_FENCE);
        if (id < half_size)
            room[id] += room[id + half_size];
    }
    barrier(CLK_LOCAL_MEM_FENCE);
    float sum = room[0];
    barrier(CLK_LOCAL_MEM_FENCE);
    return sum;
}
