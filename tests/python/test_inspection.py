"""The Python package: filters, responses, ablation, the maps of a class, memorised pictures, masks, the primer."""
import re
import unittest

from package import clgan, path, tiny

import numpy as np
from clgan import ops


class Maps(unittest.TestCase):
    def test_filters(self):
        gan = tiny(ema=0.5)
        for net, name in (("discriminator", "netD.main.0.weight"), ("generator", "averageG.main.6.weight")):
            expected = gan.tensors()[name].transpose(0, 2, 3, 1)
            self.assertTrue(np.array_equal(gan.filters(net), expected), net)

    def test_ranking(self):
        gan, pictures = tiny(), clgan.faces(9, size=16)[0]
        responses = gan.maps("discriminator", "main.3", pictures).max((1, 2))
        ranked = gan.rank_features(pictures, "main.3", best=3)
        best = np.sort(responses, 0)[::-1][:3]
        self.assertEqual([f.map for f in ranked], np.argsort(-best.mean(0), kind="stable").tolist())
        for feature in ranked:
            order = np.argsort(-responses[:, feature.map], kind="stable")[:3]
            self.assertTrue(np.array_equal(feature.best, order))
            self.assertAlmostEqual(feature.response, best[:, feature.map].mean(), places=5)
        with self.assertRaisesRegex(ValueError, "best: 10 is not between 1 and 9"):
            gan.rank_features(pictures, "main.3", best=10)

    def test_ablation(self):
        gan = tiny()
        z, layer = gan.noise(3), gan.layers("generator")[3]
        pictures, without, rms = gan.ablate_maps(z, layer.name, [2, 0])
        scale = [0, 1, 0, 1]
        self.assertTrue(np.array_equal(pictures, gan.generate(z)))
        self.assertTrue(np.array_equal(without, gan.generate_ablated(z, layer.index, scale)))
        self.assertAlmostEqual(rms, np.sqrt(np.square(pictures - without, dtype=np.float64).mean()), places=6)
        with self.assertRaisesRegex(ValueError, "maps: 4 is not between 0 and 3"):
            gan.ablate_maps(z, layer.index, [4])

    def test_class_maps(self):
        gan = tiny()

        def scores(x):
            red = (x[..., 0] - x[..., 1]).mean((1, 2))
            return np.stack([red, -red], 1)

        found = gan.class_maps(3, scores, n=4, top=2, seed=3, progress=False)
        self.assertEqual(len(found.maps), len(found.drops))
        self.assertTrue(all(scores(gan.generate(z[None]))[0, 0] >= 0 for z in np.concatenate([found.z, found.checks])))
        before = scores(gan.generate(found.z))[:, 0].mean()
        self.assertAlmostEqual(found.before.mean, before, places=5)
        for number, drop in zip(found.maps, found.drops):
            without = gan.ablate_maps(found.z, 3, [number])[1]
            self.assertAlmostEqual(drop, before - scores(without)[:, 0].mean(), places=5)
        self.assertAlmostEqual(found.without.mean, scores(gan.ablate_maps(found.checks, 3, found.maps)[1])[:, 0].mean(),
                               places=5)
        with self.assertRaises(ZeroDivisionError):
            gan.class_maps(3, lambda x: scores(x) if len(x) == 1 else 1 / 0, n=4)
        with self.assertRaisesRegex(clgan.InvalidError, "0 of 128 samples belong to the class"):
            gan.class_maps(3, lambda x: np.float32([[-1, 1]] * len(x)), n=4)


class Memorised(unittest.TestCase):
    def test_nearest_training_pictures(self):
        gan, training = tiny(), clgan.faces(20, size=16, seed=2)[0]
        samples = np.concatenate([training[[7]], training[[3], :, ::-1], clgan.faces(1, size=16, seed=9)[0]])
        found = gan.memorisation(samples, training, k=3, flip=True, progress=False)
        self.assertEqual(found.pixels.index[:2, 0].tolist(), [7, 3])
        self.assertEqual(found.pixels.mirrored[:2, 0].tolist(), [False, True])
        self.assertEqual(found.pixels.distance[:2, 0].tolist(), [0, 0])
        self.assertEqual((found.pixels.smallest, found.features.index.shape), (0, (3, 3)))
        for i, clg in enumerate(training):
            clgan.save_picture(path(f"{i:02}.png"), clg)
        files = gan.memorisation(samples, clgan.Pictures(path()), k=3, flip=True, features=False, progress=False)
        self.assertIsNone(files.features)
        self.assertTrue(np.array_equal(files.pixels.distance, found.pixels.distance))
        values = (training.astype(np.float64) - 127.5) / 127.5
        both = np.concatenate([values, values[:, :, ::-1]])
        distance = np.sqrt(np.square(values[:, None] - both[None]).mean((2, 3, 4)))
        for i in range(20):
            distance[i, [i, 20 + i]] = np.inf
        nearest = np.sort(distance.min(1))
        self.assertAlmostEqual(files.pixels.median, nearest[10], places=5)
        self.assertAlmostEqual(files.pixels.near, nearest[1], places=5)
        self.assertEqual(files.pixels.nearer, (files.pixels.distance[:, 0] < nearest[1]).sum())
        with self.assertRaisesRegex(clgan.DataError, "only one picture"):
            gan.memorisation(samples, training[:1])


class Masks(unittest.TestCase):
    def test_masks(self):
        left = clgan.mask("left", 16)
        self.assertEqual((left[:, :8].max(), left[:, 8:].min()), (0, 1))
        clgan.save_picture(path("mask.png"), np.uint8(left * 255)[..., None])
        self.assertTrue(np.array_equal(clgan.mask(path("mask.png"), 16), left))
        self.assertFalse(np.array_equal(clgan.mask("random", 16, 1), clgan.mask("random", 16, 2)))
        with self.assertRaisesRegex(clgan.Error, "center, left"):
            clgan.mask(path("nothing.png"), 16)

    def test_blending_and_psnr(self):
        a, b = clgan.faces(2, size=16, seed=1)[0], clgan.faces(2, size=16, seed=2)[0]
        known = clgan.mask("top", 16)
        mixed = clgan.masked(a, known, b)
        self.assertTrue(np.array_equal(clgan.to_pixels(mixed[:, 8:]), a[:, 8:]))
        self.assertTrue(np.array_equal(clgan.to_pixels(mixed[:, :8]), b[:, :8]))
        self.assertEqual(clgan.masked(a, known)[:, :8].min(), 1)
        values = [(x.astype(np.float64) - 127.5) / 127.5 for x in (a, b)]
        square = np.square(values[0] - values[1])
        for hidden, part in ((False, square[:, 8:]), (True, square[:, :8])):
            expected = 10 * np.log10(4 / part.mean((1, 2, 3)))
            self.assertLess(np.abs(clgan.psnr(a, b, known, hidden) - expected).max(), 1e-4)
        self.assertLess(np.abs(clgan.psnr(a, b) - 10 * np.log10(4 / square.mean((1, 2, 3)))).max(), 1e-4)


class Primer(unittest.TestCase):
    def test_steps(self):
        picture = clgan.draw_face(size=24, seed=1)
        steps = {step.name: step for step in clgan.primer(picture)}
        x = picture[None].astype(np.float32) / np.float32(255)
        self.assertTrue(np.array_equal(steps["input"].values, x[0]))
        self.assertTrue(np.array_equal(steps["input"].pixels, picture))
        blur = steps["blur"]
        w = np.einsum("rs,ck->rsck", blur.weights, np.eye(3, dtype=np.float32))
        y = ops.conv2d(x, w, blur.stride, blur.pad)
        self.assertLess(np.abs(y[0] - blur.values).max(), 1e-6)
        self.assertLess(np.abs(ops.max_pool(x)[0] - steps["max-pool"].values).max(), 1e-6)
        self.assertEqual((steps["strided"].values.shape, steps["strided"].operation), ((12, 12, 3), "convolution"))
        self.assertAlmostEqual(blur.psnr, 10 * np.log10(1 / np.square(y[0] - x[0], dtype=np.float64).mean()), places=3)
        self.assertTrue(steps["deconvolution"].report.converged)
        self.assertGreater(steps["deconvolution"].psnr, blur.psnr)
        self.assertIsNone(steps["laplacian"].psnr)
        with self.assertRaisesRegex(ValueError, re.escape("a square one expected, got [24, 12, 3]")):
            clgan.primer(picture[:, :12])
