// Sums in a fixed order: dot products, and parts of a result.

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
