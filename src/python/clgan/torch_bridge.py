"""To and from PyTorch: modules laid out as its DCGAN example (netG, netD), NCHW, with equal weights. Needs torch."""
from __future__ import annotations

import re

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


def _state(net) -> dict:
    """Parameters and statistics as float32 arrays, under the names that a plain module's `main` gives them."""
    found = {}
    for name, value in net.state_dict().items():
        plain = re.sub(r"^(module\.|_orig_mod\.)*(main\.)?(module\.)?", "main.", name)
        if not name.endswith("num_batches_tracked"):
            found[plain] = value.detach().to("cpu", torch.float32).contiguous().numpy()
    return found


def _ends(state: dict, whose: str) -> tuple[tuple, tuple, int]:
    """Shapes of the first and the last convolution's weights, and how many there are."""
    weights = [value.shape for value in state.values() if value.ndim == 4]
    if len(weights) < 2 or any(shape[2:] != (4, 4) for shape in weights):
        raise ValueError(f"{whose} is not laid out as PyTorch's DCGAN example: its convolutions are {weights}")
    return weights[0], weights[-1], len(weights)


def from_torch(cls, net_g, net_d, device, options: dict):
    """A new gan of class `cls` whose sizes follow from the modules' weights."""
    g, d = _state(net_g), _state(net_d)
    (z, _, *_), (ngf, channels, *_), convolutions = _ends(g, "netG")
    (ndf, of_d, *_), _, of_d_convolutions = _ends(d, "netD")
    size, size_of_d = 4 << convolutions - 1, 4 << of_d_convolutions - 1
    if (size, channels) != (size_of_d, of_d):
        raise ValueError(f"netG draws {size} x {channels}, netD looks at {size_of_d} x {of_d}")
    sizes = {"size": size, "channels": channels, "z": z, "ngf": ngf, "ndf": ndf}
    gan = cls(device, **{**options, **sizes})
    named = {f"netG.{name}": value for name, value in g.items()} | {f"netD.{name}": value for name, value in d.items()}
    if gan.params["ema"]:
        named |= {f"averageG.{name}": value for name, value in g.items()}
    try:
        gan.set_tensors(named)
    except (KeyError, ValueError) as error:
        gan.close()
        raise ValueError(f"the modules are not laid out as PyTorch's DCGAN example: {error}") from None
    return gan
