#!/usr/bin/env python3
"""Training killed at random moments: kill.py [--kills N] [--seed S]

A run that saves at every step is killed (SIGKILL) again and again: anywhere from its start on, in a step, and while a
checkpoint is being written; each time it is resumed. After every kill model.safetensors must be there whole, the same
as an unbroken run's of that step, byte for byte; when the run has come to its end, so must its last checkpoint and its
samples, metrics.csv must have every step once with the same losses, and no half-written file may be left.
"""
import argparse
import collections
import glob
import hashlib
import json
import os
import random
import shutil
import struct
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import harness  # noqa: E402
from harness import CLGAN, ENV, FACES, path, read  # noqa: E402

STEPS = 40
TRAIN = ["train", *FACES, "--size", "16", "--ngf", "64", "--ndf", "64", "--batch", "2", "--z", "8", "--ema", "0.9",
         "--steps", str(STEPS), "--save-every", "1", "--sample-every", "5", "--keep", str(STEPS)]
LIMIT = 600  # seconds for anything that is waited for
MODEL = "model.safetensors"


def rows(out):
    """The whole lines of metrics.csv, without the header and without the times."""
    try:
        with open(os.path.join(out, "metrics.csv"), encoding="utf-8") as file:
            lines = file.read().split("\n")[1:-1]
    except FileNotFoundError:
        return []
    return [line.split(",")[:7] for line in lines]


def step_of(content):
    """The step that a checkpoint tells in its header."""
    size = struct.unpack("<Q", content[:8])[0]
    return int(json.loads(content[8:8 + size])["__metadata__"]["step"])


def parts(out):
    return set(glob.glob(out + "/*.part-*") + glob.glob(out + "/samples/*.part-*"))


class Unbroken:
    """A run that nothing disturbs: its checkpoints' hashes by step, and how long things take."""

    def __init__(self):
        self.out = path("unbroken")
        words = [CLGAN, *TRAIN, "--out", self.out]
        for _ in range(2):  # the first one compiles
            shutil.rmtree(self.out, ignore_errors=True)
            start = time.monotonic()
            process = subprocess.Popen(words, env=ENV, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
            while not rows(self.out) and process.poll() is None:
                time.sleep(0.005)
            self.start = time.monotonic() - start
            said = process.communicate(timeout=10 * LIMIT)[1].decode()
            assert process.returncode == 0, f"the unbroken run gave {process.returncode}:\n{said}"
            self.step = (time.monotonic() - start - self.start) / STEPS
        self.models = {}
        for step in range(1, STEPS + 1):
            content = read(self.out, f"model-{step:06}.safetensors")
            assert step_of(content) == step, "the unbroken run's checkpoints have wrong steps"
            self.models[step] = hashlib.sha256(content).digest()
        self.rows = rows(self.out)
        assert [int(row[0]) for row in self.rows] == list(range(1, STEPS + 1)), "the unbroken run lacks rows"


class Killer:
    def __init__(self, seed):
        self.random = random.Random(seed)
        self.unbroken = Unbroken()
        self.kills = collections.Counter()
        self.ends = 0  # runs that came to their end
        self.out = path("broken")

    def wait_for(self, process, happened):
        """Until something happened or the process ended."""
        end = time.monotonic() + LIMIT
        while not happened() and process.poll() is None:
            assert time.monotonic() < end, f"nothing happened for {LIMIT} s"
            time.sleep(0.0005)

    def moment(self, process, kind):
        """Waits for a random moment of the kind."""
        pause = self.random.uniform(0, 1.2 * self.unbroken.step)
        more = self.random.randint(0, 3)
        if kind == "any":
            pause = self.random.uniform(0, 1.3 * self.unbroken.start)
        elif kind == "step":
            self.wait_for(process, lambda: os.path.exists(self.out + "/metrics.csv"))
            count = len(rows(self.out)) + more
            self.wait_for(process, lambda: len(rows(self.out)) > count)
        else:
            old = set(glob.glob(f"{self.out}/{MODEL}.part-*"))
            for _ in range(1 + more):
                self.wait_for(process, lambda: set(glob.glob(f"{self.out}/{MODEL}.part-*")) - old)
                old = set(glob.glob(f"{self.out}/{MODEL}.part-*"))
            pause *= 0.3
        time.sleep(pause)

    def kill_once(self):
        """Starts or resumes the run and kills it; False when it had come to its end before."""
        kind = self.random.choice(("any", "step", "save"))
        resume = os.path.exists(os.path.join(self.out, MODEL))
        old, done = parts(self.out), len(rows(self.out)) if resume else 0
        saved = step_of(read(self.out, MODEL)) if resume else 0
        words = ["train", "--resume", self.out] if resume else [*TRAIN, "--out", self.out]
        with open(path("said"), "wb") as said:
            process = subprocess.Popen([CLGAN, *words], env=ENV, stdout=said, stderr=said)
        try:
            self.moment(process, kind)
        finally:
            process.kill()
        if process.wait() >= 0:
            assert process.returncode == 0, (
                f"`clgan {' '.join(words)}` gave {process.returncode}:\n{read('said').decode()}")
            return False
        self.count(parts(self.out) - old, saved, done)
        return True

    def count(self, left, saved, done):
        """Where was it killed? From what it left; and what it left must be whole."""
        checkpoint = os.path.exists(os.path.join(self.out, MODEL))
        if any(f"/{MODEL}.part-" in name for name in left):
            where = "in a save"
        elif left:
            where = "while writing another file"
        elif len(rows(self.out)) in (saved, done):
            where = "before the first step's end"
        else:
            where = "in a step"
        self.kills[where] += 1
        self.kills["before the first checkpoint"] += not checkpoint
        assert checkpoint or not saved, "the checkpoint is gone"
        if checkpoint:
            self.check_model()

    def check_model(self):
        content = read(self.out, MODEL)
        step = step_of(content)
        assert hashlib.sha256(content).digest() == self.unbroken.models.get(step), (
            f"the checkpoint of step {step} is not the unbroken run's")
        return step

    def check_end(self):
        assert self.check_model() == STEPS, "the run ended early"
        assert rows(self.out) == self.unbroken.rows, "metrics.csv is not the unbroken run's"
        assert not parts(self.out), f"left over: {parts(self.out)}"
        assert os.path.exists(os.path.join(self.out, "report.html")), "there is no report"
        samples = sorted(os.listdir(path("unbroken", "samples")))
        assert sorted(os.listdir(path("broken", "samples"))) == samples, "samples are missing, or too many"
        for name in samples:
            assert read("broken", "samples", name) == read("unbroken", "samples", name), f"{name} differs"
        self.ends += 1
        shutil.rmtree(self.out)

    def run(self, kills):
        done = 0
        while done < kills:
            if self.kill_once():
                done += 1
                if done % 50 == 0:
                    print(f"{done} of {kills} kills", flush=True)
            else:
                self.check_end()
        resume = os.path.exists(os.path.join(self.out, MODEL))
        words = ["train", "--resume", self.out] if resume else [*TRAIN, "--out", self.out]
        end = subprocess.run([CLGAN, *words], env=ENV, capture_output=True, text=True, timeout=10 * LIMIT)
        assert end.returncode == 0, f"the last run gave {end.returncode}:\n{end.stderr}"
        self.check_end()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=12)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    start = time.monotonic()
    harness.enter(__file__)
    try:
        killer = Killer(options.seed)
        killer.run(options.kills)
    except AssertionError as error:
        print(f"FAIL  seed {options.seed}: {error}; see {path()}")
        return 1
    where = ", ".join(f"{n} {what}" for what, n in sorted(killer.kills.items()) if not what.endswith("checkpoint"))
    print(f"{options.kills} kills (seed {options.seed}): {where}; {killer.kills['before the first checkpoint']} of "
          f"them before the first checkpoint; {killer.ends} runs of {STEPS} steps resumed to their end, all equal to "
          f"the unbroken run byte for byte; {time.monotonic() - start:.0f} s")
    harness.clean_up()
    return 0


sys.exit(main())
