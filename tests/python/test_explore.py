"""The Python package: pictures, operations, latent space, and looking into nets."""
import os
import re
import unittest

from package import clgan, command, path, tiny

import numpy as np
from clgan import latent, ops


class Files(unittest.TestCase):
    def test_faces_are_the_commands(self):
        pictures, parameters = clgan.faces(3, seed=4, size=40, first=2)
        command("data", "--out", path("faces"), "--n", "5", "--seed", "4", "--size", "40")
        with open(path("faces", "labels.csv"), encoding="utf-8") as file:
            head, *rows = [line.strip().split(",") for line in file]
        self.assertEqual(set(clgan.FACE_PARAMETERS), set(head[1:]))
        for picture, row, i in zip(pictures, rows[2:], range(3)):
            self.assertTrue(np.array_equal(picture, clgan.load_picture(path("faces", row[0]), 40)))
            for name, value in zip(head[1:], row[1:]):
                self.assertAlmostEqual(float(value), parameters[name][i], places=4, msg=name)
        self.assertTrue(np.array_equal(clgan.draw_face(40, seed=4, index=3), pictures[1]))
        other = clgan.draw_face(40, seed=4, index=3, glasses=1 - parameters["glasses"][1])
        self.assertFalse(np.array_equal(other, pictures[1]))
        with self.assertRaisesRegex(TypeError, "a face has no 'hat'; it has skin"):
            clgan.draw_face(hat=1)

    def test_pictures_and_grids(self):
        pictures = clgan.faces(5, size=16)[0]
        grid = clgan.grid(pictures, columns=3)
        self.assertEqual((grid.shape, grid.dtype), ((38, 56, 3), np.uint8))
        self.assertTrue(np.array_equal(grid[2:18, 20:36], pictures[1]))
        clgan.save_picture(path("one.png"), pictures[0])
        self.assertTrue(np.array_equal(clgan.load_picture(path("one.png"), 16), pictures[0]))
        self.assertEqual(clgan.load_picture(path("one.png"), 8, channels=1, crop="8x8+2+2").shape, (8, 8, 1))
        values = clgan.to_values(pictures)
        self.assertTrue(np.array_equal(values, (pictures.astype(np.float32) - 127.5) / np.float32(127.5)))
        self.assertTrue(np.array_equal(clgan.to_pixels(values), pictures))
        shown = clgan.show(pictures[0])
        with open(path("one.png"), "rb") as file:
            self.assertEqual(shown._repr_png_(), file.read())
        self.assertIn("[16, 16, 3]", repr(shown))
        maps = clgan.normalized(np.arange(16, dtype=np.float32).reshape(2, 2, 2, 2))
        self.assertEqual((maps[0].min(), maps[0].max(), maps[1].min(), maps[1].max()), (0, 255, 0, 255))
        for bad, says in ((lambda: clgan.grid(pictures[0]), "[n, size, size, channels] expected, got [16, 16, 3]"),
                          (lambda: clgan.show(np.zeros((2, 4, 4, 5), np.float32)), "1 or 3 channels expected"),
                          (lambda: clgan.load_picture(path("one.png"), 8, crop="x"), "crop: 'x' is not"),
                          (lambda: clgan.load_picture(path("none.png"), 8), "none.png"),
                          (lambda: clgan.save_picture(path("one.gif"), pictures[0]), "end its name with .png"),
                          (lambda: clgan.to_pixels([1, 2]), "float32 expected")):
            with self.assertRaisesRegex((TypeError, ValueError, clgan.Error), re.escape(says)):
                bad()

    def test_datasets(self):
        with clgan.Dataset(size=16, batch=3, threads=1, seed=6) as data:
            self.assertIn("endless pictures, batches [3, 16, 16, 3]", repr(data))
            first, second = data.next(), data.next()
        with clgan.Dataset(size=16, batch=3, threads=2, seed=6, start=3) as data:
            for pictures in data:
                break
        self.assertTrue(np.array_equal(pictures, second))
        self.assertFalse(np.array_equal(pictures, first))
        with self.assertRaisesRegex(clgan.Error, "cannot read picture folder"):
            clgan.Dataset(path("none"))

    def test_what_is_no_folder_of_pictures(self):
        os.makedirs(path("pics", "bmp"))
        clgan.save_picture(path("pics", "a.png"), clgan.faces(1, size=16)[0][0])
        os.rename(path("pics", "a.png"), path("pics", "a"))
        with open(path("pics.zip"), "wb") as file:
            file.write(b"PK\3\4\x14\0" + bytes(30))
        with open(path("pics", "bmp", "b.jpg"), "wb") as file:
            file.write(b"GIF89a" + bytes(30))
        self.assertEqual(clgan.Pictures(path("pics")).names, ["a"])
        for bad, says in ((path("pics.zip"), "is a zip archive: unpack it first"),
                          (path("pics", "bmp"), "1 gif: convert it to PNG or JPEG"),
                          (path("Pics"), "did you mean " + path("pics")),
                          ("file://" + path("pics"), "give the path alone: " + path("pics"))):
            for opened in (clgan.Pictures, clgan.Dataset, lambda p: tiny().train(p, steps=1, progress=False)):
                with self.assertRaisesRegex(clgan.Error, re.escape(says)):
                    opened(bad)

    def test_folders_in_order(self):
        pixels = clgan.faces(6, size=16)[0]
        for i, name in enumerate(("b/2.png", "a/9.png", "a/1.png", "b/1.png")):
            os.makedirs(path("ordered", name[0]), exist_ok=True)
            clgan.save_picture(path("ordered", name), pixels[i])
        pictures = clgan.Pictures(path("ordered"))
        self.assertEqual(pictures.names, ["a/1.png", "a/9.png", "b/1.png", "b/2.png"])
        self.assertTrue(np.array_equal(pictures.load(16), pixels[[2, 1, 3, 0]]))
        self.assertTrue(np.array_equal(pictures.load(16, which=[3, 0]), pixels[[0, 2]]))
        self.assertEqual(pictures.load(16, which=np.empty(0, int)).shape, (0, 16, 16, 3))
        labels, names = pictures.labels()
        self.assertEqual((labels.tolist(), names), ([0, 0, 1, 1], ["a", "b"]))
        with open(path("labels.csv"), "w", encoding="utf-8") as file:
            file.write("file,mood,age\na/1.png,sad,3\na/9.png,glad,4\nb/1.png,glad,50\nb/2.png,calm,60\n")
        labels, names = pictures.labels(path("labels.csv"), classes=["sad", "glad"])
        self.assertEqual((labels.tolist(), names), ([0, 1, 1, -1], ["sad", "glad"]))
        labels, names = pictures.labels(path("labels.csv"), column="age", threshold=40)
        self.assertEqual((labels.tolist(), len(names)), ([0, 0, 1, 1], 2))
        with self.assertRaisesRegex(clgan.InvalidError, "several columns: mood, age"):
            pictures.labels(path("labels.csv"))
        with open(path("celeba.txt"), "w", encoding="utf-8") as file:
            file.write("4\nBald Smiling \n1.png -1  1\n9.png -1 -1\nb/1.png  1 -1\n2.png  1  1\n")
        with self.assertLogs("clgan", "WARNING") as said:
            labels, names = pictures.labels(path("celeba.txt"), column="Smiling")
        self.assertEqual((labels.tolist(), names), ([-1, 0, 0, 1], ["not Smiling", "Smiling"]))
        self.assertIn("\"1.png\" a/1.png or b/1.png", "".join(said.output))
        with open(path("two.csv"), "w", encoding="latin-1") as file:
            file.write("a/1.png;b/1.png;fröhlich\na/9.png;b/2.png;b\nb/1.png;a/1.png;b\nb/2.png;a/9.png;b\n")
        for column, expected in ((1, [1, 0, 0, 0]), (2, [0, 0, 1, 0])):
            labels, names = pictures.labels(path("two.csv"), column=3, file_column=column)
            self.assertEqual((labels.tolist(), names), (expected, ["b", "fröhlich"]))
        with self.assertRaisesRegex(IndexError, "numbered 0 to 3"):
            pictures.load(16, which=[4])
        with self.assertRaises(clgan.DataError):
            pictures.labels(path("labels.csv"), column="height")

    def test_animation(self):
        frames = clgan.faces(3, size=16)[0]
        shown = clgan.animate(frames, fps=5)
        self.assertIn(b"acTL", shown._repr_png_())
        shown.save(path("moves.png"))
        self.assertTrue(np.array_equal(clgan.load_picture(path("moves.png"), 16), frames[0]))


def reference_conv(x, w, stride, pad):
    """The definition, in float64."""
    x = np.pad(x.astype(np.float64), ((0, 0), (pad, pad), (pad, pad), (0, 0)))
    r, s, _, k = w.shape
    oh, ow = (x.shape[1] - r) // stride + 1, (x.shape[2] - s) // stride + 1
    y = np.empty((len(x), oh, ow, k))
    for i in range(oh):
        for j in range(ow):
            y[:, i, j] = np.tensordot(x[:, i * stride:i * stride + r, j * stride:j * stride + s], w, 3)
    return y


class Operations(unittest.TestCase):
    def setUp(self):
        self.random = np.random.default_rng(8)

    def normal(self, *shape):
        return self.random.standard_normal(shape).astype(np.float32)

    def test_convolutions(self):
        for stride, pad, sides in ((1, 0, (7, 5)), (2, 1, (8, 6)), (2, 2, (9, 7)), (3, 1, (10, 10))):
            x, w = self.normal(2, *sides, 3), self.normal(4, 3, 3, 5)
            y, expected = ops.conv2d(x, w, stride, pad), reference_conv(x, w, stride, pad)
            self.assertLess(np.abs(y - expected).max(), 1e-5 * np.abs(expected).max())
            other = self.normal(*y.shape)
            back = ops.conv_transpose2d(other, w, stride, pad, size=sides)
            self.assertEqual(back.shape, x.shape)
            self.assertAlmostEqual(np.vdot(expected, other) / np.vdot(x.astype(np.float64), back), 1, places=4)
        back = ops.conv_transpose2d(y, self.normal(4, 4, 3, 5), 2, 1)
        self.assertEqual(back.shape[1:3], (2 * y.shape[1], 2 * y.shape[2]))

    def test_deconvolution(self):
        x, w = self.normal(2, 6, 6, 2), self.normal(4, 4, 2, 40)
        found, report = ops.deconv(ops.conv2d(x, w, 2, 1), w, 2, 1)
        self.assertTrue(report.converged)
        self.assertLess(np.abs(found - x).max(), 1e-3)
        self.assertFalse(ops.deconv(ops.conv2d(x, w, 2, 1), w, 2, 1, max_iterations=1)[1].converged)

    def test_pooling(self):
        x = self.normal(2, 6, 7, 3)
        tiles = x[:, :, :6].reshape(2, 3, 2, 3, 2, 3)
        self.assertTrue(np.array_equal(ops.max_pool(x), tiles.max((2, 4))))
        self.assertLess(np.abs(ops.avg_pool(x) - tiles.mean((2, 4))).max(), 1e-6)
        self.assertEqual(ops.max_pool(x, 3, stride=1).shape, (2, 4, 5, 3))

    def test_refusals(self):
        x, w = self.normal(1, 4, 4, 2), self.normal(3, 3, 2, 2)
        for bad, says in ((lambda: ops.conv2d(x, w[:, :, :1]), "w: [r, s, 2, k] expected, got [3, 3, 1, 2]"),
                          (lambda: ops.conv2d(x[:, :2], w), "3x3 does not fit into 2x4"),
                          (lambda: ops.conv2d(x, w, pad=3), "pad: 3 is not between 0 and 2"),
                          (lambda: ops.conv_transpose2d(x, w, 2, size=(30, 9)), "feature maps of 14x4, y has 4x4"),
                          (lambda: ops.max_pool(x, 5), "size: 5 is not between 1 and 4")):
            with self.assertRaisesRegex(ValueError, re.escape(says)):
                bad()


class LatentSpace(unittest.TestCase):
    def test_paths(self):
        points = np.random.default_rng(1).standard_normal((3, 50)).astype(np.float32)
        z = clgan.interpolate(points, 9)
        self.assertEqual((z.shape, z.dtype), ((9, 50), np.float32))
        self.assertLess(np.abs(z[[0, 4, 8]] - points).max(), 1e-6)
        lengths = np.linalg.norm(z, axis=1)
        self.assertGreater(lengths.min(), 0.99 * np.linalg.norm(points, axis=1).min())
        straight = clgan.interpolate(points, 9, kind="linear")
        self.assertLess(np.abs(straight[2] - (points[0] + points[1]) / 2).max(), 1e-6)
        loop = clgan.interpolate(points, 6, loop=True)
        self.assertLess(np.abs(loop[[0, 2, 4]] - points).max(), 1e-6)
        self.assertLess(np.abs(latent.mean(points) - points.mean(0)).max(), 1e-6)
        near = clgan.neighbours(points[0], 9, 0.25, seed=3)
        self.assertTrue(np.array_equal(near[0], points[0]))
        self.assertTrue(0.2 < np.abs(near - points[0]).max() <= 0.2501)
        for bad, says in ((lambda: clgan.interpolate(points[:1], 5), "at least 2 expected"),
                          (lambda: clgan.interpolate(points, 5, kind="round"), "'spherical' or 'linear'"),
                          (lambda: clgan.interpolate(points, 1), "frames: 1 is not between 2")):
            with self.assertRaisesRegex(ValueError, re.escape(says)):
                bad()

    def test_nearest(self):
        items = np.random.default_rng(2).standard_normal((20, 3, 2)).astype(np.float32)
        queries = items[[4, 11]] + np.float32(0.01)
        index, distance = clgan.nearest(queries, items, k=3)
        expected = ((queries[:, None] - items) ** 2).sum((2, 3))
        self.assertTrue(np.array_equal(index, np.argsort(expected, 1)[:, :3]))
        self.assertLess(np.abs(distance - np.sort(expected, 1)[:, :3]).max(), 1e-5)

    def test_projection(self):
        gan = tiny(ngf=16, z=4)
        target = gan.generate(2, seed=3)
        found = gan.project(target, steps=60, starts=2, progress=False)
        self.assertEqual((found.z.shape, found.pictures.shape, found.psnr.shape), ((2, 4), target.shape, (2,)))
        self.assertLess(np.abs(gan.generate(found.z) - found.pictures).max(), 1e-5)
        psnr = 10 * np.log10(4 / ((found.pictures - target) ** 2).mean((1, 2, 3)))
        self.assertLess(np.abs(psnr - found.psnr).max(), 0.01)
        mask = np.ones((16, 16), bool)
        mask[4:8] = False
        self.assertEqual(gan.project(clgan.to_pixels(target), mask, steps=2, progress=False).z.shape, (2, 4))


class Nets(unittest.TestCase):
    def test_layers_and_maps(self):
        gan = tiny()
        layers = gan.layers("generator")
        self.assertEqual((layers[0].name, layers[0].shape, layers[-1].shape), ("main.0", (4, 4, 8), (16, 16, 3)))
        self.assertEqual([(layer.type, layer.kernel, layer.stride, layer.pad, layer.activation) for layer in layers[:3]],
                         [("conv transpose", (4, 4), 1, 0, None), ("batch norm", (0, 0), 0, 0, "relu"),
                          ("conv transpose", (4, 4), 2, 1, None)])
        self.assertAlmostEqual(layers[1].eps, 1e-5)
        leaky = gan.layers("discriminator")[1]
        self.assertEqual((leaky.type, leaky.activation, np.float32(leaky.slope)), ("activation", "leaky_relu", np.float32(0.2)))
        z = gan.noise(5, seed=1)
        self.assertTrue(np.array_equal(gan.maps("generator", len(layers) - 1, z), gan.generate(z)))
        pictures = gan.generate(z)
        last = gan.layers("discriminator")[-1]
        self.assertTrue(np.array_equal(gan.maps("discriminator", last.name, pictures).ravel(), gan.score(pictures)))

    def test_features(self):
        gan = tiny()
        pictures = clgan.faces(3, size=16)[0]
        pooled = []
        for layer in gan.layers("discriminator"):
            if layer.activated:
                maps = gan.maps("discriminator", layer.index, pictures)
                side = layer.shape[0] // 4
                pooled.append((ops.max_pool(maps, side) if side > 1 else maps).reshape(3, -1))
        self.assertTrue(np.array_equal(gan.features(pictures), np.concatenate(pooled, 1)))
        os.makedirs(path("seen"))
        for i, picture in enumerate(pictures):
            clgan.save_picture(path("seen", f"{i}.png"), picture)
        self.assertTrue(np.array_equal(gan.features(clgan.Pictures(path("seen"))), gan.features(pictures)))

    def test_gradients(self):
        gan = tiny()
        x = gan.generate(2, seed=2)
        gradient, strength = gan.saliency(x, "main.1", 2)
        maps = gan.maps("discriminator", "main.1", x)[..., 2]
        self.assertTrue(np.array_equal(strength, maps.reshape(2, -1).max(1)))
        step = gradient / np.linalg.norm(gradient) * 0.01
        gained = gan.saliency(x + step, "main.1", 2)[1] - strength
        expected = (gradient * step).sum((1, 2, 3))
        self.assertLess(np.abs(gained - expected).max(), 0.05 * expected.max())
        guided = gan.guided(x, "main.3", 1)[0]
        self.assertEqual(guided.shape, x.shape)
        with self.assertRaisesRegex(ValueError, "map: 4 is not between 0 and 3"):
            gan.guided(x, "main.1", 4)

    def test_ablated(self):
        gan = tiny()
        z, layer = gan.noise(3), gan.layers("generator")[1]
        keep = np.ones(layer.shape[2], bool)
        self.assertLess(np.abs(gan.generate_ablated(z, layer.index, keep) - gan.generate(z)).max(), 1e-6)
        keep[0] = False
        self.assertGreater(np.abs(gan.generate_ablated(z, layer.name, keep) - gan.generate(z)).max(), 1e-6)
        with self.assertRaisesRegex(ValueError, re.escape("scale: [8] expected, got [7]")):
            gan.generate_ablated(z, layer.index, keep[1:])

    def test_svm(self):
        random = np.random.default_rng(3)
        labels = np.arange(60) % 3
        features = (random.standard_normal((60, 10)) * 0.3 + np.eye(3, 10)[labels] * 2).astype(np.float32)
        words = np.array(["no", "perhaps", "yes"])[labels]
        svm = clgan.LinearSVM.train(features, words, c=1)
        self.assertEqual((svm.names, svm.c), (["no", "perhaps", "yes"], 1))
        self.assertGreater((svm.predict(features) == labels).mean(), 0.95)
        self.assertTrue(np.array_equal(svm.scores(features).argmax(1), svm.predict(features)))
        svm.save(path("svm.safetensors"), note="kept")
        again = clgan.LinearSVM.load(path("svm.safetensors"))
        self.assertTrue(np.array_equal(again.scores(features), svm.scores(features)))
        self.assertIn("10 features: no, perhaps, yes", repr(again))
        with self.assertRaisesRegex(ValueError, "labels: .60. expected"):
            clgan.LinearSVM.train(features, labels[1:])
        with self.assertRaisesRegex(ValueError, "features: .n, 10. expected"):
            svm.predict(features[:, 1:])
