"""Checks that no file includes upwards: includes.py ROOT, or includes.py --self-test. The table is the design's."""
import os
import re
import sys
import tempfile

FLOORS = {"base": 0, "device": 1, "data": 1, "ops": 2, "selftest": 2, "tune": 2, "nn": 3, "gan": 4, "report": 4,
          "doctor": 4, "explore": 4, "run": 5, "cli": 6, "python": 6}
# Beyond the floors: what a room must not know although it is not above it.
STRANGERS = {("device", "data"), ("data", "device"), ("nn", "data")}
# On the top floor: public headers and the folder's own ones only.
PUBLIC_ONLY = ("src/cli", "src/python", "examples")
# Headers of dependencies: which places may include them.
LIBRARIES = (
    (r"CL/.*", ("src/device/", "src/ops/", "src/tune/")),
    (r"clblast(_c)?\.h", ("src/ops/gemm.c",)),
    (r"jpeglib\.h|png\.h|webp/.*", ("src/data/",)),
    (r"linear\.h", ("src/explore/svm.c",)),
    (r"cmocka\.h", ()),
)
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.M)


def files_of(root):
    """The paths, from the root, of all C files whose includes matter."""
    for top in ("src", "examples", "include"):
        for folder, _, names in os.walk(os.path.join(root, top)):
            for name in names:
                if name.endswith((".c", ".h")):
                    yield os.path.relpath(os.path.join(folder, name), root)


def target_of(path, name, root):
    """What a quoted include means: a path from the root. Own folder first, then src/, as the compiler does."""
    for folder in (os.path.dirname(path), "src"):
        target = os.path.normpath(os.path.join(folder, name))
        if os.path.exists(os.path.join(root, target)):
            return target
    return os.path.normpath(os.path.join("src", name))


def fault_of_quoted(path, target):
    """Why `path` may not include the project's own file `target`; None when it may."""
    for top in PUBLIC_ONLY:
        if path.startswith(top + "/"):
            return None if target.startswith(top + "/") else f"{top} may include <clgan/...> and its own files only"
    if path.startswith("include/"):
        return "public headers include <clgan/...> only"
    here, there = (p.split("/")[1] if p.startswith("src/") and p.count("/") > 1 else None for p in (path, target))
    for room in (here, there):
        if room not in FLOORS:
            return f"the folder {room} is on no floor: give it one in tests/rules/includes.py"
    if FLOORS[there] > FLOORS[here]:
        return f"src/{here} is on floor {FLOORS[here]}, src/{there} on floor {FLOORS[there]}"
    if (here, there) in STRANGERS:
        return f"src/{here} must not know src/{there}"
    return None


def fault_of_library(path, name):
    """Why `path` may not include the dependency's header `name`; None when it may."""
    for pattern, places in LIBRARIES:
        if re.fullmatch(pattern, name) and not path.startswith(places or ("nowhere",)):
            return "it belongs into " + (" ".join(places) or "tests/")
    return None


def faults(root):
    """One line for every include that is out of place, and the number of includes seen."""
    found, seen = [], 0
    for path in sorted(files_of(root)):
        with open(os.path.join(root, path), encoding="utf-8") as file:
            text = file.read()
        for kind, name in INCLUDE.findall(text):
            seen += 1
            why = fault_of_library(path, name)
            if not why and kind == '"':
                why = fault_of_quoted(path, target_of(path, name, root))
            if why:
                found.append(f"{path}: {name}: {why}")
    return found, seen


PLANTED = (  # file, its include, is that wrong?
    ("src/base/good.c", '"base/file.h"', False),
    ("src/ops/good.c", '"device/queue.h"', False),
    ("src/ops/good.c", "<CL/cl.h>", False),
    ("src/ops/gemm.c", "<clblast_c.h>", False),
    ("src/cli/train.c", '"cli.h"', False),
    ("src/cli/sample.c", "<clgan/gan.h>", False),
    ("src/data/png.c", "<png.h>", False),
    ("src/report/report.c", '"report.h"', False),
    ("src/base/bad.c", '"device/queue.h"', True),
    ("src/ops/bad.h", '"nn/net.h"', True),
    ("src/nn/bad.c", '  "gan/report.h"', True),
    ("src/nn/bad.c", '"../gan/report.h"', True),
    ("src/nn/bad.c", '"data/loader.h"', True),
    ("src/data/bad.c", '"device/queue.h"', True),
    ("src/cli/bad.c", '"base/file.h"', True),
    ("src/cli/bad.c", '"../base/file.h"', True),
    ("src/gan/bad.c", "<CL/cl.h>", True),
    ("src/cli/bad.c", '"CL/opencl.h"', True),
    ("src/ops/conv/conv.c", "<clblast_c.h>", True),
    ("src/gan/bad.c", "<jpeglib.h>", True),
    ("src/attic/bad.c", '"base/file.h"', True),
    ("include/clgan/bad.h", '"base/file.h"', True),
    ("examples/bad.c", '"gan/report.h"', True),
)


def self_test():
    """Plants one include at a time; returns the ones that were judged wrongly."""
    wrong = []
    for path, include, bad in PLANTED:
        with tempfile.TemporaryDirectory() as root:
            for header in ("src/base/file.h", "src/cli/cli.h", "src/report/report.h", path):
                os.makedirs(os.path.join(root, os.path.dirname(header)), exist_ok=True)
                with open(os.path.join(root, header), "a", encoding="utf-8") as file:
                    file.write(f"#include {include}\n" if header == path else "")
            found, _ = faults(root)
            if bool(found) != bad:
                wrong.append(f"{path} with {include}: {'passed' if bad else found}")
    return wrong, len(PLANTED)


def main():
    """Prints what is out of place; exit status 1 when anything is, or when nothing was looked at."""
    lines, seen = self_test() if sys.argv[1:] == ["--self-test"] else faults(sys.argv[1])
    print("\n".join(lines + [f"{seen} includes checked, {len(lines)} out of place"]))
    sys.exit(1 if lines or not seen else 0)


main()
