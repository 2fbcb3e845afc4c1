"""The Python package in real processes: fork, copies and pickles, home folders, signals, readers that are gone."""
import atexit
import copy
import os
import pathlib
import pickle
import pwd
import re
import signal
import subprocess
import sys
import threading
import unittest
from multiprocessing.reduction import ForkingPickler

from package import LIMIT, ROOT, TINY, clgan, command, path, tiny

import numpy as np

SPAWN = re.escape('multiprocessing.set_start_method("spawn")')
HUNG = 60  # seconds


def in_child(function):
    """What function() gives in a forked child, as text; the child runs its finalizers, and then ends at once."""
    source, sink = os.pipe()
    child = os.fork()
    if not child:
        signal.alarm(HUNG)
        try:
            said = str(function())
        except BaseException as error:
            said = f"{type(error).__name__}: {error}"
        os.write(sink, said.encode())
        os.close(sink)
        atexit._run_exitfuncs()
        os._exit(0)
    os.close(sink)
    with os.fdopen(source, encoding="utf-8") as file:
        said = file.read()
    status = os.waitpid(child, 0)[1]
    return said if not status else f"the child ended with status {status} after: {said}"


def script(text, *words, **options):
    """Runs Python code in a process of its own."""
    code = f"import clgan, os, sys, signal, time\nTINY = {TINY}\n" + text
    return subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True, timeout=LIMIT, **options)


class Fork(unittest.TestCase):
    def test_use_in_a_child_is_refused(self):
        gan, data = tiny(), clgan.Dataset(size=16, batch=4, threads=1)
        pictures = data.next()
        gan.step(pictures)
        for use in (lambda: gan.generate(1), lambda: gan.step(pictures), lambda: gan.score(pictures),
                    lambda: gan.train(steps=1, progress=False), lambda: gan.save(path("child.safetensors")),
                    lambda: gan.tensors(), lambda: gan.features(pictures), lambda: gan.device.peaks(), data.next,
                    tiny, clgan.Device, clgan.devices, lambda: clgan.conv2d(np.zeros((1, 8, 8, 1), np.float32),
                                                                            np.zeros((3, 3, 1, 1), np.float32))):
            self.assertRegex(in_child(use), SPAWN)
        for use in (gan.close, data.close, gan.device.close, lambda: repr(gan) + repr(gan.device) + repr(data)):
            self.assertNotRegex(in_child(use), "rror|status")
        self.assertEqual(in_child(lambda: clgan.Dataset(size=16, batch=4, threads=1).next().shape), "(4, 16, 16, 3)")
        gan.step(data.next())  # the parent goes on

    def test_multiprocessing_and_plain_exits(self):
        text = ("gan, data = clgan.Gan(**TINY), clgan.Dataset(size=16, batch=4)\ngan.step(data.next())\n"
                "import multiprocessing\n"
                "def work():\n    try: gan.generate(1)\n    except clgan.Error as error: print(error, flush=True)\n"
                "worker = multiprocessing.get_context('fork').Process(target=work)\nworker.start()\n"
                "worker.join(60)\nprint('ended', worker.exitcode, flush=True)\n"
                "if not os.fork(): sys.exit(7)\nprint('forked', os.waitstatus_to_exitcode(os.wait()[1]))\n")
        done = script(text)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertRegex(done.stdout, SPAWN)
        self.assertIn("ended 0\nforked 7\n", done.stdout)

    def test_a_lock_that_another_thread_held(self):
        gan, held, done = tiny(), threading.Event(), threading.Event()

        def hold():
            with gan.device._lock:
                held.set()
                done.wait()

        thread = threading.Thread(target=hold)
        thread.start()
        held.wait()
        try:
            self.assertRegex(in_child(lambda: gan.generate(1)), SPAWN)
            self.assertEqual(in_child(gan.close), "None")
        finally:
            done.set()
            thread.join()

    def test_spawn_works(self):
        gan = tiny()
        gan.save(path("spawned.safetensors"))
        with open(path("work.py"), "w", encoding="utf-8") as file:
            file.write("import multiprocessing, sys, clgan\n"
                       "def work(path):\n    return float(clgan.Gan.load(path).generate(2, seed=3).sum())\n"
                       "if __name__ == '__main__':\n"
                       "    gan = clgan.Gan.load(sys.argv[1])\n"
                       "    multiprocessing.set_start_method('spawn')\n"
                       "    with multiprocessing.Pool(1) as pool:\n"
                       "        print(pool.map(work, [sys.argv[1]]) == [float(gan.generate(2, seed=3).sum())])\n")
        done = subprocess.run([sys.executable, path("work.py"), path("spawned.safetensors")], capture_output=True,
                              text=True, timeout=LIMIT)
        self.assertEqual(done.stdout, "True\n", done.stderr)


class Copies(unittest.TestCase):
    def test_what_lives_on_a_device_says_what_to_do(self):
        gan = tiny()
        data = clgan.Dataset(size=16, batch=4, threads=1)
        for thing, says in ((gan, r"gan\.save\(path\).*clgan\.Gan\.load\(path\)"), (gan.device, r"clgan\.Device\("),
                            (data, r"clgan\.Dataset\(path")):
            for make in (copy.copy, copy.deepcopy, pickle.dumps, ForkingPickler.dumps):
                with self.assertRaisesRegex(TypeError, says):
                    make(thing)

    def test_a_classifier_is_its_file(self):
        rng = np.random.default_rng(1)
        features = rng.normal(size=(40, 5)).astype(np.float32)
        labels = np.where(features[:, 0] > 0, "plus", "né")
        svm = clgan.LinearSVM.train(features, labels)
        for other in (copy.copy(svm), copy.deepcopy(svm), pickle.loads(pickle.dumps(svm))):
            self.assertEqual((other.names, other.c), (svm.names, svm.c))
            self.assertTrue(np.array_equal(other.scores(features), svm.scores(features)))
        self.assertEqual(in_child(lambda: svm.predict(features).tolist()), str(svm.predict(features).tolist()))

    def test_pictures_and_histories(self):
        command("data", "--out", path("pickled"), "--n", "3", "--size", "16")
        pictures = clgan.Pictures(path("pickled"), crop="none")
        other = pickle.loads(pickle.dumps(pictures))
        self.assertTrue(np.array_equal(other.load(16), pictures.load(16)))
        self.assertEqual((other.names, other.crop), (pictures.names, "none"))
        history = tiny().train(steps=2, progress=False)
        again = pickle.loads(pickle.dumps(history))
        self.assertEqual((list(again), again.stopped), (list(history), False))


class Homes(unittest.TestCase):
    """~, ~user and pathlib wherever a path goes."""

    def setUp(self):
        self.home = os.environ.get("HOME")
        os.environ["HOME"] = path("home")
        os.makedirs(path("home"), exist_ok=True)

    def tearDown(self):
        os.environ["HOME"] = self.home or ""

    def test_every_path(self):
        pixels = clgan.faces(6, size=16)[0]
        for make in (str, pathlib.Path):
            gan = tiny()
            gan.save(make("~/g.safetensors"))
            self.assertEqual(clgan.Gan.load(make("~/g.safetensors")).steps, 0)
            gan.init_from(make("~/g.safetensors"))
            os.makedirs(path("home", "pics"), exist_ok=True)
            for i, picture in enumerate(pixels):
                clgan.save_picture(make(f"~/pics/{i}.png"), picture)
            clgan.show(pixels).save(make("~/grid.png"))
            self.assertEqual(clgan.load_picture(make("~/pics/0.png"), 16).shape, (16, 16, 3))
            self.assertEqual(len(clgan.Pictures(make("~/pics"))), 6)
            self.assertEqual(clgan.Dataset(make("~/pics"), size=16, batch=4).pictures, 6)
            gan.train(make("~/pics"), steps=1, progress=False)
            run = tiny()
            run.train(make("~/pics"), steps=1, progress=False, out=make("~/run"), overwrite=True)
            self.assertIn("<clgan.Gan", repr(run))
            svm = clgan.LinearSVM.train(np.eye(4, dtype=np.float32), ["a", "a", "b", "b"])
            svm.save(make("~/s.svm"))
            clgan.LinearSVM.load(make("~/s.svm"))
            with open(path("home", "labels.csv"), "w", encoding="utf-8") as file:
                file.write("file,kind\n" + "".join(f"{i}.png,{'ab'[i % 2]}\n" for i in range(6)))
            self.assertEqual(clgan.Pictures(make("~/pics")).labels(make("~/labels.csv"))[1], ["a", "b"])
            os.makedirs(path("home", "kernels"), exist_ok=True)
            clgan.Device(os.environ.get("CLGAN_DEVICE"), kernels=make("~/kernels")).close()
        names = {"g.safetensors", "pics", "grid.png", "run", "s.svm", "labels.csv", "kernels"}
        self.assertEqual(set(os.listdir(path("home"))), names)
        self.assertFalse(os.path.exists("~"), "a folder called ~ was made")

    def test_another_users_home(self):
        user = pwd.getpwuid(os.getuid())
        with self.assertRaisesRegex(clgan.DataError, re.escape(os.path.join(user.pw_dir, "no-such-model"))):
            clgan.Gan.load(f"~{user.pw_name}/no-such-model")


class Readers(unittest.TestCase):
    """Whoever reads what training says may go: the run is kept."""

    def stop(self, text, **options):
        done = script(text + "print(history.stopped, gan.steps == len(history), file=open(sys.argv[1], 'w'))\n",
                      path("verdict"), **options)
        with open(path("verdict"), encoding="utf-8") as file:
            verdict = file.read()
        os.remove(path("verdict"))
        return verdict, done

    def test_a_pipe_without_a_reader_ends_like_ctrl_c(self):
        for number, where in enumerate(("", f", out={path('piped')!r}")):
            for break_it in ("progress=True", "progress=False, callback=lambda s: print(s, flush=True)"):
                out = where.replace("piped", f"piped{len(break_it)}")
                text = ("r, w = os.pipe(); os.close(r); os.dup2(w, 1); os.dup2(w, 2)\n"
                        "import clgan.progress; clgan.progress._PLAIN_PAUSE = 0\ngan = clgan.Gan(**TINY)\n"
                        f"history = gan.train(steps=10**6, {break_it}{out})\n")
                verdict, done = self.stop(text)
                self.assertEqual(verdict, "True True\n", done.stderr)
                if number:
                    self.assertEqual(clgan.Gan.load(path(f"piped{len(break_it)}", "model.safetensors")).steps, 1)

    def test_a_closed_stderr_costs_the_progress_alone(self):
        for close in ("sys.stderr.close()", "sys.stderr = None", "os.close(2)", "sys.stdout.close(); sys.stderr.close()"):
            verdict, done = self.stop("import clgan.progress; clgan.progress._PLAIN_PAUSE = 0\n"
                                      f"{close}\ngan = clgan.Gan(**TINY)\nhistory = gan.train(steps=3)\n")
            self.assertEqual(verdict, "False True\n", close + done.stderr)

    def test_ctrl_c_when_the_reader_went_first(self):
        text = ("gan = clgan.Gan(**TINY)\nr, w = os.pipe()\nos.dup2(w, 2)\n"
                "def ctrl_c(status):\n"
                "    if status.step == 2:\n        os.close(r)\n        os.kill(os.getpid(), signal.SIGINT)\n"
                "history = gan.train(steps=10**6, callback=ctrl_c, progress=False)\n")
        verdict, done = self.stop(text)
        self.assertEqual(verdict, "True True\n", done.stderr)

    def test_sigterm_and_sighup_count_too(self):
        for name in ("SIGTERM", "SIGHUP"):
            twice = f"os.kill(os.getpid(), signal.{name})"
            text = ("gan = clgan.Gan(**TINY)\n"
                    f"history = gan.train(steps=10**6, progress=False, callback=lambda s: {twice} or {twice})\n")
            verdict, done = self.stop(text)
            self.assertEqual((verdict, done.returncode), ("True True\n", 0), done.stderr)

    def test_what_the_program_ignores_or_handles_stays_so(self):
        text = ("signal.signal(signal.SIGHUP, signal.SIG_IGN)\nseen = []\n"
                "signal.signal(signal.SIGTERM, lambda *_: seen.append(1))\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\n"
                "gan = clgan.Gan(**TINY)\n"
                "def send(status):\n    for n in (1, 2, 15): os.kill(os.getpid(), n)\n"
                "history = gan.train(steps=3, progress=False, callback=send)\nassert len(seen) == 3, seen\n")
        verdict, done = self.stop(text)
        self.assertEqual(verdict, "False True\n", done.stderr)

    def test_handlers_come_back(self):
        before = [signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)]
        tiny().train(steps=1, progress=False)
        self.assertEqual(before, [signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)])

    def test_the_command_by_python_ends_quietly(self):
        if not os.access(os.path.join(ROOT, "build", "clgan"), os.X_OK):
            self.skipTest("the command is not in build/")
        read, write = os.pipe()
        os.close(read)
        done = subprocess.run([sys.executable, "-m", "clgan", "train", "--help"], stdout=write, stderr=subprocess.PIPE,
                              text=True, timeout=LIMIT)
        os.close(write)
        self.assertEqual((done.returncode, done.stderr), (-signal.SIGPIPE, ""))
