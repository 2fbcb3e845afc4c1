"""The operations by themselves, on numpy arrays: pictures float32 [n, h, w, c] (NHWC), weights float32 [r, s, c, k].

Each takes a `device` as Gan does. conv2d, conv_transpose2d and deconv all take the weights of a
convolution from c to k channels.
"""
from __future__ import annotations

from collections import namedtuple
from ctypes import byref, c_void_p

import numpy as np

from . import _arrays
from ._c import lib
from ._structs import clg_conv, clg_deconv_report, clg_pool, clg_shape, clg_tensor
from .device import Device, device_of

DeconvReport = namedtuple("DeconvReport", ["iterations", "residual", "converged"])
DeconvReport.__doc__ = "residual: |y - conv2d(x)| / |y| at the end. converged: False if max_iterations was reached."
_MAX, _AVERAGE = range(2)  # enum clg_pool_kind


def _on_device(device: Device, inputs: list[np.ndarray], shape: tuple, body) -> np.ndarray:
    """Copies the inputs to the device, calls body(device, inputs..., result), and copies the result back."""
    shapes = [clg_shape(*array.shape) for array in inputs] + [clg_shape(*shape)]
    slab, tensors, result = c_void_p(), [], np.empty(shape, np.float32)
    d = device._as_argument
    with device._lock:
        device._run(lib.clg_slab_new, byref(slab), d, sum(lib.clg_slab_size(s) for s in shapes))
        try:
            for s in shapes:
                tensors.append(clg_tensor())
                device._run(lib.clg_slab_take, slab, s, byref(tensors[-1]))
            for tensor, array in zip(tensors, inputs):
                device._run(lib.clg_tensor_write, d, tensor, array)
            device._run(body, d, *tensors)
            device._run(lib.clg_tensor_read, d, tensors[-1], result)
        finally:
            lib.clg_slab_free(byref(slab))
    return result


def _conv(w: np.ndarray, stride: int, pad: int) -> clg_conv:
    r, s = w.shape[:2]
    return clg_conv(r, s, _arrays.whole(stride, "stride", 1), _arrays.whole(pad, "pad", 0, min(r, s) - 1))


def conv2d(x, w, stride: int = 1, pad: int = 0, device: Device | str | None = None) -> np.ndarray:
    """y[n, i, j, k] = sum over r, s, c of x[n, i*stride - pad + r, j*stride - pad + s, c] * w[r, s, c, k].

    x [n, h, w, c], w [r, s, c, k] to y [n, (h + 2 pad - r) // stride + 1, (w + 2 pad - s) // stride + 1, k].
    """
    x, w = _arrays.floats(x, ("n", "h", "w", "c"), "x"), _arrays.floats(w, ("r", "s", "c", "k"), "w")
    conv, (n, height, width, c) = _conv(w, stride, pad), x.shape
    _arrays.check_shape(w, ("r", "s", c, "k"), "w")
    oh, ow = (lib.clg_conv_out(side, kernel, stride, pad) for side, kernel in ((height, conv.r), (width, conv.s)))
    if oh < 1 or ow < 1:
        raise ValueError(f"a kernel of {conv.r}x{conv.s} does not fit into {height}x{width} with pad {pad}")
    return _on_device(device_of(device), [x, w], (n, oh, ow, w.shape[3]), _Enqueue(lib.clg_conv_forward, conv))


def conv_transpose2d(y, w, stride: int = 1, pad: int = 0, size: tuple[int, int] | None = None,
                     device: Device | str | None = None) -> np.ndarray:
    """The transposed convolution: conv2d's adjoint, <conv2d(x, w), y> = <x, conv_transpose2d(y, w)>.

    y [n, oh, ow, k], w [r, s, c, k] (PyTorch's weight[k, c, r, s] is w[r, s, c, k]) to x [n, h, w, c], where size is
    (h, w): by default the smallest that fits, (oh - 1) stride + r - 2 pad.
    """
    y, w, conv, shape = _adjoint(y, w, stride, pad, size)
    return _on_device(device_of(device), [y, w], shape, _Enqueue(lib.clg_conv_backward_data, conv))


def deconv(y, w, stride: int = 1, pad: int = 0, size: tuple[int, int] | None = None, tolerance: float = 1e-6,
           max_iterations: int = 1000, device: Device | str | None = None) -> tuple[np.ndarray, DeconvReport]:
    """Deconvolution in the strict sense: the x with conv2d(x, w) = y, by conjugate gradients.

    Shapes as for conv_transpose2d. The exact input if the convolution is invertible, else the one of least norm. Stops
    when the residual of the normal equations is below `tolerance`. (x [n, h, w, c], report).
    """
    y, w, conv, shape = _adjoint(y, w, stride, pad, size)
    report = clg_deconv_report()
    after = (tolerance, _arrays.whole(max_iterations, "max_iterations", 1), byref(report))
    x = _on_device(device_of(device), [y, w], shape, _Enqueue(lib.clg_deconv, conv, after))
    return x, DeconvReport(report.iterations, report.residual, report.converged)


def _adjoint(y, w, stride, pad, size):
    """What conv_transpose2d and deconv share: checked arrays, the convolution, and the picture's shape."""
    y, w = _arrays.floats(y, ("n", "h", "w", "k"), "y"), _arrays.floats(w, ("r", "s", "c", "k"), "w")
    _arrays.check_shape(w, ("r", "s", "c", y.shape[3]), "w")
    conv, (n, oh, ow, _) = _conv(w, stride, pad), y.shape
    if size is None:
        size = (oh - 1) * stride + conv.r - 2 * pad, (ow - 1) * stride + conv.s - 2 * pad
    height, width = (_arrays.whole(side, "size", 1) for side in size)
    fits = [lib.clg_conv_out(side, kernel, stride, pad) for side, kernel in ((height, conv.r), (width, conv.s))]
    if fits != [oh, ow]:
        raise ValueError(f"size {height}x{width} would give feature maps of {fits[0]}x{fits[1]}, y has {oh}x{ow}")
    return y, w, conv, (n, height, width, w.shape[2])


def max_pool(x, size: int = 2, stride: int | None = None, device: Device | str | None = None) -> np.ndarray:
    """The maximum of each size x size window: x [n, h, w, c] to [n, (h - size) // stride + 1, ..., c].

    stride: by default size.
    """
    return _pool(_MAX, x, size, stride, device)


def avg_pool(x, size: int = 2, stride: int | None = None, device: Device | str | None = None) -> np.ndarray:
    """The mean of each size x size window; shapes as for max_pool."""
    return _pool(_AVERAGE, x, size, stride, device)


def _pool(kind, x, size, stride, device) -> np.ndarray:
    x = _arrays.floats(x, ("n", "h", "w", "c"), "x")
    n, height, width, c = x.shape
    size = _arrays.whole(size, "size", 1, min(height, width))
    stride = _arrays.whole(size if stride is None else stride, "stride", 1)
    shape = n, (height - size) // stride + 1, (width - size) // stride + 1, c
    return _on_device(device_of(device), [x], shape, _Enqueue(lib.clg_pool_forward, clg_pool(kind, size, stride)))


class _Enqueue:
    """An operation of the library with its arguments other than tensors."""

    def __init__(self, function, how, after: tuple = ()):
        self.function, self.how, self.after, self.restype = function, how, after, function.restype

    def __call__(self, d, *tensors):
        return self.function(d, self.how, *tensors, *self.after)
