// Filter gradients for CPU devices: register tiles of CT channels x LB lanes (of k), summed over pixels.
//
// A group owns CR channels of x (a multiple of CT) and a share of the images. It copies a chunk of both inputs into local
// memory (x in slices of CT channels with zero borders, dy in blocks of LB lanes), so that the inner loop reads two short
// streams, and adds the chunk's products to its dw. With several shares each has a dw of its own, summed by parts_sum
// in a fixed order.
//
// Constants: R, S, STRIDE, PAD, C, K, H, W, OH, OW as ever; NV, CT, CR; IMAGES, OROWS: images and rows of y per chunk;
// BH, BW: rows and columns of x that these touch.

#define BLOCKS ((K + LB - 1) / LB)
#define PIXELS (IMAGES * OROWS * OW)

void fill_x(__local float *xs, __global const float *x, const int image, const int oy, const int c0, const int n)
{
    for (int i = 0; i < IMAGES; i++)
        for (int by = 0; by < BH; by++)
            for (int bx = 0; bx < BW; bx++) {
                const int y = oy * STRIDE - PAD + by, xx = bx - PAD;
                const bool inside = image + i < n && y >= 0 && y < H && xx >= 0 && xx < W;
                __global const float *from = x + (((ulong)(image + i) * H + y) * W + xx) * C + c0;
                for (int cb = 0; cb < CR / CT; cb++) {
                    __local float *to = xs + (((cb * IMAGES + i) * BH + by) * BW + bx) * CT;
#pragma unroll
                    for (int l = 0; l < CT; l++)
                        to[l] = inside && c0 + cb * CT + l < C ? from[cb * CT + l] : 0.0f;
                }
            }
}

void fill_dy(__local float *dys, __global const float *dy, const int image, const int oy, const int n)
{
    for (int i = 0; i < IMAGES; i++)
        for (int row = 0; row < OROWS; row++)
            for (int ox = 0; ox < OW; ox++) {
                const bool inside = image + i < n && oy + row < OH;
                __global const float *from = dy + (((ulong)(image + i) * OH + oy + row) * OW + ox) * K;
                const int pixel = (i * OROWS + row) * OW + ox;
                for (int k = 0; k < BLOCKS * LB; k += VF) {
                    __local float *to = dys + (k / LB * PIXELS + pixel) * LB + k % LB;
                    if (inside && k + VF <= K)
                        STOREV(LOADV(from + k), to);
                    else
                        for (int l = 0; l < VF; l++)
                            to[l] = inside && k + l < K ? from[k + l] : 0.0f;
                }
            }
}

// One tile: dw[tap][c..c+CT)[block] (+)= this chunk's sum.
void tile(__local const float *xs, __local const float *dys, __global float *dw, const int rows, const int lanes,
          const bool add)
{
    fv acc[CT][NV];
#pragma unroll
    for (int c = 0; c < CT; c++) {
#pragma unroll
        for (int v = 0; v < NV; v++)
            acc[c][v] = 0.0f;
    }
    for (int i = 0; i < IMAGES; i++)
        for (int row = 0; row < OROWS; row++) {
            __local const float *x = xs + (i * BH + row * STRIDE) * BW * CT;
            __local const float *dy = dys + (i * OROWS + row) * OW * LB;
            for (int ox = 0; ox < OW; ox++) {
                fv d[NV];
#pragma unroll
                for (int v = 0; v < NV; v++)
                    d[v] = LOADV(dy + ox * LB + v * VF);
#pragma unroll
                for (int c = 0; c < CT; c++) {
                    const fv xv = x[ox * STRIDE * CT + c];
#pragma unroll
                    for (int v = 0; v < NV; v++)
                        acc[c][v] += xv * d[v];
                }
            }
        }
#pragma unroll
    for (int c = 0; c < CT; c++)
        if (c < rows) {
            fv before[NV];
            if (add) {
                load_lanes(before, dw + (ulong)c * K, lanes);
#pragma unroll
                for (int v = 0; v < NV; v++)
                    acc[c][v] += before[v];
            }
            store_lanes(dw + (ulong)c * K, acc[c], lanes);
        }
}

// global: {channel range, share of the images}; dw holds one [R][S][C][K] per share.
__kernel __attribute__((reqd_work_group_size(1, 1, 1))) void conv_cpu_filter(__global const float *x_, ulong x0,
    __global const float *dy_, ulong dy0, __global float *dw_, ulong dw0, int n, int accumulate)
{
    __local float xs[CR * IMAGES * BH * BW], dys[BLOCKS * LB * PIXELS];
    const int c0 = get_global_id(0) * CR;
    const int chunks = (n + IMAGES - 1) / IMAGES, shares = get_global_size(1), share = get_global_id(1);
    __global float *dw = AT(dw) + (ulong)share * R * S * C * K;
    bool add = accumulate;
    for (int chunk = share * chunks / shares; chunk < (share + 1) * chunks / shares; chunk++)
        for (int oy = 0; oy < OH; oy += OROWS) {
            fill_x(xs, AT(x), chunk * IMAGES, oy, c0, n);
            fill_dy(dys, AT(dy), chunk * IMAGES, oy, n);
            for (int tap = 0; tap < R * S; tap++)
                for (int cb = 0; cb < CR / CT; cb++) {
                    const int c = c0 + cb * CT;
                    __local const float *x = xs + (cb * IMAGES * BH * BW + tap / S * BW + tap % S) * CT;
                    for (int block = 0; block < BLOCKS; block++)
                        tile(x, dys + block * PIXELS * LB, dw + ((ulong)tap * C + c) * K + block * LB,
                             min(CT, C - c), min(LB, K - block * LB), add);
                }
            add = true;
        }
}
