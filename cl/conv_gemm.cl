// The two ends of a convolution by matrix product: patches of x as rows, and the gather that undoes it.
//   cols [N*OH*OW][R*S*C]; one work-item per value.

__kernel void conv_gemm_patches(__global const float *x_, ulong x0, __global float *cols_, ulong cols0, int n)
{
    const ulong i = get_global_id(0);
    if (i >= (ulong)n * OH * OW * R * S * C)
        return;
    const int c = i % C, s = i / C % S, r = i / C / S % R;
    const int ox = i / (C * S * R) % OW, oy = i / (C * S * R) / OW % OH, image = i / (C * S * R) / OW / OH;
    const int iy = oy * STRIDE - PAD + r, ix = ox * STRIDE - PAD + s;
    const bool inside = iy >= 0 && iy < H && ix >= 0 && ix < W;
    AT(cols)[i] = inside ? AT(x)[(((ulong)image * H + iy) * W + ix) * C + c] : 0.0f;
}

// x[pixel] = sum of its places in cols, in a fixed order: no atomics.
__kernel void conv_gemm_gather(__global const float *cols_, ulong cols0, __global float *x_, ulong x0, int n)
{
    const ulong i = get_global_id(0);
    if (i >= (ulong)n * H * W * C)
        return;
    const int c = i % C, ix = i / C % W, iy = i / C / W % H, image = i / C / W / H;
    float sum = 0.0f;
    for (int r = (iy + PAD) % STRIDE; r < R; r += STRIDE)
        for (int s = (ix + PAD) % STRIDE; s < S; s += STRIDE) {
            const int oy = (iy + PAD - r) / STRIDE, ox = (ix + PAD - s) / STRIDE;
            if (iy + PAD < r || ix + PAD < s || oy >= OH || ox >= OW)
                continue;
            sum += AT(cols)[((((ulong)image * OH + oy) * OW + ox) * R * S + r * S + s) * C + c];
        }
    AT(x)[i] = sum;
}
