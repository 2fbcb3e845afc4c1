"""To and from PyTorch: modules laid out as its DCGAN example (netG, netD), NCHW, with equal weights. Needs torch."""
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


class Generator(nn.Module):
    """z [n, z, 1, 1] to pictures [n, channels, size, size] in -1..1."""

    def __init__(self, size: int, channels: int, z: int, ngf: int):
        super().__init__()
        c = ngf * size // 8
        layers = [nn.ConvTranspose2d(z, c, 4, 1, 0, bias=False), nn.BatchNorm2d(c), nn.ReLU(True)]
        while c > ngf:
            layers += [nn.ConvTranspose2d(c, c // 2, 4, 2, 1, bias=False), nn.BatchNorm2d(c // 2), nn.ReLU(True)]
            c //= 2
        self.main = nn.Sequential(*layers, nn.ConvTranspose2d(c, channels, 4, 2, 1, bias=False), nn.Tanh())

    def forward(self, z):
        return self.main(z)


class Discriminator(nn.Module):
    """Pictures [n, channels, size, size] to logits [n]: the example's D without its last sigmoid, as clgan has it."""

    def __init__(self, size: int, channels: int, ndf: int):
        super().__init__()
        layers, c = [nn.Conv2d(channels, ndf, 4, 2, 1, bias=False), nn.LeakyReLU(0.2, True)], ndf
        while c < ndf * size // 8:
            layers += [nn.Conv2d(c, 2 * c, 4, 2, 1, bias=False), nn.BatchNorm2d(2 * c), nn.LeakyReLU(0.2, True)]
            c *= 2
        self.main = nn.Sequential(*layers, nn.Conv2d(c, 1, 4, 1, 0, bias=False))

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
    """Both nets in eval mode; the generator is the averaged one where there is one, as generate() takes."""
    p, tensors = gan.params, gan.tensors()
    net_g = Generator(p["size"], p["channels"], p["z"], p["ngf"])
    net_d = Discriminator(p["size"], p["channels"], p["ndf"])
    _load(net_g, tensors, "averageG." if p["ema"] else "netG.")
    _load(net_d, tensors, "netD.")
    return net_g, net_d


def _state(net, whose: str) -> dict:
    """Its tensors by name on the host: floating-point ones as float32, others (counters) as int64."""
    found = {}
    for name, value in (net.state_dict() if hasattr(net, "state_dict") else net).items():
        if not torch.is_tensor(value):
            raise ValueError(f"{whose}: {name!r} is no tensor; a module or its state dict is needed")
        kind = torch.float32 if value.is_floating_point() else torch.int64
        found[f"{whose}.{name}"] = value.detach().to("cpu", kind).contiguous().numpy()
    return found


def _write(path: str, tensors: dict) -> None:
    """A safetensors file: the length of a JSON header, the header, the values."""
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
    """A new gan of class `cls` with these weights, which the library takes as it takes those of a file."""
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
