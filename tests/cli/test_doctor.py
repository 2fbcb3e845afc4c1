"""`clgan doctor` from end to end. tests/robustness/fault's OpenCL layer fakes devices that do not open, and smaller ones."""
import json
import os
import shutil

import pytest
from harness import FAULT, ROOT, call, path

KERNELS = os.path.join(ROOT, "cl")
SPEC = ["--device", os.environ.get("CLGAN_DEVICE", "auto")]
QUICK = ["doctor", *SPEC, "--quick"]
AREAS = ["quirks", "correctness", "determinism", "bandwidth", "memory"]


def facts_of(*words, code=0, env=None):
    """The only device's facts, by `--json`."""
    facts = json.loads(call(*QUICK, "--json", *words, code=code, env=env).stdout)
    assert facts["clgan"] and facts["system"] and facts["loader"], f"odd: {facts}"
    assert len(facts["devices"]) == 1, f"{len(facts['devices'])} devices"
    device = facts["devices"][0]
    failed = [row for row in device["findings"] if not row["ok"]]
    assert len(failed) == device["failures"], f"{device['failures']} failures, but {failed}"
    return device, failed


def mutated(**changes):
    """A folder of kernels with changes: name="from -> to"."""
    folder = path("kernels")
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    for name, change in changes.items():
        before, after = change.split(" -> ")
        with open(os.path.join(KERNELS, name + ".cl"), encoding="utf-8") as file:
            text = file.read()
        assert before in text, f"{name}.cl has no {before}"
        with open(os.path.join(folder, name + ".cl"), "w", encoding="utf-8") as file:
            file.write(text.replace(before, after, 1))
    return folder


def test_all_is_well_here():
    device, _ = facts_of()
    rows = device["findings"]
    assert device["name"] and device["driver"] and device["extensions"] >= 0, f"odd facts: {device}"
    assert sorted({row["area"] for row in rows}) == sorted(AREAS), "an area is missing"
    assert all(row["text"] for row in rows), "a finding without a word"
    names = [row["name"] for row in rows]
    for name in ("conv=plain forward", "batch norm gradient", "Adam with its guard", "training steps",
                 "NaN and infinity", "largest allocation", "multiply-adds"):
        assert name in names, f"no {name} in {names}"
    judged = [row for row in rows if row["area"] == "correctness"]
    assert all(0 <= row["value"] <= row["limit"] < 1e-3 for row in judged), f"odd errors: {judged}"


def test_the_report_is_in_words():
    text = call(*QUICK, "--verbose", says=["system", "loader", "platform", "0 failed"]).stdout
    for area in AREAS:
        assert any(line.startswith(area) for line in text.splitlines()), f"no {area} in\n{text}"
    assert "FAILED" not in text and "conv=plain forward, 4x16x16x64 k128 4x4/2+1" in text, f"the rows:\n{text}"
    call("doctor", "--quick", "--all", code=2, says="--quick")
    call("doctor", "--device", "nonsense", code=2, says=["nonsense", "max alloc"])
    call(*QUICK, "--kernels", path("nowhere"), code=4, says="nowhere")


def test_what_is_wrong_is_named():
    folder = mutated(conv_plain="float sum = 0.0f -> float sum = 0.5f", element="exp(-x))) -> exp(x)))",
                    doctor="out[2] = a * b -> out[2] = isnan(a) ? 0.0f : a * b")
    _, failed = facts_of("--kernels", folder, code=3)
    names = [row["name"] for row in failed]
    assert "conv=plain forward" in names and "sigmoid" in names and "NaN and infinity" in names, f"only {names}"
    assert not any(name.startswith("conv=") and "plain" not in name for name in names), f"too many: {names}"
    hints = {row["name"]: row["text"] for row in failed}
    assert "another device" in hints["sigmoid"] and "nan * " in hints["NaN and infinity"], f"odd: {hints}"


def test_a_wrong_variant_is_no_end():
    folder = mutated(winograd="8.0f * m3 -> 7.0f * m3")
    if not any("winograd" in row["name"] for row in facts_of()[0]["findings"]):
        pytest.skip("conv=winograd is not for this device")
    text = call(*QUICK, "--kernels", folder, code=3,
                says=["FAILED      conv=winograd forward", "--variant", "determinism 2 of 2 well"]).stdout
    assert text.index("FAILED") < text.index("quirks"), f"failures are not first:\n{text}"


def test_what_cannot_be_opened_is_a_finding():
    device, failed = facts_of(code=3, env={"OPENCL_LAYERS": FAULT, "FAULT_AT": "1", "FAULT_CODE": "-6"})
    assert failed[0]["name"] == "opening the device" and "CL_OUT_OF_HOST_MEMORY" in failed[0]["text"], f"odd: {failed}"
    assert device["extensions"] == -1 and len(device["findings"]) == 1, f"odd: {device}"


def test_a_smaller_device_is_well_too():
    small = {"OPENCL_LAYERS": FAULT, "FAULT_GROUP": "64", "FAULT_LOCAL": "16384", "FAULT_ALLOC": str(32 << 20)}
    device, _ = facts_of(env=small)
    told = {row["name"]: row["limit"] for row in device["findings"]}
    assert told["work-group limit"] == 64 and told["local memory"] == 16384, f"odd: {told}"


def test_a_driver_that_crashes_says_where():
    if "pthread" not in call("devices", *SPEC).stdout:
        pytest.skip("kernels that crash are tried on PoCL only")
    folder = mutated(pool="AT(y)[i] = average -> AT(y)[i + (1ul << 44)] = average")
    call(*QUICK, "--kernels", folder, code=3, says=["system", "crashed the program, in max pooling"])
