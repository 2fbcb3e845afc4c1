// Batch normalisation with an activation on top, over x [rows][C], rows = n*h*w.
// CV floats of neighbouring channels make a vector (CV divides C). A work-item takes `block` rows of W channels: of all
// of them on a CPU, so that it reads one run of memory; of one on a GPU, where its neighbours read beside it.

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

// Activations on vectors: LeakyReLU of slope 0 is ReLU, of slope 1 none. A NaN stays one.
#define ACTIVATE(v) (select(slope * (v), (v), (v) > (cv)0.0f))
#define GRADIENT(z, dy) (select(slope * (dy), (dy), (z) > (cv)0.0f))

#if W > 1
#define ROWS_KERNEL __kernel __attribute__((reqd_work_group_size(1, 1, 1)))
#else
#define ROWS_KERNEL __kernel
#endif

// What a work-item takes: block b, which is rows [first, end), and channels [c, c + width); nothing: first == end.
#define TILES ((C + W - 1) / W)
#define PIECE                                                                    \
    const int c = get_global_id(0) % TILES * W, b = get_global_id(0) / TILES;    \
    const int first = min((ulong)b * block, (ulong)rows);                        \
    const int end = min((ulong)first + block, (ulong)rows);                      \
    const int width = C % W == 0 ? W : min(W, C - c)
// Of its channels, the vector at c + k is the v-th of V.
#define V (W / CV)
#define CHANNELS for (int k = 0, v = 0; k < width; k += CV, v++)
// Where row i of them begins.
#define ROW(x, i) (AT(x) + (ulong)(i)*C + c)

// Sums are taken of so many rows first.
#define FEW 32

// sum += rows of x - origin - shift, squares += their squares.
void rows_add(cv *sum, cv *squares, const cv *origin, const cv *shift, __global const float *x, int n, int width)
{
    for (int i = 0; i < n; i++, x += C)
        CHANNELS
        {
            const cv d = LOADC(x + k) - origin[v] - shift[v];
            sum[v] += d;
            squares[v] += d * d;
        }
}

// parts [2][blocks][C]: each block's means, less the first row, so that a large mean costs no digits; then its sums of
// squared deviations. Few rows at a time are merged in a fixed order (Chan et al. 1983), their deviations taken from
// the mean so far. So x is read once, and no large squares cancel: what is taken away at a merge is at most half of
// what came in. A block's first few rows are read twice, for a mean to begin with.
ROWS_KERNEL void norm_stats(__global const float *x_, ulong x0, __global float *parts_, ulong parts0, int rows,
                            int block, int blocks)
{
    PIECE;
    if (first == end)
        return;
    cv origin[V], mean[V], squares[V], few_sum[V], few_squares[V];
    CHANNELS
    {
        origin[v] = LOADC(ROW(x, 0) + k);
        mean[v] = squares[v] = few_sum[v] = few_squares[v] = 0.0f;
    }
    const int start = min(FEW, end - first);
    rows_add(few_sum, few_squares, origin, mean, ROW(x, first), start, width);
    CHANNELS mean[v] = few_sum[v] / (float)start;
    for (int i = first; i < end; i += FEW) {
        const int n = min(FEW, end - i);
        const float share = 1.0f / (i - first + n);
        CHANNELS few_sum[v] = few_squares[v] = 0.0f;
        rows_add(few_sum, few_squares, origin, mean, ROW(x, i), n, width);
        CHANNELS
        {
            squares[v] += few_squares[v] - few_sum[v] * few_sum[v] * share;
            mean[v] += few_sum[v] * share;
        }
    }
    CHANNELS
    {
        STOREC(mean[v], AT(parts) + (ulong)b * C + c + k);
        STOREC(squares[v], AT(parts) + (ulong)(blocks + b) * C + c + k);
    }
}

// A running statistic goes towards the batch's; one that would not be finite stays, so that a bad batch spoils no net.
#define FOLLOW(running, batch)                                                          \
    do {                                                                                \
        const cv old = LOADC(running), new = (1.0f - momentum) * old + momentum * (batch); \
        STOREC(select(old, new, isfinite(new)), running);                               \
    } while (0)

// The merges of the blocks: a work-group takes COLUMNS vectors of channels with LANES work-items each. Every lane merges
// its blocks one by one, then lanes merge by pairs, so that rounding grows with the logarithm of the blocks.
#define MERGE_KERNEL __kernel __attribute__((reqd_work_group_size(COLUMNS, LANES, 1)))
#define MERGED (C / CV)
#define SLOT(lane) ((lane) * COLUMNS + get_local_id(0))

// Merges the statistics of n2 more rows into those of n (Chan et al. 1983).
void moments_merge(float *n, cv *mean, cv *squares, float n2, cv mean2, cv squares2)
{
    const float before = *n, both = before + n2;
    if (both == 0.0f)
        return;
    const float share = n2 / both;
    const cv delta = mean2 - *mean;
    *n = both;
    *mean += delta * share;
    *squares += squares2 + delta * delta * (before * share);
}

// Leaves the statistics of all rows in lane 0.
void moments_merge_lanes(float *n, cv *mean, cv *squares, __local float *ns, __local cv *means, __local cv *all_squares)
{
    const int lane = get_local_id(1);
    for (int half_lanes = LANES / 2; half_lanes > 0; half_lanes /= 2) {
        ns[SLOT(lane)] = *n;
        means[SLOT(lane)] = *mean;
        all_squares[SLOT(lane)] = *squares;
        barrier(CLK_LOCAL_MEM_FENCE);
        if (lane < half_lanes) {
            const int other = SLOT(lane + half_lanes);
            moments_merge(n, mean, squares, ns[other], means[other], all_squares[other]);
        }
        barrier(CLK_LOCAL_MEM_FENCE);
    }
}

MERGE_KERNEL void norm_merge(__global const float *x_, ulong x0, __global const float *parts_, ulong parts0, int rows,
                             int block, int blocks, float eps, float momentum, __global float *save_mean_,
                             ulong save_mean0, __global float *save_inv_, ulong save_inv0,
                             __global float *running_mean_, ulong running_mean0, __global float *running_var_,
                             ulong running_var0)
{
    __local float ns[LANES * COLUMNS];
    __local cv means_of[LANES * COLUMNS], squares_of[LANES * COLUMNS];
    const int vector = get_global_id(0), c = vector * CV;
    __global const float *means = AT(parts) + c, *squares = AT(parts) + (ulong)blocks * C + c;
    float n = 0.0f;
    cv mean = 0.0f, sum = 0.0f;
    for (int b = get_local_id(1); b < blocks && vector < MERGED; b += LANES)
        moments_merge(&n, &mean, &sum, min(block, rows - b * block), LOADC(means + (ulong)b * C),
                      LOADC(squares + (ulong)b * C));
    moments_merge_lanes(&n, &mean, &sum, ns, means_of, squares_of);
    if (get_local_id(1) > 0 || vector >= MERGED)
        return;
    mean += LOADC(AT(x) + c);
    STOREC(mean, AT(save_mean) + c);
    STOREC(1.0f / sqrt(sum / (float)rows + eps), AT(save_inv) + c);
    __global float *running_mean = AT(running_mean) + c, *running_var = AT(running_var) + c;
    FOLLOW(running_mean, mean);
    FOLLOW(running_var, sum / (float)max(rows - 1, 1));
}

// save_inv from a running variance, for inference.
__kernel void norm_inverse(__global const float *var_, ulong var0, float eps, __global float *inv_, ulong inv0)
{
    const int c = get_global_id(0) * CV;
    STOREC(1.0f / sqrt(LOADC(AT(var) + c) + eps), AT(inv) + c);
}

ROWS_KERNEL void norm_apply(__global const float *x_, ulong x0, __global const float *mean_, ulong mean0,
                         __global const float *inv_, ulong inv0, __global const float *gamma_, ulong gamma0,
                         __global const float *beta_, ulong beta0, float slope, __global float *y_, ulong y0, int rows,
                         int block)
{
    PIECE;
    cv mean[V], scale[V], beta[V];
    CHANNELS
    {
        mean[v] = LOADC(AT(mean) + c + k);
        scale[v] = LOADC(AT(inv) + c + k) * LOADC(AT(gamma) + c + k);
        beta[v] = LOADC(AT(beta) + c + k);
    }
    for (int i = first; i < end; i++)
        CHANNELS
        {
            const cv z = (LOADC(ROW(x, i) + k) - mean[v]) * scale[v] + beta[v];
            STOREC(ACTIVATE(z), ROW(y, i) + k);
        }
}

// parts [2][blocks][C]: sums of dz, then of dz * xhat, where dz is the gradient before the activation.
ROWS_KERNEL void norm_backward_sums(__global const float *x_, ulong x0, __global const float *dy_, ulong dy0,
                                 __global const float *mean_, ulong mean0, __global const float *inv_, ulong inv0,
                                 __global const float *gamma_, ulong gamma0, __global const float *beta_, ulong beta0,
                                 float slope, __global float *parts_, ulong parts0, int rows, int block, int blocks)
{
    PIECE;
    if (first == end)
        return;
    cv mean[V], scale[V], beta[V], sum[V], product[V], few_sum[V], few_product[V];
    CHANNELS
    {
        mean[v] = LOADC(AT(mean) + c + k);
        scale[v] = LOADC(AT(inv) + c + k) * LOADC(AT(gamma) + c + k);
        beta[v] = LOADC(AT(beta) + c + k);
        sum[v] = product[v] = 0.0f;
    }
    for (int few = first; few < end; few += FEW) {
        const int n = min(FEW, end - few);
        CHANNELS few_sum[v] = few_product[v] = 0.0f;
        for (int i = few; i < few + n; i++)
            CHANNELS
            {
                const cv d = LOADC(ROW(x, i) + k) - mean[v], dy = LOADC(ROW(dy, i) + k);
                const cv dz = GRADIENT(d * scale[v] + beta[v], dy);
                few_sum[v] += dz;
                few_product[v] += dz * d;
            }
        CHANNELS
        {
            sum[v] += few_sum[v];
            product[v] += few_product[v];
        }
    }
    CHANNELS
    {
        STOREC(sum[v], AT(parts) + (ulong)b * C + c + k);
        STOREC(product[v] * LOADC(AT(inv) + c + k), AT(parts) + (ulong)(blocks + b) * C + c + k);
    }
}

// sums [2][C] for norm_backward_data; dgamma and dbeta get them too where wanted.
MERGE_KERNEL void norm_backward_merge(__global const float *parts_, ulong parts0, int blocks, __global float *sums_,
                                      ulong sums0, __global float *dgamma_, ulong dgamma0, __global float *dbeta_,
                                      ulong dbeta0, int want_gamma, int want_beta, int accumulate)
{
    __local cv sum_of[LANES * COLUMNS], product_of[LANES * COLUMNS];
    const int vector = get_global_id(0), c = vector * CV, lane = get_local_id(1);
    cv sum = 0.0f, product = 0.0f;
    for (int b = lane; b < blocks && vector < MERGED; b += LANES) {
        sum += LOADC(AT(parts) + (ulong)b * C + c);
        product += LOADC(AT(parts) + (ulong)(blocks + b) * C + c);
    }
    for (int half_lanes = LANES / 2; half_lanes > 0; half_lanes /= 2) {
        sum_of[SLOT(lane)] = sum;
        product_of[SLOT(lane)] = product;
        barrier(CLK_LOCAL_MEM_FENCE);
        if (lane < half_lanes) {
            sum += sum_of[SLOT(lane + half_lanes)];
            product += product_of[SLOT(lane + half_lanes)];
        }
        barrier(CLK_LOCAL_MEM_FENCE);
    }
    if (lane > 0 || vector >= MERGED)
        return;
    STOREC(sum, AT(sums) + c);
    STOREC(product, AT(sums) + C + c);
    if (want_beta)
        STOREC((accumulate ? LOADC(AT(dbeta) + c) : (cv)0.0f) + sum, AT(dbeta) + c);
    if (want_gamma)
        STOREC((accumulate ? LOADC(AT(dgamma) + c) : (cv)0.0f) + product, AT(dgamma) + c);
}

// dx = scale * (dz - sum / rows - xhat * product / rows), with what depends on the channel alone taken out.
ROWS_KERNEL void norm_backward_data(__global const float *x_, ulong x0, __global const float *dy_, ulong dy0,
                                 __global const float *mean_, ulong mean0, __global const float *inv_, ulong inv0,
                                 __global const float *gamma_, ulong gamma0, __global const float *beta_, ulong beta0,
                                 float slope, __global const float *sums_, ulong sums0, __global float *dx_,
                                 ulong dx0, int rows, int block)
{
    PIECE;
    cv mean[V], scale[V], beta[V], shift[V], tilt[V];
    CHANNELS
    {
        const cv inv = LOADC(AT(inv) + c + k);
        mean[v] = LOADC(AT(mean) + c + k);
        scale[v] = inv * LOADC(AT(gamma) + c + k);
        beta[v] = LOADC(AT(beta) + c + k);
        shift[v] = LOADC(AT(sums) + c + k) / (float)rows;
        tilt[v] = inv * LOADC(AT(sums) + C + c + k) / (float)rows;
    }
    for (int i = first; i < end; i++)
        CHANNELS
        {
            const cv d = LOADC(ROW(x, i) + k) - mean[v], dy = LOADC(ROW(dy, i) + k);
            const cv dz = GRADIENT(d * scale[v] + beta[v], dy);
            STOREC(scale[v] * (dz - shift[v] - d * tilt[v]), ROW(dx, i) + k);
        }
}

// A bias gradient: the sum over all rows.
__kernel void rows_sum(__global const float *x_, ulong x0, __global float *sum_, ulong sum0, int rows, int accumulate)
{
    const int c = get_global_id(0) * CV;
    cv sum = accumulate ? LOADC(AT(sum) + c) : (cv)0.0f;
    for (int i = 0; i < rows; i++)
        sum += LOADC(AT(x) + (ulong)i * C + c);
    STOREC(sum, AT(sum) + c);
}
