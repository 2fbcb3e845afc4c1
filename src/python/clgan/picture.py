"""Pictures as arrays: reading and writing files, grids, and display in notebooks."""
from __future__ import annotations

import os
import tempfile
from ctypes import byref, c_int

import numpy as np

from . import _arrays
from ._c import call, lib, log, path as path_of, text
from ._structs import clg_crop


def crop_of(crop: str) -> clg_crop:
    """ "center", "none" or "WxH+X+Y"."""
    parsed = clg_crop()
    if lib.clg_crop_parse(text(crop), byref(parsed)).value:
        raise ValueError(f"crop: {crop!r} is not 'center', 'none' or WxH+X+Y (a box in pixels, '178x178+0+20' say)")
    return parsed


def load_picture(path, size: int, channels: int = 3, crop: str = "center") -> np.ndarray:
    """A JPEG, PNG or WebP file, upright, cropped and resized with antialiasing: uint8 [size, size, channels]."""
    size, channels = _arrays.whole(size, "size", 1, 16384), (1, 3)[_arrays.one_of(channels, (1, 3), "channels")]
    pixels = np.empty((size, size, channels), np.uint8)
    call(lib.clg_picture_load, path_of(path), crop_of(crop), size, channels, pixels, log())
    return pixels


def save_picture(path, picture) -> None:
    """Writes uint8, or float32 in -1..1, [h, w, 1 or 3], to a .png, .jpg or .jpeg file."""
    picture = _as_pixels(picture)
    _arrays.check_shape(picture, ("h", "w", "channels"), "picture")
    call(lib.clg_picture_save, path_of(path), picture, picture.shape[1], picture.shape[0], picture.shape[2], log())


def to_pixels(values) -> np.ndarray:
    """Values in -1..1, as nets draw them, to uint8 0..255, in any shape: rounded and clipped."""
    values = np.asarray(values)
    values = _arrays.floats(values, values.shape, "values")
    pixels = np.empty(values.shape, np.uint8)
    lib.clg_picture_pixels(values, values.size, pixels)
    return pixels


def to_values(pixels) -> np.ndarray:
    """Pictures uint8 0..255, in any shape, to float32 in -1..1, as nets read them."""
    pixels = np.asarray(pixels)
    return _arrays.values_of(_arrays.pixels(pixels, pixels.shape, "pixels"))


def normalized(maps) -> np.ndarray:
    """Maps or gradients [n, h, w, c] as pictures to look at: uint8, each scaled from its minimum to its maximum."""
    maps = np.asarray(maps, np.float32)
    _arrays.check_shape(maps, ("n", "h", "w", "c"), "maps")
    low, high = maps.min((1, 2, 3), keepdims=True), maps.max((1, 2, 3), keepdims=True)
    return np.rint(255 * (maps - low) / np.where(high > low, high - low, 1)).astype(np.uint8)


def _as_pixels(pictures) -> np.ndarray:
    pictures = np.asarray(pictures)
    return np.ascontiguousarray(pictures) if pictures.dtype == np.uint8 else to_pixels(pictures)


def grid(pictures, columns: int | None = None) -> np.ndarray:
    """Pictures [n, size, size, 1 or 3], uint8 or float32 in -1..1, tiled into one: uint8 [h, w, channels]."""
    pictures = _as_pixels(pictures)
    _arrays.check_shape(pictures, ("n", "size", "size", "channels"), "pictures")
    n, size, other, channels = pictures.shape
    if size != other or channels not in (1, 3):
        raise ValueError(f"pictures: square ones of 1 or 3 channels expected, got {_arrays.shape_text(pictures.shape)}")
    columns, w, h = _arrays.whole(columns or 0, "columns", 0), c_int(), c_int()
    call(lib.clg_picture_grid_size, n, size, columns, byref(w), byref(h))
    tiles = np.empty((h.value, w.value, channels), np.uint8)
    lib.clg_picture_grid(pictures, n, size, channels, columns, tiles)
    return tiles


class Picture:
    """A PNG that a notebook shows; save(path) writes it. pixels: uint8 [h, w, channels], or [n, h, ...] if animated."""

    def __init__(self, pixels: np.ndarray, write):
        self.pixels = pixels
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "picture.png")
            write(path)
            with open(path, "rb") as file:
                self.png = file.read()

    def _repr_png_(self) -> bytes:
        return self.png

    def save(self, path) -> None:
        """Writes the PNG to a file."""
        with open(os.path.expanduser(path), "wb") as file:
            file.write(self.png)

    def __repr__(self) -> str:
        return f"<clgan.Picture {_arrays.shape_text(self.pixels.shape)}, PNG of {len(self.png)} bytes>"


def show(pictures, columns: int | None = None) -> Picture:
    """Pictures [n, size, size, 1 or 3] as a grid, or one [h, w, 1 or 3], uint8 or float32 in -1..1, for a notebook."""
    pictures = np.asarray(pictures)
    pixels = grid(pictures, columns) if pictures.ndim == 4 else _as_pixels(pictures)
    return Picture(pixels, lambda path: save_picture(path, pixels))


def animate(frames, fps: float = 10) -> Picture:
    """Frames [n, h, w, 1 or 3], uint8 or float32 in -1..1, as an animated PNG that repeats forever."""
    pixels = _as_pixels(frames)
    _arrays.check_shape(pixels, ("n", "h", "w", "channels"), "frames")
    n, h, w, channels = pixels.shape

    def write(path):
        call(lib.clg_picture_animate, text(path), pixels, n, w, h, channels, fps, log())

    return Picture(pixels, write)
