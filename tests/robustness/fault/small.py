#!/usr/bin/env python3
"""Devices smaller than the one at hand, faked by a layer that tells and enforces their limits: usage: small.py CLGAN LAYER

On each, training and generation must do what they do on the whole device (losses to 1e-3), or say in one line what is
too large; `clgan devices` must show the limits.
"""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

CLGAN, LAYER = (os.path.abspath(word) for word in sys.argv[1:3])
TEMP = tempfile.mkdtemp(prefix="clgan-small-")
MODEL = ["--size", "32", "--ngf", "8", "--ndf", "8", "--batch", "8", "--z", "16"]
MIB = 1 << 20
DEVICES = {
    "work-groups of 64": {"FAULT_GROUP": 64},
    "a GPU with work-groups of 256, 32 KiB, 128 MiB": {"FAULT_GROUP": 256, "FAULT_LOCAL": 32768, "FAULT_GPU": 1,
                                                       "FAULT_ALLOC": 128 * MIB, "FAULT_VENDOR": "Small GPU"},
    "a GPU with work-groups of 64 and 16 KiB": {"FAULT_GROUP": 64, "FAULT_LOCAL": 16384, "FAULT_GPU": 1},
    "a GPU with work-groups of 8": {"FAULT_GROUP": 8, "FAULT_GPU": 1},
    "pieces of 3 MiB": {"FAULT_ALLOC": 3 * MIB},
    "a GPU with pieces of 1 MiB": {"FAULT_ALLOC": MIB, "FAULT_GPU": 1},
}


def clgan(device, *words):
    env = dict(os.environ, OPENCL_LAYERS=LAYER, XDG_CACHE_HOME=os.path.join(TEMP, "cache"),
               **{name: str(value) for name, value in device.items()})
    return subprocess.run([CLGAN, *words], env=env, capture_output=True, text=True, timeout=600)


def losses(device, *words):
    """The losses of three steps, or the message of exit code 3."""
    out = os.path.join(TEMP, "run")
    done = clgan(device, "train", "--data", "builtin:faces", "--threads", "1", *MODEL, "--steps", "3", "--overwrite",
                 "--out", out, *words)
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if line.startswith("clgan:")]
        return done.returncode, lines
    with open(os.path.join(out, "metrics.csv"), encoding="utf-8") as file:
        rows = [line.split(",") for line in file.read().splitlines()[1:]]
    return 0, [float(value) for row in rows for value in row[2:7]]


def fault_of(facts, limits):
    """What `clgan devices` should tell of a faked device but does not."""
    for field, name in (("max_work_group", "FAULT_GROUP"), ("local_memory", "FAULT_LOCAL"),
                        ("max_allocation", "FAULT_ALLOC")):
        if name in limits and facts[field] > limits[name]:
            return f"{field} is {facts[field]}"
    if "FAULT_GPU" in limits and facts["type"] != "gpu":
        return f"its type is {facts['type']}"
    return None


def main():
    failures = 0
    probe = os.path.join(TEMP, "probe")
    clgan({"FAULT_REPORT": probe}, "devices")
    if not os.path.exists(probe):
        print("skipped: the ICD loader did not take the layer (ocl-icd from 2.3 and Khronos's do: OPENCL_LAYERS)")
        return 77
    whole_status, whole = losses({})
    if whole_status:
        print(f"the whole device: exit code {whole_status}: {whole}")
        return 1
    for name, limits in DEVICES.items():
        facts = json.loads(clgan(limits, "devices", "--json").stdout)["devices"][0]
        fault = fault_of(facts, limits)
        status, result = losses(limits)
        if status == 0:
            worst = max(abs(a - b) for a, b in zip(whole, result))
            told = f"losses differ by at most {worst:.1e}"
            if len(result) != len(whole) or worst > 1e-3:
                fault = told
        elif status == 3 and len(result) == 1 and re.search(r"allows|batch|memory", result[0]):
            told = "refused: " + result[0]
        else:
            fault = f"exit code {status}: {result}"
        failures += fault is not None
        print(f"{'FAIL' if fault else 'ok  '}  {name}: {fault or told}", flush=True)
    shutil.rmtree(TEMP, ignore_errors=True)
    print(f"{len(DEVICES) - failures} of {len(DEVICES)} faked devices")
    return 1 if failures else 0


sys.exit(main())
