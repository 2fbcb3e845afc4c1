"""The Python package's nets in PyTorch and in ONNX: python_bridges.py CLGAN. Skips what is not installed."""
import importlib.util
import sys
import unittest

import python_lab
from python_lab import path, skip_all, tiny

import clgan
import numpy as np

LIMIT = 1e-4  # of the largest difference
HAS_TORCH = importlib.util.find_spec("torch") is not None
HAS_ONNX = all(importlib.util.find_spec(name) for name in ("onnx", "onnxruntime"))


def trained(**options):
    """A gan with weights and running statistics that a training run could have left."""
    gan, random = tiny(**options), np.random.default_rng(4)
    gan.set_tensors({name: value + random.uniform(-0.1, 0.1, value.shape).astype(np.float32)
                     for name, value in gan.tensors().items()})
    return gan


def nchw(pictures):
    return np.ascontiguousarray(pictures.transpose(0, 3, 1, 2))


@unittest.skipUnless(HAS_TORCH, "no torch (pip install torch)")
class Torch(unittest.TestCase):
    def test_modules_compute_the_same(self):
        import torch

        for options in ({"size": 32, "ndf": 6}, {"channels": 1, "ema": 0.5}):
            gan = trained(**options)
            net_g, net_d = gan.to_torch()
            self.assertFalse(net_g.training)
            z = gan.noise(5)
            pictures = gan.generate(z)
            with torch.no_grad():
                theirs = net_g(torch.from_numpy(z).view(5, -1, 1, 1)).numpy()
                logits = net_d(torch.from_numpy(nchw(pictures))).numpy()
            self.assertLess(np.abs(theirs - nchw(pictures)).max(), LIMIT)
            self.assertGreater(pictures.std(), 0.01)
            self.assertLess(np.abs(logits - gan.score(pictures)).max(), LIMIT)
            self.assertEqual(sum(p.numel() for net in (net_g, net_d) for p in net.parameters()), sum(gan.parameters))

    def test_round_trip(self):
        import torch

        gan = trained()
        net_g, net_d = gan.to_torch()
        net_d.main.add_module("sigmoid", torch.nn.Sigmoid())  # as the example's own D ends
        back = clgan.Gan.from_torch(torch.nn.DataParallel(net_g), net_d, batch=3)
        for name, value in gan.tensors().items():
            self.assertTrue(np.array_equal(value, back.tensors()[name]), name)
        self.assertEqual({**gan.params, "batch": 3}, back.params)
        self.assertTrue(np.array_equal(gan.generate(4), back.generate(4)))
        with_average = clgan.Gan.from_torch(net_g, net_d, ema=0.9)
        self.assertTrue(np.array_equal(gan.generate(4), with_average.generate(4)))

    def test_other_modules_are_refused(self):
        from torch import nn

        net_g, net_d = trained().to_torch()
        other_d = trained(size=32).to_torch()[1]
        for modules, says in (((nn.Linear(2, 2), net_d), "netG is not laid out"),
                              ((net_g, other_d), "netG draws 16 x 3, netD looks at 32 x 3"),
                              ((nn.Sequential(*net_g.main[:3], *net_g.main[6:]), net_d), "netG draws 8 x 3")):
            with self.assertRaisesRegex(ValueError, says):
                clgan.Gan.from_torch(*modules)


@unittest.skipUnless(HAS_ONNX, "no onnx and onnxruntime (pip install onnx onnxruntime)")
class Onnx(unittest.TestCase):
    def test_files_compute_the_same(self):
        import onnxruntime

        def run(file, **inputs):
            return onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"]).run(None, inputs)[0]

        for options in ({"size": 32, "ndf": 6}, {"channels": 1, "ema": 0.5}):
            gan = trained(**options)
            gan.export_onnx(path("g.onnx"))
            gan.export_onnx(path("d.onnx"), net="discriminator")
            for n in (1, 5):
                z = gan.noise(n)
                pictures = gan.generate(z)
                self.assertLess(np.abs(run(path("g.onnx"), z=z[:, :, None, None]) - nchw(pictures)).max(), LIMIT)
                logits = run(path("d.onnx"), pictures=nchw(pictures))
                self.assertEqual(logits.shape, (n,))
                self.assertLess(np.abs(logits - gan.score(pictures)).max(), LIMIT)
        with self.assertRaisesRegex(ValueError, "'generator' or 'discriminator'"):
            gan.export_onnx(path("x.onnx"), net="both")


class Absent(unittest.TestCase):
    def test_what_is_missing_is_named(self):
        gan = tiny()
        for module, use in (("torch", gan.to_torch), ("onnx", lambda: gan.export_onnx(path("x.onnx")))):
            bridge = f"clgan.{'torch_bridge' if module == 'torch' else 'onnx_export'}"
            before = {name: sys.modules.pop(name, None) for name in (module, bridge)}
            sys.modules[module] = None  # as if it were not installed
            try:
                with self.assertRaisesRegex(ImportError, f"pip install {module}"):
                    use()
            finally:
                for name, value in before.items():
                    sys.modules.pop(name, None)
                    if value is not None:
                        sys.modules[name] = value


if __name__ == "__main__":
    if not HAS_TORCH and not HAS_ONNX:
        skip_all("no torch, no onnx and onnxruntime (pip install torch onnx onnxruntime)")
    python_lab.main()
