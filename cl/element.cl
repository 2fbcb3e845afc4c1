// Element by element: fill, copy, axpy, scale, multiply, activations, bias, channel ranges, Adam, averages, pixels.
// A work-item takes RUN floats in vectors of VF, one behind the other: many on a CPU, one on a GPU. The tensor's last
// vector may be short.

#if RUN > VF
#define KERNEL __kernel __attribute__((reqd_work_group_size(1, 1, 1)))
#else
#define KERNEL __kernel
#endif

#define EACH(n, step)                                     \
    const ulong first = get_global_id(0) * (ulong)RUN;    \
    const ulong end = min(first + RUN, (ulong)(n));       \
    for (ulong i = first; i < end; i += step)
#define VECTORS(n) EACH(n, VF)
#define ELEMENTS(n) EACH(n, 1)

// The vector at p + i, of which the values before `end` are real.
fv get(__global const float *p, ulong i, ulong end)
{
    if (i + VF <= end)
        return LOADV(p + i);
    float room[VF];
    for (int l = 0; l < VF; l++)
        room[l] = i + l < end ? p[i + l] : 0.0f;
    return LOADV(room);
}

void put(fv v, __global float *p, ulong i, ulong end)
{
    if (i + VF <= end) {
        STOREV(v, p + i);
        return;
    }
    float room[VF];
    STOREV(v, room);
    for (int l = 0; i + l < end; l++)
        p[i + l] = room[l];
}

KERNEL void fill(__global float *x_, ulong x0, float value, int n)
{
    VECTORS(n) put(value, AT(x), i, end);
}

KERNEL void copy(__global const float *x_, ulong x0, __global float *y_, ulong y0, int n)
{
    VECTORS(n) put(get(AT(x), i, end), AT(y), i, end);
}

KERNEL void axpy(float a, __global const float *x_, ulong x0, __global float *y_, ulong y0, int n)
{
    VECTORS(n) put(get(AT(y), i, end) + a * get(AT(x), i, end), AT(y), i, end);
}

KERNEL void scale(float a, __global float *x_, ulong x0, int n)
{
    VECTORS(n) put(a * get(AT(x), i, end), AT(x), i, end);
}

KERNEL void multiply(__global const float *x_, ulong x0, __global float *y_, ulong y0, int n)
{
    VECTORS(n) put(get(AT(y), i, end) * get(AT(x), i, end), AT(y), i, end);
}

#ifdef ACT
// Where nothing is said otherwise a NaN stays one. SLOPE is the derivative, from the output y.
#if ACT == ACT_RELU
#define VALUE(x) select(x, (fv)0.0f, x <= 0.0f)
#define SLOPE(y) select((fv)0.0f, (fv)1.0f, y > 0.0f)
#elif ACT == ACT_LEAKY_RELU
#define VALUE(x) select(slope * x, x, x > 0.0f)
#define SLOPE(y) select((fv)slope, (fv)1.0f, y > 0.0f)
#elif ACT == ACT_TANH
// Near 0 an odd polynomial; from 0.625 on 1 - 2 / (e^2|x| + 1) with e^2|x| = 2^n 2^f, |f| <= 1/2. Both polynomials are
// minimax in the relative error, 5e-9 and 3e-9; the whole is within 2e-7 relatively.
fv tangent(fv x)
{
    const fv size = fabs(x), square = x * x;
    fv odd = -0.00570498780523f;
    odd = odd * square + 0.0206390879763f;
    odd = odd * square - 0.0537397153098f;
    odd = odd * square + 0.133314422009f;
    odd = odd * square - 0.333332819421f;
    odd = odd * square * x + x;
    const fv power = min(size, 10.0f) * 2.88539008178f; // 2 log2(e): tanh(10) is 1 in float32
    const iv n = INTV(power + 0.5f);
    const fv f = power - FLOATV(n);
    fv e = 0.000155946720957f;
    e = e * f + 0.00134066435875f;
    e = e * f + 0.00961769299263f;
    e = e * f + 0.05550310552f;
    e = e * f + 0.240226527827f;
    e = e * f + 0.693147214967f;
    e = (e * f + 1.0f) * AS_FV((n + 127) << 23);
    const fv far = copysign(1.0f - 2.0f / (e + 1.0f), x);
    return select(far, odd, !(size >= 0.625f)); // a NaN goes through the polynomial
}
#define VALUE(x) tangent(x)
#define SLOPE(y) (1.0f - y * y)
#elif ACT == ACT_SIGMOID
#define VALUE(x) (1.0f / (1.0f + exp(-x)))
#define SLOPE(y) (y * (1.0f - y))
#else
#define VALUE(x) (x)
#define SLOPE(y) ((fv)1.0f)
#endif

KERNEL void act_forward(float slope, __global const float *x_, ulong x0, __global float *y_, ulong y0, int n)
{
    VECTORS(n)
    {
        const fv x = get(AT(x), i, end);
        put(VALUE(x), AT(y), i, end);
    }
}

KERNEL void act_backward(float slope, __global const float *y_, ulong y0, __global const float *dy_, ulong dy0,
                         __global float *dx_, ulong dx0, int n)
{
    VECTORS(n)
    {
        const fv y = get(AT(y), i, end);
        put(get(AT(dy), i, end) * SLOPE(y), AT(dx), i, end);
    }
}
#endif

KERNEL void bias_add(__global const float *b_, ulong b0, __global float *x_, ulong x0, int n, int c)
{
    __global const float *b = AT(b);
    __global float *x = AT(x);
    ELEMENTS(n) x[i] += b[i % c];
}

KERNEL void channels_scale(__global const float *s_, ulong s0, __global float *x_, ulong x0, int n, int c)
{
    __global const float *s = AT(s);
    __global float *x = AT(x);
    ELEMENTS(n) x[i] *= s[i % c];
}

// Channels [from, from + pc) of whole (wc channels) <-> part (pc channels); n counts part's floats.
KERNEL void channels_put(__global const float *part_, ulong part0, __global float *whole_, ulong whole0, int n,
                           int pc, int wc, int from)
{
    __global const float *part = AT(part);
    __global float *whole = AT(whole);
    ELEMENTS(n) whole[i / pc * wc + from + i % pc] = part[i];
}

KERNEL void channels_get(__global const float *whole_, ulong whole0, __global float *part_, ulong part0, int n,
                           int pc, int wc, int from)
{
    __global const float *whole = AT(whole);
    __global float *part = AT(part);
    ELEMENTS(n) part[i] = whole[i / pc * wc + from + i % pc];
}

KERNEL void adam(float beta1, float beta2, float eps, __global const float *rates_, ulong rates0,
                 __global const float *g_, ulong g0, __global float *p_, ulong p0, __global float *m_, ulong m0,
                 __global float *v_, ulong v0, int n, int guarded)
{
    const float step = AT(rates)[0], inverse = AT(rates)[1];
    if (guarded && !isfinite(AT(rates)[2]))
        return;
    VECTORS(n)
    {
        const fv g = get(AT(g), i, end);
        const fv m = beta1 * get(AT(m), i, end) + (1.0f - beta1) * g;
        const fv v = beta2 * get(AT(v), i, end) + (1.0f - beta2) * g * g;
        put(m, AT(m), i, end);
        put(v, AT(v), i, end);
        put(get(AT(p), i, end) - step * m / (sqrt(v) * inverse + eps), AT(p), i, end);
    }
}

KERNEL void ema(float decay, __global const float *p_, ulong p0, __global float *a_, ulong a0, int n)
{
    VECTORS(n) put(decay * get(AT(a), i, end) + (1.0f - decay) * get(AT(p), i, end), AT(a), i, end);
}

// Pixels 0..255 as bytes to -1..1.
KERNEL void pixels(__global const uchar *bytes_, ulong bytes0, __global float *x_, ulong x0, int n)
{
    __global const uchar *bytes = bytes_ + 4 * bytes0;
    __global float *x = AT(x);
    ELEMENTS(n) x[i] = (bytes[i] - 127.5f) / 127.5f; // 0 and 255 are exactly -1 and 1
}
