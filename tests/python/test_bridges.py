"""The Python package's nets in PyTorch and in ONNX: Skips what is not installed."""
import importlib.util
import os
import re
import sys
import unittest

from package import clgan, path, tiny

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

    def test_state_dicts_with_biases_and_prefixes(self):
        import torch
        from torch import nn

        net_g, net_d = trained().to_torch()
        net_g.main[3] = nn.ConvTranspose2d(8, 4, 4, 2, 1, bias=True)
        net_d.main[2] = nn.Conv2d(4, 8, 4, 2, 1, bias=True)
        for bias in (net_g.main[3].bias, net_d.main[2].bias):
            nn.init.uniform_(bias, -1, 1)
        state = {f"_orig_mod.module.{name}": value for name, value in net_g.state_dict().items()}
        gan = clgan.Gan.from_torch(state, nn.DataParallel(net_d.half()), batch=3)
        net_d.float()
        z = gan.noise(5)
        pictures = gan.generate(z)
        with torch.no_grad():
            theirs = net_g(torch.from_numpy(z).view(5, -1, 1, 1)).numpy()
            logits = net_d(torch.from_numpy(nchw(pictures))).numpy()
        self.assertLess(np.abs(theirs - nchw(pictures)).max(), LIMIT)
        self.assertLess(np.abs(logits - gan.score(pictures)).max(), 1e-3)
        alone = clgan.Gan.from_torch(net_g, ndf=5)
        self.assertTrue(np.array_equal(alone.generate(z), pictures))
        self.assertEqual(alone.params["ndf"], 5)
        net_g.main[6] = nn.ConvTranspose2d(4, 3, 4, 2, 1, bias=True)
        with self.assertRaisesRegex(ValueError, "the modules: .*netG.main.6.bias"):
            clgan.Gan.from_torch(net_g, net_d)

    @unittest.skipUnless(importlib.util.find_spec("safetensors"), "no safetensors (pip install safetensors)")
    def test_the_line_that_converts_works(self):
        import torch

        net_g, _ = trained().to_torch()
        state = net_g.state_dict()
        state["main.0.weight"] = state["main.0.weight"].permute(1, 0, 2, 3).contiguous().permute(1, 0, 2, 3)
        for name, saved, options in (("net.pth", state, {}), ("old.pt", state, {"_use_new_zipfile_serialization": False}),
                                     ("whole.pt", net_g, {})):
            torch.save(saved, path(name), **options)
            with self.assertRaisesRegex(clgan.DataError, "PyTorch") as refused:
                clgan.Gan.load(path(name))
            line = re.search(r"python3 -c '(.*)'$", str(refused.exception)).group(1)
            exec(line, {})
            gan = clgan.Gan.load(path(os.path.splitext(name)[0] + ".safetensors"))
            z = gan.noise(2)
            with torch.no_grad():
                theirs = net_g(torch.from_numpy(z).view(2, -1, 1, 1)).numpy()
            self.assertLess(np.abs(theirs - nchw(gan.generate(z))).max(), LIMIT)

    def test_other_modules_are_refused(self):
        from torch import nn

        net_g, net_d = trained().to_torch()
        other_d = trained(size=32).to_torch()[1]
        for modules, says in (((nn.Linear(2, 2), net_d), "the modules: netG.weight has no place"),
                              ((net_g, other_d), "generator draws 16x16x3, its discriminator looks at 32x32x3"),
                              ((nn.Sequential(*net_g.main[:3], *net_g.main[6:]), net_d), "generator draws 8x8x3"),
                              (({"weights": net_g.state_dict()}, net_d), "netG: 'weights' is not a tensor")):
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
