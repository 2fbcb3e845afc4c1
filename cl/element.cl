// Element by element: fill, copy, axpy, scale, activations, bias, channel ranges, Adam, averages, pixels.
// A work-item takes VF floats; the last one takes what is left.

#define ELEMENTS(n)                          \
    const ulong first = get_global_id(0) * (ulong)VF; \
    const ulong end = min(first + VF, (ulong)(n));     \
    for (ulong i = first; i < end; i++)

__kernel void fill(__global float *x_, ulong x0, float value, int n)
{
    __global float *x = AT(x);
    ELEMENTS(n) x[i] = value;
}

__kernel void copy(__global const float *x_, ulong x0, __global float *y_, ulong y0, int n)
{
    __global const float *x = AT(x);
    __global float *y = AT(y);
    ELEMENTS(n) y[i] = x[i];
}

__kernel void axpy(float a, __global const float *x_, ulong x0, __global float *y_, ulong y0, int n)
{
    __global const float *x = AT(x);
    __global float *y = AT(y);
    ELEMENTS(n) y[i] += a * x[i];
}

__kernel void scale(float a, __global float *x_, ulong x0, int n)
{
    __global float *x = AT(x);
    ELEMENTS(n) x[i] *= a;
}

#ifdef ACT
__kernel void act_forward(float slope, __global const float *x_, ulong x0, __global float *y_, ulong y0, int n)
{
    __global const float *x = AT(x);
    __global float *y = AT(y);
    ELEMENTS(n) y[i] = act_value(ACT, slope, x[i]);
}

__kernel void act_backward(float slope, __global const float *y_, ulong y0, __global const float *dy_, ulong dy0,
                           __global float *dx_, ulong dx0, int n)
{
    __global const float *y = AT(y), *dy = AT(dy);
    __global float *dx = AT(dx);
    ELEMENTS(n) dx[i] = dy[i] * act_slope(ACT, slope, y[i]);
}
#endif

__kernel void bias_add(__global const float *b_, ulong b0, __global float *x_, ulong x0, int n, int c)
{
    __global const float *b = AT(b);
    __global float *x = AT(x);
    ELEMENTS(n) x[i] += b[i % c];
}

// Channels [from, from + pc) of whole (wc channels) <-> part (pc channels); n counts part's floats.
__kernel void channels_put(__global const float *part_, ulong part0, __global float *whole_, ulong whole0, int n,
                           int pc, int wc, int from)
{
    __global const float *part = AT(part);
    __global float *whole = AT(whole);
    ELEMENTS(n) whole[i / pc * wc + from + i % pc] = part[i];
}

__kernel void channels_get(__global const float *whole_, ulong whole0, __global float *part_, ulong part0, int n,
                           int pc, int wc, int from)
{
    __global const float *whole = AT(whole);
    __global float *part = AT(part);
    ELEMENTS(n) part[i] = whole[i / pc * wc + from + i % pc];
}

__kernel void adam(float beta1, float beta2, float eps, __global const float *rates_, ulong rates0,
                   __global const float *g_, ulong g0, __global float *p_, ulong p0, __global float *m_, ulong m0,
                   __global float *v_, ulong v0, int n)
{
    __global const float *g = AT(g);
    __global float *p = AT(p), *m = AT(m), *v = AT(v);
    const float step = AT(rates)[0], inverse = AT(rates)[1];
    ELEMENTS(n)
    {
        float gi = g[i];
        float mi = beta1 * m[i] + (1.0f - beta1) * gi;
        float vi = beta2 * v[i] + (1.0f - beta2) * gi * gi;
        m[i] = mi;
        v[i] = vi;
        p[i] -= step * mi / (sqrt(vi) * inverse + eps);
    }
}

__kernel void ema(float decay, __global const float *p_, ulong p0, __global float *a_, ulong a0, int n)
{
    __global const float *p = AT(p);
    __global float *a = AT(a);
    ELEMENTS(n) a[i] = decay * a[i] + (1.0f - decay) * p[i];
}

// Pixels 0..255 as bytes to -1..1.
__kernel void pixels(__global const uchar *bytes_, ulong bytes0, __global float *x_, ulong x0, int n)
{
    __global const uchar *bytes = bytes_ + 4 * bytes0;
    __global float *x = AT(x);
    ELEMENTS(n) x[i] = (bytes[i] - 127.5f) / 127.5f; // 0 and 255 are exactly -1 and 1
}
