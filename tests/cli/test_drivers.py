"""OpenCL drivers that crash while they are loaded.

FAKE is the driver of tests/robustness/fault, which misbehaves as $FAKE_DRIVER says. It is registered beside what is installed.
"""
import glob
import json
import os
import shutil

import pytest
from harness import DRIVER as FAKE
from harness import FACES, TINY, call, path, read

INSTALLED = os.environ.get("OCL_ICD_VENDORS") or "/etc/OpenCL/vendors"
NAMED = "fake.icd"


def vendors(name, **libraries):
    """A folder with the .icd files that are installed and these: file="library"."""
    folder = path(name)
    if not os.path.isdir(folder):
        os.makedirs(folder)
        for file in glob.glob(os.path.join(INSTALLED, "*.icd")):
            shutil.copy(file, folder)
        for file, library in libraries.items():
            with open(os.path.join(folder, file + ".icd"), "w", encoding="utf-8") as out:
                out.write(library + "\n")
    return folder


def env_of(order, **more):
    sanitizer = os.environ.get("ASAN_OPTIONS", "") + ":handle_segv=0"  # a crash is to look like one
    return {"OCL_ICD_VENDORS": vendors("vendors", fake=FAKE), "FAKE_DRIVER": order, "CLGAN_DRIVER_TIMEOUT": "5",
            "ASAN_OPTIONS": sanitizer, **more}


def names_of(done):
    return [device["name"] for device in json.loads(done.stdout)["devices"]]


def loads(log, *words, env, code=0):
    """In how many processes the driver was loaded: 2 when it is tried before; 1 then when the loader leaves it out."""
    call(*words, env={**env, "FAKE_LOG": log}, code=code)
    if not os.path.exists(log):
        return 0
    with open(log, encoding="utf-8") as file:
        processes = set(file.read().split())
    os.remove(log)
    return len(processes)


@pytest.fixture(scope="module", name="installed", autouse=True)
def installed_devices():
    names = names_of(call("devices", "--json", env=env_of("none")))
    if not names:
        pytest.skip("no device beside the fake driver")
    return names


def test_each_crash_is_named_and_the_rest_usable(installed):
    for place in ("constructor", "platforms", "devices"):
        for way, what in (("abort", "signal 6"), ("crash", "signal 11"), ("exit", "exit code 7"), ("quit", "exit code 0"),
                          ("kill", "killed")):
            done = call("devices", "--json", env=env_of(f"{place} {way}"), says=["warning", NAMED, what])
            assert names_of(done) == installed, f"{place} {way}: {names_of(done)} instead of {installed}"
            rows = json.loads(done.stdout)["drivers"]
            bad = [row for row in rows if not row["ok"]]
            assert (len(bad) == 1 and bad[0]["file"].endswith(NAMED) and bad[0]["library"] == FAKE and what in bad[0]["text"]
                    and f"told to {way}" in bad[0]["text"]), f"{place} {way}: {rows}"


def test_a_hang_is_ended(installed):
    for place in ("constructor", "platforms", "devices"):
        done = call("devices", env=env_of(f"{place} hang", CLGAN_DRIVER_TIMEOUT="3"), says=[NAMED, "within 3 s"])
        assert installed[0] in done.stdout, f"{place}: {done.stdout}"


def test_every_command_goes_on(installed):
    env = env_of("platforms abort")
    call("train", *FACES, *TINY, "--steps", "1", "--out", path("run"), env=env, says=["warning", NAMED, "signal 6"])
    model = path("run", "model.safetensors")
    call("generate", "--model", model, "--n", "1", "--npy", path("a.npy"), "--device", installed[0], env=env, says=NAMED)
    call("generate", "--model", model, "--n", "1", "--npy", path("b.npy"), "--device", "0:0", env=env)
    assert read("a.npy") == read("b.npy"), "another picture"
    call("generate", "--model", model, "--n", "1", "--npy", path("a.npy"), "--device", "nonsense", env=env, code=2,
         says=["nonsense", installed[0]])


def test_the_doctor_has_a_finding(installed):
    env = env_of("constructor abort")
    text = call("doctor", "--quick", "--device", installed[0], env=env, code=3, says=["FAILED", NAMED, "0 failed"]).stdout
    assert text.index("FAILED") < text.index("device "), f"failures are not first:\n{text}"
    facts = json.loads(call("doctor", "--quick", "--device", installed[0], "--json", env=env, code=3).stdout)
    assert [row["ok"] for row in facts["drivers"] if row["file"].endswith(NAMED)] == [False], f"odd: {facts['drivers']}"


def test_nothing_but_a_crash():
    alone = path("alone")
    os.makedirs(alone)
    shutil.copy(os.path.join(vendors("vendors"), NAMED), alone)
    for what in (alone, os.path.join(alone, NAMED), FAKE):
        env = env_of("platforms abort", OCL_ICD_VENDORS=what)
        if loads(path("loads"), "devices", env={**env, "FAKE_DRIVER": "none"}, code=2) < 2:
            continue  # Khronos's loader takes folders only
        call("devices", env=env, code=2, says=["signal 6", FAKE, "No OpenCL device found"])
        call("doctor", "--quick", env=env, code=3, says=["FAILED", "signal 6", "No OpenCL device found"])
        call("bench", *TINY, env=env, code=2, says=["signal 6", "No OpenCL device found"])


def test_a_library_of_the_list(installed):
    env = env_of("platforms abort", OCL_ICD_VENDORS=vendors("installed"), OCL_ICD_FILENAMES=FAKE)
    if loads(path("loads"), "devices", env={**env, "FAKE_DRIVER": "none"}) == 2:  # Khronos's loader takes the list
        call("devices", env=env, says=["signal 6", FAKE, installed[0]])
    env["OCL_ICD_VENDORS"] = vendors("vendors")
    done = call("devices", "--json", env=env, says=["signal 6", NAMED])
    assert names_of(done) == installed, f"{names_of(done)} instead of {installed}"


def test_drivers_that_are_at_odds(installed):
    copies = [path(name) for name in ("one.so", "two.so")]
    for copy in copies:
        shutil.copy(FAKE, copy)
    env = env_of("pair abort", OCL_ICD_VENDORS=vendors("pair", one=copies[0], two=copies[1]), FAKE_PAIR=":".join(copies))
    done = call("devices", "--json", env=env, says="together")
    bad = [row["library"] for row in json.loads(done.stdout)["drivers"] if not row["ok"]]
    assert bad == [copies[1]], f"left out: {bad}"
    assert names_of(done) == installed, f"{names_of(done)} instead of {installed}"


def test_a_missing_linker():
    env = {"PATH": path("nowhere"), "POCL_CACHE_DIR": path("kernels"), "XDG_CACHE_HOME": path("without-linker")}
    facts = json.loads(call("devices", "--json", env=env, code=None).stdout)
    bad = [row for row in facts["drivers"] if not row["ok"]]
    if bad:  # a PoCL that needs a linker beside it
        assert "first kernel" in bad[0]["text"] and "ld" in bad[0]["text"], f"odd: {bad}"
        call("train", *FACES, *TINY, "--steps", "1", "--out", path("no-linker"), env=env, says=bad[0]["file"],
             code=None if facts["devices"] else 2)
    else:
        call("train", *FACES, *TINY, "--steps", "1", "--out", path("no-linker"), env=env)


def test_a_missing_library_is_named(installed):
    env = env_of("none", OCL_ICD_VENDORS=vendors("missing", gone="libgone.so.3"))
    done = call("devices", "--json", env=env, says=["gone.icd", "libgone.so.3"])
    assert names_of(done) == installed, f"{names_of(done)} instead of {installed}"


@pytest.mark.needs("test_every_command_goes_on")
def test_what_was_well_is_remembered():
    order, log = path("order"), path("loads")
    with open(order, "w", encoding="utf-8") as file:
        file.write("none")
    env = env_of("@" + order, FAKE_LOG=log, XDG_CACHE_HOME=path("remembered"))
    work = ["generate", "--model", path("run", "model.safetensors"), "--n", "1", "--npy", path("a.npy")]
    assert loads(log, *work, env=env) == 2, "not tried"
    assert loads(log, *work, env=env) == 1, "tried again"
    assert loads(log, "devices", env=env) == 2, "`devices` did not try"
    assert loads(log, *work, env={**env, "FAKE_OTHER": "1"}) == 2, "another environment: not tried"
    assert loads(log, *work, env=env) == 2, "the environment before it: not tried"
    os.utime(os.path.join(vendors("vendors"), NAMED))
    assert loads(log, *work, env=env) == 2, "another file: not tried"
    assert loads(log, *work, env=env) == 1, "tried again"
    with open(order, "w", encoding="utf-8") as file:  # crashes now, for a reason that nobody can see beforehand
        file.write("platforms abort")
    call(*work, env=env, code=-6)
    call(*work, env=env, says=["warning", NAMED])


def test_nothing_is_left_behind():
    left = [name for name in os.listdir(path("cache", "clgan")) if name.startswith("drivers-")]
    assert set(left) <= {"drivers-well", "drivers-loading"}, f"left: {left}"
