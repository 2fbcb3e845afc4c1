// Minimal filtering's matrix products, one for each of the 25 products e of a tile (winograd.cl): register tiles of
// TP rows x LB lanes, work-items that work alone.

// acc[p][v] += a[p] * b[lanes]; a's floats are a_row apart.
#define PRODUCT(acc, a, a_row, b)                                                                                 \
    {                                                                                                             \
        fv lanes[NV];                                                                                             \
        _Pragma("unroll") for (int v = 0; v < NV; v++) lanes[v] = LOADV((b) + v * VF);                            \
        _Pragma("unroll") for (int p = 0; p < TP; p++)                                                            \
        {                                                                                                         \
            const fv one = (a)[(ulong)p * (a_row)];                                                               \
            _Pragma("unroll") for (int v = 0; v < NV; v++) acc[p][v] += one * lanes[v];                           \
        }                                                                                                         \
    }

// The same summed over `depth` such pairs, a_step and LB floats apart; by fours, for less of the loop's own.
#define PRODUCTS(acc, a, a_row, a_step, b, depth)                                                                 \
    {                                                                                                             \
        int t = 0;                                                                                                \
        for (; t + 4 <= (depth); t += 4) {                                                                        \
            PRODUCT(acc, (a) + t * (a_step), a_row, (b) + t * LB)                                                 \
            PRODUCT(acc, (a) + (t + 1) * (a_step), a_row, (b) + (t + 1) * LB)                                     \
            PRODUCT(acc, (a) + (t + 2) * (a_step), a_row, (b) + (t + 2) * LB)                                     \
            PRODUCT(acc, (a) + (t + 3) * (a_step), a_row, (b) + (t + 3) * LB)                                     \
        }                                                                                                         \
        for (; t < (depth); t++)                                                                                  \
            PRODUCT(acc, (a) + t * (a_step), a_row, (b) + t * LB)                                                 \
    }

// c [25][rows][c_stride] = a [25][rows][a_stride] * b [25][panels][depth][LB]; rows: a multiple of TP.
// global: {panels, 25}
WORK void winograd_products(__global const float *a_, ulong a0, __global const float *b_, ulong b0,
                            __global float *c_, ulong c0, int rows, int depth, int a_stride, int c_stride)
{
    const int panel = get_global_id(0), panels = get_global_size(0), e = get_global_id(1);
    __global const float *b = AT(b) + ((ulong)e * panels + panel) * depth * LB;
    for (int row = 0; row < rows; row += TP) {
        __global const float *a = AT(a) + ((ulong)e * rows + row) * a_stride;
        __global float *c = AT(c) + ((ulong)e * rows + row) * c_stride + panel * LB;
        for (int from = 0; from < depth; from += SUM_DEPTH) {
            fv acc[TP][NV];
            TILE(p, v) acc[p][v] = 0.0f;
            PRODUCTS(acc, a + from, a_stride, 1, b + from * LB, min(SUM_DEPTH, depth - from))
            TILE(p, v)
            {
                __global float *to = c + (ulong)p * c_stride + v * VF;
                STOREV(from ? LOADV(to) + acc[p][v] : acc[p][v], to);
            }
        }
    }
}

#ifdef WHOLE
// --- filter gradients --------------------------------------------------------------------------------------------
//
// A work-item owns a block of CR channels of the picture side's spectrum and KP blocks of LB of the map side's: it sums
// their products over a chunk's tiles, e by e and DEPTH tiles at a time (so that both stay in the first-level cache), and
// transforms them to taps after the last chunk. With one chunk
// (WHOLE) the sums are in local memory, else in `sums` [CR blocks][groups][25][CR][CK] between the launches.

#define CK (KP * LB)
#if WHOLE
#define SUMS __local
#else
#define SUMS __global
#endif

// sums [CR][CK] = or += v' w, v [tiles][CR], w [KP][w_panel floats: tiles][LB]; of them `depths` x `panels` * LB are wanted.
void sum_tiles(SUMS float *sums, __global const float *v, __global const float *w, const ulong w_panel,
               const int tiles, const int depths, const int panels, const bool first)
{
    for (int panel = 0; panel < panels; panel++)
        for (int d = 0; d < depths; d += TP) {
            fv acc[TP][NV];
            TILE(p, i) acc[p][i] = 0.0f;
            PRODUCTS(acc, v + d, 1, CR, w + panel * w_panel, tiles)
            TILE(p, i)
            {
                SUMS float *to = sums + (d + p) * CK + panel * LB + i * VF;
                STOREV(first ? acc[p][i] : LOADV(to) + acc[p][i], to);
            }
        }
}

// One direction of g = G' u, where u's five vectors are `step` apart.
#define GT_TAPS(g0, g1, u, step)                                                                                  \
    {                                                                                                             \
        g0 = (u)[0] + (u)[step] + (u)[2 * (step)] + (u)[3 * (step)];                                              \
        g1 = (u)[step] - (u)[2 * (step)] + 2.0f * (u)[3 * (step)] + (u)[4 * (step)];                              \
    }

// The four taps of a plane, one vector each, from the 25 sums.
void store_taps(SUMS const float *sums, __global float *dw, const int plane, const int C, const int K,
                const bool accumulate)
{
    fv u[25], t[10];
#pragma unroll
    for (int e = 0; e < 25; e++)
        u[e] = LOADV(sums + e * CR * CK);
#pragma unroll
    for (int j = 0; j < 5; j++)
        GT_TAPS(t[j], t[5 + j], u + j, 5)
#pragma unroll
    for (int i = 0; i < 2; i++) {
        fv g[2];
        GT_TAPS(g[0], g[1], t + 5 * i, 1)
#pragma unroll
        for (int j = 0; j < 2; j++) {
            __global float *to = dw + (ulong)((plane / 2 + 2 * i) * 4 + plane % 2 + 2 * j) * C * K;
            STOREV(accumulate ? LOADV(to) + g[j] : g[j], to);
        }
    }
}

// dw [4][4][C][K] from a chunk's spectra v in blocks of CR and w in blocks of LB. global: {groups of KP blocks, CR blocks}
WORK void winograd_filter(__global const float *v_, ulong v0, __global const float *w_, ulong w0,
                          __global float *parts_, ulong parts0, __global float *dw_, ulong dw0, int C, int K,
                          int tiles, int rows, int first, int last, int accumulate)
{
    const int group = get_global_id(0), groups = get_global_size(0), k = group * CK;
    const int range = get_global_id(1), ranges = get_global_size(1), from = range * CR;
    const int all_panels = (K + LB - 1) / LB, panels = min(KP, all_panels - group * KP), depths = min(CR, 4 * C - from);
#if WHOLE
    __local float sums[25 * CR * CK];
#else
    __global float *sums = AT(parts) + ((ulong)range * groups + group) * 25 * CR * CK;
#endif
    for (int e = 0; e < 25; e++) {
        __global const float *v = AT(v) + ((ulong)e * ranges + range) * rows * CR;
        __global const float *w = AT(w) + ((ulong)e * all_panels + group * KP) * rows * LB;
        for (int tile = 0; tile < tiles; tile += DEPTH)
            sum_tiles(sums + e * CR * CK, v + tile * CR, w + tile * LB, (ulong)rows * LB, min(DEPTH, tiles - tile),
                      depths, panels, first && tile == 0);
    }
    if (!last)
        return;
    for (int d = 0; d < depths; d++)
        for (int lane = 0; lane < CK && k + lane < K; lane += VF)
            store_taps(sums + d * CK + lane, AT(dw) + (ulong)((from + d) % C) * K + k + lane, (from + d) / C, C, K,
                       accumulate);
}
#endif
