#!/usr/bin/env python3
"""The example notebooks run from first to last cell with small settings: usage: notebooks.py ROOT LIBRARY

Every cell must end without an exception, and every notebook show pictures. Skipped where nbclient and what the notebooks
import are missing.
"""
import glob
import importlib.util
import json
import os
import subprocess
import sys
import tempfile

NEEDED = ["nbclient", "nbformat", "ipykernel", "matplotlib", "numpy"]


def faults_of(path):
    """What is wrong with a notebook that was run."""
    with open(path, encoding="utf-8") as file:
        cells = json.load(file)["cells"]
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    outputs = [output for cell in code for output in cell["outputs"]]
    pictures = [output for output in outputs if "image/png" in output.get("data", {})]
    if any(cell["execution_count"] is None for cell in code):
        yield "a cell was not run"
    if any(output["output_type"] == "error" for output in outputs):
        yield "a cell failed"
    if len(pictures) < 4:
        yield f"only {len(pictures)} pictures"


def main():
    root, library = (os.path.abspath(word) for word in sys.argv[1:3])
    missing = [name for name in NEEDED if not importlib.util.find_spec(name)]
    if missing:
        print(f"skipped: no {', '.join(missing)} for {sys.executable}")
        return 77
    with tempfile.TemporaryDirectory(prefix="clgan-notebooks-") as temp:
        env = dict(os.environ, CLGAN_LIBRARY=library, XDG_CACHE_HOME=os.path.join(temp, "cache"),
                   PYTHONPATH=os.path.join(root, "src", "python"), MPLCONFIGDIR=temp, IPYTHONDIR=temp)
        make = os.path.join(root, "examples", "notebooks", "make.py")
        status = subprocess.run([sys.executable, make, "--small", "--out", temp], env=env, check=False).returncode
        made = sorted(glob.glob(os.path.join(temp, "*.ipynb")))
        wanted = len(glob.glob(os.path.join(root, "examples", "notebooks", "*.ipynb")))
        faults = [f"{os.path.basename(path)}: {fault}" for path in made for fault in faults_of(path)]
    for fault in faults:
        print(fault)
    print(f"{len(made)} of {wanted} notebooks run, {len(faults)} faults")
    return 1 if status or faults or len(made) != wanted or wanted < 4 else 0


sys.exit(main())
