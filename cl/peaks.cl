// What a device can do at most: multiply-adds between registers, and a stream through memory.
// GROUP: work-items of a group, 1 on CPUs; ACCUMULATORS: vectors of a work-item that do not wait for each other.

// x = a x + b, `rounds` times over, in place; x holds ACCUMULATORS vectors for each work-item.
__kernel __attribute__((reqd_work_group_size(GROUP, 1, 1))) void ceiling_fma(float a, float b, int rounds,
                                                                             __global float *x_, ulong x0)
{
    __global float *x = AT(x) + (ulong)get_global_id(0) * ACCUMULATORS * VF;
    fv value[ACCUMULATORS];
#pragma unroll
    for (int i = 0; i < ACCUMULATORS; i++)
        value[i] = LOADV(x + i * VF);
    for (int r = 0; r < rounds; r++) {
#pragma unroll
        for (int i = 0; i < ACCUMULATORS; i++)
            value[i] = value[i] * a + b;
    }
#pragma unroll
    for (int i = 0; i < ACCUMULATORS; i++)
        STOREV(value[i], x + i * VF);
}

// out = a x + y. A work-item takes `each` vectors: one after the other where it is alone, else in step with the
// others, so that neighbours read what is side by side.
__kernel __attribute__((reqd_work_group_size(GROUP, 1, 1))) void
ceiling_stream(float a, __global const float *x_, ulong x0, __global const float *y_, ulong y0,
               __global float *out_, ulong out0, int each)
{
    const ulong item = get_global_id(0);
    const ulong first = GROUP == 1 ? item * each : item, step = GROUP == 1 ? 1 : get_global_size(0);
    for (int i = 0; i < each; i++) {
        const ulong at = (first + i * step) * VF;
        STOREV(a * LOADV(AT(x) + at) + LOADV(AT(y) + at), AT(out) + at);
    }
}
