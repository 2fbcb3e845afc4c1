#!/usr/bin/env python3
"""All tests that use OpenCL, on every implementation that can be had here: usage: implementations.py BUILD [NAME...]

The one that is installed, PoCL with smaller work-groups and another way to make work-group functions, PoCL 3.0 and
Intel's CPU runtime (both from PyPI), the loader that comes with the latter in ocl-icd's place, and Oclgrind. Each has
caches of its own, and its log in BUILD/meson-logs. The last lines are the table of docs/testing.md. What the wheels bring is kept
in BUILD/implementations. NAME runs only those whose name holds it; exit status 1 when a test failed.
"""
import glob
import json
import os
import shutil
import subprocess
import sys
import tempfile

BUILD = os.path.abspath(sys.argv[1])
HERE = os.path.dirname(os.path.abspath(__file__))
WHEELS = ["intel-opencl-rt", "intel-cmplr-lib-rt", "pocl-binary-distribution"]
LOADER_NEEDS = ["libOpenCL.so.1", "libsvml.so", "libirng.so", "libimf.so", "libintlc.so.5"]


def wheels():
    """The folder of a Python environment with the wheels, or None."""
    venv = os.path.join(BUILD, "implementations")
    done = os.path.join(venv, "installed")
    if not os.path.exists(done):
        shutil.rmtree(venv, ignore_errors=True)
        for words in ([sys.executable, "-m", "venv", venv], [f"{venv}/bin/pip", "install", "-q", *WHEELS]):
            try:
                result = subprocess.run(words, capture_output=True, text=True, timeout=1200)
            except (OSError, subprocess.TimeoutExpired) as error:
                print(f"no wheels: {error}", flush=True)
                return None
            if result.returncode:
                print(f"no wheels: {(result.stderr + result.stdout).strip()[-300:]}", flush=True)
                return None
        open(done, "w").close()
    return venv


def vendors(name, library):
    """A folder of ICD files with this library alone; None when it is not there."""
    found = glob.glob(library) if library else []
    if not found:
        return None
    folder = os.path.join(BUILD, "implementations", name)
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "one.icd"), "w", encoding="utf-8") as file:
        file.write(found[0] + "\n")
    return folder


def loader(venv):
    """A folder with the wheel's loader and what that needs, and nothing else."""
    folder = os.path.join(BUILD, "implementations", "loader")
    os.makedirs(folder, exist_ok=True)
    for name in LOADER_NEEDS:
        found = glob.glob(f"{venv}/lib/{name}")
        if not found:
            return None
        if not os.path.lexists(os.path.join(folder, name)):
            os.symlink(found[0], os.path.join(folder, name))
    return folder


def implementations():
    """Name and environment of each; the environment is None where it is not to be had."""
    rows = [("as installed", {}),
            ("work-groups of 64", {"POCL_MAX_WORK_GROUP_SIZE": "64"}),
            ("work-groups of 256", {"POCL_MAX_WORK_GROUP_SIZE": "256"}),
            ("POCL_WORK_GROUP_METHOD=loopvec", {"POCL_WORK_GROUP_METHOD": "loopvec"})]
    venv = wheels()
    other = vendors("pocl", f"{venv}/lib/python*/site-packages/pyopencl/.libs/libpocl*.so" if venv else None)
    intel = vendors("intel", f"{venv}/lib/libintelocl.so" if venv else None)
    second = loader(venv) if venv else None
    rows.append(("the PyPI wheel", {"OCL_ICD_VENDORS": other} if other else None))
    rows.append(("Intel's CPU runtime", {"OCL_ICD_VENDORS": intel} if intel else None))
    rows.append(("the loader of Intel's wheel", {"LD_LIBRARY_PATH": second} if second else None))
    return rows


def version(env):
    done = subprocess.run([os.path.join(BUILD, "clgan"), "devices", "--json"], env=env, capture_output=True, text=True)
    try:
        device = json.loads(done.stdout)["devices"][0]
    except (ValueError, LookupError):
        return None
    platform = {"Portable Computing Language": "PoCL", "Intel(R) OpenCL": "Intel OpenCL"}
    return f"{platform.get(device['platform_name'], device['platform_name'])} {device['driver']}"


def suite(number, env):
    """The results of meson's tests: passed, failed with their names, skipped."""
    log = f"implementation-{number}"
    path = os.path.join(BUILD, "meson-logs", log + ".json")
    if os.path.exists(path):
        os.remove(path)
    subprocess.run(["meson", "test", "-C", BUILD, "--no-rebuild", "--logbase", log, "-t", "6", "--suite", "opencl"],
                   env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    with open(path, encoding="utf-8") as file:
        results = [json.loads(line) for line in file if line.strip()]
    names = {r["name"].split(" / ")[-1].strip(): r["result"] for r in results}
    passed = [name for name, result in names.items() if result in ("OK", "EXPECTEDFAIL")]
    skipped = [name for name, result in names.items() if result in ("SKIP", "IGNORED")]
    failed = [f"{name} ({result})" for name, result in names.items() if name not in passed + skipped]
    return passed, failed, skipped


def told(name, says, passed, failed, skipped):
    line = f"{len(passed)} of {len(passed) + len(failed)}" + (f" ({len(skipped)} skipped)" if skipped else "")
    print(f"{name}: {says}: {line} passed" + (": failed: " + ", ".join(failed) if failed else ""), flush=True)
    return f"| {name} | {says} | {line} |"


def oclgrind():
    done = subprocess.run(["sh", os.path.join(HERE, "oclgrind.sh"), os.path.join(BUILD, "tests")],
                          capture_output=True, text=True)
    lines = done.stdout.splitlines()
    if done.returncode == 77:
        return "Oclgrind", "not to be had here", [], [], []
    said = subprocess.run(["oclgrind", "--version"], capture_output=True, text=True).stdout.split()
    number = next((word for word in said if word[0].isdigit()), "")
    return ("operations on a simulator that checks", f"Oclgrind {number}", [x for x in lines if x.startswith("ok")],
            [x[6:] for x in lines if x.startswith("FAIL")], [])


def main():
    wanted, table, wrong = sys.argv[2:], [], 0

    def chosen(name):
        return not wanted or any(word in name for word in wanted)

    for number, (name, extra) in enumerate(implementations()):
        if not chosen(name):
            continue
        if extra is None:
            table.append(f"| {name} | not to be had here | |")
            continue
        caches = tempfile.mkdtemp(prefix="clgan-implementation-")
        env = {**os.environ, "POCL_CACHE_DIR": caches, "XDG_CACHE_HOME": caches, **extra}
        says = version(env)
        results = suite(number, env) if says else ([], ["no device"], [])
        shutil.rmtree(caches, ignore_errors=True)
        table.append(told(name, says, *results))
        wrong += bool(results[1])
    if chosen("oclgrind"):
        results = oclgrind()
        table.append(told(*results))
        wrong += bool(results[3])
    print("\n| implementation | version | tests passed |\n|---|---|---|\n" + "\n".join(table))
    absent = sum("not to be had" in row for row in table)
    print(f"\n{len(table) - absent} implementations, {len(table) - absent - wrong} of them pass all tests; "
          f"{absent} not to be had here")
    return 1 if wrong else 0


sys.exit(main())
