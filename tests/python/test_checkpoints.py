"""Checkpoints in the Python package: other programs' weights, other versions' options."""
import json
import logging
import os
import struct
import unittest

from package import ROOT, clgan, path, tiny

import numpy as np

FIRST = os.path.join(ROOT, "tests", "checkpoints", "0.1.0.safetensors")
TYPES = {"float32": "F32", "float16": "F16", "float64": "F64", "int64": "I64"}


def write(name, tensors):
    head, values = {}, b""
    for key, value in tensors.items():
        start = len(values)
        values += value.tobytes()
        head[key] = {"dtype": TYPES[value.dtype.name], "shape": value.shape, "data_offsets": [start, len(values)]}
    text = json.dumps(head).encode()
    with open(path(name), "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + values)
    return path(name)


def renamed(gan, g="netG.", d="netD."):
    return {name.replace("netG.", g).replace("netD.", d): value for name, value in gan.tensors().items()}


class Foreign(unittest.TestCase):
    def test_load_takes_the_sizes_from_the_weights(self):
        gan = tiny(ngf=6, z=5, seed=9)
        loaded = clgan.Gan.load(write("model.safetensors", renamed(gan, "module.generator.", "D.")), batch=3)
        self.assertEqual({name: loaded.params[name] for name in ("size", "channels", "z", "ngf", "ndf", "batch")},
                         {"size": 16, "channels": 3, "z": 5, "ngf": 6, "ndf": 4, "batch": 3})
        self.assertEqual(loaded.steps, 0)
        self.assertTrue(np.array_equal(gan.generate(4), loaded.generate(4)))
        with self.assertRaisesRegex(clgan.InvalidError, "holds an earlier run"):  # the weights are not written over
            loaded.train("builtin:faces", steps=1, out=path(), progress=False)

    def test_a_failure_changes_nothing(self):
        source, gan = tiny(seed=9), tiny(seed=1)
        before = gan.tensors()
        tensors = renamed(source)
        last = {**tensors, "netD.main.5.bias": np.ones(1, np.float32)}  # of the last net's last layer
        for name, says in ((write("last.safetensors", last), "netD.main.5.bias"),
                           (write("wide.safetensors", renamed(tiny(ndf=5))), "of ndf 5"),
                           (write("ints.safetensors", {**tensors, "netD.main.5.weight": np.ones((1, 8, 4, 4), int)}),
                            "I64")):
            with self.assertRaisesRegex(clgan.DataError, says):
                gan.init_from(name)
            for key, value in gan.tensors().items():
                self.assertTrue(np.array_equal(value, before[key]), key)
        halves = {key: value.astype(np.float16) for key, value in tensors.items()}
        gan.init_from(write("halves.safetensors", halves))
        for key, value in gan.tensors().items():
            self.assertTrue(np.array_equal(value, halves[key].astype(np.float32)), key)


class Versions(unittest.TestCase):
    def test_the_first_version(self):
        gan = clgan.Gan.load(FIRST)
        self.assertEqual((gan.steps, gan.params["size"], gan.params["z"]), (300, 16, 4))
        self.assertGreater(gan.generate(4, seed=7).std(), 0.2)

    def test_notes_are_kept_in_silence(self):
        gan = tiny()
        gan.save(path("a.safetensors"), note="kept", author="me")
        with self.assertNoLogs("clgan", logging.WARNING):
            again = clgan.Gan.load(path("a.safetensors"))
        again.save(path("b.safetensors"), author="you")
        with open(path("b.safetensors"), "rb") as file:
            data = file.read()
        texts = json.loads(data[8:8 + struct.unpack("<Q", data[:8])[0]])["__metadata__"]
        self.assertEqual((texts["note"], texts["author"]), ("kept", "you"))
        with self.assertRaisesRegex(clgan.InvalidError, "size"):
            gan.save(path("a.safetensors"), size="16")
