"""Checks of arguments: shapes and types of arrays, with messages that say what was expected."""
from __future__ import annotations

import numpy as np

from ._c import lib


def shape_text(shape) -> str:
    return "[" + ", ".join(str(n) for n in shape) + "]"


def check_shape(array: np.ndarray, shape: tuple, what: str) -> None:
    """`shape` holds sizes, and names for dimensions of any size above 0."""
    fits = len(array.shape) == len(shape) and all(n == want if isinstance(want, int) else n > 0
                                                  for n, want in zip(array.shape, shape))
    if not fits:
        hint = f"; for a single one, pass {what}[None]" if len(array.shape) + 1 == len(shape) else ""
        raise ValueError(f"{what}: {shape_text(shape)} expected, got {shape_text(array.shape)}{hint}")


def floats(values, shape: tuple, what: str) -> np.ndarray:
    """As contiguous float32, from any floating-point type."""
    array = np.asarray(values)
    if array.dtype.kind != "f":
        raise TypeError(f"{what}: float32 expected, got {array.dtype}")
    check_shape(array, shape, what)
    return np.ascontiguousarray(array, np.float32)


def pixels(values, shape: tuple, what: str) -> np.ndarray:
    """As contiguous uint8."""
    array = np.asarray(values)
    if array.dtype != np.uint8:
        raise TypeError(f"{what}: uint8 (0 to 255) expected, got {array.dtype}")
    check_shape(array, shape, what)
    return np.ascontiguousarray(array)


def values_of(pixels: np.ndarray) -> np.ndarray:
    """Dense uint8 of any shape to the values -1..1 that nets read."""
    values = np.empty(pixels.shape, np.float32)
    lib.clg_picture_values(pixels, pixels.size, values)
    return values


def pictures(values, shape: tuple, what: str = "pictures") -> np.ndarray:
    """As contiguous float32 in -1..1, which the nets take, from floats or uint8."""
    array = np.asarray(values)
    if array.dtype == np.uint8:
        check_shape(array, shape, what)
        return values_of(np.ascontiguousarray(array))
    if array.dtype.kind != "f":
        raise TypeError(f"{what}: float32 (-1 to 1) or uint8 (0 to 255) expected, got {array.dtype}")
    return floats(array, shape, what)


def whole(value, what: str, low: int, high: int = 2**31 - 1) -> int:
    """A whole number in a range."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)):
        raise TypeError(f"{what}: a whole number expected, got {value!r}")
    if not low <= value <= high:
        raise ValueError(f"{what}: {value} is not between {low} and {high}")
    return int(value)


def seed(value, what: str = "seed") -> int:
    return whole(value, what, 0, 2**64 - 1)


def one_of(value, words: tuple, what: str) -> int:
    """The index of a word among those allowed, as in the library's enum."""
    if value not in words:
        raise ValueError(f"{what}: {value!r} is not " + " or ".join(repr(w) for w in words))
    return words.index(value)
