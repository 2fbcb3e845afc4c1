"""What the Python package's tests share: a folder to work in, the command, a device, and a tiny gan."""
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

TEMP = tempfile.mkdtemp(prefix="clgan-python-")
os.environ["XDG_CACHE_HOME"] = os.path.join(TEMP, "cache")  # the command's too
CLGAN = os.path.abspath(sys.argv[1])
ROOT = os.path.abspath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
TINY = {"size": 16, "ngf": 4, "ndf": 4, "batch": 4, "z": 8}
LIMIT = 300  # seconds for one process


def skip_all(why):
    """meson counts the whole file as skipped."""
    shutil.rmtree(TEMP, ignore_errors=True)
    print(f"skipped: {why}")
    sys.exit(77)


try:
    import clgan
except ModuleNotFoundError as e:
    skip_all(e)


def path(*parts):
    return os.path.join(TEMP, *parts)


def command(*words):
    done = subprocess.run([CLGAN, *words], capture_output=True, text=True, timeout=LIMIT)
    if done.returncode:
        raise AssertionError(f"`clgan {' '.join(words)}` gave {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout


def tiny(**options):
    return clgan.Gan(**{**TINY, **options})


def main():
    result = unittest.main(module="__main__", argv=sys.argv[:1], exit=False, verbosity=2).result
    shutil.rmtree(TEMP, ignore_errors=True)
    for test, why in result.skipped:
        print(f"skipped: {test}: {why}")
    sys.exit(0 if result.wasSuccessful() and result.testsRun else 1)
