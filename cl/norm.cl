// Batch normalisation with an activation on top, over x [rows][C], rows = n*h*w.
// CV floats of neighbouring channels make one work-item's vector (CV divides C). Statistics by blocks: each block's mean
// and sum of squared deviations in two passes over it, merged in a fixed order (Chan et al. 1983).

#if CV == 16
typedef float16 cv;
#define LOADC(p) vload16(0, p)
#define STOREC(v, p) vstore16(v, 0, p)
#elif CV == 8
typedef float8 cv;
#define LOADC(p) vload8(0, p)
#define STOREC(v, p) vstore8(v, 0, p)
#elif CV == 4
typedef float4 cv;
#define LOADC(p) vload4(0, p)
#define STOREC(v, p) vstore4(v, 0, p)
#else
typedef float cv;
#define LOADC(p) (*(p))
#define STOREC(v, p) (*(p) = (v))
#endif

// Activations on vectors; ReLU is LeakyReLU of slope 0.
#if ACT == ACT_NONE
#define ACTIVATE(v) (v)
#define GRADIENT(z, dy) (dy)
#elif ACT == ACT_RELU || ACT == ACT_LEAKY_RELU
#define ACTIVATE(v) (select(slope * (v), (v), (v) > (cv)0.0f)) // a NaN stays one
#define GRADIENT(z, dy) (select(slope * (dy), (dy), (z) > (cv)0.0f))
#else
#error "this activation is a layer of its own"
#endif

// parts [2][blocks][C]: means, then sums of squared deviations.
__kernel void norm_stats(__global const float *x_, ulong x0, __global float *parts_, ulong parts0, int rows,
                         int block, int blocks)
{
    const int c = get_global_id(0) * CV, b = get_global_id(1);
    if (c >= C || b >= blocks)
        return;
    const int first = b * block, end = min(first + block, rows);
    __global const float *x = AT(x) + c;
    cv sum = 0.0f, squares = 0.0f;
    for (int i = first; i < end; i++)
        sum += LOADC(x + (ulong)i * C);
    const cv mean = sum / (float)(end - first);
    for (int i = first; i < end; i++) {
        cv e = LOADC(x + (ulong)i * C) - mean;
        squares += e * e;
    }
    STOREC(mean, AT(parts) + (ulong)b * C + c);
    STOREC(squares, AT(parts) + (ulong)(blocks + b) * C + c);
}

__kernel void norm_merge(__global const float *parts_, ulong parts0, int rows, int block, int blocks, float eps,
                         float momentum, __global float *save_mean_, ulong save_mean0, __global float *save_inv_,
                         ulong save_inv0, __global float *running_mean_, ulong running_mean0,
                         __global float *running_var_, ulong running_var0)
{
    const int c = get_global_id(0);
    if (c >= C)
        return;
    __global const float *means = AT(parts) + c, *squares = AT(parts) + (ulong)blocks * C + c;
    float count = 0.0f, mean = 0.0f, sum = 0.0f;
    for (int b = 0; b < blocks; b++) {
        float n = min(block, rows - b * block);
        float delta = means[(ulong)b * C] - mean;
        float total = count + n;
        mean += delta * (n / total);
        sum += squares[(ulong)b * C] + delta * delta * (count * n / total);
        count = total;
    }
    const float var = sum / rows;
    AT(save_mean)[c] = mean;
    AT(save_inv)[c] = 1.0f / sqrt(var + eps);
    AT(running_mean)[c] = (1.0f - momentum) * AT(running_mean)[c] + momentum * mean;
    AT(running_var)[c] = (1.0f - momentum) * AT(running_var)[c] + momentum * (sum / (rows > 1 ? rows - 1 : 1));
}

// save_inv from a running variance, for inference.
__kernel void norm_inverse(__global const float *var_, ulong var0, float eps, __global float *inv_, ulong inv0)
{
    const int c = get_global_id(0);
    if (c < C)
        AT(inv)[c] = 1.0f / sqrt(AT(var)[c] + eps);
}

__kernel void norm_apply(__global const float *x_, ulong x0, __global const float *mean_, ulong mean0,
                         __global const float *inv_, ulong inv0, __global const float *gamma_, ulong gamma0,
                         __global const float *beta_, ulong beta0, float slope, __global float *y_, ulong y0, int rows)
{
    const ulong at = get_global_id(0);
    const int c = at % (C / CV) * CV;
    if (at * CV >= (ulong)rows * C)
        return;
    cv scale = LOADC(AT(inv) + c) * LOADC(AT(gamma) + c);
    cv v = (LOADC(AT(x) + at * CV) - LOADC(AT(mean) + c)) * scale + LOADC(AT(beta) + c);
    STOREC(ACTIVATE(v), AT(y) + at * CV);
}

// parts [2][blocks][C]: sums of dz, then of dz * xhat, where dz is the gradient before the activation.
__kernel void norm_backward_sums(__global const float *x_, ulong x0, __global const float *dy_, ulong dy0,
                                 __global const float *mean_, ulong mean0, __global const float *inv_, ulong inv0,
                                 __global const float *gamma_, ulong gamma0, __global const float *beta_, ulong beta0,
                                 float slope, __global float *parts_, ulong parts0, int rows, int block, int blocks)
{
    const int c = get_global_id(0) * CV, b = get_global_id(1);
    if (c >= C || b >= blocks)
        return;
    const int first = b * block, end = min(first + block, rows);
    const cv mean = LOADC(AT(mean) + c), inv = LOADC(AT(inv) + c);
    const cv gamma = LOADC(AT(gamma) + c), beta = LOADC(AT(beta) + c);
    cv sum = 0.0f, product = 0.0f;
    for (int i = first; i < end; i++) {
        cv xhat = (LOADC(AT(x) + (ulong)i * C + c) - mean) * inv;
        cv dy = LOADC(AT(dy) + (ulong)i * C + c);
        cv dz = GRADIENT(gamma * xhat + beta, dy);
        sum += dz;
        product += dz * xhat;
    }
    STOREC(sum, AT(parts) + (ulong)b * C + c);
    STOREC(product, AT(parts) + (ulong)(blocks + b) * C + c);
}

// sums [2][C] for norm_backward_data; dgamma and dbeta get them too where wanted.
__kernel void norm_backward_merge(__global const float *parts_, ulong parts0, int blocks, __global float *sums_,
                                  ulong sums0, __global float *dgamma_, ulong dgamma0, __global float *dbeta_,
                                  ulong dbeta0, int want_gamma, int want_beta, int accumulate)
{
    const int c = get_global_id(0);
    if (c >= C)
        return;
    float sum = 0.0f, product = 0.0f;
    for (int b = 0; b < blocks; b++) {
        sum += AT(parts)[(ulong)b * C + c];
        product += AT(parts)[(ulong)(blocks + b) * C + c];
    }
    AT(sums)[c] = sum;
    AT(sums)[C + c] = product;
    if (want_beta)
        AT(dbeta)[c] = (accumulate ? AT(dbeta)[c] : 0.0f) + sum;
    if (want_gamma)
        AT(dgamma)[c] = (accumulate ? AT(dgamma)[c] : 0.0f) + product;
}

__kernel void norm_backward_data(__global const float *x_, ulong x0, __global const float *dy_, ulong dy0,
                                 __global const float *mean_, ulong mean0, __global const float *inv_, ulong inv0,
                                 __global const float *gamma_, ulong gamma0, __global const float *beta_, ulong beta0,
                                 float slope, __global const float *sums_, ulong sums0, __global float *dx_,
                                 ulong dx0, int rows)
{
    const ulong at = get_global_id(0);
    const int c = at % (C / CV) * CV;
    if (at * CV >= (ulong)rows * C)
        return;
    const cv inv = LOADC(AT(inv) + c), gamma = LOADC(AT(gamma) + c);
    const cv xhat = (LOADC(AT(x) + at * CV) - LOADC(AT(mean) + c)) * inv;
    const cv dy = LOADC(AT(dy) + at * CV);
    const cv dz = GRADIENT(gamma * xhat + LOADC(AT(beta) + c), dy);
    const cv sum = LOADC(AT(sums) + c), product = LOADC(AT(sums) + C + c);
    STOREC(gamma * inv * (dz - (sum + xhat * product) / (float)rows), AT(dx) + at * CV);
}

// A bias gradient: the sum over all rows.
__kernel void rows_sum(__global const float *x_, ulong x0, __global float *sum_, ulong sum0, int rows, int accumulate)
{
    const int c = get_global_id(0);
    if (c >= C)
        return;
    float sum = accumulate ? AT(sum)[c] : 0.0f;
    for (int i = 0; i < rows; i++)
        sum += AT(x)[(ulong)i * C + c];
    AT(sum)[c] = sum;
}
