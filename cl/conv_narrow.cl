// Convolutions of pictures with few channels (C <= 4) on CPU devices: backward-data and filter gradients.
//
// Lanes of output channels would be mostly empty here, so the taps join them: a map pixel's LANES = R * S * C products
// (backward-data), or the S * C neighbours in a picture row as the rows of a register tile (filter gradient).
//
// Constants: R, S, STRIDE, PAD, C, K, H, W, OH, OW as ever; VF. All work-items work alone.

#ifdef MAP_ROWS
// --- backward-data -----------------------------------------------------------------------------------------------
//
// More constants: NV: vectors that hold the LANES; TP: map pixels per register tile; SIDE: zero pixels on both sides of
// a map row; ROWS: picture rows per strip; MAP_ROWS: map rows that such a strip may need.
#define LANES (R * S * C)
#define LONG (NV * VF)             // floats of a pixel's products
#define WIDE ((OW + 2 * SIDE) * LONG) // and of a map row's

// Weights [R * S * C][K] to [K][LONG], missing lanes as zeros.
WORK void narrow_pack(__global const float *w_, ulong w0, __global float *packed_, ulong packed0)
{
    const int k = get_global_id(0);
    for (int l = 0; l < LONG; l++)
        AT(packed)[k * LONG + l] = l < LANES ? AT(w)[(ulong)l * K + k] : 0.0f;
}

// All products of one map row: to [SIDE + OW + SIDE][LONG].
void row_products(__local float *to, __global const float *dy, __global const float *packed)
{
    for (int i = 0; i < SIDE * LONG; i++)
        to[i] = to[WIDE - 1 - i] = 0.0f;
    for (int x = 0; x < OW; x += TP) {
        fv acc[TP][NV];
        __global const float *pixel[TP];
#pragma unroll
        for (int p = 0; p < TP; p++) {
            pixel[p] = dy + min(x + p, OW - 1) * K;
#pragma unroll
            for (int v = 0; v < NV; v++)
                acc[p][v] = 0.0f;
        }
        for (int k = 0; k < K; k++) {
            fv one[TP];
#pragma unroll
            for (int p = 0; p < TP; p++)
                one[p] = pixel[p][k];
#pragma unroll
            for (int v = 0; v < NV; v++) {
                const fv lanes = LOADV(packed + k * LONG + v * VF);
#pragma unroll
                for (int p = 0; p < TP; p++)
                    acc[p][v] += one[p] * lanes;
            }
        }
        TILE(p, v)
            if (x + p < OW)
                STOREV(acc[p][v], to + (SIDE + x + p) * LONG + v * VF);
    }
}

#define TAPS_Y ((R + STRIDE - 1) / STRIDE) // at most so many taps reach a picture row
#define TAPS_X ((S + STRIDE - 1) / STRIDE)

// A picture row from the products of the map rows [first, first + MAP_ROWS); `zeros` stands for those outside the map.
void row_gather(__global float *dx, __local const float *products, __local const float *zeros, const int y,
                const int first)
{
    const int r0 = (y + PAD) % STRIDE;
    __local const float *row[TAPS_Y];
#pragma unroll
    for (int i = 0; i < TAPS_Y; i++) {
        const int r = r0 + i * STRIDE, oy = (y + PAD) / STRIDE - i;
        row[i] = r < R && oy >= 0 && oy < OH ? products + (oy - first) * WIDE + r * S * C : zeros;
    }
#pragma unroll
    for (int phase = 0; phase < STRIDE; phase++) {
        const int s0 = (phase + PAD) % STRIDE, start = (phase + PAD) / STRIDE + SIDE;
        for (int x = phase, ox = start; x < W; x += STRIDE, ox++) {
            float4 sum = 0.0f;
#pragma unroll
            for (int i = 0; i < TAPS_Y; i++)
#pragma unroll
                for (int j = 0; j < TAPS_X; j++)
                    if (s0 + j * STRIDE < S)
                        sum += vload4(0, row[i] + (ox - j) * LONG + (s0 + j * STRIDE) * C);
            const float of[4] = {sum.x, sum.y, sum.z, sum.w};
#pragma unroll
            for (int c = 0; c < C; c++)
                dx[x * C + c] = of[c];
        }
    }
}

// global: {images, strips of ROWS picture rows}
WORK void narrow_data(__global const float *dy_, ulong dy0, __global const float *packed_, ulong packed0,
                      __global float *dx_, ulong dx0)
{
    __local float products[MAP_ROWS * WIDE + 4], zeros[WIDE + 4]; // a last pixel is read four floats at a time
    const int image = get_global_id(0), y0 = get_global_id(1) * ROWS, y1 = min(y0 + ROWS, H);
    const int first = max(0, (y0 + PAD - R + STRIDE) / STRIDE), last = min(OH - 1, (y1 - 1 + PAD) / STRIDE);
    for (int i = 0; i < WIDE + 4; i++)
        zeros[i] = 0.0f;
    for (int oy = first; oy <= last; oy++)
        row_products(products + (oy - first) * WIDE, AT(dy) + ((ulong)image * OH + oy) * OW * K, AT(packed));
    for (int y = y0; y < y1; y++)
        row_gather(AT(dx) + ((ulong)image * H + y) * W * C, products, zeros, y, first);
}
#endif

#ifdef SHARES
// --- filter gradients --------------------------------------------------------------------------------------------
//
// More constants: NV: vectors of output channels (LB lanes) and TP: neighbours of a register tile; OROWS: map rows at a
// time; SHARES of the images, each with a dw of its own in `parts`.
#define NEIGHBOURS (S * C)
#define BOX_ROW ((STRIDE * (OW - 1) + S) * C)
#define BOX_ROWS (STRIDE * (OROWS - 1) + R)
#define BLOCKS ((K + LB - 1) / LB)

// The picture rows that the map rows from oy on see, borders as zeros.
void fill_box(__local float *box, __global const float *x, const int oy)
{
    for (int i = 0; i < BOX_ROWS; i++) {
        const int y = oy * STRIDE - PAD + i;
        for (int b = 0; b < BOX_ROW; b++) {
            const int at = b - PAD * C;
            box[i * BOX_ROW + b] = y >= 0 && y < H && at >= 0 && at < W * C ? x[y * W * C + at] : 0.0f;
        }
    }
}

// One tile of sums, over `rows` map rows.
void tile(__local float *sums, __local const float *box, __global const float *dy, const int rows, const int lanes,
          const bool first)
{
    fv acc[TP][NV];
    TILE(p, v) acc[p][v] = 0.0f;
    for (int row = 0; row < rows; row++)
        for (int ox = 0; ox < OW; ox++) {
            fv d[NV];
            load_lanes(d, dy + (row * OW + ox) * K, lanes);
#pragma unroll
            for (int p = 0; p < TP; p++) {
                const fv one = box[row * STRIDE * BOX_ROW + ox * STRIDE * C + p];
#pragma unroll
                for (int v = 0; v < NV; v++)
                    acc[p][v] += one * d[v];
            }
        }
    TILE(p, v)
    {
        __local float *to = sums + p * BLOCKS * LB + v * VF;
        STOREV(first ? acc[p][v] : LOADV(to) + acc[p][v], to);
    }
}

// parts [SHARES][R][S][C][K]. global: {SHARES}
WORK void narrow_filter(__global const float *x_, ulong x0, __global const float *dy_, ulong dy0,
                        __global float *parts_, ulong parts0, int n)
{
    __local float box[BOX_ROWS * BOX_ROW + TP]; // the last tile reads on
    __local float sums[R * TILES * TP * BLOCKS * LB];
    const int share = get_global_id(0), from = share * n / SHARES, to = (share + 1) * n / SHARES;
    for (int i = 0; i < TP; i++)
        box[BOX_ROWS * BOX_ROW + i] = 0.0f;
    for (int image = from; image < to; image++)
        for (int oy = 0; oy < OH; oy += OROWS) {
            fill_box(box, AT(x) + (ulong)image * H * W * C, oy);
            __global const float *dy = AT(dy) + ((ulong)image * OH + oy) * OW * K;
            for (int block = 0; block < BLOCKS; block++)
                for (int t = 0; t < R * TILES; t++)
                    tile(sums + t * TP * BLOCKS * LB + block * LB, box + t / TILES * BOX_ROW + t % TILES * TP,
                         dy + block * LB, min(OROWS, OH - oy), min(LB, K - block * LB), image == from && oy == 0);
        }
    __global float *dw = AT(parts) + (ulong)share * R * S * C * K;
    for (int r = 0; r < R; r++)
        for (int i = 0; i < NEIGHBOURS; i++)
            for (int k = 0; k < K; k++)
                dw[(r * NEIGHBOURS + i) * K + k] = sums[(r * TILES * TP + i) * BLOCKS * LB + k];
}
#endif
