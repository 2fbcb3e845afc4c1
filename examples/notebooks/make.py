#!/usr/bin/env python3
"""Runs the notebooks and stores their outputs in them. Usage: make.py [--small] [--out FOLDER] [NOTEBOOK...]

Without names, all of them run; with --small, each takes seconds, as in the tests; with --out, the results go there and
these files stay as they are. Needs nbclient, ipykernel, matplotlib, ipywidgets and numpy, and clgan itself: installed, or
with PYTHONPATH=src/python and CLGAN_LIBRARY=build/libclgan.so. The cells' output must not depend on the machine's folders.
"""
import argparse
import os
import sys
import time

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

HERE = os.path.dirname(os.path.abspath(__file__))
LIMIT = 3600  # seconds for one cell


def tidy(notebook):
    """Removes what differs from run to run without meaning anything."""
    notebook.metadata.pop("widgets", None)
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        for output in cell.get("outputs", []):
            for kind in [kind for kind in output.get("data", {}) if "widget" in kind]:
                del output["data"][kind]
        cell["outputs"] = [output for output in cell.get("outputs", []) if output.get("data", True)] \
            if cell.cell_type == "code" else None
        if cell.cell_type != "code":
            del cell["outputs"]


def run(path, out):
    notebook = nbformat.read(path, 4)
    start = time.monotonic()
    NotebookClient(notebook, timeout=LIMIT, kernel_name="python3", resources={"metadata": {"path": HERE}}).execute()
    tidy(notebook)
    result = os.path.join(out, os.path.basename(path)) if out else path
    nbformat.write(notebook, result)
    print(f"{os.path.basename(path)}: {time.monotonic() - start:.0f} s, {os.path.getsize(result) / 1024:.0f} KiB", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("notebooks", nargs="*")
    parser.add_argument("--small", action="store_true", help="few steps and samples")
    parser.add_argument("--out", help="folder for the results")
    options = parser.parse_args()
    names = options.notebooks or sorted(os.path.join(HERE, name) for name in os.listdir(HERE) if name.endswith(".ipynb"))
    if options.small:
        os.environ["CLGAN_NOTEBOOK_SMALL"] = "1"
    failures = 0
    for name in names:
        try:
            run(name, options.out)
        except CellExecutionError as error:
            failures += 1
            print(f"{os.path.basename(name)}: FAILED\n{error}", flush=True)
    return 1 if failures else 0


sys.exit(main())
