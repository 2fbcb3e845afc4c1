// What every kernel file starts with: the vector type of elementwise work-items.
// VF: floats per work-item (4, 8 or 16), WG: work-group size; both from the host.
// Tensors arrive as a buffer and an offset in floats (x_, x0); AT() makes the pointer.
#define AT(name) (name##_ + name##0)

// Products that are summed in one go: long sums of floats lose bits, sums of such sums hardly any.
#define SUM_DEPTH 128

#if VF == 16
typedef float16 fv;
#define LOADV(p) vload16(0, p)
#define STOREV(v, p) vstore16(v, 0, p)
#elif VF == 8
typedef float8 fv;
#define LOADV(p) vload8(0, p)
#define STOREV(v, p) vstore8(v, 0, p)
#else
typedef float4 fv;
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

float act_value(int act, float slope, float x)
{
    switch (act) {
    case ACT_RELU: return x <= 0.0f ? 0.0f : x; // so that a NaN stays one
    case ACT_LEAKY_RELU: return x > 0.0f ? x : slope * x;
    case ACT_TANH: return tanh(x);
    case ACT_SIGMOID: return 1.0f / (1.0f + exp(-x));
    default: return x;
    }
}

// The derivative, from the output y.
float act_slope(int act, float slope, float y)
{
    switch (act) {
    case ACT_RELU: return y > 0.0f ? 1.0f : 0.0f;
    case ACT_LEAKY_RELU: return y > 0.0f ? 1.0f : slope;
    case ACT_TANH: return 1.0f - y * y;
    case ACT_SIGMOID: return y * (1.0f - y);
    default: return 1.0f;
    }
}
