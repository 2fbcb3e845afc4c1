"""What the tests written in Python share: where the build is, a folder for each module, and calls of clgan."""
import collections
import os
import re
import shutil
import subprocess
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BUILD = os.path.abspath(os.environ.get("CLGAN_TEST_BUILD") or os.path.join(ROOT, "build"))
CLGAN = os.path.join(BUILD, "clgan")
LIBRARY = os.path.join(BUILD, "libclgan.so")
PARITY_RUN = os.path.join(BUILD, "tests", "parity_run")
FAULT, CLOCK, DRIVER = (os.path.join(BUILD, "tests", f"lib{name}.so") for name in ("fault", "clock", "driver"))
NO_LAYER = "the ICD loader did not take the layer (ocl-icd from 2.3 and Khronos's do: OPENCL_LAYERS)"
TINY = ["--size", "16", "--ngf", "4", "--ndf", "4", "--batch", "4", "--z", "8"]
BENCH = ["--size", "16", "--ngf", "8", "--ndf", "8", "--batch", "4"]
FACES = ["--data", "builtin:faces", "--threads", "1"]
LIMIT = 300  # seconds for one call

# The Python package is used from the source tree with the library just built, here and in processes started from here.
os.environ.setdefault("CLGAN_LIBRARY", LIBRARY)
os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [os.path.join(ROOT, "src", "python"), os.environ.get("PYTHONPATH")]))
# PoCL's compiled kernels are shared by all tests, and kept: compiling takes most of the time of the tests.
os.environ.setdefault("POCL_CACHE_DIR", os.path.join(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"),
                                                     "pocl", "kcache"))
ENV = {}  # the environment of commands, renewed for each module
_inherited = dict(os.environ)
_temp = tempfile.mkdtemp(prefix="clgan-test-")
_folder = _temp


def enter(module):
    """Makes the folder of this module, a file's path, the one that path() is about, with caches of its own."""
    global _folder
    _folder = os.path.join(_temp, os.path.relpath(module, ROOT).replace(os.sep, "-").removesuffix(".py"))
    os.makedirs(_folder, exist_ok=True)
    ENV.clear()
    ENV.update(_inherited, XDG_CACHE_HOME=path("cache"))


def leave():
    """Removes the module's folder."""
    shutil.rmtree(_folder, ignore_errors=True)


def clean_up():
    """Removes all folders."""
    shutil.rmtree(_temp, ignore_errors=True)


def path(*parts):
    """A path in the module's folder."""
    return os.path.join(_folder, *parts)


def read(*parts):
    with open(path(*parts), "rb") as file:
        return file.read()


Option = collections.namedtuple("Option", "name type min max choices")


def option_rows(source):
    """The rows of the option table in a C file of the library, as their texts there."""
    with open(os.path.join(ROOT, source), encoding="utf-8") as file:
        rows = re.findall(r'\{"([a-z0-9-]+)", CLG_OPTION_(\w+), FIELD\(\w+\), (\S+), (\S+), (?:NULL|"(\S+)"),', file.read())
    assert rows, f"no table of options in {source}"
    return [Option(*row) for row in rows]


def call(*words, code=0, says=(), env=None, before=()):
    """Runs clgan; the exit code must be `code` (None: any), and both outputs together hold every text of `says`.

    env: changes of the environment, None takes a variable away. before: words of a command that starts clgan.
    """
    variables = {name: value for name, value in {**ENV, **(env or {})}.items() if value is not None}
    done = subprocess.run([*before, CLGAN, *words], env=variables, capture_output=True, text=True, timeout=LIMIT)
    story = f"`clgan {' '.join(words)}` gave {done.returncode}:\n{done.stdout[-1500:]}{done.stderr[-1500:]}"
    assert code is None or done.returncode == code, f"exit code {code} expected; {story}"
    for text in [says] if isinstance(says, str) else says:
        assert text in done.stdout + done.stderr, f"\"{text}\" expected; {story}"
    return done
