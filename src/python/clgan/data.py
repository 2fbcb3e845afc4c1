"""Training pictures from a folder or the built-in faces, in batches; and pictures of a folder in a fixed order."""
from __future__ import annotations

import os
from ctypes import POINTER, byref

import numpy as np

from . import _arrays
from ._c import LOG, call, lib, log, path as path_of, text
from ._handle import Owned
from ._structs import clg_data_info, clg_face, clg_labels, clg_labels_params
from .picture import crop_of

FACE_PARAMETERS = tuple(name for name, _ in clg_face._fields_)


class Dataset(Owned):
    """Batches of training pictures, uint8 [batch, size, size, channels], decoded ahead by threads; it never ends.

    path: a folder, searched recursively for JPEG, PNG and WebP files, or "builtin:faces". Sample i depends only on the
    folder, the seed and i; `start` is the number of the first one. crop: "center", "none" or "WxH+X+Y"; flip mirrors
    half of them.

        for pictures in clgan.Dataset("~/pictures", size=64, batch=128): ...
    """

    _instead = "create another one, clgan.Dataset(path, ...); `start` is the number of its first sample"

    def __init__(self, path="builtin:faces", size: int = 64, channels: int = 3, batch: int = 128, crop: str = "center",
                 flip: bool = False, threads: int = 2, seed: int = 1, start: int = 0):
        super().__init__()
        self.path = os.path.expanduser(os.fsdecode(path))
        self.options = {"crop": crop, "flip": flip, "threads": threads}
        params = lib.clg_data_params_default()
        kept = path_of(self.path)  # the struct points to this
        params.path, params.crop, params.flip, params.log = kept, crop_of(crop), bool(flip), LOG
        params.size, params.channels = _arrays.whole(size, "size", 1), _arrays.whole(channels, "channels", 1)
        params.batch, params.threads = _arrays.whole(batch, "batch", 1), _arrays.whole(threads, "threads", 1)
        params.seed, params.start = _arrays.seed(seed), _arrays.seed(start, "start")
        call(lib.clg_data_open, byref(self._pointer), byref(params))
        self._own("clg_data_close")
        self.batch_shape = params.batch, params.size, params.size, params.channels

    def next(self) -> np.ndarray:
        """The next batch, uint8 [batch, size, size, channels]; waits until it is decoded."""
        pictures = np.empty(self.batch_shape, np.uint8)
        self._call(lib.clg_data_next, pictures)
        return pictures

    def __iter__(self):
        while True:
            yield self.next()

    def info(self) -> dict:
        """pictures (0: endless); so far, files skipped and pictures read despite a decoder's warning (warned);
        images_per_s that decoding can deliver, and waited_s, the time spent waiting for it."""
        info = clg_data_info()
        self._call(lib.clg_data_info, byref(info))
        return {name: getattr(info, name) for name, _ in clg_data_info._fields_}

    @property
    def pictures(self) -> int:
        """Usable pictures; 0 for the endless built-in set."""
        return self.info()["pictures"]

    def __repr__(self) -> str:
        if not self._pointer:
            return f"<clgan.Dataset {self.path}, closed>"
        shape = _arrays.shape_text(self.batch_shape)
        return f"<clgan.Dataset {self.path}: {self.pictures or 'endless'} pictures, batches {shape}>"


class _ArraySource:
    """An array's pictures in batches, shuffled anew for every pass: an order drawn from (seed, pass)."""

    def __init__(self, pixels: np.ndarray, batch: int, seed: int, start: int):
        if len(pixels) < batch:
            raise ValueError(f"data: {len(pixels)} pictures are fewer than a batch of {batch}")
        self.pixels, self.batch, self.seed, self.at = pixels, batch, seed, start
        self.pictures = len(pixels)

    def _order(self, epoch: int) -> np.ndarray:
        return np.random.default_rng((self.seed, epoch)).permutation(self.pictures)

    def next(self) -> np.ndarray:
        numbers, n = np.arange(self.at, self.at + self.batch), self.pictures
        orders = {epoch: self._order(int(epoch)) for epoch in np.unique(numbers // n)}
        self.at += self.batch
        return self.pixels[[orders[i // n][i % n] for i in numbers]]


class _IterableSource:
    """An iterable's batches, from the start again when it ends. Without a length it counts as endless."""

    def __init__(self, batches, batch: int):
        self.batches, self.iterator = batches, iter(batches)
        self.pictures = len(batches) * batch if hasattr(batches, "__len__") else 0

    def next(self):
        for _ in range(2):
            for batch in self.iterator:
                return batch
            self.iterator = iter(self.batches)
        raise ValueError("data: the iterable has no more batches")


def source_of(data, shape: tuple, seed: int, start: int):
    """Its next() gives batches of that shape, with sample `start` first; pictures: per pass, or 0 if endless."""
    if isinstance(data, Dataset):
        if data.batch_shape != shape:
            raise ValueError(f"data: batches {_arrays.shape_text(shape)} expected, this Dataset gives "
                             f"{_arrays.shape_text(data.batch_shape)}")
        return data
    if hasattr(data, "__iter__") and not isinstance(data, (list, tuple)) and not hasattr(data, "__array__"):
        return _IterableSource(data, shape[0])
    return _ArraySource(_arrays.pixels(data, ("n", *shape[1:]), "data"), shape[0], seed, start)


# --- the built-in faces --------------------------------------------------------------------------
def faces(n: int, seed: int = 0, size: int = 64, first: int = 0) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Drawn faces of a seed from number `first` on: uint8 [n, size, size, 3], and their parameters, float32 [n] each."""
    n, size = _arrays.whole(n, "n", 1), _arrays.whole(size, "size", 1, 4096)
    seed, first = _arrays.seed(seed), _arrays.seed(first, "first")
    pictures = np.empty((n, size, size, 3), np.uint8)
    values = {name: np.empty(n, np.float32) for name in FACE_PARAMETERS}
    for i in range(n):
        face = lib.clg_face_random(seed, first + i)
        lib.clg_face_draw(byref(face), size, pictures[i])
        for name in FACE_PARAMETERS:
            values[name][i] = getattr(face, name)
    return pictures, values


def draw_face(size: int = 64, seed: int = 0, index: int = 0, **parameters: float) -> np.ndarray:
    """Face number `index` of a seed, uint8 [size, size, 3], with parameters changed as given (smile=-0.5, glasses=1)."""
    face = lib.clg_face_random(_arrays.seed(seed), _arrays.seed(index, "index"))
    for name, value in parameters.items():
        if name not in FACE_PARAMETERS:
            raise TypeError(f"a face has no {name!r}; it has " + ", ".join(FACE_PARAMETERS))
        setattr(face, name, value)
    size = _arrays.whole(size, "size", 1, 4096)
    picture = np.empty((size, size, 3), np.uint8)
    lib.clg_face_draw(byref(face), size, picture)
    return picture


# --- a folder in a fixed order -------------------------------------------------------------------
def _column(column: str | int | None) -> bytes | None:
    return text(str(column) if isinstance(column, int) else column)


class Pictures(Owned):
    """All usable pictures in a folder and its subfolders, sorted by name, or one file: names, load(), labels()."""

    def __init__(self, path, crop: str = "center"):
        super().__init__()
        self.path, self.crop = os.path.expanduser(os.fsdecode(path)), crop
        call(lib.clg_pictures_open, byref(self._pointer), path_of(self.path), crop_of(crop), log())
        self._own("clg_pictures_close")
        self.names = [os.fsdecode(self._call(lib.clg_pictures_name, i))
                      for i in range(self._call(lib.clg_pictures_count))]

    def __reduce__(self):
        """Copied and pickled as its path: the copy opens the folder again, as it is by then."""
        return Pictures, (os.path.abspath(self.path), self.crop)

    def __len__(self) -> int:
        return len(self.names)

    def load(self, size: int, channels: int = 3, which=None) -> np.ndarray:
        """uint8 [n, size, size, channels]: the pictures with the numbers `which`, by default all."""
        which = np.arange(len(self)) if which is None else np.asarray(which)
        if which.dtype.kind not in "iu" or which.ndim != 1:
            raise TypeError("which: a list of whole numbers expected")
        if len(which) and not (0 <= which.min() and which.max() < len(self)):
            raise IndexError(f"which: pictures are numbered 0 to {len(self) - 1}")
        size, channels = _arrays.whole(size, "size", 1, 16384), (1, 3)[_arrays.one_of(channels, (1, 3), "channels")]
        pixels = np.empty((len(which), size, size, channels), np.uint8)
        if len(which):
            self._call(lib.clg_pictures_load, np.ascontiguousarray(which, np.intc), len(which), size, channels, pixels)
        return pixels

    @property
    def warned(self) -> int:
        """How many pictures were read so far despite a decoder's warning; the log names each at level INFO."""
        return self._call(lib.clg_pictures_warned)

    def labels(self, csv=None, column: str | int | None = None, threshold: float | None = None,
               classes: list[str] | None = None, file_column: str | int | None = None) -> tuple[np.ndarray, list[str]]:
        """A class for each picture: int32 [n], and the classes' names. -1: of another class, or not in the table.

        csv: a table as `clgan classify --labels` takes it; without one the folders' names are the classes. column,
        file_column: the columns of the labels and of the pictures' names, if ambiguous: a name, or a number from 1.
        threshold splits the column's numbers into two classes. classes: only these, in that order. A column Smiling of
        1 and 0, or 1 and -1, has the classes "not Smiling" and "Smiling".
        """
        params, found = clg_labels_params(), POINTER(clg_labels)()
        kept = [path_of(csv), _column(column), _column(file_column),
                text(",".join(classes)) if classes else None]  # the struct points to them
        params.csv, params.column, params.file_column, params.classes = kept
        params.threshold_set, params.threshold, params.log = threshold is not None, threshold or 0, LOG
        with self._lock:
            call(lib.clg_labels_read, byref(found), self._as_argument, byref(params))
        labels = found.contents
        result = np.array(labels.of[:labels.n], np.int32), [os.fsdecode(labels.names[i]) for i in range(labels.classes)]
        lib.clg_labels_free(byref(found))
        return result

    def __repr__(self) -> str:
        return f"<clgan.Pictures {self.path}: {len(self)}>"
