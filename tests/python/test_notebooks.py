"""The example notebooks run from first to last cell with small settings.

Every cell must end without an exception, and every notebook show pictures. Skipped where nbclient and what the notebooks
import are missing.
"""
import glob
import importlib.util
import json
import os
import subprocess
import sys

import pytest
from harness import ROOT, path

NEEDED = ["nbclient", "nbformat", "ipykernel", "matplotlib", "numpy"]


def faults_of(notebook):
    """What is wrong with a notebook that was run."""
    with open(notebook, encoding="utf-8") as file:
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


def test_notebooks():
    missing = [name for name in NEEDED if not importlib.util.find_spec(name)]
    if missing:
        pytest.skip(f"no {', '.join(missing)} for {sys.executable}")
    env = dict(os.environ, XDG_CACHE_HOME=path("cache"), MPLCONFIGDIR=path(), IPYTHONDIR=path())
    notebooks = os.path.join(ROOT, "examples", "notebooks")
    subprocess.run([sys.executable, os.path.join(notebooks, "make.py"), "--small", "--out", path()], env=env, check=True)
    made = {os.path.basename(name): name for name in glob.glob(path("*.ipynb"))}
    wanted = {os.path.basename(name) for name in glob.glob(os.path.join(notebooks, "*.ipynb"))}
    assert set(made) == wanted and len(wanted) >= 4, f"made {sorted(made)} of {sorted(wanted)}"
    faults = [f"{name}: {fault}" for name, made_path in made.items() for fault in faults_of(made_path)]
    assert not faults, "\n".join(faults)
