#!/usr/bin/env python3
"""Memory over many small steps: growth.py [--steps N] [--variant ...]

A run with samples and checkpoints every 100 steps; its anonymous memory in the second tenth of the run against that
in the last tenth. At its end every OpenCL object must have been released, counted by the test layer.
"""
import argparse
import os
import statistics
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import harness  # noqa: E402
from harness import CLGAN, ENV, FACES, FAULT, path  # noqa: E402

MOST = 128  # KiB of growth
TRAIN = ["train", *FACES, "--size", "16", "--ngf", "4", "--ndf", "4", "--batch", "2", "--z", "8", "--ema", "0.99",
         "--sample-every", "100", "--save-every", "100", "--keep", "2"]


def memory_of(process):
    """Anonymous memory in KiB, 0 when the process has ended."""
    try:
        with open(f"/proc/{process.pid}/status", encoding="utf-8") as file:
            return next((int(line.split()[1]) for line in file if line.startswith("RssAnon:")), 0)
    except OSError:
        return 0


def watch(process, csv):
    """(rows of metrics.csv, memory) now and then, until the process ends."""
    seen, rows, file = [], -1, None
    while process.poll() is None:
        time.sleep(0.02)
        if file is None and os.path.exists(csv):
            file = open(csv, encoding="utf-8")
        rows += file.read().count("\n") if file else 0
        seen.append((rows, memory_of(process)))
    if file:
        file.close()
    return [(step, kib) for step, kib in seen if step > 0 and kib]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=2000)
    parser.add_argument("--variant")
    options = parser.parse_args()
    harness.enter(__file__)
    env = dict(ENV, OPENCL_LAYERS=FAULT, FAULT_REPORT=path("report"))
    words = [CLGAN, *TRAIN, "--steps", str(options.steps), "--out", path("run")]
    words += ["--variant", options.variant] if options.variant else []
    with open(path("said"), "w", encoding="utf-8") as said:
        process = subprocess.Popen(words, env=env, stdout=said, stderr=said)
        seen = watch(process, path("run", "metrics.csv"))
    if process.returncode:
        print(f"FAIL  `{' '.join(words)}` gave {process.returncode}, see {path('said')}")
        return 1
    if not os.path.exists(path("report")):
        print(f"skipped: {harness.NO_LAYER}")
        return 77
    with open(path("report"), encoding="utf-8") as file:
        alive = {line.rsplit(None, 1)[0]: int(line.rsplit(None, 1)[1]) for line in file if line.startswith("alive")}
    early = [kib for step, kib in seen if options.steps // 10 < step <= options.steps // 5]
    late = [kib for step, kib in seen if options.steps * 9 // 10 < step <= options.steps]
    if not early or not late:
        print(f"FAIL  too few looks at the memory: {len(early)} early, {len(late)} late")
        return 1
    growth = statistics.median(late) - statistics.median(early)
    print(f"{options.steps} steps: memory {statistics.median(early):.0f} KiB early, {statistics.median(late):.0f} KiB "
          f"late: {growth:+.0f} KiB (at most {MOST}); OpenCL objects alive at the end: {sum(alive.values())} of "
          f"{len(alive)} kinds")
    if growth > MOST or any(alive.values()) or len(alive) != 6:
        print(f"FAIL  {alive}, memory by step: {seen[::max(1, len(seen) // 40)]}")
        return 1
    harness.clean_up()
    return 0


sys.exit(main())
