"""To and from PyTorch: modules as in its DCGAN example (netG, netD), NCHW, with the same weights. Needs torch."""
from __future__ import annotations

import json
import os
import struct
import tempfile
from ctypes import byref, c_int64

from ._c import call, lib, log, text
from .errors import DataError
from .options import Options

try:
    import torch
    from torch import nn
except ImportError as error:
    raise ImportError("this needs PyTorch: pip install torch") from error


def _modules(layer, channels: int) -> list[nn.Module]:
    """The modules of a layer with that many input channels: a batch norm's activation is one of its own."""
    made = []
    if layer.type in ("conv", "conv transpose"):
        make = nn.Conv2d if layer.type == "conv" else nn.ConvTranspose2d
        made.append(make(channels, layer.shape[2], layer.kernel, layer.stride, layer.pad, bias=False))
    elif layer.type == "batch norm":
        made.append(nn.BatchNorm2d(channels, layer.eps))
    activations = {"relu": nn.ReLU, "leaky_relu": lambda: nn.LeakyReLU(layer.slope), "tanh": nn.Tanh,
                   "sigmoid": nn.Sigmoid}
    return made + ([activations[layer.activation]()] if layer.activation else [])


class _Net(nn.Module):
    def __init__(self, layers: list, channels: int):
        super().__init__()
        self.main = nn.Sequential()
        for layer in layers:
            for module in _modules(layer, channels):
                self.main.append(module)
            channels = layer.shape[2]


class Generator(_Net):
    """z [n, z, 1, 1] to pictures [n, channels, size, size] in -1..1."""

    def forward(self, z):
        return self.main(z)


class Discriminator(_Net):
    """Pictures [n, channels, size, size] to logits [n]: the example's D without its final sigmoid."""

    def forward(self, pictures):
        return self.main(pictures).view(-1)


def _load(net: nn.Module, tensors: dict, prefix: str) -> None:
    own = {name[len(prefix):]: torch.from_numpy(value) for name, value in tensors.items() if name.startswith(prefix)}
    missing, unexpected = net.load_state_dict(own, strict=False)
    missing = [name for name in missing if not name.endswith("num_batches_tracked")]
    if missing or unexpected:
        raise RuntimeError(f"the weights do not fit the module: missing {missing}, unexpected {unexpected}")
    net.eval()


def to_torch(gan) -> tuple[Generator, Discriminator]:
    """Both nets in eval mode; the generator is the averaged one if there is one, as in generate()."""
    p, tensors = gan.params, gan.tensors()
    net_g, net_d = Generator(gan.layers("generator"), p["z"]), Discriminator(gan.layers("discriminator"), p["channels"])
    _load(net_g, tensors, "averageG." if p["ema"] else "netG.")
    _load(net_d, tensors, "netD.")
    return net_g, net_d


def _state(net, whose: str) -> dict:
    """Its tensors by name, on the host: floating-point ones as float32, others (counters) as int64."""
    found = {}
    for name, value in (net.state_dict() if hasattr(net, "state_dict") else net).items():
        if not torch.is_tensor(value):
            raise ValueError(f"{whose}: {name!r} is not a tensor; pass a module or its state dict")
        kind = torch.float32 if value.is_floating_point() else torch.int64
        found[f"{whose}.{name}"] = value.detach().to("cpu", kind).contiguous().numpy()
    return found


def _write(path: str, tensors: dict) -> None:
    """Writes a safetensors file: the length of a JSON header, the header, the values."""
    header, end = {}, 0
    for name, value in tensors.items():
        start, end = end, end + value.nbytes
        header[name] = {"dtype": "F32" if value.dtype == "float32" else "I64", "shape": value.shape,
                        "data_offsets": [start, end]}
    text = json.dumps(header).encode()
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for value in tensors.values():
            file.write(value.data if value.ndim else value.tobytes())


def from_torch(cls, net_g, net_d, device, options: dict):
    """A new gan of class `cls` with these weights, which the library reads as from a file."""
    nets = [(net, whose) for net, whose in ((net_g, "netG"), (net_d, "netD")) if net is not None]
    params, gan = Options("gan"), None
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "modules.safetensors")
        _write(path, {name: value for net, whose in nets for name, value in _state(net, whose).items()})
        try:
            call(lib.clg_checkpoint_params, text(path), params, byref(c_int64()), log())
            sizes = {name: getattr(params, name) for name in ("size", "channels", "z", "ngf", "ndf")}
            if net_d is None:
                sizes["ndf"] = options.get("ndf")
            gan = cls(device, **{**options, **sizes})
            gan.init_from(path)
        except DataError as error:
            if gan is not None:
                gan.close()
            raise ValueError(str(error).replace(path, "the modules")) from None
    return gan
