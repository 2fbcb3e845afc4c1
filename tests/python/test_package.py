"""The Python package: gans, training, errors, threads, Ctrl-C."""
import os
import re
import signal
import subprocess
import sys
import threading
import time
import unittest

from package import CLGAN, LIMIT, ROOT, TINY, clgan, command, path, tiny

import numpy as np


def equal(a, b):
    return a.keys() == b.keys() and all(np.array_equal(a[name], b[name]) for name in a)


def read(*parts):
    with open(os.path.join(*parts), "rb") as file:
        return file.read()


def batches(gan, n, seed=5):
    shape = gan.params["batch"], *gan.picture_shape
    return np.random.default_rng(seed).integers(0, 256, (n, *shape), np.uint8)


class Devices(unittest.TestCase):
    def test_list_and_choice(self):
        found = clgan.devices()
        self.assertTrue(found)
        self.assertIn(found[0].name, repr(found))
        self.assertIn(found[0].type, ("gpu", "cpu", "other"))
        with clgan.Device(str(found[0].index)) as device:
            self.assertEqual(device.info, found[0])
            self.assertIn(found[0].name, repr(device))
        self.assertIn("closed", repr(device))
        with self.assertRaisesRegex(clgan.DeviceError, "no-such-device") as caught:
            clgan.Device("no-such-device")
        self.assertEqual(caught.exception.code, -5)
        self.assertIn(found[0].name, str(caught.exception))

    def test_cache_folder(self):
        code = "import clgan; print(clgan.cache_folder(), clgan.cache_folder('/tuning'))"
        os.makedirs(path("cache"), exist_ok=True)
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=LIMIT,
                              env={**os.environ, "XDG_CACHE_HOME": path("cache")})
        self.assertEqual(done.stdout, f"{path('cache', 'clgan')} {path('cache', 'clgan', 'tuning')}\n", done.stderr)

    def test_memory_comes_back(self):
        with clgan.Device(os.environ.get("CLGAN_DEVICE")) as device:
            clgan.Gan(device, **TINY).generate(2)  # the device keeps some scratch
            before = device.memory()[0]
            gan = clgan.Gan(device, **TINY)
            gan.generate(2)
            self.assertGreater(device.memory()[0], before)
            del gan
            self.assertEqual(device.memory()[0], before)
            gan = clgan.Gan(device, **TINY)
        with self.assertRaisesRegex(ValueError, "this Gan is closed"):
            gan.generate(1)
        self.assertIn("closed", repr(gan))


class Options(unittest.TestCase):
    def test_keywords(self):
        gan = tiny(z_dist="uniform", lr=1e-3, seed=2**63, ema=np.float32(0.5))
        self.assertEqual({k: gan.params[k] for k in ("z_dist", "lr", "seed", "ema", "size")},
                         {"z_dist": "uniform", "lr": 1e-3, "seed": 2**63, "ema": 0.5, "size": 16})
        self.assertTrue(np.abs(gan.noise(10)).max() < 1)
        self.assertIn("noise vector", clgan.Gan.__doc__)
        self.assertIn("16x16x3", repr(gan))
        self.assertIn("<svg", gan.figure())

    def test_refusals(self):
        for bad, says in (({"size": 65}, "size 65: must be 16, 32, 64, 128 or 256"),
                          ({"lr": 2.5}, "lr 2.5: must be"), ({"z_dist": "flat"}, "normal or uniform"),
                          ({"batch": 4.0}, "whole number")):
            with self.assertRaisesRegex(ValueError, re.escape(says)) as caught:
                tiny(**bad)
            self.assertIsInstance(caught.exception, clgan.Error)
            self.assertEqual(caught.exception.code, -1)
        with self.assertRaisesRegex(TypeError, "no option 'sise'; there are size, channels"):
            tiny(sise=16)


class Training(unittest.TestCase):
    def test_save_and_load_go_on_alike(self):
        gan = tiny(ema=0.9)
        data = batches(gan, 4)
        gan.step(data[0])
        gan.save(path("a.safetensors"), note="kept")
        other = clgan.Gan.load(path("a.safetensors"))
        self.assertEqual(other.steps, 1)
        for i in (1, 2):
            self.assertEqual(gan.step(data[i]), other.step(data[i]))
        self.assertTrue(equal(gan.tensors(), other.tensors()))
        self.assertEqual(clgan.Gan.load(path("a.safetensors"), batch=7).params["batch"], 7)
        z = gan.noise(4, seed=9)
        real = data[3].astype(np.float32) / 127.5 - 1
        self.assertTrue(np.isfinite(gan.step(real, z)).all())

    def test_run_in_a_folder_is_the_run_in_memory(self):
        here, there, seen = tiny(), tiny(), []
        history = here.train(steps=4, threads=1, progress=False)
        out = path("run")
        same = there.train(steps=4, threads=1, out=out, progress=False, sample_every=2, callback=seen.append)
        self.assertEqual([s[:10] for s in history], [s[:10] for s in same])
        self.assertEqual(seen, list(same))
        self.assertFalse(same.stopped)
        self.assertTrue(equal(here.tensors(), there.tensors()))
        options = [word for name, value in TINY.items() for word in (f"--{name}", str(value))]
        command("train", "--steps", "4", "--threads", "1", "--sample-every", "2", "--out", path("command"), *options)
        self.assertEqual(*(read(folder, "model.safetensors") for folder in (out, path("command"))))
        for name in ("report.html", "metrics.csv", "samples/step-2.png"):
            self.assertTrue(os.path.exists(os.path.join(out, name)), name)
        with self.assertRaisesRegex(ValueError, "holds an earlier run"):
            tiny().train(steps=1, out=out)
        loaded = clgan.Gan.load(os.path.join(out, "model.safetensors"))
        self.assertEqual(loaded.train(steps=2, threads=1, out=out, progress=False)[-1].step, 6)
        here.train(steps=2, threads=1, progress=False)
        self.assertTrue(equal(here.tensors(), loaded.tensors()))
        with open(os.path.join(out, "metrics.csv"), encoding="utf-8") as file:
            self.assertEqual(len(file.readlines()), 7)
        tiny().train(steps=1, out=out, overwrite=True, progress=False)
        self.assertFalse(os.path.exists(os.path.join(out, "samples/step-2.png")))
        command("train", "--resume", out, "--steps", "2")  # the command takes it up

    def test_ends(self):
        gan = tiny()
        self.assertTrue(gan.train(steps=50, callback=lambda s: s.step == 2, progress=False).stopped)
        self.assertEqual(gan.steps, 2)

        def fails(_):
            raise ZeroDivisionError("mine")

        for where in ({}, {"out": path("fails")}):
            with self.assertRaisesRegex(ZeroDivisionError, "mine"):
                gan.train(steps=50, callback=fails, progress=False, **where)
        self.assertEqual(gan.steps, 4)

    def test_kinds_of_data(self):
        gan, pictures = tiny(), clgan.faces(10, size=16)[0]
        history = gan.train(pictures, epochs=2, progress=False)
        self.assertEqual((len(history), history[-1].epoch, history["loss_d"].shape), (5, 2.0, (5,)))
        with clgan.Dataset(size=16, batch=4, threads=1) as data:
            gan.train(data, steps=1, progress=False)
        command("data", "--out", path("faces"), "--n", "9", "--size", "20")
        self.assertEqual(len(gan.train(path("faces"), epochs=1, progress=False, flip=True)), 3)
        for arguments, says in (({"steps": 1, "epochs": 1}, "steps or epochs"), ({"epochs": 1}, "never end"),
                                ({"steps": 1, "keep": 3}, "keep needs a folder"),
                                ({"steps": 1, "lr": 1}, "no option 'lr'"),
                                ({"data": pictures, "steps": 1, "flip": True}, "flip is for folders"),
                                ({"data": pictures[:3], "steps": 1}, "fewer than a batch of 4"),
                                ({"data": path("nothing"), "steps": 1}, "cannot read picture folder"),
                                ({"data": pictures[:, :8], "steps": 1}, "[n, 16, 16, 3] expected, got [10, 8, 16, 3]")):
            with self.assertRaisesRegex((TypeError, ValueError, clgan.Error), re.escape(says)):
                gan.train(**{"progress": False, **arguments})

    def test_iterables_and_runs_of_arrays(self):
        gan, same = tiny(), tiny()
        data = list(batches(gan, 3))
        history = gan.train(iter(data), steps=3, progress=False)
        for batch in data:
            same.step(batch)
        self.assertTrue(equal(gan.tensors(), same.tensors()))
        self.assertEqual(history[-1].epoch, 0)

        class Loader:  # as PyTorch's DataLoader: a new iterator for each pass
            def __len__(self):
                return 3

            def __iter__(self):
                return iter(data)

        self.assertEqual(len(same.train(Loader(), epochs=2, progress=False)), 6)
        with self.assertRaisesRegex(ValueError, "no more batches"):
            gan.train(iter(data), steps=4, progress=False)
        self.assertEqual(gan.steps, 6)
        with self.assertRaisesRegex(ValueError, re.escape("[4, 16, 16, 3] expected, got [3, 16, 16, 3]")):
            gan.train((batch[:3] for batch in data), steps=1, progress=False)
        with self.assertRaisesRegex(ValueError, "set steps"):
            gan.train(iter(data), epochs=1, progress=False)
        pictures = clgan.faces(10, size=16)[0]
        gan.train(pictures, steps=2, out=path("array"), progress=False)
        self.assertEqual(clgan.Gan.load(path("array", "model.safetensors")).steps, 8)
        self.assertEqual(gan.train(pictures, steps=1, out=path("array"), progress=False)[-1].step, 9)
        self.assertTrue(equal(gan.tensors(), clgan.Gan.load(path("array", "model.safetensors")).tensors()))

    def test_the_gan_in_its_callback(self):
        gan, seen = tiny(), []
        threads = []

        def look(status):
            seen.append(gan.generate(1).shape)
            other = threading.Thread(target=lambda: threads.append(gan.generate(2).shape))
            other.start()  # other threads may use the device between two steps
            other.join(LIMIT)
            with self.assertRaisesRegex(RuntimeError, "is training"):
                gan.close()
            with self.assertRaisesRegex(RuntimeError, "is training"):
                gan.device.close()

        for out in (None, path("looked")):
            gan.train(steps=1, callback=look, progress=False, out=out)
        self.assertEqual((seen, threads), ([(1, 16, 16, 3)] * 2, [(2, 16, 16, 3)] * 2))
        gan.close()

    def test_a_bad_batch_is_told(self):
        gan = tiny()
        before = gan.tensors()
        real = np.full((4, 16, 16, 3), np.nan, np.float32)
        with self.assertRaisesRegex(clgan.NumericError, "not finite"):
            gan.step(real, gan.noise(4))
        after = gan.tensors()
        for name in before:
            if name.startswith("netD.") and "running" not in name:
                self.assertTrue(np.array_equal(before[name], after[name]), name)


class Inference(unittest.TestCase):
    def test_generate_is_the_commands(self):
        for options in ({"ema": 0.9}, {"channels": 1, "z_dist": "uniform"}):
            gan = tiny(**options)
            gan.step(batches(gan, 1)[0])
            gan.save(path("g.safetensors"))
            command("generate", "--model", path("g.safetensors"), "--n", "70", "--seed", "7", "--first", "3", "--npy",
                    path("g.npy"), "--z-out", path("z.npy"), "--grid", path("g.png"), "--columns", "9")
            pictures = gan.generate(70, seed=7, first=3)
            self.assertTrue(np.array_equal(pictures, np.load(path("g.npy"))))
            self.assertTrue(np.array_equal(gan.noise(70, 7, 3), np.load(path("z.npy"))))
            self.assertTrue(np.array_equal(gan.generate(np.load(path("z.npy"))[5:6]), pictures[5:6]))
            pixels = gan.generate(70, seed=7, first=3, as_uint8=True)
            self.assertTrue(np.array_equal(pixels, np.rint(pictures.clip(-1, 1) * 127.5 + 127.5).astype(np.uint8)))
            with open(path("g.png"), "rb") as file:
                self.assertEqual(clgan.show(pixels, columns=9)._repr_png_(), file.read())

    def test_scores(self):
        gan = tiny()
        pixels = batches(gan, 1)[0]
        logits = gan.score(pixels)
        self.assertEqual((logits.shape, logits.dtype), ((4,), np.float32))
        self.assertTrue(np.array_equal(logits, gan.score((pixels.astype(np.float64) - 127.5) / 127.5)))
        self.assertTrue(np.array_equal(logits[2:], gan.score(pixels[2:])))

    def test_tensors(self):
        gan, other = tiny(seed=1), tiny(seed=2)
        tensors = gan.tensors()
        self.assertEqual(tensors["netG.main.0.weight"].shape, (8, 8, 4, 4))
        self.assertFalse(equal(tensors, other.tensors()))
        other.set_tensors(tensors)
        self.assertTrue(equal(tensors, other.tensors()))
        self.assertTrue(np.array_equal(gan.generate(3), other.generate(3)))
        self.assertEqual(sum(v.size for k, v in tensors.items() if "running" not in k), sum(gan.parameters))
        with self.assertRaisesRegex(KeyError, "no tensor is called 'main.0'"):
            gan.set_tensors({"main.0": tensors["netG.main.0.weight"]})
        with self.assertRaisesRegex(ValueError, re.escape("netG.main.0.weight: [8, 8, 4, 4] expected, got [8, 8, 4]")):
            gan.set_tensors({"netG.main.0.weight": tensors["netG.main.0.weight"][..., 0]})

    def test_bad_input(self):
        gan = tiny()
        x = gan.generate(2)
        for bad, error, says in (
                (lambda: gan.step(x), TypeError, "pictures: uint8 (0 to 255) expected, got float32"),
                (lambda: gan.step(clgan.to_pixels(x)), ValueError, "[4, 16, 16, 3] expected, got [2, 16, 16, 3]"),
                (lambda: gan.score(x.astype(int)), TypeError, "float32 (-1 to 1) or uint8 (0 to 255) expected"),
                (lambda: gan.score(x[0]), ValueError, "got [16, 16, 3]; for a single one, pass pictures[None]"),
                (lambda: gan.score(x.transpose(0, 3, 1, 2)), ValueError, "[n, 16, 16, 3] expected, got [2, 3, 16, 16]"),
                (lambda: gan.score(x[:0]), ValueError, "got [0, 16, 16, 3]"),
                (lambda: gan.generate(np.zeros((2, 9), np.float32)), ValueError, "z: [n, 8] expected, got [2, 9]"),
                (lambda: gan.generate(0), ValueError, "n: 0 is not between 1"),
                (lambda: gan.noise(1, seed=-1), ValueError, "seed: -1"),
                (lambda: gan.maps("generators", 0, 1), ValueError, "'generator' or 'discriminator'"),
                (lambda: gan.maps("generator", "main.99", 1), ValueError, "by name main.0, main.1"),
                (lambda: clgan.Gan.load(path("none.safetensors")), clgan.DataError, "none.safetensors"),
                (lambda: clgan.Gan(device=3), TypeError, "device: a Device or a text")):
            with self.assertRaisesRegex(error, re.escape(says)):
                bad()
        self.assertTrue(np.array_equal(gan.score(np.asfortranarray(x)), gan.score(x)))  # any layout of memory


class Processes(unittest.TestCase):
    def test_other_threads_run_during_a_step(self):
        gan = clgan.Gan(size=64, ngf=16, ndf=16, batch=32)
        data, waited, stop = batches(gan, 1)[0], [0.0], threading.Event()

        def run():
            last = time.monotonic()
            while not stop.is_set():
                now = time.monotonic()
                waited[0], last = max(waited[0], now - last), now

        gan.step(data)
        thread = threading.Thread(target=run)
        thread.start()
        ratios = []
        for _ in range(10):  # on a busy machine the thread may have to wait for other reasons
            waited[0], start = 0.0, time.monotonic()
            gan.step(data)
            ratios.append(waited[0] / (time.monotonic() - start))
        stop.set()
        thread.join()
        self.assertLess(min(ratios), 0.5, "the longest wait of another thread, in steps")

    def test_threads_share_a_device(self):
        gan, found = tiny(), []
        expected = gan.generate(30)
        threads = [threading.Thread(target=lambda: found.append(gan.generate(30))) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual([np.array_equal(expected, pictures) for pictures in found], [True] * 4)

    def test_ctrl_c(self):
        script = (f"import clgan, sys\ngan = clgan.Gan(**{TINY})\n"
                  "tell = lambda status: print(status.step, flush=True)\n"
                  "history = gan.train(steps=10**6, progress=False, callback=tell, **{})\n"
                  "gan.save(sys.argv[1])\nprint('stopped', history.stopped, gan.steps == history[-1].step)\n")
        for where in ({}, {"out": path("stopped")}):
            words = [sys.executable, "-c", script.replace("{}", repr(where)), path("stopped.safetensors")]
            with open(path("errors"), "w+", encoding="utf-8") as errors:
                with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=errors, text=True) as process:
                    out = []
                    for line in process.stdout:  # meson ends what does not end
                        out.append(line.strip())
                        if len(out) == 3:
                            process.send_signal(signal.SIGINT)
                errors.seek(0)
                err = errors.read()
            self.assertEqual((process.returncode, out[-1:]), (0, ["stopped True True"]), err)
            self.assertIn("finishing this step", err)
            step = int(out[-2])
            self.assertEqual(clgan.Gan.load(path("stopped.safetensors")).steps, step)
        with open(path("stopped", "metrics.csv"), encoding="utf-8") as file:
            self.assertEqual(int(file.readlines()[-1].split(",")[0]), step)

    def test_ctrl_c_twice(self):
        script = (f"import clgan, os, signal\ngan = clgan.Gan(**{TINY})\n"
                  "def again(status):\n    while True: os.kill(os.getpid(), signal.SIGINT)\n"
                  "try: gan.train(steps=10**6, progress=False, callback=again)\n"
                  "except KeyboardInterrupt: print('interrupted', gan.steps)\n")
        done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=LIMIT)
        self.assertEqual((done.returncode, done.stdout), (0, "interrupted 1\n"), done.stderr)

    def test_a_wrong_library(self):
        for library, says in (("/nowhere/libclgan.so", "no clgan library at /nowhere/libclgan.so"),
                              ("libc.so.6", "no clgan library"), (CLGAN, "is not a clgan library that works here")):
            done = subprocess.run([sys.executable, "-c", "import clgan"], capture_output=True, text=True,
                                  env={**os.environ, "CLGAN_LIBRARY": library}, timeout=LIMIT)
            self.assertEqual(done.returncode, 1)
            self.assertIn("ImportError: ", done.stderr)
            self.assertIn(says, done.stderr)

    def test_lines_of_the_log(self):
        command("data", "--out", path("some"), "--n", "5", "--size", "16")
        with open(path("some", "broken.png"), "wb") as file:
            file.write(b"no picture")
        with self.assertLogs("clgan", "WARNING") as logs, clgan.Dataset(path("some"), size=16, batch=4) as data:
            self.assertEqual((data.pictures, data.info()["skipped"]), (5, 1))
        self.assertIn("broken.png", "".join(logs.output))

    def test_pictures_with_warnings(self):
        command("data", "--out", path("odd"), "--n", "5", "--size", "16", "--format", "jpg")
        with open(path("odd", "000003.jpg"), "rb+") as file:
            content = file.read()
            file.seek(len(content) - 2)
            file.write(bytes(40) + content[-2:])
        with self.assertLogs("clgan", "INFO") as logs, clgan.Dataset(path("odd"), size=16, batch=5) as data:
            data.next()
            data.next()
            self.assertEqual((data.info()["skipped"], data.info()["warned"]), (0, 1))
        self.assertEqual(["000003.jpg" in line for line in logs.output], [True])
        pictures = clgan.Pictures(path("odd"))
        self.assertEqual(pictures.warned, 0)
        with self.assertLogs("clgan", "INFO") as logs:
            pictures.load(16)
            pictures.load(16)
        self.assertEqual((pictures.warned, len(logs.output)), (1, 1))

    def test_all_files_are_installed(self):
        with open(os.path.join(ROOT, "meson.build"), encoding="utf-8") as file:
            listed = set(re.findall(r"src/python/clgan/(\w+\.py)", file.read()))
        self.assertEqual(listed, {n for n in os.listdir(os.path.join(ROOT, "src/python/clgan")) if n.endswith(".py")})
