"""What the command-line tests share: a place to work in, calls of clgan, checks and their count."""
import os
import shutil
import struct
import subprocess
import sys
import tempfile
import time

CLGAN = os.path.abspath(sys.argv[1])
TEMP = tempfile.mkdtemp(prefix="clgan-cli-")
ENV = dict(os.environ, XDG_CACHE_HOME=os.path.join(TEMP, "cache"))
ENV.setdefault("POCL_CACHE_DIR",  # PoCL's own cache stays where it is: compiling is slow
               os.path.join(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "pocl", "kcache"))
TINY = ["--size", "16", "--ngf", "4", "--ndf", "4", "--batch", "4", "--z", "8"]
BENCH = ["--size", "16", "--ngf", "8", "--ndf", "8", "--batch", "4"]
FACES = ["--data", "builtin:faces", "--threads", "1"]
LIMIT = 300  # seconds for one call


def path(*parts):
    return os.path.join(TEMP, *parts)


def read(*parts):
    with open(path(*parts), "rb") as file:
        return file.read()


class Failed(Exception):
    pass


def call(*words, code=0, says=(), env=None, before=()):
    """Runs clgan; the exit code must be `code` (None: any), and both outputs together hold every text of `says`.

    env: changes of the environment, None takes a variable away. before: words of a command that starts clgan.
    """
    variables = {name: value for name, value in {**ENV, **(env or {})}.items() if value is not None}
    done = subprocess.run([*before, CLGAN, *words], env=variables, capture_output=True, text=True, timeout=LIMIT)
    story = f"`clgan {' '.join(words)}` gave {done.returncode}:\n{done.stdout[-1500:]}{done.stderr[-1500:]}"
    if code is not None and done.returncode != code:
        raise Failed(f"exit code {code} expected; {story}")
    for text in [says] if isinstance(says, str) else says:
        if text not in done.stdout + done.stderr:
            raise Failed(f"\"{text}\" expected; {story}")
    return done


def want(truth, what):
    if not truth:
        raise Failed(what)


CHECKS = []


def check(function):
    CHECKS.append(function)
    return function


def main():
    failures = 0
    for function in CHECKS:
        name = function.__name__.replace("_", " ")
        start = time.monotonic()
        try:
            function()
            print(f"ok    {name} ({time.monotonic() - start:.1f} s)", flush=True)
        except (Failed, OSError, ValueError, LookupError, struct.error, subprocess.TimeoutExpired) as error:
            failures += 1
            print(f"FAIL  {name}: {error}", flush=True)
    shutil.rmtree(TEMP, ignore_errors=True)
    print(f"{len(CHECKS) - failures} of {len(CHECKS)} checks passed")
    return 1 if failures else 0
