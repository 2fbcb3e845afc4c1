// Minimal filtering F(4x4,2x2) for 4x4 kernels with stride 2 and padding 1: the transforms (CPU devices).
//
// Such a convolution is a sum of four dense 2x2 convolutions, one for each parity plane (qy, qx) of its picture:
// output row o takes the rows 2 (o + j) - 1 + qy of the picture with the taps qy + 2 j, j = 0 or 1. Four outputs o
// of a plane need five of its rows and five products in each direction, by Toom-Cook with the points 0, 1, -1, 2,
// infinity (Winograd 1980; Lavin and Gray 2015, section 4):
//   y = A' ((G g) . (B' d))   and, its transposes, for the gradients:
//   d = B ((G g) . (A y))     g = G' ((B' d) . (A y))
// A tile is 4x4 outputs, 25 products e for each of the channels and planes: plain matrix products (winograd_gemm.cl).
//
// Spectra are [25][blocks][rows][block]: a row is a tile, counted image by image, row by row; its channels, K on the
// map side and 4 C (plane * C + c) on the picture side, are cut in blocks.
// C and K are multiples of VF. All work-items work alone.

#if VF == 16
#define ZIP_LOW(a, b)                                                                                             \
    (float16)(a.s0, b.s0, a.s1, b.s1, a.s2, b.s2, a.s3, b.s3, a.s4, b.s4, a.s5, b.s5, a.s6, b.s6, a.s7, b.s7)
#define ZIP_HIGH(a, b)                                                                                            \
    (float16)(a.s8, b.s8, a.s9, b.s9, a.sa, b.sa, a.sb, b.sb, a.sc, b.sc, a.sd, b.sd, a.se, b.se, a.sf, b.sf)
#define ZIPS 4
#elif VF == 8
#define ZIP_LOW(a, b) (float8)(a.s0, b.s0, a.s1, b.s1, a.s2, b.s2, a.s3, b.s3)
#define ZIP_HIGH(a, b) (float8)(a.s4, b.s4, a.s5, b.s5, a.s6, b.s6, a.s7, b.s7)
#define ZIPS 3
#else
#define ZIP_LOW(a, b) (float4)(a.s0, b.s0, a.s1, b.s1)
#define ZIP_HIGH(a, b) (float4)(a.s2, b.s2, a.s3, b.s3)
#define ZIPS 2
#endif

// One direction of each transform; `to` and `from` are five (or four, or two) vectors with a step between them.
#define G_TAPS(to, step, g0, g1)                                                                                  \
    {                                                                                                             \
        (to)[0] = g0;                                                                                             \
        (to)[step] = g0 + g1;                                                                                     \
        (to)[2 * (step)] = g0 - g1;                                                                               \
        (to)[3 * (step)] = g0 + 2.0f * g1;                                                                        \
        (to)[4 * (step)] = g1;                                                                                    \
    }
#define BT_PICTURE(to, step, d0, d1, d2, d3, d4)                                                                  \
    {                                                                                                             \
        const fv h = 0.5f * (d3 - d1);                                                                            \
        const fv s = (1.0f / 6.0f) * (d3 - d1);                                                                   \
        (to)[0] = d0 - d2 + h;                                                                                    \
        (to)[step] = d1 + 0.5f * (d2 - d3);                                                                       \
        (to)[2 * (step)] = 0.5f * (d2 - d1) - s;                                                                  \
        (to)[3 * (step)] = s;                                                                                     \
        (to)[4 * (step)] = d4 - d2 - 4.0f * h;                                                                    \
    }
#define AT_MAP(to, step, m0, m1, m2, m3, m4)                                                                      \
    {                                                                                                             \
        const fv plus = m1 + m2, minus = m1 - m2;                                                                 \
        (to)[0] = m0 + plus + m3;                                                                                 \
        (to)[step] = minus + 2.0f * m3;                                                                           \
        (to)[2 * (step)] = plus + 4.0f * m3;                                                                      \
        (to)[3 * (step)] = minus + 8.0f * m3 + m4;                                                                \
    }
#define A_MAP(to, step, y0, y1, y2, y3)                                                                           \
    {                                                                                                             \
        const fv even = y0 + y2, odd = y1 + y3;                                                                   \
        (to)[0] = y0;                                                                                             \
        (to)[step] = even + odd;                                                                                  \
        (to)[2 * (step)] = even - odd;                                                                            \
        (to)[3 * (step)] = y0 + 2.0f * y1 + 4.0f * y2 + 8.0f * y3;                                                \
        (to)[4 * (step)] = y3;                                                                                    \
    }
#define B_PICTURE(to, step, n0, n1, n2, n3, n4)                                                                   \
    {                                                                                                             \
        const fv a = 0.5f * (n0 - n1) - 2.0f * n4;                                                                \
        const fv b = (1.0f / 6.0f) * (n3 - n2);                                                                   \
        (to)[0] = n0;                                                                                             \
        (to)[step] = 0.5f * (n1 - n2) - a - b;                                                                    \
        (to)[2 * (step)] = 0.5f * (n1 + n2) - n0 - n4;                                                            \
        (to)[3 * (step)] = a + b;                                                                                 \
        (to)[4 * (step)] = n4;                                                                                    \
    }

// Floats of one of a spectrum's 25 parts, and where in it a tile's channel is.
#define SPECTRUM(channels, rows, block) ((ulong)((channels) + (block)-1) / (block) * (rows) * (block))
#define PLACE(tile, channel, rows, block)                                                                         \
    ((ulong)((channel) / (block)) * (rows) * (block) + (ulong)(tile) * (block) + (channel) % (block))

// --- weights [4][4][C][K] --------------------------------------------------------------------------------------

// The 25 products' factors of a plane from its 2x2 taps, each one vector, to u, which holds them `apart` floats apart.
#define STORE_TAPS(g, u, apart)                                                                                   \
    {                                                                                                             \
        fv t[10];                                                                                                 \
        G_TAPS(t, 2, g[0], g[2])                                                                                  \
        G_TAPS(t + 1, 2, g[1], g[3])                                                                              \
        _Pragma("unroll") for (int i = 0; i < 5; i++)                                                             \
        {                                                                                                         \
            fv row[5];                                                                                            \
            G_TAPS(row, 1, t[2 * i], t[2 * i + 1])                                                                \
            _Pragma("unroll") for (int j = 0; j < 5; j++) STOREV(row[j], (u) + (ulong)(5 * i + j) * (apart));     \
        }                                                                                                         \
    }

// For the forward pass: u [25][K panels][4 C][LB]. global: {K panels, planes}
WORK void winograd_weights(__global const float *w_, ulong w0, __global float *u_, ulong u0, int C, int K)
{
    const int panel = get_global_id(0), plane = get_global_id(1), qy = plane / 2, qx = plane % 2;
    const ulong apart = (ulong)get_global_size(0) * 4 * C * LB;
    for (int c = 0; c < C; c++)
        for (int v = 0; v < NV; v++) {
            const int k = panel * LB + v * VF;
            fv g[4];
#pragma unroll
            for (int i = 0; i < 4; i++) {
                const int tap = (qy + 2 * (i / 2)) * 4 + qx + 2 * (i % 2);
                g[i] = k < K ? LOADV(AT(w) + ((ulong)tap * C + c) * K + k) : (fv)0.0f;
            }
            __global float *u = AT(u) + (((ulong)panel * 4 + plane) * C + c) * LB + v * VF;
            STORE_TAPS(g, u, apart)
        }
}

// Rows to columns: VF vectors.
void transpose(fv *rows)
{
#pragma unroll
    for (int pass = 0; pass < ZIPS; pass++) {
        fv next[VF];
#pragma unroll
        for (int i = 0; i < VF / 2; i++) {
            next[2 * i] = ZIP_LOW(rows[i], rows[i + VF / 2]);
            next[2 * i + 1] = ZIP_HIGH(rows[i], rows[i + VF / 2]);
        }
#pragma unroll
        for (int i = 0; i < VF; i++)
            rows[i] = next[i];
    }
}

// For its adjoint: u [25][4 C panels][K][LB]. global: {4 C / VF vectors of the picture side}
WORK void winograd_weights_adjoint(__global const float *w_, ulong w0, __global float *u_, ulong u0, int C, int K)
{
    const int depth = get_global_id(0) * VF, plane = depth / C, c = depth % C, qy = plane / 2, qx = plane % 2;
    const ulong apart = (ulong)4 * C * K;
    for (int k = 0; k < K; k += VF) {
        fv taps[4][VF];
#pragma unroll
        for (int i = 0; i < 4; i++) {
            const int tap = (qy + 2 * (i / 2)) * 4 + qx + 2 * (i % 2);
#pragma unroll
            for (int l = 0; l < VF; l++)
                taps[i][l] = LOADV(AT(w) + ((ulong)tap * C + c + l) * K + k);
            transpose(taps[i]);
        }
        for (int l = 0; l < VF; l++) {
            const fv g[4] = {taps[0][l], taps[1][l], taps[2][l], taps[3][l]};
            __global float *u = AT(u) + ((ulong)(depth / LB) * K + k + l) * LB + depth % LB;
            STORE_TAPS(g, u, apart)
        }
    }
}

// --- into the products' space: one work-item a tile --------------------------------------------------------------

// The picture side: v = B' x B. x [n][H][W][C]
WORK void winograd_picture(__global const float *x_, ulong x0, __global float *v_, ulong v0, int H, int W, int C,
                           int tiles_y, int tiles_x, int rows, int block)
{
    const int tile = get_global_id(0), ty = tile / tiles_x % tiles_y, tx = tile % tiles_x;
    const ulong apart = SPECTRUM(4 * C, rows, block);
    __global const float *x = AT(x) + (ulong)(tile / (tiles_x * tiles_y)) * H * W * C;
    for (int plane = 0; plane < 4; plane++) {
        const int y = 8 * ty - 1 + plane / 2, column = 8 * tx - 1 + plane % 2;
        int at[25], inside[25];
#pragma unroll
        for (int i = 0; i < 25; i++) {
            const int iy = y + 2 * (i / 5), ix = column + 2 * (i % 5);
            inside[i] = iy >= 0 && iy < H && ix >= 0 && ix < W ? -1 : 0;
            at[i] = inside[i] ? (iy * W + ix) * C : 0;
        }
        for (int c = 0; c < C; c += VF) {
            __global float *v = AT(v) + PLACE(tile, plane * C + c, rows, block);
            fv t[25];
#pragma unroll
            for (int j = 0; j < 5; j++) {
                fv d[5];
#pragma unroll
                for (int i = 0; i < 5; i++)
                    d[i] = AS_FV(AS_IV(LOADV(x + at[5 * i + j] + c)) & (iv)inside[5 * i + j]);
                BT_PICTURE(t + j, 5, d[0], d[1], d[2], d[3], d[4])
            }
#pragma unroll
            for (int i = 0; i < 5; i++) {
                fv row[5];
                BT_PICTURE(row, 1, t[5 * i], t[5 * i + 1], t[5 * i + 2], t[5 * i + 3], t[5 * i + 4])
#pragma unroll
                for (int j = 0; j < 5; j++)
                    STOREV(row[j], v + (5 * i + j) * apart);
            }
        }
    }
}

// The map side: v = A y A'. y [n][OH][OW][K]
WORK void winograd_map(__global const float *y_, ulong y0, __global float *v_, ulong v0, int OH, int OW, int K,
                       int tiles_y, int tiles_x, int rows, int block)
{
    const int tile = get_global_id(0), ty = tile / tiles_x % tiles_y, tx = tile % tiles_x;
    const ulong apart = SPECTRUM(K, rows, block);
    __global const float *y = AT(y) + (ulong)(tile / (tiles_x * tiles_y)) * OH * OW * K;
    int at[16], inside[16];
#pragma unroll
    for (int i = 0; i < 16; i++) {
        const int oy = 4 * ty + i / 4, ox = 4 * tx + i % 4;
        inside[i] = oy < OH && ox < OW ? -1 : 0;
        at[i] = inside[i] ? (oy * OW + ox) * K : 0;
    }
    for (int k = 0; k < K; k += VF) {
        __global float *v = AT(v) + PLACE(tile, k, rows, block);
        fv t[20];
#pragma unroll
        for (int j = 0; j < 4; j++) {
            fv d[4];
#pragma unroll
            for (int i = 0; i < 4; i++)
                d[i] = AS_FV(AS_IV(LOADV(y + at[4 * i + j] + k)) & (iv)inside[4 * i + j]);
            A_MAP(t + j, 4, d[0], d[1], d[2], d[3])
        }
#pragma unroll
        for (int i = 0; i < 5; i++) {
            fv row[5];
            A_MAP(row, 1, t[4 * i], t[4 * i + 1], t[4 * i + 2], t[4 * i + 3])
#pragma unroll
            for (int j = 0; j < 5; j++)
                STOREV(row[j], v + (5 * i + j) * apart);
        }
    }
}

// --- back from it ------------------------------------------------------------------------------------------------

// y = A' m A; m in one block. global: {tiles}
WORK void winograd_map_back(__global const float *m_, ulong m0, __global float *y_, ulong y0, int OH, int OW, int K,
                            int tiles_y, int tiles_x, int rows, int block)
{
    const int tile = get_global_id(0), ty = tile / tiles_x % tiles_y, tx = tile % tiles_x;
    const ulong apart = (ulong)rows * block;
    __global const float *m = AT(m) + (ulong)tile * block;
    __global float *y = AT(y) + (((ulong)(tile / (tiles_x * tiles_y)) * OH + 4 * ty) * OW + 4 * tx) * K;
    const int height = min(4, OH - 4 * ty), width = min(4, OW - 4 * tx);
    for (int k = 0; k < K; k += VF) {
        fv t[20];
#pragma unroll
        for (int j = 0; j < 5; j++) {
            fv e[5];
#pragma unroll
            for (int i = 0; i < 5; i++)
                e[i] = LOADV(m + (5 * i + j) * apart + k);
            AT_MAP(t + j, 5, e[0], e[1], e[2], e[3], e[4])
        }
#pragma unroll
        for (int i = 0; i < 4; i++) {
            fv row[4];
            AT_MAP(row, 1, t[5 * i], t[5 * i + 1], t[5 * i + 2], t[5 * i + 3], t[5 * i + 4])
#pragma unroll
            for (int j = 0; j < 4; j++)
                if (i < height && j < width)
                    STOREV(row[j], y + (i * OW + j) * K + k);
        }
    }
}

// x = B m B'; m in one block; neighbouring tiles meet in a seam of one row and column per plane: added in the tiles' order.
// global: {images, planes}
WORK void winograd_picture_back(__global const float *m_, ulong m0, __global float *x_, ulong x0, int H, int W, int C,
                                int tiles_y, int tiles_x, int rows, int block)
{
    const int image = get_global_id(0), plane = get_global_id(1);
    const ulong apart = (ulong)rows * block;
    __global float *x = AT(x) + (ulong)image * H * W * C;
    for (int tile = 0; tile < tiles_y * tiles_x; tile++) {
        const int ty = tile / tiles_x, tx = tile % tiles_x;
        const int y = 8 * ty - 1 + plane / 2, column = 8 * tx - 1 + plane % 2;
        __global const float *m = AT(m) + ((ulong)image * tiles_y * tiles_x + tile) * block + plane * C;
        for (int c = 0; c < C; c += VF) {
            fv t[25];
#pragma unroll
            for (int j = 0; j < 5; j++) {
                fv e[5];
#pragma unroll
                for (int i = 0; i < 5; i++)
                    e[i] = LOADV(m + (5 * i + j) * apart + c);
                B_PICTURE(t + j, 5, e[0], e[1], e[2], e[3], e[4])
            }
#pragma unroll
            for (int i = 0; i < 5; i++) {
                fv row[5];
                B_PICTURE(row, 1, t[5 * i], t[5 * i + 1], t[5 * i + 2], t[5 * i + 3], t[5 * i + 4])
                const int iy = y + 2 * i;
                if (iy < 0 || iy >= H)
                    continue;
#pragma unroll
                for (int j = 0; j < 5; j++) {
                    const int ix = column + 2 * j;
                    if (ix < 0 || ix >= W)
                        continue;
                    __global float *to = x + (iy * W + ix) * C + c;
                    if ((i == 0 && ty > 0) || (j == 0 && tx > 0))
                        row[j] += LOADV(to);
                    STOREV(row[j], to);
                }
            }
        }
    }
}
