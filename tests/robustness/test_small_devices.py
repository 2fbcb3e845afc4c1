"""Devices smaller than the one at hand, faked by a layer that reports and enforces their limits.

On each, training and generation must do what they do on the whole device (losses to 1e-3), or say in one line what is
too large; `clgan devices` must show the limits.
"""
import json
import os
import re
import subprocess

import pytest
from harness import CLGAN, ENV, FACES, FAULT, NO_LAYER, path

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
    env = {**ENV, "OPENCL_LAYERS": FAULT, **{name: str(value) for name, value in device.items()}}
    return subprocess.run([CLGAN, *words], env=env, capture_output=True, text=True, timeout=600)


def losses(device, *words):
    """The losses of three steps, or the message of exit code 3."""
    out = path("run")
    done = clgan(device, "train", *FACES, *MODEL, "--steps", "3", "--overwrite", "--out", out, *words)
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if line.startswith("clgan:")]
        return done.returncode, lines
    with open(os.path.join(out, "metrics.csv"), encoding="utf-8") as file:
        rows = [line.split(",") for line in file.read().splitlines()[1:]]
    return 0, [float(value) for row in rows for value in row[2:7]]


def fault_of(facts, limits):
    """What `clgan devices` should report of a faked device but does not."""
    for field, name in (("max_work_group", "FAULT_GROUP"), ("local_memory", "FAULT_LOCAL"),
                        ("max_allocation", "FAULT_ALLOC")):
        if name in limits and facts[field] > limits[name]:
            return f"{field} is {facts[field]}"
    if "FAULT_GPU" in limits and facts["type"] != "gpu":
        return f"its type is {facts['type']}"
    return None


@pytest.fixture(scope="module")
def whole():
    """The losses on the whole device."""
    clgan({"FAULT_REPORT": path("probe")}, "devices")
    if not os.path.exists(path("probe")):
        pytest.skip(NO_LAYER)
    status, result = losses({})
    assert status == 0, f"the whole device: exit code {status}: {result}"
    return result


@pytest.mark.parametrize("name", DEVICES)
def test_small_device(whole, name):
    limits = DEVICES[name]
    facts = json.loads(clgan(limits, "devices", "--json").stdout)["devices"][0]
    fault = fault_of(facts, limits)
    assert fault is None, fault
    status, result = losses(limits)
    if status == 0:
        worst = max(abs(a - b) for a, b in zip(whole, result))
        print(f"losses differ by at most {worst:.1e}")
        assert len(result) == len(whole) and worst <= 1e-3, f"losses differ by at most {worst:.1e}"
    else:
        print(f"refused: {result}")
        assert status == 3 and len(result) == 1 and re.search(r"allows|batch|memory", result[0]), (
            f"exit code {status}: {result}")
