// Sums in a fixed order: dot products, parts of a result, and binary cross-entropy with its gradient.

// Adds the WG values of a work-group pairwise; the sum comes back to all.
float group_sum(float value, __local float *room)
{
    const int id = get_local_id(0);
    room[id] = value;
    for (int half_size = WG / 2; half_size > 0; half_size /= 2) {
        barrier(CLK_LOCAL_MEM_FENCE);
        if (id < half_size)
            room[id] += room[id + half_size];
    }
    barrier(CLK_LOCAL_MEM_FENCE);
    float sum = room[0];
    barrier(CLK_LOCAL_MEM_FENCE);
    return sum;
}

// parts[g] = sum of x*y over group g's share; then one group sums the parts (y == NULL: plain sum).
__kernel __attribute__((reqd_work_group_size(WG, 1, 1))) void dot_parts(__global const float *x_, ulong x0,
    __global const float *y_, ulong y0, __global float *parts_, ulong parts0, int n)
{
    __local float room[WG];
    __global const float *x = AT(x), *y = AT(y);
    float sum = 0.0f;
    for (ulong i = get_global_id(0); i < (ulong)n; i += get_global_size(0))
        sum += x[i] * y[i];
    sum = group_sum(sum, room);
    if (get_local_id(0) == 0)
        AT(parts)[get_group_id(0)] = sum;
}

__kernel __attribute__((reqd_work_group_size(WG, 1, 1))) void sum_parts(__global const float *parts_, ulong parts0,
    __global float *result_, ulong result0, int n)
{
    __local float room[WG];
    float sum = 0.0f;
    for (int i = get_local_id(0); i < n; i += WG)
        sum += AT(parts)[i];
    sum = group_sum(sum, room);
    if (get_local_id(0) == 0)
        AT(result)[0] = sum;
}

// out = (accumulate ? out : 0) + the parts of n values each, one by one.
__kernel void parts_sum(__global const float *parts_, ulong parts0, __global float *out_, ulong out0, int n, int parts,
                        int accumulate)
{
    const int i = get_global_id(0);
    if (i >= n)
        return;
    float sum = accumulate ? AT(out)[i] : 0.0f;
#pragma unroll 8
    for (int part = 0; part < parts; part++)
        sum += AT(parts)[(ulong)part * n + i];
    AT(out)[i] = sum;
}

// One work-group: stats[0] = mean loss, stats[1] = mean sigmoid, dx = (sigmoid - target) / n.
__kernel __attribute__((reqd_work_group_size(WG, 1, 1))) void bce(__global const float *x_, ulong x0, float target,
    __global float *dx_, ulong dx0, __global float *stats_, ulong stats0, int n)
{
    __local float room[WG];
    float loss = 0.0f, mean = 0.0f;
    for (int i = get_local_id(0); i < n; i += WG) {
        float x = AT(x)[i];
        float e = exp(-fabs(x));
        float sigmoid = x >= 0.0f ? 1.0f / (1.0f + e) : e / (1.0f + e);
        loss += fmax(x, 0.0f) - x * target + log1p(e);
        mean += sigmoid;
        AT(dx)[i] = (sigmoid - target) / n;
    }
    loss = group_sum(loss, room);
    mean = group_sum(mean, room);
    if (get_local_id(0) == 0) {
        AT(stats)[0] = loss / n;
        AT(stats)[1] = mean / n;
    }
}
