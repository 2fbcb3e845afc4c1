// Max and average pooling without padding: x [N][H][W][C], y [N][OH][OW][C]. One work-item per output value.

__kernel void pool_forward(__global const float *x_, ulong x0, __global float *y_, ulong y0, int total, int h, int w,
                           int oh, int ow, int c, int size, int stride, int average)
{
    const int i = get_global_id(0);
    if (i >= total)
        return;
    const int ci = i % c, ox = i / c % ow, oy = i / c / ow % oh, n = i / c / ow / oh;
    float sum = 0.0f, most = -INFINITY;
    for (int r = 0; r < size; r++)
        for (int s = 0; s < size; s++) {
            float v = AT(x)[(((ulong)n * h + oy * stride + r) * w + ox * stride + s) * c + ci];
            sum += v;
            most = v > most || isnan(v) ? v : most;
        }
    AT(y)[i] = average ? sum / (size * size) : most;
}

// Gathers: each input value sums the windows that it is in (average), or that it is the first maximum of.
__kernel void pool_backward(__global const float *x_, ulong x0, __global const float *dy_, ulong dy0,
                            __global float *dx_, ulong dx0, int total, int h, int w, int oh, int ow, int c, int size,
                            int stride, int average)
{
    const int i = get_global_id(0);
    if (i >= total)
        return;
    const int ci = i % c, ix = i / c % w, iy = i / c / w % h, n = i / c / w / h;
    const int top = max(0, (iy - size + stride) / stride), left = max(0, (ix - size + stride) / stride);
    float sum = 0.0f;
    for (int oy = top; oy < oh && oy * stride <= iy; oy++)
        for (int ox = left; ox < ow && ox * stride <= ix; ox++) {
            if (iy >= oy * stride + size || ix >= ox * stride + size)
                continue;
            float dy = AT(dy)[(((ulong)n * oh + oy) * ow + ox) * c + ci];
            if (average) {
                sum += dy / (size * size);
                continue;
            }
            int best = 0;
            float most = -INFINITY;
            for (int j = 0; j < size * size; j++) {
                float v = AT(x)[(((ulong)n * h + oy * stride + j / size) * w + ox * stride + j % size) * c + ci];
                if (v > most) {
                    most = v;
                    best = j;
                }
            }
            if (best == (iy - oy * stride) * size + ix - ox * stride)
                sum += dy;
        }
    AT(dx)[i] = sum;
}
