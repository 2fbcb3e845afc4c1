"""Masks of pictures: what Gan.project() completes, and how well."""
from __future__ import annotations

import numpy as np

from . import _arrays
from ._c import call, lib, log, path as path_of

MASKS = ("center", "left", "right", "top", "bottom", "random")  # CLG_MASKS


def mask(name, size: int, seed: int = 0) -> np.ndarray:
    """float32 [size, size], 1 where a picture is known, 0 where it is hidden.

    "center", "left", "right", "top" or "bottom" hide that part, "random" four in five pixels, chosen by the seed; else
    the path of a size x size picture, white where known.
    """
    size = _arrays.whole(size, "size", 1, 16384)
    weights = np.empty((size, size), np.float32)
    text = name.encode() if name in MASKS else path_of(name)
    call(lib.clg_mask_make, text, size, _arrays.seed(seed), weights, log())
    return weights


def _mask(weights, size: int) -> np.ndarray | None:
    return None if weights is None else _arrays.floats(np.asarray(weights) * 1.0, (size, size), "mask")


def masked(pictures, mask, hidden=None) -> np.ndarray:
    """Pictures [n, size, size, channels], float32, with `hidden` (as many pictures; None: white) where the mask hides."""
    pictures = _arrays.pictures(pictures, ("n", "size", "size", "channels")).copy()
    n, size, _, channels = pictures.shape
    weights = _mask(mask, size)
    hidden = [None] * n if hidden is None else _arrays.pictures(hidden, pictures.shape, "hidden")
    for picture, other in zip(pictures, hidden):
        lib.clg_mask_blend(weights, size, channels, other, picture)
    return pictures


def psnr(a, b, mask=None, hidden: bool = False) -> np.ndarray:
    """PSNR in dB, float64 [n], of pictures [n, size, size, channels], for values -1..1; higher is nearer.

    Over the pixels that the mask [size, size] shows, or with `hidden` those that it hides.
    """
    a = _arrays.pictures(a, ("n", "size", "size", "channels"), "a")
    b, (_, size, _, channels) = _arrays.pictures(b, a.shape, "b"), a.shape
    weights = _mask(mask, size)
    return np.array([lib.clg_mask_psnr(weights, hidden, size, channels, x, y) for x, y in zip(a, b)])
