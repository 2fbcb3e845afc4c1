"""A primer of convolutional nets on one picture: convolution, pooling, transposed convolution, deconvolution."""
from __future__ import annotations

from ctypes import byref
from dataclasses import dataclass

import numpy as np

from . import _arrays
from ._c import lib
from ._structs import clg_primer_output, clg_primer_step
from .device import Device, device_of
from .ops import DeconvReport

STEPS = 14  # CLG_PRIMER_STEPS
_KINDS = ("input", "convolution", "max pooling", "average pooling", "transposed convolution",
          "deconvolution")  # enum clg_primer_kind


@dataclass(frozen=True)
class PrimerStep:
    """What one operation made of the output of the step `input`: values float32 [h, w, c], and pixels to look at."""

    name: str
    text: str
    operation: str
    input: int
    kernel: int
    stride: int
    pad: int
    weights: np.ndarray | None  # [kernel, kernel], the same for every channel; None: there are none
    values: np.ndarray
    pixels: np.ndarray  # uint8
    psnr: float | None  # against the picture, in dB, where the output is an estimate of it
    report: DeconvReport | None


def _step(i: int, step: clg_primer_step, output: clg_primer_output) -> PrimerStep:
    shape = output.shape.h, output.shape.w, output.shape.c
    weights, pixels = None, np.empty(shape, np.uint8)
    lib.clg_primer_pixels(i, byref(output), pixels)
    if step.weights:
        weights = np.ctypeslib.as_array(step.weights, (step.kernel, step.kernel)) / np.float32(step.divisor)
    kind, r = _KINDS[step.kind], output.report
    return PrimerStep(step.name.decode(), step.text.decode(), kind, step.input, step.kernel, step.stride, step.pad,
                      weights, np.ctypeslib.as_array(output.values, shape).copy(), pixels,
                      output.psnr if step.compare else None,
                      DeconvReport(r.iterations, r.residual, r.converged) if kind == "deconvolution" else None)


def primer(picture, device: Device | str | None = None) -> list[PrimerStep]:
    """What the layers of a convolutional net make of a square picture uint8 [size, size, 1 to 3]; values are 0..1."""
    picture = _arrays.pixels(picture, ("size", "size", "channels"), "picture")
    size, width, channels = picture.shape
    if size != width:
        raise ValueError(f"picture: a square one expected, got {_arrays.shape_text(picture.shape)}")
    steps = (clg_primer_step * STEPS).in_dll(lib._dll, "clg_primer_steps")
    outputs = (clg_primer_output * STEPS)()
    d = device_of(device)
    try:
        d._run(lib.clg_primer_run, d._as_argument, picture, size, channels, outputs)
        return [_step(i, step, output) for i, (step, output) in enumerate(zip(steps, outputs))]
    finally:
        lib.clg_primer_free(outputs)
