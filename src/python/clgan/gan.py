"""The DCGAN (Radford, Metz and Chintala 2015): a generator, a discriminator, and the adversarial step."""
from __future__ import annotations

import inspect
import os
import tempfile
import weakref
from collections import namedtuple
from ctypes import byref, c_int64

import numpy as np

from . import _arrays
from ._c import call, lib, log, pairs, path as path_of, text
from ._handle import Owned
from ._structs import clg_gan_metrics, clg_tensor_info
from .device import Device, device_of
from .explore import Exploring
from .inspection import Inspecting
from .options import Options
from .picture import to_pixels
from .training import Training

_PART = 1024  # pictures per call of the library when generating or scoring; Ctrl-C takes effect between calls

Metrics = namedtuple("Metrics", [name for name, _ in clg_gan_metrics._fields_])
Metrics.__doc__ = """Of one step, means over the batch: losses of D (real + fake) and G, D(x), and D(G(z)) before and after
D's update; and the Euclidean norms of the nets' gradients."""


class Gan(Owned, Training, Exploring, Inspecting):
    """A generator and a discriminator on a device.

        gan = clgan.Gan(size=32, ngf=32, ndf=32, batch=64)
        gan.train("builtin:faces", steps=500)
        pictures = gan.generate(64, seed=7)              # float32 [64, 32, 32, 3] in -1..1

    device: a clgan.Device, a text that selects one ("gpu"), or None for the default one. Pictures are [n, size, size,
    channels] (NHWC), float32 in -1..1, or uint8 where documented. The options are those of the command:
    """

    _instead = "it lives on a device; use gan.save(path) and clgan.Gan.load(path)"

    def __init__(self, device: Device | str | None = None, **options):
        chosen = Options("gan").set(options, "Gan")
        self._start(device)
        self._made(lib.clg_gan_new, self.device._as_argument, chosen)

    def _start(self, device) -> None:
        super().__init__()
        self.device = device_of(device)

    def _made(self, function, *arguments) -> None:
        """Creates the library's gan with one of its constructors."""
        self.device._run(function, byref(self._pointer), *arguments)
        self._lock = self.device._lock  # a device and its gans are used by one thread at a time
        self._finalizer = weakref.finalize(self, self.device._leave, lib.clg_gan_free, self._pointer)
        self.device._living.add(self)
        self._params = Options("gan").copy(lib.clg_gan_params_of(self._pointer))

    def _call(self, function, *arguments):
        return self.device._run(function, self._as_argument, *arguments)

    # --- files -----------------------------------------------------------------------------------
    @classmethod
    def load(cls, path, device: Device | str | None = None, batch: int | None = None) -> Gan:
        """The gan of a checkpoint, which continues bit for bit; `batch` replaces its batch size.

        From another program's safetensors file of a DCGAN: a new gan, whose sizes follow from the weights' shapes, with
        the weights that init_from() would take.
        """
        batch = 0 if batch is None else _arrays.whole(batch, "batch", 1)
        gan = cls.__new__(cls)
        gan._start(device)
        gan._made(lib.clg_gan_load, gan.device._as_argument, path_of(path), batch)
        steps = c_int64()
        call(lib.clg_checkpoint_params, path_of(path), Options("gan"), byref(steps), log())
        if steps.value >= 0:  # another program's weights are not a run to continue
            gan._folder = gan._folder_of(path)
        return gan

    def save(self, path, **metadata) -> None:
        """Writes a safetensors file with everything needed to continue, under PyTorch's names; whole or not at all."""
        self._call(lib.clg_gan_save, path_of(path), *pairs(metadata))

    def init_from(self, path) -> None:
        """Takes weights and batch-norm statistics from any safetensors file with PyTorch's names: netG, netD or both.

        Prefixes of other programs (module., _orig_mod., generator. ...) are stripped, F16, BF16 and F64 are converted,
        and biases before batch norm are folded into its running mean. A tensor that does not fit raises a DataError
        that names it and leaves the gan as it was.
        """
        self._call(lib.clg_gan_init_from, path_of(path))

    # --- what it is ------------------------------------------------------------------------------
    @property
    def params(self) -> dict:
        """The options it was created with."""
        return self._params.get()

    @property
    def steps(self) -> int:
        """Training steps done."""
        return self._call(lib.clg_gan_step_count)

    @property
    def parameters(self) -> tuple[int, int]:
        """The number of trainable parameters of G and of D."""
        g, d = c_int64(), c_int64()
        self._call(lib.clg_gan_parameters, byref(g), byref(d))
        return g.value, d.value

    @property
    def picture_shape(self) -> tuple[int, int, int]:
        """(size, size, channels)"""
        return self._params.size, self._params.size, self._params.channels

    @property
    def batch_shape(self) -> tuple[int, int, int, int]:
        """(batch, size, size, channels)"""
        return self._params.batch, *self.picture_shape

    def close(self) -> None:
        """Frees it now; it cannot be used any more. Closing it again does nothing."""
        if self._is_training:
            raise RuntimeError("this Gan is training: end that first, by returning True from the callback")
        super().close()

    def figure(self) -> str:
        """A drawing of both nets like the paper's figure 1, as SVG text."""
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "figure.svg")
            call(lib.clg_gan_describe_svg, self._params, text(path), log())
            with open(path, encoding="utf-8") as file:
                return file.read()

    def __repr__(self) -> str:
        if not self._pointer:
            return "<clgan.Gan, closed>"
        p, (g, d) = self._params, self.parameters
        return (f"<clgan.Gan {p.size}x{p.size}x{p.channels}, z {p.z}, ngf {p.ngf}, ndf {p.ndf}, batch {p.batch}: "
                f"{g:,} + {d:,} parameters, step {self.steps}, on {self.device.info.name}>")

    # --- training, step by step ------------------------------------------------------------------
    def step(self, pictures, z=None) -> Metrics:
        """One training step: D on real, D on fake, D's Adam; then G against the new D, G's Adam.

        pictures: uint8 [batch, size, size, channels]. z, float32 [batch, z], replaces the step's own noise; the pictures
        may then be float32 in -1..1, too. A loss or gradient that is not finite raises NumericError and leaves that
        net's weights as they were.
        """
        metrics = clg_gan_metrics()
        if z is None:
            real = _arrays.pixels(pictures, self.batch_shape, "pictures")
            self._call(lib.clg_gan_step, real, byref(metrics))
        else:
            real = _arrays.pictures(pictures, self.batch_shape)
            z = _arrays.floats(z, (self._params.batch, self._params.z), "z")
            self._call(lib.clg_gan_step_with, real, z, byref(metrics))
        return Metrics(*(getattr(metrics, name) for name in Metrics._fields))

    # --- inference -------------------------------------------------------------------------------
    def noise(self, n: int, seed: int = 0, first: int = 0) -> np.ndarray:
        """z, float32 [n, z]: noise vectors of a seed from number `first` on, the same on every machine."""
        n, seed, first = _arrays.whole(n, "n", 1), _arrays.seed(seed), _arrays.seed(first, "first")
        z = np.empty((n, self._params.z), np.float32)
        lib.clg_gan_noise(self._params, seed, first, n, z)
        return z

    def _z(self, z_or_n, seed: int = 0, first: int = 0) -> np.ndarray:
        if isinstance(z_or_n, (int, np.integer)):
            return self.noise(z_or_n, seed, first)
        return _arrays.floats(z_or_n, ("n", self._params.z), "z")

    def _in_parts(self, function, values: np.ndarray, results: np.ndarray, *between) -> np.ndarray:
        for i in range(0, len(values), _PART):
            part = values[i:i + _PART]
            self._call(function, part, len(part), *between, results[i:i + _PART])
        return results

    def generate(self, z, seed: int = 0, first: int = 0, as_uint8: bool = False) -> np.ndarray:
        """Pictures, float32 [n, size, size, channels] in -1..1, or uint8.

        z: float32 [n, z], or a number n, for n noise vectors of the seed from number `first` on. Each picture depends
        only on its own z, bit for bit. The averaged generator is used if there is one (ema).
        """
        z = self._z(z, seed, first)
        pictures = self._in_parts(lib.clg_gan_generate, z, np.empty((len(z), *self.picture_shape), np.float32))
        return to_pixels(pictures) if as_uint8 else pictures

    def score(self, pictures) -> np.ndarray:
        """D's logits, float32 [n], for pictures [n, size, size, channels]: above 0, D takes them for real."""
        pictures = _arrays.pictures(pictures, ("n", *self.picture_shape))
        return self._in_parts(lib.clg_gan_discriminate, pictures, np.empty(len(pictures), np.float32))

    # --- weights ---------------------------------------------------------------------------------
    def _tensor_rows(self) -> dict[str, tuple[int, tuple]]:
        """Index and shape by name."""
        rows = {}
        for i in range(self._call(lib.clg_gan_tensors)):
            info = clg_tensor_info()
            self._call(lib.clg_gan_tensor, i, byref(info))
            rows[info.name.decode()] = i, tuple(info.shape[:info.dims])
        return rows

    def tensors(self) -> dict[str, np.ndarray]:
        """Copies of all parameters and running statistics by name ("netG.main.0.weight"), in PyTorch's layout."""
        found = {}
        for name, (i, shape) in self._tensor_rows().items():
            found[name] = np.empty(shape, np.float32)
            self._call(lib.clg_gan_tensor_read, i, found[name])
        return found

    def set_tensors(self, tensors: dict[str, np.ndarray]) -> None:
        """Replaces the named tensors; others, and Adam's moments, stay. All are checked before any is written."""
        rows = self._tensor_rows()
        unknown = [name for name in tensors if name not in rows]
        if unknown:
            raise KeyError(f"no tensor is called {unknown[0]!r}; there are " + ", ".join(rows))
        ready = {name: _arrays.floats(value, rows[name][1], name) for name, value in tensors.items()}
        for name, value in ready.items():
            self._call(lib.clg_gan_tensor_write, rows[name][0], value)

    # --- other formats ---------------------------------------------------------------------------
    def to_torch(self):
        """(netG, netD): torch.nn.Modules as in PyTorch's DCGAN example, with these weights; NCHW. Needs torch."""
        from .torch_bridge import to_torch

        return to_torch(self)

    @classmethod
    def from_torch(cls, netG, netD=None, device: Device | str | None = None, **options) -> Gan:
        """A gan with the weights of modules, or of their state dicts, as in PyTorch's DCGAN example.

        The sizes follow from the weights, which are taken as by init_from(). Without netD, D gets fresh weights.
        """
        from .torch_bridge import from_torch

        return from_torch(cls, netG, netD, device, options)

    def export_onnx(self, path, net: str = "generator") -> None:
        """Writes "generator" (z [n, z, 1, 1] to pictures) or "discriminator" (pictures to logits [n]) as ONNX; NCHW."""
        from .onnx_export import export

        export(self, path, net)


def _document_options() -> None:
    """Makes help(Gan) list the library's options."""
    options = Options("gan")
    Gan.__doc__ = inspect.cleandoc(Gan.__doc__) + "\n\n" + options.help()
    keywords = [inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=value)
                for name, value in options.get().items()]
    self_and_device = list(inspect.signature(Gan.__init__).parameters.values())[:2]
    Gan.__init__.__signature__ = inspect.Signature(self_and_device + keywords)


_document_options()
