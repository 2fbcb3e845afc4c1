"""clgan against PyTorch: five training steps from equal weights, pictures and noise, and pictures of equal weights.

    parity.py PARITY_RUN CLGAN          # exits 77 where torch, numpy or safetensors is missing
The nets and the step are PyTorch's DCGAN example (logits and BCEWithLogits in place of Sigmoid and BCE).
"""
import os
import subprocess
import sys
import tempfile

try:
    import numpy as np
    import torch
    from safetensors.torch import load_file, save_file
    from torch import nn
except ImportError as e:
    print(f"skipped: {e} (pip install torch numpy safetensors)")
    sys.exit(77)

SIZE, CHANNELS, Z, F, BATCH, STEPS = 32, 3, 20, 12, 10, 5
# Of seeds 1 to 20, 19 agree to 7e-7. Seed 1 does not (1.6e-4): one unit lies 3.4e-7 from its LeakyReLU's kink, and rounding
# puts it on the other side; PyTorch in float64 with that unit moved across agrees with clgan to 7e-7. Which seeds meet
# a kink depends on the device's order of summation, so a failure of one seed alone calls for the same look.
SEEDS = range(2, 7)


def generator():
    layers, c = [nn.ConvTranspose2d(Z, 4 * F, 4, 1, 0, bias=False)], 4 * F
    while c >= F:
        after = c // 2 if c > F else CHANNELS
        layers += [nn.BatchNorm2d(c), nn.ReLU(True), nn.ConvTranspose2d(c, after, 4, 2, 1, bias=False)]
        if c == F:
            break
        c = after
    return nn.Sequential(*layers, nn.Tanh())


def discriminator():
    layers, c = [nn.Conv2d(CHANNELS, F, 4, 2, 1, bias=False), nn.LeakyReLU(0.2, True)], F
    while c < 4 * F:
        layers += [nn.Conv2d(c, 2 * c, 4, 2, 1, bias=False), nn.BatchNorm2d(2 * c), nn.LeakyReLU(0.2, True)]
        c *= 2
    return nn.Sequential(*layers, nn.Conv2d(c, 1, 4, 1, 0, bias=False))


def init(m):
    if isinstance(m, nn.BatchNorm2d):
        nn.init.normal_(m.weight, 1.0, 0.02)
        nn.init.normal_(m.bias, 0.0, 0.1)  # not 0, for relative errors
    elif hasattr(m, "weight"):
        nn.init.normal_(m.weight, 0.0, 0.05)  # larger than 0.02: gradients well above rounding


def prefixed(net, prefix):
    return {f"{prefix}.main.{k}": v.detach().clone().contiguous().float() for k, v in net.state_dict().items()}


def torch_steps(G, D, real, z):
    bce = nn.BCEWithLogitsLoss()
    og = torch.optim.Adam(G.parameters(), lr=2e-4, betas=(0.5, 0.999))
    od = torch.optim.Adam(D.parameters(), lr=2e-4, betas=(0.5, 0.999))
    one, zero = torch.ones(BATCH), torch.zeros(BATCH)
    rows = []
    for x, noise in zip(real, z):
        od.zero_grad()
        on_real = D(x).view(-1)
        loss_real = bce(on_real, one)
        loss_real.backward()
        fake = G(noise.view(BATCH, Z, 1, 1))
        on_fake = D(fake.detach()).view(-1)
        loss_fake = bce(on_fake, zero)
        loss_fake.backward()
        od.step()
        og.zero_grad()
        after = D(fake).view(-1)
        loss_g = bce(after, one)
        loss_g.backward()
        og.step()
        rows.append([(loss_real + loss_fake).item(), loss_g.item(), on_real.sigmoid().mean().item(),
                     on_fake.sigmoid().mean().item(), after.sigmoid().mean().item()])
    return np.array(rows)


failures = 0


def check(what, error, limit):
    global failures
    ok = error <= limit
    failures += not ok
    print(f"{'ok  ' if ok else 'FAIL'} {what}: {error:.3g} (allowed {limit:g})")


def compare(seed, parity_run, clgan, folder):
    torch.manual_seed(seed)
    G, D = generator().apply(init), discriminator().apply(init)
    real = torch.rand(STEPS, BATCH, CHANNELS, SIZE, SIZE) * 2 - 1
    z = torch.randn(STEPS, BATCH, Z)
    path = lambda name: os.path.join(folder, name)
    save_file({**prefixed(G, "netG"), **prefixed(D, "netD")}, path("init.safetensors"))
    np.save(path("real.npy"), np.ascontiguousarray(
        real.permute(0, 1, 3, 4, 2).reshape(-1, SIZE, SIZE, CHANNELS).numpy()))
    np.save(path("z.npy"), z.numpy())
    out = subprocess.run([parity_run, path("init.safetensors"), path("real.npy"), path("z.npy"),
                          path("out.safetensors"), str(F), str(F)], capture_output=True, text=True)
    if out.returncode:
        sys.exit(out.stdout + out.stderr)
    ours = np.array([[float(v) for v in line.split()] for line in out.stdout.split("\n") if line])
    theirs = torch_steps(G, D, real, z)
    check(f"seed {seed}: losses and probabilities of 5 steps, relative", np.abs(ours / theirs - 1).max(), 1e-4)
    saved = load_file(path("out.safetensors"))
    for net, prefix in ((G, "netG"), (D, "netD")):
        for name, value in prefixed(net, prefix).items():
            if "num_batches" not in name:
                error = (saved[name] - value).norm() / value.norm()
                check(f"seed {seed}: {name} after 5 steps, relative norm", error.item(), 1e-4)
    # A clgan file feeds PyTorch's modules directly, and both draw the same pictures.
    G2 = generator()
    G2.load_state_dict({k[len("netG.main."):]: v for k, v in saved.items() if k.startswith("netG.")})
    G2.eval()
    np.save(path("z2.npy"), z[0].numpy())
    subprocess.run([clgan, "generate", "--model", path("out.safetensors"), "--z", path("z2.npy"), "--npy",
                    path("pictures.npy")], check=True, stdout=subprocess.DEVNULL)
    pictures = torch.from_numpy(np.load(path("pictures.npy"))).permute(0, 3, 1, 2)
    with torch.no_grad():
        error = (G2(z[0].view(BATCH, Z, 1, 1)) - pictures).abs().max().item()
    check(f"seed {seed}: pictures of equal weights, absolute", error, 1e-5)


def main():
    torch.set_num_threads(2)
    with tempfile.TemporaryDirectory() as folder:
        for seed in SEEDS:
            compare(seed, *sys.argv[1:], folder)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
