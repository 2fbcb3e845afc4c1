// Operations: the mathematics on tensors. Each call checks shapes (CLG_EINVAL) and enqueues; nothing waits.
//
// One operation can have several variants (plain, gemm, cpu, gpu): same meaning, other speed. The device's
// rule picks one for the shape; clg_device_params.variants forces one.
#ifndef CLGAN_OPS_H
#define CLGAN_OPS_H

#include <clgan/tensor.h>

#ifdef __cplusplus
extern "C" {
#endif

// --- convolution -------------------------------------------------------------------------------
// Cross-correlation with stride and zero padding, as in deep learning:
//   y[n][oy][ox][k] = sum over r, s, c of x[n][oy*stride - pad + r][ox*stride - pad + s][c] * w[r][s][c][k]
// Source: Dumoulin and Visin 2016, "A guide to convolution arithmetic", sections 2 and 4.
//   x [n][h][w][c]   the picture side       y [n][oh][ow][k]   the feature-map side
//   w [r][s][c][k]   as a tensor of shape {r, s, c, k};   oh = (h + 2 pad - r) / stride + 1, ow likewise
// A transposed convolution with the same w goes the other way: its forward is clg_conv_backward_data, its
// data gradient clg_conv_forward, its filter gradient clg_conv_backward_filter with x and y swapped by role:
// x is always the picture side.
struct clg_conv {
    int r, s, stride, pad; // kernel height and width; stride >= 1; 0 <= pad < r and s
};

// Are all entries of the list (clg_device_params.variants; may be NULL) known? Else CLG_EINVAL after a line
// that tells those that are.
CLG_API int clg_variants_valid(const char *list, const struct clg_log *log);

// The output side (rows or columns) of a convolution, <= 0 when the kernel does not fit.
CLG_API int clg_conv_out(int in, int kernel, int stride, int pad);

CLG_API int clg_conv_forward(struct clg_device *d, struct clg_conv conv, struct clg_tensor x,
                             struct clg_tensor w, struct clg_tensor y);
CLG_API int clg_conv_backward_data(struct clg_device *d, struct clg_conv conv, struct clg_tensor dy,
                                   struct clg_tensor w, struct clg_tensor dx);
// accumulate: dw += instead of dw =.
CLG_API int clg_conv_backward_filter(struct clg_device *d, struct clg_conv conv, struct clg_tensor x,
                                     struct clg_tensor dy, struct clg_tensor dw, bool accumulate);

// Deconvolution in the strict sense: given y and w, recovers the x with conv(x, w) = y. Least squares by
// conjugate gradients on the normal equations (CGLS: Bjorck 1996, section 7.4), from x = 0: the exact input
// where the convolution is injective, else the solution of least norm. Waits. Stops when |A^T r| <= tolerance
// * |A^T y|.
struct clg_deconv_report {
    int iterations;
    double residual; // |y - conv(x)| / |y| at the end
    bool converged;  // false: max_iterations came first; x is the best so far
};
CLG_API int clg_deconv(struct clg_device *d, struct clg_conv conv, struct clg_tensor y, struct clg_tensor w,
                       struct clg_tensor x, double tolerance, int max_iterations,
                       struct clg_deconv_report *report);

// --- pooling: windows size x size, stride, no padding ------------------------------------------
enum clg_pool_kind { CLG_POOL_MAX, CLG_POOL_AVERAGE };
struct clg_pool {
    enum clg_pool_kind kind;
    int size, stride;
};
CLG_API int clg_pool_forward(struct clg_device *d, struct clg_pool pool, struct clg_tensor x,
                             struct clg_tensor y);
// Of equal maxima the first in row order gets the gradient.
CLG_API int clg_pool_backward(struct clg_device *d, struct clg_pool pool, struct clg_tensor x,
                              struct clg_tensor dy, struct clg_tensor dx);

// --- activation --------------------------------------------------------------------------------
enum clg_act_kind { CLG_ACT_NONE, CLG_ACT_RELU, CLG_ACT_LEAKY_RELU, CLG_ACT_TANH, CLG_ACT_SIGMOID };
struct clg_act {
    enum clg_act_kind kind;
    float slope; // LeakyReLU's, for negative inputs
};
// y may be x.
CLG_API int clg_act_forward(struct clg_device *d, struct clg_act act, struct clg_tensor x,
                            struct clg_tensor y);
// From the activation's output y (all five are invertible enough for that); dx may be dy.
CLG_API int clg_act_backward(struct clg_device *d, struct clg_act act, struct clg_tensor y,
                             struct clg_tensor dy, struct clg_tensor dx);

// --- batch normalisation (Ioffe and Szegedy 2015), with an activation on top -------------------
//   y = act(gamma * (x - mean) / sqrt(var + eps) + beta), per channel over [n][h][w]; vectors of c floats.
// Training: mean and biased variance of the batch, kept in save_mean and save_inv (= 1/sqrt(var + eps));
// running = (1 - momentum) * running + momentum * batch, with the unbiased variance, as PyTorch does.
struct clg_norm {
    struct clg_tensor gamma, beta, running_mean, running_var, save_mean, save_inv;
    float eps, momentum;
    struct clg_act act;
};
CLG_API int clg_norm_train(struct clg_device *d, struct clg_norm norm, struct clg_tensor x,
                           struct clg_tensor y);
CLG_API int clg_norm_infer(struct clg_device *d, struct clg_norm norm, struct clg_tensor x,
                           struct clg_tensor y);
// After clg_norm_train with the same x. dgamma or dbeta with a NULL buffer: not wanted. dx may be dy.
// accumulate concerns dgamma and dbeta.
CLG_API int clg_norm_backward(struct clg_device *d, struct clg_norm norm, struct clg_tensor x,
                              struct clg_tensor dy, struct clg_tensor dx, struct clg_tensor dgamma,
                              struct clg_tensor dbeta, bool accumulate);

// --- matrices ----------------------------------------------------------------------------------
// C [m][n] = alpha * op(A) op(B) + beta * C, row-major dense; op(A) is m x k. beta is 0 or 1.
struct clg_gemm {
    bool transpose_a, transpose_b;
    int m, n, k;
    float alpha, beta;
};
CLG_API int clg_gemm(struct clg_device *d, struct clg_gemm gemm, struct clg_tensor a, struct clg_tensor b,
                     struct clg_tensor c);

// x [n][h][w][c] += b [c]; and its gradient db [c] = (or +=) sum of dy over n, h, w.
CLG_API int clg_bias_add(struct clg_device *d, struct clg_tensor b, struct clg_tensor x);
CLG_API int clg_bias_backward(struct clg_device *d, struct clg_tensor dy, struct clg_tensor db,
                              bool accumulate);

// --- elements ----------------------------------------------------------------------------------
CLG_API int clg_fill(struct clg_device *d, struct clg_tensor x, float value);
CLG_API int clg_copy(struct clg_device *d, struct clg_tensor from, struct clg_tensor to);      // equal counts
CLG_API int clg_axpy(struct clg_device *d, float a, struct clg_tensor x, struct clg_tensor y); // y += a x
CLG_API int clg_scale(struct clg_device *d, float a, struct clg_tensor x);                     // x *= a
CLG_API int clg_multiply(struct clg_device *d, struct clg_tensor x, struct clg_tensor y);      // y *= x
// x [n][h][w][c] *= s [c], channel by channel.
CLG_API int clg_channels_scale(struct clg_device *d, struct clg_tensor s, struct clg_tensor x);
// result[0] = <x, y>, summed in a fixed order; result is a tensor of one float.
CLG_API int clg_dot(struct clg_device *d, struct clg_tensor x, struct clg_tensor y, struct clg_tensor result);
// Channels [from, from + part.c) of whole <-> part; equal n, h, w. The two directions of a concatenation.
CLG_API int clg_channels_put(struct clg_device *d, struct clg_tensor part, struct clg_tensor whole, int from);
CLG_API int clg_channels_get(struct clg_device *d, struct clg_tensor whole, int from, struct clg_tensor part);

// --- loss and optimiser ------------------------------------------------------------------------
// Binary cross-entropy with logits against one target for all (0 or 1), over x of n values:
//   stats[0] = mean of max(x,0) - x t + log(1 + exp(-|x|));  stats[1] = mean of sigmoid(x)
//   dx = (sigmoid(x) - t) / n
CLG_API int clg_bce(struct clg_device *d, struct clg_tensor x, float target, struct clg_tensor dx,
                    struct clg_tensor stats);

// Adam (Kingma and Ba 2015, algorithm 1) on whole slabs. `rates` is on the device and holds
// {lr / (1 - beta1^t), 1 / sqrt(1 - beta2^t)}, so that a recorded step can be replayed with another t:
//   m = beta1 m + (1 - beta1) g;  v = beta2 v + (1 - beta2) g^2;  p -= rates[0] * m / (sqrt(v) * rates[1] +
//   eps)
// Where it holds a third value and that is not finite (|g|^2, say), all stays as it is.
CLG_API int clg_adam(struct clg_device *d, float beta1, float beta2, float eps, struct clg_tensor rates,
                     struct clg_tensor g, struct clg_tensor p, struct clg_tensor m, struct clg_tensor v);

// average = decay * average + (1 - decay) * p
CLG_API int clg_ema(struct clg_device *d, float decay, struct clg_tensor p, struct clg_tensor average);

#ifdef __cplusplus
}
#endif
#endif
