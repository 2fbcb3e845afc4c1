// What `clgan doctor` asks of a device besides the other files' kernels.

// Every work-item of a group writes its part of the local memory, `each` numbers, and counts what is right of another
// one's.
__kernel void doctor_exchange(__global float *right_, ulong right0, int each, __local int *room)
{
    const int size = get_local_size(0), id = get_local_id(0), other = size - 1 - id, group = get_group_id(0);
    for (int i = 0; i < each; i++)
        room[i * size + id] = (i * size + id) ^ (group << 8);
    barrier(CLK_LOCAL_MEM_FENCE);
    int right = 0;
    for (int i = 0; i < each; i++)
        right += room[i * size + other] == ((i * size + other) ^ (group << 8));
    AT(right)[get_global_id(0)] = right;
}

// Six answers for each pair: four results, then what a is, and how it compares.
__kernel void doctor_special(__global const float *a_, ulong a0, __global const float *b_, ulong b0,
                             __global float *out_, ulong out0, int n)
{
    const int i = get_global_id(0);
    if (i >= n)
        return;
    const float a = AT(a)[i], b = AT(b)[i];
    __global float *out = AT(out) + 6 * i;
    out[0] = a + b;
    out[1] = a - b;
    out[2] = a * b;
    out[3] = a / b;
    out[4] = isnan(a) ? 1.0f : isinf(a) ? 2.0f : 0.0f;
    out[5] = (a > b ? 1.0f : 0.0f) + (a != a ? 2.0f : 0.0f);
}
