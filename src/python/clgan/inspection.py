"""Inspecting nets: filters, feature maps by their responses, what maps of G draw, and memorised pictures (section 6)."""
from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from ctypes import POINTER, byref
from dataclasses import dataclass

import numpy as np

from . import _arrays
from ._c import lib
from ._structs import (SCORES_FN, clg_class_maps, clg_class_search, clg_feature, clg_memorisation, clg_neighbours,
                       clg_tensor_info)
from .data import Pictures
from .explore import NETS, Bar

_EINVAL = -1  # CLG_EINVAL


@dataclass(frozen=True)
class Feature:
    """A feature map of D, its mean response to its best pictures, and the numbers of these, strongest first."""

    map: int
    response: float
    best: np.ndarray


@dataclass(frozen=True)
class ClassScore:
    """A class's mean score, and the share of the samples that belong to it."""

    mean: float
    share: float


@dataclass(frozen=True)
class ClassMaps:
    """The feature maps of G that draw a class.

    maps: those found, largest drop first; drops: how far the class's mean score falls without each. z: samples of the
    class that the drops come from; checks: others, scored with all maps, without the found ones, and without as many of
    the rest.
    """

    maps: list[int]
    drops: list[float]
    z: np.ndarray
    checks: np.ndarray
    before: ClassScore
    with_all: ClassScore
    without: ClassScore
    without_others: ClassScore


@dataclass(frozen=True)
class Neighbours:
    """The training pictures nearest to samples, and how near training pictures are to each other.

    index int32 [n, k]: nearest first, -1 where there are no more; mirrored bool [n, k]; distance float32 [n, k]: root
    mean square of the difference. median, near: distance of a training picture to the nearest other one, in the median
    and for the nearest 5 %. nearer: samples that are nearer to a training picture than that.
    """

    index: np.ndarray
    mirrored: np.ndarray
    distance: np.ndarray
    smallest: float
    median: float
    near: float
    nearer: int


@dataclass(frozen=True)
class Memorisation:
    """Neighbours by pixels, whose values are -1..1, and by D's features; None: not compared."""

    pixels: Neighbours | None
    features: Neighbours | None


def _copied(pointer, shape: tuple, dtype) -> np.ndarray:
    """A copy of an array that the library frees."""
    return np.ctypeslib.as_array(pointer, shape).astype(dtype) if np.prod(shape) else np.empty(shape, dtype)


def _neighbours(found: clg_neighbours, shape: tuple[int, int]) -> Neighbours | None:
    if not found.index:
        return None
    return Neighbours(_copied(found.index, shape, np.int32), _copied(found.mirrored, shape, bool),
                      _copied(found.distance, shape, np.float32), found.smallest, found.median, found.near,
                      found.nearer)


class Inspecting:
    """The part of Gan that says what filters and feature maps are about. Layers are numbers, or names as "main.3"."""

    def filters(self, net: str = "discriminator") -> np.ndarray:
        """The filters next to the pictures, float32 [n, side, side, channels]: D's first layer's, or G's last one's."""
        kind, info = _arrays.one_of(net, NETS, "net"), clg_tensor_info()
        self._call(lib.clg_gan_filters, kind, byref(info), None)
        filters = np.empty(tuple(info.shape), np.float32)
        self._call(lib.clg_gan_filters, kind, byref(info), filters)
        return filters

    def rank_features(self, pictures, layer: int | str, best: int = 4, progress: bool = False) -> list[Feature]:
        """D's feature maps of a layer, those that respond most first.

        A map's response to a picture is its largest value there; it ranks by the mean over its `best` pictures.
        """
        pictures = _arrays.pictures(pictures, ("n", *self.picture_shape))
        found = self._layer("discriminator", layer)
        best = _arrays.whole(best, "best", 1, len(pictures))
        ranked, numbers = (clg_feature * found.shape[2])(), np.empty((found.shape[2], best), np.intc)
        with Bar("picture", progress) as report:
            self._call(lib.clg_gan_rank_features, pictures, len(pictures), found.index, best, ranked, numbers, report,
                       None)
        return [Feature(f.map, f.response, row) for f, row in zip(ranked, numbers)]

    def ablate_maps(self, z, layer: int | str, maps) -> tuple[np.ndarray, np.ndarray, float]:
        """(pictures, pictures without the listed feature maps of G's layer, rms of their difference): section 6.3.1."""
        z, found = self._z(z), self._layer("generator", layer)
        maps = np.array([_arrays.whole(m, "maps", 0, found.shape[2] - 1) for m in maps], np.intc)
        pictures = np.empty((2, len(z), *self.picture_shape), np.float32)
        rms = np.empty(1, np.float64)
        self._call(lib.clg_gan_ablate_maps, z, len(z), found.index, maps, len(maps), pictures[0], pictures[1], rms)
        return pictures[0], pictures[1], float(rms[0])

    def class_maps(self, layer: int | str, scores: Callable[[np.ndarray], np.ndarray], target: int = 0, n: int = 64,
                   top: int = 6, seed: int = 0, first: int = 0, progress: bool = True) -> ClassMaps:
        """The `top` feature maps of G's layer whose removal lowers the score of the class `target` most.

        scores: from pictures [n, size, size, channels] to numbers [n, classes], the largest of which is the class:
        lambda x: svm.scores(gan.features(x)). n: samples of the class to search with; up to as many others check it.
        """
        found = self._layer("generator", layer)
        n, top = _arrays.whole(n, "n", 1), _arrays.whole(top, "top", 1)
        classes = np.asarray(scores(self.generate(1, _arrays.seed(seed)))).shape[-1]
        raised = []

        def score(_user, pictures, count, out):
            try:
                pictures = np.ctypeslib.as_array(pictures, (count, *self.picture_shape)).copy()
                values = _arrays.floats(scores(pictures), (count, classes), "scores")
                np.ctypeslib.as_array(out, (count, classes))[:] = values
                return 0
            except BaseException as error:  # it cannot pass through the library: class_maps raises it
                raised.append(error)
                return _EINVAL

        result = POINTER(clg_class_maps)()
        with Bar("map", progress) as report:
            search = clg_class_search(found.index, classes, _arrays.whole(target, "target", 0, classes - 1),
                                      SCORES_FN(score), None, n, top, _arrays.seed(seed), _arrays.seed(first, "first"),
                                      report, None)
            try:
                self.device._run(lib.clg_class_maps_find, byref(result), self._as_argument, byref(search))
            except Exception:
                if raised:
                    raise raised[0] from None
                raise
        maps = result.contents
        z = _copied(maps.z, (maps.samples + maps.checks, self._params.z), np.float32)
        effects = maps.effects[:maps.n]
        values = (getattr(maps, name) for name in ("before", "with_all", "without", "without_others"))
        made = ClassMaps([e.map for e in effects], [e.drop for e in effects], z[:maps.samples], z[maps.samples:],
                         *(ClassScore(v.mean, v.share) for v in values))
        lib.clg_class_maps_free(byref(result))
        return made

    def memorisation(self, samples, training, k: int = 5, pixels: bool = True, features: bool = True,
                     flip: bool = False, progress: bool = True) -> Memorisation:
        """The training pictures nearest to samples, and the scale of such distances: does G draw from memory?

        samples: pictures, or a number of them to generate. training: clgan.Pictures, or pictures as an array. flip:
        compare with mirror images too. A copy is far nearer than training pictures are to each other.
        """
        if isinstance(samples, (int, np.integer)):
            samples = self.generate(samples)
        samples, shape = _arrays.pictures(samples, ("n", *self.picture_shape), "samples"), self.picture_shape
        params = lib.clg_memorisation_params_default()
        params.k, params.pixels, params.features, params.flip = _arrays.whole(k, "k", 1), pixels, features, flip
        values = None
        if isinstance(training, Pictures):
            params.pictures = training._as_argument
        else:
            values = _arrays.pictures(training, ("n", *shape), "training")
            params.values, params.values_n = values.ctypes.data_as(type(params.values)), len(values)
        result = POINTER(clg_memorisation)()
        lock = training._lock if isinstance(training, Pictures) else nullcontext()
        with lock, Bar("picture", progress) as report:
            params.progress = report
            self.device._run(lib.clg_memorisation_search, byref(result), self._as_argument, samples, len(samples),
                             byref(params))
        found, shape = result.contents, (len(samples), params.k)
        made = Memorisation(_neighbours(found.pixels, shape), _neighbours(found.features, shape))
        lib.clg_memorisation_free(byref(result))
        return made
