"""PyTorch's side of bench_torch.py: its DCGAN example, float32, in several settings.

    python3 examples/torch_dcgan.py --setting channels_last --batch 128

takes a few training steps and prints when the first one is done and the process's peak memory.
"""
import argparse
import json
import resource
import time

import torch
from torch import nn

from bench_torch import SETTINGS, options


class SplitTranspose(nn.Module):
    """A 4x4 transposed convolution of stride 2, padding 1, as four dense 2x2 convolutions.

    Each computes the pixels of one parity. Even rows sum taps 3 and 1 over the input rows i - 1 and i, odd rows taps
    2 and 0 over i and i + 1; columns likewise. Some builds of PyTorch are faster that way.
    """

    def __init__(self, inputs, outputs):
        super().__init__()
        self.weight = nn.Parameter(torch.empty(inputs, outputs, 4, 4))

    def plane(self, x, row, column):
        taps = self.weight.flip(2, 3)[:, :, row::2, column::2].transpose(0, 1)
        padded = nn.functional.pad(x, (1 - column, column, 1 - row, row))
        return nn.functional.conv2d(padded, taps).permute(0, 2, 3, 1)

    def forward(self, x):
        rows = [torch.stack((self.plane(x, row, 0), self.plane(x, row, 1)), dim=3) for row in (0, 1)]
        y = torch.stack(rows, dim=2)  # [n][h][row parity][w][column parity][k]
        n, h, _, w, _, k = y.shape
        return y.reshape(n, 2 * h, 2 * w, k).permute(0, 3, 1, 2)


def transpose(inputs, outputs, split):
    return SplitTranspose(inputs, outputs) if split else nn.ConvTranspose2d(inputs, outputs, 4, 2, 1, bias=False)


def generator(size, z, f, channels, split):
    c = f * size // 8
    layers = [nn.ConvTranspose2d(z, c, 4, 1, 0, bias=False), nn.BatchNorm2d(c), nn.ReLU(True)]
    while c > f:
        layers += [transpose(c, c // 2, split), nn.BatchNorm2d(c // 2), nn.ReLU(True)]
        c //= 2
    return nn.Sequential(*layers, transpose(c, channels, split), nn.Tanh())


def discriminator(size, f, channels):
    layers, c, side = [nn.Conv2d(channels, f, 4, 2, 1, bias=False), nn.LeakyReLU(0.2, True)], f, size // 2
    while side > 4:
        layers += [nn.Conv2d(c, 2 * c, 4, 2, 1, bias=False), nn.BatchNorm2d(2 * c), nn.LeakyReLU(0.2, True)]
        c, side = 2 * c, side // 2
    return nn.Sequential(*layers, nn.Conv2d(c, 1, 4, 1, 0, bias=False))


def init(module):
    if isinstance(module, nn.BatchNorm2d):
        nn.init.normal_(module.weight, 1.0, 0.02)
    elif hasattr(module, "weight"):
        nn.init.normal_(module.weight, 0.0, 0.02)


def prepare(a):
    """What holds for the whole process. TF32 is off unless wanted: its products keep 10 bits of 23."""
    torch.manual_seed(0)
    torch.set_num_threads(a.threads)
    torch.backends.cudnn.benchmark = True
    torch.backends.cudnn.allow_tf32 = a.tf32
    torch.backends.cuda.matmul.allow_tf32 = a.tf32


class Gan:
    """Both nets in one setting: step() trains, generate(n) draws."""

    def __init__(self, a, setting, batch):
        last, split, compiled = (SETTINGS[setting][trait] for trait in ("channels_last", "split", "compiled"))
        if compiled and not hasattr(torch, "compile"):
            raise RuntimeError(f"torch {torch.__version__} has no torch.compile")
        layout = torch.channels_last if last else torch.contiguous_format
        self.a, self.batch, self.z = a, batch, 100
        G = generator(a.size, self.z, a.ngf, a.channels, split).apply(init).to(a.device, memory_format=layout)
        D = discriminator(a.size, a.ngf, a.channels).apply(init).to(a.device, memory_format=layout)
        self.d_parameters = list(D.parameters())
        self.og = torch.optim.Adam(G.parameters(), lr=2e-4, betas=(0.5, 0.999))
        self.od = torch.optim.Adam(self.d_parameters, lr=2e-4, betas=(0.5, 0.999))
        self.G, self.D = (torch.compile(net, dynamic=False) for net in (G, D)) if compiled else (G, D)
        self.bce = nn.BCEWithLogitsLoss()
        self.real = (torch.rand(batch, a.channels, a.size, a.size, device=a.device) * 2 - 1).to(memory_format=layout)
        self.one, self.zero = torch.ones(batch, device=a.device), torch.zeros(batch, device=a.device)

    def noise(self, n):
        return torch.randn(n, self.z, 1, 1, device=self.a.device)

    def finish(self):
        if self.a.device != "cpu":
            torch.cuda.synchronize()

    def spare_unused(self, spare):
        for parameter in self.d_parameters if self.a.skip_unused else ():
            parameter.requires_grad_(not spare)

    def step(self):
        self.od.zero_grad(set_to_none=True)
        self.bce(self.D(self.real).view(-1), self.one).backward()
        fake = self.G(self.noise(self.batch))
        self.bce(self.D(fake.detach()).view(-1), self.zero).backward()
        self.od.step()
        self.og.zero_grad(set_to_none=True)
        self.spare_unused(True)
        self.bce(self.D(fake).view(-1), self.one).backward()
        self.spare_unused(False)
        self.og.step()
        self.finish()

    def drawing(self, n):
        """A function that draws n pictures of the same noise: inference mode, no gradients."""
        self.G.eval()
        z = self.noise(n)

        def draw():
            with torch.no_grad():
                self.G(z)
            self.finish()

        return draw


def milliseconds(function, times):
    """The time of each of so many calls."""
    spent = []
    for _ in range(times):
        start = time.perf_counter()
        function()
        spent.append(1e3 * (time.perf_counter() - start))
    return spent


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options(p)
    p.add_argument("--setting", choices=SETTINGS, default="contiguous")
    p.add_argument("--batch", type=int, default=128)
    p.add_argument("--steps", type=int, default=3)
    a = p.parse_args()
    prepare(a)
    gan = Gan(a, a.setting, a.batch)
    gan.step()
    print("step 1", flush=True)
    for _ in range(a.steps - 1):
        gan.step()
    print(json.dumps({"peak_rss_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))


if __name__ == "__main__":
    main()
