"""Names of any bytes in the Python package: as os.fsdecode gives them."""
import csv
import json
import os
import struct
import unittest

import pytest
from package import clgan, command, path, tiny

import numpy as np

CLASSES = [os.fsdecode(name) for name in (b"caf\xe9", b"\\xE9 \"b\",\n", "\N{GRINNING FACE}".encode())]
ODD = path(os.fsdecode(b"all \xff"))


def metadata(name):
    with open(name, "rb") as file:
        data = file.read()
    return json.loads(data[8:8 + struct.unpack("<Q", data[:8])[0]].decode("utf-8"))["__metadata__"]


class Text(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        try:
            for name in CLASSES:
                os.makedirs(os.path.join(ODD, name))
        except OSError as error:
            pytest.skip(f"this file system does not take such names: {error}")
        pictures, _ = clgan.faces(4 * len(CLASSES), size=16)
        for i, picture in enumerate(pictures):
            clgan.save_picture(os.path.join(ODD, CLASSES[i // 4], f"{i}.png"), picture)

    def test_names_open(self):
        pictures = clgan.Pictures(ODD)
        for name in pictures.names:
            with open(os.path.join(ODD, name), "rb") as file:
                self.assertEqual(file.read(4), b"\x89PNG")
        labels, names = pictures.labels()
        self.assertEqual(names, sorted(CLASSES, key=os.fsencode))
        self.assertEqual(np.bincount(labels).tolist(), [4, 4, 4])
        chosen = CLASSES[::2]
        self.assertEqual(pictures.labels(classes=chosen)[1], chosen)

    def test_classifiers_keep_their_names(self):
        features = np.eye(3, 5, dtype=np.float32).repeat(3, 0)
        file = path(os.fsdecode(b"s\xe9.svm"))
        svm = clgan.LinearSVM.train(features, np.arange(9) // 3, names=CLASSES, c=1)
        svm.save(file, model=ODD)
        self.assertEqual(clgan.LinearSVM.load(file).names, CLASSES)
        told = metadata(file)
        self.assertEqual(clgan.unescape(told["model"]), ODD)
        self.assertEqual(json.loads(clgan.unescape(told["classes"])), CLASSES)

    def test_runs_keep_their_paths(self):
        with tiny() as gan:
            out = path(CLASSES[0])
            gan.train(ODD, steps=1, out=out, threads=1, progress=False)
            gan.save(path("own.safetensors"), note=ODD)
        told = metadata(os.path.join(out, "model.safetensors"))["train.data"]
        self.assertNotEqual(told, ODD)
        self.assertEqual(clgan.unescape(told), ODD)
        self.assertEqual(clgan.unescape(metadata(path("own.safetensors"))["note"]), ODD)
        command("train", "--resume", out, "--steps", "2", "--threads", "1")

    def test_csv_of_the_command_reads_back(self):
        features = np.eye(3, 768, dtype=np.float32).repeat(3, 0)
        svm = clgan.LinearSVM.train(features, np.arange(9) // 3, names=CLASSES, c=1)
        svm.save(path("p.svm"), features="pixels", size=16, channels=3, ndf=4, seed=1, crop="center", model="",
                 discriminator="")
        rows = list(csv.DictReader(command("classify", "--classifier", path("p.svm"), "--data", ODD).splitlines(True)))
        self.assertEqual([clgan.unescape(row["file"]) for row in rows], clgan.Pictures(ODD).names)
        self.assertTrue({clgan.unescape(row["class"]) for row in rows} <= set(CLASSES))

    def test_every_byte_reads_back(self):
        self.assertEqual(clgan.unescape(r"a\xE9\x5CxE9\xe9\b"), os.fsdecode(b"a\xe9\\xE9\\xe9\\b"))
        self.assertEqual(clgan.unescape("\N{GRINNING FACE}"), "\N{GRINNING FACE}")

    def test_errors_are_text(self):
        with self.assertRaises(clgan.DataError) as caught:
            clgan.Pictures(path(os.fsdecode(b"no\xe9\n")))
        self.assertIn("no\\xE9\\x0A", str(caught.exception))
        str(caught.exception).encode("utf-8")

