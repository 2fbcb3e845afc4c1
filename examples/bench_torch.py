"""The training step of clgan against PyTorch's on the same machine, in turn, and the ratio of each round.

    python3 examples/bench_torch.py build/clgan --batch 128 --rounds 3 [--device cpu|cuda] [--threads 2]

PyTorch runs its DCGAN example's step in float32, contiguous and channels_last; the faster one of each round counts. clgan
runs `clgan bench` in a process of its own. Medians of `--steps` steps each, after a warm-up.
"""
import argparse
import json
import statistics
import subprocess
import time

import torch
from torch import nn


def generator(size, z, f, channels):
    width = f * size // 8
    layers, c = [nn.ConvTranspose2d(z, width, 4, 1, 0, bias=False)], width
    while c >= f:
        after = c // 2 if c > f else channels
        layers += [nn.BatchNorm2d(c), nn.ReLU(True), nn.ConvTranspose2d(c, after, 4, 2, 1, bias=False)]
        if c == f:
            break
        c = after
    return nn.Sequential(*layers, nn.Tanh())


def discriminator(size, f, channels):
    layers, c, side = [nn.Conv2d(channels, f, 4, 2, 1, bias=False), nn.LeakyReLU(0.2, True)], f, size // 2
    while side > 4:
        layers += [nn.Conv2d(c, 2 * c, 4, 2, 1, bias=False), nn.BatchNorm2d(2 * c), nn.LeakyReLU(0.2, True)]
        c, side = 2 * c, side // 2
    return nn.Sequential(*layers, nn.Conv2d(c, 1, 4, 1, 0, bias=False))


def init(m):
    if isinstance(m, nn.BatchNorm2d):
        nn.init.normal_(m.weight, 1.0, 0.02)
    elif hasattr(m, "weight"):
        nn.init.normal_(m.weight, 0.0, 0.02)


def torch_ms(a, layout):
    G = generator(a.size, 100, a.ngf, a.channels).apply(init).to(a.device, memory_format=layout)
    D = discriminator(a.size, a.ngf, a.channels).apply(init).to(a.device, memory_format=layout)
    og = torch.optim.Adam(G.parameters(), lr=2e-4, betas=(0.5, 0.999))
    od = torch.optim.Adam(D.parameters(), lr=2e-4, betas=(0.5, 0.999))
    bce = nn.BCEWithLogitsLoss()
    real = (torch.rand(a.batch, a.channels, a.size, a.size, device=a.device) * 2 - 1).to(memory_format=layout)
    one, zero = torch.ones(a.batch, device=a.device), torch.zeros(a.batch, device=a.device)

    def step():
        od.zero_grad()
        bce(D(real).view(-1), one).backward()
        fake = G(torch.randn(a.batch, 100, 1, 1, device=a.device))
        bce(D(fake.detach()).view(-1), zero).backward()
        od.step()
        og.zero_grad()
        bce(D(fake).view(-1), one).backward()
        og.step()
        if a.device != "cpu":
            torch.cuda.synchronize()

    times = []
    for _ in range(a.steps + 1):
        t = time.perf_counter()
        step()
        times.append(1e3 * (time.perf_counter() - t))
    return statistics.median(times[1:])


def clgan_ms(a):
    command = [a.clgan, "bench", "--size", a.size, "--channels", a.channels, "--batch", a.batch, "--ngf", a.ngf,
               "--ndf", a.ngf, "--steps", a.steps, "--device", a.clgan_device]
    out = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=True)
    return json.loads(out.stdout.strip().split("\n")[-1])["step_ms"]


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("clgan")
    p.add_argument("--size", type=int, default=64)
    p.add_argument("--channels", type=int, default=3)
    p.add_argument("--batch", type=int, default=128)
    p.add_argument("--ngf", type=int, default=64, help="and ndf")
    p.add_argument("--steps", type=int, default=5)
    p.add_argument("--rounds", type=int, default=3)
    p.add_argument("--threads", type=int, default=2)
    p.add_argument("--device", default="cpu", help="PyTorch's")
    p.add_argument("--clgan-device", default="auto")
    a = p.parse_args()
    torch.set_num_threads(a.threads)
    torch.manual_seed(0)
    print(f"torch {torch.__version__}, {a.size}x{a.size}x{a.channels}, ngf = ndf = {a.ngf}, batch {a.batch}")
    print("round  clgan ms  torch ms  torch channels_last ms  clgan img/s  torch img/s  ratio")
    ratios = []
    for i in range(a.rounds):
        ours = clgan_ms(a)
        theirs = torch_ms(a, torch.contiguous_format), torch_ms(a, torch.channels_last)
        ratios.append(min(theirs) / ours)
        print(f"{i + 1:5d} {ours:9.1f} {theirs[0]:9.1f} {theirs[1]:23.1f} {1e3 * a.batch / ours:12.1f} "
              f"{1e3 * a.batch / min(theirs):12.1f} {ratios[-1]:6.2f}", flush=True)
    print(f"median ratio {statistics.median(ratios):.2f}")


if __name__ == "__main__":
    main()
