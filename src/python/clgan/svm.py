"""A linear classifier on features: the L2-regularised linear support vector machine of the paper's section 5.1."""
from __future__ import annotations

import os
import tempfile
from ctypes import byref, c_char_p

import numpy as np

from . import _arrays
from ._c import LOG, call, lib, log, pairs, path as path_of, text
from ._handle import Owned


class LinearSVM(Owned):
    """Made by LinearSVM.train() or LinearSVM.load().

        svm = clgan.LinearSVM.train(gan.features(pictures), labels)
        names = svm.predict(gan.features(others))
    """

    @classmethod
    def train(cls, features, labels, names: list[str] | None = None, c: float = 0, seed: int = 0) -> LinearSVM:
        """features: float32 [n, count]; labels: n whole numbers from 0 on with `names`, or n texts; at least two of each.

        c: the cost of misclassification; 0: the best of 1e-3, 1e-2 .. 10 on a fifth of the data, drawn with the seed.
        """
        features = _arrays.floats(features, ("n", "count"), "features")
        labels = np.asarray(labels)
        if labels.shape != (len(features),):
            raise ValueError(f"labels: [{len(features)}] expected, got {_arrays.shape_text(labels.shape)}")
        if labels.dtype.kind in "US" and names is None:
            names, labels = np.unique(labels.astype(str), return_inverse=True)
        if labels.dtype.kind not in "iub":
            raise TypeError(f"labels: whole numbers, or texts without names, expected, got {labels.dtype}")
        names = [str(i) for i in range(int(labels.max()) + 1)] if names is None else [str(name) for name in names]
        if not (0 <= labels.min() and labels.max() < len(names)):
            raise ValueError(f"labels: between 0 and {len(names) - 1} expected, as there are {len(names)} names")
        params = lib.clg_svm_params_default()
        params.c, params.seed, params.log = c, _arrays.seed(seed), LOG
        svm = cls()
        call(lib.clg_svm_train, byref(svm._pointer), features, *features.shape, np.ascontiguousarray(labels, np.intc),
             len(names), (c_char_p * len(names))(*map(text, names)), byref(params))
        svm._own("clg_svm_free")
        return svm

    @classmethod
    def load(cls, path) -> LinearSVM:
        """From a file written by save()."""
        svm = cls()
        call(lib.clg_svm_load, byref(svm._pointer), path_of(path), log())
        svm._own("clg_svm_free")
        return svm

    def save(self, path, **metadata) -> None:
        """Writes a safetensors file: weight [classes, count], bias [classes], and the names."""
        self._call(lib.clg_svm_save, path_of(path), *pairs(metadata), log())

    def __reduce__(self):
        """Copied and pickled as its file."""
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "svm.safetensors")
            self.save(path)
            with open(path, "rb") as file:
                return _from_bytes, (file.read(),)

    @property
    def names(self) -> list[str]:
        """The classes."""
        return [os.fsdecode(self._call(lib.clg_svm_name, i)) for i in range(self._call(lib.clg_svm_classes))]

    @property
    def c(self) -> float:
        """The cost that training used."""
        return self._call(lib.clg_svm_c)

    def scores(self, features) -> np.ndarray:
        """float32 [n, classes]: signed distances from the classes' hyperplanes; the largest is the prediction."""
        features = _arrays.floats(features, ("n", self._call(lib.clg_svm_count)), "features")
        scores = np.empty((len(features), len(self.names)), np.float32)
        self._call(lib.clg_svm_scores, features, len(features), scores)
        return scores

    def predict(self, features) -> np.ndarray:
        """The predicted classes as indices into `names`, int [n]."""
        return self.scores(features).argmax(1)

    def __repr__(self) -> str:
        if not self._pointer:
            return "<clgan.LinearSVM, closed>"
        return f"<clgan.LinearSVM of {self._call(lib.clg_svm_count)} features: {', '.join(self.names)}; c {self.c:g}>"


def _from_bytes(content: bytes) -> LinearSVM:
    """From the content of a file written by save()."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "svm.safetensors")
        with open(path, "wb") as file:
            file.write(content)
        return LinearSVM.load(path)
