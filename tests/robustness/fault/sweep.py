#!/usr/bin/env python3
"""Every OpenCL call of a short training run fails once: sweep.py [--each N] [--codes -5,-4,...]

For each N-th call and each code (by default the codes in turn) a run of `clgan train` must end without a crash or a
hang, with every OpenCL object released; either with exit code 0 and the same model as a run without a fault, or with
exit code 3, one line that says what failed, and checkpoints that are bit for bit those of the run without a fault.
"""
import argparse
import collections
import os
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
import harness  # noqa: E402
from harness import CLGAN, ENV, FACES, FAULT, TINY, path  # noqa: E402

CODES = {-4: "CL_MEM_OBJECT_ALLOCATION_FAILURE", -5: "CL_OUT_OF_RESOURCES", -6: "CL_OUT_OF_HOST_MEMORY",
         -11: "CL_BUILD_PROGRAM_FAILURE", -36: "CL_INVALID_COMMAND_QUEUE", -54: "CL_INVALID_WORK_GROUP_SIZE"}
TRAIN = ["train", *FACES, *TINY, "--steps", "3", "--save-every", "1", "--sample-every", "2", "--keep", "9"]
LIMIT = 120  # seconds until a run counts as hung


class Sweep:
    def __init__(self, extra):
        self.extra = extra
        self.env = {**ENV, "OPENCL_LAYERS": FAULT, "FAULT_REPORT": path("report")}
        self.ends = collections.Counter()

    def train(self, out, **faults):
        """Exit code (None: hung), what it said, what the layer reports, and its checkpoints' bytes."""
        shutil.rmtree(path(out), ignore_errors=True)
        if os.path.exists(path("report")):
            os.remove(path("report"))
        env = {**self.env, **{name: str(value) for name, value in faults.items()}}
        try:
            done = subprocess.run([CLGAN, *TRAIN, *self.extra, "--out", path(out)], env=env,
                                  capture_output=True, text=True, timeout=LIMIT)
        except subprocess.TimeoutExpired:
            return None, "", {}, {}
        report = {}
        if os.path.exists(path("report")):
            with open(path("report"), encoding="utf-8") as file:
                report = dict(line.rsplit(None, 1) for line in file.read().splitlines())
        return done.returncode, done.stderr, report, self.models(out)

    def models(self, out):
        models = {}
        for name in os.listdir(path(out)) if os.path.isdir(path(out)) else []:
            if name.startswith("model"):
                with open(path(out, name), "rb") as file:
                    models[name] = file.read()
        return models

    def fault(self, call, code):
        """What is wrong with the run whose `call`-th call fails with `code`; None when nothing is."""
        status, said, report, models = self.train("faulty", FAULT_AT=call, FAULT_CODE=code)
        where = f"call {call} ({report.get('failed', '?')}) returning {code} ({CODES.get(code, '?')})"
        errors = [line for line in said.splitlines() if line.startswith("clgan:")]
        alive = {name: count for name, count in report.items() if name.startswith("alive") and count != "0"}
        self.ends["recovered" if status == 0 else "ended with exit code 3" if status == 3 else "wrong"] += 1
        for name, bytes_ in models.items():
            kept = self.whole if name == "model.safetensors" else {name}
            if bytes_ not in [self.whole[k] for k in kept]:
                return f"{where}: {name} is none of the run without a fault"
        if status is None:
            return f"{where}: hung for {LIMIT} s"
        if status not in (0, 3):
            return f"{where}: exit code {status}\n{said[-800:]}"
        if alive:
            return f"{where}: not released: {alive}"
        if status == 0 and models != self.whole:
            return f"{where}: reported as done, but its checkpoints differ"
        if status == 3 and len(errors) != 1:
            return f"{where}: one error line expected, not {len(errors)}:\n{said[-800:]}"
        return None

    def run(self, each, codes):
        status, said, report, self.whole = self.train("whole")
        if status == 0 and not report:
            print(f"skipped: {harness.NO_LAYER}")
            return 77
        if status != 0 or len(self.whole) != 4 or any(v != "0" for k, v in report.items() if k.startswith("alive")):
            print(f"the run without a fault: exit code {status}, {sorted(self.whole)}, {report}\n{said[-1500:]}")
            return 1
        calls, wrong = int(report["calls"]), 0
        jobs = [(call, code) for call in range(1, calls + 1, each) for code in codes] if codes else \
               [(call, list(CODES)[i % len(CODES)]) for i, call in enumerate(range(1, calls + 1, each))]
        for done, (call, code) in enumerate(jobs):
            if done and done % 100 == 0:
                print(f"{done} of {len(jobs)} faults, {wrong} not as promised", flush=True)
            fault = self.fault(call, code)
            if fault:
                wrong += 1
                print(f"FAIL  {fault}", flush=True)
        ends = ", ".join(f"{count} {end}" for end, count in sorted(self.ends.items()))
        print(f"{calls} OpenCL calls in a run of 3 steps; {len(jobs)} faults tried: {ends}; {wrong} not as promised")
        return 1 if wrong else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--each", type=int, default=1, help="every N-th call only")
    parser.add_argument("--codes", help="each of these for every call, instead of the codes in turn")
    parser.add_argument("--variant", help="for `clgan train`")
    options = parser.parse_args()
    codes = [int(code) for code in options.codes.split(",")] if options.codes else None
    extra = ["--variant", options.variant] if options.variant else []
    harness.enter(__file__)
    try:
        return Sweep(extra).run(options.each, codes)
    finally:
        harness.clean_up()


sys.exit(main())
