"""What the nets of a gan learned: feature maps, features, guided backpropagation, projection (the paper's 5 and 6)."""
from __future__ import annotations

from ctypes import byref
from dataclasses import dataclass, field

import numpy as np

from . import _arrays
from ._c import lib
from ._structs import PROGRESS_FN, clg_layer_info
from .data import Pictures
from .progress import Progress

NETS = ("generator", "discriminator")  # enum clg_net_kind
GENERATOR, DISCRIMINATOR = range(2)
ACTIVATIONS = (None, "relu", "leaky_relu", "tanh", "sigmoid")  # enum clg_act_kind


@dataclass(frozen=True)
class Layer:
    """A layer: its number, its name in checkpoints, what it does, and its output's shape."""

    index: int
    name: str
    text: str
    shape: tuple[int, int, int]  # (h, w, c)
    activated: bool  # it is, or ends in, an activation: its output serves as features
    type: str = field(repr=False)  # "conv", "conv transpose", "batch norm", "activation" ...
    kernel: tuple[int, int] = field(repr=False)  # of a convolution; stride and pad too
    stride: int = field(repr=False)
    pad: int = field(repr=False)
    activation: str | None = field(repr=False)  # "relu", "leaky_relu", "tanh" or "sigmoid"
    slope: float = field(repr=False)  # of leaky_relu
    eps: float = field(repr=False)  # of a batch norm


@dataclass(frozen=True)
class Projection:
    """z [n, z] whose pictures are nearest to the targets; these pictures; their PSNR in dB, for a range of 2."""

    z: np.ndarray
    pictures: np.ndarray
    psnr: np.ndarray


class Bar:
    """A progress bar as the library's progress function; it begins with the first report."""

    def __init__(self, unit: str, shown: bool):
        self.unit, self.shown, self.bar = unit, shown, None
        self.function = PROGRESS_FN(self._at if shown else 0)

    def _at(self, _user, what, done, total):
        self.bar = self.bar or Progress(total, what.decode(), self.unit)
        self.bar.at(done)

    def __enter__(self):
        return self.function

    def __exit__(self, *_):
        if self.bar:
            self.bar.close()


class Exploring:
    """The part of Gan that looks into the nets. Layers are numbers, or names as "main.3"."""

    def layers(self, net: str = "generator") -> list[Layer]:
        """The layers of "generator" or "discriminator", in order."""
        kind, found = _arrays.one_of(net, NETS, "net"), []
        for i in range(self._call(lib.clg_gan_layers, kind)):
            info = clg_layer_info()
            self._call(lib.clg_gan_layer, kind, i, byref(info))
            conv, act = info.conv, info.act
            found.append(Layer(i, info.name.decode(), info.text.decode(), (info.h, info.w, info.c), info.activated,
                               info.type.decode(), (conv.r, conv.s), conv.stride, conv.pad, ACTIVATIONS[act.kind],
                               act.slope, info.eps))
        return found

    def _layer(self, net: str, layer: int | str) -> Layer:
        layers = self.layers(net)
        for found in layers:
            if layer in (found.index, found.name):
                return found
        raise ValueError(f"layer {layer!r}: the {net} has 0 to {len(layers) - 1}, or by name "
                         + ", ".join(found.name for found in layers))

    def maps(self, net: str, layer: int | str, inputs) -> np.ndarray:
        """Outputs of a layer, float32 [n, h, w, c]; inputs: z [n, z] (or a number) for "generator", else pictures."""
        kind, found = _arrays.one_of(net, NETS, "net"), self._layer(net, layer)
        if kind == GENERATOR:
            inputs = self._z(inputs)
        else:
            inputs = _arrays.pictures(inputs, ("n", *self.picture_shape))
        maps = np.empty((len(inputs), *found.shape), np.float32)
        self._call(lib.clg_gan_maps, kind, inputs, len(inputs), found.index, maps)
        return maps

    def generate_ablated(self, z, layer: int | str, scale) -> np.ndarray:
        """Pictures, float32, where feature map j of a layer of G is multiplied by scale[j]: 0 removes it (figure 6)."""
        z, found = self._z(z), self._layer("generator", layer)
        scale = _arrays.floats(np.asarray(scale) * 1.0, (found.shape[2],), "scale")
        pictures = np.empty((len(z), *self.picture_shape), np.float32)
        self._call(lib.clg_gan_generate_ablated, z, len(z), found.index, scale, pictures)
        return pictures

    def features(self, pictures, progress: bool = False) -> np.ndarray:
        """D's features, float32 [n, count]: every activated layer's maps, max-pooled to 4x4 (section 5.1).

        pictures: an array, or clgan.Pictures, whose files are decoded in parts.
        """
        count = lib.clg_features_count(self._params)
        features = np.empty((len(pictures), count), np.float32)
        if not isinstance(pictures, Pictures):
            return self._in_parts(lib.clg_gan_features, _arrays.pictures(pictures, ("n", *self.picture_shape)), features)
        which = np.arange(len(pictures), dtype=np.intc)
        with pictures._lock, Bar("picture", progress) as report:
            self._call(lib.clg_gan_features_of, pictures._as_argument, which, len(which), features, report, None)
        return features

    def _gradients(self, function, pictures, layer, feature_map) -> tuple[np.ndarray, np.ndarray]:
        pictures = _arrays.pictures(pictures, ("n", *self.picture_shape))
        found = self._layer("discriminator", layer)
        feature_map = _arrays.whole(feature_map, "map", 0, found.shape[2] - 1)
        gradients, strength = np.empty_like(pictures), np.empty(len(pictures), np.float32)
        self._call(function, pictures, len(pictures), found.index, feature_map, gradients, strength)
        return gradients, strength

    def guided(self, pictures, layer: int | str, map: int) -> tuple[np.ndarray, np.ndarray]:
        """Guided backpropagation (figure 5) from the maximum of a feature map of D's layer to each picture.

        (gradients float32 [n, size, size, channels], strength [n]: the maximum).
        """
        return self._gradients(lib.clg_gan_guided, pictures, layer, map)

    def saliency(self, pictures, layer: int | str, map: int) -> tuple[np.ndarray, np.ndarray]:
        """The plain gradient of the maximum of a feature map; arrays as guided() returns."""
        return self._gradients(lib.clg_gan_saliency, pictures, layer, map)

    def project(self, pictures, mask=None, steps: int | None = None, starts: int | None = None, lr: float | None = None,
                prior: float | None = None, seed: int | None = None, progress: bool = True) -> Projection:
        """For each picture the z whose picture is nearest in mean squared error, by gradient descent through G.

        mask [size, size] weights the pixels: those of weight 0 are ignored, so that G invents them (Yeh et al. 2017;
        clgan.mask makes some). steps of Adam with rate lr; the best of `starts` initial z; prior: weight of mean(z^2).
        None: the library's defaults.
        """
        pictures = _arrays.pictures(pictures, ("n", *self.picture_shape))
        if mask is not None:
            mask = _arrays.floats(np.asarray(mask) * 1.0, self.picture_shape[:2], "mask")
        params = lib.clg_project_params_default()
        given = {"steps": steps, "starts": starts, "lr": lr, "prior": prior, "seed": seed}
        for name, value in given.items():
            if value is not None:
                setattr(params, name, value)
        n = len(pictures)
        z, found, psnr = np.empty((n, self._params.z), np.float32), np.empty_like(pictures), np.empty(n, np.float64)
        with Bar("step", progress) as params.progress:
            self._call(lib.clg_gan_project, pictures, mask, n, byref(params), z, found, psnr)
        return Projection(z, found, psnr)
