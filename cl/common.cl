// What every kernel file starts with: the vector type of elementwise work-items.
// VF: floats per work-item (4, 8 or 16), WG: work-group size; both from the host.
// Tensors arrive as a buffer and an offset in floats (x_, x0); AT() makes the pointer.
#define AT(name) (name##_ + name##0)

// Products that are summed in one go: long sums of floats lose bits, sums of such sums hardly any.
#define SUM_DEPTH 128

#if VF == 16
typedef float16 fv;
typedef int16 iv;
#define INTV(v) convert_int16(v)
#define FLOATV(v) convert_float16(v)
#define AS_FV(v) as_float16(v)
#define LOADV(p) vload16(0, p)
#define STOREV(v, p) vstore16(v, 0, p)
#elif VF == 8
typedef float8 fv;
typedef int8 iv;
#define INTV(v) convert_int8(v)
#define FLOATV(v) convert_float8(v)
#define AS_FV(v) as_float8(v)
#define LOADV(p) vload8(0, p)
#define STOREV(v, p) vstore8(v, 0, p)
#else
typedef float4 fv;
typedef int4 iv;
#define INTV(v) convert_int4(v)
#define FLOATV(v) convert_float4(v)
#define AS_FV(v) as_float4(v)
#define LOADV(p) vload4(0, p)
#define STOREV(v, p) vstore4(v, 0, p)
#endif

#ifdef NV
// A row of a CPU kernel's register tile: NV vectors, LB lanes, of which the first `lanes` are real.
#define LB (NV * VF)

void store_lanes(__global float *to, const fv *row, const int lanes)
{
    if (lanes >= LB) {
#pragma unroll
        for (int v = 0; v < NV; v++)
            STOREV(row[v], to + v * VF);
        return;
    }
    float room[LB];
#pragma unroll
    for (int v = 0; v < NV; v++)
        STOREV(row[v], room + v * VF);
    for (int l = 0; l < lanes; l++)
        to[l] = room[l];
}

void load_lanes(fv *row, __global const float *from, const int lanes)
{
    if (lanes >= LB) {
#pragma unroll
        for (int v = 0; v < NV; v++)
            row[v] = LOADV(from + v * VF);
        return;
    }
    float room[LB];
    for (int l = 0; l < LB; l++)
        room[l] = l < lanes ? from[l] : 0.0f;
#pragma unroll
    for (int v = 0; v < NV; v++)
        row[v] = LOADV(room + v * VF);
}
#endif

// Activations; the numbers are enum clg_act_kind's.
#define ACT_NONE 0
#define ACT_RELU 1
#define ACT_LEAKY_RELU 2
#define ACT_TANH 3
#define ACT_SIGMOID 4
