// C [m][n] = alpha * op(A) op(B) + beta * C, one work-item per value: the readable one.

__kernel void gemm_plain(__global const float *a_, ulong a0, __global const float *b_, ulong b0, __global float *c_,
                         ulong c0, int m, int n, int k, int ta, int tb, float alpha, float beta)
{
    const int j = get_global_id(0), i = get_global_id(1);
    if (i >= m || j >= n)
        return;
    float sum = 0.0f;
    for (int from = 0; from < k; from += SUM_DEPTH) {
        float part = 0.0f;
        for (int l = from; l < min(from + SUM_DEPTH, k); l++)
            part += AT(a)[ta ? (ulong)l * m + i : (ulong)i * k + l] * AT(b)[tb ? (ulong)j * k + l : (ulong)l * n + j];
        sum += part;
    }
    const ulong at = (ulong)i * n + j;
    AT(c)[at] = alpha * sum + (beta != 0.0f ? beta * AT(c)[at] : 0.0f);
}
