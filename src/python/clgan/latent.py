"""Latent space: paths, means and neighbours of noise vectors, and the nearest of a set (the paper's 6.1 and 6.3.2)."""
from __future__ import annotations

import numpy as np

from . import _arrays
from ._c import call, lib

KINDS = ("spherical", "linear")  # enum clg_path_kind


def interpolate(points, frames: int, kind: str = "spherical", loop: bool = False) -> np.ndarray:
    """z, float32 [frames, z], equally spaced along points [k, z], k >= 2; with `loop` back to the first as well.

    "spherical": along great circles with interpolated length, where normal noise lies; "linear": straight lines.
    """
    points = _arrays.floats(points, ("k", "z"), "points")
    k, length = points.shape
    kind = _arrays.one_of(kind, KINDS, "kind")
    if k < 2:
        raise ValueError("points: at least 2 expected, got 1")
    frames = _arrays.whole(frames, "frames", k if loop else 2)
    z = np.empty((frames, length), np.float32)
    call(lib.clg_z_path, kind, points, k, length, bool(loop), frames, z)
    return z


def mean(z) -> np.ndarray:
    """float32 [z], the mean of z [n, z]: a term of vector arithmetic (smiling woman - woman + man) averages three or more."""
    z = _arrays.floats(z, ("n", "z"), "z")
    result = np.empty(z.shape[1], np.float32)
    lib.clg_z_mean(z, *z.shape, result)
    return result


def neighbours(centre, n: int = 9, scale: float = 0.25, seed: int = 0) -> np.ndarray:
    """z, float32 [n, z]: the centre [z] itself, then n - 1 vectors with uniform noise of +-scale added (figure 7)."""
    centre = _arrays.floats(centre, ("z",), "centre")
    n = _arrays.whole(n, "n", 1)
    z = np.empty((n, len(centre)), np.float32)
    lib.clg_z_neighbours(centre, len(centre), n, scale, _arrays.seed(seed), z)
    return z


def nearest(queries, items, k: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """For each of queries [q, ...] the k nearest of items [n, ...], float32, nearest first.

    (indices int32 [q, k], squared Euclidean distances float32 [q, k]).
    """
    queries, items = (np.asarray(a, np.float32) for a in (queries, items))
    if queries.shape[1:] != items.shape[1:] or queries.ndim < 2 or not queries.size or not len(items):
        raise ValueError("nearest: queries [q, ...] and items [n, ...] of equal shapes expected, got "
                         f"{_arrays.shape_text(queries.shape)} and {_arrays.shape_text(items.shape)}")
    k = _arrays.whole(k, "k", 1, len(items))
    queries, items = (np.ascontiguousarray(a.reshape(len(a), -1)) for a in (queries, items))
    index, distance = np.full((len(queries), k), -1, np.intc), np.full((len(queries), k), np.inf, np.float32)
    lib.clg_nearest(queries, len(queries), items, len(items), items.shape[1], 0, k, index, distance)
    return index, distance
