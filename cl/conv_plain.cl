// Convolution and its two gradients, written to be read: one work-item per output value. See ops.h for the meaning.
//   x [N][H][W][C], w [R][S][C][K], y [N][OH][OW][K]

__kernel void conv_plain_forward(__global const float *x_, ulong x0, __global const float *w_, ulong w0,
                                 __global float *y_, ulong y0, int n)
{
    const ulong i = get_global_id(0);
    if (i >= (ulong)n * OH * OW * K)
        return;
    const int k = i % K, ox = i / K % OW, oy = i / K / OW % OH, image = i / K / OW / OH;
    float sum = 0.0f;
    for (int r = 0; r < R; r++)
        for (int s = 0; s < S; s++) {
            const int iy = oy * STRIDE - PAD + r, ix = ox * STRIDE - PAD + s;
            if (iy < 0 || iy >= H || ix < 0 || ix >= W)
                continue;
            for (int from = 0; from < C; from += SUM_DEPTH) {
                float part = 0.0f;
                for (int c = from; c < min(from + SUM_DEPTH, C); c++)
                    part += AT(x)[(((ulong)image * H + iy) * W + ix) * C + c] * AT(w)[((r * S + s) * C + c) * K + k];
                sum += part;
            }
        }
    AT(y)[i] = sum;
}

__kernel void conv_plain_data(__global const float *dy_, ulong dy0, __global const float *w_, ulong w0,
                              __global float *dx_, ulong dx0, int n)
{
    const ulong i = get_global_id(0);
    if (i >= (ulong)n * H * W * C)
        return;
    const int c = i % C, ix = i / C % W, iy = i / C / W % H, image = i / C / W / H;
    float sum = 0.0f;
    for (int r = 0; r < R; r++)
        for (int s = 0; s < S; s++) {
            const int ty = iy + PAD - r, tx = ix + PAD - s; // STRIDE times the output's position
            if (ty < 0 || tx < 0 || ty % STRIDE || tx % STRIDE || ty / STRIDE >= OH || tx / STRIDE >= OW)
                continue;
            for (int from = 0; from < K; from += SUM_DEPTH) {
                float part = 0.0f;
                for (int k = from; k < min(from + SUM_DEPTH, K); k++)
                    part += AT(dy)[(((ulong)image * OH + ty / STRIDE) * OW + tx / STRIDE) * K + k] *
                            AT(w)[((r * S + s) * C + c) * K + k];
                sum += part;
            }
        }
    AT(dx)[i] = sum;
}

__kernel void conv_plain_filter(__global const float *x_, ulong x0, __global const float *dy_, ulong dy0,
                                __global float *dw_, ulong dw0, int n)
{
    const int i = get_global_id(0);
    if (i >= R * S * C * K)
        return;
    const int k = i % K, c = i / K % C, s = i / K / C % S, r = i / K / C / S;
    float sum = 0.0f;
    for (int image = 0; image < n; image++)
        for (int oy = 0; oy < OH; oy++) {
            float part = 0.0f;
            for (int ox = 0; ox < OW; ox++) {
                const int iy = oy * STRIDE - PAD + r, ix = ox * STRIDE - PAD + s;
                if (iy >= 0 && iy < H && ix >= 0 && ix < W)
                    part += AT(x)[(((ulong)image * H + iy) * W + ix) * C + c] *
                           AT(dy)[(((ulong)image * OH + oy) * OW + ox) * K + k];
            }
            sum += part;
        }
    AT(dw)[i] = (ACCUMULATE ? AT(dw)[i] : 0.0f) + sum;
}
