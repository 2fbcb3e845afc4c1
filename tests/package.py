"""What the tests of the Python package share: the command, and a tiny gan."""
import os
import subprocess

import harness
import pytest
from harness import CLGAN, LIMIT, ROOT, path  # noqa: F401 (for the tests)

pytest.importorskip("numpy")
os.environ["XDG_CACHE_HOME"] = os.path.join(harness._temp, "cache")  # the command's too

import clgan  # noqa: E402

TINY = {"size": 16, "ngf": 4, "ndf": 4, "batch": 4, "z": 8}


def command(*words):
    done = subprocess.run([CLGAN, *words], capture_output=True, text=True, timeout=LIMIT)
    if done.returncode:
        raise AssertionError(f"`clgan {' '.join(words)}` gave {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout


def tiny(**options):
    return clgan.Gan(**{**TINY, **options})
